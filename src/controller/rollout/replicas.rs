//! How many pods each ReplicaSet should have: the arithmetic behind every scaling decision.
//!
//! Only numbers go in and come out (argo-rollout.md §3; Argo Rollouts v1.9.1 utils/replicaset/canary.go and
//! replicaset.go). Argo computes with `float64` in places; so do we, in the same order of operations.

use super::spec::{
    AbortScaleDownDelay, BlueGreen, Canary, IntOrPercent, SetCanaryScale, Step, Threshold,
    TrafficRouting,
};

/// The counts of one ReplicaSet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Counts {
    /// `spec.replicas`.
    pub spec: i32,
    /// `status.replicas`: pods that exist.
    pub created: i32,
    /// `status.availableReplicas`.
    pub available: i32,
}

/// The stable ReplicaSet as seen from the new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stable {
    /// Nothing was ever promoted.
    #[default]
    Missing,
    /// The new ReplicaSet is the stable one.
    New,
    /// Another ReplicaSet.
    Other(Counts),
}

/// The counts of all `ReplicaSets` of a rollout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fleet {
    /// The ReplicaSet of the current pod template.
    pub new: Counts,
    /// The stable one.
    pub stable: Stable,
    /// `spec.replicas` of all others together.
    pub others_spec: i32,
    /// `status.availableReplicas` of all others together.
    pub others_available: i32,
}

impl Fleet {
    /// The stable ReplicaSet's counts, also when it is the new one.
    pub const fn stable_counts(&self) -> Option<Counts> {
        match self.stable {
            Stable::Missing => None,
            Stable::New => Some(self.new),
            Stable::Other(counts) => Some(counts),
        }
    }
}

/// Where the rollout stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// `spec.replicas` of the Rollout.
    pub replicas: i32,
    /// `status.currentStepIndex`.
    pub step_index: Option<i32>,
    /// `status.abort`.
    pub abort: bool,
    /// Full promotion asked for, nothing stable yet, or the stable template is current: steps don't count.
    pub all_to_new: bool,
}

/// `status.canary.weights` without the hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightPair {
    /// Weight of the canary.
    pub canary: i32,
    /// Weight of the stable side.
    pub stable: i32,
}

/// `maxSurge` and `maxUnavailable` in pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fenceposts {
    /// Pods above `spec.replicas`.
    pub surge: i32,
    /// Pods that may be missing.
    pub unavailable: i32,
}

/// What the canary should be: a fixed number of pods or a share of the traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CanaryScale {
    /// `setCanaryScale.replicas`.
    Replicas(i32),
    /// A weight, 0 to the maximum.
    Weight(i32),
}

/// Wanted pods of the new and the stable ReplicaSet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// For the new ReplicaSet.
    pub new: i32,
    /// For the stable one; 0 when there is no other than the new.
    pub stable: i32,
}

impl Canary {
    /// The weight of all traffic: 100 unless `maxTrafficWeight` says otherwise.
    pub fn max_weight(&self) -> i32 {
        self.traffic.map_or(100, |traffic| traffic.max_weight)
    }

    /// `maxSurge` rounded up, `maxUnavailable` rounded down; never both zero; the latter never above
    /// `replicas` (Argo Rollouts v1.9.1 replicaset.go resolveFenceposts, `MaxUnavailable`).
    pub fn fenceposts(&self, replicas: i32) -> Fenceposts {
        let surge = pods(self.max_surge, replicas, ceil_div);
        let unavailable = pods(self.max_unavailable, replicas, floor_div);
        let (surge, unavailable) = match (surge, unavailable) {
            (Some(0), Some(0)) => (0, 1),
            (Some(surge), Some(unavailable)) => (surge, unavailable),
            // Argo ignores the error and keeps the zeros that came with it.
            _ => (0, 0),
        };
        Fenceposts {
            surge,
            unavailable: unavailable.min(replicas),
        }
    }

    /// The current step, or `None` without steps and after the last (canary.go `GetCurrentCanaryStep`).
    pub fn current_step(&self, step_index: Option<i32>) -> Option<&Step> {
        let index = usize::try_from(step_index.unwrap_or(0)).ok()?;
        self.steps.get(index)
    }

    /// Steps from the current one back to the first.
    fn steps_back(&self, step_index: Option<i32>) -> impl Iterator<Item = &Step> {
        let index = usize::try_from(step_index.unwrap_or(0)).unwrap_or(0);
        let done = self.steps.len().min(index.saturating_add(1));
        self.steps[..done].iter().rev()
    }

