//! Scrapes: which rows of a pod's metrics Prometheus has at some instant.
//!
//! Each target is scraped on a grid of its own phase (spec promql §10.1), from the first grid point after
//! its discovery until the pod is gone. Rows are made when a query is about to read them, and the counts
//! between two windows are drawn as one sum.

use crate::promql::head::{Head, TargetSamples};
use crate::scenario::model::{Cpu, Memory};
use crate::units::Duration;
use crate::world::durations::RandomDuration;
use crate::world::pod::{FaultStages, Life, RateStep, RequestPlan, Scratch, StageTimes};
use crate::world::random::{Purpose, ReplicationKey};
use crate::world::single::SingleScratch;

use super::capture::Capture;
use super::exporter::{ColumnSpec, Gauges, RowPlan};
use super::rules::{RulePlan, Rules};

mod drawing;
pub mod evidence;
mod filling;
mod probing;

use drawing::Drawing;
pub use probing::ProbeStreams;

/// Whose traffic a pod gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The version in service before the update.
    Stable = 0,
    /// The new version.
    Canary = 1,
}

/// How many groups of pods can have rates of their own at a time: the stable version, the new one, and one more
/// that may replace it.
pub const RATE_GROUPS: usize = 3;

/// What is decided about scraping before the first replication.
#[derive(Clone, Debug)]
pub struct ScrapePlan {
    /// The requests behind the counters.
    pub requests: RequestPlan,
    /// The row of each target.
    pub row: RowPlan,
    /// What has timestamps of its own.
    pub stamped: Option<StampedPlan>,
    /// How far back queries look at pods of each role, milliseconds; `None`: never.
    pub reads_ms: [Option<i64>; 2],
    /// Probability that a scrape fails.
    pub failure_share: f64,
    /// How long a scrape takes, and how long it may take; none where it is never too long.
    pub timeout: Option<(RandomDuration, Duration)>,
    /// Samples younger than this aren't seen yet, milliseconds.
    pub lag_ms: i64,
    /// Memory of a healthy pod.
    pub memory: Memory,
    /// Processor time of a pod.
    pub cpu: Cpu,
    /// Recording rules, in their order.
    pub rules: Vec<RulePlan>,
}

/// Gauges whose samples have timestamps of their own: a target beside each pod's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StampedPlan {
    /// How often the exporter looks, milliseconds.
    pub every_ms: i64,
    /// Number of gauges.
    pub width: usize,
}

impl StampedPlan {
    /// For those among these columns.
    pub fn new(columns: &[ColumnSpec]) -> Option<Self> {
        let each = columns.iter().filter_map(ColumnSpec::stamped_every_ms);
        let width = each.clone().count();
        each.max().map(|every_ms| Self { every_ms, width })
    }
}

/// A process as the world starts it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Start {
    /// Address of its randomness.
    pub owner: u32,
    /// Whose rate it gets, below [`RATE_GROUPS`]: the pods of one template share one.
    pub rate_group: usize,
    /// When requests reach it.
    pub serving_from_ms: i64,
    /// When Prometheus knows the target.
    pub discovered_ms: i64,
    /// The stages of a fault.
    pub stage_from_ms: StageTimes,
    /// Memory grows from here on by so many bytes per millisecond.
    pub leak: Option<Leak>,
}

/// Memory that grows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Leak {
    /// From here on.
    pub from_ms: i64,
    /// Bytes per millisecond.
    pub bytes_per_ms: f64,
}

#[derive(Clone, Debug, Default)]
struct Target {
    role: usize,
    rate_group: usize,
    life: Life,
    phase_ms: i64,
    /// The first scrape.
    first_scrape: i64,
    /// Requests up to this scrape are drawn …
    drawn: i64,
    /// … and those of the next interval up to here, if that is later.
    drawn_until_ms: i64,
    /// Rows before this scrape are made or never will be.
    next_row: i64,
    /// No query looks further back.
    read_from_ms: i64,
    gone_ms: i64,
    /// The process doesn't answer scrapes before this.
    down_until_ms: i64,
    leak: Option<Leak>,
    restarts: u32,
    counts: Vec<u64>,
    born: Vec<bool>,
    in_use: bool,
}

