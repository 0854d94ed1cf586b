//! Folds replications of one arm into integers, so that any split over threads gives the same bytes.
//!
//! What is kept: counts, and [`Bins`] of milliseconds and requests. What is derived from them
//! (proportions, intervals, quantiles) is the business of [`crate::stats`].

use std::collections::BTreeMap;

use super::bins::Bins;
use crate::engine::outcome::{Abort, Outcome, Replication};
use crate::plan::ArmKind;
use crate::stats::paired::Pairs;

/// Where a rollout stood at its abort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Index into the Rollout's steps; none outside them.
    pub step: Option<u16>,
    /// The weight asked for, in percent.
    pub weight: u16,
    /// Requests really served by the canary, in millionths.
    pub share_ppm: u32,
}

/// Everything kept of the replications of one arm.
///
/// Memory doesn't grow with the number of replications as long as `share_ppm` takes few values, as
/// shares of whole pods or of configured weights do.
///
/// **Invariant:** [`Tally::merge`] is commutative, associative and exact; a tally is a function of the
/// multiset of replications. Merging costs as much as some thousand additions: once a batch, not once a
/// replication.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    kind: ArmKind,
    outcomes: [u64; Outcome::COUNT],
    detected: u64,
    /// Pair by pair, whether this arm's release is detected and the healthy one is aborted by Failed.
    pairs: Pairs,
    /// When replications ended, by outcome.
    ended_ms: [Bins; Outcome::COUNT],
    time_to_abort_from_onset_ms: Bins,
    time_to_safe_ms: Bins,
    repeating: u64,
    pages: Bins,
    /// Replications in which anybody was paged.
    paged: u64,
    failed_requests: Bins,
    failed_before: Bins,
    failed_after_miss: Bins,
    aborted_at: BTreeMap<Place, u64>,
    decided_by: BTreeMap<Option<u16>, u64>,
}

impl Tally {
    /// No replications yet of an arm of this kind.
    pub fn new(kind: ArmKind) -> Self {
        Self {
            kind,
            outcomes: [0; Outcome::COUNT],
            detected: 0,
            pairs: Pairs::default(),
            ended_ms: Default::default(),
            time_to_abort_from_onset_ms: Bins::new(),
            time_to_safe_ms: Bins::new(),
            repeating: 0,
            pages: Bins::new(),
            paged: 0,
            failed_requests: Bins::new(),
            failed_before: Bins::new(),
            failed_after_miss: Bins::new(),
            aborted_at: BTreeMap::new(),
            decided_by: BTreeMap::new(),
        }
    }

    /// Counts one replication.
    pub fn add(&mut self, replication: &Replication) {
        self.outcomes[replication.outcome.index()] += 1;
        self.ended_ms[replication.outcome.index()].add(millis(replication.ended_ms));
        self.repeating += u64::from(replication.repeating);
        self.pages.add(replication.pages.into());
        self.paged += u64::from(replication.pages > 0);
        self.failed_before.add(replication.failed_before);
        self.failed_after_miss.add(replication.failed_after_miss);
        self.failed_requests.add(
            replication
                .failed_before
                .saturating_add(replication.failed_after_miss),
        );
        if let Some(abort) = replication.abort {
            self.add_abort(abort);
        }
        self.detected += u64::from(detects(self.kind, replication));
        if replication.outcome == Outcome::AbortedFailed {
            self.add_failed(replication);
        }
    }

    /// Counts the pair of one replication, already added, and the healthy arm's replication of the same
    /// number: whether each of them is detected.
    pub fn add_pair(&mut self, detected: bool, healthy: bool) {
        self.pairs.add(detected, healthy);
    }

    fn add_abort(&mut self, abort: Abort) {
        let place = Place {
            step: abort.step,
            weight: abort.weight,
            share_ppm: abort.share_ppm,
        };
        *self.aborted_at.entry(place).or_default() += 1;
        *self.decided_by.entry(abort.metric).or_default() += 1;
    }

    fn add_failed(&mut self, replication: &Replication) {
        if let Some(since) = since_onset(replication) {
            self.time_to_abort_from_onset_ms.add(millis(since));
        }
        if let Some(safe) = replication.safe_ms {
            self.time_to_safe_ms.add(millis(safe));
        }
    }

