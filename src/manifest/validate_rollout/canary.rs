//! `spec.strategy.canary` apart from its steps (Argo Rollouts v1.9.1 validation.go `ValidateRolloutStrategyCanary`).

use super::{canary_steps, validate_anti_affinity};
use crate::manifest::field_error::{BadValue, FieldError};
use crate::manifest::int_or_string::IntOrString;
use crate::manifest::rollout_types::{CanaryStrategy, PingPong, Rollout, TrafficRouting};

pub(super) fn validate(canary: &CanaryStrategy, rollout: &Rollout) -> Vec<FieldError> {
    let mut errors = Vec::new();
    errors.extend(validate_fenceposts(canary));
    if !canary.canary_service.is_empty() && canary.canary_service == canary.stable_service {
        errors.push(FieldError::invalid(
            "spec.strategy.stableService",
            &canary.stable_service,
            "This rollout uses the same service for the stable and canary services, but two different services are required.",
        ));
    }
    if let Some(ping_pong) = &canary.ping_pong {
        errors.extend(validate_ping_pong(
            ping_pong,
            canary.traffic_routing.as_ref(),
        ));
    }
    if needs_both_services(canary) {
        for (name, service) in [
            ("stableService", &canary.stable_service),
            ("canaryService", &canary.canary_service),
        ] {
            if service.is_empty() {
                errors.push(FieldError::invalid(
                    format!("spec.strategy.{name}"),
                    service,
                    "Canary service and Stable service must to be set to use Traffic Routing",
                ));
            }
        }
    }
    errors.extend(validate_router_dependent_fields(canary));
    for index in 0..canary.steps.len() {
        errors.extend(canary_steps::validate(canary, index, rollout));
    }
    errors.extend(validate_anti_affinity(canary.anti_affinity.as_ref()));
    errors
}

fn validate_fenceposts(canary: &CanaryStrategy) -> Option<FieldError> {
    let is_zero = |limit: &IntOrString| percent_or_number(limit) == 0;
    let (surge, unavailable) = (canary.max_surge.as_ref()?, canary.max_unavailable.as_ref()?);
    (is_zero(surge) && is_zero(unavailable)).then(|| {
        FieldError::invalid(
            "spec.strategy.maxSurge",
            BadValue::json(surge),
            "MaxSurge and MaxUnavailable both can not be zero",
        )
    })
}

/// The number before `%`, or the number; 0 for other texts, negative percentages among them.
fn percent_or_number(limit: &IntOrString) -> i64 {
    match limit {
        IntOrString::Text(text) => match text.strip_suffix('%') {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                IntOrString::from(digits).int_value()
            }
            _ => limit.int_value(),
        },
        IntOrString::Int(_) => limit.int_value(),
    }
}

fn validate_ping_pong(ping_pong: &PingPong, routing: Option<&TrafficRouting>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(routing) = routing
        && routing.alb.is_none()
        && routing.istio.is_none()
    {
        errors.push(FieldError::invalid(
            "spec.strategy.trafficRouting.alb",
            BadValue::json(&routing.alb),
            "Ping-pong feature works with the ALB and Istio traffic routers only",
        ));
    }
    for (name, service) in [
        ("pingService", &ping_pong.ping_service),
        ("pongService", &ping_pong.pong_service),
    ] {
        if service.is_empty() {
            errors.push(FieldError::invalid(
                format!("spec.strategy.pingPong.{name}"),
                service,
                "Ping service and Pong service must to be set to use Ping-Pong feature",
            ));
        }
    }
    if ping_pong.ping_service == ping_pong.pong_service {
        errors.push(FieldError::invalid(
            "spec.strategy.pingPong.pingService",
            &ping_pong.ping_service,
            "This rollout uses the same service for the ping and pong services, but two different services are required.",
        ));
    }
    if let Some(alb) = routing.and_then(|routing| routing.alb.as_ref())
        && alb.root_service.is_empty()
    {
        errors.push(FieldError::invalid(
            "spec.strategy.trafficRouting.alb.rootService",
            &alb.root_service,
            "Root service field is required for the configuration with ALB and ping-pong feature enabled",
        ));
    }
    errors
}

/// Whether the router works through a stable and a canary service.
fn needs_both_services(canary: &CanaryStrategy) -> bool {
    let Some(routing) = &canary.traffic_routing else {
        return false;
    };
    let has_ping_pong = canary.ping_pong.is_some();
    let istio_by_services =
        (routing.istio.as_ref()).is_some_and(|istio| istio.destination_rule.is_none());
    ((routing.alb.is_some() || istio_by_services) && !has_ping_pong)
        || routing.smi.is_some()
        || routing.apisix.is_some()
        || routing.ambassador.is_some()
        || routing.nginx.is_some()
        || routing.app_mesh.is_some()
        || routing.traefik.is_some()
}

fn validate_router_dependent_fields(canary: &CanaryStrategy) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let dynamic_stable_scale =
        |detail: &str| FieldError::invalid("spec.strategy.dynamicStableScale", true, detail);
    let Some(routing) = &canary.traffic_routing else {
        if let Some(delay) = canary.scale_down_delay_seconds {
            errors.push(FieldError::invalid(
                "spec.strategy.scaleDownDelaySeconds",
                delay,
                "Canary scaleDownDelaySeconds can only be used with traffic routing",
            ));
        }
        if canary.dynamic_stable_scale {
            errors.push(dynamic_stable_scale(
                "Canary dynamicStableScale can only be used with traffic routing",
            ));
        }
        return errors;
    };
    if canary.scale_down_delay_seconds.is_some() && canary.dynamic_stable_scale {
        errors.push(dynamic_stable_scale(
            "Canary dynamicStableScale cannot be used with scaleDownDelaySeconds",
        ));
    }
    if let Some(weight) = routing.max_traffic_weight
        && routing.nginx.is_none()
        && routing.plugins.is_empty()
    {
        errors.push(FieldError::invalid(
            "spec.strategy.trafficRouting.maxTrafficWeight",
            weight,
            "Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins",
        ));
    }
    errors
}