/// All targets of one replication; reused for the next.
#[derive(Debug)]
pub struct Targets<'a> {
    plan: &'a ScrapePlan,
    stages: &'a FaultStages,
    key: ReplicationKey,
    slots: Vec<Target>,
    rates: [Vec<RateStep>; RATE_GROUPS],
    scratch: Scratch,
    single: SingleScratch,
    failed: u64,
    update_ms: i64,
    row: Vec<f64>,
    /// By slot, rows made before their time: no query sees them yet.
    hidden: Vec<TargetSamples>,
    capture: Option<Capture>,
    /// Processes whose slot another took, if anybody asks for them.
    past: Option<Vec<(usize, Target)>>,
    rules: Rules<'a>,
    /// The samples that queries read.
    pub head: Head,
}

impl<'a> Targets<'a> {
    /// Room for `slots` pods.
    pub fn new(plan: &'a ScrapePlan, stages: &'a FaultStages, slots: usize) -> Self {
        let mut targets = vec![TargetSamples::new(plan.row.width()); slots];
        if let Some(stamped) = &plan.stamped {
            targets.extend(vec![TargetSamples::new(stamped.width); slots]);
        }
        let hidden = targets.clone();
        let mut head = Head { targets };
        Self {
            plan,
            stages,
            key: ReplicationKey::new(0, 0),
            slots: vec![Target::default(); slots],
            rates: [const { Vec::new() }; RATE_GROUPS],
            scratch: Scratch::new(plan.requests.atoms),
            single: SingleScratch::default(),
            failed: 0,
            update_ms: 0,
            row: vec![0.0; plan.row.width()],
            hidden,
            capture: None,
            past: None,
            rules: Rules::new(&plan.rules, &mut head),
            head,
        }
    }

    /// Keeps the process of a slot that another is about to take.
    fn remember(&mut self, slot: usize) {
        if let (Some(past), true) = (&mut self.past, self.slots[slot].in_use) {
            past.push((slot, self.slots[slot].clone()));
        }
    }

    /// Starts a new replication with no pods.
    pub fn reset(&mut self, key: ReplicationKey) {
        self.key = key;
        self.failed = 0;
        if let Some(capture) = &mut self.capture {
            capture.past.clear();
        }
        if let Some(past) = &mut self.past {
            past.clear();
        }
        for rates in &mut self.rates {
            rates.clear();
        }
        for target in &mut self.slots {
            target.in_use = false;
        }
        for target in 0..self.hidden.len() {
            self.forget(target);
        }
        let capture = self.capture.as_ref();
        let phase = |phase| capture.map_or(phase, |capture| capture.phase(phase));
        self.rules.reset(key, &mut self.head, phase);
    }

    /// When the update starts: nothing is asked before.
    pub fn begin(&mut self, update_ms: i64) {
        self.rules.begin(update_ms);
        self.update_ms = update_ms;
        if let Some(modulation) = &self.plan.requests.modulation {
            let lookback = self.plan.reads_ms.iter().flatten().max().unwrap_or(&0);
            let from_ms = update_ms - lookback - 2 * self.plan.requests.scrape_interval_ms;
            let timeline = &mut self.scratch.timeline;
            timeline.reset(modulation, self.key, update_ms, from_ms);
        }
    }

    /// From `at_ms` on each ready pod of a group gets requests at this rate.
    pub fn set_rate(&mut self, group: usize, at_ms: i64, per_ms: f64, class: Option<u16>) {
        let rates = &mut self.rates[group];
        match rates.last_mut() {
            Some(last) if last.from_ms == at_ms => (last.per_ms, last.class) = (per_ms, class),
            Some(last) if last.per_ms.to_bits() == per_ms.to_bits() => {}
            _ => rates.push(RateStep {
                from_ms: at_ms,
                per_ms,
                class,
            }),
        }
    }

    /// A pod starts in slot `slot`, whose former pod must be long gone.
    ///
    /// `read_from_ms`: no query will ever look further back.
    pub fn start(&mut self, slot: usize, role: Role, start: Start, read_from_ms: i64) {
        let interval = self.plan.requests.scrape_interval_ms;
        let phase = self
            .key
            .stream(Purpose::ScrapePhase, start.owner, 0)
            .next_below(interval as u64) as i64;
        let phase = self
            .capture
            .as_ref()
            .map_or(phase, |capture| capture.phase(phase));
        self.remember(slot);
        self.make_room(slot);
        let target = &mut self.slots[slot];
        target.role = role as usize;
        target.rate_group = start.rate_group;
        target.phase_ms = phase;
        target.first_scrape = (start.discovered_ms - phase + interval - 1).div_euclid(interval);
        target.drawn = (start.serving_from_ms - phase).div_euclid(interval);
        target.next_row = target.first_scrape;
        target.read_from_ms = read_from_ms;
        target.gone_ms = i64::MAX;
        target.down_until_ms = start.serving_from_ms;
        target.restarts = 0;
        target.in_use = true;
        self.begin_life(slot, start);
        self.draw_baseline(slot, read_from_ms);
    }

