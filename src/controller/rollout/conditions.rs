//! The end of a pass: conditions, the progress deadline, the phase, and what is stored
//! (Argo Rollouts v1.9.1 sync.go, conditions.go, rolloututil.go).

use super::effects::Event;
use super::pass::{Early, Pass, RESYNC_PERIOD};
use super::spec::{Spec, Strategy};
use super::state::Desired;
use super::status::{
    AbortCause, Condition, ConditionMessage, ConditionStatus, ConditionType, Conditions,
    PauseCondition, Pauses, Phase, Reason, Status, Waiting,
};
use crate::units::{Duration, Instant};

/// How soon a pass is repeated that found itself just before the progress deadline.
const RATE_LIMIT: Duration = Duration::from_millis(1);

impl Pass<'_> {
    fn condition(&self, kind: ConditionType, status: ConditionStatus, reason: Reason) -> Condition {
        Condition {
            kind,
            status,
            reason,
            message: ConditionMessage::Unshown,
            updated_at: self.clock.second(),
        }
    }

    fn is_paused(&self) -> bool {
        !self.old.pauses.is_empty() || self.state.desired.paused
    }

    /// Keeps the conditions about pauses and retries, so that resumed rollouts get their deadline anew
    /// (sync.go checkPausedConditions).
    pub fn check_paused_conditions(&mut self) {
        let paused = self.is_paused();
        let reason = self
            .old
            .conditions
            .get(ConditionType::Progressing)
            .map(|condition| condition.reason);
        let aborted = reason == Some(Reason::RolloutAborted);
        let mut conditions = self.old.conditions;
        let mut changed = false;
        let unknown = ConditionStatus::Unknown;
        if paused != (reason == Some(Reason::RolloutPaused)) && !aborted && !self.old.completed() {
            let reason = if paused {
                Reason::RolloutPaused
            } else {
                Reason::RolloutResumed
            };
            changed |= conditions.set(self.condition(ConditionType::Progressing, unknown, reason));
        }
        if !self.old.abort && aborted {
            changed |= conditions.set(self.condition(
                ConditionType::Progressing,
                unknown,
                Reason::RolloutRetry,
            ));
        }
        if paused != paused_condition(self.old) && !aborted {
            let status = if paused {
                ConditionStatus::True
            } else {
                ConditionStatus::False
            };
            changed |= conditions.set(self.condition(
                ConditionType::Paused,
                status,
                Reason::RolloutPaused,
            ));
        }
        if !changed {
            return;
        }
        let status = Status {
            conditions,
            ..*self.old
        };
        self.early = Some(Early {
            conditions,
            phase: phase(self.spec, &self.state.desired, &status),
            observed_generation: self.state.desired.generation,
        });
        self.effects.changed = true;
    }

    /// The part of the new status that both strategies share (sync.go calculateBaseStatus). Whatever isn't
    /// carried over here is forgotten unless the rest of the pass sets it.
    pub fn base_status(&self) -> Status {
        let (created, _, ready) = self.totals();
        Status {
            current: Some(self.new_rs().template),
            stable: self.old.stable,
            replicas: created,
            updated_replicas: self.new_rs().counts.created,
            ready_replicas: ready,
            promote_full: self.old.promote_full,
            conditions: self.old.conditions,
            weights: self.weights,
            runs: self.runs,
            ..Status::default()
        }
    }

    /// sync.go calculateRolloutConditions.
    pub fn calculate_conditions(&mut self, status: &mut Status) {
        let aborted = self.is_aborted();
        let healthy = self.is_healthy(status);
        let became_unhealthy = self.set_healthy(status, healthy && !self.is_paused());
        if aborted {
            let (revision, cause) = (self.state.revision, self.pause.add_abort);
            let condition = Condition {
                message: ConditionMessage::Aborted { revision, cause },
                ..self.condition(
                    ConditionType::Progressing,
                    ConditionStatus::False,
                    Reason::RolloutAborted,
                )
            };
            if status.conditions.set(condition) {
                self.effects.events.push(Event::Aborted { revision, cause });
            }
        } else if healthy {
            status.conditions.set(self.condition(
                ConditionType::Progressing,
                ConditionStatus::True,
                Reason::NewReplicaSetAvailable,
            ));
        } else if became_unhealthy || self.is_progressing(status) {
            let lost_pods = status.stable == status.current && became_unhealthy;
            let reason = if lost_pods {
                Reason::ReplicaSetNotAvailable
            } else {
                Reason::ReplicaSetUpdated
            };
            // Unlike other conditions this one gets a new time with the same reason.
            status.conditions.replace(self.condition(
                ConditionType::Progressing,
                ConditionStatus::True,
                reason,
            ));
        } else if !self.is_indefinite() && !self.waits_for_scale_down() && self.timed_out(status) {
            self.time_out(status);
        }
        self.set_available(status);
        self.set_completed(status);
    }

    /// Sets the Healthy condition; true if it turned false.
    fn set_healthy(&self, status: &mut Status, healthy: bool) -> bool {
        let reason = Reason::RolloutHealthy;
        if healthy {
            let condition = self.condition(ConditionType::Healthy, ConditionStatus::True, reason);
            status.conditions.set(condition);
            return false;
        }
        let known = self.old.conditions.get(ConditionType::Healthy).is_some();
        let condition = self.condition(ConditionType::Healthy, ConditionStatus::False, reason);
        known && status.conditions.set(condition)
    }

    fn set_available(&self, status: &mut Status) {
        let available = match self.spec.strategy {
            Strategy::BlueGreen(_) => status
                .active
                .and_then(|active| self.state.replica_set(active))
                .is_some_and(|rs| self.saturated(rs)),
            Strategy::Canary(_) => self.totals().1 >= self.replicas(),
        };
        let value = if available {
            ConditionStatus::True
        } else {
            ConditionStatus::False
        };
        let condition = self.condition(ConditionType::Available, value, Reason::Available);
        status.conditions.set(condition);
    }

    fn set_completed(&mut self, status: &mut Status) {
        let completed = status.completed();
        let value = if completed {
            ConditionStatus::True
        } else {
            ConditionStatus::False
        };
        let condition = self.condition(ConditionType::Completed, value, Reason::RolloutCompleted);
        if status.conditions.set(condition) && !completed {
            self.effects.events.push(Event::NotCompleted {
                revision: self.state.revision,
                template: self.new_rs().template,
            });
        }
    }

    /// Notes that the deadline has passed; aborts if the spec says so. The abort itself shows only in the
    /// next pass (argo-rollout.md §8.3).
    fn time_out(&mut self, status: &mut Status) {
        let template = self.new_rs().template;
        let condition = Condition {
            message: ConditionMessage::TimedOut { template },
            ..self.condition(
                ConditionType::Progressing,
                ConditionStatus::False,
                Reason::ProgressDeadlineExceeded,
            )
        };
        status.conditions.set(condition);
        if self.spec.progress_deadline_abort {
            self.pause.add_abort = Some(AbortCause::Deadline(template));
            self.effects.events.push(Event::AbortedByDeadline(template));
        }
    }

    /// conditions.go `RolloutHealthy`.
    fn is_healthy(&self, status: &Status) -> bool {
        let replicas = self.replicas();
        let strategy = match &self.spec.strategy {
            Strategy::BlueGreen(strategy) => {
                status.active == status.current
                    && (!strategy.preview_service || status.preview == status.current)
            }
            Strategy::Canary(canary) => {
                let steps = status.step_index.is_none_or(|index| {
                    canary.steps.is_empty()
                        || usize::try_from(index).is_ok_and(|index| index == canary.steps.len())
                });
                steps && status.completed() && status.replicas == replicas
            }
        };
        status.updated_replicas == replicas
            && status.available_replicas == replicas
            && self.old.observed_generation == self.state.desired.generation
            && strategy
    }

    /// conditions.go `RolloutProgressing`.
    fn is_progressing(&self, status: &Status) -> bool {
        let old = self.old;
        let strategy = match self.spec.strategy {
            Strategy::BlueGreen(_) => old.active != status.active || old.preview != status.preview,
            Strategy::Canary(_) => {
                let moved = match (old.step_index, status.step_index) {
                    (Some(before), Some(after)) => before != after,
                    _ => false,
                };
                old.stable != status.stable || moved || !old.steps_recorded
            }
        };
        status.updated_replicas != old.updated_replicas
            || status.replicas - status.updated_replicas < old.replicas - old.updated_replicas
            || status.ready_replicas > old.ready_replicas
            || status.available_replicas > old.available_replicas
            || strategy
    }

    /// Whether the progress deadline rests (sync.go isIndefiniteStep).
    fn is_indefinite(&self) -> bool {
        let step = match &self.spec.strategy {
            Strategy::Canary(canary) => canary.current_step(self.old.step_index),
            Strategy::BlueGreen(_) => None,
        };
        step.is_some_and(super::spec::Step::is_indefinite) || paused_condition(self.old)
    }

    /// sync.go isWaitingForReplicaSetScaleDown.
    fn waits_for_scale_down(&self) -> bool {
        self.others()
            .any(|index| self.state.replica_sets[index].deadline.is_some())
    }

    /// conditions.go `RolloutTimedOut`.
    fn timed_out(&self, status: &Status) -> bool {
        let Some(condition) = status.conditions.get(ConditionType::Progressing) else {
            return false;
        };
        match condition.reason {
            Reason::RolloutAborted | Reason::RolloutPaused => false,
            Reason::ProgressDeadlineExceeded => true,
            _ => self
                .clock
                .is_past(condition.updated_at + self.spec.progress_deadline),
        }
    }

    /// Stores the new status (sync.go persistRolloutStatus).
    pub fn persist(&mut self, status: &mut Status) {
        self.calculate_pauses(status);
        status.observed_generation = self.state.desired.generation;
        status.phase = phase(self.spec, &self.state.desired, status);
        if self.weights_shared {
            status.weights = self.old.weights;
        }
        if status == self.old {
            self.requeue_stuck(status);
            return;
        }
        let (was_paused, paused) = (!self.old.pauses.is_empty(), !status.pauses.is_empty());
        if was_paused != paused {
            match status.pauses.iter().next() {
                Some(pause) => self.effects.events.push(Event::Paused(pause.reason)),
                None if status.aborted_at.is_none() => self.effects.events.push(Event::Resumed),
                None => {}
            }
        }
        self.effects.changed = true;
        self.keep_early(status);
        self.effects.status = *status;
        self.effects.status_stored = true;
    }

    /// Only what differs from the start of the pass is written; the rest stays as the pass stored it early.
    fn keep_early(&self, status: &mut Status) {
        let Some(early) = self.early else {
            return;
        };
        if self.are_same(&status.conditions) {
            status.conditions = early.conditions;
        }
        if status.phase == self.old.phase {
            status.phase = early.phase;
        }
        if status.observed_generation == self.old.observed_generation {
            status.observed_generation = early.observed_generation;
        }
    }

    /// Whether the conditions are those of the start of the pass, times included. A time that the pass has set
    /// anew is this second.
    fn are_same(&self, conditions: &Conditions) -> bool {
        let old = &self.old.conditions;
        if !conditions.same_but_for_times(old) {
            return false;
        }
        // Each question is asked, whatever the answers to others.
        old.iter()
            .zip(conditions.iter())
            .fold(true, |same, (old, new)| {
                let now = self.clock.is_this_second(old.updated_at);
                same && (now || old.updated_at == new.updated_at)
            })
    }

    /// Enters aborts and pauses of this pass into the status (pause.go `CalculatePauseStatus`).
    fn calculate_pauses(&mut self, status: &mut Status) {
        let now = self.clock.second();
        if self.is_aborted_or_aborting() {
            status.abort = true;
            status.aborted_at = Some(self.old.aborted_at.unwrap_or(now));
            return;
        }
        status.abort = false;
        status.aborted_at = None;
        let nothing = self.old.pauses.is_empty() && !self.pause.has_add_pause();
        if self.pause.clear || nothing {
            return;
        }
        let mut controller_pause = self.old.controller_pause;
        let mut pauses = Pauses::default();
        for pause in self.old.pauses.iter() {
            if Some(pause.reason) != self.pause.remove {
                pauses.push(pause);
            }
        }
        for reason in self.pause.add.into_iter().flatten() {
            if !self.old.pauses.has(reason) {
                pauses.push(PauseCondition { reason, start: now });
                controller_pause = true;
            }
        }
        if !pauses.is_empty() {
            status.controller_pause = controller_pause;
            status.pauses = pauses;
        }
    }

    /// An abort decided in this pass counts even if the pass also takes an abort back.
    fn is_aborted_or_aborting(&self) -> bool {
        self.pause.add_abort.is_some() || (!self.pause.remove_abort && self.old.abort)
    }

    /// Asks for a pass at `at`, unless the resync comes first (pause.go checkEnqueueRolloutDuringWait).
    pub fn requeue_wait(&mut self, at: Instant) {
        if self.clock.is_ahead(at) && self.clock.is_past(at - RESYNC_PERIOD) {
            self.effects.requeue(at);
        }
    }

    /// Comes back when the deadline may have passed (sync.go requeueStuckRollout).
    ///
    /// In the last second before the deadline the real controller repeats itself every millisecond. Such a
    /// pass changes nothing until the deadline has passed, so one pass just after it does the same. Past the
    /// deadline something with a date of its own holds it back, and that asks for its own pass.
    fn requeue_stuck(&mut self, status: &Status) {
        let Some(condition) = self.old.conditions.get(ConditionType::Progressing) else {
            return;
        };
        let settled = self.is_healthy(status)
            || condition.reason == Reason::ProgressDeadlineExceeded
            || self.is_paused()
            || self.old.abort
            || self.is_indefinite();
        if settled {
            return;
        }
        let deadline = condition.updated_at + self.spec.progress_deadline;
        let second = Duration::from_seconds(1);
        if !self.clock.is_past(deadline - second) {
            self.effects.requeue(deadline + second);
        } else if !self.clock.is_past(deadline) {
            self.effects.requeue(deadline + RATE_LIMIT);
        }
    }
}

