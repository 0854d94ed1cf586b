//! `spec.strategy.canary.steps`: what a step may ask for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::LabelSelector;
use super::analysis::{AnalysisRunArgument, AnalysisRunMetadata, RolloutAnalysis};
use super::decode::{is_false, nullable, nullable_list};
use super::strategy::PodTemplateMetadata;
use crate::manifest::analysis_types::DryRun;
use crate::manifest::int_or_string::IntOrString;

/// One step. A valid one sets exactly one field of `setWeight`, `pause`, `experiment` and `analysis`, or any of the
/// others (Argo Rollouts v1.9.1 types.go `CanaryStep`).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CanaryStep {
    /// Share of the canary, 0 to [`max_traffic_weight`](super::CanaryStrategy::max_traffic_weight).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_weight: Option<i32>,
    /// Wait for a time or for a human.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause: Option<Pause>,
    /// Run an experiment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub experiment: Option<ExperimentStep>,
    /// Wait for an `AnalysisRun`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analysis: Option<RolloutAnalysis>,
    /// Scale the canary without moving traffic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_canary_scale: Option<SetCanaryScale>,
    /// Send requests with a header to the canary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_header_route: Option<SetHeaderRoute>,
    /// Copy requests to the canary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_mirror_route: Option<SetMirrorRoute>,
    /// Run a step plugin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<PluginStep>,
}

/// A pause step.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Pause {
    /// How long; unset waits for a human.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<IntOrString>,
}

/// A plugin step.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct PluginStep {
    /// The plugin's name.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
    /// The plugin's own settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<Value>,
}

/// A change of the canary's size; lasts until another one or `matchTrafficWeight`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetCanaryScale {
    /// Percent of the Rollout's replicas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<i32>,
    /// Number of pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// Go back to the size that `setWeight` asks for.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "is_false"
    )]
    pub match_traffic_weight: bool,
}

/// A route to the canary by header.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct SetHeaderRoute {
    /// Name among the managed routes.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Which requests; none removes the route.
    #[serde(
        default,
        rename = "match",
        deserialize_with = "nullable_list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub matches: Vec<HeaderMatch>,
}

/// A header and its value.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HeaderMatch {
    /// The header's name.
    #[serde(default, deserialize_with = "nullable")]
    pub header_name: String,
    /// What its value must look like.
    pub header_value: Option<StringMatch>,
}

/// A copy of requests to the canary.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct SetMirrorRoute {
    /// Name among the managed routes.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
    /// Which requests; none removes the route.
    #[serde(
        default,
        rename = "match",
        deserialize_with = "nullable_list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub matches: Vec<RouteMatch>,
    /// Percent of the matching requests; unset means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentage: Option<i32>,
}

/// Which requests are mirrored.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct RouteMatch {
    /// By method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<StringMatch>,
    /// By path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<StringMatch>,
    /// By headers.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub headers: BTreeMap<String, StringMatch>,
}

/// How a text must look. A valid one sets exactly one field.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct StringMatch {
    /// The whole text.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub exact: String,
    /// Its beginning.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub prefix: String,
    /// A regular expression.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub regex: String,
}

/// An experiment step.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExperimentStep {
    /// Versions to start.
    #[serde(default, deserialize_with = "nullable_list")]
    pub templates: Vec<ExperimentTemplate>,
    /// How long (a Go duration); empty means until its analyses end.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub duration: String,
    /// Analyses to run.
    #[serde(
        default,
        deserialize_with = "nullable_list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub analyses: Vec<ExperimentAnalysis>,
    /// Metrics whose outcome doesn't count.
    #[serde(
        default,
        deserialize_with = "nullable_list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub dry_run: Vec<DryRun>,
    /// Labels and annotations of the runs.
    #[serde(default, deserialize_with = "nullable")]
    pub analysis_run_metadata: AnalysisRunMetadata,
    /// Seconds its pods live afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_down_delay_seconds: Option<i32>,
}

/// An analysis of an experiment.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExperimentAnalysis {
    /// Name within the experiment.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
    /// The template.
    #[serde(default, deserialize_with = "nullable")]
    pub template_name: String,
    /// Whether it is a `ClusterAnalysisTemplate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_scope: Option<bool>,
    /// Values for its arguments.
    #[serde(
        default,
        deserialize_with = "nullable_list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub args: Vec<AnalysisRunArgument>,
    /// Whether the experiment waits for it.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "is_false"
    )]
    pub required_for_completion: bool,
}

/// A version that an experiment starts.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExperimentTemplate {
    /// Name within the experiment.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
    /// `canary` or `stable`.
    #[serde(default, deserialize_with = "nullable")]
    pub spec_ref: String,
    /// Number of pods; unset means 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// Labels and annotations of its pods.
    #[serde(default, deserialize_with = "nullable")]
    pub metadata: PodTemplateMetadata,
    /// Selector of its pods; unset means the Rollout's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
    /// Share of traffic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<i32>,
    /// Service that is made for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Value>,
}
