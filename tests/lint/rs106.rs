use crate::support::{RATIO, failing, silent, template};

#[test]
fn or_keeps_nan() {
    let success = "successCondition: result[0] >= 0.95";
    let query = format!("({RATIO}) or vector(0)");
    insta::assert_snapshot!(failing("RS106", &template(success, &query)));
    silent("RS105", &template(success, &query));
    silent(
        "RS106",
        &template(
            "successCondition: isNaN(result[0]) || result[0] >= 0.95",
            &query,
        ),
    );
    let no_zero = r#"(sum(rate(ok_total{role="canary"}[5m])) / (sum(rate(all_total{role="canary"}[5m])) > 0)) or vector(0)"#;
    silent("RS106", &template(success, no_zero));
}
