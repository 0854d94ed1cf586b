//! Tests of a fixed number of requests: fail from so many bad ones on.
//!
//! That is what a smoke test before a blue-green promotion does, and the best that can be done with n
//! requests of which each is good or bad.

use serde::{Deserialize, Serialize};

use super::special::beta_regularised;

/// Beyond so many bad requests nobody calls it a smoke test.
const MOST_BAD: u64 = 20_000;
/// Beyond so many requests neither.
const MOST_REQUESTS: u64 = 100_000_000;

/// Send `requests`, and fail if `fails_from` or more of them are bad.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SmokeTest {
    /// How many requests.
    pub requests: u64,
    /// It fails from so many bad ones on.
    pub fails_from: u64,
    /// The probability that a bad release fails it.
    pub power: f64,
    /// The probability that a healthy one does.
    pub false_alarm: f64,
}

/// `P(X >= count)` for `X` binomial with `n` trials of probability `p`, also where it is tiny.
pub fn at_least(count: u64, n: u64, p: f64) -> f64 {
    if count == 0 {
        return 1.0;
    }
    if count > n {
        return 0.0;
    }
    beta_regularised(count as f64, (n - count) as f64 + 1.0, p)
}

impl SmokeTest {
    fn new(requests: u64, fails_from: u64, healthy: f64, bad: f64) -> Self {
        Self {
            requests,
            fails_from,
            power: at_least(fails_from, requests, bad),
            false_alarm: at_least(fails_from, requests, healthy),
        }
    }

    /// The test with the fewest requests that a bad release (`bad` of its requests are bad) fails with at
    /// least the probability `power`, and a healthy one with at most `false_alarm`. None where that takes
    /// more than 10^8 requests.
    ///
    /// For a given `fails_from` power and false alarms both grow with the number of requests, so only the
    /// fewest that give the power need be looked at; and they grow with `fails_from`, so the first that
    /// holds the limit has the fewest of all.
    pub fn fewest(healthy: f64, bad: f64, power: f64, false_alarm: f64) -> Option<Self> {
        if bad <= healthy {
            return None;
        }
        let mut requests = 0;
        for fails_from in 1..=MOST_BAD {
            requests = fewest_with_power(fails_from, requests + 1, bad, power)?;
            let test = Self::new(requests, fails_from, healthy, bad);
            if test.false_alarm <= false_alarm {
                return Some(test);
            }
        }
        None
    }

    /// The most powerful test of so many requests that a healthy release fails with at most the probability
    /// `false_alarm`.
    pub fn best(requests: u64, healthy: f64, bad: f64, false_alarm: f64) -> Self {
        let (mut holds, mut fails) = (requests + 1, 0);
        while holds - fails > 1 {
            let middle = u64::midpoint(holds, fails);
            if at_least(middle, requests, healthy) <= false_alarm {
                holds = middle;
            } else {
                fails = middle;
            }
        }
        Self::new(requests, holds, healthy, bad)
    }
}

/// The smallest n from `least` on with `P(X >= fails_from) >= power`.
fn fewest_with_power(fails_from: u64, least: u64, bad: f64, power: f64) -> Option<u64> {
    let enough = |n: u64| at_least(fails_from, n, bad) >= power;
    if enough(least) {
        return Some(least);
    }
    let mut few = least;
    let mut many = least.max(fails_from);
    while !enough(many) {
        few = many;
        many = many.checked_mul(2).filter(|many| *many <= MOST_REQUESTS)?;
    }
    while many - few > 1 {
        let middle = u64::midpoint(few, many);
        if enough(middle) {
            many = middle;
        } else {
            few = middle;
        }
    }
    Some(many)
}

#[cfg(test)]
mod tests {
    use super::{SmokeTest, at_least};

    /// `P(X >= count)` summed term by term.
    fn summed(count: u64, n: u64, p: f64) -> f64 {
        let mut term = libm::pow(1.0 - p, n as f64);
        let mut below = 0.0;
        for k in 0..count.min(n + 1) {
            below += term;
            term *= (n - k) as f64 / (k + 1) as f64 * p / (1.0 - p);
        }
        1.0 - below
    }

    /// All sizes and thresholds, one by one.
    fn by_trying_all(healthy: f64, bad: f64, power: f64, false_alarm: f64) -> (u64, u64) {
        for n in 1.. {
            for from in 1..=n {
                if summed(from, n, healthy) <= false_alarm && summed(from, n, bad) >= power {
                    return (n, from);
                }
            }
        }
        unreachable!("some n suffices")
    }

    #[test]
    fn the_tail_equals_its_sum() {
        for (count, n, p) in [
            (1, 10, 0.1),
            (3, 208, 0.03),
            (5, 40, 0.5),
            (0, 3, 0.2),
            (4, 3, 0.2),
        ] {
            let (found, expected) = (at_least(count, n, p), summed(count, n, p));
            assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
        }
    }

    #[test]
    fn three_percent_against_a_tenth_takes_208_requests() {
        let test = SmokeTest::fewest(0.001, 0.03, 0.95, 0.01).unwrap();
        assert_eq!((test.requests, test.fails_from), (208, 3));
        assert!(test.power >= 0.95 && test.false_alarm <= 0.01, "{test:?}");
        // One request less hasn't the power, one bad request less has too many false alarms.
        assert!(at_least(3, 207, 0.03) < 0.95);
        assert!(at_least(2, 157, 0.03) >= 0.95 && at_least(2, 157, 0.001) > 0.01);
    }

    #[test]
    fn the_fewest_are_the_fewest() {
        for (healthy, bad, power, false_alarm) in [
            (0.001, 0.03, 0.95, 0.01),
            (0.001, 0.03, 0.8, 0.05),
            (0.01, 0.1, 0.95, 0.01),
            (0.05, 0.2, 0.9, 0.1),
            (0.2, 0.9, 0.99, 0.01),
        ] {
            let test = SmokeTest::fewest(healthy, bad, power, false_alarm).unwrap();
            let expected = by_trying_all(healthy, bad, power, false_alarm);
            assert_eq!((test.requests, test.fails_from), expected);
        }
    }

    #[test]
    fn what_always_shows_takes_one_request() {
        let test = SmokeTest::fewest(0.0, 1.0, 0.95, 0.01).unwrap();
        assert_eq!((test.requests, test.fails_from), (1, 1));
        // ln 0.05 / ln 0.97 = 98.4
        let test = SmokeTest::fewest(0.0, 0.03, 0.95, 0.01).unwrap();
        assert_eq!((test.requests, test.fails_from), (99, 1));
    }

    #[test]
    fn what_never_shows_takes_none() {
        assert_eq!(SmokeTest::fewest(0.01, 0.01, 0.95, 0.01), None);
        assert_eq!(SmokeTest::fewest(0.01, 0.005, 0.95, 0.01), None);
        assert_eq!(SmokeTest::fewest(0.01, 0.010_000_1, 0.95, 0.01), None);
    }

    #[test]
    fn the_best_test_of_a_size_holds_its_limit_and_no_smaller_one_does() {
        for (requests, healthy) in [(39, 0.001), (208, 0.001), (1_000, 0.02), (0, 0.1)] {
            let test = SmokeTest::best(requests, healthy, 0.03, 0.01);
            assert!(test.false_alarm <= 0.01, "{test:?}");
            let one_less = summed(test.fails_from - 1, requests, healthy);
            assert!(one_less > 0.01, "{test:?}: {one_less}");
        }
    }
}
