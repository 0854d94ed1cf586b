use crate::support::{GOOD_FIELDS, GOOD_QUERY, RATIO, failing, passing, silent, template};

#[test]
fn nan_unhandled() {
    let success = "successCondition: len(result) > 0 && result[0] >= 0.95";
    insta::assert_snapshot!("ratio", failing("RS105", &template(success, RATIO)));
    let failure = "failureCondition: len(result) == 0 || result[0] > 0.5";
    let quantile =
        r#"histogram_quantile(0.99, sum(rate(latency_bucket{role="canary"}[5m])) by (le))"#;
    insta::assert_snapshot!("quantile", failing("RS105", &template(failure, quantile)));
    passing(&template(GOOD_FIELDS, GOOD_QUERY));
    silent(
        "RS105",
        &template(success, &RATIO.replace("/ sum", "/ count")),
    );
    silent(
        "RS105",
        &template(
            "successCondition: isNaN(result[0]) || result[0] >= 0.95",
            RATIO,
        ),
    );
}
