//! One pod's requests: how many of each kind it answers between two instants.
//!
//! All times are milliseconds on the replication's clock. Pieces of time are cut where the pod's rate or
//! its healthy behaviour changes (pods that become ready, weights, the end of a cold start); a fault's onset
//! does not cut them, so every arm sees the same healthy requests.

use super::evidence::Evidence;
use super::modulation::{Modulation, Timeline};
use super::random::{Purpose, ReplicationKey};
use super::requests::{Counts, FaultEffect, FixedMeanSampler, FreeMeanSampler, split_off};
use super::sampler::PoissonDigits;

/// Blocks of up to `2^(LEVELS-1)` scrape intervals are drawn at once where no query reads single ones.
pub const LEVELS: usize = 6;

/// Bits of an address for the pieces of one scrape interval.
const PIECE_BITS: u32 = 6;

/// The rate of requests at one pod from some instant on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateStep {
    /// Milliseconds.
    pub from_ms: i64,
    /// Requests per millisecond.
    pub per_ms: f64,
    /// Which of the plan's rates this is, if the plan foresaw it.
    pub class: Option<u16>,
}

/// One class of healthy behaviour: warm or cold.
#[derive(Clone, Debug)]
pub struct HealthyClass {
    /// `fixed[rate class][level]`: samplers for blocks of `2^level` scrape intervals; high levels may be
    /// missing.
    pub fixed: Vec<Vec<FixedMeanSampler>>,
    /// For every other piece.
    pub free: FreeMeanSampler,
}

/// Everything about requests that is decided before the first replication, for all arms.
#[derive(Clone, Debug)]
pub struct RequestPlan {
    /// Number of atoms.
    pub atoms: usize,
    /// Distance of scrapes, milliseconds.
    pub scrape_interval_ms: i64,
    /// Length of the cold start after readiness; 0 if there is none.
    pub warmup_ms: i64,
    /// `[warm, cold]`; only the first where there is no cold start.
    pub healthy: Vec<HealthyClass>,
    /// For means known at run time.
    pub digits: PoissonDigits,
    /// How the rate changes with time; none for a Poisson stream of constant rate.
    pub modulation: Option<Modulation>,
}

/// A fault's stages on one pod, for each class of healthy behaviour: `effects[stage][class]`.
pub type FaultStages = [Vec<Option<FaultEffect>>];

/// The life of one process in a pod.
#[derive(Clone, Debug, Default)]
pub struct Life {
    /// Address of this life's randomness.
    pub owner: u32,
    /// Requests arrive from here …
    pub serving_from_ms: i64,
    /// … until here.
    pub serving_until_ms: i64,
    /// The end of the cold start.
    pub warm_from_ms: i64,
    /// Instants at which the next stage of the fault begins.
    pub stage_from_ms: StageTimes,
}

/// A fault has at most so many stages on one pod.
pub const MAX_STAGES: usize = 4;

/// Instants at which the stages of a fault begin, rising; [`i64::MAX`] for those that never do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageTimes([i64; MAX_STAGES]);

impl StageTimes {
    /// No fault at all.
    pub const HEALTHY: Self = Self([i64::MAX; MAX_STAGES]);

    /// The stages that begin at these instants (rising, at most [`MAX_STAGES`]).
    pub fn new(from_ms: impl IntoIterator<Item = i64>) -> Self {
        let mut times = Self::HEALTHY;
        for (slot, from) in times.0.iter_mut().zip(from_ms) {
            *slot = from;
        }
        times
    }

    /// Whether no stage ever begins.
    pub fn is_healthy(self) -> bool {
        self.0[0] == i64::MAX
    }

    /// The number of stages that have begun at `at_ms`.
    pub fn begun(&self, at_ms: i64) -> usize {
        self.0.partition_point(|&from| from <= at_ms)
    }

    /// When stage `stage` ends and the next begins, if before `until_ms`.
    fn end_of(&self, stage: usize, until_ms: i64) -> Option<i64> {
        self.0.get(stage).copied().filter(|&from| from < until_ms)
    }
}

impl Default for StageTimes {
    fn default() -> Self {
        Self::HEALTHY
    }
}

