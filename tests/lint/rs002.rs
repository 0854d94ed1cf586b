use crate::support::{canary, documents, failing, good_template, passing, silent};

const STEPS: &str = "\
- setWeight: 25
- pause: {duration: 10m}
- analysis:
    templates:
    - templateName: check
- setWeight: 50
- pause: {duration: 10m}
- analysis:
    templates:
    - templateName: check";

#[test]
fn invalid_spec() {
    let wrong = STEPS
        .replace("setWeight: 25", "setWeight: 125")
        .replace("name: check", "name: chekc");
    let template = good_template().replace("count: 12", "");
    let yaml = documents(&[&canary(&wrong), &template]);
    insta::assert_snapshot!(failing("RS002", &yaml));
    passing(&documents(&[&canary(STEPS), &good_template()]));
}

#[test]
fn missing_templates_are_no_error_where_none_was_given() {
    insta::assert_snapshot!(failing("RS002", &canary(STEPS)));
    silent("RS001", &canary(STEPS));
}
