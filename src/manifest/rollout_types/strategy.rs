//! `spec.strategy`: the two ways of replacing the old version.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::analysis::{BackgroundAnalysis, RolloutAnalysis};
use super::decode::{is_false, is_zero, nullable, nullable_list};
use super::steps::CanaryStep;
use super::traffic::TrafficRouting;
use crate::manifest::int_or_string::IntOrString;

/// Which strategy the Rollout uses. A valid Rollout sets exactly one.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Strategy {
    /// Two full stacks and a switch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blue_green: Option<BlueGreenStrategy>,
    /// Step by step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary: Option<CanaryStrategy>,
}

/// `spec.strategy.blueGreen` (Argo Rollouts v1.9.1 types.go `BlueGreenStrategy`).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BlueGreenStrategy {
    /// Service that users reach.
    #[serde(default, deserialize_with = "nullable")]
    pub active_service: String,
    /// Service of the new version before the switch; empty when there is none.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub preview_service: String,
    /// Pods of the new version before the switch; unset means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview_replica_count: Option<i32>,
    /// Whether the switch needs nobody; unset means true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_promotion_enabled: Option<bool>,
    /// Seconds between readiness and the switch.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "is_zero"
    )]
    pub auto_promotion_seconds: i32,
    /// Pods that may be missing during a restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<IntOrString>,
    /// Seconds the old version lives after the switch; unset means 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_down_delay_seconds: Option<i32>,
    /// How many old versions may wait for that delay at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_down_delay_revision_limit: Option<i32>,
    /// Analysis before the switch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_promotion_analysis: Option<RolloutAnalysis>,
    /// Scheduling rule between versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anti_affinity: Option<AntiAffinity>,
    /// Analysis after the switch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_promotion_analysis: Option<RolloutAnalysis>,
    /// Labels and annotations of pods while they are the preview.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview_metadata: Option<PodTemplateMetadata>,
    /// Labels and annotations of pods while they are active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_metadata: Option<PodTemplateMetadata>,
    /// Seconds the new version lives after an abort; unset means 30, 0 means for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abort_scale_down_delay_seconds: Option<i32>,
}

/// `spec.strategy.canary` (Argo Rollouts v1.9.1 types.go `CanaryStrategy`).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CanaryStrategy {
    /// Service that selects the new version only; empty when there is none.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub canary_service: String,
    /// Service that selects the stable version only; empty when there is none.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub stable_service: String,
    /// The steps in order; none means one rolling update.
    #[serde(
        default,
        deserialize_with = "nullable_list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub steps: Vec<CanaryStep>,
    /// Router that splits the traffic; without it the split is by pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traffic_routing: Option<TrafficRouting>,
    /// Pods that may be missing during the update; unset means 25 %, rounded down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<IntOrString>,
    /// Pods above the wanted number during the update; unset means 25 %, rounded up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_surge: Option<IntOrString>,
    /// Analysis that runs beside the steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analysis: Option<BackgroundAnalysis>,
    /// Scheduling rule between versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anti_affinity: Option<AntiAffinity>,
    /// Labels and annotations of pods while they are the canary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary_metadata: Option<PodTemplateMetadata>,
    /// Labels and annotations of pods while they are stable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stable_metadata: Option<PodTemplateMetadata>,
    /// Seconds the old version lives after promotion; only with a router; unset means 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_down_delay_seconds: Option<i32>,
    /// How many old versions may wait for that delay at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_down_delay_revision_limit: Option<i32>,
    /// Seconds the canary lives after an abort; only with a router; unset means 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abort_scale_down_delay_seconds: Option<i32>,
    /// Whether the stable version shrinks as the weight moves.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "is_false"
    )]
    pub dynamic_stable_scale: bool,
    /// Services whose roles alternate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ping_pong: Option<PingPong>,
    /// Least number of pods of a version that has any; only with a router.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_pods_per_replica_set: Option<i32>,
    /// How much of the wanted number must be available to go on; unset means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replica_progress_threshold: Option<ReplicaProgressThreshold>,
}

impl CanaryStrategy {
    /// The weight that stands for all traffic: 100, or what the router declares.
    pub fn max_traffic_weight(&self) -> i32 {
        self.traffic_routing
            .as_ref()
            .and_then(|routing| routing.max_traffic_weight)
            .unwrap_or(100)
    }
}

/// Names of the two services of the ping-pong feature.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PingPong {
    /// First service.
    #[serde(default, deserialize_with = "nullable")]
    pub ping_service: String,
    /// Second service.
    #[serde(default, deserialize_with = "nullable")]
    pub pong_service: String,
}

/// When a step counts its pods as there.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct ReplicaProgressThreshold {
    /// `Percent` or `Pods`; the CRD allows nothing else.
    #[serde(default, deserialize_with = "nullable", rename = "type")]
    pub kind: String,
    /// Percentage or number of pods.
    #[serde(default, deserialize_with = "nullable")]
    pub value: i32,
}

/// Extra labels and annotations of pods in a role.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct PodTemplateMetadata {
    /// Labels by key.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub labels: BTreeMap<String, String>,
    /// Annotations by key.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub annotations: BTreeMap<String, String>,
}

/// Which scheduling rule keeps the versions apart. A valid one sets exactly one.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AntiAffinity {
    /// A wish with a weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_during_scheduling_ignored_during_execution: Option<PreferredAntiAffinity>,
    /// A demand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_during_scheduling_ignored_during_execution: Option<RequiredAntiAffinity>,
}

/// The weight of a preferred anti-affinity.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct PreferredAntiAffinity {
    /// 1 to 100.
    #[serde(default, deserialize_with = "nullable")]
    pub weight: i32,
}

/// A required anti-affinity has no settings.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct RequiredAntiAffinity {}
