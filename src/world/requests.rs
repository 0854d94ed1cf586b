//! Requests as counts: how many of each kind a pod answers in a piece of time, and what a fault makes of
//! them.
//!
//! A request's kind, its *atom*, is its status and the cell of its response time. Arrivals are Poisson, so
//! the counts of different atoms are independent Poisson counts (splitting). A fault never draws anew: it
//! thins and moves what a healthy version would have answered.

use super::latency::{Cells, Slowdown};
use super::random::Stream;
use super::sampler::{BinomialDigits, PoissonDigits, binomial_bits};
use super::table::AliasTable;
use crate::scenario::model::Latency;

/// Atoms with a smaller mean are drawn together and then placed.
const OWN_TABLE_MEAN: f64 = 1.0;

/// Counts per atom: `status · cells + cell`, statuses in the order of [`Status`].
pub type Counts = [u64];

/// What a response says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Status 200.
    Success = 0,
    /// Status 500.
    Failure = 1,
}

/// Number of statuses.
pub const STATUSES: usize = 2;

impl Status {
    /// The status code as a label has it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Success => "200",
            Self::Failure => "500",
        }
    }

    /// All statuses.
    pub const ALL: [Self; STATUSES] = [Self::Success, Self::Failure];
}

/// Draws the healthy counts of a piece whose mean the plan knows.
#[derive(Clone, Debug)]
pub struct FixedMeanSampler {
    own: Vec<(u16, AliasTable)>,
    rest: Option<(AliasTable, AliasTable)>,
}

impl FixedMeanSampler {
    /// For pieces with `mean` requests, divided by `shares` (one per atom, summing to 1).
    pub fn new(mean: f64, shares: &[f64]) -> Self {
        let own_table = |&(_, share): &(usize, &f64)| mean * *share >= OWN_TABLE_MEAN;
        let own: Vec<_> = shares.iter().enumerate().filter(own_table).collect();
        let rest_weights: Vec<f64> = shares
            .iter()
            .map(|share| {
                if mean * share >= OWN_TABLE_MEAN {
                    0.0
                } else {
                    *share
                }
            })
            .collect();
        let rest_share: f64 = rest_weights.iter().sum();
        let rest = (rest_share > 0.0).then(|| {
            (
                AliasTable::poisson(mean * rest_share),
                AliasTable::new(0, &rest_weights),
            )
        });
        let own = own
            .into_iter()
            .map(|(atom, share)| (atom as u16, AliasTable::poisson(mean * share)))
            .collect();
        Self { own, rest }
    }

    /// Adds the counts of one piece to `counts`.
    #[inline]
    pub fn draw(&self, stream: &mut Stream, counts: &mut Counts) {
        for (atom, table) in &self.own {
            counts[usize::from(*atom)] += table.value(stream.next_word());
        }
        if let Some((number, placement)) = &self.rest {
            for _ in 0..number.value(stream.next_word()) {
                counts[placement.value(stream.next_word()) as usize] += 1;
            }
        }
    }

    /// Size of the tables in bytes.
    pub fn bytes(&self) -> usize {
        let rest = self
            .rest
            .as_ref()
            .map_or(0, |(number, placement)| number.bytes() + placement.bytes());
        self.own
            .iter()
            .map(|(_, table)| table.bytes())
            .sum::<usize>()
            + rest
    }
}

/// Draws the healthy counts of a piece whose mean is only known in the replication.
#[derive(Clone, Debug)]
pub struct FreeMeanSampler {
    shares: Vec<f64>,
    all: AliasTable,
}

impl FreeMeanSampler {
    /// Requests divided by `shares` (one per atom, summing to 1).
    pub fn new(shares: &[f64]) -> Self {
        Self {
            shares: shares.to_vec(),
            all: AliasTable::new(0, shares),
        }
    }

    /// The atom of one request.
    pub fn draw_one(&self, stream: &mut Stream) -> usize {
        self.all.value(stream.next_word()) as usize
    }

    /// Adds the counts of one piece with `mean` requests to `counts`.
    pub fn draw(
        &self,
        digits: &PoissonDigits,
        mean: f64,
        stream: &mut Stream,
        counts: &mut Counts,
    ) {
        // Few requests are placed one by one; many are drawn per atom. Both are the same distribution.
        if mean < 2.0 * self.shares.len() as f64 {
            for _ in 0..digits.draw(mean, stream) {
                counts[self.all.value(stream.next_word()) as usize] += 1;
            }
        } else {
            for (count, share) in counts.iter_mut().zip(&self.shares) {
                *count += digits.draw(mean * share, stream);
            }
        }
    }
}

