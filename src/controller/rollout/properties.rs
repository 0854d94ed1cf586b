//! What must hold of every rollout, whatever its spec and however long its pods take.

use proptest::prelude::*;

use super::livelock::{Livelock, fingerprint};
use super::spec::{
    AbortScaleDownDelay, BlueGreen, Canary, IntOrPercent, Pause, SetCanaryScale, Spec, Step,
    Strategy as Way, Threshold, TrafficRouting,
};
use super::{Effects, Inputs, Memo, Phase, State, Template, actions, reconcile};
use crate::controller::replicaset::{Pod, Pods};
use crate::units::{Duration, Instant};

/// A rollout among pods that take their time, driven by a controller that takes its own.
struct World {
    spec: Spec,
    state: State,
    pods: Vec<(Template, Pods)>,
    effects: Effects,
    livelock: Livelock,
    now: Instant,
    requeue_at: Option<Instant>,
    dirty: bool,
    /// Milliseconds until a pod is ready, one after the other, round and round.
    ready_after: Vec<i64>,
    created: usize,
    /// Milliseconds between a change and the pass that sees it, likewise.
    latency: Vec<i64>,
    passes: usize,
    spinning: bool,
    /// Makes each pass from memory as well, and compares.
    memo: Option<Memo>,
}

impl World {
    fn new(spec: Spec, replicas: i32, ready_after: Vec<i64>, latency: Vec<i64>) -> Self {
        Self {
            spec,
            state: State::new(replicas),
            pods: Vec::new(),
            effects: Effects::default(),
            livelock: Livelock::default(),
            now: Instant::from_millis(400),
            requeue_at: None,
            dirty: true,
            ready_after,
            created: 0,
            latency,
            passes: 0,
            spinning: false,
            memo: None,
        }
    }

    fn replica_sets(&mut self) -> bool {
        let mut changed = false;
        for index in 0..self.state.replica_sets.len() {
            let rs = &mut self.state.replica_sets[index];
            let known = self
                .pods
                .iter()
                .position(|(template, _)| *template == rs.template);
            let place = known.unwrap_or_else(|| {
                self.pods.push((rs.template, Pods::default()));
                self.pods.len() - 1
            });
            let (now, created, ready_after) = (self.now, &mut self.created, &self.ready_after);
            let pods = &mut self.pods[place].1;
            let create = |_| {
                *created += 1;
                let ready_after = ready_after[*created % ready_after.len()];
                Pod {
                    key: 0,
                    created_at: now,
                    ready_at: now + Duration::from_millis(ready_after),
                    down: false,
                }
            };
            pods.scale(rs.counts.spec, now, create, |_| {});
            changed |= pods.count(rs, now, Duration::ZERO);
        }
        changed
    }

    /// Goes on until `end`, or until nothing is left to happen; `check` sees the state after each change.
    fn run(&mut self, end: Instant, check: &mut dyn FnMut(&State)) {
        loop {
            if self.replica_sets() {
                self.dirty = true;
                self.livelock.reset();
                check(&self.state);
            }
            if self.dirty || self.requeue_at.is_some_and(|at| at <= self.now) {
                let latency = self.latency[self.passes % self.latency.len()];
                self.now += Duration::from_millis(latency);
                // Pods may have got ready meanwhile.
                self.replica_sets();
                self.pass();
                check(&self.state);
                if !self.spinning {
                    continue;
                }
                // The controller spins; only the world can end that.
                self.dirty = false;
                self.requeue_at = None;
            }
            let pods = self.pods.iter();
            let next = pods
                .map(|(_, pods)| pods.next_change(self.now, Duration::ZERO))
                .chain(self.requeue_at.map(|at| at + Duration::from_nanos(1)))
                .min()
                .unwrap_or(Instant::NEVER);
            if next > end {
                return;
            }
            self.now = next;
        }
    }

    fn pass(&mut self) {
        if self.requeue_at.is_some_and(|at| at <= self.now) {
            self.requeue_at = None;
        }
        let inputs = Inputs {
            now: self.now,
            weight_verified: None,
        };
        let mut state = self.state.clone();
        reconcile(&self.spec, &mut self.state, &inputs, &mut self.effects);
        if let Some(memo) = &mut self.memo {
            let mut effects = Effects::default();
            memo.reconcile(&self.spec, &mut state, &inputs, &mut effects);
            assert_eq!(state, self.state);
            let seen = |effects: &Effects| {
                let (writes, events) = (effects.writes.clone(), effects.events.clone());
                (
                    writes,
                    events,
                    effects.requeue_at,
                    effects.changed,
                    effects.failed,
                )
            };
            assert_eq!(seen(&effects), seen(&self.effects));
        }
        self.passes += 1;
        assert!(!self.effects.failed, "nothing fails in this world");
        self.dirty = self.effects.changed;
        self.requeue_at = self
            .requeue_at
            .into_iter()
            .chain(self.effects.requeue_at)
            .min();
        let again = self.dirty || self.requeue_at.is_some_and(|at| at <= self.now);
        self.spinning = again && self.livelock.repeats(fingerprint(&self.state));
    }