    /// The process in slot `slot` is killed at `at_ms`; another starts as `start` says.
    pub fn restart(&mut self, slot: usize, at_ms: i64, start: Start) {
        let role = self.slots[slot].role;
        // What the process has counted by now can't be drawn later, but isn't seen any earlier for that.
        let mut seen = [0; 2];
        if let Some(lookback) = self.plan.reads_ms[role] {
            self.make_rows(slot, at_ms - lookback, at_ms - self.plan.lag_ms);
            seen = self.targets_of(slot).map(|target| self.rows_of(target));
            self.make_rows(slot, at_ms - lookback, at_ms);
        }
        self.finish(slot, at_ms);
        self.remember(slot);
        for (target, seen) in self.targets_of(slot).into_iter().zip(seen) {
            self.hide(target, seen);
        }
        let interval = self.plan.requests.scrape_interval_ms;
        let target = &mut self.slots[slot];
        target.drawn = (start.serving_from_ms - target.phase_ms).div_euclid(interval);
        target.next_row = target
            .next_row
            .max((at_ms - target.phase_ms).div_euclid(interval) + 1);
        target.down_until_ms = start.serving_from_ms;
        target.restarts += 1;
        self.begin_life(slot, start);
    }

    fn begin_life(&mut self, slot: usize, start: Start) {
        let target = &mut self.slots[slot];
        target.leak = start.leak;
        target.drawn_until_ms = i64::MIN;
        target.counts.clear();
        target.counts.resize(self.plan.requests.atoms, 0);
        target.born.clear();
        target.born.resize(self.plan.row.births(), false);
        target.life = Life {
            owner: start.owner,
            serving_from_ms: start.serving_from_ms,
            serving_until_ms: i64::MAX,
            warm_from_ms: start.serving_from_ms + self.plan.requests.warmup_ms,
            stage_from_ms: start.stage_from_ms,
        };
    }

    /// A process that has run for long: what it counted before anything can be read is one draw.
    fn draw_baseline(&mut self, slot: usize, read_from_ms: i64) {
        let interval = self.plan.requests.scrape_interval_ms;
        let target = &self.slots[slot];
        let until = (read_from_ms - target.phase_ms).div_euclid(interval);
        if until <= target.drawn + 1 || self.plan.reads_ms[target.role].is_none() {
            return;
        }
        self.drawing(slot).baseline(until);
    }

