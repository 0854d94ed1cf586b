//! Services that the strategy names, and settings of routers that contradict each other.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::place::escape;
use super::{Findings, Place};
use crate::manifest::field_error::{BadValue, FieldError};
use crate::manifest::rollout_types::{ObjectMeta, Rollout, TrafficRouting};

const HASH_LABEL: &str = "rollouts-pod-template-hash";
const MANAGED_BY: &str = "argo-rollouts.argoproj.io/managed-by-rollouts";

/// A Service, as far as the rollout controller looks.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Service {
    /// Name and annotations.
    pub metadata: ObjectMeta,
    /// Selector.
    pub spec: ServiceSpec,
}

/// `spec` of a Service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ServiceSpec {
    /// Labels that its pods have; `null` for none.
    pub selector: Option<BTreeMap<String, String>>,
}

/// A Service in its role.
pub(super) struct UsedService<'a> {
    field: &'static str,
    service: &'a Service,
}

/// Looks up the Services of all roles (Argo Rollouts v1.9.1 controller.go `getReferencedServices`).
pub(super) fn look_up<'a>(
    rollout: &Rollout,
    services: Option<&'a [Service]>,
    findings: &mut Findings,
) -> Vec<UsedService<'a>> {
    let Some(services) = services else {
        return Vec::new();
    };
    let mut used = Vec::new();
    let mut is_first = true;
    for (field, name) in roles(rollout) {
        if let Some(service) = services
            .iter()
            .find(|service| service.metadata.name == name)
        {
            used.push(UsedService { field, service });
        } else if !name.is_empty() {
            let error = FieldError::invalid(field, name, format!("service \"{name}\" not found"));
            findings.push(
                place_of_role(field),
                error.to_string(),
                super::Consequence::InvalidSpec,
                is_first,
            );
            is_first = false;
        }
    }
    used
}

/// Fields and names of all Services that the strategy may name, in the controller's order.
fn roles(rollout: &Rollout) -> Vec<(&'static str, &str)> {
    if let Some(blue_green) = &rollout.spec.strategy.blue_green {
        return vec![
            (
                "spec.strategy.blueGreen.activeService",
                &blue_green.active_service,
            ),
            (
                "spec.strategy.blueGreen.previewService",
                &blue_green.preview_service,
            ),
        ];
    }
    let Some(canary) = &rollout.spec.strategy.canary else {
        return Vec::new();
    };
    let mut roles = vec![
        (
            "spec.strategy.canary.stableService",
            canary.stable_service.as_str(),
        ),
        ("spec.strategy.canary.canaryService", &canary.canary_service),
    ];
    if let Some(ping_pong) = &canary.ping_pong {
        roles.push((
            "spec.strategy.canary.pingPong.pingService",
            &ping_pong.ping_service,
        ));
        roles.push((
            "spec.strategy.canary.pingPong.pongService",
            &ping_pong.pong_service,
        ));
    }
    roles
}

fn place_of_role(field: &str) -> Place {
    Place::rollout(format!("/{}", field.replace('.', "/")))
}

/// Checks the Services that exist (Argo Rollouts v1.9.1 `validation_references.go`, `ValidateService`). Labels in the
/// order of their keys; the controller's order is random there.
pub(super) fn check(rollout: &Rollout, services: &[UsedService<'_>], findings: &mut Findings) {
    let pod_labels = &rollout.spec.template.metadata.labels;
    let pods_are_known = !rollout.spec.has_unresolved_workload();
    for UsedService { field, service } in services {
        let name = &service.metadata.name;
        for (key, value) in service.spec.selector.iter().flatten() {
            if pods_are_known && key != HASH_LABEL && pod_labels.get(key) != Some(value) {
                let detail = format!("Service \"{name}\" has unmatch label \"{key}\" in rollout");
                let place = Place::Service {
                    name: name.clone(),
                    pointer: format!("/spec/selector/{}", escape(key)),
                };
                findings.invalid_spec(place, &FieldError::invalid(*field, name, detail));
            }
        }
        if let Some(manager) = service.metadata.annotations.get(MANAGED_BY)
            && *manager != rollout.metadata.name
        {
            let detail = format!("Service \"{name}\" is managed by another Rollout");
            findings.invalid_spec(
                place_of_role(field),
                &FieldError::invalid(*field, name, detail),
            );
        }
    }
}

/// Settings of routers that are refused before the objects they name are looked up (Argo Rollouts v1.9.1
/// controller.go `getRolloutReferencedResources`): either one object or several, never both nor none.
pub(super) fn check_router_settings(rollout: &Rollout, findings: &mut Findings) {
    let routing = rollout
        .spec
        .strategy
        .canary
        .as_ref()
        .and_then(|canary| canary.traffic_routing.as_ref());
    for (index, error) in routing
        .map(refused_settings)
        .unwrap_or_default()
        .into_iter()
        .enumerate()
    {
        findings.push(
            place_of_role(&error.field),
            error.to_string(),
            super::Consequence::InvalidSpec,
            index == 0,
        );
    }
}

fn refused_settings(routing: &TrafficRouting) -> Vec<FieldError> {
    let field = |router: &str| format!("spec.strategy.canary.trafficRouting.{router}");
    let one_or_several = |router: &str, names: &str, one: bool, several: bool| {
        let which = match (one, several) {
            (true, true) => "Both",
            (false, false) => "Neither",
            _ => return None,
        };
        let detail = format!("Either {names} must be configured. {which} are configured.");
        Some(FieldError::internal(field(router), detail))
    };
    let nginx = routing.nginx.as_ref().and_then(|nginx| {
        let one = !nginx.stable_ingress.is_empty();
        one_or_several(
            "nginx",
            "StableIngress or StableIngresses",
            one,
            nginx.stable_ingresses.is_some(),
        )
    });
    let alb = routing.alb.as_ref().and_then(|alb| {
        one_or_several(
            "alb",
            "Ingress or Ingresses",
            !alb.ingress.is_empty(),
            alb.ingresses.is_some(),
        )
    });
    let istio = routing.istio.as_ref().and_then(|istio| {
        (istio.virtual_service.is_some() == istio.virtual_services.is_some()).then(|| {
            FieldError::internal(
                field("istio"),
                "either VirtualService or VirtualServices must be configured",
            )
        })
    });
    let nothing = || BadValue::json(&());
    let ambassador = (routing.ambassador.as_ref())
        .filter(|ambassador| ambassador.mappings.is_empty())
        .map(|_| {
            FieldError::invalid(
                field("ambassador.mappings"),
                nothing(),
                "must provide at least one mapping",
            )
        });
    let app_mesh = (routing.app_mesh.as_ref())
        .filter(|app_mesh| app_mesh.virtual_service.is_none())
        .map(|_| {
            FieldError::invalid(
                field("appmesh.virtualService"),
                nothing(),
                "must provide virtual-service",
            )
        });
    [nginx, alb, istio, ambassador, app_mesh]
        .into_iter()
        .flatten()
        .collect()
}
