//! Pods and traffic: what the ReplicaSet controller makes of the Rollout's wishes, which pods get requests,
//! and what Prometheus scrapes.

use crate::controller::replicaset::{Pod, Pods};
use crate::controller::rollout::state::{Router, Services};
use crate::controller::rollout::{State, Template};
use crate::plan::world::FaultPlan;
use crate::plan::{Arm, Plan};
use crate::telemetry::targets::{RATE_GROUPS, Role, Start, Targets};
use crate::units::{Duration, Instant};
use crate::world::random::{Purpose, ReplicationKey};

use super::clock::millis;
use super::traffic::{self, Propagation, Shares, group_of};

/// Bits of a pod's address for its place among the pods of its template, and for its life after restarts.
const LIFE_BITS: u32 = 6;
const ORDINAL_BITS: u32 = 12;

/// How random times of pods are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chance {
    /// Drawn for each pod.
    Drawn,
    /// The median: for the plan that is shown, not for results.
    Median,
}

/// All pods of one template.
#[derive(Clone, Debug, Default)]
struct Fleet {
    pods: Pods,
    /// Pods created so far: gives each its own randomness.
    created: u32,
}

/// What is known of a pod besides the controller's record.
#[derive(Clone, Copy, Debug)]
struct PodRecord {
    /// Slot in [`Targets`].
    slot: usize,
    template: Template,
    ordinal: u32,
    life: u32,
    /// When its process is killed.
    killed_at: Instant,
    gone: bool,
}

/// All that decides where requests go.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Routing {
    services: Services,
    router: Option<Router>,
    stable: Option<Template>,
    ready: [u32; RATE_GROUPS],
}

/// What the fault has done so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct FaultTrack {
    /// When it first set in, or will.
    pub onset_ms: Option<i64>,
}

/// A pod's event, for the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodEvent {
    /// Out of memory: the container restarts.
    Killed {
        /// Whose pod.
        role: Role,
        /// Its number among the pods of its template.
        ordinal: u32,
    },
}

/// A pod as people see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PodGlance {
    /// The number in its name; free again when the pod has long been gone.
    pub number: usize,
    /// How often its container started again.
    pub restarts: u32,
    /// When it was created.
    pub created_at: Instant,
    /// Whether it is ready.
    pub ready: bool,
}

/// The pods of one replication.
#[derive(Debug)]
pub struct Cluster<'p> {
    plan: &'p Plan,
    fault: &'p FaultPlan,
    key: ReplicationKey,
    chance: Chance,
    update_ms: i64,
    fleets: Vec<Fleet>,
    records: Vec<PodRecord>,
    /// Ready pods by version, as traffic sees them.
    ready: [u32; RATE_GROUPS],
    /// Shares of requests by version, and what they were made from.
    shares: Shares,
    routing: Option<Routing>,
    propagation: Propagation,
    /// When a pod next becomes ready or available, or is killed; past if that isn't known.
    next_change: Instant,
    /// Until when the latest counts of so many `ReplicaSets` hold, if nothing else happens.
    counted_until: Instant,
    counted_sets: usize,
    /// Requests of the version under test that find no pod, expected so far and per millisecond since.
    unserved: f64,
    unserved_per_ms: f64,
    unserved_from_ms: i64,
    /// Samples and requests.
    pub targets: Targets<'p>,
    /// The fault.
    pub track: FaultTrack,
}

impl<'p> Cluster<'p> {
    /// A cluster for replications of one arm.
    pub fn new(plan: &'p Plan, arm: &'p Arm, chance: Chance) -> Self {
        Self {
            plan,
            fault: &arm.fault,
            key: ReplicationKey::new(0, 0),
            chance,
            update_ms: 0,
            fleets: Vec::new(),
            records: Vec::new(),
            ready: [0; RATE_GROUPS],
            shares: [0.0; RATE_GROUPS],
            routing: None,
            propagation: Propagation::default(),
            next_change: Instant::EPOCH,
            counted_until: Instant::EPOCH,
            counted_sets: 0,
            unserved: 0.0,
            unserved_per_ms: 0.0,
            unserved_from_ms: 0,
            targets: Targets::new(
                &plan.scrape,
                &arm.fault.stages,
                plan.slots[0] + plan.slots[1],
            ),
            track: FaultTrack::default(),
        }
    }

