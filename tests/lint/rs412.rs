use crate::support::{basic, canary, failing, passing, silent};

#[test]
fn no_steps_behind_router() {
    let yaml = canary("");
    insta::assert_snapshot!(failing("RS412", &yaml));
    silent("RS412", &basic(4, "", ""));
    let patch = yaml.replace("  selector:\n    matchLabels: {app: api}\n", "");
    assert_ne!(patch, yaml);
    silent("RS412", &patch);
    passing(&canary("- setWeight: 20\n- pause: {}"));
}
