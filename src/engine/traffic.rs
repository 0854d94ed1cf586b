//! Where requests go: which share of them each version gets, and what that makes for each of its pods.
//!
//! A Service spreads its requests evenly over the ready pods that it selects. Without a router all versions
//! are behind one Service; a router splits by weight between two Services or two sets of pods; in a
//! blue-green update the active Service gets everything.

use std::collections::VecDeque;

use crate::controller::rollout::state::{Router, ServiceRole};
use crate::controller::rollout::{State, Template};
use crate::plan::Split;
use crate::telemetry::targets::RATE_GROUPS;

/// The share of all requests that each version gets, by [`group_of`]; what is missing to 1 has nowhere to go.
pub type Shares = [f64; RATE_GROUPS];

/// The place of a version among those that can serve at a time: the first, the new one, and what replaces it.
pub fn group_of(template: Template) -> usize {
    usize::from(template.number() - 1).min(RATE_GROUPS - 1)
}

/// The shares that the services of `state` and the router, as requests see it, make. `ready` counts the ready pods of each group.
pub fn shares(
    split: Split,
    max_weight: i32,
    state: &State,
    router: Option<Router>,
    ready: [u32; RATE_GROUPS],
) -> Shares {
    let service = |role| state.services.get(role).selector;
    match split {
        Split::ReadyPods => by_pods(ready),
        Split::StableService => all_to(service(ServiceRole::Stable)),
        Split::ActiveService => all_to(service(ServiceRole::Active)),
        Split::Services | Split::Subsets => {
            let Some(router) = router else {
                // Nothing was ever routed: everything goes to what is stable.
                return all_to(state.status.stable);
            };
            let weight = f64::from(router.weight) / f64::from(max_weight);
            let (canary, stable) = if split == Split::Services {
                let (canary, stable) = (ServiceRole::Canary, ServiceRole::Stable);
                (service(canary), service(stable))
            } else {
                (Some(router.canary), Some(router.stable))
            };
            let mut shares = all_to(None);
            add(&mut shares, canary, weight);
            add(&mut shares, stable, 1.0 - weight);
            shares
        }
    }
}

fn by_pods(ready: [u32; RATE_GROUPS]) -> Shares {
    let all: u32 = ready.iter().sum();
    ready.map(|pods| {
        if all == 0 {
            0.0
        } else {
            f64::from(pods) / f64::from(all)
        }
    })
}

fn all_to(template: Option<Template>) -> Shares {
    let mut shares = [0.0; RATE_GROUPS];
    add(&mut shares, template, 1.0);
    shares
}

fn add(shares: &mut Shares, template: Option<Template>, share: f64) {
    if let Some(template) = template {
        shares[group_of(template)] += share;
    }
}

/// Requests per millisecond at each ready pod of each group.
pub fn rates(
    split: Split,
    per_ms: f64,
    shares: &Shares,
    ready: [u32; RATE_GROUPS],
) -> [f64; RATE_GROUPS] {
    let mut rates = [0.0; RATE_GROUPS];
    // Behind one Service every pod gets the same; computed so that it is one of the plan's known rates.
    let all: u32 = ready.iter().sum();
    for group in 0..RATE_GROUPS {
        rates[group] = match split {
            Split::ReadyPods if all == 0 => 0.0,
            Split::ReadyPods => per_ms / f64::from(all),
            _ if ready[group] == 0 => 0.0,
            _ => per_ms * shares[group] / f64::from(ready[group]),
        };
    }
    rates
}

/// The router as requests see it: a new weight takes its time to reach every proxy.
#[derive(Clone, Debug, Default)]
pub struct Propagation {
    told: Option<Router>,
    in_effect: Option<Router>,
    /// What isn't in effect yet, and from which millisecond it is.
    coming: VecDeque<(i64, Option<Router>)>,
    changes: i64,
}

impl Propagation {
    /// Before the update everything is in effect.
    pub fn reset(&mut self, router: Option<Router>) {
        self.coming.clear();
        (self.told, self.in_effect, self.changes) = (router, router, 0);
    }

    /// The controller has told the router this; `delay` says how long change number so much takes. A later
    /// change is never in effect before an earlier one.
    pub fn tell(&mut self, router: Option<Router>, at_ms: i64, delay: impl FnOnce(i64) -> i64) {
        if self.told == router {
            return;
        }
        self.told = router;
        let earliest = self.coming.back().map_or(at_ms, |(at, _)| *at);
        let from_ms = earliest.max(at_ms + delay(self.changes));
        self.changes += 1;
        self.coming.push_back((from_ms, router));
    }

