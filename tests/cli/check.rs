//! `rollsim check`: verdicts, exit codes, and expectations that make no sense.

use super::support::{Inputs, Ran};

fn check(expect: &str, arguments: &str) -> Ran {
    let inputs = Inputs::of_the_article();
    let scenario = inputs.read("api.yaml");
    inputs.write("api.yaml", scenario + expect);
    inputs.rollsim(&format!("check api.yaml {arguments}"))
}

#[test]
fn what_is_met_and_what_is_not() {
    let expect = r#"
expect:
  - {fault: healthy, aborted: "<= 1%", duration.p50: "<= 30m"}
  - {fault: error-spike, detected: ">= 95%", time-to-abort.p95: "< 20m", failed-requests.mean: "<= 50"}
  - {fault: memory-leak, outcomes.promoted: "<= 50%"}
  - {fault: empty-body, time-to-abort.p50: "<= 20m"}
"#;
    let ran = check(expect, "--replications 1000");
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(ran.shown());
    let json = check(expect, "--replications 1000 --format json");
    assert_eq!(json.code, 1);
    let value: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(value["schema"], "rollsim/check/v1");
    assert_eq!((&value["met"], &value["not_met"]), (&4.into(), &3.into()));
    assert_eq!(value["expectations"][2]["verdict"], "met");
    assert_eq!(
        value["expectations"][2]["found"]["method"],
        "clopper-pearson"
    );
}

#[test]
fn all_met_is_done() {
    let ran = check("expect: [{fault: error-spike, detected: \">= 95%\"}]\n", "");
    // The first look decides, far from the most replications.
    insta::assert_snapshot!(ran.shown());
}

#[test]
fn too_few_replications_leave_it_undecided() {
    let ran = check(
        "expect: [{fault: error-spike, detected: \">= 99%\"}]\n",
        "--replications 20",
    );
    assert_eq!(ran.code, 3);
    insta::assert_snapshot!(ran.shown());
}

#[test]
fn expectations_that_make_no_sense_are_refused_at_their_place() {
    let expect = r#"
expect:
  - {fault: eror-spike, detected: ">= 95%"}
  - {fault: healthy}
  - {detected: ">= 95%"}
  - {fault: healthy, aborted: "1%", detcted: ">= 1%"}
  - {fault: healthy, aborted: "<= 1", duration.p50: "<= 30%", pages: ">= few"}
"#;
    let ran = check(expect, "");
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.shown());
}

#[test]
fn a_scenario_that_expects_nothing_is_refused() {
    let ran = check("", "");
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.shown());
}
