//! Response times: the healthy distribution cut into cells, and how a fault moves requests between cells.
//!
//! Cells are half-open intervals `(lower, upper]` of seconds, as Prometheus' buckets; the last one is open
//! to infinity. Inside a replication only counts per cell exist. A fault that makes responses slower is a
//! function of each request's healthy response time, so the share of a cell that moves to another follows
//! from the healthy distribution; it is computed once, when the plan is made.

use crate::scenario::model::{Latency, LatencyFault};

/// 99th percentile of the standard normal distribution.
const NORMAL_P99: f64 = 2.326_347_874_040_841;

/// The share of responses that take at most `seconds`.
pub fn cumulative(latency: &Latency, seconds: f64) -> f64 {
    match latency {
        Latency::Constant(value) => f64::from(u8::from(seconds >= value.as_seconds_f64())),
        Latency::Lognormal { p50, p99 } => {
            if seconds <= 0.0 {
                return 0.0;
            }
            if seconds.is_infinite() {
                return 1.0;
            }
            let sigma = libm::log(p99.as_seconds_f64() / p50.as_seconds_f64()) / NORMAL_P99;
            let z = libm::log(seconds / p50.as_seconds_f64()) / sigma;
            0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
        }
    }
}

/// How a fault (or a cold start) changes one response time `x`: `x·factor + shift`, and with probability
/// `tail.0` at least `tail.1` seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slowdown {
    factor: f64,
    shift_seconds: f64,
    tail: Option<(f64, f64)>,
}

impl Slowdown {
    /// No change.
    pub const NONE: Self = Self {
        factor: 1.0,
        shift_seconds: 0.0,
        tail: None,
    };

    /// What a fault of the scenario does.
    pub fn of(fault: &LatencyFault) -> Self {
        match fault {
            LatencyFault::Factor(factor) => Self {
                factor: *factor,
                ..Self::NONE
            },
            LatencyFault::Shift(shift) => Self {
                shift_seconds: shift.as_seconds_f64(),
                ..Self::NONE
            },
            LatencyFault::Tail { share, to } => Self {
                tail: Some((*share, to.as_seconds_f64())),
                ..Self::NONE
            },
        }
    }

    /// The same, with every response time multiplied by `factor` first.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self {
            factor: self.factor * factor,
            ..self
        }
    }

    /// Whether nothing changes.
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// The healthy response time that ends up at `seconds`, leaving the tail aside.
    fn inverse(self, seconds: f64) -> f64 {
        (seconds - self.shift_seconds) / self.factor
    }
}

/// The cells that response times are counted in.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells {
    /// Finite upper bounds in seconds, rising.
    bounds: Vec<f64>,
}

impl Cells {
    /// Cells between these bounds (any order, duplicates allowed, all finite).
    pub fn new(mut bounds: Vec<f64>) -> Self {
        bounds.sort_by(f64::total_cmp);
        bounds.dedup();
        Self { bounds }
    }

    /// Number of cells.
    pub fn count(&self) -> usize {
        self.bounds.len() + 1
    }

    /// The cell that holds a response of `seconds`.
    pub fn containing(&self, seconds: f64) -> usize {
        self.bounds.partition_point(|bound| *bound < seconds)
    }

    /// Number of whole cells at or below `bound`, which must be one of the bounds or infinite.
    pub fn below(&self, bound: f64) -> usize {
        self.bounds.partition_point(|candidate| *candidate <= bound)
            + usize::from(bound.is_infinite())
    }

