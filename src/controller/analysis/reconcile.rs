//! One reconcile: what to measure now, what came of it, when to look again (spec §3.1 to §3.3 and §7.3).

use super::{
    Counters, ERROR_RETRY_INTERVAL, Measurement, MeasurementMessage, MetricResult, MetricSpec,
    Outcome, Phase, ResultMessage, RunSpec, RunState, Verdict,
};
use crate::units::{Duration, Instant};

/// A provider call that the reconcile under way wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// Index into [`RunSpec::metrics`].
    pub metric: usize,
    /// What to do.
    pub kind: TaskKind,
}

/// What a provider is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskKind {
    /// Start a measurement.
    Run,
    /// Look after one that has not ended.
    Resume,
    /// Stop one that has not ended, because the run terminates.
    Terminate,
}

/// What a reconcile came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconciled {
    /// Whether the API server stores anything new. Its event then causes another reconcile soon.
    pub changed: bool,
    /// When the controller asks to reconcile again, if it does; a past time means at once.
    pub next: Option<Instant>,
}

impl RunState {
    /// Starts a reconcile at `now` and lists in `tasks` the provider calls that it wants (`analysis.go`
    /// `generateMetricTasks`). The list is cleared first.
    ///
    /// Does nothing for a completed run; its reconciles change nothing.
    pub fn begin(&mut self, spec: &RunSpec, now: Instant, tasks: &mut Vec<Task>) {
        tasks.clear();
        self.reconcile.changed = false;
        self.persist();
        if self.verdict().is_some() {
            return;
        }
        self.reconcile.terminate_seen = self.terminate_requested;
        self.reconcile.terminating =
            self.reconcile.terminate_seen || self.any_metric_ended_badly(spec);
        for (index, metric) in spec.metrics.iter().enumerate() {
            if let Some(kind) = self.task_for(metric, now) {
                tasks.push(Task {
                    metric: index,
                    kind,
                });
            }
        }
    }

    /// Stores what a task of the reconcile under way came to (`analysis.go` `runMeasurements`).
    ///
    /// `started_at` is when the reconcile began; it counts for new measurements only.
    pub fn record(&mut self, spec: &RunSpec, task: Task, started_at: Instant, outcome: Outcome) {
        let slot = spec.metrics[task.metric].stored_as;
        let previous = self.results[slot].as_ref().map(|result| result.last);
        let started_at = match (task.kind, previous) {
            (TaskKind::Resume | TaskKind::Terminate, Some(previous)) => previous.started_at,
            _ => started_at,
        };
        let measurement = outcome.measurement(started_at, task.kind);
        let result = self.results[slot].get_or_insert(MetricResult {
            phase: Phase::Running,
            message: ResultMessage::default(),
            counters: Counters::default(),
            last: measurement,
            retained: 0,
        });
        if task.kind == TaskKind::Run {
            result.retained += 1;
            self.reconcile.changed = true;
        } else if previous != Some(measurement.persisted()) {
            self.reconcile.changed = true;
        }
        result.last = measurement;
        if let Phase::Completed(verdict) = measurement.phase {
            result.counters.count(verdict);
        }
    }

    /// Ends a reconcile at `now`, when its slowest provider call has ended: assesses metrics and run, drops
    /// measurements beyond the retention limit, and tells when to reconcile again (`analysis.go`
    /// `reconcileAnalysisRun`).
    pub fn finish(&mut self, spec: &RunSpec, now: Instant) -> Reconciled {
        if self.verdict().is_some() {
            return Reconciled {
                changed: self.reconcile.changed,
                next: None,
            };
        }
        self.assess(spec, now);
        for (result, limits) in self.results.iter_mut().zip(&spec.results) {
            if let (Some(result), Some(limit)) = (result, limits.retained) {
                result.retained = result.retained.min(limit);
            }
        }
        Reconciled {
            changed: self.reconcile.changed,
            next: self.next_reconcile(spec, now),
        }
    }

    /// The status as it comes back from the API server: whole seconds.
    fn persist(&mut self) {
        self.started_at = self.started_at.map(Instant::floor_to_second);
        self.completed_at = self.completed_at.map(Instant::floor_to_second);
        for result in self.results.iter_mut().flatten() {
            result.last = result.last.persisted();
        }
    }

    /// Whether a metric that decides has ended otherwise than Successful (`helpers.go` `IsTerminating`).
    fn any_metric_ended_badly(&self, spec: &RunSpec) -> bool {
        self.results
            .iter()
            .zip(&spec.results)
            .any(|(result, fixed)| {
                let verdict = result.as_ref().and_then(|result| result.phase.verdict());
                !fixed.dry_run && verdict.is_some_and(|verdict| verdict != Verdict::Successful)
            })
    }

    fn task_for(&self, metric: &MetricSpec, now: Instant) -> Option<TaskKind> {
        let Some(result) = &self.results[metric.looked_up_as] else {
            let due = match metric.initial_delay {
                None => true,
                // Before the run has started there is nothing to delay from, so the first reconcile never measures.
                Some(delay) => self.started_at.is_some_and(|start| start + delay <= now),
            };
            return (due && !self.reconcile.terminating).then_some(TaskKind::Run);
        };
        if result.phase.is_completed() {
            return None;
        }
        let Some(finished_at) = result.last.finished_at else {
            if result.last.resume_at.is_some_and(|at| at > now) {
                return None;
            }
            return Some(if self.reconcile.terminating {
                TaskKind::Terminate
            } else {
                TaskKind::Resume
            });
        };
        if self.reconcile.terminating || metric.reached_count(result) {
            return None;
        }
        let wait = metric.wait_after(result).unwrap_or(ERROR_RETRY_INTERVAL);
        (now > finished_at + wait).then_some(TaskKind::Run)
    }

    /// The earliest time at which an unfinished metric has something to do (`analysis.go`
    /// `calculateNextReconcileTime`).
    fn next_reconcile(&self, spec: &RunSpec, now: Instant) -> Option<Instant> {
        spec.metrics
            .iter()
            .filter_map(|metric| self.next_for(metric, now))
            .min()
    }

    fn next_for(&self, metric: &MetricSpec, now: Instant) -> Option<Instant> {
        let Some(result) = &self.results[metric.looked_up_as] else {
            return Some(self.started_at.unwrap_or(now) + metric.initial_delay?);
        };
        if result.phase.is_completed() {
            return None;
        }
        let Some(finished_at) = result.last.finished_at else {
            return result.last.resume_at;
        };
        if metric.reached_count(result) {
            return None;
        }
        Some(finished_at + metric.wait_after(result)?)
    }
}

impl MetricSpec {
    /// The wait after the last measurement: an Error ignores the interval.
    fn wait_after(&self, result: &MetricResult) -> Option<Duration> {
        if result.last.phase == Phase::Completed(Verdict::Error) {
            Some(ERROR_RETRY_INTERVAL)
        } else {
            self.interval
        }
    }
}

impl Outcome {
    fn measurement(self, started_at: Instant, kind: TaskKind) -> Measurement {
        match self {
            Self::Completed {
                verdict,
                at,
                message,
            } => Measurement {
                started_at,
                finished_at: Some(at),
                resume_at: None,
                phase: Phase::Completed(verdict),
                message: if kind == TaskKind::Terminate && verdict == Verdict::Successful {
                    MeasurementMessage::MetricTerminated
                } else {
                    message
                },
            },
            Self::InFlight { resume_at, message } => Measurement {
                started_at,
                finished_at: None,
                resume_at,
                phase: Phase::Running,
                message,
            },
        }
    }
}
