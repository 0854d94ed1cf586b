//! The first check of a Rollout: everything that can be said without looking at other objects.
//!
//! Argo Rollouts v1.9.1 validation.go `ValidateRollout`; spec argo-rollout §11. The controller shows only the first
//! error, as the message of the condition `InvalidSpec`; here all are returned, in the controller's order.

mod blue_green;
mod canary;
mod canary_steps;
pub(crate) mod labels;
pub(crate) mod pod_template;

use super::field_error::{BadValue, FieldError};
use super::rollout_types::{AntiAffinity, Rollout, RolloutSpec, Strategy};

/// All mistakes in `rollout` itself, in the order in which the controller finds them.
///
/// A Rollout with `workloadRef` must have no template of its own; the workload's is judged once it is
/// [resolved](super::rollout_types::RolloutSpec::resolve_workload).
pub fn validate_rollout(rollout: &Rollout) -> Vec<FieldError> {
    let spec = &rollout.spec;
    let mut errors = Vec::new();
    errors.extend(non_negative(spec.replicas_or_default(), "spec.replicas"));
    errors.extend(validate_selector_and_template(spec));
    errors.extend(non_negative(spec.min_ready_seconds, "spec.minReadySeconds"));
    errors.extend(non_negative(
        spec.revision_history_limit_or_default(),
        "spec.revisionHistoryLimit",
    ));
    let deadline = spec.progress_deadline_seconds_or_default();
    errors.extend(non_negative(deadline, "spec.progressDeadlineSeconds"));
    if deadline <= spec.min_ready_seconds {
        errors.push(FieldError::invalid(
            "spec.progressDeadlineSeconds",
            deadline,
            "must be greater than minReadySeconds",
        ));
    }
    errors.extend(validate_strategy(rollout));
    errors
}

fn validate_selector_and_template(spec: &RolloutSpec) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let syntax_errors = spec
        .selector
        .as_ref()
        .map(|selector| labels::validate_selector(selector, "spec.selector"))
        .unwrap_or_default();
    let selector_is_unusable = !syntax_errors.is_empty();
    let is_empty = spec.selector.as_ref().is_some_and(|selector| {
        selector.match_labels.is_empty() && selector.match_expressions.is_empty()
    });
    if spec.workload_ref.is_none() {
        errors.extend(syntax_errors);
        if is_empty {
            errors.push(FieldError::invalid(
                "spec.selector",
                BadValue::json(&spec.selector),
                "empty selector is invalid for deployment",
            ));
        }
        if spec.selector.is_none() {
            errors.push(FieldError::required(
                "spec.selector",
                "Rollout has missing field '.spec.selector'",
            ));
        }
    } else if spec.has_unresolved_workload() && !spec.template.has_no_metadata() {
        errors.push(FieldError::internal(
            "spec.template",
            "template must be empty for workload reference rollout",
        ));
    }
    if selector_is_unusable {
        errors.push(FieldError::invalid(
            "spec.selector",
            BadValue::json(&spec.selector),
            "invalid label selector",
        ));
    } else if !spec.has_unresolved_workload() {
        let template_labels = &spec.template.metadata.labels;
        let selects = (spec.selector.as_ref())
            .is_some_and(|selector| labels::selects(selector, template_labels));
        if !selects {
            let printed = Some(template_labels).filter(|labels| !labels.is_empty());
            errors.push(FieldError::invalid(
                "spec.template.metadata.labels",
                BadValue::json(&printed),
                "`selector` does not match template `labels`",
            ));
        }
        errors.extend(pod_template::validate(&spec.template, "spec.template"));
    }
    errors
}

fn validate_strategy(rollout: &Rollout) -> Vec<FieldError> {
    match &rollout.spec.strategy {
        Strategy {
            blue_green: None,
            canary: None,
        } => vec![FieldError::required(
            "spec.strategy.strategy",
            "Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'",
        )],
        Strategy {
            blue_green: Some(_),
            canary: Some(_),
        } => vec![FieldError::invalid(
            "spec.strategy.strategy",
            "blueGreen: true canary: true",
            "Multiple Strategies can not be listed",
        )],
        Strategy {
            blue_green: Some(blue_green),
            canary: None,
        } => blue_green::validate(blue_green, rollout.spec.revision_history_limit_or_default()),
        Strategy {
            blue_green: None,
            canary: Some(canary),
        } => canary::validate(canary, rollout),
    }
}

fn validate_anti_affinity(anti_affinity: Option<&AntiAffinity>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let Some(anti_affinity) = anti_affinity else {
        return errors;
    };
    let preferred = &anti_affinity.preferred_during_scheduling_ignored_during_execution;
    let required = &anti_affinity.required_during_scheduling_ignored_during_execution;
    if preferred.is_some() == required.is_some() {
        let value = format!(
            "antiAffinity.PreferredDuringSchedulingIgnoredDuringExecution: {} \
             antiAffinity.RequiredDuringSchedulingIgnoredDuringExecution: {}",
            preferred.is_some(),
            required.is_some()
        );
        errors.push(FieldError::invalid(
            "spec.strategy.antiAffinity",
            &value,
            "AntiAffinity must have exactly one strategy listed",
        ));
    }
    if let Some(preferred) = preferred
        && !(1..=100).contains(&preferred.weight)
    {
        errors.push(FieldError::invalid(
            "spec.strategy.antiAffinity.weight",
            preferred.weight,
            "AntiAffinity weight must be between 1-100",
        ));
    }
    errors
}

fn non_negative(value: i32, field: &str) -> Option<FieldError> {
    (value < 0).then(|| FieldError::invalid(field, value, "must be greater than or equal to 0"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::validate_rollout;
    use crate::manifest::field_ref::rollout_value;
    use crate::manifest::rollout_types::{LabelSelector, PodTemplate, Rollout};

    fn errors(rollout: &Rollout) -> Vec<String> {
        (validate_rollout(rollout).iter())
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_referenced_workload_is_judged_once_it_is_resolved() {
        let mut rollout = Rollout::from_json(&json!({"spec": {
            "workloadRef": {"kind": "Deployment", "name": "d"},
            "strategy": {"canary": {}},
        }}))
        .expect("decodes");
        assert_eq!(errors(&rollout), [""; 0]);
        let template: PodTemplate =
            serde_json::from_value(json!({"metadata": {"labels": {"app": "d"}}, "spec": {}}))
                .expect("a template");
        let selector = LabelSelector {
            match_labels: [("app".to_owned(), "d".to_owned())].into(),
            ..LabelSelector::default()
        };
        rollout.spec.resolve_workload(template, Some(selector));
        assert_eq!(
            errors(&rollout),
            ["spec.template.spec.containers: Required value"]
        );
        assert!(rollout_value(&rollout, "spec.template.metadata.labels.app").is_err());
    }
}
