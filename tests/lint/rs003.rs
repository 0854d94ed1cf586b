use crate::support::{canary, documents, failing, good_template};

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
}
