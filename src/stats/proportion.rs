//! Intervals of a proportion: `count` of `n` replications.

use std::num::NonZeroU64;

use super::special::{beta_inverse, two_sided_z};
use super::{Estimate, LEVEL, Method};

/// Which interval proportions get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IntervalMethod {
    /// Wilson's, which holds the truth in 95 % of studies on average; one-sided exact limits at the ends.
    #[default]
    Wilson,
    /// Clopper and Pearson's, which holds it in at least 95 % whatever the truth is.
    ClopperPearson,
}

/// The estimate that reports show unless asked otherwise: Wilson's interval, but at the ends a one-sided
/// exact limit.
///
/// - `count = 0`: low 0, high `1 − 0.05^(1/n)` ([`Method::ClopperPearsonUpper`]).
/// - `count >= n`: high 1, low `0.05^(1/n)` ([`Method::ClopperPearsonLower`]).
pub fn proportion(count: u64, n: NonZeroU64) -> Estimate {
    proportion_at(IntervalMethod::Wilson, count, n, LEVEL)
}

/// The same by either method and at any level. Clopper and Pearson's limits stay two-sided at the ends, since
/// one-sided ones there would cover less than the level for some probabilities.
pub fn proportion_at(method: IntervalMethod, count: u64, n: NonZeroU64, level: f64) -> Estimate {
    match method {
        IntervalMethod::ClopperPearson => clopper_pearson(count, n, level),
        IntervalMethod::Wilson if count == 0 || count >= n.get() => one_sided(count, n, level),
        IntervalMethod::Wilson => wilson(count, n, level),
    }
}

/// Wilson's score interval.
///
/// # References
/// E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the
/// American Statistical Association 22 (1927) 209–212.
pub fn wilson(count: u64, n: NonZeroU64, level: f64) -> Estimate {
    let z = two_sided_z(level);
    let trials = n.get() as f64;
    let p = count as f64 / trials;
    let shrink = 1.0 + z * z / trials;
    let centre = (p + z * z / (2.0 * trials)) / shrink;
    let half = z / shrink * libm::sqrt(p * (1.0 - p) / trials + z * z / (4.0 * trials * trials));
    Estimate {
        n: n.get(),
        estimate: p,
        low: Some((centre - half).max(0.0)),
        high: Some((centre + half).min(1.0)),
        level,
        method: Method::Wilson,
    }
}

/// Clopper and Pearson's two-sided interval: covers with at least `level` for every probability.
///
/// - `count = 0`: low 0; `count >= n`: high 1.
///
/// # References
/// C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the
/// binomial", Biometrika 26 (1934) 404–413.
pub fn clopper_pearson(count: u64, n: NonZeroU64, level: f64) -> Estimate {
    let tail = (1.0 - level) / 2.0;
    let (k, trials) = (count as f64, n.get() as f64);
    let low = match count {
        0 => 0.0,
        _ => beta_inverse(k, trials - k + 1.0, tail),
    };
    let high = if count >= n.get() {
        1.0
    } else {
        beta_inverse(k + 1.0, trials - k, 1.0 - tail)
    };
    Estimate {
        n: n.get(),
        estimate: k / trials,
        low: Some(low),
        high: Some(high),
        level,
        method: Method::ClopperPearson,
    }
}

/// The exact one-sided limit when nothing or everything was counted.
fn one_sided(count: u64, n: NonZeroU64, level: f64) -> Estimate {
    let log_miss = libm::log(1.0 - level) / n.get() as f64;
    // expm1 keeps the digits that `1 − 0.05^(1/n)` loses for large n.
    let (estimate, low, high, method) = if count == 0 {
        let high = -libm::expm1(log_miss);
        (0.0, 0.0, high, Method::ClopperPearsonUpper)
    } else {
        let low = libm::exp(log_miss);
        (1.0, low, 1.0, Method::ClopperPearsonLower)
    };
    Estimate {
        n: n.get(),
        estimate,
        low: Some(low),
        high: Some(high),
        level,
        method,
    }
}

#[cfg(test)]
mod tests {
    use super::{clopper_pearson, proportion, wilson};
    use crate::stats::{Estimate, Method};
    use std::num::NonZeroU64;

