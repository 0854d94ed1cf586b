//! Where results go: all of one or nothing, and nothing before the target is known to take it.

use std::fs;

use super::support::Inputs;

#[test]
fn a_file_gets_what_standard_output_would() {
    let inputs = Inputs::of_the_article();
    let run = "run api.yaml --replications 10 --arm healthy --format json";
    let printed = inputs.rollsim(run);
    let written = inputs.rollsim(&format!("{run} -o result.json"));
    assert_eq!(
        (written.code, written.out.as_str(), written.err.as_str()),
        (0, "", "")
    );
    assert_eq!(inputs.read("result.json"), printed.out);
    assert_eq!(inputs.names(), ["api.yaml", "corrected", "result.json"]);
}

#[test]
fn a_target_that_cannot_be_written_is_told_before_the_run() {
    let inputs = Inputs::of_the_article();
    inputs.write("read-only.json", "earlier");
    let mut permissions = fs::metadata(inputs.path("read-only.json"))
        .unwrap()
        .permissions();
    permissions.set_readonly(true);
    fs::set_permissions(inputs.path("read-only.json"), permissions).unwrap();
    // With so many replications a run that starts would be noticed.
    let run = "run api.yaml --replications 1000000000 -o";
    let shown = [
        "corrected",
        "no/such/folder.json",
        "api.yaml",
        "read-only.json",
    ]
    .map(|target| inputs.rollsim(&format!("{run} {target}")).shown());
    insta::assert_snapshot!(shown.join("\n"));
    assert_eq!(inputs.read("read-only.json"), "earlier");
    assert_eq!(inputs.names(), ["api.yaml", "corrected", "read-only.json"]);
}

#[test]
fn a_failed_run_leaves_no_file_and_an_earlier_result_alone() {
    let inputs = Inputs::of_the_article();
    let ran = inputs.rollsim("run api.yaml --arm nobody -o new.json");
    assert_eq!(ran.code, 2);
    assert_eq!(inputs.names(), ["api.yaml", "corrected"]);
    inputs.write("old.json", "earlier");
    let ran = inputs.rollsim("run api.yaml --arm nobody -o old.json");
    assert_eq!(ran.code, 2);
    assert_eq!(inputs.read("old.json"), "earlier");
    assert_eq!(inputs.names(), ["api.yaml", "corrected", "old.json"]);
}

#[test]
fn help_names_every_flag() {
    let inputs = Inputs::of_the_article();
    insta::assert_snapshot!(inputs.rollsim("run --help").shown());
    insta::assert_snapshot!(inputs.rollsim("trace --help").shown());
}
