use crate::support::{basic, canary, failing, passing, silent};

#[test]
fn no_gate() {
    let steps = "- setWeight: 20\n- pause: {duration: 10m}";
    insta::assert_snapshot!(failing("RS404", &canary(steps)));
    passing(&canary(&format!("{steps}\n- pause: {{}}")));
    silent("RS404", &canary("- setWeight: 100"));
    // One whose pods don't become available aborts.
    let experiment = "- setWeight: 20\n- experiment:\n    duration: 5m\n    templates:\n    - name: canary\n      specRef: canary";
    silent("RS404", &canary(experiment));
    silent("RS404", &basic(4, "", ""));
}