/// Which part of a scrape interval is drawn, where one is drawn in two goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// From its start: all of it, or up to an instant at which somebody counts.
    First,
    /// What is left.
    Rest,
}

impl Part {
    /// Numbers of the first and the last piece.
    const fn ordinals(self) -> (i64, i64) {
        match self {
            Self::First => (0, (1 << (PIECE_BITS - 1)) - 1),
            Self::Rest => (1 << (PIECE_BITS - 1), (1 << PIECE_BITS) - 1),
        }
    }
}

/// Buffers of one thread.
#[derive(Clone, Debug)]
pub struct Scratch {
    piece: Vec<u64>,
    after: Vec<u64>,
    moved: Vec<u64>,
    /// The replication's rate over time, where it changes.
    pub timeline: Timeline,
    /// Sum of the log-likelihood ratios of what was drawn, where somebody asked for it.
    pub log_ratio: f64,
    /// What was drawn, stretch by stretch, while somebody wants to know.
    pub record: Option<Vec<Stretch>>,
}

/// The requests of a stretch of time in which rate and behaviour stayed the same.
#[derive(Clone, Debug)]
pub struct Stretch {
    /// Its start.
    pub from_ms: i64,
    /// Its end.
    pub until_ms: i64,
    /// The requests by atom.
    pub counts: Vec<u64>,
}

impl Scratch {
    /// Buffers for `atoms` atoms.
    pub fn new(atoms: usize) -> Self {
        Self {
            piece: vec![0; atoms],
            after: vec![0; atoms],
            moved: vec![0; atoms],
            timeline: Timeline::default(),
            log_ratio: 0.0,
            record: None,
        }
    }
}

/// What is needed to draw: the plan, the replication's key, the pod's life and its rate over time.
#[derive(Debug)]
pub struct PodRequests<'a> {
    /// Plan of the requests.
    pub plan: &'a RequestPlan,
    /// Key of the replication.
    pub key: ReplicationKey,
    /// The process.
    pub life: &'a Life,
    /// Rate at each pod of this pod's role, by rising time; the first step lies before everything.
    pub rates: &'a [RateStep],
    /// The arm's fault.
    pub stages: &'a FaultStages,
    /// What answers say about it, if anybody asks.
    pub evidence: Option<&'a Evidence>,
}

