use crate::support::{canary, failing, passing};

#[test]
fn min_pods_above_replicas() {
    let yaml = |least: &str| {
        let fields = format!("      minPodsPerReplicaSet: {least}\n      steps:");
        canary("- setWeight: 20\n- pause: {}").replace("      steps:", &fields)
    };
    insta::assert_snapshot!(failing("RS511", &yaml("11")));
    passing(&yaml("10"));
}
