use crate::support::{canary, documents, failing, good_template, passing, silent};

#[test]
fn analysis_run_error() {
    let steps = "\
- setWeight: 25
- pause: {duration: 10m}
- analysis:
    templates:
    - templateName: check";
    let template = good_template()
        .replace("count: 12", "count: 2")
        .replace("failureLimit: 2", "failureLimit: 3");
    let yaml = documents(&[&canary(steps), &template]);
    insta::assert_snapshot!(failing("RS003", &yaml));
    passing(&documents(&[&canary(steps), &good_template()]));
}

/// What ends any run of it in Error is an error; what other arguments could mend is a warning.
#[test]
fn templates_that_no_rollout_uses() {
    let template = good_template()
        .replace("count: 12", "count: 2")
        .replace("failureLimit: 2", "failureLimit: 3");
    insta::assert_snapshot!(failing("RS003", &template));
    let args = "spec:\n  args:\n  - name: every\n    value: '30'\n  - name: most\n";
    let by_default = good_template()
        .replace("spec:\n", args)
        .replace("interval: 5m", "interval: '{{args.every}}'")
        .replace("count: 12", "count: '{{args.most}}'");
    insta::assert_snapshot!(failing("RS003", &by_default));
    silent("RS003", &by_default.replace("    value: '30'\n", ""));
    passing(&good_template());
}
