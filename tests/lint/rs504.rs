use crate::support::{canary, failing, passing, silent};

#[test]
fn abort_never_completes() {
    let yaml = |steps: &str, delay: &str| {
        let fields = format!("      dynamicStableScale: true\n{delay}      steps:");
        canary(steps).replace("      steps:", &fields)
    };
    let steps = "- setWeight: 20\n- pause: {}\n- setWeight: 60\n- pause: {}";
    let delay = "      abortScaleDownDelaySeconds: 10\n";
    insta::assert_snapshot!(failing("RS504", &yaml(steps, delay)));
    silent("RS504", &yaml("- setWeight: 20\n- pause: {}", delay));
    silent("RS504", &yaml(steps, ""));
    passing(&canary(steps));
}
