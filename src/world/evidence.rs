//! What requests say about a fault: the logarithm of how much likelier they are in the faulty version than
//! in a healthy one.
//!
//! A request tells its status and the cell of its response time among the exported buckets. Given that it
//! arrived, a healthy version and a faulty one answer so with probabilities that follow from the scenario,
//! and the likelihood ratio of many requests is the product of theirs. Where the counts that are drawn
//! merge answers that some exported metric tells apart, they are split here, from words of their own: so
//! nothing that is drawn elsewhere changes.

use super::latency::{Cells, Slowdown};
use super::random::Stream;
use super::requests::{STATUSES, Status};
use super::sampler::binomial_bits;
use crate::scenario::model::Latency;

/// Weights closer than this are one: differences of rounding.
const SAME_WEIGHT: f64 = 1e-12;

/// One fault's log-likelihood ratios: `[stage][class of healthy behaviour]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// The tables.
    pub stages: Vec<Vec<LogRatios>>,
}

/// The log-likelihood ratios of one behaviour against another, by drawn atom.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogRatios {
    atoms: Vec<AtomRatio>,
}

/// What the requests of one drawn atom say.
#[derive(Clone, Debug, PartialEq)]
enum AtomRatio {
    /// All of them the same.
    Same(f64),
    /// Some more than others: the log ratio of each part, and the share of it in what earlier parts leave.
    Parts(Vec<(f64, f64)>),
}

/// The parameters of [`LogRatios::new`].
#[derive(Clone, Copy, Debug)]
pub struct Behaviours<'a> {
    /// The cells in which response times are drawn.
    pub drawn: &'a Cells,
    /// The cells that exported buckets make.
    pub exported: &'a Cells,
    /// Healthy response times.
    pub latency: &'a Latency,
    /// Factor of the cold start in this class of healthy behaviour.
    pub warmup_factor: f64,
    /// Healthy share of failures.
    pub healthy_error_share: f64,
    /// Share of failures under the fault.
    pub error_share: f64,
    /// What the fault does to response times.
    pub slowdown: Slowdown,
}

impl Evidence {
    /// `ln(p1/p0)` of these answers of a faulty process: its counts by drawn atom while `stage` lasts.
    pub fn log_ratio(&self, stage: usize, class: usize, counts: &[u64], words: &Stream) -> f64 {
        let ratios = self
            .stages
            .get(stage)
            .and_then(|classes| classes.get(class));
        ratios.map_or(0.0, |ratios| ratios.log_ratio(counts, words))
    }
}

impl LogRatios {
    /// Compiles the ratios of one stage of a fault.
    pub fn new(behaviours: &Behaviours<'_>) -> Self {
        let fine = behaviours.drawn.and(behaviours.exported);
        let shares = Shares::new(behaviours, &fine);
        let statuses = Status::ALL.map(|status| shares.status(status)).into_iter();
        let atoms = statuses.flat_map(|status| {
            let of_cell = |cell| atom_ratio(behaviours, &fine, &shares, status, cell);
            (0..behaviours.drawn.count())
                .map(of_cell)
                .collect::<Vec<_>>()
        });
        Self {
            atoms: atoms.collect(),
        }
    }

    fn log_ratio(&self, counts: &[u64], words: &Stream) -> f64 {
        let mut stream = words.fork();
        let mut sum = 0.0;
        for (count, atom) in counts.iter().zip(&self.atoms) {
            if *count > 0 {
                sum += atom.log_ratio(*count, &mut stream);
            }
        }
        sum
    }
}

impl AtomRatio {
    fn log_ratio(&self, count: u64, stream: &mut Stream) -> f64 {
        match self {
            Self::Same(weight) => count as f64 * weight,
            Self::Parts(parts) => {
                let (mut left, mut sum) = (count, 0.0);
                for (weight, share) in parts {
                    let taken = binomial_bits(left, *share, stream);
                    left -= taken;
                    if taken > 0 {
                        sum += taken as f64 * weight;
                    }
                }
                sum
            }
        }
    }
}

/// Probabilities of statuses and of cells, healthy and faulty. A fault's errors don't depend on response
/// times, so an answer's probability is the product.
struct Shares {
    /// `[healthy, faulty]` share of failures.
    failures: [f64; 2],
    /// By fine cell.
    faulty: Vec<f64>,
    /// `[healthy, faulty]` by exported cell.
    exported: Vec<[f64; 2]>,
}

