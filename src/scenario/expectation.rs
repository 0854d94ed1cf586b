//! What a scenario expects of a result, `expect:`, and the figures of a result that can be named.
//!
//! Only the names and bounds are here. Which number of a result a [`Figure`] is, and whether it meets its
//! bound, is decided in `study/check`.

/// One expectation: `{fault: error-spike, detected: ">= 95%"}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// The arm: `healthy` or a fault's name.
    pub arm: String,
    /// The figure of that arm.
    pub figure: Figure,
    /// On which side of the bound it must be.
    pub comparison: Comparison,
    /// The bound: a share from 0 to 1, seconds, or a number, see [`Figure::unit`].
    pub bound: f64,
    /// Comparison and bound as written: `>= 95%`.
    pub text: String,
    /// Where it is written, `file:line:column`.
    pub place: String,
}

/// On which side of its bound a figure must be.
///
/// Figures vary continuously, so `<` is read as `<=` and `>` as `>=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<=`, `<`
    AtMost,
    /// `>=`, `>`
    AtLeast,
}

/// What a figure is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A share of the replications.
    Share,
    /// Seconds.
    Time,
    /// A number.
    Number,
}

/// A percentile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the percentages")]
pub enum Percentile {
    P50,
    P90,
    P95,
    P99,
}

/// A figure of an arm; the names are those of the JSON result with dashes and without units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Aborted by Failed at or after the fault's onset.
    Detected,
    /// Not promoted, for whatever reason.
    Stopped,
    /// Aborted by Failed or Error.
    Aborted,
    /// Promoted.
    Promoted,
    /// Aborted by Failed.
    AbortedFailed,
    /// Aborted by Error.
    AbortedError,
    /// Aborted by the progress deadline.
    AbortedDeadline,
    /// Paused by Inconclusive at the horizon.
    PausedInconclusive,
    /// Paused for a human at the horizon.
    Paused,
    /// Degraded at the horizon.
    Degraded,
    /// Unfinished at the horizon.
    Unfinished,
    /// From the start of the update to the abort by Failed.
    TimeToAbort(Percentile),
    /// From the fault's onset to the abort by Failed.
    TimeToAbortFromOnset(Percentile),
    /// From the start of the update until the bad version serves nothing.
    TimeToSafe(Percentile),
    /// From the start of the update to the outcome: the median or the 95 % quantile.
    Duration(Percentile),
    /// Mean of the requests that failed because of the fault.
    FailedRequestsMean,
    /// Median or 95 % quantile of the requests that failed because of the fault.
    FailedRequests(Percentile),
    /// Mean of those until the outcome.
    FailedRequestsBeforeOutcome,
    /// Mean of those after a miss.
    FailedRequestsAfterMiss,
    /// Mean number of pages a release.
    Pages,
}

impl Figure {
    /// Every figure with its name.
    pub const ALL: [(&str, Self); 33] = {
        use Percentile::{P50, P90, P95, P99};
        [
            ("detected", Self::Detected),
            ("stopped", Self::Stopped),
            ("aborted", Self::Aborted),
            ("promoted", Self::Promoted),
            ("outcomes.promoted", Self::Promoted),
            ("outcomes.aborted-failed", Self::AbortedFailed),
            ("outcomes.aborted-error", Self::AbortedError),
            ("outcomes.aborted-deadline", Self::AbortedDeadline),
            ("outcomes.paused-inconclusive", Self::PausedInconclusive),
            ("outcomes.paused", Self::Paused),
            ("outcomes.degraded", Self::Degraded),
            ("outcomes.unfinished", Self::Unfinished),
            ("time-to-abort.p50", Self::TimeToAbort(P50)),
            ("time-to-abort.p90", Self::TimeToAbort(P90)),
            ("time-to-abort.p95", Self::TimeToAbort(P95)),
            ("time-to-abort.p99", Self::TimeToAbort(P99)),
            (
                "time-to-abort-from-onset.p50",
                Self::TimeToAbortFromOnset(P50),
            ),
            (
                "time-to-abort-from-onset.p90",
                Self::TimeToAbortFromOnset(P90),
            ),
            (
                "time-to-abort-from-onset.p95",
                Self::TimeToAbortFromOnset(P95),
            ),
            (
                "time-to-abort-from-onset.p99",
                Self::TimeToAbortFromOnset(P99),
            ),
            ("time-to-safe.p50", Self::TimeToSafe(P50)),
            ("time-to-safe.p90", Self::TimeToSafe(P90)),
            ("time-to-safe.p95", Self::TimeToSafe(P95)),
            ("time-to-safe.p99", Self::TimeToSafe(P99)),
            ("duration.p50", Self::Duration(P50)),
            ("duration.p95", Self::Duration(P95)),
            ("failed-requests.mean", Self::FailedRequestsMean),
            ("failed-requests.p50", Self::FailedRequests(P50)),
            ("failed-requests.p95", Self::FailedRequests(P95)),
            (
                "failed-requests.before-outcome-mean",
                Self::FailedRequestsBeforeOutcome,
            ),
            (
                "failed-requests.after-miss-mean",
                Self::FailedRequestsAfterMiss,
            ),
            ("pages.mean", Self::Pages),
            ("pages", Self::Pages),
        ]
    };

    /// Its name.
    pub fn name(self) -> &'static str {
        let named = Self::ALL.iter().find(|(_, figure)| *figure == self);
        named.map_or("", |(name, _)| name)
    }

    /// What it is counted in.
    pub const fn unit(self) -> Unit {
        match self {
            Self::Detected
            | Self::Stopped
            | Self::Aborted
            | Self::Promoted
            | Self::AbortedFailed
            | Self::AbortedError
            | Self::AbortedDeadline
            | Self::PausedInconclusive
            | Self::Paused
            | Self::Degraded
            | Self::Unfinished => Unit::Share,
            Self::TimeToAbort(_)
            | Self::TimeToAbortFromOnset(_)
            | Self::TimeToSafe(_)
            | Self::Duration(_) => Unit::Time,
            Self::FailedRequestsMean
            | Self::FailedRequests(_)
            | Self::FailedRequestsBeforeOutcome
            | Self::FailedRequestsAfterMiss
            | Self::Pages => Unit::Number,
        }
    }
}
