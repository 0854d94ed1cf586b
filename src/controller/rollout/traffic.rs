//! The part of a pass that steers traffic: services and router weights
//! (Argo Rollouts v1.9.1 trafficrouting.go, service.go).

use super::effects::{Event, Write};
use super::pass::Pass;
use super::replicas::{WeightPair, threshold_met};
use super::spec::{Canary, TrafficRouting};
use super::state::{ReplicaSet, Router as RouterState, ServiceRole, Template};
use super::status::Weights;
use crate::units::Duration;

/// How long to wait before asking again whether a weight is in effect.
const VERIFY_RETRY_INTERVAL: Duration = Duration::from_seconds(10);

/// Whether the pass may go on after the router was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Router {
    /// It may.
    Done,
    /// All traffic should be on the canary but is not yet: the pass ends in an error.
    Failed,
}

impl Pass<'_> {
    /// Tells the router the weight that fits the pods (trafficrouting.go reconcileTrafficRouting).
    pub fn route_traffic(&mut self, canary: &Canary) -> Router {
        let Some(traffic) = canary.traffic.as_ref().filter(|traffic| traffic.has_router) else {
            self.weights = None;
            return Router::Done;
        };
        let max = traffic.max_weight;
        let rolling_back = self.rolling_back_to_stable(canary);
        let Some(weight) = self.weight_to_set(canary, traffic, rolling_back.is_some()) else {
            return Router::Failed;
        };
        let Some(stable) = self
            .stable_rs()
            .filter(|stable| self.enough_available(canary, stable, max, max - weight))
        else {
            return Router::Done;
        };
        let canary_template = rolling_back.unwrap_or(self.new_rs().template);
        self.tell_router(weight, canary_template, stable.template);
        self.record_weights(Weights {
            pair: WeightPair {
                canary: weight,
                stable: max - weight,
            },
            canary: canary_template,
            stable: stable.template,
            verified: None,
        });
        if self.weight_verified != Some(false) {
            return Router::Done;
        }
        self.effects
            .requeue_after(self.clock.now(), VERIFY_RETRY_INTERVAL);
        // Without steps the real controller crashes here, which ends the pass just the same.
        let steps_ahead = self.old.step_index.is_none_or(|index| {
            usize::try_from(index).is_ok_and(|index| index <= canary.steps.len())
        });
        if weight == max && steps_ahead {
            return Router::Failed;
        }
        Router::Done
    }

    /// The weight for this pass; `None` where the real controller divides by zero replicas, which ends the
    /// pass in an error.
    fn weight_to_set(
        &mut self,
        canary: &Canary,
        traffic: &TrafficRouting,
        rolling_back: bool,
    ) -> Option<i32> {
        if rolling_back {
            return Some(self.weight_on_abort(canary, traffic));
        }
        if self.old.fully_promoted() {
            return Some(0);
        }
        if self.is_aborted() {
            let weight = self.weight_on_abort(canary, traffic);
            if canary.canary_service && (!traffic.dynamic_stable_scale || weight == 0) {
                self.ensure_service(ServiceRole::Canary, self.stable_rs(), false);
            }
            return Some(weight);
        }
        let available = self.new_rs().counts.available;
        if available == 0 {
            return Some(0);
        }
        if self.old.promote_full {
            if traffic.dynamic_stable_scale {
                return (traffic.max_weight * available).checked_div(self.replicas());
            }
            return Some(self.old.weights.map_or(0, |weights| weights.pair.canary));
        }
        if canary.steps.is_empty() {
            return Some(0);
        }
        let index = self.old.step_index.unwrap_or(0);
        Some(if !self.at_desired_counts(canary, None) {
            // The pods for the new weight aren't there yet.
            canary.previous_set_weight(index)
        } else if usize::try_from(index).is_ok_and(|index| index == canary.steps.len()) {
            traffic.max_weight
        } else {
            canary.current_set_weight(self.old.abort, self.old.step_index)
        })
    }

    /// The way back: at once, or in step with the stable pods if those are scaled dynamically
    /// (trafficrouting.go calculateDesiredWeightOnAbortOrStableRollback).
    fn weight_on_abort(&self, canary: &Canary, traffic: &TrafficRouting) -> i32 {
        let replicas = self.replicas();
        let Some(stable) = self.stable_rs().filter(|_| traffic.dynamic_stable_scale) else {
            return 0;
        };
        if replicas == 0 {
            return 0;
        }
        let max = traffic.max_weight;
        let desired = canary.desired_weight(&self.standing(), &self.fleet);
        let carried_by_stable = max * stable.counts.available / replicas;
        let expected = (max - carried_by_stable).max(0);
        let Some(weights) = self.old.weights else {
            return expected.max(desired);
        };
        let current = weights.pair.canary;
        if desired <= 0 {
            expected.min(current)
        } else if carried_by_stable < max - desired {
            current
        } else {
            desired.min(current)
        }
    }

    /// Whether the stable ReplicaSet can carry `weight` (trafficrouting.go checkReplicasAvailable).
    fn enough_available(&self, canary: &Canary, rs: &ReplicaSet, max: i32, weight: i32) -> bool {
        let wanted = weight * self.replicas() / max;
        rs.counts.available >= wanted || threshold_met(canary.threshold, rs.counts, wanted)
    }

    fn tell_router(&mut self, weight: i32, canary: Template, stable: Template) {
        if self.router.map(|router| router.weight) != Some(weight) {
            self.effects.writes.push(Write::SetWeight(weight));
        }
        self.router = Some(RouterState {
            weight,
            canary,
            stable,
        });
    }

    /// Enters the weights into the new status (trafficrouting.go calculateWeightStatus).
    fn record_weights(&mut self, weights: Weights) {
        let recorded = self.old.weights;
        let unchanged = recorded.is_some_and(|old| {
            (old.pair, old.canary, old.stable) == (weights.pair, weights.canary, weights.stable)
        });
        self.weights = Some(Weights {
            verified: self.weight_verified,
            ..weights
        });
        if unchanged {
            // Old and new status share the object here: a changed verdict counts in this pass but isn't
            // stored.
            self.weights_shared = true;
        } else {
            self.effects.events.push(Event::WeightUpdated {
                from: recorded,
                to: weights.pair.canary,
            });
        }
    }

    /// With `dynamicStableScale`, an update that was taken back leaves a stable ReplicaSet too small for all
    /// traffic. Gives the template that still carries the rest
    /// (rolloututil.go `IsDynamicallyRollingBackToStable`).
    pub fn rolling_back_to_stable(&self, canary: &Canary) -> Option<Template> {
        let dynamic = canary
            .traffic
            .is_some_and(|traffic| traffic.dynamic_stable_scale);
        let previous = self.old.weights?.canary;
        let new = self.new_rs();
        (dynamic
            && self.old.fully_promoted()
            && previous != new.template
            && new.counts.available < self.replicas())
        .then_some(previous)
    }

    /// Points a service at a ReplicaSet once that has pods to serve (service.go ensureSVCTargets).
    pub fn ensure_service(
        &mut self,
        role: ServiceRole,
        rs: Option<&ReplicaSet>,
        check_availability: bool,
    ) {
        let Some(rs) = rs else {
            return;
        };
        let service = self.services.get(role);
        if service.selector == Some(rs.template) {
            return;
        }
        if check_availability {
            let counts = rs.counts;
            let full = counts.spec != 0 && counts.available >= counts.spec;
            // A service taken over from elsewhere must find all pods, a switch only one.
            if counts.available <= 0 || (!service.managed && !full) {
                return;
            }
        }
        self.switch_service(role, rs.template);
    }

    /// service.go switchServiceSelector.
    pub fn switch_service(&mut self, role: ServiceRole, template: Template) {
        let service = self.services.get_mut(role);
        if service.selector == Some(template) && service.managed {
            return;
        }
        let from = service.selector;
        service.selector = Some(template);
        service.managed = true;
        self.effects
            .writes
            .push(Write::SwitchService { role, template });
        self.effects.events.push(Event::ServiceSwitched {
            role,
            from,
            to: template,
        });
    }
}