    /// Before the update: the stable version's pods have been ready for long.
    pub fn reset(&mut self, key: ReplicationKey, update_at: Instant, state: &mut State) {
        self.key = key;
        self.update_ms = millis(update_at);
        self.track = FaultTrack::default();
        self.records.clear();
        for fleet in &mut self.fleets {
            fleet.pods.clear();
            fleet.created = 0;
        }
        self.targets.reset(key);
        self.targets.begin(self.update_ms);
        self.routing = None;
        self.propagation.reset(state.router);
        self.forget_next_change();
        (self.unserved, self.unserved_per_ms, self.unserved_from_ms) = (0.0, 0.0, 0);
        let born = Instant::from_millis(self.update_ms - self.plan.world.stable_age_ms);
        self.ready = [0; RATE_GROUPS];
        for rs in &state.replica_sets {
            self.ready[group_of(rs.template)] += rs.counts.spec.max(0).unsigned_abs();
        }
        self.set_rates(state, millis(born));
        self.scale(state, born, Some(born));
        self.count(state, update_at);
        self.update_traffic(state, update_at);
    }

    /// What the ReplicaSet controller does after a change of wishes; true if anything changed that wakes the
    /// Rollout controller.
    pub fn sync(&mut self, state: &mut State, now: Instant) -> bool {
        self.scale(state, now, None);
        let known = now < self.counted_until && self.counted_sets == state.replica_sets.len();
        let changed = !known && self.count(state, now);
        self.update_traffic(state, now);
        changed
    }

    /// Whether [`sync`](Self::sync) would change nothing after a pass that changed nothing.
    pub fn is_settled(&self, now: Instant) -> bool {
        now < self.counted_until && self.unserved_per_ms <= 0.0
    }

    /// When a pod next becomes ready or available, or is killed, or requests follow a new weight.
    pub fn next_change(&mut self, now: Instant) -> Instant {
        if self.next_change <= now {
            self.next_change = self.find_next_change(now);
        }
        self.next_change
    }

    /// Pods came, went or restarted.
    fn forget_next_change(&mut self) {
        self.next_change = Instant::EPOCH;
        self.counted_until = Instant::EPOCH;
    }

    fn find_next_change(&self, now: Instant) -> Instant {
        let ready = self
            .fleets
            .iter()
            .map(|fleet| fleet.pods.next_change(now, self.plan.min_ready));
        let killed = self
            .records
            .iter()
            .filter(|record| !record.gone)
            .map(|record| record.killed_at);
        let routed = self.propagation.next_ms().map(Instant::from_millis);
        let changes = ready.chain(killed).chain(routed);
        changes.min().unwrap_or(Instant::NEVER)
    }

    /// Kills the processes whose time has come.
    pub fn kill_due(&mut self, now: Instant, mut tell: impl FnMut(PodEvent)) {
        for index in 0..self.records.len() {
            let record = self.records[index];
            if !record.gone && record.killed_at <= now {
                self.restart(index, now);
                tell(PodEvent::Killed {
                    role: role_of(record.template),
                    ordinal: record.ordinal,
                });
            }
        }
    }

