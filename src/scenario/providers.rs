//! What other metrics systems than Prometheus are taken to answer.

use crate::go::json::Json;

/// The answer to one metric of a provider whose server isn't simulated.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    /// The metric's name in its AnalysisRuns.
    pub metric: String,
    /// Where the numbers come from.
    pub source: MappedSource,
    /// What a row of the answer calls its value, `field: errorRate`. Default `value`.
    pub field: String,
}

/// Where the numbers of an answer come from.
#[derive(Clone, Debug, PartialEq)]
pub enum MappedSource {
    /// `query: …`, PromQL over what the pods export: one number for each series.
    Query(String),
    /// `value: 0.5` or `value: [1, 2]`: always these numbers.
    Numbers(Vec<f64>),
    /// `value: {…}`: always this.
    Json(Json),
}
