//! The part of a pass that scales `ReplicaSets` (Argo Rollouts v1.9.1 replicaset.go, canary.go, bluegreen.go).

use super::effects::{Event, Other, Write};
use super::pass::{Pass, RESYNC_PERIOD};
use super::spec::{AbortScaleDownDelay, BlueGreen, Canary, Strategy};
use super::state::{ReplicaSet, RunPhase, ServiceRole};
use super::status::PauseReason;
use crate::units::Duration;

/// `scaleDownDelaySeconds` when unset.
const DEFAULT_SCALE_DOWN_DELAY: Duration = Duration::from_seconds(30);

impl Pass<'_> {
    /// Scales at most one of stable, new and others. True if it did (canary.go reconcileCanaryReplicaSets).
    pub fn scale_canary(&mut self, canary: &Canary) -> bool {
        if self.halted() {
            return false;
        }
        self.remove_deadlines();
        self.scale_canary_stable(canary) || self.scale_new() || self.scale_others()
    }

    /// Scales all `ReplicaSets` of a blue-green rollout (bluegreen.go reconcileBlueGreenReplicaSets).
    pub fn scale_blue_green(&mut self, _strategy: &BlueGreen) {
        self.remove_deadlines();
        if let Some(stable) = self.stable_rs() {
            self.scale(stable, self.replicas());
        }
        self.scale_new();
        self.scale_others();
        self.limit_history();
    }

    /// The weights here are those of the last pass: at the end of the steps this pass already gives
    /// everything to "stable", which must not grow for it.
    fn scale_canary_stable(&mut self, canary: &Canary) -> bool {
        let Some(stable) = self.stable_rs().filter(|_| self.stable_differs()) else {
            return false;
        };
        let wanted = self.wanted(canary, self.old.weights);
        self.scale(stable, wanted.stable)
    }

    /// The wanted pods of the new ReplicaSet.
    pub fn wanted_new(&self) -> i32 {
        match &self.spec.strategy {
            Strategy::BlueGreen(strategy) => strategy.wanted_new(self.replicas(), &self.preview()),
            Strategy::Canary(canary) => self.wanted(canary, self.weights).new,
        }
    }

    /// Scales the new ReplicaSet; on abort it waits for its deadline first
    /// (replicaset.go reconcileNewReplicaSet).
    fn scale_new(&mut self) -> bool {
        let new = self.new_rs();
        let mut wanted = self.wanted_new();
        if let Some(delay) = self.abort_scale_down_delay() {
            match new.deadline {
                None => {
                    let stable_full = self
                        .stable_rs()
                        .is_some_and(|rs| rs.counts.available == self.replicas());
                    if stable_full {
                        self.add_deadline(new, delay);
                    }
                    return false;
                }
                Some(deadline) if self.clock.is_ahead(deadline) => {
                    if self.clock.is_past(deadline - RESYNC_PERIOD) {
                        self.effects.requeue(deadline);
                        return false;
                    }
                    // Argo has nothing to say for longer waits and goes on to scale at once.
                }
                Some(_) => wanted = 0,
            }
        }
        self.scale(new, wanted)
    }

    /// The delay if the new ReplicaSet should outlive an abort
    /// (replicaset.go shouldDelayScaleDownOnAbort).
    fn abort_scale_down_delay(&self) -> Option<Duration> {
        if !self.is_aborted() || self.stable_rs().is_none() {
            return None;
        }
        match &self.spec.strategy {
            Strategy::BlueGreen(strategy) => strategy.abort_scale_down_delay.delay(),
            Strategy::Canary(canary) => {
                let traffic = canary.traffic.as_ref()?;
                let delay = traffic.abort_scale_down_delay;
                if traffic.dynamic_stable_scale && delay == AbortScaleDownDelay::Default {
                    return None;
                }
                delay.delay()
            }
        }
    }

    /// Scales a ReplicaSet. True if its size changed (sync.go scaleReplicaSetAndRecordEvent).
    fn scale(&mut self, rs: &ReplicaSet, to: i32) -> bool {
        self.scale_from(rs, rs.counts.spec, to)
    }

    /// As [`Pass::scale`], for a ReplicaSet that this pass may already have scaled to `from`.
    ///
    /// The write replaces the whole object by the pass's copy, so a deadline that this pass has just removed
    /// comes back, unless the ReplicaSet goes to 0.
    fn scale_from(&mut self, rs: &ReplicaSet, from: i32, to: i32) -> bool {
        let desired_replicas = self.replicas();
        if from == to && rs.desired_replicas == desired_replicas {
            return false;
        }
        let drop_deadline = to == 0 && self.abort_scale_down_delay().is_none();
        self.write(Write::UpdateReplicaSet {
            template: rs.template,
            replicas: to,
            desired_replicas,
            deadline: rs.deadline.filter(|_| !drop_deadline),
        });
        if from != to {
            self.effects.events.push(Event::Scaled {
                template: rs.template,
                revision: rs.revision,
                from,
                to,
            });
        }
        from != to
    }

    /// Notes a write that wakes the controller again.
    pub fn write(&mut self, write: Write) {
        self.effects.writes.push(write);
        self.effects.changed = true;
    }

    /// Takes back the deadlines of the new and the stable ReplicaSet: they are wanted again
    /// (replicaset.go removeScaleDownDeadlines).
    fn remove_deadlines(&mut self) {
        let keep_new = self.abort_scale_down_delay().is_some();
        let new = Some(self.new_rs()).filter(|_| !keep_new);
        let stable = self
            .stable_rs()
            .filter(|_| keep_new || self.stable_differs());
        for rs in [new, stable].into_iter().flatten() {
            if rs.deadline.is_some() {
                self.write(Write::SetDeadline {
                    template: rs.template,
                    deadline: None,
                });
            }
        }
    }

    /// Sets a deadline; a delay of 0 removes it instead (replicaset.go addScaleDownDelay).
    fn add_deadline(&mut self, rs: &ReplicaSet, delay: Duration) {
        let deadline = (delay != Duration::ZERO).then(|| self.clock.second_after(delay));
        if deadline.is_some() || rs.deadline.is_some() {
            self.write(Write::SetDeadline {
                template: rs.template,
                deadline,
            });
        }
    }

    /// Scales down `ReplicaSets` that are neither new nor stable
    /// (replicaset.go reconcileOtherReplicaSets).
    fn scale_others(&mut self) -> bool {
        if !self.has_others() {
            return false;
        }
        let mut others = std::mem::take(&mut self.effects.others);
        others.clear();
        others.extend(self.others().filter_map(|index| {
            let spec = self.state.replica_sets[index].counts.spec;
            (spec > 0).then_some(Other { index, spec })
        }));
        let scaled = if others.is_empty() {
            false
        } else {
            match &self.spec.strategy {
                Strategy::Canary(canary) => self.scale_canary_others(canary, &mut others),
                Strategy::BlueGreen(strategy) => {
                    self.scale_blue_green_others(strategy, &mut others)
                }
            }
        };
        self.effects.others = others;
        scaled
    }

    /// Newest revision first; later created first among equals.
    fn sort_newest_first(&self, others: &mut [Other]) {
        others.sort_unstable_by_key(|other| {
            let rs = &self.state.replica_sets[other.index];
            std::cmp::Reverse((rs.revision, rs.created_at, other.index))
        });
    }

    /// Drops the unavailable pods of `ReplicaSets` that are going away anyway; `None` if one has more
    /// available pods than it asks for, which stops the scaling of all of them
    /// (replicaset.go cleanupUnhealthyReplicas).
    fn drop_unavailable(&mut self, others: &mut [Other]) -> Option<i32> {
        let mut dropped = 0;
        for other in others {
            let rs = &self.state.replica_sets[other.index];
            let available = rs.counts.available;
            if other.spec < available {
                return None;
            }
            if other.spec > available {
                self.scale_from(rs, other.spec, available);
                dropped += other.spec - available;
                other.spec = available;
            }
        }
        Some(dropped)
    }

    fn scale_canary_others(&mut self, canary: &Canary, others: &mut [Other]) -> bool {
        let Some(mut scaled) = self.drop_unavailable(others) else {
            return false;
        };
        let (_, available, _) = self.totals();
        let least_available = self.replicas() - canary.fenceposts(self.replicas()).unavailable;
        let mut room = available - least_available;
        if room <= 0 {
            return false;
        }
        self.sort_newest_first(others);
        let mut annotated = 0;
        for other in others.iter() {
            let rs = &self.state.replica_sets[other.index];
            if canary.traffic.is_some() && self.is_referenced(rs) {
                continue;
            }
            if room <= 0 {
                break;
            }
            if other.spec == 0 {
                continue;
            }
            let to = match &canary.traffic {
                // Their pods still get traffic.
                None => (other.spec - room).max(0),
                Some(traffic) => {
                    let was_stable = self.old.fully_promoted() || rs.deadline.is_some();
                    if was_stable && !traffic.dynamic_stable_scale {
                        let limit = canary.scale_down_delay_revision_limit;
                        let delay = traffic.scale_down_delay;
                        self.delayed_scale_down(rs, other.spec, delay, limit, &mut annotated)
                            .unwrap_or(other.spec)
                    } else {
                        // No traffic reaches an intermediate ReplicaSet.
                        0
                    }
                }
            };
            if to == other.spec {
                continue;
            }
            self.scale_from(rs, other.spec, to);
            room -= other.spec - to;
            scaled += other.spec - to;
        }
        scaled > 0
    }

    fn scale_blue_green_others(&mut self, strategy: &BlueGreen, others: &mut [Other]) -> bool {
        if self.old.pauses.has(PauseReason::InconclusiveAnalysisRun) {
            return false;
        }
        if strategy.post_promotion.is_some()
            && strategy.scale_down_delay.is_none()
            && !self.skips_post_promotion()
            && self
                .current
                .post_promotion
                .is_none_or(|run| run.phase != RunPhase::Successful)
        {
            return false;
        }
        self.sort_newest_first(others);
        let delay = strategy
            .scale_down_delay
            .unwrap_or(DEFAULT_SCALE_DOWN_DELAY);
        let mut annotated = 0;
        let mut scaled = false;
        for other in others.iter() {
            let rs = &self.state.replica_sets[other.index];
            if self.is_referenced(rs) {
                continue;
            }
            let limit = strategy.scale_down_delay_revision_limit;
            let to = self
                .delayed_scale_down(rs, other.spec, delay, limit, &mut annotated)
                .unwrap_or(self.replicas());
            if to != other.spec {
                self.scale_from(rs, other.spec, to);
                scaled = true;
            }
        }
        scaled
    }

    /// What an old ReplicaSet should have: `Some(n)`, or `None` to keep what its strategy keeps while the
    /// deadline lies ahead (replicaset.go scaleDownDelayHelper).
    fn delayed_scale_down(
        &mut self,
        rs: &ReplicaSet,
        spec: i32,
        delay: Duration,
        limit: i32,
        annotated: &mut i32,
    ) -> Option<i32> {
        let Some(deadline) = rs.deadline else {
            if *annotated >= limit {
                return Some(0);
            }
            *annotated += 1;
            self.add_deadline(rs, delay);
            self.effects.requeue_after(self.clock.now(), delay);
            return Some(spec);
        };
        *annotated += 1;
        if *annotated > limit || !self.clock.is_ahead(deadline) {
            return Some(0);
        }
        if self.clock.is_past(deadline - RESYNC_PERIOD) {
            self.effects.requeue(deadline);
        }
        None
    }

    /// Whether the status, the weights or a service still point at the ReplicaSet
    /// (replicaset.go isReplicaSetReferenced).
    fn is_referenced(&self, rs: &ReplicaSet) -> bool {
        let template = Some(rs.template);
        let old = self.old;
        let by_status = [old.stable, old.current, old.active, old.preview].contains(&template);
        let by_weights = old
            .weights
            .is_some_and(|weights| [weights.canary, weights.stable].contains(&rs.template));
        let roles = match &self.spec.strategy {
            Strategy::Canary(canary) => [
                canary.canary_service.then_some(ServiceRole::Canary),
                canary.stable_service.then_some(ServiceRole::Stable),
            ],
            Strategy::BlueGreen(strategy) => [
                Some(ServiceRole::Active),
                strategy.preview_service.then_some(ServiceRole::Preview),
            ],
        };
        by_status
            || by_weights
            || roles
                .into_iter()
                .flatten()
                .any(|role| self.services.get(role).selector == template)
    }

    /// Deletes the oldest empty `ReplicaSets` beyond the history limit
    /// (sync.go reconcileRevisionHistoryLimit).
    pub fn limit_history(&mut self) {
        if self.state.replica_sets.len() <= self.spec.revision_history_limit {
            return;
        }
        let excess = self
            .others()
            .count()
            .saturating_sub(self.spec.revision_history_limit);
        for index in self.others().take(excess) {
            let rs = &self.state.replica_sets[index];
            if rs.counts.spec == 0 && rs.counts.created == 0 {
                self.write(Write::DeleteReplicaSet(rs.template));
            }
        }
    }
}
