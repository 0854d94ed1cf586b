use crate::support::{GOOD_FIELDS, GOOD_QUERY};
use crate::support::{failing, fixed, passing, silent, template};

const FIELDS: &str = "\
initialDelay: 5m
interval: 5m
count: 12
failureLimit: 2
successCondition: result <= 0.05";

#[test]
fn bare_result_on_vector() {
    let yaml = template(
        FIELDS,
        r#"sum(rate(http_requests_total{role="canary"}[5m]))"#,
    );
    insta::assert_snapshot!(failing("RS101", &yaml));
    assert!(fixed("RS101", &yaml).contains("successCondition: result[0] <= 0.05\n"));
    silent("RS101", &template(FIELDS, GOOD_QUERY));
    passing(&template(GOOD_FIELDS, GOOD_QUERY));
}

#[test]
fn placeholders_and_block_scalars_keep_their_places() {
    let fields = "successCondition: >-\n  len(result) > 0 &&\n  result < {{args.limit}}";
    let yaml = template(
        fields,
        "sum(rate({{args.metric}}{app=\"{{args.app}}\"}[{{args.window}}]))",
    );
    insta::assert_snapshot!(failing("RS101", &yaml));
}