impl PodRequests<'_> {
    /// Adds the requests of scrape interval `index`, `(from_ms, from_ms + interval]`, to `counts`; returns
    /// how many fail because of the fault.
    pub fn interval(
        &self,
        index: i64,
        from_ms: i64,
        counts: &mut Counts,
        scratch: &mut Scratch,
    ) -> u64 {
        let until_ms = from_ms + self.plan.scrape_interval_ms;
        self.pieces(index, Part::First, from_ms, until_ms, counts, scratch)
    }

    /// The same for a part `(from_ms, until_ms]` of interval `index`.
    pub fn pieces(
        &self,
        index: i64,
        part: Part,
        from_ms: i64,
        until_ms: i64,
        counts: &mut Counts,
        scratch: &mut Scratch,
    ) -> u64 {
        let full = until_ms - from_ms == self.plan.scrape_interval_ms;
        let (mut at, end) = (
            from_ms.max(self.life.serving_from_ms),
            until_ms.min(self.life.serving_until_ms),
        );
        let mut failed = 0;
        let (mut ordinal, last_ordinal) = part.ordinals();
        while at < end {
            let (rate, rate_end) = self.rate_at(at);
            let (class, class_end) = self.class_at(at);
            let next = end.min(rate_end).min(class_end);
            let level = (full && at == from_ms && next == until_ms).then_some(0);
            let piece = Piece {
                from_ms: at,
                until_ms: next,
                rate,
                class,
                level,
            };
            let address = (index << PIECE_BITS) | ordinal;
            failed += self.draw(
                &piece,
                (Purpose::Requests, Purpose::Fault),
                address,
                counts,
                scratch,
            );
            ordinal = (ordinal + 1).min(last_ordinal);
            at = next;
        }
        failed
    }

    /// Adds the requests of scrape intervals `from .. until` (interval `i` starts at `i·interval + phase`)
    /// in as few draws as their rates allow. Blocks lie on a fixed dyadic grid, so their draws don't depend
    /// on where the gap begins and ends.
    pub fn gap(
        &self,
        from: i64,
        until: i64,
        phase_ms: i64,
        counts: &mut Counts,
        scratch: &mut Scratch,
    ) -> u64 {
        let interval = self.plan.scrape_interval_ms;
        let mut failed = 0;
        let mut index = from;
        while index < until {
            let mut level = index.trailing_zeros().min(LEVELS as u32 - 1);
            while level > 0
                && (index + (1 << level) > until || !self.is_uniform(index, level, phase_ms))
            {
                level -= 1;
            }
            let start = index * interval + phase_ms;
            if level == 0 {
                failed += self.interval(index, start, counts, scratch);
            } else {
                let (rate, _) = self.rate_at(start);
                let (class, _) = self.class_at(start);
                let until_ms = start + (interval << level);
                let piece = Piece {
                    from_ms: start,
                    until_ms,
                    rate,
                    class,
                    level: Some(level as usize),
                };
                let address = (i64::from(level) << 32) | (index >> level);
                let purposes = (Purpose::RequestBlock, Purpose::FaultBlock);
                failed += self.draw(&piece, purposes, address, counts, scratch);
            }
            index += 1 << level;
        }
        failed
    }

    /// Adds all requests before the first scrape that anything could read, in one draw per piece, at the mean
    /// rate: what happened then in detail doesn't show in anything that is added later.
    pub fn baseline(&self, until_ms: i64, counts: &mut Counts, scratch: &mut Scratch) {
        let mut at = self.life.serving_from_ms;
        let mut ordinal = 0;
        let end = until_ms.min(self.life.serving_until_ms);
        while at < end {
            let (rate, rate_end) = self.rate_at(at);
            let (class, class_end) = self.class_at(at);
            let next = end.min(rate_end).min(class_end);
            let piece = Piece {
                from_ms: at,
                until_ms: next,
                rate,
                class,
                level: None,
            };
            self.draw(
                &piece,
                (Purpose::Baseline, Purpose::FaultBlock),
                ordinal,
                counts,
                scratch,
            );
            ordinal += 1;
            at = next;
        }
    }

    fn draw(
        &self,
        piece: &Piece,
        (requests, fault): (Purpose, Purpose),
        address: i64,
        counts: &mut Counts,
        scratch: &mut Scratch,
    ) -> u64 {
        let healthy = &self.plan.healthy[piece.class];
        let mut stream = self.key.stream(requests, self.life.owner, address);
        let faulty = self.life.stage_from_ms.end_of(0, piece.until_ms).is_some();
        let before = (!faulty && scratch.record.is_some()).then(|| counts.to_vec());
        let target = if faulty {
            scratch.piece.fill(0);
            &mut scratch.piece[..]
        } else {
            &mut *counts
        };
        let foreseen = piece
            .level
            .zip(piece.rate.class)
            .filter(|_| self.plan.modulation.is_none());
        let fixed =
            foreseen.and_then(|(level, class)| healthy.fixed.get(usize::from(class))?.get(level));
        if let Some(fixed) = fixed {
            fixed.draw(&mut stream, target);
        } else {
            let (from, until) = (piece.from_ms, piece.until_ms);
            let length = match &self.plan.modulation {
                // The baseline has no details.
                Some(modulation) if requests == Purpose::Baseline => {
                    scratch.timeline.expected(modulation, from, until)
                }
                _ => self.length(from, until, &mut scratch.timeline),
            };
            let mean = piece.rate.per_ms * length;
            healthy
                .free
                .draw(&self.plan.digits, mean, &mut stream, target);
        }
        if !faulty {
            if let (Some(before), Some(record)) = (before, &mut scratch.record) {
                let added = counts
                    .iter()
                    .zip(before)
                    .map(|(after, before)| after - before);
                record.push(Stretch {
                    from_ms: piece.from_ms,
                    until_ms: piece.until_ms,
                    counts: added.collect(),
                });
            }
            return 0;
        }
        let mut stream = self.key.stream(fault, self.life.owner, address);
        self.spoil(piece, &mut stream, counts, scratch)
    }

    /// The length of a stretch, weighted by how much more or less than usual arrives in it.
    fn length(&self, from_ms: i64, until_ms: i64, timeline: &mut Timeline) -> f64 {
        match &self.plan.modulation {
            Some(modulation) => timeline.integral(modulation, from_ms, until_ms),
            None => (until_ms - from_ms) as f64,
        }
    }

    /// Applies the fault's stages to `scratch.piece` and adds the outcome to `counts`.
    fn spoil(
        &self,
        piece: &Piece,
        stream: &mut super::random::Stream,
        counts: &mut Counts,
        scratch: &mut Scratch,
    ) -> u64 {
        let Scratch {
            piece: current,
            after,
            moved,
            timeline,
            log_ratio,
            record,
        } = scratch;
        let stages = &self.life.stage_from_ms;
        // Stage 0 is healthy.
        let mut stage = stages.begun(piece.from_ms);
        let mut at = piece.from_ms;
        let mut failed = 0;
        loop {
            let boundary = stages.end_of(stage, piece.until_ms);
            if let Some(boundary) = boundary {
                let all = self.length(at, piece.until_ms, timeline);
                let share_after = self.length(boundary, piece.until_ms, timeline) / all;
                // Where nothing arrives there is nothing to share.
                let share_after = if all > 0.0 { share_after.min(1.0) } else { 0.0 };
                split_off(current, share_after, stream, after);
            }
            let effect = stage
                .checked_sub(1)
                .and_then(|stage| self.stages[stage][piece.class].as_ref());
            if let Some(effect) = effect {
                failed += effect.apply(stream, current, moved);
            }
            if let (Some(evidence), Some(stage)) = (self.evidence, stage.checked_sub(1)) {
                *log_ratio += evidence.log_ratio(stage, piece.class, current, stream);
            }
            if let Some(record) = record {
                record.push(Stretch {
                    from_ms: at,
                    until_ms: boundary.unwrap_or(piece.until_ms),
                    counts: current.clone(),
                });
            }
            for (count, piece) in counts.iter_mut().zip(current.iter()) {
                *count += piece;
            }
            let Some(boundary) = boundary else {
                return failed;
            };
            std::mem::swap(current, after);
            at = boundary;
            stage += 1;
        }
    }

    fn rate_at(&self, at_ms: i64) -> (RateStep, i64) {
        let next = self.rates.partition_point(|step| step.from_ms <= at_ms);
        let end = self.rates.get(next).map_or(i64::MAX, |step| step.from_ms);
        (self.rates[next.saturating_sub(1)], end)
    }

    /// The class of healthy behaviour and how long it lasts.
    fn class_at(&self, at_ms: i64) -> (usize, i64) {
        if at_ms < self.life.warm_from_ms {
            (1, self.life.warm_from_ms)
        } else {
            (0, i64::MAX)
        }
    }

    fn is_uniform(&self, index: i64, level: u32, phase_ms: i64) -> bool {
        let from = index * self.plan.scrape_interval_ms + phase_ms;
        let until = from + (self.plan.scrape_interval_ms << level);
        from >= self.life.serving_from_ms
            && until <= self.life.serving_until_ms
            && self.rate_at(from).1 >= until
            && self.class_at(from).1 >= until
    }
}

