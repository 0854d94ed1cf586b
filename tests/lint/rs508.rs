use crate::support::{basic, canary, failing, passing, silent};

#[test]
fn surge_plays_no_role() {
    let steps = "- setWeight: 20\n- pause: {}";
    let routed = canary(steps).replace("      steps:", "      maxSurge: 1\n      steps:");
    insta::assert_snapshot!(failing("RS508", &routed));
    silent("RS508", &basic(10, "maxSurge: 1", steps));
    passing(&canary(steps));
}
