use crate::support::{failing, silent, template};

#[test]
fn no_errors_no_answer() {
    let errors = r#"sum(rate(http_requests_total{role="canary", status=~"5.."}[5m]))"#;
    let all = r#"sum(rate(http_requests_total{role="canary"}[5m]))"#;
    let query = format!("{errors} / {all}");
    insta::assert_snapshot!(
        "error",
        failing(
            "RS107",
            &template("successCondition: result[0] <= 0.01", &query)
        )
    );
    let guarded = "successCondition: len(result) > 0 && result[0] <= 0.01";
    insta::assert_snapshot!("failed", failing("RS107", &template(guarded, &query)));
    silent(
        "RS107",
        &template(guarded, &format!("({errors} or vector(0)) / {all}")),
    );
    silent(
        "RS107",
        &template(
            "successCondition: len(result) == 0 || result[0] <= 0.01",
            &query,
        ),
    );
}
