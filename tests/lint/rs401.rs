use crate::support::{basic, canary, failing, passing, silent};

const GATED: &str = "\
- setWeight: 5
- pause: {}
- setWeight: 10
- pause: {}
- setWeight: 25
- pause: {}
- setWeight: 70
- pause: {}";

#[test]
fn weight_not_served() {
    insta::assert_snapshot!(failing("RS401", &basic(5, "", GATED)));
    silent("RS401", &canary(GATED));
}

#[test]
fn surge_and_unavailability_count() {
    let steps = "- setWeight: 10\n- pause: {}\n- setWeight: 20\n- pause: {}";
    let fields = "maxSurge: 0\nmaxUnavailable: 1";
    insta::assert_snapshot!(failing("RS401", &basic(3, fields, steps)));
}

#[test]
fn weights_that_pods_can_serve() {
    passing(&basic(
        10,
        "",
        "- setWeight: 10\n- pause: {}\n- setWeight: 25\n- pause: {}",
    ));
    let unknown = basic(5, "", GATED).replace("  replicas: 5\n", "");
    silent("RS401", &unknown);
    let scaled = basic(5, "", GATED)
        + "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: api}\nspec:\n  maxReplicas: 50\n  scaleTargetRef: {apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: api}\n";
    silent("RS401", &scaled);
    silent("RS401", &basic(1, "", GATED));
}
