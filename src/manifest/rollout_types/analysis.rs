//! Where a Rollout asks for analysis: steps, background, before and after promotion.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::decode::{nullable, nullable_list, optional_list};
use crate::manifest::analysis_types::{AnalysisTemplateRef, DryRun, MeasurementRetention};

/// One analysis of a Rollout (Argo Rollouts v1.9.1 types.go `RolloutAnalysis`).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RolloutAnalysis {
    /// Templates whose metrics run together.
    #[serde(
        default,
        deserialize_with = "nullable_list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub templates: Vec<AnalysisTemplateRef>,
    /// Values for the templates' arguments. An empty list is not the same as none.
    #[serde(
        default,
        deserialize_with = "optional_list",
        skip_serializing_if = "super::decode::is_none_or_empty"
    )]
    pub args: Option<Vec<AnalysisRunArgument>>,
    /// Metrics (by regular expression) whose outcome doesn't count.
    #[serde(
        default,
        deserialize_with = "nullable_list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub dry_run: Vec<DryRun>,
    /// How many measurements the status keeps, by metric.
    #[serde(
        default,
        deserialize_with = "nullable_list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub measurement_retention: Vec<MeasurementRetention>,
    /// Labels and annotations of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analysis_run_metadata: Option<AnalysisRunMetadata>,
}

impl RolloutAnalysis {
    /// The arguments, none and an empty list alike.
    pub fn args(&self) -> &[AnalysisRunArgument] {
        self.args.as_deref().unwrap_or_default()
    }
}

/// `spec.strategy.canary.analysis`: an analysis plus the step it starts at.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(from = "BackgroundFields", into = "BackgroundFields")]
pub struct BackgroundAnalysis {
    /// What to run.
    pub analysis: RolloutAnalysis,
    /// Index of the step from which on it runs; unset means at once.
    pub starting_step: Option<i32>,
}

/// [`BackgroundAnalysis`] as it is written: all fields side by side.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct BackgroundFields {
    #[serde(
        default,
        deserialize_with = "nullable_list",
        skip_serializing_if = "Vec::is_empty"
    )]
    templates: Vec<AnalysisTemplateRef>,
    #[serde(
        default,
        deserialize_with = "optional_list",
        skip_serializing_if = "super::decode::is_none_or_empty"
    )]
    args: Option<Vec<AnalysisRunArgument>>,
    #[serde(
        default,
        deserialize_with = "nullable_list",
        skip_serializing_if = "Vec::is_empty"
    )]
    dry_run: Vec<DryRun>,
    #[serde(
        default,
        deserialize_with = "nullable_list",
        skip_serializing_if = "Vec::is_empty"
    )]
    measurement_retention: Vec<MeasurementRetention>,
    #[serde(skip_serializing_if = "Option::is_none")]
    analysis_run_metadata: Option<AnalysisRunMetadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    starting_step: Option<i32>,
}

impl From<BackgroundFields> for BackgroundAnalysis {
    fn from(fields: BackgroundFields) -> Self {
        Self {
            analysis: RolloutAnalysis {
                templates: fields.templates,
                args: fields.args,
                dry_run: fields.dry_run,
                measurement_retention: fields.measurement_retention,
                analysis_run_metadata: fields.analysis_run_metadata,
            },
            starting_step: fields.starting_step,
        }
    }
}

impl From<BackgroundAnalysis> for BackgroundFields {
    fn from(background: BackgroundAnalysis) -> Self {
        let analysis = background.analysis;
        Self {
            templates: analysis.templates,
            args: analysis.args,
            dry_run: analysis.dry_run,
            measurement_retention: analysis.measurement_retention,
            analysis_run_metadata: analysis.analysis_run_metadata,
            starting_step: background.starting_step,
        }
    }
}

/// A value that a Rollout hands to its templates. Neither `value` nor `valueFrom` gives the empty text.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnalysisRunArgument {
    /// Which argument.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
    /// The text itself.
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub value: String,
    /// Where the text comes from; wins over `value`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_from: Option<RolloutArgumentSource>,
}

/// Where a Rollout's argument comes from; a pod template hash wins over a field.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RolloutArgumentSource {
    /// `Stable` or `Latest`; other texts leave `value` as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_template_hash_value: Option<String>,
    /// A field of the Rollout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field_ref: Option<RolloutFieldRef>,
}

/// A reference to a field of the Rollout.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RolloutFieldRef {
    /// Such as `metadata.labels['env']` or `spec.replicas`.
    #[serde(default, deserialize_with = "nullable")]
    pub field_path: String,
}

/// Extra labels and annotations of an `AnalysisRun`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct AnalysisRunMetadata {
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