/// Whether the Paused condition is true.
fn paused_condition(status: &Status) -> bool {
    status
        .conditions
        .get(ConditionType::Paused)
        .is_some_and(|condition| condition.status == ConditionStatus::True)
}

/// `status.phase` and `status.message` (rolloututil.go `CalculateRolloutPhase`).
pub fn phase(spec: &Spec, desired: &Desired, status: &Status) -> Phase {
    // No other condition has these reasons, so the order of the conditions doesn't matter.
    if let Some(condition) = status.conditions.get(ConditionType::Progressing)
        && matches!(
            condition.reason,
            Reason::RolloutAborted | Reason::ProgressDeadlineExceeded
        )
    {
        return Phase::Degraded(condition.reason, condition.message);
    }
    if desired.paused {
        return Phase::ManuallyPaused;
    }
    if let Some(PauseCondition { reason, .. }) = status.pauses.iter().next() {
        return Phase::Paused(reason);
    }
    waiting(spec, desired, status).map_or(Phase::Healthy, Phase::Progressing)
}

fn waiting(spec: &Spec, desired: &Desired, status: &Status) -> Option<Waiting> {
    if status.updated_replicas < desired.replicas {
        return Some(Waiting::Update);
    }
    if status.available_replicas < status.updated_replicas {
        return Some(Waiting::Available);
    }
    match &spec.strategy {
        Strategy::BlueGreen(strategy) => {
            if status.active.is_none() || status.active != status.current {
                return Some(Waiting::Cutover);
            }
            if status.completed() {
                return None;
            }
            let analysing = strategy.post_promotion.is_some()
                && status
                    .runs
                    .post_promotion
                    .is_none_or(|run| !run.phase.completed());
            Some(if analysing {
                Waiting::Analysis
            } else {
                Waiting::Verification
            })
        }
        Strategy::Canary(canary) => {
            if canary.traffic.is_none() && status.replicas > status.updated_replicas {
                return Some(Waiting::Termination);
            }
            (!status.completed()).then_some(Waiting::Steps)
        }
    }
}
