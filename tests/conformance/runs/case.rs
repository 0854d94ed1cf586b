//! The shape of a recorded run.

use std::collections::BTreeMap;

use rollsim::manifest::analysis_types::AnalysisRunSpec;
use rollsim::manifest::run_gate::Secrets;
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    pub id: String,
    pub description: String,
    pub spec: AnalysisRunSpec,
    pub start_offset_ms: i64,
    pub terminate_at: Option<f64>,
    pub horizon_sec: i64,
    #[serde(default)]
    pub secrets: Secrets,
    pub script: BTreeMap<String, Vec<Entry>>,
    pub latency: BTreeMap<String, Latency>,
    pub max_calls: Option<usize>,
    pub expect: Expect,
}

/// What one provider call answers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Entry {
    Value(Value),
    Error(String),
    Result(serde::de::IgnoredAny),
    ProviderError(String),
    Running(Running),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Running {
    pub done_after: f64,
    pub phase: String,
    pub resume_after: Option<f64>,
    #[serde(default)]
    pub message: String,
}

/// Seconds that calls take.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Latency {
    Always(f64),
    PerCall(Vec<f64>),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Expect {
    pub phase: String,
    pub message: String,
    pub started_at: Option<f64>,
    pub completed_at: Option<f64>,
    pub status: Persisted,
    pub run_summary: SummaryCounts,
    pub dry_run_summary: Option<SummaryCounts>,
    pub reconciles: usize,
    pub metrics: BTreeMap<String, ExpectedMetric>,
    pub capped_at_calls: Option<usize>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Persisted {
    pub started_at: Option<String>,
    pub completed_at: Option<String>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SummaryCounts {
    pub count: i32,
    pub successful: i32,
    pub failed: i32,
    pub inconclusive: i32,
    pub error: i32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpectedMetric {
    pub phase: String,
    pub message: String,
    pub count: i32,
    pub successful: i32,
    pub failed: i32,
    pub inconclusive: i32,
    pub error: i32,
    pub consecutive_error: i32,
    pub consecutive_success: i32,
    pub dry_run: bool,
    pub retained: u32,
    pub measurements: Vec<ExpectedMeasurement>,
}

#[derive(Debug, Deserialize)]
pub struct ExpectedMeasurement {
    pub t: f64,
    pub finished: f64,
    pub phase: String,
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub value: String,
}

/// The entry for the call with this index; the last one repeats.
pub fn nth_or_last<T>(list: &[T], index: usize) -> Option<&T> {
    list.get(index).or_else(|| list.last())
}