    fn drawing(&mut self, slot: usize) -> Drawing<'_> {
        let target = &mut self.slots[slot];
        Drawing {
            plan: &self.plan.requests,
            stages: self.stages,
            key: self.key,
            rates: &self.rates[target.rate_group],
            target,
            scratch: &mut self.scratch,
            failed: &mut self.failed,
        }
    }

    /// The pod in slot `slot` is gone: no more requests, and the next scrape finds nobody.
    pub fn stop(&mut self, slot: usize, at_ms: i64) {
        let target = &mut self.slots[slot];
        target.life.serving_until_ms = target.life.serving_until_ms.min(at_ms);
        target.gone_ms = target.gone_ms.min(at_ms);
    }

    /// Makes sure that the head holds what a query evaluated at `now_ms` can read.
    pub fn prepare(&mut self, now_ms: i64) {
        for slot in 0..self.slots.len() {
            let target = &self.slots[slot];
            if let (true, Some(lookback)) = (target.in_use, self.plan.reads_ms[target.role]) {
                self.make_rows(slot, now_ms - lookback, now_ms - self.plan.lag_ms);
            }
        }
        let until_ms = now_ms - self.plan.lag_ms;
        let all = self.capture.is_some();
        self.rules.evaluate(until_ms, all, &mut self.head);
    }

    /// The targets of a slot: the scraped one and that with timestamps of its own, if there is one.
    fn targets_of(&self, slot: usize) -> [Option<usize>; 2] {
        let stamped = self.plan.stamped.is_some();
        [Some(slot), stamped.then_some(self.slots.len() + slot)]
    }

    fn rows_of(&self, target: Option<usize>) -> usize {
        target.map_or(0, |target| self.head.targets[target].times.len())
    }

    /// Forgets the rows of a target.
    fn forget(&mut self, target: usize) {
        self.hidden[target].clear();
        self.head.targets[target].clear();
    }

    /// Hides the rows of a target from number `seen` on.
    fn hide(&mut self, target: Option<usize>, seen: usize) {
        let Some(target) = target else { return };
        let (samples, hidden) = (&mut self.head.targets[target], &mut self.hidden[target]);
        let rows = samples.times.len();
        hidden.take_rows(samples, seen..rows);
    }

    /// Shows the hidden rows up to `until_ms`.
    fn reveal(&mut self, target: Option<usize>, until_ms: i64) {
        let Some(target) = target else { return };
        let (samples, hidden) = (&mut self.head.targets[target], &mut self.hidden[target]);
        let rows = hidden.times.partition_point(|&time| time <= until_ms);
        samples.take_rows(hidden, 0..rows);
    }

    /// Makes the rows of the scrapes in `(from_ms, until_ms]` that aren't there yet.
    fn make_rows(&mut self, slot: usize, from_ms: i64, until_ms: i64) {
        if !self.hidden[slot].times.is_empty() {
            for target in self.targets_of(slot) {
                self.reveal(target, until_ms);
            }
        }
        let target = &self.slots[slot];
        let interval = self.plan.requests.scrape_interval_ms;
        let (phase, gone_ms) = (target.phase_ms, target.gone_ms);
        let scrape_at_or_before = |at_ms: i64| (at_ms - phase).div_euclid(interval);
        // The first scrape after the pod is gone writes the markers; there is none after it.
        let last =
            scrape_at_or_before(until_ms).min(scrape_at_or_before(gone_ms).saturating_add(1));
        let first = target.next_row.max(scrape_at_or_before(from_ms) + 1);
        if self.capture.is_some() && first <= last {
            self.fill(slot, first);
        }
        for scrape in first..=last {
            self.drawing(slot).advance_to_scrape(scrape);
            self.add_row(slot, scrape);
        }
        self.slots[slot].next_row = self.slots[slot].next_row.max(last + 1);
    }

    /// Adds the row of one scrape, up to which all requests are drawn.
    fn add_row(&mut self, slot: usize, scrape: i64) {
        let Self {
            plan,
            key,
            slots,
            row,
            head,
            ..
        } = self;
        let slot_count = slots.len();
        let target = &mut slots[slot];
        let at_ms = scrape * plan.requests.scrape_interval_ms + target.phase_ms;
        if at_ms > target.gone_ms {
            plan.row.fill_gone(row);
        } else if at_ms < target.down_until_ms {
            plan.row.fill_failed(target.restarts, 0.0, row);
        } else if scrape_fails(plan, *key, target, scrape) {
            plan.row.fill_failed(target.restarts, 1.0, row);
        } else {
            let gauges = gauges_at(plan, *key, target, scrape, at_ms);
            plan.row.fill(&target.counts, gauges, &mut target.born, row);
            if let Some(stamped) = &plan.stamped {
                let samples = &mut head.targets[slot_count + slot];
                stamp(plan, stamped, *key, target, at_ms, samples);
            }
        }
        head.targets[slot].push(at_ms, row);
    }

    /// Draws what is left of the requests of slot `slot` until `until_ms`, so that the failed ones are known.
    pub fn finish(&mut self, slot: usize, until_ms: i64) {
        let target = &self.slots[slot];
        if target.in_use && !target.life.stage_from_ms.is_healthy() {
            // Once requests between two scrapes are drawn, the rows before can't be made any more.
            self.capture_until(slot, until_ms);
            self.drawing(slot).advance_to_instant(until_ms);
        }
    }

    /// [`finish`](Self::finish) for all pods.
    pub fn finish_all(&mut self, until_ms: i64) {
        for slot in 0..self.slots.len() {
            self.finish(slot, until_ms);
        }
    }

    /// Requests that failed because of the fault, as far as drawn.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// When the pod of a slot went; never used counts as the earliest.
    pub fn gone_since(&self, slot: usize) -> i64 {
        let target = &self.slots[slot];
        if target.in_use {
            target.gone_ms
        } else {
            i64::MIN
        }
    }

    /// Expected requests of all pods of a role between two instants.
    pub fn expected_requests(&self, role: Role, from_ms: i64, until_ms: i64) -> f64 {
        let of_role = |target: &&Target| target.in_use && target.role == role as usize;
        let pods = self.slots.iter().filter(of_role);
        pods.map(|target| self.expected_at(target, from_ms, until_ms))
            .sum()
    }

    fn expected_at(&self, target: &Target, from_ms: i64, until_ms: i64) -> f64 {
        let from = from_ms.max(target.life.serving_from_ms);
        let until = until_ms.min(target.life.serving_until_ms);
        let rates = &self.rates[target.rate_group];
        let overlap = |index: usize| {
            let end = rates
                .get(index + 1)
                .map_or(until, |next| next.from_ms.min(until));
            self.expected_length(rates[index].from_ms.max(from), end) * rates[index].per_ms
        };
        (0..rates.len()).map(overlap).sum()
    }

    /// The length of a stretch in milliseconds, weighted by how much more or less than usual is expected in it.
    pub fn expected_length(&self, from_ms: i64, until_ms: i64) -> f64 {
        match &self.plan.requests.modulation {
            Some(modulation) => modulation.expected(self.update_ms, from_ms, until_ms),
            None => (until_ms - from_ms).max(0) as f64,
        }
    }

    /// The slots whose pod has been gone since before `before_ms`, or that never had one.
    pub fn is_free(&self, slot: usize, before_ms: i64) -> bool {
        let target = &self.slots[slot];
        !target.in_use || target.gone_ms < before_ms
    }
}