    /// What requests see at an instant.
    pub fn at(&mut self, at_ms: i64) -> Option<Router> {
        while let Some((_, router)) = self.coming.pop_front_if(|(from, _)| *from <= at_ms) {
            self.in_effect = router;
        }
        self.in_effect
    }

    /// When requests next see something else.
    pub fn next_ms(&self) -> Option<i64> {
        self.coming.front().map(|(from, _)| *from)
    }
}

#[cfg(test)]
#[expect(
    clippy::float_cmp,
    reason = "shares of whole pods and weights are exact"
)]
mod tests {
    use super::{Propagation, rates, shares};
    use crate::controller::rollout::state::{Router, ServiceRole};
    use crate::controller::rollout::{State, Template};
    use crate::plan::Split;

    const NEW: Template = Template::FIRST.next();

    fn routed(weight: i32) -> State {
        let mut state = State::new(4);
        state.router = Some(Router {
            weight,
            canary: NEW,
            stable: Template::FIRST,
        });
        state.services.get_mut(ServiceRole::Stable).selector = Some(Template::FIRST);
        state.services.get_mut(ServiceRole::Canary).selector = Some(NEW);
        state
    }

    #[test]
    fn a_router_splits_by_weight_whatever_the_pods() {
        for split in [Split::Services, Split::Subsets] {
            let shares = shares(split, 100, &routed(20), routed(20).router, [4, 1, 0]);
            assert_eq!(shares, [0.8, 0.2, 0.0]);
            assert_eq!(rates(split, 10.0, &shares, [4, 1, 0]), [2.0, 2.0, 0.0]);
        }
    }

    #[test]
    fn a_service_that_was_switched_back_takes_its_weight_along() {
        let mut state = routed(20);
        state.services.get_mut(ServiceRole::Canary).selector = Some(Template::FIRST);
        assert_eq!(
            shares(Split::Services, 100, &state, state.router, [4, 1, 0]),
            [1.0, 0.0, 0.0]
        );
        assert_eq!(
            shares(Split::Subsets, 100, &state, state.router, [4, 1, 0]),
            [0.8, 0.2, 0.0]
        );
    }

    #[test]
    fn the_active_service_gets_everything_and_the_preview_nothing() {
        let mut state = State::new(4);
        state.services.get_mut(ServiceRole::Active).selector = Some(Template::FIRST);
        state.services.get_mut(ServiceRole::Preview).selector = Some(NEW);
        let before = shares(Split::ActiveService, 100, &state, None, [4, 4, 0]);
        assert_eq!(before, [1.0, 0.0, 0.0]);
        state.services.get_mut(ServiceRole::Active).selector = Some(NEW);
        let after = shares(Split::ActiveService, 100, &state, None, [4, 0, 0]);
        assert_eq!(after, [0.0, 1.0, 0.0]);
        assert_eq!(
            rates(Split::ActiveService, 10.0, &after, [4, 0, 0]),
            [0.0; 3]
        );
    }

    #[test]
    fn without_a_router_every_ready_pod_gets_the_same() {
        let shares = shares(Split::ReadyPods, 100, &State::new(4), None, [6, 1, 0]);
        assert!((shares[1] - 1.0 / 7.0).abs() < 1e-15);
        assert_eq!(
            rates(Split::ReadyPods, 14.0, &shares, [6, 1, 0]),
            [2.0, 2.0, 2.0]
        );
    }

    /// Changes keep their order, and each is seen from its time on.
    #[test]
    fn weights_are_seen_after_their_delay_and_in_order() {
        let router = |weight| routed(weight).router;
        let mut propagation = Propagation::default();
        propagation.reset(router(0));
        propagation.tell(router(20), 1_000, |change| 5_000 - 4_000 * change);
        propagation.tell(router(20), 1_500, |_| 0);
        propagation.tell(router(40), 2_000, |change| 5_000 - 4_000 * change);
        assert_eq!(propagation.next_ms(), Some(6_000));
        assert_eq!(propagation.at(5_999), router(0));
        assert_eq!(propagation.at(6_000), router(40));
        assert_eq!(propagation.next_ms(), None);
    }
}
