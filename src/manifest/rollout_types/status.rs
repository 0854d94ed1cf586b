//! `status`, as far as a field reference can reach it and the simulated controller fills it in.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::decode::{is_false, is_zero, nullable};

/// The scalar fields of a Rollout's status (Argo Rollouts v1.9.1 types.go `RolloutStatus`).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RolloutStatus {
    /// Whether the update is aborted.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "is_false"
    )]
    pub abort: bool,
    /// Whether the controller has paused it.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "is_false"
    )]
    pub controller_pause: bool,
    /// Hash of the current pod template.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub current_pod_hash: String,
    /// Hash of the steps.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub current_step_hash: String,
    /// Pods of all versions.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "is_zero"
    )]
    pub replicas: i32,
    /// Pods of the new version.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "is_zero"
    )]
    pub updated_replicas: i32,
    /// Ready pods.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "is_zero"
    )]
    pub ready_replicas: i32,
    /// Available pods.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "is_zero"
    )]
    pub available_replicas: i32,
    /// Index of the current step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_step_index: Option<i32>,
    /// Generation that the controller has seen, as text.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub observed_generation: String,
    /// Canary's part, always written, even when empty.
    #[serde(default, deserialize_with = "nullable")]
    pub canary: Map<String, Value>,
    /// Blue-green's part, always written, even when empty.
    #[serde(default, deserialize_with = "nullable")]
    pub blue_green: Map<String, Value>,
    /// Pods that receive traffic.
    #[serde(
        default,
        rename = "HPAReplicas",
        deserialize_with = "nullable",
        skip_serializing_if = "is_zero"
    )]
    pub hpa_replicas: i32,
    /// Selector of the pods that receive traffic.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub selector: String,
    /// Hash of the stable version.
    #[serde(
        default,
        rename = "stableRS",
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub stable_rs: String,
    /// Whether a full promotion was asked for.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "is_false"
    )]
    pub promote_full: bool,
    /// Phase.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub phase: String,
    /// Why it is in that phase.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub message: String,
}
