//! The AnalysisRun controller of Argo Rollouts v1.9.1 as a pure state machine (`analysis/analysis.go`).
//!
//! A caller owns the clock and the provider calls. One reconcile is three steps:
//!
//! 1. [`RunState::begin`] at the time the reconcile starts fills a list of [`Task`]s: which metrics to measure now;
//! 2. the caller makes those calls, all at once, and reports each with [`RunState::record`];
//! 3. [`RunState::finish`] at the time the slowest call ended assesses the run and tells when to reconcile again.
//!
//! Between two reconciles the status lives in the API server, which keeps whole seconds only: `begin` cuts all times
//! off, and that decides when measurements are due (spec §7.1). A request to terminate is seen by the next `begin`.
//!
//! After construction nothing here allocates, and texts are enums that render on demand.
//!
//! ```
//! use rollsim::controller::analysis::{
//!     MeasurementMessage, MetricSpec, Outcome, ResultSpec, RunSpec, RunState, Verdict,
//! };
//! use rollsim::units::{Duration, Instant};
//!
//! // One measurement that may not fail; the provider takes 20 ms and says no.
//! let spec = RunSpec {
//!     metrics: vec![MetricSpec::default()],
//!     results: vec![ResultSpec::default()],
//!     terminate: false,
//! };
//! let mut run = RunState::new(&spec);
//! let now = Instant::from_millis(600);
//! let end = now + Duration::from_millis(20);
//! let mut tasks = Vec::new();
//! run.begin(&spec, now, &mut tasks);
//! for task in &tasks {
//!     let outcome = Outcome::Completed {
//!         verdict: Verdict::Failed,
//!         at: end,
//!         message: MeasurementMessage::Empty,
//!     };
//!     run.record(&spec, *task, now, outcome);
//! }
//! let reconciled = run.finish(&spec, end);
//! assert_eq!(run.verdict(), Some(Verdict::Failed));
//! assert_eq!(reconciled.next, None);
//! let text = run.message().render(|_| "success-rate", |_| String::new(), "");
//! assert_eq!(text, "Metric \"success-rate\" assessed Failed due to failed (1) > failureLimit (0)");
//! ```

mod assess;
mod counters;
mod message;
#[cfg(test)]
mod properties;
mod reconcile;
mod spec;
mod state;

pub use counters::{Counters, Summary};
pub use message::{Breach, Limit, MeasurementMessage, MessageHandle, ResultMessage, RunMessage};
pub use reconcile::{Reconciled, Task, TaskKind};
pub use spec::{
    DEFAULT_CONSECUTIVE_ERROR_LIMIT, DEFAULT_RETAINED_MEASUREMENTS, ERROR_RETRY_INTERVAL,
    MetricSpec, ResultSpec, RunSpec,
};
pub use state::{Measurement, MetricResult, Outcome, RunState};

use std::fmt;

/// How a measurement, a metric or a run ended, ordered from best to worst as the controller ranks them
/// (`helpers.go` `analysisStatusOrder`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The condition held, or the metric reached its count within its limits.
    Successful,
    /// Neither condition held, or too many measurements were so.
    Inconclusive,
    /// No value could be judged.
    Error,
    /// The condition did not hold, or too many measurements were so.
    Failed,
}

impl Verdict {
    /// The name that status fields and messages print.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Successful => "Successful",
            Self::Inconclusive => "Inconclusive",
            Self::Error => "Error",
            Self::Failed => "Failed",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// `status.phase` of a measurement, a metric result or a run. `Pending` never reaches a stored status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Not ended.
    Running,
    /// Ended; it never changes again.
    Completed(Verdict),
}

impl Phase {
    /// Whether it ended.
    pub const fn is_completed(self) -> bool {
        matches!(self, Self::Completed(_))
    }

    /// How it ended, if it did.
    pub const fn verdict(self) -> Option<Verdict> {
        match self {
            Self::Running => None,
            Self::Completed(verdict) => Some(verdict),
        }
    }

    /// The name that status fields print.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Completed(verdict) => verdict.as_str(),
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
