//! Where requests go: which share of them each version gets, and what that makes for each of its pods.
//!
//! A Service spreads its requests evenly over the ready pods that it selects. Without a router all versions
//! are behind one Service; a router splits by weight between two Services or two sets of pods; in a
//! blue-green update the active Service gets everything.

use crate::controller::rollout::state::ServiceRole;
use crate::controller::rollout::{State, Template};
use crate::plan::Split;
use crate::telemetry::targets::RATE_GROUPS;

/// The share of all requests that each version gets, by [`group_of`]; what is missing to 1 has nowhere to go.
pub type Shares = [f64; RATE_GROUPS];

/// The place of a version among those that can serve at a time: the first, the new one, and what replaces it.
pub fn group_of(template: Template) -> usize {
    usize::from(template.number() - 1).min(RATE_GROUPS - 1)
}

/// The shares that the services and the router of `state` make. `ready` counts the ready pods of each group.
pub fn shares(split: Split, max_weight: i32, state: &State, ready: [u32; RATE_GROUPS]) -> Shares {
    let service = |role| state.services.get(role).selector;
    match split {
        Split::ReadyPods => by_pods(ready),
        Split::StableService => all_to(service(ServiceRole::Stable)),
        Split::ActiveService => all_to(service(ServiceRole::Active)),
        Split::Services | Split::Subsets => {
            let Some(router) = state.router else {
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

#[cfg(test)]
#[expect(
    clippy::float_cmp,
    reason = "shares of whole pods and weights are exact"
)]
mod tests {
    use super::{rates, shares};
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
            let shares = shares(split, 100, &routed(20), [4, 1, 0]);
            assert_eq!(shares, [0.8, 0.2, 0.0]);
            assert_eq!(rates(split, 10.0, &shares, [4, 1, 0]), [2.0, 2.0, 0.0]);
        }
    }

    #[test]
    fn a_service_that_was_switched_back_takes_its_weight_along() {
        let mut state = routed(20);
        state.services.get_mut(ServiceRole::Canary).selector = Some(Template::FIRST);
        assert_eq!(
            shares(Split::Services, 100, &state, [4, 1, 0]),
            [1.0, 0.0, 0.0]
        );
        assert_eq!(
            shares(Split::Subsets, 100, &state, [4, 1, 0]),
            [0.8, 0.2, 0.0]
        );
    }

    #[test]
    fn the_active_service_gets_everything_and_the_preview_nothing() {
        let mut state = State::new(4);
        state.services.get_mut(ServiceRole::Active).selector = Some(Template::FIRST);
        state.services.get_mut(ServiceRole::Preview).selector = Some(NEW);
        let before = shares(Split::ActiveService, 100, &state, [4, 4, 0]);
        assert_eq!(before, [1.0, 0.0, 0.0]);
        state.services.get_mut(ServiceRole::Active).selector = Some(NEW);
        let after = shares(Split::ActiveService, 100, &state, [4, 0, 0]);
        assert_eq!(after, [0.0, 1.0, 0.0]);
        assert_eq!(
            rates(Split::ActiveService, 10.0, &after, [4, 0, 0]),
            [0.0; 3]
        );
    }

    #[test]
    fn without_a_router_every_ready_pod_gets_the_same() {
        let shares = shares(Split::ReadyPods, 100, &State::new(4), [6, 1, 0]);
        assert!((shares[1] - 1.0 / 7.0).abs() < 1e-15);
        assert_eq!(
            rates(Split::ReadyPods, 14.0, &shares, [6, 1, 0]),
            [2.0, 2.0, 2.0]
        );
    }
}