fn scrape_fails(plan: &ScrapePlan, key: ReplicationKey, target: &Target, scrape: i64) -> bool {
    let stream = |purpose| key.stream(purpose, target.life.owner, scrape);
    let refused =
        plan.failure_share > 0.0 && stream(Purpose::ScrapeFailure).next_unit() < plan.failure_share;
    refused
        || plan.timeout.is_some_and(|(duration, timeout)| {
            duration.draw(&mut stream(Purpose::ScrapeDuration)) > timeout
        })
}

/// Adds what the exporter saw when it last looked before a scrape, unless an earlier scrape has brought it. It
/// looks on a grid of a phase of its own, since the process has begun.
fn stamp(
    plan: &ScrapePlan,
    stamped: &StampedPlan,
    key: ReplicationKey,
    target: &Target,
    scraped_ms: i64,
    samples: &mut TargetSamples,
) {
    let every = stamped.every_ms;
    let owner = target.life.owner;
    let mut phases = key.stream(Purpose::StampPhase, owner, 0);
    let phase = phases.next_below(every as u64) as i64;
    let look = (scraped_ms - phase).div_euclid(every);
    let at_ms = look * every + phase;
    let known = samples.times.last().is_some_and(|&last| last >= at_ms);
    if known || at_ms < target.life.serving_from_ms {
        return;
    }
    let unit = key.stream(Purpose::StampNoise, owner, look).next_unit();
    let memory = memory_of(plan, target, at_ms, unit);
    samples.push_filled(at_ms, memory, |_| ());
}

fn gauges_at(
    plan: &ScrapePlan,
    key: ReplicationKey,
    target: &Target,
    scrape: i64,
    at_ms: i64,
) -> Gauges {
    let mut gauges = Gauges {
        memory_bytes: memory_at(plan, key, target, scrape, at_ms),
        restarts: target.restarts,
        ..Gauges::default()
    };
    if plan.row.reads_cpu() {
        let up_ms = (at_ms - target.life.serving_from_ms).max(0);
        gauges.idle_cpu_seconds = plan.cpu.idle_share * up_ms as f64 / 1_000.0;
        gauges.cpu_seconds_per_request = plan.cpu.per_request.as_seconds_f64();
    }
    gauges
}

fn memory_at(
    plan: &ScrapePlan,
    key: ReplicationKey,
    target: &Target,
    scrape: i64,
    at_ms: i64,
) -> f64 {
    if !plan.row.reads_memory() {
        return 0.0;
    }
    let mut stream = key.stream(Purpose::GaugeNoise, target.life.owner, scrape);
    memory_of(plan, target, at_ms, stream.next_unit())
}

/// Memory at an instant, off by as much as `unit` says.
fn memory_of(plan: &ScrapePlan, target: &Target, at_ms: i64, unit: f64) -> f64 {
    let memory = &plan.memory;
    let grown = target.leak.map_or(0.0, |leak| {
        leak.bytes_per_ms * (at_ms - leak.from_ms).max(0) as f64
    });
    let level = (memory.baseline_bytes + grown).min(memory.limit_bytes);
    // Whole bytes, as the kernel counts them.
    libm::floor(level * (1.0 + memory.noise_share * (2.0 * unit - 1.0)))
}

#[cfg(test)]
mod tests;