    fn update(&mut self, template: Template) {
        actions::set_template(&mut self.state, template);
        self.wake();
    }

    fn wake(&mut self) {
        if let Some(memo) = &mut self.memo {
            memo.forget_place();
        }
        self.dirty = true;
        self.livelock.reset();
    }
}

fn total(state: &State, count: fn(&super::ReplicaSet) -> i32) -> i32 {
    state.replica_sets.iter().map(count).sum()
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..=100).prop_map(|weight| Step {
            set_weight: Some(weight),
            ..Step::default()
        }),
        1 => (0_i64..120).prop_map(|seconds| Step {
            pause: Some(Pause::For(Duration::from_seconds(seconds))),
            ..Step::default()
        }),
    ]
}

fn int_or_percent() -> impl Strategy<Value = IntOrPercent> {
    prop_oneof![
        (0..5).prop_map(IntOrPercent::Count),
        (0..=100).prop_map(IntOrPercent::Percent),
        Just(IntOrPercent::DEFAULT),
    ]
}

fn basic_canary() -> impl Strategy<Value = Canary> {
    let steps = prop::collection::vec(step(), 0..6);
    (steps, int_or_percent(), int_or_percent()).prop_map(|(steps, max_surge, max_unavailable)| {
        Canary {
            steps: steps.into(),
            max_surge,
            max_unavailable,
            threshold: None,
            scale_down_delay_revision_limit: i32::MAX,
            traffic: None,
            background: None,
            stable_service: false,
            canary_service: false,
        }
    })
}

fn abort_delay() -> impl Strategy<Value = AbortScaleDownDelay> {
    prop_oneof![
        Just(AbortScaleDownDelay::Default),
        Just(AbortScaleDownDelay::Never),
        (1_i64..1000)
            .prop_map(|seconds| AbortScaleDownDelay::Explicit(Duration::from_seconds(seconds))),
    ]
}

/// Traffic-routed, with the options that interact.
fn routed_canary() -> impl Strategy<Value = Canary> {
    let traffic = (
        any::<bool>(),
        prop::option::of(1..4),
        0_i64..40,
        abort_delay(),
    );
    let scale = prop::option::of((prop::option::of(0..5), prop::option::of(0..=100)));
    let threshold = prop::option::of(0..=100);
    (basic_canary(), traffic, scale, threshold).prop_map(|(mut canary, traffic, scale, percent)| {
        let (dynamic_stable_scale, min_pods, delay, abort_scale_down_delay) = traffic;
        canary.traffic = Some(TrafficRouting {
            has_router: true,
            max_weight: 100,
            dynamic_stable_scale,
            min_pods,
            scale_down_delay: Duration::from_seconds(delay),
            abort_scale_down_delay,
        });
        canary.stable_service = true;
        canary.canary_service = true;
        canary.threshold = percent.map(Threshold::Percent);
        if let (Some((replicas, weight)), Some(first)) = (scale, canary.steps.first_mut()) {
            *first = Step {
                set_canary_scale: Some(SetCanaryScale {
                    replicas,
                    weight,
                    match_traffic_weight: false,
                }),
                ..Step::default()
            };
        }
        canary
    })
}

fn blue_green() -> impl Strategy<Value = BlueGreen> {
    let delay = prop::option::of((0_i64..60).prop_map(Duration::from_seconds));
    (
        any::<bool>(),
        prop::option::of(0..4),
        0_i64..60,
        delay,
        abort_delay(),
    )
        .prop_map(
            |(preview_service, preview_replicas, after, delay, abort)| BlueGreen {
                preview_service,
                preview_replicas,
                auto_promotion: true,
                auto_promotion_after: Duration::from_seconds(after),
                scale_down_delay: delay,
                scale_down_delay_revision_limit: i32::MAX,
                abort_scale_down_delay: abort,
                pre_promotion: None,
                post_promotion: None,
            },
        )
}

fn spec(strategy: Way) -> Spec {
    Spec {
        progress_deadline: Duration::from_seconds(600),
        progress_deadline_abort: false,
        revision_history_limit: 10,
        rollback_window: 0,
        strategy,
    }
}

fn any_spec() -> impl Strategy<Value = Spec> {
    prop_oneof![
        basic_canary().prop_map(Way::Canary),
        routed_canary().prop_map(Way::Canary),
        blue_green().prop_map(Way::BlueGreen),
    ]
    .prop_map(spec)
}

fn ready_after() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(0_i64..60_000, 1..20)
}

fn latency() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(0_i64..200, 1..5)
}

