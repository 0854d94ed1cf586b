use crate::support::{canary, failing, passing, silent};

#[test]
fn canary_scale_sticks() {
    let steps = "- setCanaryScale: {replicas: 1}\n- pause: {}\n- setWeight: 5\n- pause: {}\n- setWeight: 80\n- pause: {}";
    insta::assert_snapshot!(failing("RS506", &canary(steps)));
    let weight = steps.replace("replicas: 1", "weight: 20");
    insta::assert_snapshot!(failing("RS506", &canary(&weight)));
    silent("RS506", &canary(steps).replace("  replicas: 10\n", ""));
    silent(
        "RS506",
        &canary(&steps.replace("replicas: 1", "replicas: 9")),
    );
    passing(&canary(&steps.replace(
        "- setWeight: 80",
        "- setCanaryScale: {matchTrafficWeight: true}\n- setWeight: 80",
    )));
}