    /// The pods of a template.
    pub fn pods(&self, template: Template, now: Instant) -> impl Iterator<Item = PodGlance> + '_ {
        let fleet = self.fleets.get(usize::from(template.number()) - 1);
        let pods = fleet.map_or(&[][..], |fleet| fleet.pods.as_slice());
        pods.iter().map(move |pod| {
            let record = &self.records[pod.key as usize];
            PodGlance {
                number: self.number_of(record),
                restarts: record.life,
                created_at: pod.created_at,
                ready: pod.is_ready(now),
            }
        })
    }

    /// Pods of a role are numbered from 0, as the series that they export say.
    fn number_of(&self, record: &PodRecord) -> usize {
        match role_of(record.template) {
            Role::Stable => record.slot,
            Role::Canary => record.slot.saturating_sub(self.plan.slots[0]),
        }
    }

    /// The share of requests that is sent to new versions.
    pub fn canary_share(&self) -> f64 {
        self.shares[1..].iter().sum()
    }

    /// The share of requests that is sent to the version under test.
    pub fn tested_share(&self) -> f64 {
        self.shares[1]
    }

    /// Expected requests of the new version between two instants.
    pub fn expected_canary_requests(&self, from_ms: i64, until_ms: i64) -> f64 {
        self.targets
            .expected_requests(Role::Canary, from_ms, until_ms)
    }

    fn scale(&mut self, state: &State, now: Instant, long_ago: Option<Instant>) {
        for rs in &state.replica_sets {
            let fleet_index = usize::from(rs.template.number()) - 1;
            if self.fleets.len() <= fleet_index {
                self.fleets.resize_with(fleet_index + 1, Fleet::default);
            }
            let there = self.fleets[fleet_index].pods.as_slice().len();
            if there == usize::try_from(rs.counts.spec).unwrap_or(0) {
                continue;
            }
            self.forget_next_change();
            let mut fleet = std::mem::take(&mut self.fleets[fleet_index]);
            let Fleet { pods, created } = &mut fleet;
            let first_new = self.records.len();
            let mut new = 0;
            let (records, targets) = (&mut self.records, &mut self.targets);
            pods.scale(
                rs.counts.spec,
                now,
                |_| {
                    new += 1;
                    let key = (first_new + new - 1) as u32;
                    Pod {
                        key,
                        created_at: now,
                        ready_at: Instant::NEVER,
                        down: false,
                    }
                },
                |pod| {
                    let record = &mut records[pod.key as usize];
                    record.gone = true;
                    targets.stop(record.slot, millis(now));
                },
            );
            for _ in 0..new {
                self.records.push(PodRecord {
                    slot: usize::MAX,
                    template: rs.template,
                    ordinal: *created,
                    life: 0,
                    killed_at: Instant::NEVER,
                    gone: false,
                });
                *created += 1;
            }
            for index in first_new..self.records.len() {
                let ready_at = long_ago.unwrap_or_else(|| now + self.ready_after(index));
                self.start(index, ready_at);
                if let Some(pod) = fleet
                    .pods
                    .as_mut_slice()
                    .iter_mut()
                    .find(|pod| pod.key as usize == index)
                {
                    pod.ready_at = ready_at;
                }
            }
            self.fleets[fleet_index] = fleet;
        }
        // ReplicaSets beyond the history limit vanish with their pods, which are none by then.
    }

    fn owner(record: &PodRecord) -> u32 {
        let template = u32::from(record.template.number()) & 3;
        let ordinal = record.ordinal & ((1 << ORDINAL_BITS) - 1);
        let life = record.life & ((1 << LIFE_BITS) - 1);
        (template << (ORDINAL_BITS + LIFE_BITS)) | (ordinal << LIFE_BITS) | life
    }

    fn ready_after(&self, index: usize) -> Duration {
        let distribution = &self.plan.world.ready_after;
        match self.chance {
            Chance::Median => distribution.median(),
            Chance::Drawn => {
                let owner = Self::owner(&self.records[index]);
                distribution.draw(&mut self.key.stream(Purpose::ReadyAfter, owner, 0))
            }
        }
    }

    /// Lets telemetry know of a process that serves from `ready_at`.
    fn start(&mut self, index: usize, ready_at: Instant) {
        let record = self.records[index];
        let role = role_of(record.template);
        let start = self.process(index, ready_at);
        let slot = self.free_slot(role, millis(ready_at));
        self.records[index].slot = slot;
        let read_from_ms =
            self.update_ms - self.plan.scrape.reads_ms[role as usize].unwrap_or(0) - 1;
        self.targets.start(slot, role, start, read_from_ms);
    }

    fn restart(&mut self, index: usize, now: Instant) {
        self.forget_next_change();
        self.records[index].life += 1;
        let ready_at = now + self.ready_after(index);
        let start = self.process(index, ready_at);
        let record = self.records[index];
        self.targets.restart(record.slot, millis(now), start);
        let fleet = &mut self.fleets[usize::from(record.template.number()) - 1];
        if let Some(pod) = fleet
            .pods
            .as_mut_slice()
            .iter_mut()
            .find(|pod| pod.key as usize == index)
        {
            pod.ready_at = ready_at;
        }
    }

    /// The process that serves from `ready_at` in pod `index`, with what the fault does to it.
    fn process(&mut self, index: usize, ready_at: Instant) -> Start {
        let record = &mut self.records[index];
        let owner = Self::owner(record);
        let serving_from_ms = millis(ready_at);
        let discovery = &self.plan.world.discovery;
        let delay = match self.chance {
            Chance::Median => discovery.median(),
            Chance::Drawn => discovery.draw(&mut self.key.stream(Purpose::Discovery, owner, 0)),
        };
        let mut start = Start {
            owner,
            rate_group: group_of(record.template),
            serving_from_ms,
            discovered_ms: serving_from_ms + delay.as_millis_floor(),
            ..Start::default()
        };
        record.killed_at = Instant::NEVER;
        if record.template == TESTED && self.fault.is_faulty() {
            let times = self.fault.times(serving_from_ms, self.update_ms);
            start.stage_from_ms = times.stages;
            start.leak = times.leak;
            record.killed_at = times.killed_ms.map_or(Instant::NEVER, Instant::from_millis);
            let onset = self.fault.onset_ms(serving_from_ms, self.update_ms);
            self.track.onset_ms = [self.track.onset_ms, onset].into_iter().flatten().min();
        }
        start
    }

    /// A slot for a new pod: one never used, else the one whose pod has been gone for longest.
    fn free_slot(&self, role: Role, now_ms: i64) -> usize {
        let (first, last) = match role {
            Role::Stable => (0, self.plan.slots[0]),
            Role::Canary => (self.plan.slots[0], self.plan.slots[0] + self.plan.slots[1]),
        };
        let lookback = self.plan.scrape.reads_ms[role as usize].unwrap_or(0);
        (first..last)
            .find(|&slot| self.targets.is_free(slot, now_ms - lookback))
            .unwrap_or_else(|| {
                (first..last)
                    .min_by_key(|&slot| self.targets.gone_since(slot))
                    .unwrap_or(first)
            })
    }

    fn count(&mut self, state: &mut State, now: Instant) -> bool {
        let mut changed = false;
        self.ready = [0; RATE_GROUPS];
        for rs in &mut state.replica_sets {
            let Some(fleet) = self.fleets.get(usize::from(rs.template.number()) - 1) else {
                continue;
            };
            changed |= fleet.pods.count(rs, now, self.plan.min_ready);
            self.ready[group_of(rs.template)] += rs.ready.unsigned_abs();
        }
        self.counted_until = self.next_change(now);
        self.counted_sets = state.replica_sets.len();
        changed
    }

    /// Sends requests where services and router point now.
    pub fn update_traffic(&mut self, state: &State, now: Instant) {
        self.set_rates(state, millis(now));
    }

    /// Requests that failed because of the fault until `until`: those that the faulty version spoilt, and those
    /// sent to it while none of its pods was ready (their expected number, since nobody draws them).
    pub fn failed_until(&mut self, until: Instant) -> u64 {
        self.targets.finish_all(millis(until));
        self.count_unserved(millis(until));
        self.targets.failed() + self.unserved.round() as u64
    }

    fn count_unserved(&mut self, until_ms: i64) {
        if self.unserved_per_ms > 0.0 {
            let elapsed = self
                .targets
                .expected_length(self.unserved_from_ms, until_ms);
            self.unserved += self.unserved_per_ms * elapsed;
        }
        self.unserved_from_ms = self.unserved_from_ms.max(until_ms);
    }

    /// The router as requests see it.
    fn router(&mut self, told: Option<Router>, at_ms: i64) -> Option<Router> {
        let Some(delay) = &self.plan.world.propagation_delay else {
            return told;
        };
        let (key, chance) = (self.key, self.chance);
        let before = self.propagation.next_ms();
        self.propagation.tell(told, at_ms, |change| {
            let delay = match chance {
                Chance::Median => delay.median(),
                Chance::Drawn => delay.draw(&mut key.stream(Purpose::Propagation, 0, change)),
            };
            delay.as_millis_floor()
        });
        let router = self.propagation.at(at_ms);
        if self.propagation.next_ms() != before {
            self.forget_next_change();
        }
        router
    }

    fn set_rates(&mut self, state: &State, at_ms: i64) {
        self.count_unserved(at_ms);
        let router = self.router(state.router, at_ms);
        let routing = Routing {
            services: state.services,
            router,
            stable: state.status.stable,
            ready: self.ready,
        };
        if self.routing == Some(routing) {
            return;
        }
        self.routing = Some(routing);
        let world = &self.plan.world;
        self.shares = traffic::shares(world.split, world.max_weight, state, router, self.ready);
        let per_ms = world.rate_per_second / 1_000.0;
        let tested = group_of(TESTED);
        self.unserved_per_ms = if self.ready[tested] == 0 {
            per_ms * self.shares[tested]
        } else {
            0.0
        };
        let rates = traffic::rates(world.split, per_ms, &self.shares, self.ready);
        for (group, rate) in rates.into_iter().enumerate() {
            let class = world.known_rates.class(rate);
            self.targets.set_rate(group, at_ms, rate, class);
        }
    }
}

/// The version under test; whatever replaces it is taken to be without its fault.
pub const TESTED: Template = Template::FIRST.next();

/// The first template is the version in service before the update.
pub fn role_of(template: Template) -> Role {
    if template == Template::FIRST {
        Role::Stable
    } else {
        Role::Canary
    }
}