/// What a fault does to requests while it lasts, for one class of healthy behaviour.
#[derive(Clone, Debug)]
pub struct FaultEffect {
    cells: usize,
    /// Cells up to here aren't slow.
    fast_cells: usize,
    /// Probability that a success becomes a failure.
    errors: Option<BinomialDigits>,
    /// For each cell, where its requests go: binomials conditional on not having gone to an earlier one.
    moves: Option<Vec<Vec<(u16, BinomialDigits)>>>,
    /// Probability that a success that isn't slow has the wrong content.
    broken: Option<BinomialDigits>,
}

/// The parameters of [`FaultEffect::new`].
#[derive(Clone, Copy, Debug)]
pub struct FaultParameters<'a> {
    /// Cells of response times.
    pub cells: &'a Cells,
    /// Healthy response times.
    pub latency: &'a Latency,
    /// Factor of the cold start in this class of healthy behaviour.
    pub warmup_factor: f64,
    /// Healthy share of failures.
    pub healthy_error_share: f64,
    /// Share of failures under the fault, at least the healthy one.
    pub error_share: f64,
    /// What happens to response times.
    pub slowdown: Slowdown,
    /// Share of successes with wrong content.
    pub broken_share: f64,
    /// Responses slower than this fail the user; one of the cells' bounds, or infinite.
    pub slow_above_seconds: f64,
    /// About how many requests a scrape interval holds.
    pub expected_requests: f64,
}

impl FaultEffect {
    /// Builds the tables; `None` if the fault changes nothing.
    pub fn new(parameters: FaultParameters<'_>) -> Option<Self> {
        let FaultParameters {
            cells,
            latency,
            warmup_factor,
            slowdown,
            expected_requests,
            ..
        } = parameters;
        let healthy = parameters.healthy_error_share;
        let extra = if healthy < 1.0 {
            (parameters.error_share - healthy) / (1.0 - healthy)
        } else {
            0.0
        };
        let table =
            |share: f64| (share > 0.0).then(|| BinomialDigits::new(share, expected_requests));
        let moves = (!slowdown.is_none()).then(|| {
            let transitions = cells.transitions(latency, warmup_factor, slowdown);
            transitions
                .iter()
                .map(|moves| conditional(moves, expected_requests))
                .collect()
        });
        let effect = Self {
            cells: cells.count(),
            fast_cells: cells.below(parameters.slow_above_seconds),
            errors: table(extra),
            moves,
            broken: table(parameters.broken_share),
        };
        (effect.errors.is_some() || effect.moves.is_some() || effect.broken.is_some())
            .then_some(effect)
    }

    /// Whether responses of this cell are too slow.
    pub fn is_slow(&self, cell: usize) -> bool {
        cell >= self.fast_cells
    }

    /// Turns healthy counts into the fault's and returns how many requests fail because of it.
    ///
    /// A request fails because of the fault if a healthy version would have served it and this one answers
    /// with an error, too slowly, or with wrong content.
    pub fn apply(&self, stream: &mut Stream, counts: &mut Counts, scratch: &mut Counts) -> u64 {
        let mut failed = 0;
        let (successes, failures) = counts.split_at_mut(self.cells);
        if let Some(errors) = &self.errors {
            for (success, failure) in successes.iter_mut().zip(failures.iter_mut()) {
                let spoilt = errors.draw(*success, stream);
                *success -= spoilt;
                *failure += spoilt;
                failed += spoilt;
            }
        }
        if let Some(moves) = &self.moves {
            failed += self.slow_down(moves, stream, successes, scratch);
            self.slow_down(moves, stream, failures, scratch);
        }
        if let Some(broken) = &self.broken {
            let fine: u64 = successes[..self.fast_cells].iter().sum();
            failed += broken.draw(fine, stream);
        }
        failed
    }

