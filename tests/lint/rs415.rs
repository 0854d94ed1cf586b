use crate::support::{canary, failing, passing, silent};

fn with(name: &str, container: &str) -> String {
    canary("- setWeight: 20\n- pause: {}")
        .replace("  name: api\nspec:", &format!("  name: {name}\nspec:"))
        .replace("        ports: [{containerPort: 8080}]\n", container)
}

#[test]
fn run_to_completion() {
    let import = with(
        "import",
        "        command: [sh, -c, './import && echo done']\n",
    );
    insta::assert_snapshot!(failing("RS415", &import));
    let nightly = with("nightly-prices", "");
    insta::assert_snapshot!(failing("RS415", &nightly));
    let reference = "\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: import
spec:
  workloadRef: {apiVersion: batch/v1, kind: CronJob, name: import}
  strategy:
    canary:
      steps:
      - setWeight: 20
      - pause: {}
";
    insta::assert_snapshot!(failing("RS415", reference));
    passing(&with("import", ""));
    passing(&with(
        "job-board",
        "        ports: [{containerPort: 8080}]\n",
    ));
    passing(&with(
        "import",
        "        command: [sh, -c, 'while true; do ./import; sleep 60; done']\n",
    ));
    silent("RS415", &with("import", "        args: [sleep, '5']\n"));
    for command in [
        "[/bin/sleep, '60']",
        "[python, manage.py, migrate]",
        "[bash, -ec, \"./a\\nexit 0\\n\"]",
    ] {
        failing(
            "RS415",
            &with("import", &format!("        command: {command}\n")),
        );
    }
}