    /// Counts all replications of `other`, a tally of the same arm.
    pub fn merge(&mut self, other: &Self) {
        debug_assert_eq!(self.kind, other.kind, "tallies of different arms");
        for (count, more) in self.outcomes.iter_mut().zip(other.outcomes) {
            *count += more;
        }
        self.detected += other.detected;
        self.pairs.merge(&other.pairs);
        for (ended, more) in self.ended_ms.iter_mut().zip(&other.ended_ms) {
            ended.merge(more);
        }
        self.time_to_abort_from_onset_ms
            .merge(&other.time_to_abort_from_onset_ms);
        self.time_to_safe_ms.merge(&other.time_to_safe_ms);
        self.repeating += other.repeating;
        self.pages.merge(&other.pages);
        self.paged += other.paged;
        self.failed_requests.merge(&other.failed_requests);
        self.failed_before.merge(&other.failed_before);
        self.failed_after_miss.merge(&other.failed_after_miss);
        for (&place, &n) in &other.aborted_at {
            *self.aborted_at.entry(place).or_default() += n;
        }
        for (&metric, &n) in &other.decided_by {
            *self.decided_by.entry(metric).or_default() += n;
        }
    }

    /// Whether the arm is the healthy one.
    pub fn kind(&self) -> ArmKind {
        self.kind
    }

    /// Replications counted.
    pub fn replications(&self) -> u64 {
        self.outcomes.iter().sum()
    }

    /// Replications that ended as `outcome`.
    pub fn outcome(&self, outcome: Outcome) -> u64 {
        self.outcomes[outcome.index()]
    }

    /// Replications aborted by Failed: at or after the fault's onset in a fault arm, all of them in the
    /// healthy arm, where they are the false aborts.
    pub fn detected(&self) -> u64 {
        self.detected
    }

    /// Replications not promoted, for whatever reason.
    pub fn stopped(&self) -> u64 {
        self.replications() - self.outcome(Outcome::Promoted)
    }

    /// Replications aborted, for whatever reason.
    pub fn aborted(&self) -> u64 {
        let aborts = Outcome::ALL
            .into_iter()
            .filter(|outcome| outcome.is_abort());
        aborts.map(|outcome| self.outcome(outcome)).sum()
    }

    /// From the start of the update to the abort, among those aborted by Failed; milliseconds.
    pub fn time_to_abort_ms(&self) -> &Bins {
        self.ended_ms(Outcome::AbortedFailed)
    }

    /// From the start of the update to the end, of those that ended as `outcome`; milliseconds.
    pub fn ended_ms(&self, outcome: Outcome) -> &Bins {
        &self.ended_ms[outcome.index()]
    }

    /// Pair by pair, whether this arm's release is detected (first) and the healthy arm's release of the same
    /// number is aborted by Failed (second). Empty in the healthy arm, and when that arm wasn't replayed.
    pub fn pairs(&self) -> &Pairs {
        &self.pairs
    }

    /// From the fault's onset to the abort, among those aborted by Failed after it; milliseconds.
    pub fn time_to_abort_from_onset_ms(&self) -> &Bins {
        &self.time_to_abort_from_onset_ms
    }

    /// From the start of the update until the bad version serves nothing, among those aborted by Failed;
    /// milliseconds.
    pub fn time_to_safe_ms(&self) -> &Bins {
        &self.time_to_safe_ms
    }

    /// From the start of the update to the outcome, of all replications; milliseconds.
    pub fn duration_ms(&self) -> Bins {
        let mut all = Bins::new();
        for ended in &self.ended_ms {
            all.merge(ended);
        }
        all
    }

    /// Unfinished replications in which the real controller repeats itself for ever.
    pub fn repeating(&self) -> u64 {
        self.repeating
    }

    /// How often somebody was paged until the outcome.
    pub fn pages(&self) -> &Bins {
        &self.pages
    }

    /// Replications in which somebody was paged until the outcome.
    pub fn paged(&self) -> u64 {
        self.paged
    }

    /// Requests failed because of the fault, before the outcome and after a miss together.
    pub fn failed_requests(&self) -> &Bins {
        &self.failed_requests
    }

    /// Requests failed because of the fault until the outcome.
    pub fn failed_before(&self) -> &Bins {
        &self.failed_before
    }

    /// Requests failed because of the fault after a miss.
    pub fn failed_after_miss(&self) -> &Bins {
        &self.failed_after_miss
    }

    /// Where the aborts (of any reason) happened, in order of steps.
    pub fn aborted_at(&self) -> impl Iterator<Item = (Place, u64)> + '_ {
        self.aborted_at.iter().map(|(&place, &n)| (place, n))
    }

    /// Which metric (index into the plan's names) decided the aborts; none where no metric did.
    pub fn decided_by(&self) -> impl Iterator<Item = (Option<u16>, u64)> + '_ {
        self.decided_by.iter().map(|(&metric, &n)| (metric, n))
    }
}

/// Whether a release is aborted by Failed: at or after the fault's onset in a fault arm, at all in the
/// healthy one.
pub fn detects(kind: ArmKind, replication: &Replication) -> bool {
    replication.outcome == Outcome::AbortedFailed
        && (kind == ArmKind::Healthy || since_onset(replication).is_some())
}

