//! One metric of an AnalysisRun, compiled: the query against the series that can exist, the conditions
//! against the type of its result.

use crate::condition::MeasurementConditions;
use crate::promql::compiled::Program;

use super::recorded::RecordedQuery;

/// How a metric is measured.
#[derive(Debug)]
pub enum Measure {
    /// A Prometheus query and what is asked of its result.
    Query(Box<QueryMeasure>),
    /// Every call ends in this error: a query that Prometheus refuses, an address that is none.
    Error {
        /// The measurement's message.
        text: String,
    },
}

/// A Prometheus query and what is asked of its result.
#[derive(Debug)]
pub struct QueryMeasure {
    /// Number of the measure among all of the plan: each has its own buffers.
    pub id: usize,
    /// The query as it is sent.
    pub text: String,
    /// What answers it.
    pub source: Source,
    /// `successCondition` and `failureCondition`.
    pub conditions: MeasurementConditions,
    /// Whether the query reads counts of the new version's requests.
    pub reads_canary_requests: bool,
}

/// What answers a query.
#[derive(Debug)]
pub enum Source {
    /// The simulated Prometheus: the query compiled for the samples of a replication.
    Simulated(Program),
    /// Series that were recorded.
    Recorded(RecordedQuery),
}

impl Source {
    /// Whether the answer is a number and not a vector.
    pub fn is_scalar(&self) -> bool {
        match self {
            Self::Simulated(program) => program.is_scalar(),
            Self::Recorded(query) => query.is_scalar(),
        }
    }

    /// As [`Measure::window_ms`].
    fn window_ms(&self, now_ms: i64) -> Option<(i64, i64)> {
        match self {
            Self::Simulated(program) => program
                .reads(now_ms)
                .map(|read| (read.after, read.until))
                .reduce(|(after, until), read| (after.min(read.0), until.max(read.1))),
            Self::Recorded(query) => query.window_ms(now_ms),
        }
    }
}

impl Measure {
    /// The query as it is sent.
    pub fn query(&self) -> Option<&str> {
        match self {
            Self::Query(query) => Some(&query.text),
            Self::Error { .. } => None,
        }
    }

    /// The stretch of time whose samples a measurement at `now_ms` reads: later than the first instant, up to
    /// the second.
    pub fn window_ms(&self, now_ms: i64) -> Option<(i64, i64)> {
        let Self::Query(query) = self else {
            return None;
        };
        query.source.window_ms(now_ms)
    }

    /// Whether the query reads counts of the new version's requests.
    pub fn reads_canary_requests(&self) -> bool {
        matches!(self, Self::Query(query) if query.reads_canary_requests)
    }
}
