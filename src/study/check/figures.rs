//! Which numbers of an arm's result a figure is.

use crate::report::model::{ArmResult, MedianAndTailEstimates, QuantileEstimates};
use crate::scenario::expectation::{Figure, Percentile};
use crate::stats::Estimate;

/// A figure's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    /// So many of the replications.
    Count(u64),
    /// A time or a number with its interval; none where there is nothing to measure.
    Estimate(Option<Estimate>),
}

/// The value of a figure.
pub(super) fn value(arm: &ArmResult, figure: Figure) -> Value {
    let outcomes = &arm.outcomes;
    let intervals = &arm.intervals;
    match figure {
        Figure::Detected => Value::Count(count_of(&arm.detected)),
        Figure::Stopped => Value::Count(count_of(&arm.stopped)),
        Figure::Aborted => Value::Count(outcomes.aborted_failed + outcomes.aborted_error),
        Figure::Promoted => Value::Count(outcomes.promoted),
        Figure::AbortedFailed => Value::Count(outcomes.aborted_failed),
        Figure::AbortedError => Value::Count(outcomes.aborted_error),
        Figure::AbortedDeadline => Value::Count(outcomes.aborted_deadline),
        Figure::PausedInconclusive => Value::Count(outcomes.paused_inconclusive),
        Figure::Paused => Value::Count(outcomes.paused),
        Figure::Degraded => Value::Count(outcomes.degraded),
        Figure::Unfinished => Value::Count(outcomes.unfinished),
        Figure::TimeToAbort(at) => quantile(&intervals.time_to_abort_s, at),
        Figure::TimeToAbortFromOnset(at) => quantile(&intervals.time_to_abort_from_onset_s, at),
        Figure::TimeToSafe(at) => quantile(&intervals.time_to_safe_s, at),
        Figure::Duration(at) => median_or_tail(&intervals.duration_s, at),
        Figure::FailedRequestsMean => Value::Estimate(intervals.failed_requests.mean),
        Figure::FailedRequests(Percentile::P50) => Value::Estimate(intervals.failed_requests.p50),
        Figure::FailedRequests(_) => Value::Estimate(intervals.failed_requests.p95),
        Figure::FailedRequestsBeforeOutcome => {
            Value::Estimate(intervals.failed_requests.before_outcome_mean)
        }
        Figure::FailedRequestsAfterMiss => {
            Value::Estimate(intervals.failed_requests.after_miss_mean)
        }
        Figure::Pages => Value::Estimate(intervals.pages.mean),
    }
}

/// The count behind a proportion.
fn count_of(estimate: &Estimate) -> u64 {
    // A proportion of counts below 2^53: rounding brings the count back.
    (estimate.estimate * estimate.n as f64).round() as u64
}

fn quantile(estimates: &QuantileEstimates, at: Percentile) -> Value {
    Value::Estimate(match at {
        Percentile::P50 => estimates.p50,
        Percentile::P90 => estimates.p90,
        Percentile::P95 => estimates.p95,
        Percentile::P99 => estimates.p99,
    })
}

fn median_or_tail(estimates: &MedianAndTailEstimates, at: Percentile) -> Value {
    Value::Estimate(match at {
        Percentile::P50 => estimates.p50,
        _ => estimates.p95,
    })
}