/// How long after the fault's onset it ended; none when it ended before.
fn since_onset(replication: &Replication) -> Option<i64> {
    let since = replication.ended_ms - replication.onset_ms?;
    (since >= 0).then_some(since)
}

/// Times never lie before the start of the update.
fn millis(signed: i64) -> u64 {
    u64::try_from(signed).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{ArmKind, Place, Tally};
    use crate::engine::outcome::{Abort, Outcome, Replication};
    use proptest::prelude::*;

    fn aborted(outcome: Outcome, ended_ms: i64, onset_ms: Option<i64>) -> Replication {
        Replication {
            outcome,
            ended_ms,
            onset_ms,
            safe_ms: Some(ended_ms + 30_000),
            abort: Some(Abort {
                step: Some(2),
                weight: 10,
                share_ppm: 142_857,
                metric: Some(0),
            }),
            repeating: false,
            pages: 0,
            failed_before: 40,
            failed_after_miss: 0,
        }
    }

    fn promoted() -> Replication {
        Replication {
            outcome: Outcome::Promoted,
            ended_ms: 1_800_000,
            onset_ms: Some(0),
            safe_ms: None,
            abort: None,
            repeating: false,
            pages: 0,
            failed_before: 100,
            failed_after_miss: 5_400,
        }
    }

    #[test]
    fn an_abort_before_the_onset_is_no_detection() {
        let mut tally = Tally::new(ArmKind::Fault);
        tally.add(&aborted(Outcome::AbortedFailed, 300_000, Some(300_000)));
        tally.add(&aborted(Outcome::AbortedFailed, 300_000, Some(300_001)));
        tally.add(&aborted(Outcome::AbortedFailed, 300_000, None));
        tally.add(&aborted(Outcome::AbortedError, 300_000, Some(0)));
        tally.add(&promoted());
        assert_eq!(tally.detected(), 1);
        assert_eq!(tally.stopped(), 4);
        assert_eq!(tally.outcome(Outcome::AbortedFailed), 3);
        assert_eq!(tally.time_to_abort_ms().count(), 3);
        assert_eq!(tally.time_to_abort_from_onset_ms().at_rank(1), Some(0));
        assert_eq!(tally.time_to_abort_from_onset_ms().count(), 1);
        let place = Place {
            step: Some(2),
            weight: 10,
            share_ppm: 142_857,
        };
        assert_eq!(tally.aborted_at().collect::<Vec<_>>(), [(place, 4)]);
        assert_eq!(tally.decided_by().collect::<Vec<_>>(), [(Some(0), 4)]);
        assert_eq!(tally.failed_requests().sum(), 4 * 40 + 5_500);
        assert_eq!(tally.failed_after_miss().sum(), 5_400);
    }

    #[test]
    fn in_the_healthy_arm_every_failed_abort_counts() {
        let mut tally = Tally::new(ArmKind::Healthy);
        tally.add(&aborted(Outcome::AbortedFailed, 300_000, None));
        tally.add(&aborted(Outcome::AbortedError, 300_000, None));
        assert_eq!((tally.detected(), tally.stopped()), (1, 2));
        assert_eq!(tally.time_to_abort_from_onset_ms().count(), 0);
    }

    fn any_replication() -> impl Strategy<Value = Replication> {
        (
            0..Outcome::COUNT,
            0..4_000_000_i64,
            prop::option::of(0..4_000_000_i64),
            prop::option::of(0..4_u16),
            0..3_u32,
            0..100_000_u64,
        )
            .prop_map(|(outcome, ended_ms, onset_ms, index, share, failed)| {
                let outcome = Outcome::ALL[outcome];
                let abort = Abort {
                    step: index,
                    weight: 25,
                    share_ppm: share,
                    metric: index,
                };
                Replication {
                    outcome,
                    ended_ms,
                    onset_ms,
                    safe_ms: onset_ms,
                    abort: outcome.is_abort().then_some(abort),
                    repeating: false,
                    pages: 0,
                    failed_before: failed,
                    failed_after_miss: failed / 3,
                }
            })
    }

    proptest! {
        #[test]
        fn any_split_and_order_gives_the_same_tally(
            replications in prop::collection::vec(any_replication(), 0..40),
            cut in 0..40_usize,
        ) {
            let cut = cut.min(replications.len());
            let tally = |part: &[Replication]| {
                let mut tally = Tally::new(ArmKind::Fault);
                for replication in part {
                    tally.add(replication);
                }
                tally
            };
            let whole = tally(&replications);
            let (front, back) = (tally(&replications[..cut]), tally(&replications[cut..]));
            let mut forward = front.clone();
            forward.merge(&back);
            let mut backward = back;
            backward.merge(&front);
            prop_assert!(forward == whole);
            prop_assert!(backward == whole);
            prop_assert_eq!(whole.replications(), replications.len() as u64);
        }
    }
}
