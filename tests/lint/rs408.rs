use crate::support::{GOOD_FIELDS, GOOD_QUERY, failing, passing, template};

#[test]
fn dry_run_matches_nothing() {
    let yaml = |name: &str| {
        let dry = format!("spec:\n  dryRun:\n  - metricName: {name}\n");
        template(GOOD_FIELDS, GOOD_QUERY).replace("spec:\n", &dry)
    };
    insta::assert_snapshot!(failing("RS408", &yaml("\"*\"")));
    insta::assert_snapshot!(failing("RS408", &yaml("success-rate")));
    passing(&yaml("meas"));
    passing(&yaml(".*"));
}
