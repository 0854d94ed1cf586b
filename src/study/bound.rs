//! What no template could exceed: the most powerful test of the same requests, against a known fault with
//! known onset (`docs/bound.md`).
//!
//! Each fault arm is replayed with its gates held open and the same random numbers as otherwise. The
//! log-likelihood ratios of these releases, and how often the template aborts healthy and faulty ones, give
//! the bound, its interval and the template's efficiency.

use std::num::NonZeroU64;

use rand::distr::Distribution;
use rand_distr::Binomial;
use rayon::prelude::*;

use crate::engine::outcome::Outcome;
use crate::engine::replicate::Replicator;
use crate::montecarlo::progress::Progress;
use crate::montecarlo::tally::Tally;
use crate::plan::evidence::EvidencePlan;
use crate::plan::{Arm, ArmKind, Plan};
use crate::report::bound::{Bound, Scope};
use crate::stats::Estimate;
use crate::stats::likelihood_ratio::{RatioSample, efficiency, percentile_interval};
use crate::stats::proportion::proportion;
use crate::telemetry::targets::evidence::Seen;
use crate::world::evidence::Evidence;
use crate::world::random::{Purpose, ReplicationKey, Stream};

/// Resamples behind an interval.
const RESAMPLES: usize = 400;

/// Releases with held-open gates that suffice for reports: a standard error of at most 0.8 %.
pub const REPLICATIONS: u64 = 4_000;

/// Releases that a thread takes at a time.
const BATCH: u64 = 128;

/// How the bound is estimated.
#[derive(Clone, Copy, Debug)]
pub struct BoundSettings {
    /// Releases of each fault arm that are replayed with their gates held open.
    pub replications: u64,
    /// The seed of the study.
    pub seed: u64,
}

/// The bounds of each of `arms`, one entry per [`Scope`], on the current rayon pool; empty for the healthy
/// arm. `tallies` are those of ordinary replications, in the order of `arms`.
///
/// The level of the tests comes from the healthy arm among them; without one there are no bounds, and
/// [`Bound::reason`] says so.
pub fn bounds(
    plan: &Plan,
    arms: &[&Arm],
    tallies: &[Tally],
    settings: BoundSettings,
    progress: &Progress,
) -> Vec<Vec<Bound>> {
    let healthy = arms.iter().zip(tallies);
    let healthy = healthy
        .filter(|(arm, _)| matches!(arm.evidence, EvidencePlan::Healthy))
        .find_map(|(_, tally)| Aborts::of(tally));
    arms.iter()
        .zip(tallies)
        .map(|(arm, tally)| match Aborts::of(tally) {
            Some(power) => of_arm(plan, arm, healthy, power, settings, progress),
            None => Vec::new(),
        })
        .collect()
}

/// How many held-open releases [`bounds`] will replay.
pub fn expected_replications(arms: &[&Arm], settings: BoundSettings) -> u64 {
    let healthy = arms.iter().any(|arm| arm.kind == ArmKind::Healthy);
    let told = arms.iter().filter(|arm| healthy && told(arm).is_some());
    told.count() as u64 * settings.replications
}

/// What requests say about an arm's fault, if that is all there is to see.
fn told(arm: &Arm) -> Option<&Evidence> {
    match &arm.evidence {
        EvidencePlan::Requests(evidence) | EvidencePlan::Hidden(evidence) => Some(evidence),
        EvidencePlan::Healthy | EvidencePlan::Undefined(_) => None,
    }
}

/// Releases aborted by Failed or Error.
#[derive(Clone, Copy, Debug)]
struct Aborts {
    count: u64,
    n: NonZeroU64,
}

impl Aborts {
    fn of(tally: &Tally) -> Option<Self> {
        let n = NonZeroU64::new(tally.replications())?;
        let count = tally.outcome(Outcome::AbortedFailed) + tally.outcome(Outcome::AbortedError);
        Some(Self { count, n })
    }

    fn estimate(self) -> Estimate {
        proportion(self.count, self.n)
    }

    /// The probability as a level: where nothing was counted, its upper limit.
    fn level(self) -> f64 {
        let estimate = self.estimate();
        if self.count == 0 {
            estimate.high.unwrap_or(1.0)
        } else {
            estimate.estimate
        }
    }