impl Shares {
    fn new(behaviours: &Behaviours<'_>, fine: &Cells) -> Self {
        let (latency, factor) = (behaviours.latency, behaviours.warmup_factor);
        let healthy = fine.shares(latency, factor);
        let mut faulty = vec![0.0; fine.count()];
        let moves = fine.transitions(latency, factor, behaviours.slowdown);
        for (moves, mass) in moves.iter().zip(&healthy) {
            for (target, share) in moves {
                faulty[*target] += share * mass;
            }
        }
        let mut exported = vec![[0.0; 2]; behaviours.exported.count()];
        for (cell, shares) in healthy.iter().zip(&faulty).enumerate() {
            let sums = &mut exported[behaviours.exported.containing(fine.upper(cell))];
            sums[0] += shares.0;
            sums[1] += shares.1;
        }
        Self {
            failures: [behaviours.healthy_error_share, behaviours.error_share],
            faulty,
            exported,
        }
    }

    fn status(&self, status: Status) -> f64 {
        let [healthy, faulty] = match status {
            Status::Failure => self.failures,
            Status::Success => self.failures.map(|share| 1.0 - share),
        };
        log_ratio(faulty, healthy)
    }
}

/// Adds the ratio of the status, which all answers of an atom have in common.
fn atom_ratio(
    behaviours: &Behaviours<'_>,
    fine: &Cells,
    shares: &Shares,
    status: f64,
    drawn_cell: usize,
) -> AtomRatio {
    // Neighbouring fine cells of one weight are one part.
    let mut parts: Vec<(f64, f64)> = Vec::new();
    for cell in 0..fine.count() {
        let upper = fine.upper(cell);
        let mass = shares.faulty[cell];
        if behaviours.drawn.containing(upper) != drawn_cell || mass <= 0.0 {
            continue;
        }
        let [healthy, faulty] = shares.exported[behaviours.exported.containing(upper)];
        let weight = status + log_ratio(faulty, healthy);
        match parts.last_mut() {
            Some(last) if same(last.0, weight) => last.1 += mass,
            _ => parts.push((weight, mass)),
        }
    }
    match parts.as_slice() {
        [] => AtomRatio::Same(status),
        [(weight, _)] => AtomRatio::Same(*weight),
        _ => AtomRatio::Parts(of_what_is_left(&parts)),
    }
}

/// The log ratio of one answer; both impossible says nothing.
fn log_ratio(faulty: f64, healthy: f64) -> f64 {
    if faulty.to_bits() == healthy.to_bits() || faulty <= 0.0 {
        // What a faulty version never answers is never asked about.
        0.0
    } else {
        libm::log(faulty / healthy)
    }
}

fn same(left: f64, right: f64) -> bool {
    left.to_bits() == right.to_bits() || (left - right).abs() < SAME_WEIGHT
}

/// Masses as shares of what earlier ones leave; the last takes the rest.
fn of_what_is_left(parts: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut left: f64 = parts.iter().map(|(_, mass)| mass).sum();
    let last = parts.len() - 1;
    let part = |(index, (weight, mass)): (usize, &(f64, f64))| {
        let share = if index == last {
            1.0
        } else {
            (mass / left).min(1.0)
        };
        left -= mass;
        (*weight, share)
    };
    parts.iter().enumerate().map(part).collect()
}

const _: () = assert!(STATUSES == 2, "shares of two statuses are one number");

#[cfg(test)]
mod tests {
    use super::{Behaviours, Evidence, LogRatios};
    use crate::scenario::model::{Latency, LatencyFault};
    use crate::units::Duration;
    use crate::world::latency::{Cells, Slowdown};
    use crate::world::random::{Purpose, ReplicationKey};
    use crate::world::requests::{
        FaultEffect, FaultParameters, FixedMeanSampler, STATUSES, healthy_shares,
    };

    const PIECES: u32 = 40_000;
    const LATENCY: Latency = Latency::Lognormal {
        p50: Duration::from_millis(80),
        p99: Duration::from_millis(400),
    };

    fn exported() -> Cells {
        Cells::new(vec![0.05, 0.1, 0.25, 0.5, 1.0])
    }

    fn faults() -> Vec<(f64, Slowdown)> {
        let tail = LatencyFault::Tail {
            share: 0.05,
            to: Duration::from_millis(300),
        };
        let shift = LatencyFault::Shift(Duration::from_millis(15));
        vec![
            (0.04, Slowdown::NONE),
            (0.01, Slowdown::of(&LatencyFault::Factor(1.4))),
            (0.02, Slowdown::of(&tail).times(1.2)),
            (0.01, Slowdown::of(&shift)),
        ]
    }

