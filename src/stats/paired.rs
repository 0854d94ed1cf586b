//! The difference of two proportions of the same replications.

use super::special::two_sided_z;
use super::{Estimate, Method};

/// How replications of two arms ended, pair by pair: a 2 × 2 table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pairs {
    /// In both arms.
    pub both: u64,
    /// In the first arm only.
    pub only_first: u64,
    /// In the second arm only.
    pub only_second: u64,
    /// In neither.
    pub neither: u64,
}

impl Pairs {
    /// The number of pairs.
    pub const fn count(&self) -> u64 {
        self.both + self.only_first + self.only_second + self.neither
    }

    /// Counts one pair.
    pub const fn add(&mut self, first: bool, second: bool) {
        match (first, second) {
            (true, true) => self.both += 1,
            (true, false) => self.only_first += 1,
            (false, true) => self.only_second += 1,
            (false, false) => self.neither += 1,
        }
    }

    /// Counts all pairs of `other`.
    pub const fn merge(&mut self, other: &Self) {
        self.both += other.both;
        self.only_first += other.only_first;
        self.only_second += other.only_second;
        self.neither += other.neither;
    }
}

/// The first proportion minus the second with Tango's score interval; none without a pair.
///
/// The interval holds the differences `d` whose score `(b − c − n·d) / sqrt(n·(2·q + d·(1 − d)))` isn't
/// beyond the normal quantile, where `b` and `c` count the discordant pairs and `q` is the likeliest
/// probability of a pair in the second arm only, given `d`. At `d = 0` the score is that of `McNemar`.
///
/// # References
/// T. Tango, "Equivalence test and confidence interval for the difference in proportions for the
/// paired-sample design", Statistics in Medicine 17 (1998) 891–908. R. G. Newcombe, "Improved confidence
/// intervals for the difference between binomial proportions based on paired data", Statistics in Medicine
/// 17 (1998) 2635–2650, compares it with others.
pub fn tango(pairs: &Pairs, level: f64) -> Option<Estimate> {
    let n = pairs.count();
    if n == 0 {
        return None;
    }
    let counts = Discordant {
        n: n as f64,
        first: pairs.only_first as f64,
        second: pairs.only_second as f64,
    };
    let estimate = (counts.first - counts.second) / counts.n;
    let z = two_sided_z(level);
    Some(Estimate {
        n,
        estimate,
        low: Some(crossing(estimate, -1.0, |d| counts.score(d) > z)),
        high: Some(crossing(estimate, 1.0, |d| counts.score(d) < -z)),
        level,
        method: Method::Tango,
    })
}

/// Discordant pairs of `n`.
struct Discordant {
    n: f64,
    first: f64,
    second: f64,
}

impl Discordant {
    /// How far the counts are from a true difference `d`, in standard errors under it.
    fn score(&self, d: f64) -> f64 {
        let difference = self.first - self.second - self.n * d;
        let only_second = self.likeliest(d);
        let variance = self.n * (2.0 * only_second + d * (1.0 - d));
        if difference == 0.0 {
            0.0
        } else {
            difference / libm::sqrt(variance.max(0.0))
        }
    }

    /// The likeliest probability of a pair in the second arm only, if the true difference is `d`.
    fn likeliest(&self, d: f64) -> f64 {
        let a = 2.0 * self.n;
        let b = -self.first - self.second + (2.0 * self.n - self.first + self.second) * d;
        let c = -self.second * d * (1.0 - d);
        let root = libm::sqrt((b * b - 4.0 * a * c).max(0.0));
        // The larger root, written so that nothing cancels.
        let larger = if b <= 0.0 {
            (root - b) / (2.0 * a)
        } else {
            -2.0 * c / (root + b)
        };
        // Both discordant probabilities, `q` and `q + d`, are at least 0.
        larger.max(-d).max(0.0)
    }
}

/// Where a condition that fails at `inside` and holds from somewhere on towards `end` begins to hold; `end`
/// if it never does. By bisection.
fn crossing(inside: f64, end: f64, beyond: impl Fn(f64) -> bool) -> f64 {
    let (mut within, mut outside) = (inside, end);
    // Differences lie within [−1, 1].
    while (outside - within).abs() > 1e-15 {
        let middle = f64::midpoint(within, outside);
        if beyond(middle) {
            outside = middle;
        } else {
            within = middle;
        }
    }
    outside
}

#[cfg(test)]
mod tests {
    use super::{Pairs, tango};

    fn pairs(only_first: u64, only_second: u64, n: u64) -> Pairs {
        Pairs {
            both: 0,
            only_first,
            only_second,
            neither: n - only_first - only_second,
        }
    }

