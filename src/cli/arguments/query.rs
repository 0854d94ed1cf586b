//! What can be typed after `rollsim query`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::input_path;
use crate::cli::time;
use crate::promql::settings::Profile;
use crate::report::query::QueryTime;
use crate::study::request::QueryRequest;

/// The forms of a query's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum QueryFormat {
    /// As `promtool query` prints it.
    Text,
    /// As Prometheus' HTTP API answers.
    Json,
}

/// Versions of Prometheus that evaluate differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PrometheusVersion {
    /// 3.0 and later.
    #[value(name = "3")]
    V3,
    /// 2.51 to 2.55.
    #[value(name = "2.51")]
    V2_51,
    /// 2.50 and earlier.
    #[value(name = "2")]
    V2,
}

impl From<PrometheusVersion> for Profile {
    fn from(version: PrometheusVersion) -> Self {
        match version {
            PrometheusVersion::V3 => Self::V3,
            PrometheusVersion::V2_51 => Self::V2_51,
            PrometheusVersion::V2 => Self::V2,
        }
    }
}

/// `rollsim query`
#[derive(Args, Clone, Debug)]
pub struct QueryArguments {
    /// The query.
    #[arg(value_name = "EXPR")]
    pub query: String,
    /// The series: OpenMetrics text, Prometheus' `.test` notation or the JSON of `query_range`; - for standard input.
    #[arg(long, value_name = "FILE")]
    pub series: PathBuf,
    /// The instant: seconds since 1970, 2026-03-01T12:00:00Z, or 10m from the start of a `.test` file.
    #[arg(long, value_name = "TIME", value_parser = time::instant, allow_negative_numbers = true)]
    pub at: i64,
    /// Evaluate from --at up to this instant, at every --step.
    #[arg(long, value_name = "TIME", value_parser = time::instant, requires = "step", allow_negative_numbers = true)]
    pub range_end: Option<i64>,
    /// The distance between evaluations of a range.
    #[arg(long, value_name = "DURATION", value_parser = time::duration, requires = "range_end", allow_negative_numbers = true)]
    pub step: Option<i64>,
    /// Evaluate as this version of Prometheus.
    #[arg(long, value_name = "VERSION", value_enum, default_value_t = PrometheusVersion::V3)]
    pub prometheus: PrometheusVersion,
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t = QueryFormat::Text)]
    pub format: QueryFormat,
    /// Write the answer to this file, all of it or nothing, instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

impl QueryArguments {
    /// The request that these arguments make.
    pub fn request(self) -> QueryRequest {
        let time = match (self.range_end, self.step) {
            (Some(end), Some(step)) => QueryTime::Range {
                start: self.at,
                end,
                step,
            },
            _ => QueryTime::Instant(self.at),
        };
        QueryRequest {
            query: self.query,
            series: input_path(self.series),
            time,
            profile: self.prometheus.into(),
        }
    }
}