struct Piece {
    from_ms: i64,
    until_ms: i64,
    rate: RateStep,
    class: usize,
    /// The piece is a whole block of this level.
    level: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::{HealthyClass, LEVELS, Life, PodRequests, RateStep, RequestPlan, Scratch};
    use crate::world::modulation::{GammaMinutes, Modulation};
    use crate::world::random::ReplicationKey;
    use crate::world::requests::{FixedMeanSampler, FreeMeanSampler};
    use crate::world::sampler::PoissonDigits;

    fn plan(rate_per_ms: f64) -> RequestPlan {
        let shares = [0.9, 0.05, 0.04, 0.01];
        let fixed = (0..LEVELS).map(|level| {
            FixedMeanSampler::new(rate_per_ms * 15e3 * f64::from(1 << level), &shares)
        });
        RequestPlan {
            atoms: 4,
            scrape_interval_ms: 15_000,
            warmup_ms: 0,
            healthy: vec![HealthyClass {
                fixed: vec![fixed.collect()],
                free: FreeMeanSampler::new(&shares),
            }],
            digits: PoissonDigits::new(),
            modulation: None,
        }
    }

    /// Counts of two pods in each of many minutes: those of 90 % and those of 10 % of the traffic.
    fn minutes(modulation: Option<Modulation>) -> Vec<[f64; 2]> {
        let plan = RequestPlan {
            modulation,
            ..plan(0.01)
        };
        let steps = [0.009, 0.001].map(|per_ms| {
            [RateStep {
                from_ms: i64::MIN,
                per_ms,
                class: None,
            }]
        });
        let minute = |replication| {
            [0, 1].map(|pod| {
                let life = Life {
                    owner: pod,
                    serving_until_ms: i64::MAX,
                    ..Life::default()
                };
                let requests = PodRequests {
                    plan: &plan,
                    key: ReplicationKey::new(5, replication),
                    life: &life,
                    rates: &steps[pod as usize],
                    stages: &[],
                    evidence: None,
                };
                let mut counts = vec![0; 4];
                // Four intervals make a minute; two of them as a gap.
                let mut scratch = Scratch::new(4);
                if let Some(modulation) = &plan.modulation {
                    let key = requests.key;
                    scratch.timeline.reset(modulation, key, 0, 0);
                }
                requests.interval(0, 0, &mut counts, &mut scratch);
                requests.interval(1, 15_000, &mut counts, &mut scratch);
                requests.gap(2, 4, 0, &mut counts, &mut scratch);
                counts.iter().sum::<u64>() as f64
            })
        };
        (0..20_000).map(minute).collect()
    }