    /// The logarithm of the likelihood of the discordant counts, up to a constant.
    fn log_likelihood(b: f64, c: f64, rest: f64, q: f64, d: f64) -> f64 {
        let term = |count: f64, p: f64| if count > 0.0 { count * p.ln() } else { 0.0 };
        term(b, q + d) + term(c, q) + term(rest, 1.0 - 2.0 * q - d)
    }

    /// At each limit the score, with the likelihood maximised by search, is the normal quantile.
    #[test]
    fn limits_solve_the_score_equation() {
        for (b, c, n) in [
            (12_u32, 2_u32, 50_u32),
            (9, 21, 400),
            (1, 0, 44),
            (300, 40, 10_000),
        ] {
            let found = tango(&pairs(b.into(), c.into(), n.into()), 0.95).unwrap();
            let (b, c, n) = (f64::from(b), f64::from(c), f64::from(n));
            for (limit, sign) in [(found.low.unwrap(), 1.0), (found.high.unwrap(), -1.0)] {
                let from = (-limit).max(0.0);
                let until = (1.0 - limit) / 2.0;
                let steps = 200_000;
                let likeliest = (1..steps)
                    .map(|step| from + (until - from) * f64::from(step) / f64::from(steps))
                    .max_by(|&x, &y| {
                        let at = |q| log_likelihood(b, c, n - b - c, q, limit);
                        at(x).total_cmp(&at(y))
                    })
                    .unwrap();
                let variance = n * (2.0 * likeliest + limit * (1.0 - limit));
                let score = (b - c - n * limit) / variance.sqrt();
                assert!(
                    (score - sign * 1.959_964).abs() < 2e-3,
                    "{b} {c} {n}: {score} at {limit}"
                );
            }
        }
    }

    #[test]
    fn without_discordant_pairs_the_limits_are_known() {
        // The score of d > 0 is −sqrt(n·d / (1 − d)), so the limit is z² / (n + z²).
        let found = tango(&pairs(0, 0, 1_000), 0.95).unwrap();
        let limit = 3.841_458_820_694_124 / 1_003.841_458_820_694;
        assert!((found.high.unwrap() - limit).abs() < 1e-12, "{found:?}");
        assert!((found.low.unwrap() + limit).abs() < 1e-12, "{found:?}");
        assert_eq!(tango(&Pairs::default(), 0.95), None);
    }

    #[test]
    fn exchanging_the_arms_mirrors_the_interval() {
        let (one, other) = (
            tango(&pairs(17, 5, 200), 0.95).unwrap(),
            tango(&pairs(5, 17, 200), 0.95).unwrap(),
        );
        assert!((one.low.unwrap() + other.high.unwrap()).abs() < 1e-12);
        assert!((one.high.unwrap() + other.low.unwrap()).abs() < 1e-12);
        assert!(one.low.unwrap() < one.estimate && one.estimate < one.high.unwrap());
    }

    /// When every pair differs the same way the difference is 1, and the interval ends there.
    #[test]
    fn a_difference_of_one_is_inside_the_range() {
        let found = tango(&pairs(500, 0, 500), 0.95).unwrap();
        assert!((found.estimate - 1.0).abs() < 1e-15);
        assert_eq!(found.high, Some(1.0));
        let low = 500.0 / (500.0 + 3.841_458_8);
        // The score of d < 1 is sqrt(n·(1 − d) / (1 + d − …)): at least as far as Wilson's limit of 500 of 500.
        assert!(
            (0.97..low + 1e-3).contains(&found.low.unwrap()),
            "{found:?}"
        );
    }

    /// The share of samples whose interval holds the true difference: an exact sum over the trinomial.
    #[test]
    fn it_covers_as_it_says() {
        let n = 120_u32;
        let log_factorial = |k: u32| libm::lgamma(f64::from(k) + 1.0);
        for (first, second) in [(0.3, 0.05), (0.1, 0.1), (0.5, 0.2), (0.05, 0.01)] {
            let mut covered = 0.0;
            for b in 0..=n {
                for c in 0..=n - b {
                    let log_mass = log_factorial(n)
                        - log_factorial(b)
                        - log_factorial(c)
                        - log_factorial(n - b - c)
                        + f64::from(b) * f64::ln(first)
                        + f64::from(c) * f64::ln(second)
                        + f64::from(n - b - c) * f64::ln(1.0 - first - second);
                    if log_mass < -30.0 {
                        continue;
                    }
                    let found = tango(&pairs(b.into(), c.into(), n.into()), 0.95).unwrap();
                    let difference = first - second;
                    if found.low.unwrap() <= difference && difference <= found.high.unwrap() {
                        covered += log_mass.exp();
                    }
                }
            }
            assert!(
                (0.935..0.975).contains(&covered),
                "{covered} at {first} {second}"
            );
        }
    }
}