    fn trials(n: u64) -> NonZeroU64 {
        NonZeroU64::new(n).unwrap()
    }

    #[track_caller]
    fn assert_interval(found: Estimate, low: f64, high: f64) {
        let close = |found: Option<f64>, expected: f64| (found.unwrap() - expected).abs() < 5e-9;
        assert!(
            close(found.low, low) && close(found.high, high),
            "{found:?} for {low}..{high}"
        );
    }

    #[test]
    fn wilson_matches_reference_values() {
        // Newcombe (1998), table I has four digits of these; the others are the roots of the score
        // equation (p − k/n)² = z²·p(1 − p)/n to 40 digits.
        assert_interval(wilson(81, trials(263), 0.95), 0.255_288_520, 0.366_209_577);
        assert_interval(wilson(15, trials(148), 0.95), 0.062_386_400, 0.160_487_242);
        assert_interval(wilson(1, trials(29), 0.95), 0.006_113_214, 0.171_755_219);
    }

    #[test]
    fn clopper_pearson_matches_reference_values() {
        // Newcombe (1998), table I and R's binom.test.
        assert_interval(
            clopper_pearson(5, trials(100), 0.95),
            0.016_431_879,
            0.112_834_911,
        );
        assert_interval(clopper_pearson(0, trials(20), 0.95), 0.0, 0.168_433_470);
        assert_interval(clopper_pearson(20, trials(20), 0.95), 0.831_566_530, 1.0);
    }

    #[test]
    fn the_ends_are_one_sided_and_exact() {
        let none = proportion(0, trials(10_000));
        assert_eq!(none.method, Method::ClopperPearsonUpper);
        // The rule of three: about 3/n.
        assert_interval(none, 0.0, 0.000_299_528_4);
        let all = proportion(10_000, trials(10_000));
        assert_eq!(all.method, Method::ClopperPearsonLower);
        assert_interval(all, 1.0 - 0.000_299_528_4, 1.0);
        assert_eq!(
            proportion(1, trials(10_000)).method,
            Method::Wilson,
            "in between it is Wilson's"
        );
        assert_interval(proportion(0, trials(1)), 0.0, 0.95);
    }

    /// The share of samples whose interval holds `p`: an exact sum over the binomial distribution.
    fn coverage(interval: fn(u64, NonZeroU64, f64) -> Estimate, n: u64, p: f64) -> f64 {
        let size = n as f64;
        let log_choose = |k: f64| {
            libm::lgamma(size + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(size - k + 1.0)
        };
        let spread = libm::sqrt(size * p * (1.0 - p));
        // Outside of nine standard deviations lies less than 1e-15.
        let reach = 9.0 * spread + 60.0;
        (0..=n)
            .filter(|&count| (count as f64 - size * p).abs() <= reach)
            .map(|count| {
                let k = count as f64;
                let found = interval(count, trials(n), 0.95);
                let holds = found.low.unwrap() <= p && p <= found.high.unwrap();
                let log_mass = log_choose(k) + k * libm::log(p) + (size - k) * libm::log1p(-p);
                if holds { libm::exp(log_mass) } else { 0.0 }
            })
            .sum()
    }

    #[test]
    fn wilson_covers_as_it_says() {
        for n in [1_000, 2_500, 10_000] {
            for p in [0.5, 0.05, 0.005] {
                let covered = coverage(wilson, n, p);
                assert!(
                    (0.935..=0.975).contains(&covered),
                    "{covered} at n {n}, p {p}"
                );
            }
        }
    }

    #[test]
    fn clopper_pearson_covers_at_least_its_level() {
        for n in [20, 150, 1_000] {
            for p in [0.5, 0.05, 0.005] {
                let covered = coverage(clopper_pearson, n, p);
                assert!(covered >= 0.95, "{covered} at n {n}, p {p}");
            }
        }
    }

    #[test]
    fn what_reports_show_covers_too() {
        // Wilson's inside, one-sided at the ends: the ends only widen it there.
        for n in [1_000, 10_000] {
            for p in [0.05, 0.005] {
                let covered = coverage(|count, n, _| proportion(count, n), n, p);
                assert!(covered >= 0.935, "{covered} at n {n}, p {p}");
            }
        }
    }
}