    /// Variance over mean is `1 + w·(φ − 1)` for a share `w`, and all pods have the same good and bad minutes.
    #[test]
    fn bursts_have_the_moments_of_their_share_and_are_shared() {
        let phi = 4.0;
        let gamma = GammaMinutes {
            overdispersion: phi,
            per_minute: 600.0,
        };
        let counts = minutes(Some(Modulation {
            profile: None,
            bursts: None,
            gamma: Some(gamma),
        }));
        let n = counts.len() as f64;
        let mean = |pod: usize| counts.iter().map(|pair| pair[pod]).sum::<f64>() / n;
        let means = [mean(0), mean(1)];
        let moment = |a: usize, b: usize| {
            let products = counts.iter().map(|c| (c[a] - means[a]) * (c[b] - means[b]));
            products.sum::<f64>() / n
        };
        for (pod, share) in [(0, 0.9), (1, 0.1)] {
            let expected = 600.0 * share;
            let ratio = 1.0 + share * (phi - 1.0);
            let error = (expected * ratio / n).sqrt();
            assert!((means[pod] - expected).abs() < 5.0 * error, "{means:?}");
            let found = moment(pod, pod) / expected;
            // Nearly normal, so the standard error of a variance is sqrt(2/n) of it.
            assert!(
                (found / ratio - 1.0).abs() < 6.0 * (2.0 / n).sqrt(),
                "{found} {ratio}"
            );
        }
        // w·(1 − w)·μ²/k, with k = μ / (φ − 1).
        let covariance = 0.09 * 600.0 * (phi - 1.0);
        let error = ((moment(0, 0) * moment(1, 1) + covariance * covariance) / n).sqrt();
        assert!(
            (moment(0, 1) - covariance).abs() < 5.0 * error,
            "{}",
            moment(0, 1)
        );
        let poisson = minutes(None);
        let mean = poisson.iter().map(|pair| pair[0]).sum::<f64>() / n;
        let variance = poisson.iter().map(|c| (c[0] - mean).powi(2)).sum::<f64>() / n;
        assert!((variance / mean - 1.0).abs() < 6.0 * (2.0 / n).sqrt());
    }

