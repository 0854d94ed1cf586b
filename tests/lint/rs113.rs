use crate::support::{COUNTED_QUERY, failing, silent, template};

#[test]
fn query_error() {
    let success = "successCondition: len(result) > 0 && result[0] < 5";
    insta::assert_snapshot!(
        "end",
        failing(
            "RS113",
            &template(success, "sum(rate(http_requests_total[5m])")
        )
    );
    let middle = "sum(rate(http_requests_total{status=~5..}[5m]))";
    insta::assert_snapshot!("middle", failing("RS113", &template(success, middle)));
    silent("RS113", &template(success, COUNTED_QUERY));
    silent(
        "RS113",
        &template(success, "sum(rate(http_requests_total[{{args.window}}x]))"),
    );
}