    /// The weight in force: the last `setWeight` up to the current step; 0 before the first and on abort;
    /// everything after the last step (canary.go `GetCurrentSetWeight`).
    pub fn current_set_weight(&self, abort: bool, step_index: Option<i32>) -> i32 {
        if abort {
            return 0;
        }
        if self.current_step(step_index).is_none() {
            return self.max_weight();
        }
        self.steps_back(step_index)
            .find_map(|step| step.set_weight)
            .unwrap_or(0)
    }

    /// The `setWeight` before the current step; 0 if there is none.
    pub fn previous_set_weight(&self, step_index: i32) -> i32 {
        let before = usize::try_from(step_index).unwrap_or(0);
        self.steps[..before.min(self.steps.len())]
            .iter()
            .rev()
            .find_map(|step| step.set_weight)
            .unwrap_or(0)
    }

    /// The weight the pods should follow. With `dynamicStableScale` an abort goes back through the
    /// `setWeight` steps, so that the stable side grows in waves (canary.go `GetDesiredCanaryWeight`).
    pub fn desired_weight(&self, standing: &Standing, fleet: &Fleet) -> i32 {
        let dynamic = self.traffic.filter(|traffic| traffic.dynamic_stable_scale);
        if let (true, Some(traffic), Some(stable)) =
            (standing.abort, dynamic, fleet.stable_counts())
        {
            let canary = (standing.replicas - stable.available).max(fleet.new.available);
            return self
                .steps
                .iter()
                .rev()
                .filter_map(|step| step.set_weight)
                .find(|&weight| {
                    weight_to_replicas(standing.replicas, weight, traffic.max_weight) < canary
                })
                .unwrap_or(0);
        }
        self.current_set_weight(standing.abort, standing.step_index)
    }

    /// The `setCanaryScale` in force (canary.go `UseSetCanaryScale`).
    fn set_canary_scale(&self, standing: &Standing) -> Option<SetCanaryScale> {
        let traffic = self.traffic?;
        if standing.abort && traffic.abort_scale_down_delay != AbortScaleDownDelay::Never {
            return None;
        }
        self.current_step(standing.step_index)?;
        self.steps_back(standing.step_index)
            .find_map(|step| step.set_canary_scale)
            .filter(|scale| !scale.match_traffic_weight)
    }

    /// What the canary should be (canary.go `GetCanaryReplicasOrWeight`).
    pub fn canary_scale(&self, standing: &Standing, fleet: &Fleet) -> CanaryScale {
        if standing.all_to_new {
            return CanaryScale::Weight(self.max_weight());
        }
        let scale = self.set_canary_scale(standing).unwrap_or_default();
        match (scale.replicas, scale.weight) {
            (Some(replicas), _) => CanaryScale::Replicas(replicas),
            (None, Some(weight)) => CanaryScale::Weight(weight),
            (None, None) => CanaryScale::Weight(self.desired_weight(standing, fleet)),
        }
    }

    /// The counts to scale to now. `weights` only matter to `dynamicStableScale`; pass the recorded ones
    /// where Argo does.
    pub fn wanted(
        &self,
        standing: &Standing,
        fleet: &Fleet,
        weights: Option<WeightPair>,
    ) -> Wanted {
        match &self.traffic {
            None => self.wanted_basic(standing, fleet),
            Some(traffic) => self.wanted_traffic(traffic, standing, fleet, weights),
        }
    }

    /// Pods follow the weight as closely as surge and unavailability allow
    /// (canary.go `CalculateReplicaCountsForBasicCanary`).
    fn wanted_basic(&self, standing: &Standing, fleet: &Fleet) -> Wanted {
        let replicas = standing.replicas;
        let fenceposts = self.fenceposts(replicas);
        let most = replicas + fenceposts.surge;
        let least_available = replicas - fenceposts.unavailable;
        let stable = match fleet.stable {
            Stable::Other(counts) => Some(counts),
            Stable::Missing | Stable::New => None,
        };
        let goal = if stable.is_some() {
            let weight = match self.canary_scale(standing, fleet) {
                CanaryScale::Weight(weight) => weight,
                CanaryScale::Replicas(_) => 0,
            };
            approximate(replicas, weight, self.max_weight(), fenceposts.surge)
        } else {
            Wanted {
                new: replicas,
                stable: 0,
            }
        };
        let mut wanted = Wanted {
            new: fleet.new.spec,
            stable: stable.map_or(0, |counts| counts.spec),
        };
        let room = most - wanted.new - wanted.stable - fleet.others_spec;
        scale_up(&mut wanted, goal, room);
        if fleet.others_spec > 0 {
            // Defunct ReplicaSets go first.
            return wanted;
        }
        // Towards more canary, the availability of the stable pods doesn't hold the update up; and the
        // other way round.
        let increasing = goal.new >= fleet.new.spec;
        let drainable = for_scale_down(fleet.new, !increasing)
            + fleet
                .stable_counts()
                .map_or(0, |counts| for_scale_down(counts, increasing));
        if drainable <= least_available {
            return wanted;
        }
        let limits = Limits {
            most,
            least_available,
            down: drainable - least_available,
        };
        if !increasing {
            (wanted.new, wanted.stable) = limits.drain(
                Side::of(fleet.new, wanted.new, goal.new),
                fleet.stable_counts(),
                wanted.stable,
            );
        } else if let Some(counts) = stable {
            (wanted.stable, wanted.new) = limits.drain(
                Side::of(counts, wanted.stable, goal.stable),
                Some(fleet.new),
                wanted.new,
            );
        }
        wanted
    }