    /// Moves the requests of one status; returns how many became too slow.
    fn slow_down(
        &self,
        moves: &[Vec<(u16, BinomialDigits)>],
        stream: &mut Stream,
        counts: &mut Counts,
        scratch: &mut Counts,
    ) -> u64 {
        let scratch = &mut scratch[..self.cells];
        scratch.copy_from_slice(counts);
        counts.fill(0);
        let mut slowed = 0;
        for (cell, moves) in moves.iter().enumerate() {
            let mut left = scratch[cell];
            for (target, binomial) in moves {
                if left == 0 {
                    break;
                }
                let moved = binomial.draw(left, stream);
                counts[usize::from(*target)] += moved;
                left -= moved;
                if cell < self.fast_cells && usize::from(*target) >= self.fast_cells {
                    slowed += moved;
                }
            }
        }
        slowed
    }
}

/// The moves of one cell as binomials conditional on not having gone to an earlier target. The last one
/// takes all that is left.
fn conditional(moves: &[(usize, f64)], expected_requests: f64) -> Vec<(u16, BinomialDigits)> {
    let mut left = 1.0;
    let mut result = Vec::with_capacity(moves.len());
    for (index, &(target, share)) in moves.iter().enumerate() {
        let last = index + 1 == moves.len();
        let given = if last || left <= 0.0 {
            1.0
        } else {
            (share / left).min(1.0)
        };
        result.push((target as u16, BinomialDigits::new(given, expected_requests)));
        left -= share;
    }
    result
}

/// Splits counts into the part before and the part after a point inside the piece: arrivals of a Poisson
/// stream with a constant rate are uniform in time. `counts` keeps the part before.
pub fn split_off(counts: &mut Counts, share_after: f64, stream: &mut Stream, after: &mut Counts) {
    for (count, after) in counts.iter_mut().zip(after) {
        *after = binomial_bits(*count, share_after, stream);
        *count -= *after;
    }
}

