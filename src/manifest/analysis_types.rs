//! AnalysisTemplate and AnalysisRun specs as the Go types of Argo Rollouts v1.9.1 (`analysis_types.go`) have them.
//!
//! Field order and the fields left out when empty are those of the Go types: argument substitution works on the JSON
//! text of a metric, and its error messages quote that text. Unknown fields are tolerated here; the schema gate
//! reports them.

use serde::{Deserialize, Serialize};

use super::int_or_string::{IntOrString, null_as_default};
use super::providers::MetricProvider;

/// `.spec` of an AnalysisTemplate and of a `ClusterAnalysisTemplate` (`analysis_types.go` `AnalysisTemplateSpec`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AnalysisTemplateSpec {
    /// What to measure.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub metrics: Vec<Metric>,
    /// Declared parameters, with their defaults.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub args: Vec<Argument>,
    /// Which metrics are measured without deciding anything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub dry_run: Vec<DryRun>,
    /// How many measurements of which metrics the status keeps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub measurement_retention: Vec<MeasurementRetention>,
    /// Further templates whose metrics join these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub templates: Vec<AnalysisTemplateRef>,
}

/// `.spec` of an AnalysisRun (`analysis_types.go` `AnalysisRunSpec`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AnalysisRunSpec {
    /// What to measure, placeholders kept.
    #[serde(deserialize_with = "null_as_default")]
    pub metrics: Vec<Metric>,
    /// Merged arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub args: Vec<Argument>,
    /// Set by the rollout controller to stop the run.
    #[serde(skip_serializing_if = "is_false")]
    #[serde(deserialize_with = "null_as_default")]
    pub terminate: bool,
    /// Which metrics are measured without deciding anything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub dry_run: Vec<DryRun>,
    /// How many measurements of which metrics the status keeps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub measurement_retention: Vec<MeasurementRetention>,
    /// When a completed run is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_strategy: Option<TtlStrategy>,
}

/// One metric of a template or run (`analysis_types.go` `Metric`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metric {
    /// Unique inside the run.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// Go duration between the finish of a measurement and the start of the next; empty for a single measurement.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub interval: String,
    /// Go duration between the start of the run and the first measurement.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub initial_delay: String,
    /// Measurements to take; absent and 0 mean the same, see [`Metric::effective_count`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<IntOrString>,
    /// Condition under which a measurement is Successful.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub success_condition: String,
    /// Condition under which a measurement is Failed.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(deserialize_with = "null_as_default")]
    pub failure_condition: String,
    /// Failed measurements tolerated in all; absent means 0, -1 switches the limit off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_limit: Option<IntOrString>,
    /// Inconclusive measurements tolerated in all; absent means 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inconclusive_limit: Option<IntOrString>,
    /// Errors in a row tolerated; absent means 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consecutive_error_limit: Option<IntOrString>,
    /// Where the value comes from.
    #[serde(deserialize_with = "null_as_default")]
    pub provider: MetricProvider,
    /// Successes in a row that end the metric early; absent and 0 switch it off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consecutive_success_limit: Option<IntOrString>,
}

impl Metric {
    /// How many completed measurements end the metric, or `None` for no end (spec §1.2; `analysis_types.go`
    /// `EffectiveCount`).
    pub fn effective_count(&self) -> Option<i64> {
        match self.count.as_ref().map_or(0, IntOrString::int_value) {
            0 if self.interval.is_empty() => Some(1),
            0 => None,
            count => Some(count),
        }
    }
}

/// A rule that puts metrics into dry-run mode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DryRun {
    /// An unanchored Go regular expression over metric names.
    #[serde(deserialize_with = "null_as_default")]
    pub metric_name: String,
}

/// A rule that says how many measurements of a metric the status keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MeasurementRetention {
    /// An unanchored Go regular expression over metric names.
    #[serde(deserialize_with = "null_as_default")]
    pub metric_name: String,
    /// Measurements to keep; 0 and less mean the default of 10.
    #[serde(deserialize_with = "null_as_default")]
    pub limit: i32,
}

/// When a completed AnalysisRun is deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TtlStrategy {
    /// Seconds to live after completion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds_after_completion: Option<i32>,
    /// Seconds to live after failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds_after_failure: Option<i32>,
    /// Seconds to live after success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds_after_success: Option<i32>,
}

/// A reference to an AnalysisTemplate or `ClusterAnalysisTemplate` (`types.go` `AnalysisTemplateRef`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AnalysisTemplateRef {
    /// Name of the template.
    #[serde(deserialize_with = "null_as_default")]
    pub template_name: String,
    /// Whether it is a `ClusterAnalysisTemplate`.
    #[serde(skip_serializing_if = "is_false")]
    #[serde(deserialize_with = "null_as_default")]
    pub cluster_scope: bool,
}

/// A parameter of a template or run (`analysis_types.go` `Argument`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Argument {
    /// What `{{args.<name>}}` refers to.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// The value; absent in a template means that the rollout must supply it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Where the value comes from instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_from: Option<ValueFrom>,
}

impl Argument {
    /// The secret that the argument reads, if any; it wins over [`Self::value`].
    pub fn secret_key_ref(&self) -> Option<&SecretKeyRef> {
        self.value_from.as_ref()?.secret_key_ref.as_ref()
    }
}

/// Sources of an argument's value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ValueFrom {
    /// A key of a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<SecretKeyRef>,
    /// A field of the object; the analysis controller never resolves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field_ref: Option<FieldRef>,
}

/// A key of a secret in the run's namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretKeyRef {
    /// Name of the secret.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// Key inside it.
    #[serde(deserialize_with = "null_as_default")]
    pub key: String,
}

/// A path to a field of the rollout.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FieldRef {
    /// The path as written.
    #[serde(deserialize_with = "null_as_default")]
    pub field_path: String,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
pub(super) fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::Metric;
    use crate::manifest::go_json::to_go_json;

    fn metric(yaml: &str) -> Metric {
        serde_yaml::from_str(yaml).expect("a metric")
    }

    #[test]
    fn effective_count_follows_count_and_interval() {
        let count = |yaml: &str| metric(yaml).effective_count();
        assert_eq!(count("{name: m}"), Some(1));
        assert_eq!(count("{name: m, count: 0}"), Some(1));
        assert_eq!(count("{name: m, interval: 30s}"), None);
        assert_eq!(count("{name: m, interval: 30s, count: abc}"), None);
        assert_eq!(count("{name: m, interval: 30s, count: '3'}"), Some(3));
        assert_eq!(count("{name: m, count: -1}"), Some(-1));
    }

    #[test]
    fn serialises_as_go_marshals_the_struct() {
        let metric = metric(
            r#"
            name: m
            failureLimit: "2"
            count: 5
            interval:
            successCondition: result[0] < 1 && "é" == "é"
            provider:
              prometheus: {query: "q", address: "http://p", unknown: 1}
            "#,
        );
        assert_eq!(
            to_go_json(&metric).expect("JSON"),
            concat!(
                r#"{"name":"m","count":5,"successCondition":"result[0] \u003c 1 \u0026\u0026 \"é\" == \"é\"","#,
                r#""failureLimit":"2","provider":{"prometheus":{"address":"http://p","query":"q","#,
                r#""authentication":{"sigv4":{},"oauth2":{}}}}}"#
            )
        );
    }
}
