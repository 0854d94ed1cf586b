//! The Rollout as its manifest says it: types that decode what Go's types decode and print what they print.
//!
//! Nothing is checked here beyond types; [`validate_rollout`](super::validate_rollout) does that. Fields that are
//! left out, `null` and zero values are told apart exactly where the controller does (`Option`).

mod analysis;
pub(crate) mod decode;
mod fenceposts;
mod metadata;
pub(crate) mod pod;
mod status;
mod steps;
mod strategy;
mod traffic;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use analysis::{
    AnalysisRunArgument, AnalysisRunMetadata, BackgroundAnalysis, RolloutAnalysis,
    RolloutArgumentSource, RolloutFieldRef,
};
pub use fenceposts::Fenceposts;
pub use metadata::{LabelSelector, LabelSelectorRequirement, ObjectMeta};
pub use pod::PodTemplate;
pub use status::RolloutStatus;
pub use steps::{
    CanaryStep, ExperimentAnalysis, ExperimentStep, ExperimentTemplate, HeaderMatch, Pause,
    PluginStep, RouteMatch, SetCanaryScale, SetHeaderRoute, SetMirrorRoute, StringMatch,
};
pub use strategy::{
    AntiAffinity, BlueGreenStrategy, CanaryStrategy, PingPong, PodTemplateMetadata,
    PreferredAntiAffinity, ReplicaProgressThreshold, RequiredAntiAffinity, Strategy,
};
pub use traffic::{
    AlbTrafficRouting, AmbassadorTrafficRouting, ApisixRoute, ApisixTrafficRouting,
    AppMeshTrafficRouting, AppMeshVirtualService, IstioDestinationRule, IstioTrafficRouting,
    IstioVirtualService, ManagedRoute, NginxTrafficRouting, SmiTrafficRouting, StickinessConfig,
    TraefikTrafficRouting, TrafficRouting,
};

use decode::{is_false, is_zero, nullable};

/// A Rollout (Argo Rollouts v1.9.1 types.go `Rollout`).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    /// `argoproj.io/v1alpha1`.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub api_version: String,
    /// `Rollout`.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub kind: String,
    /// Name, labels and so on.
    #[serde(default, deserialize_with = "nullable")]
    pub metadata: ObjectMeta,
    /// What is wanted.
    #[serde(default, deserialize_with = "nullable")]
    pub spec: RolloutSpec,
    /// What the controller last wrote; empty in a manifest.
    #[serde(default, deserialize_with = "nullable")]
    pub status: RolloutStatus,
}

/// `spec` of a Rollout (Argo Rollouts v1.9.1 types.go `RolloutSpec`).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the fields are those of the manifest"
)]
pub struct RolloutSpec {
    /// Wanted pods; unset means 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// Which pods belong to it.
    pub selector: Option<LabelSelector>,
    /// The pods.
    #[serde(default, deserialize_with = "nullable")]
    pub template: PodTemplate,
    /// Another workload whose pod template is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload_ref: Option<WorkloadRef>,
    /// Seconds a pod must be ready to count as available.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "is_zero"
    )]
    pub min_ready_seconds: i32,
    /// How far back a rollback skips the steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback_window: Option<RollbackWindow>,
    /// How the old version is replaced.
    #[serde(default, deserialize_with = "nullable")]
    pub strategy: Strategy,
    /// Old versions to keep; unset means 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision_history_limit: Option<i32>,
    /// Whether a human holds it.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "is_false"
    )]
    pub paused: bool,
    /// Seconds without progress until it counts as stuck; unset means 600.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress_deadline_seconds: Option<i32>,
    /// Whether being stuck aborts the update.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "is_false"
    )]
    pub progress_deadline_abort: bool,
    /// When all older pods are to be restarted (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_at: Option<String>,
    /// How many analysis runs are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analysis: Option<AnalysisHistory>,
    /// Whether `template` was taken from the referenced workload; see [`Self::resolve_workload`].
    #[serde(skip)]
    pub template_resolved_from_ref: bool,
    /// Whether `selector` was taken from the referenced workload.
    #[serde(skip)]
    pub selector_resolved_from_ref: bool,
}

