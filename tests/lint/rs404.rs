use crate::support::{basic, canary, failing, passing, silent};

#[test]
fn no_gate() {
    let steps = "- setWeight: 20\n- pause: {duration: 10m}";
    insta::assert_snapshot!(failing("RS404", &canary(steps)));
    passing(&canary(&format!("{steps}\n- pause: {{}}")));
    silent("RS404", &canary("- setWeight: 100"));
    silent("RS404", &basic(4, "", ""));
}
