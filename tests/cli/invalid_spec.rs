//! What the Rollout controller refuses: its own words first, then everything else that is wrong.

use super::support::{Inputs, rollsim};

#[test]
fn the_article_as_written_is_refused_in_the_controllers_words() {
    let ran = rollsim("run scenarios/article/as-written");
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.shown());
    let json = rollsim("run scenarios/article/as-written --format json");
    assert_eq!(json.code, 2);
    insta::assert_snapshot!(json.shown());
    let trace = rollsim("trace scenarios/article/as-written");
    assert_eq!(trace.code, 2);
    assert!(trace.out.contains("args.service-name was not resolved\n"));
}

#[test]
fn a_missing_template_is_named_at_every_place_that_asks_for_it() {
    let inputs = Inputs::changed(
        "corrected/latency-p99.yaml",
        "name: latency-p99\nspec",
        "name: latency-p95\nspec",
    );
    insta::assert_snapshot!(inputs.rollsim("run api.yaml").shown());
}

#[test]
fn templates_that_nest_in_a_circle_are_refused() {
    let inputs = Inputs::of_the_article();
    inputs.write(
        "corrected/latency-p99.yaml",
        "apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: latency-p99}
spec:
  templates: [{templateName: other}]
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: other}
spec:
  templates:
    - templateName: latency-p99
",
    );
    insta::assert_snapshot!(inputs.rollsim("run api.yaml").shown());
}

#[test]
fn a_result_in_a_file_still_says_on_standard_error_that_it_is_a_refusal() {
    let inputs = Inputs::changed("corrected/success-rate.yaml", "      count: 5\n", "");
    let ran = inputs.rollsim("run api.yaml --format json -o result.json");
    insta::assert_snapshot!(ran.shown());
    let result: serde_json::Value = serde_json::from_str(&inputs.read("result.json")).unwrap();
    assert_eq!(result["results"][0]["arms"], serde_json::json!([]));
    assert!(result["results"][0]["plan"].is_null());
}
