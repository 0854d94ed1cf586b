use crate::support::{basic, canary, failing, passing, silent};

const STEPS: &str = "- setWeight: 20\n- pause: {}";

#[test]
fn single_replica() {
    insta::assert_snapshot!(failing("RS402", &basic(1, "", STEPS)));
    insta::assert_snapshot!(failing("RS402", &basic(1, "maxSurge: 0", STEPS)));
    let half = STEPS.replace("20", "60");
    insta::assert_snapshot!(failing(
        "RS402",
        &basic(1, "maxSurge: 0\nmaxUnavailable: 1", &half)
    ));
    let routed = canary(STEPS).replace("replicas: 10", "replicas: 1");
    silent("RS402", &routed);
    silent("RS402", &basic(1, "", STEPS).replace("  replicas: 1\n", ""));
    passing(&basic(5, "", STEPS));
}
