use crate::support::{canary, failing, passing};

#[test]
fn abort_delay_too_long() {
    let yaml = |delay: &str| {
        let fields = format!("      abortScaleDownDelaySeconds: {delay}\n      steps:");
        canary("- setWeight: 20\n- pause: {}").replace("      steps:", &fields)
    };
    insta::assert_snapshot!(failing("RS505", &yaml("900")));
    passing(&yaml("899"));
}
