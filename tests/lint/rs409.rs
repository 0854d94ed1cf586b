use crate::support::{GOOD_FIELDS, GOOD_QUERY, canary, documents, failing, passing, template};

#[test]
fn dry_run_holds_completion() {
    let steps = "- setWeight: 20\n- pause: {duration: 10m}\n- analysis:\n    templates:\n    - templateName: check\n    dryRun:\n    - metricName: trial";
    let yaml = |count: &str| {
        let one = template(GOOD_FIELDS, GOOD_QUERY);
        let (_, metric) = one.split_once("  metrics:\n").unwrap();
        let second = metric
            .replace("measured", "trial")
            .replace("count: 12", &format!("count: {count}"));
        documents(&[&canary(steps), &format!("{one}{second}")])
    };
    insta::assert_snapshot!(failing("RS409", &yaml("60")));
    passing(&yaml("12"));
}