/// The share of each atom in a healthy version's requests.
pub fn healthy_shares(
    cells: &Cells,
    latency: &Latency,
    warmup_factor: f64,
    error_share: f64,
) -> Vec<f64> {
    let per_cell = cells.shares(latency, warmup_factor);
    let success = per_cell.iter().map(|share| share * (1.0 - error_share));
    let failure = per_cell.iter().map(|share| share * error_share);
    success.chain(failure).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        FaultEffect, FaultParameters, FixedMeanSampler, FreeMeanSampler, healthy_shares, split_off,
    };
    use crate::scenario::model::{Latency, LatencyFault};
    use crate::units::Duration;
    use crate::world::latency::{Cells, Slowdown};
    use crate::world::random::{Purpose, ReplicationKey};
    use crate::world::sampler::PoissonDigits;

    const PIECES: u32 = 20_000;

    fn latency() -> Latency {
        Latency::Lognormal {
            p50: Duration::from_millis(80),
            p99: Duration::from_millis(400),
        }
    }

    fn cells() -> Cells {
        Cells::new(vec![0.05, 0.1, 0.25, 0.5, 1.0, 2.5])
    }

    fn parameters<'a>(cells: &'a Cells, latency: &'a Latency) -> FaultParameters<'a> {
        FaultParameters {
            cells,
            latency,
            warmup_factor: 1.0,
            healthy_error_share: 0.001,
            error_share: 0.001,
            slowdown: Slowdown::NONE,
            broken_share: 0.0,
            slow_above_seconds: 1.0,
            expected_requests: 100.0,
        }
    }

    fn assert_close(what: &str, sum: u64, mean: f64) {
        let error = (mean / f64::from(PIECES)).sqrt();
        let found = sum as f64 / f64::from(PIECES);
        assert!(
            (found - mean).abs() < 5.0 * error + 1e-9,
            "{what}: {found}, not {mean}"
        );
    }

    #[test]
    fn both_samplers_split_the_mean_by_the_shares() {
        let shares = healthy_shares(&cells(), &latency(), 1.0, 0.01);
        let digits = PoissonDigits::new();
        for mean in [0.5, 107.0] {
            let fixed = FixedMeanSampler::new(mean, &shares);
            let free = FreeMeanSampler::new(&shares);
            let mut fixed_sums = vec![0; shares.len()];
            let mut free_sums = vec![0; shares.len()];
            for piece in 0..PIECES {
                let key = ReplicationKey::new(1, u64::from(piece));
                fixed.draw(&mut key.stream(Purpose::Requests, 0, 0), &mut fixed_sums);
                free.draw(
                    &digits,
                    mean,
                    &mut key.stream(Purpose::Requests, 1, 0),
                    &mut free_sums,
                );
            }
            for (atom, share) in shares.iter().enumerate() {
                assert_close(
                    &format!("fixed {mean} {atom}"),
                    fixed_sums[atom],
                    mean * share,
                );
                assert_close(
                    &format!("free {mean} {atom}"),
                    free_sums[atom],
                    mean * share,
                );
            }
        }
    }

    #[test]
    fn a_fault_thins_successes_and_keeps_the_total() {
        let (cells, latency) = (cells(), latency());
        let effect = FaultEffect::new(FaultParameters {
            error_share: 0.03,
            ..parameters(&cells, &latency)
        })
        .unwrap();
        let sampler = FixedMeanSampler::new(107.0, &healthy_shares(&cells, &latency, 1.0, 0.001));
        let (mut failures, mut failed, mut scratch) = (0, 0, vec![0; 14]);
        for piece in 0..PIECES {
            let key = ReplicationKey::new(1, u64::from(piece));
            let mut counts = vec![0; 14];
            sampler.draw(&mut key.stream(Purpose::Requests, 0, 0), &mut counts);
            let total: u64 = counts.iter().sum();
            failed += effect.apply(
                &mut key.stream(Purpose::Fault, 0, 0),
                &mut counts,
                &mut scratch,
            );
            assert_eq!(counts.iter().sum::<u64>(), total);
            failures += counts[7..].iter().sum::<u64>();
        }
        assert_close("failures", failures, 107.0 * 0.03);
        assert_close("failed because of the fault", failed, 107.0 * 0.029);
    }

    #[test]
    fn a_slow_version_has_the_slow_distribution_and_counts_who_became_too_slow() {
        let (cells, latency) = (cells(), latency());
        let slowdown = Slowdown::of(&LatencyFault::Factor(4.0));
        let effect = FaultEffect::new(FaultParameters {
            slowdown,
            ..parameters(&cells, &latency)
        })
        .unwrap();
        let sampler = FixedMeanSampler::new(107.0, &healthy_shares(&cells, &latency, 1.0, 0.001));
        let (mut sums, mut failed, mut scratch) = (vec![0; 14], 0, vec![0; 14]);
        for piece in 0..PIECES {
            let key = ReplicationKey::new(1, u64::from(piece));
            let mut counts = vec![0; 14];
            sampler.draw(&mut key.stream(Purpose::Requests, 0, 0), &mut counts);
            failed += effect.apply(
                &mut key.stream(Purpose::Fault, 0, 0),
                &mut counts,
                &mut scratch,
            );
            sums.iter_mut()
                .zip(&counts)
                .for_each(|(sum, count)| *sum += count);
        }
        let expected = healthy_shares(&cells, &latency, 4.0, 0.001);
        for (atom, share) in expected.iter().enumerate() {
            assert_close(&format!("atom {atom}"), sums[atom], 107.0 * share);
        }
        let slow: f64 = expected[5..7].iter().sum();
        let slow_before: f64 = healthy_shares(&cells, &latency, 1.0, 0.001)[5..7]
            .iter()
            .sum();
        assert_close("became too slow", failed, 107.0 * (slow - slow_before));
    }

    #[test]
    fn wrong_content_fails_fast_successes_only() {
        let (cells, latency) = (cells(), latency());
        let effect = FaultEffect::new(FaultParameters {
            broken_share: 1.0,
            ..parameters(&cells, &latency)
        })
        .unwrap();
        let mut counts = vec![3, 4, 0, 0, 5, 6, 7, 1, 0, 0, 0, 0, 0, 0];
        let before = counts.clone();
        let key = ReplicationKey::new(1, 1);
        let failed = effect.apply(
            &mut key.stream(Purpose::Fault, 0, 0),
            &mut counts,
            &mut [0; 14],
        );
        assert_eq!((failed, counts), (12, before));
    }

    #[test]
    fn a_fault_that_changes_nothing_is_none() {
        assert!(FaultEffect::new(parameters(&cells(), &latency())).is_none());
    }

    #[test]
    fn splitting_keeps_the_sum() {
        let mut before = vec![100, 0, 7];
        let mut after = vec![0; 3];
        let mut stream = ReplicationKey::new(1, 1).stream(Purpose::Fault, 0, 0);
        split_off(&mut before, 0.25, &mut stream, &mut after);
        assert_eq!(
            before
                .iter()
                .zip(&after)
                .map(|(a, b)| a + b)
                .collect::<Vec<u64>>(),
            [100, 0, 7]
        );
        assert!((5..60).contains(&after[0]), "{after:?}");
    }
}
