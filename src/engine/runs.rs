//! AnalysisRuns under way: when each is reconciled, as the real work queue and informers would have it.
//!
//! A run's status comes back from the API server some milliseconds after each change, and nothing is
//! reconciled in between; delayed keys come due a millisecond late and the queue keeps the earliest.

use crate::controller::analysis::{RunState, Task};
use crate::controller::rollout::{RunId, RunPhase};
use crate::units::{Duration, Instant};

use super::clock::QUEUE_DELAY;
use super::replicate::Job;

/// One AnalysisRun of the replication.
#[derive(Clone, Debug)]
pub struct LiveRun {
    /// Which.
    pub id: RunId,
    /// Its spec: index into the plan's stanzas.
    pub stanza: usize,
    /// Its status.
    pub state: RunState,
    /// What the batch under way measures.
    pub tasks: Vec<Task>,
    /// When it was created.
    pub created_at: Instant,
    /// When the batch under way began and when its slowest call ends.
    pub batch: Option<(Instant, Instant)>,
    /// The Jobs that it made.
    pub jobs: Vec<Job>,
    delayed: Option<Instant>,
    informed: Option<Instant>,
    not_before: Instant,
}

impl LiveRun {
    /// A place for a run; [`reset`](Self::reset) makes it one.
    pub fn vacant() -> Self {
        Self {
            id: RunId(0),
            stanza: 0,
            state: RunState::default(),
            tasks: Vec::new(),
            created_at: Instant::EPOCH,
            batch: None,
            jobs: Vec::new(),
            delayed: None,
            informed: None,
            not_before: Instant::EPOCH,
        }
    }

    /// A run that was created at `now`.
    pub fn reset(&mut self, id: RunId, stanza: usize, now: Instant, informer: Duration) {
        self.id = id;
        self.stanza = stanza;
        self.tasks.clear();
        self.created_at = now;
        self.batch = None;
        self.jobs.clear();
        self.delayed = None;
        self.informed = Some(now + informer);
        self.not_before = now;
    }

    /// When something is next to do.
    pub fn next(&self) -> Instant {
        if let Some((_, end)) = self.batch {
            return end;
        }
        let delayed = self.delayed.map(|due| due + QUEUE_DELAY);
        let due = [delayed, self.informed].into_iter().flatten().min();
        due.map_or(Instant::NEVER, |due| due.max(self.not_before))
    }

    /// When something next becomes of a Job.
    pub fn next_of_jobs(&self) -> Instant {
        let jobs = self.jobs.iter().map(Job::next);
        jobs.min().unwrap_or(Instant::NEVER)
    }

    /// Somebody changed the run's spec, or a Job of it has ended.
    pub fn inform(&mut self, at: Instant) {
        self.informed = Some(self.informed.map_or(at, |earlier| earlier.min(at)));
    }

    /// A reconcile starts at `now`: what was queued for it is done with.
    pub fn take(&mut self, now: Instant) {
        self.delayed = self.delayed.filter(|&due| due + QUEUE_DELAY > now);
        self.informed = self.informed.filter(|&at| at > now);
    }

    /// A reconcile ended at `now`.
    pub fn ended(
        &mut self,
        now: Instant,
        changed: bool,
        next: Option<Instant>,
        informer: Duration,
    ) {
        if changed {
            self.not_before = now + informer;
            self.inform(now + informer);
        }
        if let Some(next) = next {
            let due = next.max(now);
            self.delayed = Some(self.delayed.map_or(due, |earlier| earlier.min(due)));
        }
    }

    /// `status.phase` as the Rollout controller reads it.
    pub fn phase(&self) -> RunPhase {
        use crate::controller::analysis::{Phase, Verdict};
        match self.state.phase() {
            None => RunPhase::New,
            Some(Phase::Running) => RunPhase::Running,
            Some(Phase::Completed(Verdict::Successful)) => RunPhase::Successful,
            Some(Phase::Completed(Verdict::Failed)) => RunPhase::Failed,
            Some(Phase::Completed(Verdict::Error)) => RunPhase::Error,
            Some(Phase::Completed(Verdict::Inconclusive)) => RunPhase::Inconclusive,
        }
    }

    /// The metric that decided: the first that ended as the run did.
    pub fn deciding_metric(&self) -> Option<usize> {
        let verdict = self.state.verdict()?;
        self.state.results().iter().position(|result| {
            result
                .as_ref()
                .is_some_and(|result| result.phase.verdict() == Some(verdict))
        })
    }
}
