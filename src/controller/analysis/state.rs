//! `status` of an AnalysisRun, as far as anything depends on it.

use super::{
    Counters, MeasurementMessage, Phase, ResultMessage, RunMessage, RunSpec, Summary, Verdict,
};
use crate::units::Instant;

/// What a provider call came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The measurement is over.
    Completed {
        /// How it ended.
        verdict: Verdict,
        /// When it ended.
        at: Instant,
        /// What it said.
        message: MeasurementMessage,
    },
    /// The measurement goes on, as a Job's does.
    InFlight {
        /// When to ask again; `None` if the caller wakes the run itself.
        resume_at: Option<Instant>,
        /// What it said so far.
        message: MeasurementMessage,
    },
}

/// The last measurement of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measurement {
    /// When it started.
    pub started_at: Instant,
    /// When it ended, if it did.
    pub finished_at: Option<Instant>,
    /// When an unfinished one asks to be resumed.
    pub resume_at: Option<Instant>,
    /// Running until it ended.
    pub phase: Phase,
    /// What it said.
    pub message: MeasurementMessage,
}

impl Measurement {
    /// The measurement as the API server gives it back: whole seconds.
    pub(super) fn persisted(self) -> Self {
        Self {
            started_at: self.started_at.floor_to_second(),
            finished_at: self.finished_at.map(Instant::floor_to_second),
            resume_at: self.resume_at.map(Instant::floor_to_second),
            ..self
        }
    }
}

/// One entry of `status.metricResults`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricResult {
    /// Where the metric stands.
    pub phase: Phase,
    /// Why.
    pub message: ResultMessage,
    /// What was counted.
    pub counters: Counters,
    /// The last measurement.
    pub last: Measurement,
    /// Measurements that the status holds.
    pub retained: u32,
}

/// `status` of one AnalysisRun, and whether it is asked to terminate.
///
/// Reused from one replication to the next by [`Self::reset`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunState {
    pub(super) phase: Option<Phase>,
    pub(super) message: RunMessage,
    pub(super) started_at: Option<Instant>,
    pub(super) completed_at: Option<Instant>,
    pub(super) run_summary: Summary,
    pub(super) dry_run_summary: Option<Summary>,
    pub(super) results: Vec<Option<MetricResult>>,
    /// `spec.terminate` as the API server has it.
    pub(super) terminate_requested: bool,
    pub(super) reconcile: Reconcile,
}

/// What the reconcile under way knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reconcile {
    /// `spec.terminate` as it was when the reconcile began.
    pub terminate_seen: bool,
    /// Whether no new measurements are taken.
    pub terminating: bool,
    /// Whether anything that the API server stores has changed.
    pub changed: bool,
}

impl RunState {
    /// A run that was just created.
    pub fn new(spec: &RunSpec) -> Self {
        let mut state = Self::default();
        state.reset(spec);
        state
    }

    /// Makes it a run that was just created, keeping its memory.
    pub fn reset(&mut self, spec: &RunSpec) {
        let mut results = std::mem::take(&mut self.results);
        results.clear();
        results.resize(spec.results.len(), None);
        *self = Self {
            results,
            terminate_requested: spec.terminate,
            ..Self::default()
        };
    }

    /// A run whose spec is refused in its first reconcile: Error at once, never started (spec §2.2).
    pub fn refused() -> Self {
        let mut state = Self::default();
        state.refuse();
        state
    }

    /// Ends the run because its arguments or its spec are refused. `startedAt` and `completedAt` stay as they are.
    pub fn refuse(&mut self) {
        self.phase = Some(Phase::Completed(Verdict::Error));
        self.message = RunMessage::SpecRefused;
        self.reconcile.changed = true;
    }

    /// Sets `spec.terminate`; the next [`Self::begin`] sees it.
    pub fn request_termination(&mut self) {
        self.terminate_requested = true;
    }

    /// Where the run stands; `None` before its first reconcile ended.
    pub fn phase(&self) -> Option<Phase> {
        self.phase
    }

    /// How the run ended, if it did.
    pub fn verdict(&self) -> Option<Verdict> {
        self.phase.and_then(Phase::verdict)
    }

    /// Why the run is in its phase.
    pub fn message(&self) -> RunMessage {
        self.message
    }

    /// When the first batch of measurements ended; whole seconds once persisted.
    pub fn started_at(&self) -> Option<Instant> {
        self.started_at
    }

    /// When the run ended, unless it was refused; whole seconds once persisted.
    pub fn completed_at(&self) -> Option<Instant> {
        self.completed_at
    }

    /// Metrics that decide, by how they ended.
    pub fn run_summary(&self) -> Summary {
        self.run_summary
    }

    /// Dry-run metrics by how they ended; `None` before the first assessment.
    pub fn dry_run_summary(&self) -> Option<Summary> {
        self.dry_run_summary
    }

    /// One entry per [`RunSpec::results`]; `None` where nothing was measured yet.
    pub fn results(&self) -> &[Option<MetricResult>] {
        &self.results
    }
}
