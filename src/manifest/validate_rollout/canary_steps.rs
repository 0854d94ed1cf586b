//! `spec.strategy.canary.steps[i]`: the loop of Argo Rollouts v1.9.1 validation.go `ValidateRolloutStrategyCanary`.

use crate::manifest::field_error::{BadValue, FieldError};
use crate::manifest::field_ref;
use crate::manifest::rollout_types::{
    AnalysisRunArgument, CanaryStep, CanaryStrategy, ExperimentStep, Rollout, RolloutAnalysis,
    SetHeaderRoute, SetMirrorRoute, StringMatch, TrafficRouting,
};

const STEP_RULE: &str = "Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause";
const MATCH_MISSING: &str =
    "StringMatch value missed, match value must have one of the following: exact, regex, prefix";

/// Mistakes of one step, in the controller's order.
pub(super) fn validate(
    canary: &CanaryStrategy,
    index: usize,
    rollout: &Rollout,
) -> Vec<FieldError> {
    let step = &canary.steps[index];
    let field = format!("spec.strategy.steps[{index}]");
    let routing = canary.traffic_routing.as_ref();
    let mut errors = Vec::new();
    errors.extend(validate_kind(step, &field));
    let max_weight = canary.max_traffic_weight();
    if let Some(weight) = step.set_weight
        && !(0 <= weight && weight <= max_weight)
    {
        errors.push(FieldError::invalid(
            format!("{field}.setWeight"),
            weight,
            format!("SetWeight needs to be between 0 and {max_weight}"),
        ));
    }
    if let Some(pause) = &step.pause
        && pause.duration_seconds() < 0
    {
        errors.push(FieldError::invalid(
            format!("{field}.pause.duration"),
            pause.duration_seconds(),
            "Duration needs to be greater than 0",
        ));
    }
    if step.set_canary_scale.is_some() && routing.is_none() {
        errors.push(FieldError::required(
            "spec.strategy.trafficRouting",
            "SetCanaryScale requires TrafficRouting to be set",
        ));
    }
    if let Some(route) = &step.set_header_route {
        errors.extend(validate_header_route(
            route,
            routing,
            &format!("{field}.setHeaderRoute"),
        ));
    }
    if let Some(route) = &step.set_mirror_route {
        errors.extend(validate_mirror_route(
            route,
            routing,
            &format!("{field}.setMirrorRoute"),
        ));
    }
    if let Some(routing) = routing {
        errors.extend(validate_managed_routes(step, routing, &field));
    }
    if let Some(experiment) = &step.experiment {
        errors.extend(validate_experiment_weights(experiment, routing, &field));
    }
    errors.extend(validate_field_references(step, rollout, &field));
    errors
}

fn validate_kind(step: &CanaryStep, field: &str) -> Option<FieldError> {
    let exclusive = [
        ("Experiment", step.experiment.is_some()),
        ("Pause", step.pause.is_some()),
        ("SetWeight", step.set_weight.is_some()),
        ("Analysis", step.analysis.is_some()),
    ];
    let others = [
        ("SetCanaryScale", step.set_canary_scale.is_some()),
        ("SetHeaderRoute", step.set_header_route.is_some()),
        ("SetMirrorRoute", step.set_mirror_route.is_some()),
        ("Plugin", step.plugin.is_some()),
    ];
    let count = |kinds: &[(&str, bool)]| kinds.iter().filter(|(_, is_set)| *is_set).count();
    let printed: Vec<String> = if count(&exclusive) > 1 {
        (exclusive
            .iter()
            .map(|(kind, is_set)| format!("step.{kind}: {is_set}")))
        .collect()
    } else if count(&exclusive) + count(&others) == 0 {
        // The controller prints whether each kind is missing here.
        let kinds = exclusive.iter().chain(&others);
        kinds
            .map(|(kind, is_set)| format!("step.{kind}: {}", !is_set))
            .collect()
    } else {
        return None;
    };
    Some(FieldError::invalid(field, &printed.join(" "), STEP_RULE))
}

fn validate_header_route(
    route: &SetHeaderRoute,
    routing: Option<&TrafficRouting>,
    field: &str,
) -> Vec<FieldError> {
    let supported = |routing: &&TrafficRouting| {
        routing.istio.is_some()
            || routing.alb.is_some()
            || routing.apisix.is_some()
            || !routing.plugins.is_empty()
    };
    let Some(routing) = routing.filter(supported) else {
        return vec![FieldError::invalid(
            field,
            BadValue::json(route),
            "SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix",
        )];
    };
    let matches = route.matches.iter().enumerate();
    matches
        .filter_map(|(index, header)| {
            let field = format!("{field}.match[{index}]");
            if routing.alb.is_some() {
                validate_alb_match(header.header_value.as_ref(), field)
            } else {
                validate_match(header.header_value.as_ref(), field)
            }
        })
        .collect()
}

