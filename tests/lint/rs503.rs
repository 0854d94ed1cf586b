use crate::support::{blue_green, canary, failing, passing};

#[test]
fn scale_down_delay_zero() {
    insta::assert_snapshot!(failing("RS503", &blue_green("scaleDownDelaySeconds: 0")));
    let steps = "- setWeight: 20\n- pause: {}";
    let routed = canary(steps).replace(
        "      steps:",
        "      scaleDownDelaySeconds: 0\n      steps:",
    );
    insta::assert_snapshot!(failing("RS503", &routed));
    passing(&blue_green("scaleDownDelaySeconds: 1"));
    passing(&routed.replace("Seconds: 0", "Seconds: 5"));
}