    /// Cells between the bounds of both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self::new([self.bounds.as_slice(), &other.bounds].concat())
    }

    fn lower(&self, cell: usize) -> f64 {
        if cell == 0 {
            f64::NEG_INFINITY
        } else {
            self.bounds[cell - 1]
        }
    }

    /// The largest response time of a cell; infinite for the last.
    pub fn upper(&self, cell: usize) -> f64 {
        self.bounds.get(cell).copied().unwrap_or(f64::INFINITY)
    }

    /// The share of responses in each cell, when every response time is multiplied by `factor`.
    pub fn shares(&self, latency: &Latency, factor: f64) -> Vec<f64> {
        let at = |bound: f64| cumulative(latency, bound / factor);
        (0..self.count())
            .map(|cell| at(self.upper(cell)) - at(self.lower(cell)))
            .collect()
    }

    /// For each cell, the cells that its requests move to and with which probability, in rising order.
    ///
    /// `latency` and `warmup_factor` describe the response times before the slowdown.
    pub fn transitions(
        &self,
        latency: &Latency,
        warmup_factor: f64,
        slowdown: Slowdown,
    ) -> Vec<Vec<(usize, f64)>> {
        let moved = |cell: usize| self.moved(cell, latency, warmup_factor, slowdown);
        (0..self.count())
            .map(|cell| self.with_tail(&moved(cell), slowdown))
            .collect()
    }

    fn moved(
        &self,
        cell: usize,
        latency: &Latency,
        warmup_factor: f64,
        slowdown: Slowdown,
    ) -> Vec<(usize, f64)> {
        let at = |seconds: f64| cumulative(latency, seconds / warmup_factor);
        let (lower, upper) = (self.lower(cell), self.upper(cell));
        let mass = at(upper) - at(lower);
        if mass <= 0.0 || (slowdown.factor <= 1.0 && slowdown.shift_seconds <= 0.0) {
            return vec![(cell, 1.0)];
        }
        let share = |target: usize| {
            let from = slowdown.inverse(self.lower(target)).max(lower);
            let to = slowdown.inverse(self.upper(target)).min(upper);
            if to > from {
                ((at(to) - at(from)) / mass).clamp(0.0, 1.0)
            } else {
                0.0
            }
        };
        (cell..self.count())
            .map(|target| (target, share(target)))
            .filter(|&(_, share)| share > 0.0)
            .collect()
    }

    fn with_tail(&self, moves: &[(usize, f64)], slowdown: Slowdown) -> Vec<(usize, f64)> {
        let Some((share, seconds)) = slowdown.tail else {
            return moves.to_vec();
        };
        let tail_cell = self.containing(seconds);
        let mut result: Vec<(usize, f64)> = Vec::new();
        let mut add = |target: usize, probability: f64| match result
            .iter_mut()
            .find(|(cell, _)| *cell == target)
        {
            Some((_, sum)) => *sum += probability,
            None => result.push((target, probability)),
        };
        for &(target, probability) in moves {
            if target < tail_cell {
                add(target, probability * (1.0 - share));
                add(tail_cell, probability * share);
            } else {
                add(target, probability);
            }
        }
        result.sort_by_key(|&(cell, _)| cell);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::{Cells, Slowdown, cumulative};
    use crate::scenario::model::{Latency, LatencyFault};
    use crate::units::Duration;

    fn lognormal() -> Latency {
        Latency::Lognormal {
            p50: Duration::from_millis(80),
            p99: Duration::from_millis(400),
        }
    }

    fn total(moves: &[(usize, f64)]) -> f64 {
        moves.iter().map(|(_, share)| share).sum()
    }

    #[test]
    fn a_lognormal_has_its_quantiles() {
        assert!((cumulative(&lognormal(), 0.08) - 0.5).abs() < 1e-12);
        assert!((cumulative(&lognormal(), 0.4) - 0.99).abs() < 1e-12);
    }

    #[test]
    fn slower_responses_have_the_distribution_of_the_slower_service() {
        let cells = Cells::new(vec![0.005, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0]);
        let healthy = cells.shares(&lognormal(), 1.0);
        let slower = cells.shares(&lognormal(), 4.0);
        let moves = cells.transitions(&lognormal(), 1.0, Slowdown::of(&LatencyFault::Factor(4.0)));
        for (target, expected) in slower.iter().enumerate() {
            let arrived: f64 = moves
                .iter()
                .zip(&healthy)
                .flat_map(|(moves, mass)| {
                    moves.iter().map(move |(cell, share)| (*cell, share * mass))
                })
                .filter(|(cell, _)| *cell == target)
                .map(|(_, mass)| mass)
                .sum();
            assert!(
                (arrived - expected).abs() < 1e-12,
                "cell {target}: {arrived} {expected}"
            );
        }
    }

    #[test]
    fn a_tail_moves_its_share_up_and_nothing_down() {
        let cells = Cells::new(vec![0.1, 1.0, 2.5]);
        let fault = LatencyFault::Tail {
            share: 0.02,
            to: Duration::from_seconds(2),
        };
        let moves = cells.transitions(&lognormal(), 1.0, Slowdown::of(&fault));
        assert_eq!(moves[0], [(0, 0.98), (2, 0.02)]);
        assert_eq!(moves[2], [(2, 1.0)]);
        assert_eq!(moves[3], [(3, 1.0)]);
        assert!(moves.iter().all(|moves| (total(moves) - 1.0).abs() < 1e-12));
    }

    #[test]
    fn bounds_belong_to_the_cell_below() {
        let cells = Cells::new(vec![1.0, 0.5]);
        assert_eq!(
            [0.5, 0.6, 1.0, 1.1].map(|seconds| cells.containing(seconds)),
            [0, 1, 1, 2]
        );
        assert_eq!(
            [0.5, 1.0, f64::INFINITY].map(|bound| cells.below(bound)),
            [1, 2, 3]
        );
    }
}