fn validate_mirror_route(
    route: &SetMirrorRoute,
    routing: Option<&TrafficRouting>,
    field: &str,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if routing.is_none_or(|routing| routing.istio.is_none()) {
        errors.push(FieldError::invalid(
            field,
            BadValue::json(route),
            "SetMirrorRoute requires TrafficRouting, supports Istio only",
        ));
    }
    for (index, rule) in route.matches.iter().enumerate() {
        let field = format!("{field}.match[{index}]");
        // The controller looks at the method twice and never at the headers.
        let checked = [&rule.method, &rule.path, &rule.method]
            .into_iter()
            .flatten();
        errors.extend(checked.filter_map(|value| validate_match(Some(value), field.clone())));
    }
    errors
}

fn validate_alb_match(value: Option<&StringMatch>, field: String) -> Option<FieldError> {
    let Some(value) = value else {
        return Some(FieldError::invalid(
            field,
            BadValue::json(&value),
            MATCH_MISSING,
        ));
    };
    let is_exact = !value.exact.is_empty() && value.regex.is_empty() && value.prefix.is_empty();
    (!is_exact).then(|| {
        FieldError::invalid(
            field,
            BadValue::json(value),
            "SetHeaderRoute match value invalid. ALB supports 'exact' value only",
        )
    })
}

fn validate_match(value: Option<&StringMatch>, field: String) -> Option<FieldError> {
    let set = value.map_or(0, |value| {
        [&value.exact, &value.regex, &value.prefix]
            .into_iter()
            .filter(|text| !text.is_empty())
            .count()
    });
    let detail = match set {
        0 => MATCH_MISSING,
        1 => return None,
        _ => "StringMatch match value must have exactly one of the following: exact, regex, prefix",
    };
    Some(FieldError::invalid(field, BadValue::json(&value), detail))
}

fn validate_managed_routes(
    step: &CanaryStep,
    routing: &TrafficRouting,
    field: &str,
) -> Vec<FieldError> {
    let header = (step.set_header_route.as_ref()).map(|route| ("setHeaderRoute", &route.name));
    let mirror = (step.set_mirror_route.as_ref()).map(|route| ("setMirrorRoute", &route.name));
    let wanted: Vec<_> = header.into_iter().chain(mirror).collect();
    let Some(managed) = &routing.managed_routes else {
        let missing = FieldError::required(
            "spec.strategy.trafficRouting.managedRoutes",
            "Rollout has missing field 'spec.strategy.canary.trafficRouting.managedRoutes'",
        );
        return wanted.first().map(|_| missing).into_iter().collect();
    };
    wanted
        .into_iter()
        .filter(|(_, name)| managed.iter().all(|route| route.name != **name))
        .map(|(kind, name)| {
            FieldError::invalid(
                format!("{field}.{kind}"),
                name,
                "Steps define a route that does not exist in spec.strategy.canary.trafficRouting.managedRoutes",
            )
        })
        .collect()
}

fn validate_experiment_weights(
    experiment: &ExperimentStep,
    routing: Option<&TrafficRouting>,
    field: &str,
) -> Vec<FieldError> {
    let detail = match routing {
        None => "Experiment template weight cannot be set unless TrafficRouting is enabled",
        Some(routing)
            if routing.alb.is_none()
                && routing.smi.is_none()
                && routing.istio.is_none()
                && routing.plugins.is_empty() =>
        {
            "Experiment template weight is only available for TrafficRouting with SMI, ALB, Istio and Plugins at this time"
        }
        Some(_) => return Vec::new(),
    };
    let templates = experiment.templates.iter().enumerate();
    templates
        .filter_map(|(index, template)| {
            let field = format!("{field}.experiment.templates[{index}].weight");
            Some(FieldError::invalid(field, template.weight?, detail))
        })
        .collect()
}

/// `metadata…` references of the step's analyses must be readable; each bad one prints all arguments of the step.
fn validate_field_references(step: &CanaryStep, rollout: &Rollout, field: &str) -> Vec<FieldError> {
    let experiment = step
        .experiment
        .iter()
        .flat_map(|experiment| &experiment.analyses);
    let arguments: Vec<&AnalysisRunArgument> = experiment
        .flat_map(|analysis| &analysis.args)
        .chain(step.analysis.iter().flat_map(RolloutAnalysis::args))
        .collect();
    let references = arguments
        .iter()
        .filter_map(|argument| argument.value_from.as_ref()?.field_ref.as_ref());
    references
        .filter(|reference| reference.field_path.starts_with("metadata"))
        .filter(|reference| {
            field_ref::metadata_value(&rollout.metadata, &reference.field_path).is_err()
        })
        .map(|_| {
            FieldError::invalid(
                format!("{field}.analyses"),
                BadValue::json(&arguments),
                "Analyses arguments must refer to valid object metadata supported by downwardAPI",
            )
        })
        .collect()
}
