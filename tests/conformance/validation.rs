//! `vectors/rollout/validation.jsonl`: Rollouts and the ordered errors that the real `ValidateRollout` returned.

use rollsim::manifest::field_error::FieldError;
use rollsim::manifest::rollout_types::Rollout;
use rollsim::manifest::validate_rollout::validate_rollout;
use serde_json::{Value, json};

#[test]
fn every_recorded_rollout_has_the_recorded_errors() {
    let recorded = include_str!("../vectors/rollout/validation.jsonl");
    let mut differing = Vec::new();
    for line in recorded.lines() {
        let case: Value = serde_json::from_str(line).expect("a JSON line");
        let outcome = match Rollout::from_json(&case["rollout"]) {
            Ok(rollout) => errors_as_recorded(&validate_rollout(&rollout)),
            Err(_) => json!("schema error"),
        };
        let expected = if case["schemaError"].is_string() {
            json!("schema error")
        } else {
            case["errors"].clone()
        };
        if outcome != expected {
            differing.push(format!(
                "{}:\n  expected {expected}\n  got      {outcome}",
                case["id"]
            ));
        }
    }
    assert!(
        differing.is_empty(),
        "{} differ:\n{}",
        differing.len(),
        differing.join("\n")
    );
}

fn errors_as_recorded(errors: &[FieldError]) -> Value {
    let errors: Vec<Value> = errors
        .iter()
        .map(|error| {
            json!({
                "detail": error.detail,
                "error": error.to_string(),
                "field": error.field,
                "type": error.kind.code(),
            })
        })
        .collect();
    json!(errors)
}