const HORIZON: Instant = Instant::from_seconds(20_000);

proptest! {
    #[test]
    fn a_basic_canary_keeps_within_surge_and_unavailability(
        canary in basic_canary(),
        replicas in 0..13,
        ready_after in ready_after(),
        latency in latency(),
        second_update in prop::option::of(1_i64..300),
    ) {
        let fenceposts = canary.fenceposts(replicas);
        let mut world = World::new(spec(Way::Canary(canary)), replicas, ready_after, latency);
        let most = replicas + fenceposts.surge;
        let mut check = |state: &State| {
            let wanted = total(state, |rs| rs.counts.spec);
            assert!(wanted <= most, "{wanted} pods wanted, {most} allowed");
        };
        world.run(Instant::from_seconds(500), &mut check);
        prop_assert_eq!(world.state.status.phase, Phase::Healthy);
        let least = replicas - fenceposts.unavailable;
        let mut check = |state: &State| {
            check(state);
            let available = total(state, |rs| rs.counts.available);
            assert!(available >= least, "{available} pods available, {least} needed");
        };
        let second = Template::FIRST.next();
        world.now = Instant::from_seconds(500);
        world.update(second);
        if let Some(seconds) = second_update {
            let at = world.now + Duration::from_seconds(seconds);
            world.run(at, &mut check);
            world.now = world.now.max(at);
            world.update(second.next());
        }
        world.run(HORIZON, &mut check);
        prop_assert_eq!(world.state.status.phase, Phase::Healthy);
        prop_assert_eq!(world.state.status.stable, Some(world.state.desired.template));
    }

    #[test]
    fn every_rollout_comes_to_rest_or_is_seen_to_spin(
        spec in any_spec(),
        replicas in 0..9,
        ready_after in ready_after(),
        latency in latency(),
        abort_at in prop::option::of(0_i64..400),
        retry_after in prop::option::of(0_i64..100),
        deadline_abort in any::<bool>(),
    ) {
        let spec = Spec { progress_deadline_abort: deadline_abort, ..spec };
        let mut world = World::new(spec, replicas, ready_after, latency);
        let mut check = |_: &State| {};
        world.run(Instant::from_seconds(500), &mut check);
        world.now = world.now.max(Instant::from_seconds(500));
        world.update(Template::FIRST.next());
        if let Some(seconds) = abort_at {
            let at = world.now + Duration::from_seconds(seconds);
            world.run(at, &mut check);
            world.now = world.now.max(at);
            actions::abort(&mut world.state);
            world.wake();
            if let Some(seconds) = retry_after {
                let at = world.now + Duration::from_seconds(seconds);
                world.run(at, &mut check);
                world.now = world.now.max(at);
                actions::retry(&mut world.state);
                world.wake();
            }
        }
        let before = world.passes;
        world.run(HORIZON, &mut check);
        prop_assert!(world.passes - before < 2_000, "{} passes", world.passes - before);
        if !world.spinning {
            prop_assert!(world.requeue_at.is_none_or(|at| at >= HORIZON));
        }
    }

    /// Several rollouts of one spec at times of their own share a memory; each pass is compared.
    #[test]
    fn a_pass_from_memory_is_the_one_that_would_have_been_made(
        spec in any_spec(),
        replicas in 0..6,
        lives in prop::collection::vec((ready_after(), latency(), 0_i64..200_000, 0_i64..100_000), 3),
        (history, window) in (0_usize..3, 0_usize..3),
        deadline in 20_i64..200,
        deadline_abort in any::<bool>(),
    ) {
        let spec = Spec {
            progress_deadline: Duration::from_seconds(deadline),
            progress_deadline_abort: deadline_abort,
            revision_history_limit: history,
            rollback_window: window,
            ..spec
        };
        let mut memo = Memo::default();
        for (ready_after, latency, abort_after, retry_after) in lives {
            let mut world = World::new(spec.clone(), replicas, ready_after, latency);
            memo.forget_place();
            world.memo = Some(std::mem::take(&mut memo));
            let mut check = |_: &State| {};
            world.run(Instant::from_seconds(500), &mut check);
            world.now = world.now.max(Instant::from_seconds(500));
            let mut go_on = |world: &mut World, millis| {
                let at = world.now + Duration::from_millis(millis);
                world.run(at, &mut check);
                world.now = world.now.max(at);
            };
            let second = Template::FIRST.next();
            world.update(second);
            go_on(&mut world, abort_after);
            actions::abort(&mut world.state);
            world.wake();
            go_on(&mut world, retry_after);
            actions::retry(&mut world.state);
            world.wake();
            go_on(&mut world, retry_after);
            world.update(second.next());
            go_on(&mut world, abort_after);
            world.update(second);
            go_on(&mut world, 2_000_000);
            memo = world.memo.unwrap_or_default();
        }
    }
}