    /// Mean, and its standard error, of what `of` makes of the log ratio of a faulty piece of time with
    /// `mean` requests.
    fn mean(
        mean: f64,
        drawn: &Cells,
        (error_share, slowdown): (f64, Slowdown),
        warmup_factor: f64,
        of: impl Fn(f64) -> f64,
    ) -> (f64, f64) {
        let effect = FaultEffect::new(FaultParameters {
            cells: drawn,
            latency: &LATENCY,
            warmup_factor,
            healthy_error_share: 0.01,
            error_share,
            slowdown,
            broken_share: 0.0,
            slow_above_seconds: f64::INFINITY,
            expected_requests: mean,
        });
        let ratios = LogRatios::new(&Behaviours {
            drawn,
            exported: &exported(),
            latency: &LATENCY,
            warmup_factor,
            healthy_error_share: 0.01,
            error_share,
            slowdown,
        });
        let evidence = Evidence {
            stages: vec![vec![ratios]],
        };
        let shares = healthy_shares(drawn, &LATENCY, warmup_factor, 0.01);
        let sampler = FixedMeanSampler::new(mean, &shares);
        let (mut sum, mut squares) = (0.0, 0.0);
        let mut scratch = vec![0; shares.len()];
        for piece in 0..PIECES {
            let key = ReplicationKey::new(8, u64::from(piece));
            let mut counts = vec![0; shares.len()];
            sampler.draw(&mut key.stream(Purpose::Requests, 0, 0), &mut counts);
            let mut stream = key.stream(Purpose::Fault, 0, 0);
            if let Some(effect) = &effect {
                effect.apply(&mut stream, &mut counts, &mut scratch);
            }
            let value = of(evidence.log_ratio(0, 0, &counts, &stream));
            sum += value;
            squares += value * value;
        }
        let n = f64::from(PIECES);
        let mean = sum / n;
        (mean, libm::sqrt((squares / n - mean * mean) / n))
    }

    /// The mean log ratio of one faulty request: the Kullback–Leibler divergence of its answers, from the
    /// distribution functions alone.
    fn divergence(error_share: f64, slowdown: Slowdown, warmup_factor: f64) -> f64 {
        let cells = exported();
        let healthy = cells.shares(&LATENCY, warmup_factor);
        let mut faulty = vec![0.0; cells.count()];
        let moves = cells.transitions(&LATENCY, warmup_factor, slowdown);
        for (moves, share) in moves.iter().zip(&healthy) {
            for (to, part) in moves {
                faulty[*to] += share * part;
            }
        }
        let statuses = [(0.99, 1.0 - error_share), (0.01, error_share)];
        let terms = (0..STATUSES).flat_map(|status| (0..cells.count()).map(move |at| (status, at)));
        terms
            .map(|(status, at)| {
                let (of_healthy, of_faulty) = statuses[status];
                let (p0, p1) = (of_healthy * healthy[at], of_faulty * faulty[at]);
                if p1 > 0.0 {
                    p1 * libm::log(p1 / p0)
                } else {
                    0.0
                }
            })
            .sum()
    }

    /// Cells that merge what exported buckets tell apart, that agree with them, and that cut them.
    fn drawn_cells() -> [Cells; 3] {
        [
            Cells::new(vec![0.25]),
            exported(),
            Cells::new(vec![0.05, 0.07, 0.1, 0.25, 0.3, 0.5, 1.0, 2.5]),
        ]
    }

    #[test]
    fn faulty_answers_have_the_ratios_of_their_probabilities() {
        for fault in faults() {
            for warmup_factor in [1.0, 2.0] {
                for drawn in drawn_cells() {
                    let (found, error) = mean(20.0, &drawn, fault, warmup_factor, |ratio| ratio);
                    let expected = 20.0 * divergence(fault.0, fault.1, warmup_factor);
                    assert!(
                        (found - expected).abs() < 4.5 * error,
                        "{fault:?} {drawn:?}: {found} ± {error}, not {expected}"
                    );
                }
            }
        }
    }

    /// The mean of `p0/p1` under p1 is 1, whatever the two are.
    #[test]
    fn the_inverse_ratio_has_mean_one() {
        for fault in faults() {
            for drawn in drawn_cells() {
                let (found, error) = mean(2.0, &drawn, fault, 1.0, |ratio| libm::exp(-ratio));
                assert!(
                    (found - 1.0).abs() < 4.5 * error,
                    "{fault:?} {drawn:?}: {found} ± {error}"
                );
            }
        }
    }

    #[test]
    fn what_a_healthy_version_never_does_proves_the_fault() {
        let cells = exported();
        let ratios = LogRatios::new(&Behaviours {
            drawn: &cells,
            exported: &cells,
            latency: &LATENCY,
            warmup_factor: 1.0,
            healthy_error_share: 0.0,
            error_share: 0.03,
            slowdown: Slowdown::NONE,
        });
        let evidence = Evidence {
            stages: vec![vec![ratios]],
        };
        let words = ReplicationKey::new(1, 1).stream(Purpose::Fault, 0, 0);
        let ratio = |counts: [u64; 12]| evidence.log_ratio(0, 0, &counts, &words);
        let proof = ratio([1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]);
        assert!(proof.is_infinite() && proof > 0.0);
        let fine = ratio([3, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert!((fine - 7.0 * libm::log(0.97)).abs() < 1e-12, "{fine}");
    }
}
