//! What measurements make of a metric, and metrics of a run (spec §3.4 and §3.5).

use super::{
    Breach, Limit, MeasurementMessage, MetricResult, MetricSpec, Phase, ResultMessage, RunMessage,
    RunSpec, RunState, Summary, Verdict,
};
use crate::units::Instant;

impl MetricSpec {
    /// The limit that a metric exceeds, the last one checked winning (`analysis.go`
    /// `assessMetricFailureInconclusiveOrError`).
    pub(super) fn breach(&self, result: &MetricResult) -> Option<Breach> {
        let counters = &result.counters;
        let exceeded = |limit, observed, allowed| {
            (observed > allowed).then_some(Breach {
                limit,
                observed,
                allowed,
            })
        };
        exceeded(
            Limit::ConsecutiveError,
            counters.consecutive_error,
            self.consecutive_error_limit,
        )
        .or_else(|| {
            exceeded(
                Limit::Inconclusive,
                counters.inconclusive,
                self.inconclusive_limit,
            )
        })
        .or_else(|| exceeded(Limit::Failure, counters.failed, self.failure_limit?))
    }

    /// Where a metric stands (`analysis.go` `assessMetricStatus`).
    fn assess(&self, result: &MetricResult, terminating: bool) -> Phase {
        if result.phase.is_completed() {
            return result.phase;
        }
        if !result.last.phase.is_completed() {
            return Phase::Running;
        }
        if let Some(breach) = self.breach(result) {
            return Phase::Completed(breach.verdict());
        }
        let counters = &result.counters;
        if self
            .consecutive_success_limit
            .is_some_and(|limit| counters.consecutive_success >= limit)
        {
            return Phase::Completed(Verdict::Successful);
        }
        if self.reached_count(result) {
            let wants_successes = self.consecutive_success_limit.is_some();
            return Phase::Completed(match (wants_successes, self.failure_limit) {
                (true, Some(_)) => Verdict::Inconclusive,
                (true, None) => Verdict::Failed,
                (false, _) => Verdict::Successful,
            });
        }
        if terminating {
            Phase::Completed(Verdict::Successful)
        } else {
            Phase::Running
        }
    }

    /// Whether the metric has its effective count of measurements.
    pub(super) fn reached_count(&self, result: &MetricResult) -> bool {
        self.effective_count
            .is_some_and(|count| result.counters.count >= count)
    }
}

/// The worst metric so far, and the last reason given by one that was the worst when it was met.
struct Worst {
    verdict: Option<Verdict>,
    message: RunMessage,
}

impl RunState {
    /// Assesses all metrics and the run at `now` (`analysis.go` `assessRunStatus` and its caller).
    pub(super) fn assess(&mut self, spec: &RunSpec, now: Instant) {
        if self.started_at.is_none() {
            self.started_at = Some(now);
            self.reconcile.changed = true;
        }
        let mut worst = Worst {
            verdict: None,
            message: if self.reconcile.terminate_seen {
                RunMessage::RunTerminated
            } else {
                RunMessage::Empty
            },
        };
        let mut everything_completed = true;
        let mut run_summary = Summary::default();
        let mut dry_run_summary = Summary::default();
        for (index, metric) in spec.metrics.iter().enumerate() {
            let summary = if metric.dry_run {
                &mut dry_run_summary
            } else {
                &mut run_summary
            };
            summary.count += 1;
            let assessed = self.assess_metric(metric, index, &mut worst);
            match assessed {
                Some(breached) => summary.count_ended(breached),
                None => everything_completed = false,
            }
        }
        self.reconcile.changed |=
            self.run_summary != run_summary || self.dry_run_summary != Some(dry_run_summary);
        self.run_summary = run_summary;
        self.dry_run_summary = Some(dry_run_summary);
        let (phase, message) = if self.reconcile.terminating {
            let verdict = worst.verdict.unwrap_or(Verdict::Successful);
            (Phase::Completed(verdict), worst.message)
        } else {
            match worst.verdict.filter(|_| everything_completed) {
                Some(verdict) => (Phase::Completed(verdict), worst.message),
                None => (Phase::Running, RunMessage::Empty),
            }
        };
        if self.phase != Some(phase) {
            self.phase = Some(phase);
            self.message = message;
            self.reconcile.changed = true;
            if phase.is_completed() && self.completed_at.is_none() {
                self.completed_at = Some(now);
            }
        }
    }

    /// Assesses one metric. `None` if it goes on; else the verdict of the limit that it exceeded, if it did.
    #[expect(
        clippy::option_option,
        reason = "ended at all, and ended by a limit, are two questions"
    )]
    fn assess_metric(
        &mut self,
        metric: &MetricSpec,
        index: usize,
        worst: &mut Worst,
    ) -> Option<Option<Verdict>> {
        let result = self.results[metric.looked_up_as].as_mut()?;
        let phase = metric.assess(result, self.reconcile.terminating);
        if result.phase != phase {
            result.message = ResultMessage::LastMeasurement(result.last.message);
            result.phase = phase;
            self.reconcile.changed = true;
        }
        let verdict = phase.verdict()?;
        let breach = metric.breach(result);
        if metric.dry_run {
            worst.verdict.get_or_insert(Verdict::Successful);
            if let Some(breach) = breach {
                result.message = ResultMessage::DryRunAssessed { verdict, breach };
            }
        } else if worst.verdict.is_none_or(|so_far| verdict > so_far) {
            worst.verdict = Some(verdict);
            if let Some(breach) = breach {
                worst.message = RunMessage::MetricAssessed {
                    metric: index,
                    verdict,
                    breach,
                    error: match result.message {
                        ResultMessage::LastMeasurement(message) => message,
                        ResultMessage::DryRunAssessed { .. } => MeasurementMessage::Empty,
                    },
                };
            }
        }
        Some(breach.map(Breach::verdict))
    }
}
