use crate::support::{canary, failing, passing, silent};

#[test]
fn threshold_promotes_part() {
    let yaml = |kind: &str, value: &str, steps: &str| {
        let threshold = format!(
            "      replicaProgressThreshold: {{type: {kind}, value: {value}}}\n      steps:"
        );
        canary(steps).replace("      steps:", &threshold)
    };
    let steps = "- setWeight: 20\n- pause: {}";
    insta::assert_snapshot!(failing("RS510", &yaml("Percent", "50", steps)));
    insta::assert_snapshot!(failing("RS510", &yaml("Pods", "4", steps)));
    silent("RS510", &yaml("Pods", "10", steps));
    silent(
        "RS510",
        &yaml("Pods", "4", steps).replace("  replicas: 10\n", ""),
    );
    let held = format!("{steps}\n- setWeight: 100\n- pause: {{}}");
    passing(&yaml("Percent", "50", &held));
}
