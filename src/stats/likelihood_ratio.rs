//! The most powerful test of one simple hypothesis against another, from a sample of log-likelihood ratios.
//!
//! Neyman and Pearson: among all tests that reject a true null hypothesis with probability α, the one that
//! rejects where the likelihood ratio `exp(L)` is above a threshold, and at the threshold with some
//! probability of its own, rejects a false one most often. Both of its error rates follow from a sample of
//! `L` under the alternative alone: `P0(L > c) = E1[exp(−L); L > c]`.
//!
//! Random words come from the caller: this module draws nothing by itself.
//!
//! # References
//! J. Neyman, E. S. Pearson, "On the problem of the most efficient tests of statistical hypotheses",
//! Philosophical Transactions of the Royal Society A 231 (1933) 289–337.

use super::{Estimate, LEVEL, Method};

/// The power of the most powerful test at level `alpha`.
///
/// `atoms` are the values that the likelihood ratio can take, the largest first: the ratio's inverse
/// `exp(−L)` (0 where only the alternative can be true) and the alternative's probability of it. What lies
/// on the threshold is rejected with the probability that uses up `alpha`.
///
/// The probabilities may add up to less than 1; what is missing has an infinite inverse and is never
/// rejected while `alpha` is below 1.
pub fn most_power(atoms: impl IntoIterator<Item = (f64, f64)>, alpha: f64) -> f64 {
    let (mut spent, mut power) = (0.0, 0.0);
    for (inverse, mass) in atoms {
        let price = inverse * mass;
        if spent + price > alpha {
            // Only a part of this value is rejected.
            return power + (alpha - spent).max(0.0) / inverse;
        }
        spent += price;
        power += mass;
    }
    power
}

/// Log-likelihood ratios of independent observations under the alternative.
#[derive(Clone, Debug)]
pub struct RatioSample {
    /// `exp(−L)`, rising.
    inverses: Vec<f64>,
    /// How often a resample took each of them.
    taken: Vec<u32>,
}

impl RatioSample {
    /// A sample of `L` in any order; infinite where only the alternative can be true.
    pub fn new(mut log_ratios: Vec<f64>) -> Self {
        log_ratios.sort_unstable_by(|left, right| right.total_cmp(left));
        let inverses: Vec<f64> = log_ratios.iter().map(|ratio| libm::exp(-ratio)).collect();
        Self {
            taken: vec![0; inverses.len()],
            inverses,
        }
    }

    /// Number of observations.
    pub fn len(&self) -> usize {
        self.inverses.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.inverses.is_empty()
    }

    /// The estimated power of the most powerful test at level `alpha`; none without observations.
    ///
    /// - A sample that never pays `alpha` is rejected altogether: 1.
    /// - At least `alpha`: that much a test has that looks at nothing.
    pub fn power_at(&self, alpha: f64) -> Option<f64> {
        let share = 1.0 / self.len() as f64;
        (!self.is_empty()).then(|| {
            let atoms = self.inverses.iter().map(|inverse| (*inverse, share));
            most_power(atoms, alpha).clamp(alpha.min(1.0), 1.0)
        })
    }

    /// The same for as many observations drawn from these with replacement. `below(n)` gives an integer in
    /// `[0, n)`.
    pub fn resampled_power_at(&mut self, alpha: f64, mut below: impl FnMut(u64) -> u64) -> f64 {
        self.taken.fill(0);
        let n = self.len() as u64;
        for _ in 0..n {
            self.taken[below(n) as usize] += 1;
        }
        let share = 1.0 / n as f64;
        let taken = self.taken.iter().zip(&self.inverses);
        let atoms = taken
            .filter(|(taken, _)| **taken > 0)
            .map(|(taken, inverse)| (*inverse, f64::from(*taken) * share));
        most_power(atoms, alpha).clamp(alpha.min(1.0), 1.0)
    }

    /// The estimated probability under the null hypothesis of a ratio above `exp(log_threshold)`.
    pub fn false_rejections_above(&self, log_threshold: f64) -> f64 {
        let limit = libm::exp(-log_threshold);
        let above = self.inverses.iter().take_while(|inverse| **inverse < limit);
        above.sum::<f64>() / self.len() as f64
    }
}

/// The share of what is possible beyond the level that a test reaches: `(power − α)/(bound − α)`; none where
/// the best test reaches hardly more than its level itself.
pub fn efficiency(power: f64, alpha: f64, bound: f64) -> Option<f64> {
    /// Below this gain there is nothing to compare with.
    const LEAST_GAIN: f64 = 0.01;
    (bound - alpha >= LEAST_GAIN).then(|| (power - alpha) / (bound - alpha))
}

/// An estimate from `n` observations with the percentile interval of its resampled values (B. Efron,
/// "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979) 1–26).
pub fn percentile_interval(n: u64, estimate: f64, mut resampled: Vec<f64>) -> Estimate {
    resampled.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - LEVEL) / 2.0;
    let last = resampled.len().saturating_sub(1);
    let at = |share: f64| {
        let position = libm::round(share * last as f64) as usize;
        resampled.get(position).copied()
    };
    Estimate {
        n,
        estimate,
        low: at(tail),
        high: at(1.0 - tail),
        level: LEVEL,
        method: Method::Bootstrap,
    }
}

#[cfg(test)]
mod tests {
    use super::{RatioSample, efficiency, most_power, percentile_interval};
    use crate::stats::special::binomial_cdf;
    use crate::world::random::{Purpose, ReplicationKey};

    fn binomial(n: u64, p: f64, k: u64) -> f64 {
        let below = |k: u64| binomial_cdf(k, n, p);
        below(k) - if k == 0 { 0.0 } else { below(k - 1) }
    }

