use crate::support::{canary, documents, failing, good_template, passing, silent};

const GATED: &str = "\
- setWeight: 10
- pause: {duration: 10m}
- analysis:
    templates:
    - templateName: check
- setWeight: 50
- pause: {duration: 10m}";

const GATE: &str = "\n- analysis:\n    templates:\n    - templateName: check";

#[test]
fn largest_weight_unchecked() {
    let yaml = |steps: &str| documents(&[&canary(steps), &good_template()]);
    insta::assert_snapshot!(failing("RS403", &yaml(GATED)));
    passing(&yaml(&format!("{GATED}{GATE}")));
    silent("RS403", &yaml(&format!("{GATED}\n- pause: {{}}")));
    silent("RS403", &yaml(&format!("{GATED}\n- setWeight: 100{GATE}")));
    silent(
        "RS403",
        &canary("- setWeight: 50\n- pause: {duration: 10m}"),
    );
}
