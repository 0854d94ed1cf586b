use crate::support::{canary, failing, passing};

#[test]
fn progress_deadline() {
    let yaml = |fields: &str| {
        canary("- setWeight: 20\n- pause: {}")
            .replace("  replicas:", &format!("{fields}  replicas:"))
    };
    insta::assert_snapshot!(failing("RS411", &yaml("  progressDeadlineSeconds: 300\n")));
    passing(&yaml(
        "  progressDeadlineSeconds: 300\n  progressDeadlineAbort: true\n",
    ));
    passing(&yaml(
        "  progressDeadlineSeconds: 300\n  progressDeadlineAbort: false\n",
    ));
    passing(&yaml(""));
}