    fn total_of_gap(
        plan: &RequestPlan,
        rates: &[RateStep],
        replication: u64,
        from: i64,
        until: i64,
    ) -> u64 {
        let life = Life {
            owner: 3,
            serving_until_ms: i64::MAX,
            ..Life::default()
        };
        let key = ReplicationKey::new(5, replication);
        let pod = PodRequests {
            plan,
            key,
            life: &life,
            rates,
            stages: &[],
            evidence: None,
        };
        let mut counts = vec![0; 4];
        pod.gap(from, until, 7, &mut counts, &mut Scratch::new(4));
        counts.iter().sum()
    }

    #[test]
    fn a_gap_has_the_mean_and_variance_of_its_length() {
        let plan = plan(0.01);
        let rates = [RateStep {
            from_ms: i64::MIN,
            per_ms: 0.01,
            class: Some(0),
        }];
        let totals: Vec<f64> = (0..4_000)
            .map(|r| total_of_gap(&plan, &rates, r, 3, 50) as f64)
            .collect();
        let mean = totals.iter().sum::<f64>() / 4e3;
        let variance = totals.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / 4e3;
        let expected = 0.01 * 15e3 * 47.0;
        assert!(
            (mean - expected).abs() < 5.0 * (expected / 4e3_f64).sqrt(),
            "{mean} {expected}"
        );
        assert!(
            (variance / expected - 1.0).abs() < 5.0 * (2.0 / 4e3_f64).sqrt(),
            "{variance} {expected}"
        );
    }

    #[test]
    fn a_rate_change_inside_a_gap_is_felt_where_it_happens() {
        let plan = plan(0.01);
        let rates = [
            RateStep {
                from_ms: i64::MIN,
                per_ms: 0.01,
                class: Some(0),
            },
            RateStep {
                from_ms: 20 * 15_000,
                per_ms: 0.002,
                class: None,
            },
        ];
        let mean = (0..4_000)
            .map(|r| total_of_gap(&plan, &rates, r, 0, 40) as f64)
            .sum::<f64>()
            / 4e3;
        let expected = 0.01 * (20.0 * 15e3 - 7.0) + 0.002 * (20.0 * 15e3 + 7.0);
        assert!(
            (mean - expected).abs() < 5.0 * (expected / 4e3_f64).sqrt(),
            "{mean} {expected}"
        );
    }

    #[test]
    fn single_intervals_do_not_depend_on_what_was_asked_before() {
        let plan = plan(0.01);
        let rates = [RateStep {
            from_ms: i64::MIN,
            per_ms: 0.01,
            class: Some(0),
        }];
        let life = Life {
            owner: 3,
            serving_until_ms: i64::MAX,
            ..Life::default()
        };
        let pod = PodRequests {
            plan: &plan,
            key: ReplicationKey::new(5, 1),
            life: &life,
            rates: &rates,
            stages: &[],
            evidence: None,
        };
        let draw = |index: i64| {
            let mut counts = vec![0; 4];
            pod.interval(index, index * 15_000 + 7, &mut counts, &mut Scratch::new(4));
            counts
        };
        let (forward, backward) = ([draw(8), draw(9)], [draw(9), draw(8)]);
        assert_eq!(forward[0], backward[1]);
        assert_eq!(forward[1], backward[0]);
        assert_ne!(forward[0], forward[1]);
    }

    #[test]
    fn nothing_arrives_outside_a_life() {
        let plan = plan(0.01);
        let rates = [RateStep {
            from_ms: i64::MIN,
            per_ms: 0.01,
            class: Some(0),
        }];
        let life = Life {
            owner: 3,
            serving_from_ms: 150_000,
            serving_until_ms: 150_000,
            ..Life::default()
        };
        let pod = PodRequests {
            plan: &plan,
            key: ReplicationKey::new(5, 1),
            life: &life,
            rates: &rates,
            stages: &[],
            evidence: None,
        };
        let mut counts = vec![0; 4];
        pod.gap(0, 100, 7, &mut counts, &mut Scratch::new(4));
        assert_eq!(counts, [0; 4]);
    }
}
