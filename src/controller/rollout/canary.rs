//! A pass over a canary (Argo Rollouts v1.9.1 canary.go).

use super::effects::{Event, Promotion};
use super::pass::Pass;
use super::replicas::threshold_met;
use super::spec::{Canary, Pause, Step};
use super::state::{RunPhase, ServiceRole};
use super::status::{PauseReason, Status};
use super::traffic::Router;

impl Pass<'_> {
    /// canary.go rolloutCanary.
    pub fn run_canary(&mut self, canary: &Canary) {
        if self.needs_reset() {
            self.sync_canary_status(canary);
            return;
        }
        self.limit_history();
        self.switch_canary_services(canary);
        if self.route_traffic(canary) == Router::Failed {
            self.effects.failed = true;
            return;
        }
        self.reconcile_analysis();
        if !self.pause.has_add_pause() && !self.scale_canary(canary) {
            self.pause_at_step(canary);
        }
        self.sync_canary_status(canary);
    }

    /// Enters the pause of a pause step, or waits for its end (canary.go reconcileCanaryPause).
    fn pause_at_step(&mut self, canary: &Canary) {
        if self.state.desired.paused || self.old.promote_full {
            return;
        }
        let step = canary.current_step(self.old.step_index);
        let Some(pause) = step.and_then(|step| step.pause) else {
            return;
        };
        match (self.old.pauses.get(PauseReason::CanaryPauseStep), pause) {
            // A human has resumed it already if the controller did pause.
            (None, _) if !self.old.controller_pause => {
                self.pause.add_pause(PauseReason::CanaryPauseStep);
            }
            (None, _) | (Some(_), Pause::Indefinite) => {}
            (Some(condition), Pause::For(duration)) => {
                self.requeue_wait(condition.start + duration);
            }
        }
    }

    /// Whether the current step is done (canary.go completedCurrentCanaryStep).
    fn step_completed(&self, canary: &Canary, step: &Step) -> bool {
        if self.state.desired.paused {
            return false;
        }
        if let Some(pause) = step.pause {
            return self.pause_completed(pause);
        }
        if step.set_canary_scale.is_some() {
            return self.at_desired_counts(canary, self.weights);
        }
        if step.set_weight.is_some() {
            let unverified = self
                .weights
                .is_some_and(|weights| weights.verified == Some(false));
            return self.at_desired_counts(canary, self.weights) && !unverified;
        }
        if step.analysis.is_some() {
            return self
                .current
                .step
                .is_some_and(|run| run.phase == RunPhase::Successful);
        }
        step.route
    }

    /// pause.go `CompletedCanaryPauseStep`.
    fn pause_completed(&self, pause: Pause) -> bool {
        match (self.old.pauses.get(PauseReason::CanaryPauseStep), pause) {
            (None, _) => self.old.controller_pause,
            (Some(condition), Pause::For(duration)) => {
                self.clock.is_past(condition.start + duration)
            }
            (Some(_), Pause::Indefinite) => false,
        }
    }

    /// Points the services at their `ReplicaSets` (service.go reconcileStableAndCanaryService).
    fn switch_canary_services(&mut self, canary: &Canary) {
        if canary.stable_service {
            self.ensure_service(ServiceRole::Stable, self.stable_rs(), true);
        }
        if !canary.canary_service {
            return;
        }
        if self.is_aborted() && canary.traffic.is_none() {
            self.ensure_service(ServiceRole::Canary, self.stable_rs(), true);
        } else if self.rolling_back_to_stable(canary).is_none() {
            self.ensure_service(ServiceRole::Canary, Some(self.new_rs()), true);
        }
    }

    /// Works out and stores the status (canary.go syncRolloutStatusCanary).
    fn sync_canary_status(&mut self, canary: &Canary) {
        let mut status = self.base_status();
        let (created, available, _) = self.totals();
        (status.hpa_replicas, status.available_replicas) = (created, available);
        status.steps_recorded = true;
        let mut count = to_index(canary.steps.len());
        let has_steps = count > 0;
        if self.needs_reset() {
            self.reset(&mut status);
            status.step_index = has_steps.then_some(0);
            if has_steps {
                let to_stable = self.old.stable == Some(self.new_rs().template);
                if to_stable || (self.rollback_within_window() && self.new_rs().counts.spec > 0) {
                    self.effects.events.push(Event::StepsSkipped { to_stable });
                    status.step_index = Some(count);
                }
            }
        } else {
            let at_index = has_steps.then(|| self.old.step_index.unwrap_or(0));
            let mut index = at_index;
            if self.old.promote_full || self.rollback_within_window() {
                self.pause.clear = true;
                self.pause.remove_abort = true;
                index = has_steps.then_some(count);
            }
            if let Some(promotion) = self.canary_promotion(canary) {
                self.promote(&mut status, promotion);
                status.step_index = has_steps.then_some(count);
            } else if self.is_aborted() {
                let end = if status.stable == status.current {
                    count
                } else {
                    0
                };
                status.step_index = has_steps.then_some(end);
            } else {
                let step = canary.current_step(self.old.step_index);
                if let (Some(step), Some(at)) = (step, at_index)
                    && self.step_completed(canary, step)
                {
                    let next = index.unwrap_or(0) + 1;
                    // Argo counts past the end here when a full promotion is under way.
                    if index != at_index {
                        count += 1;
                    }
                    index = Some(next);
                    status.runs.step = None;
                    self.effects.events.push(Event::StepCompleted {
                        step: at,
                        index: next,
                        count,
                    });
                    self.pause.remove = Some(PauseReason::CanaryPauseStep);
                }
                status.step_index = index;
            }
        }
        self.calculate_conditions(&mut status);
        self.persist(&mut status);
    }

    /// Why the new ReplicaSet should become the stable one now (sync.go shouldFullPromote).
    fn canary_promotion(&self, canary: &Canary) -> Option<Promotion> {
        if self.stable_rs().is_none() {
            return Some(Promotion::InitialDeploy);
        }
        let (counts, replicas) = (self.new_rs().counts, self.replicas());
        if self.is_aborted()
            || (counts.available < replicas && !threshold_met(canary.threshold, counts, replicas))
        {
            return None;
        }
        if self.old.promote_full {
            return Some(Promotion::Requested);
        }
        if self.rollback_within_window() {
            return Some(Promotion::RollbackWindow);
        }
        let count = to_index(canary.steps.len());
        (count == 0 || self.old.step_index.unwrap_or(0) == count)
            .then_some(Promotion::CompletedSteps(count))
    }

    /// Makes the current template the stable one (sync.go promoteStable).
    pub fn promote(&mut self, status: &mut Status, promotion: Promotion) {
        self.pause.clear = true;
        self.pause.remove_abort = true;
        status.promote_full = false;
        status.preview_checkpoint = false;
        if status.stable != status.current {
            status.stable = status.current;
            self.effects.events.push(Event::Completed {
                revision: self.state.revision,
                template: self.new_rs().template,
                promotion,
            });
        }
    }

    /// Starts a new update in the status (sync.go resetRolloutStatus).
    pub fn reset(&mut self, status: &mut Status) {
        self.pause.clear = true;
        self.pause.remove_abort = true;
        status.promote_full = false;
        status.preview_checkpoint = false;
        status.runs = super::status::CurrentRuns::default();
    }
}

/// A count of steps as a step index.
fn to_index(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
