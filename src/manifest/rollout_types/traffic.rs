//! `trafficRouting`: which router splits the traffic, typed as far as validation looks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::decode::{nullable, nullable_list, optional_list};

/// `spec.strategy.canary.trafficRouting` (Argo Rollouts v1.9.1 types.go `RolloutTrafficRouting`).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrafficRouting {
    /// Istio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub istio: Option<IstioTrafficRouting>,
    /// NGINX Ingress.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nginx: Option<NginxTrafficRouting>,
    /// AWS load balancer controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alb: Option<AlbTrafficRouting>,
    /// Service Mesh Interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smi: Option<SmiTrafficRouting>,
    /// Ambassador.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ambassador: Option<AmbassadorTrafficRouting>,
    /// AWS App Mesh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_mesh: Option<AppMeshTrafficRouting>,
    /// Traefik.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traefik: Option<TraefikTrafficRouting>,
    /// Routes that the controller may create. An empty list is not the same as none.
    #[serde(
        default,
        deserialize_with = "optional_list",
        skip_serializing_if = "super::decode::is_none_or_empty"
    )]
    pub managed_routes: Option<Vec<ManagedRoute>>,
    /// Apache APISIX.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apisix: Option<ApisixTrafficRouting>,
    /// Settings by plugin name (Gateway API and others).
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub plugins: BTreeMap<String, Value>,
    /// The weight that stands for all traffic; unset means 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_traffic_weight: Option<i32>,
}

impl TrafficRouting {
    /// Names of the routers that are configured, in the order of the type. Empty for `trafficRouting: {}`.
    pub fn routers(&self) -> Vec<&str> {
        let present = [
            ("istio", self.istio.is_some()),
            ("nginx", self.nginx.is_some()),
            ("alb", self.alb.is_some()),
            ("smi", self.smi.is_some()),
            ("ambassador", self.ambassador.is_some()),
            ("appMesh", self.app_mesh.is_some()),
            ("traefik", self.traefik.is_some()),
            ("apisix", self.apisix.is_some()),
        ];
        present
            .into_iter()
            .filter_map(|(name, is_present)| is_present.then_some(name))
            .chain(self.plugins.keys().map(String::as_str))
            .collect()
    }
}

/// A route that the controller may create.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct ManagedRoute {
    /// The route's name.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
}

/// Istio's settings.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IstioTrafficRouting {
    /// The `VirtualService` whose weights change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub virtual_service: Option<IstioVirtualService>,
    /// The `DestinationRule` whose subsets change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_rule: Option<IstioDestinationRule>,
    /// Several `VirtualServices` instead of one. An empty list is not the same as none.
    #[serde(
        default,
        deserialize_with = "optional_list",
        skip_serializing_if = "super::decode::is_none_or_empty"
    )]
    pub virtual_services: Option<Vec<IstioVirtualService>>,
}

/// A reference to an Istio `VirtualService`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IstioVirtualService {
    /// Its name, or `name.namespace`.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
    /// HTTP routes to change; none means the only one.
    #[serde(
        default,
        deserialize_with = "nullable_list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub routes: Vec<String>,
    /// TLS routes to change.
    #[serde(
        default,
        deserialize_with = "nullable_list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub tls_routes: Vec<Value>,
    /// TCP routes to change.
    #[serde(
        default,
        deserialize_with = "nullable_list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub tcp_routes: Vec<Value>,
}

/// A reference to an Istio `DestinationRule`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IstioDestinationRule {
    /// Its name.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
    /// Subset of the canary.
    #[serde(default, deserialize_with = "nullable")]
    pub canary_subset_name: String,
    /// Subset of the stable version.
    #[serde(default, deserialize_with = "nullable")]
    pub stable_subset_name: String,
    /// Subsets that the controller leaves alone.
    #[serde(
        default,
        deserialize_with = "nullable_list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub additional_subset_names: Vec<String>,
}

/// NGINX Ingress' settings.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NginxTrafficRouting {
    /// Prefix of the controller's annotations; empty means the usual one.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub annotation_prefix: String,
    /// The Ingress of the stable service.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub stable_ingress: String,
    /// Extra annotations of the canary Ingress.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub additional_ingress_annotations: BTreeMap<String, String>,
    /// Several Ingresses instead of one.
    #[serde(
        default,
        deserialize_with = "optional_list",
        skip_serializing_if = "super::decode::is_none_or_empty"
    )]
    pub stable_ingresses: Option<Vec<String>>,
    /// Annotations of the canary Ingress only.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub canary_ingress_annotations: BTreeMap<String, String>,
}

/// The AWS load balancer controller's settings.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlbTrafficRouting {
    /// The Ingress.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub ingress: String,
    /// Port of the services.
    #[serde(default, deserialize_with = "nullable")]
    pub service_port: i32,
    /// Service named in the Ingress; empty means the stable service.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub root_service: String,
    /// Prefix of the controller's annotations.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub annotation_prefix: String,
    /// Session stickiness.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stickiness_config: Option<StickinessConfig>,
    /// Several Ingresses instead of one.
    #[serde(
        default,
        deserialize_with = "optional_list",
        skip_serializing_if = "super::decode::is_none_or_empty"
    )]
    pub ingresses: Option<Vec<String>>,
}

/// Duration-based stickiness of target groups.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StickinessConfig {
    /// Whether it is on.
    #[serde(default, deserialize_with = "nullable")]
    pub enabled: bool,
    /// Seconds a client sticks.
    #[serde(default, deserialize_with = "nullable")]
    pub duration_seconds: i64,
}

/// Service Mesh Interface's settings.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SmiTrafficRouting {
    /// Service that clients use.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub root_service: String,
    /// Name of the `TrafficSplit`.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub traffic_split_name: String,
}

/// Ambassador's settings.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct AmbassadorTrafficRouting {
    /// Names of the Mappings.
    #[serde(default, deserialize_with = "nullable_list")]
    pub mappings: Vec<String>,
}

/// AWS App Mesh's settings.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppMeshTrafficRouting {
    /// The virtual service whose routes change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub virtual_service: Option<AppMeshVirtualService>,
    /// The virtual nodes of the versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub virtual_node_group: Option<Value>,
}

/// A reference to an App Mesh virtual service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct AppMeshVirtualService {
    /// Its name.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
    /// Routes to change.
    #[serde(
        default,
        deserialize_with = "nullable_list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub routes: Vec<String>,
}

/// Traefik's settings.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TraefikTrafficRouting {
    /// Name of the weighted `TraefikService`.
    #[serde(default, deserialize_with = "nullable")]
    pub weighted_traefik_service_name: String,
}

/// Apache APISIX' settings.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct ApisixTrafficRouting {
    /// The route to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<ApisixRoute>,
}

/// A reference to an APISIX route.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct ApisixRoute {
    /// Its name.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
    /// Rules to change.
    #[serde(
        default,
        deserialize_with = "nullable_list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub rules: Vec<String>,
}
