//! What a run counts: measurements per metric, and metrics per run.

use super::Verdict;

/// Counters of one metric result (`analysis_types.go` `MetricResult`). They survive the trimming of measurements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Measurements without Error: the sum of the three below.
    pub count: i32,
    /// Successful measurements.
    pub successful: i32,
    /// Failed measurements.
    pub failed: i32,
    /// Inconclusive measurements.
    pub inconclusive: i32,
    /// Measurements in Error.
    pub error: i32,
    /// Errors since the last measurement without Error.
    pub consecutive_error: i32,
    /// Successful measurements since the last other one.
    pub consecutive_success: i32,
}

impl Counters {
    /// Counts one completed measurement (`analysis.go` `runMeasurements`).
    pub fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Successful => self.successful += 1,
            Verdict::Failed => self.failed += 1,
            Verdict::Inconclusive => self.inconclusive += 1,
            Verdict::Error => self.error += 1,
        }
        if verdict == Verdict::Error {
            self.consecutive_error += 1;
        } else {
            self.count += 1;
            self.consecutive_error = 0;
        }
        if verdict == Verdict::Successful {
            self.consecutive_success += 1;
        } else {
            self.consecutive_success = 0;
        }
    }
}

/// `status.runSummary` and `status.dryRunSummary`: metrics by how they ended (`analysis_types.go` `RunSummary`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Metrics in all, ended or not.
    pub count: i32,
    /// Ended without exceeding a limit, however they ended otherwise.
    pub successful: i32,
    /// Ended by `failureLimit`.
    pub failed: i32,
    /// Ended by `inconclusiveLimit`.
    pub inconclusive: i32,
    /// Ended by `consecutiveErrorLimit`.
    pub error: i32,
}

impl Summary {
    pub(super) fn count_ended(&mut self, breached: Option<Verdict>) {
        match breached.unwrap_or(Verdict::Successful) {
            Verdict::Successful => self.successful += 1,
            Verdict::Failed => self.failed += 1,
            Verdict::Inconclusive => self.inconclusive += 1,
            Verdict::Error => self.error += 1,
        }
    }
}
