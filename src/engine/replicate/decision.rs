//! When a replication is decided, how, and what that comes to.

use crate::controller::rollout::status::{AbortCause, PauseReason};
use crate::controller::rollout::{self};
use crate::engine::clock::millis;
use crate::engine::cluster::role_of;
use crate::engine::outcome::{Abort, Outcome, Replication};
use crate::engine::runs::LiveRun;
use crate::plan::RunPlan;
use crate::telemetry::targets::Role;
use crate::units::Instant;

use super::Replicator;

/// How the rollout stands, once nothing but people will change it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decision {
    pub outcome: Outcome,
    pub at: Instant,
    pub abort: Option<Abort>,
}

impl Replicator<'_> {
    /// What the state after an event decides.
    pub(super) fn decided(&mut self) -> Option<Decision> {
        if self.superseded.is_some() {
            return self.superseded;
        }
        let status = &self.state.status;
        let promoted = status
            .stable
            .is_some_and(|stable| role_of(stable) == Role::Canary);
        if promoted {
            return Some(Decision {
                outcome: Outcome::Promoted,
                at: self.now,
                abort: None,
            });
        }
        if status.abort {
            return self.decided_by_abort();
        }
        (self.aborted, self.safe_at) = (None, None);
        let outcome = self.waits_for_people()?;
        Some(Decision {
            outcome,
            // It may have taken a last look at the clock since.
            at: self.people.waiting_since().unwrap_or(self.now),
            abort: None,
        })
    }

    /// An abort decides once the controller has noticed it, and nobody is about to turn it round.
    fn decided_by_abort(&mut self) -> Option<Decision> {
        self.state.status.aborted_at?;
        let now = self.aborted_now(self.abort_outcome());
        let decision = *self.aborted.get_or_insert(now);
        if !self.people.may_turn_abort() && !self.state.status.promote_full {
            return Some(decision);
        }
        if self.safe_at.is_none() && self.cluster.tested_share() <= 0.0 {
            self.safe_at = Some(self.now);
        }
        None
    }

    pub(super) fn aborted_now(&self, outcome: Outcome) -> Decision {
        Decision {
            outcome,
            at: self.now,
            abort: Some(self.abort()),
        }
    }

    /// Whether nothing will happen any more unless somebody acts.
    fn waits_for_people(&mut self) -> Option<Outcome> {
        let status = &self.state.status;
        if status.pauses.is_empty() {
            return None;
        }
        let busy = self.woken != Instant::NEVER
            || self.people.next() != Instant::NEVER
            || self.delayed != Instant::NEVER
            || self.cluster.next_change(self.now) != Instant::NEVER
            || self.runs[..self.run_count]
                .iter()
                .any(|run| run.next() != Instant::NEVER);
        if busy {
            return None;
        }
        Some(if status.pauses.has(PauseReason::InconclusiveAnalysisRun) {
            Outcome::PausedInconclusive
        } else {
            Outcome::Paused
        })
    }

    /// Nothing decided it until the horizon.
    pub(super) fn undecided(&self, horizon: Instant) -> Decision {
        if let Some(aborted) = self.aborted {
            return aborted;
        }
        let status = &self.state.status;
        let outcome = if status.pauses.has(PauseReason::InconclusiveAnalysisRun) {
            Outcome::PausedInconclusive
        } else if !status.pauses.is_empty() {
            Outcome::Paused
        } else if matches!(status.phase, rollout::Phase::Degraded(..)) {
            Outcome::Degraded
        } else {
            Outcome::Unfinished
        };
        Decision {
            outcome,
            at: horizon,
            abort: None,
        }
    }

    fn abort_outcome(&self) -> Outcome {
        match self.abort_cause {
            Some(AbortCause::Deadline(_)) => Outcome::AbortedDeadline,
            Some(AbortCause::Run(id)) => match self.state.run(id).phase {
                rollout::RunPhase::Failed => Outcome::AbortedFailed,
                _ => Outcome::AbortedError,
            },
            None => Outcome::AbortedOperator,
        }
    }

    fn abort(&self) -> Abort {
        let mut metric = None;
        if let Some(AbortCause::Run(id)) = self.abort_cause {
            let run = self.runs[..self.run_count].iter().find(|run| run.id == id);
            metric = run.and_then(|run| self.metric_number(run));
        }
        Abort {
            step: self.standing.step,
            weight: self.standing.weight,
            share_ppm: (self.standing.share * 1e6).round() as u32,
            metric,
        }
    }

    fn metric_number(&self, run: &LiveRun) -> Option<u16> {
        let RunPlan::Measured { metrics, .. } = &self.plan.stanzas[run.stanza].run else {
            return None;
        };
        metrics.get(run.deciding_metric()?).copied()
    }

    /// Turns a decision into the replication's record, and goes on until the damage is done: an aborted
    /// version until it serves nothing, a missed one for as long as it stays undetected.
    pub(super) fn account(&mut self, decision: Decision, horizon: Instant) -> Replication {
        let update_ms = millis(self.update_at);
        let mut replication = Replication {
            outcome: decision.outcome,
            ended_ms: millis(decision.at) - update_ms,
            onset_ms: None,
            safe_ms: None,
            abort: decision.abort,
            repeating: decision.outcome == Outcome::Unfinished && self.locked,
            pages: self.pages,
            failed_before: 0,
            failed_after_miss: 0,
        };
        if !self.arm.fault.is_faulty() {
            return replication;
        }
        let onset = self.cluster.track.onset_ms.map(|onset| onset - update_ms);
        replication.onset_ms = onset.filter(|onset| *onset <= replication.ended_ms);
        if decision.outcome.is_abort() {
            let safe = self.until_safe(horizon);
            replication.safe_ms = safe.map(|at| millis(at) - update_ms);
            let end = if safe.is_some() { self.now } else { horizon };
            replication.failed_before = self.cluster.failed_until(end);
        } else {
            let decided = decision.at.max(self.now);
            replication.failed_before = self.cluster.failed_until(decided);
            let end = decided.max(decision.at + self.plan.timing.undetected_for);
            while self.step(end).is_some() {}
            replication.failed_after_miss =
                self.cluster.failed_until(end) - replication.failed_before;
        }
        replication
    }

    /// Goes on until the new version gets no requests.
    fn until_safe(&mut self, horizon: Instant) -> Option<Instant> {
        if self.safe_at.is_some() {
            return self.safe_at;
        }
        while self.cluster.tested_share() > 0.0 {
            self.step(horizon)?;
        }
        Some(self.now)
    }
}