impl RolloutSpec {
    /// Fills in the pod template of the workload that `workloadRef` names, and its selector if the Rollout has none
    /// (Argo Rollouts v1.9.1 templateref.go `Resolve`).
    ///
    /// A Rollout that has a template of its own stays as it is: validation refuses it.
    pub fn resolve_workload(&mut self, template: PodTemplate, selector: Option<LabelSelector>) {
        if self.workload_ref.is_none() || !self.template.has_no_metadata() {
            return;
        }
        self.template = template;
        self.template_resolved_from_ref = true;
        if self.selector.is_none() && selector.is_some() {
            self.selector = selector;
            self.selector_resolved_from_ref = true;
        }
    }

    /// Whether the pods are unknown, because the workload that describes them isn't at hand.
    pub fn has_unresolved_workload(&self) -> bool {
        self.workload_ref.is_some() && !self.template_resolved_from_ref
    }

    /// `spec.replicas`, or 1 (Argo Rollouts v1.9.1 defaults.go).
    pub fn replicas_or_default(&self) -> i32 {
        self.replicas.unwrap_or(1)
    }

    /// `spec.revisionHistoryLimit`, or 10.
    pub fn revision_history_limit_or_default(&self) -> i32 {
        self.revision_history_limit.unwrap_or(10)
    }

    /// `spec.progressDeadlineSeconds`, or 600.
    pub fn progress_deadline_seconds_or_default(&self) -> i32 {
        self.progress_deadline_seconds.unwrap_or(600)
    }
}

/// A reference to the workload that holds the pod template.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadRef {
    /// Such as `apps/v1`.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub api_version: String,
    /// Such as `Deployment`.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub kind: String,
    /// Its name.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// `never`, `onsuccess` or `progressively`.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub scale_down: String,
}

/// How far back a rollback skips the steps.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct RollbackWindow {
    /// Number of revisions.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "is_zero"
    )]
    pub revisions: i32,
}

/// How many completed analysis runs are kept.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnalysisHistory {
    /// Successful ones; unset means 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successful_run_history_limit: Option<i32>,
    /// Others; unset means 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsuccessful_run_history_limit: Option<i32>,
}

/// A value that doesn't have the type of its field, so the API server refuses the object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {detail}")]
pub struct DecodeError {
    /// JSON pointer to the value, such as `/spec/strategy/canary/steps/0/setWeight`.
    pub path: String,
    /// What was found and what was expected.
    pub detail: String,
}

impl Rollout {
    /// Reads a Rollout from JSON as the API server would.
    ///
    /// Unknown fields are left out; the schema's other rules (enumerations, required fields) are not checked.
    pub fn from_json(object: &Value) -> Result<Self, DecodeError> {
        Self::deserialize(object).map_err(|error| DecodeError {
            path: decode::first_culprit::<Self>(object),
            detail: error.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{DecodeError, Rollout};
    use crate::manifest::go_json::to_go_json;

    #[test]
    fn prints_what_the_go_types_print() {
        let object = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "unknown": 1,
            "metadata": {"name": "api", "labels": null},
            "spec": {"replicas": 6, "paused": false, "strategy": {"canary": {
                "steps": [{"setWeight": 10}, null, {"setHeaderRoute": {"name": "a<b", "match": [{"headerName": "x"}]}}],
                "analysis": {"startingStep": 2, "args": [{"name": "a", "value": ""}]},
            }}},
        });
        let rollout = Rollout::from_json(&object).expect("decodes");
        assert_eq!(
            to_go_json(&rollout).expect("serialises"),
            concat!(
                r#"{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","metadata":{"name":"api"},"#,
                r#""spec":{"replicas":6,"selector":null,"template":{"metadata":{},"spec":null},"#,
                r#""strategy":{"canary":{"steps":[{"setWeight":10},{},"#,
                r#"{"setHeaderRoute":{"name":"a\u003cb","match":[{"headerName":"x","headerValue":null}]}}],"#,
                r#""analysis":{"args":[{"name":"a"}],"startingStep":2}}}},"status":{"canary":{},"blueGreen":{}}}"#,
            )
        );
    }

    #[test]
    fn names_the_value_that_does_not_decode() {
        let object = json!({"spec": {"replicas": 1, "strategy": {"canary": {
            "steps": [{"pause": {}}, {"setWeight": "10"}, {"setWeight": true}],
        }}}});
        let error = Rollout::from_json(&object).expect_err("a text is no weight");
        assert_eq!(
            error,
            DecodeError {
                path: "/spec/strategy/canary/steps/1/setWeight".to_owned(),
                detail: "invalid type: string \"10\", expected i32".to_owned(),
            }
        );
    }
}