    /// The router makes the weight exact, so pods only have to carry their share
    /// (canary.go `CalculateReplicaCountsForTrafficRoutedCanary`).
    fn wanted_traffic(
        &self,
        traffic: &TrafficRouting,
        standing: &Standing,
        fleet: &Fleet,
        weights: Option<WeightPair>,
    ) -> Wanted {
        let at_least = |count: i32| match traffic.min_pods {
            Some(min) if count != 0 => count.max(min),
            _ => count,
        };
        let share = |weight| weight_to_replicas(standing.replicas, weight, traffic.max_weight);
        let (mut canary, weight) = match self.canary_scale(standing, fleet) {
            CanaryScale::Replicas(replicas) => (replicas, 0),
            CanaryScale::Weight(weight) => (at_least(share(weight)), weight),
        };
        if !traffic.dynamic_stable_scale {
            return Wanted {
                new: canary,
                stable: standing.replicas,
            };
        }
        let mut stable = share(traffic.max_weight - weight);
        if let Some(weights) = weights {
            stable = stable.max(share(weights.stable));
            if standing.abort {
                canary = canary.max(share(weights.canary));
            }
        }
        Wanted {
            new: at_least(canary),
            stable: at_least(stable),
        }
    }

    /// Whether the pods of the current step are there (canary.go `AtDesiredReplicaCountsForCanary`).
    /// `wanted` is what [`Canary::wanted`] gives.
    pub fn at_desired_counts(&self, fleet: &Fleet, wanted: Wanted) -> bool {
        if !threshold_met(self.threshold, fleet.new, wanted.new) {
            return false;
        }
        let dynamic = self
            .traffic
            .is_some_and(|traffic| traffic.dynamic_stable_scale);
        let stable_created = fleet
            .stable_counts()
            .is_some_and(|stable| stable.spec == wanted.stable && stable.created == wanted.stable);
        (dynamic || stable_created) && (self.traffic.is_some() || fleet.others_available == 0)
    }
}

impl BlueGreen {
    /// The pods of the new ReplicaSet: `previewReplicaCount` as long as it is a preview
    /// (replicaset.go `NewRSNewReplicas`).
    pub fn wanted_new(&self, replicas: i32, preview: &Preview) -> i32 {
        let scaled_up = !preview.new_template && !preview.paused && preview.checkpoint;
        match self.preview_replicas {
            Some(count) if preview.other_active && !preview.promote_full && !scaled_up => count,
            _ => replicas,
        }
    }
}

/// What decides whether the new ReplicaSet of a blue-green rollout is still a preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each read in one place"
)]
pub struct Preview {
    /// The active service selects an existing ReplicaSet other than the new one.
    pub other_active: bool,
    /// `status.promoteFull`.
    pub promote_full: bool,
    /// The new ReplicaSet is not yet recorded as current.
    pub new_template: bool,
    /// `spec.paused`, or any pause condition.
    pub paused: bool,
    /// `status.blueGreen.scaleUpPreviewCheckPoint`.
    pub checkpoint: bool,
}

/// Whether enough of the `wanted` pods are available (canary.go `ReplicaProgressThresholdMet`). Without a
/// threshold that is all of them, and the ReplicaSet must ask for exactly as many.
pub fn threshold_met(threshold: Option<Threshold>, counts: Counts, wanted: i32) -> bool {
    match threshold {
        None => counts.spec == wanted && counts.available == wanted,
        Some(Threshold::Percent(_)) if wanted == 0 => true,
        Some(Threshold::Percent(percent)) => {
            let reached = f64::from(counts.available) / f64::from(wanted) * 100.0;
            reached >= f64::from(percent) || (reached - f64::from(percent)).abs() <= 1e-10
        }
        Some(Threshold::Pods(pods)) => counts.available >= pods,
    }
}

/// The pods that carry `weight`, rounded up (canary.go `trafficWeightToReplicas`).
pub fn weight_to_replicas(replicas: i32, weight: i32, max_weight: i32) -> i32 {
    ceil_div(i64::from(weight) * i64::from(replicas), max_weight)
}

