//! One metric of an AnalysisRun, compiled: the query against the series that can exist, the conditions
//! against the type of its result.

use crate::condition::MeasurementConditions;
use crate::promql::ast::{Expr, ExprKind};
use crate::promql::compiled::Program;

use crate::provider::mapped::{MappedProvider, MappedResult};

use super::probe::{JobMeasure, WebMeasure};
use super::recorded::RecordedQuery;

/// How a metric is measured.
#[derive(Debug)]
pub enum Measure {
    /// A Prometheus query and what is asked of its result.
    Query(Box<QueryMeasure>),
    /// An answer that is always the same.
    Constant(Box<ConstantMeasure>),
    /// A request to a web endpoint.
    Web(Box<WebMeasure>),
    /// A Job.
    Job(JobMeasure),
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
    /// The shape of its result, where it isn't Prometheus' own.
    pub shape: Option<Shape>,
    /// `successCondition` and `failureCondition`.
    pub conditions: MeasurementConditions,
    /// Whether the query reads counts of the new version's requests.
    pub reads_canary_requests: bool,
    /// Whether it sees totals since processes started, not only what a window adds to them.
    pub reads_totals: bool,
}

/// A metric of another system that always answers the same.
#[derive(Debug)]
pub struct ConstantMeasure {
    /// Which system.
    pub provider: MappedProvider,
    /// Its answer.
    pub answer: MappedResult,
    /// `successCondition` and `failureCondition`.
    pub conditions: MeasurementConditions,
}

/// A query stands for one of another system.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Which system.
    pub provider: MappedProvider,
    /// What a row of its answer calls the value.
    pub field: String,
}

/// Whether some selector's values count as they are, not only their differences inside a window.
pub fn reads_totals(expr: &Expr) -> bool {
    /// Functions of a window that don't change when all its samples do by the same amount.
    const OF_DIFFERENCES: [&str; 11] = [
        "absent_over_time",
        "changes",
        "count_over_time",
        "delta",
        "deriv",
        "idelta",
        "increase",
        "irate",
        "present_over_time",
        "rate",
        "resets",
    ];
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::Duration(_) | ExprKind::String(_) => false,
        ExprKind::VectorSelector(_) | ExprKind::MatrixSelector { .. } => true,
        ExprKind::Subquery { expr, .. } | ExprKind::Paren(expr) | ExprKind::Unary { expr, .. } => {
            reads_totals(expr)
        }
        ExprKind::Binary(binary) => reads_totals(&binary.left) || reads_totals(&binary.right),
        ExprKind::Aggregate(aggregate) => {
            reads_totals(&aggregate.expr) || aggregate.param.as_ref().is_some_and(reads_totals)
        }
        ExprKind::Call { function, args } => {
            let of_window = OF_DIFFERENCES.contains(function);
            let mut args = args.iter();
            args.any(|arg| {
                if is_window(arg) {
                    !of_window
                } else {
                    reads_totals(arg)
                }
            })
        }
    }
}

fn is_window(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::MatrixSelector { .. } => true,
        ExprKind::Paren(expr) => is_window(expr),
        _ => false,
    }
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
            Self::Constant(_) | Self::Web(_) | Self::Job(_) | Self::Error { .. } => None,
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

#[cfg(test)]
mod tests {
    use super::reads_totals;
    use crate::promql::parse::parse;

    #[test]
    fn only_differences_inside_a_window_are_no_totals() {
        let totals = |query: &str| reads_totals(&parse(query).unwrap());
        for query in [
            "sum(rate(m[5m])) / sum(rate(n[5m])) or vector(0)",
            "histogram_quantile(0.99, sum by (le) (rate(m_bucket[2m])))",
            "max_over_time(sum(increase((m[5m])))[1h:1m])",
            "topk(1, -irate(m[1m]))",
        ] {
            assert!(!totals(query), "{query}");
        }
        for query in [
            "m",
            "sum(m) by (code) / 2",
            "last_over_time(m[5m])",
            "rate(sum(m)[5m:30s])",
            "sum(rate(m[5m])) and n > 0",
            "quantile(scalar(m), rate(n[1m]))",
        ] {
            assert!(totals(query), "{query}");
        }
    }
}
