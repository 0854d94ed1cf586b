//! When a study that was asked for a precision may stop.
//!
//! A study looks at its estimates at fixed numbers of replications, each half as large again as the one
//! before, and stops at the first look at which every proportion is known precisely enough. Looking often
//! and stopping at a lucky moment would spoil the intervals, so the intervals of the looks share the error:
//! of at most `K` looks each has `0.05 / K` (Bonferroni). All of them hold at once in 95 % of studies, so
//! the precision reached is no accident. What is reported afterwards is the plain interval of so many
//! replications, which is narrower.

use std::num::NonZeroU64;

use super::LEVEL;
use super::proportion::{IntervalMethod, proportion_at};

/// The first look, and what numbers of replications are multiples of.
const FIRST_LOOK: u64 = 1_024;
const MULTIPLE: u64 = 256;

/// No study is longer.
pub const MOST_REPLICATIONS: u64 = 1_000_000_000;

/// When a study looks at its estimates, and how precise they must be.
#[derive(Clone, Debug, PartialEq)]
pub struct Looks {
    half_width: f64,
    level: f64,
    method: IntervalMethod,
    ends: Vec<u64>,
}

/// A precision that no study can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it would need {replications} replications of each arm")]
pub struct TooPrecise {
    /// What a probability of a half would need; less where all are near 0 % or 100 %.
    pub replications: u64,
}

impl Looks {
    /// The looks of a study whose proportions are to be known within `half_width` (0 to 1, exclusive).
    ///
    /// # Errors
    /// More than [`MOST_REPLICATIONS`] could be needed.
    pub fn new(half_width: f64, method: IntervalMethod) -> Result<Self, TooPrecise> {
        let mut looks = 1;
        loop {
            let level = 1.0 - (1.0 - LEVEL) / f64::from(looks);
            let enough = enough(half_width, method, level);
            if enough > MOST_REPLICATIONS {
                return Err(TooPrecise {
                    replications: enough,
                });
            }
            let ends = ends(enough);
            let needed = u32::try_from(ends.len()).unwrap_or(u32::MAX);
            if needed <= looks {
                return Ok(Self {
                    half_width,
                    level,
                    method,
                    ends,
                });
            }
            looks = needed;
        }
    }

    /// The numbers of replications at which the study looks, rising. At the last one it stops in any case.
    pub fn ends(&self) -> &[u64] {
        &self.ends
    }

    /// The level of the intervals at each look.
    pub fn level(&self) -> f64 {
        self.level
    }

    /// Whether `count` of `n` is known precisely enough.
    pub fn is_precise(&self, count: u64, n: NonZeroU64) -> bool {
        half_width(count, n, self.method, self.level) <= self.half_width
    }
}

/// Half the width of an interval.
fn half_width(count: u64, n: NonZeroU64, method: IntervalMethod, level: f64) -> f64 {
    let estimate = proportion_at(method, count, n, level);
    (estimate.high.unwrap_or(1.0) - estimate.low.unwrap_or(0.0)) / 2.0
}

/// So many replications are enough whatever the probability: the widest interval is that of a half.
fn enough(wanted: f64, method: IntervalMethod, level: f64) -> u64 {
    let z = super::special::two_sided_z(level);
    // Wilson's half-width at a half is z / (2·sqrt(n + z²)).
    let wilson = libm::ceil(z * z * (0.25 / (wanted * wanted) - 1.0)).max(1.0);
    let mut n = up_to_multiple(wilson as u64);
    if n > MOST_REPLICATIONS {
        return n;
    }
    // Exact intervals are a little wider.
    let is_enough = |n: u64| {
        NonZeroU64::new(n).is_some_and(|size| half_width(n / 2, size, method, level) <= wanted)
    };
    while !is_enough(n) {
        n = up_to_multiple(n + n / 200 + 1);
    }
    n
}

fn up_to_multiple(n: u64) -> u64 {
    n.div_ceil(MULTIPLE).saturating_mul(MULTIPLE)
}

/// The ends of the looks up to `last`.
fn ends(last: u64) -> Vec<u64> {
    let mut ends = Vec::new();
    let mut end = FIRST_LOOK;
    while end < last {
        ends.push(end);
        end = up_to_multiple(end + end / 2);
    }
    ends.push(last);
    ends
}

#[cfg(test)]
mod tests {
    use super::{Looks, TooPrecise};
    use crate::stats::proportion::IntervalMethod;
    use std::num::NonZeroU64;

    fn looks(half_width: f64) -> Looks {
        Looks::new(half_width, IntervalMethod::Wilson).unwrap()
    }

    #[test]
    fn looks_are_geometric_and_the_last_one_suffices_for_a_half() {
        let looks = looks(0.005);
        let ends = looks.ends();
        assert_eq!(ends[..4], [1_024, 1_536, 2_304, 3_584]);
        assert!(ends.iter().all(|end| end % 256 == 0));
        let last = *ends.last().unwrap();
        // z = 2.84 for 0.05 in eleven parts; (z / 0.01)² is 80,400.
        assert!((78_000..86_000).contains(&last), "{last}");
        let level = 1.0 - 0.05 / ends.len() as f64;
        assert!((looks.level() - level).abs() < 1e-12);
        let size = |n| NonZeroU64::new(n).unwrap();
        assert!(looks.is_precise(last / 2, size(last)));
        assert!(!looks.is_precise(last / 3, size(last / 2)));
        assert!(looks.is_precise(0, size(1_024)), "nothing counted is sure");
    }

    #[test]
    fn exact_intervals_need_little_more() {
        let exact = Looks::new(0.01, IntervalMethod::ClopperPearson).unwrap();
        let wilson = looks(0.01);
        let (exact, wilson) = (exact.ends().last().unwrap(), wilson.ends().last().unwrap());
        assert!(wilson <= exact && exact - wilson < wilson / 10, "{exact}");
    }

    #[test]
    fn a_precision_beyond_reach_says_what_it_would_need() {
        let TooPrecise { replications } = Looks::new(1e-7, IntervalMethod::Wilson).unwrap_err();
        // (1.96 / 2e-7)², at least.
        assert!(replications > 96_000_000_000_000, "{replications}");
        assert!(Looks::new(1e-4, IntervalMethod::Wilson).is_ok());
    }
}
