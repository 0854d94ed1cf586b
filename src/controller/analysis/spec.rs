//! The numbers of an AnalysisRun spec that decide, compiled once and shared by all replications.

use crate::units::Duration;

/// Wait after a measurement that ended in Error, whatever the interval (`analysis.go` `DefaultErrorRetryInterval`).
pub const ERROR_RETRY_INTERVAL: Duration = Duration::from_seconds(10);
/// Errors in a row tolerated when the spec says nothing (`defaults.go` `DefaultConsecutiveErrorLimit`).
pub const DEFAULT_CONSECUTIVE_ERROR_LIMIT: i32 = 4;
/// Measurements kept per metric when the spec says nothing (`analysis.go` `DefaultMeasurementHistoryLimit`).
pub const DEFAULT_RETAINED_MEASUREMENTS: u32 = 10;

/// A run's spec as the machine needs it. It has passed the controller's own checks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunSpec {
    /// One entry a metric, in the order of the spec.
    pub metrics: Vec<MetricSpec>,
    /// One entry a name under which results are stored.
    pub results: Vec<ResultSpec>,
    /// Whether the run is created with `spec.terminate: true`.
    pub terminate: bool,
}

/// The numbers of one metric (spec §1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricSpec {
    /// Gap between the finish of a measurement and the start of the next; `None` for a single measurement.
    pub interval: Option<Duration>,
    /// Delay of the first measurement from the start of the run; `Some(ZERO)` still skips the first reconcile.
    pub initial_delay: Option<Duration>,
    /// Completed measurements that end the metric; `None` for no end.
    pub effective_count: Option<i32>,
    /// Failed measurements tolerated; `None` when switched off by -1.
    pub failure_limit: Option<i32>,
    /// Inconclusive measurements tolerated.
    pub inconclusive_limit: i32,
    /// Errors in a row tolerated.
    pub consecutive_error_limit: i32,
    /// Successes in a row that end the metric; `None` when switched off. Always positive.
    pub consecutive_success_limit: Option<i32>,
    /// Whether the metric decides nothing.
    pub dry_run: bool,
    /// Index into [`RunSpec::results`] where the controller looks for this metric's result.
    pub looked_up_as: usize,
    /// Index into [`RunSpec::results`] where measurements of this metric are stored. It differs from
    /// [`Self::looked_up_as`] only if the metric's *name* holds a secret: the controller then never finds what it
    /// measured, and measures without end (vectors README §5.2).
    pub stored_as: usize,
}

/// What is fixed about one stored result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResultSpec {
    /// Measurements that the status keeps; `None` when it is never trimmed.
    pub retained: Option<u32>,
    /// Whether the result is marked as dry-run, so that it never ends the run early.
    pub dry_run: bool,
}

impl Default for MetricSpec {
    /// One measurement that may not fail, stored as the first result.
    fn default() -> Self {
        Self {
            interval: None,
            initial_delay: None,
            effective_count: Some(1),
            failure_limit: Some(0),
            inconclusive_limit: 0,
            consecutive_error_limit: DEFAULT_CONSECUTIVE_ERROR_LIMIT,
            consecutive_success_limit: None,
            dry_run: false,
            looked_up_as: 0,
            stored_as: 0,
        }
    }
}

impl Default for ResultSpec {
    fn default() -> Self {
        Self {
            retained: Some(DEFAULT_RETAINED_MEASUREMENTS),
            dry_run: false,
        }
    }
}