    /// The values of the likelihood ratio of `n` requests, errors from many to none.
    fn atoms(n: u64, healthy: f64, faulty: f64) -> Vec<(f64, f64)> {
        let log_ratio = |errors: u64| {
            errors as f64 * libm::log(faulty / healthy)
                + (n - errors) as f64 * libm::log((1.0 - faulty) / (1.0 - healthy))
        };
        (0..=n)
            .rev()
            .map(|errors| (libm::exp(-log_ratio(errors)), binomial(n, faulty, errors)))
            .collect()
    }

    /// The exact randomised test: reject above a number of errors, and at it with the probability that
    /// makes the level exact.
    fn randomised_binomial_test(n: u64, healthy: f64, faulty: f64, alpha: f64) -> f64 {
        let (mut spent, mut power) = (0.0, 0.0);
        for errors in (0..=n).rev() {
            let (null, alternative) = (binomial(n, healthy, errors), binomial(n, faulty, errors));
            if spent + null > alpha {
                return power + alternative * (alpha - spent) / null;
            }
            spent += null;
            power += alternative;
        }
        power
    }

    #[test]
    fn one_count_gives_the_exact_randomised_binomial_test() {
        for n in [1, 20, 208, 1_000] {
            for (healthy, faulty) in [(0.001, 0.03), (0.01, 0.02), (0.3, 0.35)] {
                for alpha in [0.001, 0.01, 0.05, 0.5] {
                    let found = most_power(atoms(n, healthy, faulty), alpha);
                    let exact = randomised_binomial_test(n, healthy, faulty, alpha);
                    assert!(
                        (found - exact).abs() < 1e-9,
                        "{n} requests, {healthy} {faulty}, α {alpha}: {found} {exact}"
                    );
                }
            }
        }
    }

    /// A window fails if more than 1 % of its requests do: 208 are the fewest that tell 3 % from 0.1 % with
    /// errors of 5 % and 1 %. No other test of 208 requests does better at the same level.
    #[test]
    fn the_textbook_window_is_the_most_powerful_test_of_its_requests() {
        let rejects = |n: u64, p: f64| 1.0 - binomial_cdf(n / 100, n, p);
        let enough = |n: u64| rejects(n, 0.03) >= 0.95 && rejects(n, 0.001) <= 0.01;
        let fewest = (1..1_000).find(|n| enough(*n));
        assert_eq!(fewest, Some(208));
        let bound = most_power(atoms(208, 0.001, 0.03), rejects(208, 0.001));
        assert!((bound - rejects(208, 0.03)).abs() < 1e-9, "{bound}");
        let fewer = most_power(atoms(100, 0.001, 0.03), rejects(208, 0.001));
        assert!(fewer < bound - 0.1, "{fewer}");
    }

    #[test]
    fn what_only_the_alternative_can_do_costs_nothing() {
        let ratios = [(0.0, 0.3), (0.5, 0.4), (2.0, 0.3)];
        assert!((most_power(ratios, 0.0) - 0.3).abs() < 1e-15);
        assert!((most_power(ratios, 0.1) - 0.5).abs() < 1e-15);
        assert!((most_power(ratios, 0.8) - 1.0).abs() < 1e-15);
    }

    /// 39 requests, errors 0.1 % against 3 %, from a sample: within its own interval and four errors.
    #[test]
    fn a_sample_gives_what_the_distribution_gives() {
        const N: u64 = 20_000;
        let (per_error, per_success) = (libm::log(30.0), libm::log(0.97 / 0.999));
        let mut stream = ReplicationKey::new(4, 0).stream(Purpose::Requests, 0, 0);
        let ratio = |_| {
            let errors = (0..39).filter(|_| stream.next_unit() < 0.03).count() as f64;
            errors * per_error + (39.0 - errors) * per_success
        };
        let mut sample = RatioSample::new((0..N).map(ratio).collect());
        for alpha in [0.0005, 0.01, 0.2] {
            let exact = most_power(atoms(39, 0.001, 0.03), alpha);
            let found = sample.power_at(alpha).unwrap();
            let error = (exact * (1.0 - exact) / N as f64).sqrt();
            assert!(
                (found - exact).abs() < 4.0 * error,
                "{alpha}: {found} {exact}"
            );
            let resampled: Vec<f64> = (0..200)
                .map(|_| sample.resampled_power_at(alpha, |n| stream.next_below(n)))
                .collect();
            let interval = percentile_interval(N, found, resampled);
            let (low, high) = (interval.low.unwrap(), interval.high.unwrap());
            assert!(low < found && found < high, "{interval:?}");
            assert!(high - low < 4.5 * error, "{interval:?}");
        }
        // Two errors or more: the null hypothesis as seen through the alternative.
        let exact = 1.0 - binomial_cdf(1, 39, 0.001);
        let found = sample.false_rejections_above(1.5 * per_error + 37.5 * per_success);
        assert!((found / exact - 1.0).abs() < 0.05, "{found} {exact}");
    }

    #[test]
    fn a_sample_without_information_is_worth_its_level() {
        let sample = RatioSample::new(vec![0.0; 500]);
        assert!((sample.power_at(0.03).unwrap() - 0.03).abs() < 1e-12);
        let unlucky = RatioSample::new(vec![1.0, -0.1, -0.2, -0.3]);
        assert!((unlucky.power_at(1.0).unwrap() - 1.0).abs() < 1e-15);
        assert_eq!(RatioSample::new(Vec::new()).power_at(0.5), None);
    }

    #[test]
    fn efficiency_is_the_share_of_what_can_be_gained() {
        let found = efficiency(0.4, 0.1, 0.7).unwrap();
        assert!((found - 0.5).abs() < 1e-12);
        assert_eq!(efficiency(0.02, 0.02, 0.029), None);
    }
}
