//! `kustomize build | rollsim run -`.

use super::support::Inputs;

#[test]
fn manifests_from_standard_input_beside_a_scenario_without_any() {
    let inputs = Inputs::changed("api.yaml", "manifests: [corrected/]\n", "");
    let run = "run api.yaml - --replications 30 --format json";
    let streamed = inputs.rollsim_with(run, &inputs.stream()).json();
    assert_eq!(streamed["inputs"][1]["file"], "<stdin>");
    let named = Inputs::of_the_article()
        .rollsim("run api.yaml --replications 30 --format json")
        .json();
    assert_eq!(streamed["results"], named["results"]);
}

#[test]
fn the_text_says_how_to_see_a_stream_again() {
    let inputs = Inputs::changed("api.yaml", "manifests: [corrected/]\n", "");
    let ran = inputs.rollsim_with("run api.yaml - --replications 5", &inputs.stream());
    assert!(
        ran.out
            .ends_with("  rollsim run api.yaml - --replications 5 --seed 1\n"),
        "{}",
        ran.out
    );
}

#[test]
fn manifests_alone_are_checked_by_both_gates() {
    let inputs = Inputs::of_the_article();
    let valid = inputs.rollsim_with("run - --replications 50", &inputs.stream());
    insta::assert_snapshot!(valid.shown());
    inputs.replace("corrected/latency-p99.yaml", "      count: 5\n", "");
    let invalid = inputs.rollsim_with("run -", &inputs.stream());
    insta::assert_snapshot!(invalid.shown());
}

#[test]
fn an_empty_stream_and_a_broken_one_are_named() {
    let inputs = Inputs::of_the_article();
    insta::assert_snapshot!(inputs.rollsim_with("run -", "").shown());
    insta::assert_snapshot!(inputs.rollsim_with("run -", "a: [1,\n").shown());
}

#[test]
fn a_scenario_without_manifests_needs_some_beside_it() {
    let inputs = Inputs::changed("api.yaml", "manifests: [corrected/]\n", "");
    insta::assert_snapshot!(inputs.rollsim("run api.yaml").shown());
    let beside = inputs.rollsim("run api.yaml corrected --replications 5");
    assert_eq!(beside.code, 0, "{}", beside.err);
}