fn pods(value: IntOrPercent, replicas: i32, divide: fn(i64, i32) -> i32) -> Option<i32> {
    match value {
        IntOrPercent::Count(count) => Some(count),
        IntOrPercent::Percent(percent) => {
            Some(divide(i64::from(percent) * i64::from(replicas), 100))
        }
        IntOrPercent::Unparsable => None,
    }
}

// Argo divides as `float64` and then rounds. A quotient of such small integers that is not whole is never
// rounded to a whole one, so the integers give the same.

fn floor_div(number: i64, divisor: i32) -> i32 {
    to_count(number.div_euclid(divisor.into()))
}

fn ceil_div(number: i64, divisor: i32) -> i32 {
    to_count(-(-number).div_euclid(divisor.into()))
}

fn to_count(value: i64) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// Grows the stable side first, then the new one, within `room`.
fn scale_up(wanted: &mut Wanted, goal: Wanted, room: i32) {
    let mut room = room;
    if wanted.stable < goal.stable && room > 0 {
        let more = room.min(goal.stable - wanted.stable);
        wanted.stable += more;
        room -= more;
    }
    if wanted.new < goal.new && room > 0 {
        wanted.new += room.min(goal.new - wanted.new);
    }
}

/// Pods that may count as drainable (canary.go `GetReplicasForScaleDown`).
fn for_scale_down(counts: Counts, ignore_availability: bool) -> i32 {
    if counts.spec < counts.available || ignore_availability {
        counts.spec
    } else {
        counts.available
    }
}

/// The ReplicaSet that shrinks.
#[derive(Clone, Copy)]
struct Side {
    counts: Counts,
    now: i32,
    goal: i32,
}

impl Side {
    const fn of(counts: Counts, now: i32, goal: i32) -> Self {
        Self { counts, now, goal }
    }
}

struct Limits {
    most: i32,
    least_available: i32,
    down: i32,
}

impl Limits {
    /// Shrinks `side` and keeps both `ReplicaSets` within the limits; gives the two new counts
    /// (canary.go calculateScaleDownReplicaCount, adjustReplicaWithinLimits).
    fn drain(&self, side: Side, other: Option<Counts>, other_now: i32) -> (i32, i32) {
        let mut drained = side.now;
        if side.counts.spec > side.goal {
            drained = side.goal.max(side.counts.spec - self.down);
        }
        let Some(counts) = other else {
            return (drained, other_now);
        };
        let mut other = other_now - (other_now + drained - self.most).max(0);
        let available = side.counts.available.min(drained) + counts.available.min(other);
        let spare = (counts.available - other).max(0);
        other += spare.min((self.least_available - available).max(0));
        drained -= (other + drained - self.most).max(0);
        (drained, other)
    }
}

/// The split of pods closest to the weight (canary.go approximateWeightedCanaryStableReplicaCounts).
fn approximate(replicas: i32, weight: i32, max_weight: i32, surge: i32) -> Wanted {
    if replicas == 0 {
        return Wanted { new: 0, stable: 0 };
    }
    let share = i64::from(replicas) * i64::from(weight);
    let (ceil, floor) = (ceil_div(share, max_weight), floor_div(share, max_weight));
    let zero_allowed = weight == max_weight || weight == 0 || (replicas == 1 && surge == 0);
    let floor_allowed = floor != 0 || zero_allowed;
    let floor_allowed = |total| floor_allowed && !tied(total, weight, max_weight);
    let mut best = (0, replicas);
    let mut best_delta = f64::INFINITY;
    let mut offer = |canary, total| {
        let actual = f64::from(canary) * f64::from(max_weight) / f64::from(total);
        let delta = (actual - f64::from(weight)).abs();
        if delta < best_delta {
            (best, best_delta) = ((canary, total), delta);
        }
        // Nothing comes nearer than that.
        delta == 0.0
    };
    let _exact = (ceil < replicas || zero_allowed) && offer(ceil, replicas)
        || floor_allowed(replicas) && offer(floor, replicas)
        || surge > 0 && offer(ceil, replicas + 1)
        || surge > 0 && floor_allowed(replicas + 1) && offer(floor, replicas + 1);
    Wanted {
        new: best.0,
        stable: best.1 - best.0,
    }
}

/// Whether `weight` asks for half a pod exactly, as far as Argo's order of `float64` operations sees it
/// (canary.go `floorCeilingTied`).
fn tied(total: i32, weight: i32, max_weight: i32) -> bool {
    let halves = 2 * i64::from(total) * i64::from(weight);
    let max = i64::from(max_weight);
    if halves % max != 0 || (halves / max) % 2 == 0 {
        return false;
    }
    let share = f64::from(total) * (f64::from(weight) / f64::from(max_weight));
    share.fract().to_bits() == 0.5_f64.to_bits()
}