    /// The probability that another such study finds.
    fn resampled(self, stream: &mut Stream) -> f64 {
        let share = self.count as f64 / self.n.get() as f64;
        let count = Binomial::new(self.n.get(), share).map_or(self.count, |it| it.sample(stream));
        count as f64 / self.n.get() as f64
    }
}

fn of_arm(
    plan: &Plan,
    arm: &Arm,
    healthy: Option<Aborts>,
    power: Aborts,
    settings: BoundSettings,
    progress: &Progress,
) -> Vec<Bound> {
    let reason = match (&arm.evidence, healthy) {
        (EvidencePlan::Healthy, _) => return Vec::new(),
        (EvidencePlan::Undefined(reason), _) => Some((*reason).to_owned()),
        (_, None) => Some("the level is that of the healthy arm, which wasn't replayed".to_owned()),
        (EvidencePlan::Hidden(_), _) => Some("nothing that is exported shows the fault".to_owned()),
        (EvidencePlan::Requests(_), _) => None,
    };
    let seen = match (told(arm), healthy) {
        (Some(evidence), Some(_)) => replay_held_open(plan, arm, evidence, settings, progress),
        _ => Vec::new(),
    };
    let in_scope = |scope: Scope| {
        let comparison = healthy.and_then(|healthy| {
            let ratios = seen.iter().map(|seen| seen.log_ratio[scope as usize]);
            let sample = RatioSample::new(ratios.collect());
            let key = ReplicationKey::new(settings.seed, scope as u64);
            compare(sample, healthy, power, key)
        });
        let (bound, efficiency) = comparison.unzip();
        let requests = seen.iter().map(|seen| seen.requests[scope as usize]);
        let requests = requests.sum::<u64>() as f64 / seen.len() as f64;
        Bound {
            scope,
            requests: (!seen.is_empty()).then_some(requests),
            alpha: healthy.map(Aborts::estimate),
            level: healthy.map(Aborts::level),
            power: power.estimate(),
            bound,
            reason: reason
                .clone()
                .or_else(|| (!seen.is_empty() && requests == 0.0).then(nothing_there)),
            efficiency: efficiency.flatten(),
        }
    };
    Scope::ALL.into_par_iter().map(in_scope).collect()
}

fn nothing_there() -> String {
    "no request to the new version is among these".to_owned()
}

/// The releases in the order of their numbers.
fn replay_held_open(
    plan: &Plan,
    arm: &Arm,
    evidence: &Evidence,
    settings: BoundSettings,
    progress: &Progress,
) -> Vec<Seen> {
    let batches = 0..settings.replications.div_ceil(BATCH);
    let seen = batches.into_par_iter().map_init(
        || Replicator::held_open(plan, arm, settings.seed),
        |replicator, batch| {
            let first = batch * BATCH;
            let last = settings.replications.min(first + BATCH);
            progress.advance(last - first);
            let seen = (first..last).map(|index| replicator.seen(index, evidence));
            seen.collect::<Vec<_>>()
        },
    );
    seen.flatten_iter().collect()
}

/// The bound and the template's efficiency; none without observations.
fn compare(
    mut sample: RatioSample,
    healthy: Aborts,
    power: Aborts,
    key: ReplicationKey,
) -> Option<(Estimate, Option<Estimate>)> {
    let (n, level) = (NonZeroU64::new(sample.len() as u64)?, healthy.level());
    let best = sample.power_at(level)?;
    let gain = efficiency(power.estimate().estimate, level, best);
    let (mut bounds, mut efficiencies) = (Vec::new(), Vec::new());
    for index in 0..RESAMPLES {
        let mut stream = key.stream(Purpose::Bootstrap, 0, index as i64);
        // A limit is a limit: it isn't resampled.
        let level = if healthy.count == 0 {
            level
        } else {
            healthy.resampled(&mut stream)
        };
        let power = power.resampled(&mut stream);
        let bound = sample.resampled_power_at(level, |n| stream.next_below(n));
        bounds.push(bound);
        if bound > level {
            efficiencies.push((power - level) / (bound - level));
        }
    }
    let bound = if best > 1.0 - 0.5 / n.get() as f64 {
        // No release had a smaller ratio: resampling shows no spread.
        proportion(n.get(), n)
    } else {
        percentile_interval(n.get(), best, bounds)
    };
    let efficiency = gain.map(|gain| percentile_interval(n.get(), gain, efficiencies));
    Some((bound, efficiency))
}
