//! A pass over a blue-green update (Argo Rollouts v1.9.1 bluegreen.go).

use super::effects::Promotion;
use super::pass::Pass;
use super::spec::BlueGreen;
use super::state::{RunPhase, ServiceRole};
use super::status::{PauseReason, Status};
use crate::units::Duration;

impl Pass<'_> {
    /// bluegreen.go rolloutBlueGreen.
    pub fn run_blue_green(&mut self, strategy: &BlueGreen) {
        if strategy.preview_service && !self.halted() {
            self.switch_service(ServiceRole::Preview, self.new_rs().template);
        }
        if !self.needs_reset() {
            self.scale_blue_green(strategy);
            self.pause_blue_green(strategy);
            self.switch_active_service(strategy);
            self.reconcile_analysis();
        }
        self.sync_blue_green_status(strategy);
    }

    /// Whether the preview, or the whole new ReplicaSet, is there (bluegreen.go `ReadyForPause`).
    fn ready_for_pause(&self, strategy: &BlueGreen) -> bool {
        let wanted = strategy.wanted_new(self.replicas(), &self.preview());
        let counts = self.new_rs().counts;
        counts.spec == wanted && counts.available == wanted
    }

    /// Whether there is nothing to wait for: a ReplicaSet inside its scale-down delay, a full promotion, or
    /// no other active one (bluegreen.go isBlueGreenFastTracked).
    fn fast_tracked(&self) -> bool {
        let new = self.new_rs();
        let active = self.services.get(ServiceRole::Active).selector;
        new.deadline.is_some()
            || self.old.promote_full
            || active.is_none_or(|active| active == new.template)
    }

    fn pre_promotion_done(&self, strategy: &BlueGreen) -> bool {
        strategy.pre_promotion.is_none()
            || self
                .current
                .pre_promotion
                .is_some_and(|run| run.phase == RunPhase::Successful)
    }

    /// pause.go `CompletedBlueGreenPause`.
    fn blue_green_pause_completed(&self, strategy: &BlueGreen) -> bool {
        let pause = self.old.pauses.get(PauseReason::BlueGreenPause);
        if self.pause.has_add_pause() {
            return false;
        }
        if self.old.preview_checkpoint {
            return true;
        }
        if !strategy.auto_promotion {
            return self.old.controller_pause && pause.is_none();
        }
        strategy.auto_promotion_after == Duration::ZERO
            || pause.is_some_and(|pause| {
                self.clock
                    .is_past(pause.start + strategy.auto_promotion_after)
            })
    }

    /// bluegreen.go reconcileBlueGreenPause.
    fn pause_blue_green(&mut self, strategy: &BlueGreen) {
        if self.old.abort || !self.ready_for_pause(strategy) || self.halted() {
            return;
        }
        let pauses = !strategy.auto_promotion || strategy.auto_promotion_after > Duration::ZERO;
        if self.fast_tracked() || self.old.preview_checkpoint || !pauses {
            self.pause.remove = Some(PauseReason::BlueGreenPause);
            return;
        }
        if !self.pre_promotion_done(strategy) {
            return;
        }
        match self.old.pauses.get(PauseReason::BlueGreenPause) {
            Some(_) if self.blue_green_pause_completed(strategy) => {
                self.pause.remove = Some(PauseReason::BlueGreenPause);
            }
            Some(pause) if strategy.auto_promotion_after > Duration::ZERO => {
                self.requeue_wait(pause.start + strategy.auto_promotion_after);
            }
            None if !self.old.controller_pause => {
                self.pause.add_pause(PauseReason::BlueGreenPause);
            }
            // A human will resume it, or has done so.
            Some(_) | None => {}
        }
    }

    /// Switches to the new ReplicaSet when all is done, and back on abort. Either way the *new* one must
    /// have all its pods (service.go reconcileActiveService).
    fn switch_active_service(&mut self, strategy: &BlueGreen) {
        let new = self.new_rs();
        if self.halted() || !self.ready_for_pause(strategy) || !self.saturated(new) {
            return;
        }
        let mut template = self.services.get(ServiceRole::Active).selector;
        if self.fast_tracked()
            || (self.blue_green_pause_completed(strategy) && self.pre_promotion_done(strategy))
        {
            template = Some(new.template);
        }
        if self.old.abort {
            template = self.old.stable;
        }
        if let Some(template) = template {
            self.switch_service(ServiceRole::Active, template);
        }
    }

    /// bluegreen.go syncRolloutStatusBlueGreen.
    fn sync_blue_green_status(&mut self, strategy: &BlueGreen) {
        let mut status = self.base_status();
        if self.needs_reset() {
            self.reset(&mut status);
        }
        if self.old.promote_full || self.rollback_within_window() {
            self.pause.clear = true;
            self.pause.remove_abort = true;
        }
        if strategy.preview_service {
            status.preview = self.services.get(ServiceRole::Preview).selector;
        }
        status.active = self.services.get(ServiceRole::Active).selector;
        if let Some(promotion) = self.blue_green_promotion(strategy, &status) {
            self.promote(&mut status, promotion);
        } else {
            status.preview_checkpoint = self.preview_checkpoint(strategy);
        }
        let (created, available, _) = self.totals();
        (status.hpa_replicas, status.available_replicas) = (created, available);
        if let Some(rs) = status
            .active
            .and_then(|active| self.state.replica_set(active))
        {
            status.hpa_replicas = rs.counts.created;
            status.available_replicas = rs.counts.available;
            status.ready_replicas = rs.ready;
        }
        self.calculate_conditions(&mut status);
        self.persist(&mut status);
    }

    /// Why the new ReplicaSet should become the stable one now (sync.go shouldFullPromote).
    fn blue_green_promotion(&self, strategy: &BlueGreen, status: &Status) -> Option<Promotion> {
        if self.stable_rs().is_none() || status.active.is_none() {
            return Some(Promotion::InitialDeploy);
        }
        if status.active != status.current {
            return None;
        }
        if self.old.promote_full {
            return Some(Promotion::Requested);
        }
        if self.rollback_within_window() {
            return Some(Promotion::RollbackWindow);
        }
        if self.is_aborted() {
            return None;
        }
        if strategy.post_promotion.is_some() {
            let new = self.new_rs();
            if new.deadline.is_some() {
                return Some(Promotion::ScaleDownDelay(new.template));
            }
            self.current
                .post_promotion
                .filter(|run| run.phase == RunPhase::Successful)?;
        }
        Some(Promotion::CompletedBlueGreen)
    }

    /// Whether the preview has served its purpose, so that the new ReplicaSet may grow
    /// (bluegreen.go calculateScaleUpPreviewCheckPoint).
    fn preview_checkpoint(&self, strategy: &BlueGreen) -> bool {
        let Some(count) = strategy.preview_replicas else {
            return false;
        };
        self.old.preview_checkpoint
            || (self.pre_promotion_done(strategy)
                && self.blue_green_pause_completed(strategy)
                && count == self.new_rs().counts.available)
    }
}
