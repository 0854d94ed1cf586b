//! Bayes' rule with estimated probabilities: how likely a release is bad if it was aborted.

use super::{Estimate, Method};

/// The probability that a release is bad, given that it was aborted. None when neither kind ever was.
///
/// - `bad_share`: the share of bad releases before the rollout, above 0 and below 1; taken as known.
/// - `bad`, `healthy`: the probability that a bad and a healthy release is aborted.
///
/// It is `1 / (1 + (1 − s)/s · r)` with the ratio `r = healthy / bad`, whose limits come from those of both
/// (MOVER-R). These are taken as independent: arms see the same requests, and what is aborted in one is
/// rather aborted in the other too, so the interval is a little too wide, never too narrow for that.
///
/// # References
/// A. Donner, G. Y. Zou, "Closed-form confidence intervals for functions of the normal mean and standard
/// deviation", Statistical Methods in Medical Research 21 (2012) 347–359. R. G. Newcombe, "MOVER-R confidence
/// intervals for ratios and products of two independent quantities", ibid. 25 (2016) 1774–1778.
pub fn bad_given_aborted(bad_share: f64, bad: &Estimate, healthy: &Estimate) -> Option<Estimate> {
    if bad.estimate <= 0.0 && healthy.estimate <= 0.0 {
        return None;
    }
    let posterior = |ratio: f64| bad_share / (bad_share + (1.0 - bad_share) * ratio);
    let (low, high) = ratio_limits(healthy, bad);
    Some(Estimate {
        n: bad.n,
        // Infinite where no bad release is aborted: then the posterior is 0.
        estimate: posterior(healthy.estimate / bad.estimate),
        low: Some(posterior(high)),
        high: Some(posterior(low)),
        level: bad.level,
        method: Method::MoverRatio,
    })
}

/// The limits of the ratio of two proportions; the upper one may be infinite.
fn ratio_limits(above: &Estimate, below: &Estimate) -> (f64, f64) {
    let limits = |estimate: &Estimate| (estimate.low.unwrap_or(0.0), estimate.high.unwrap_or(1.0));
    let ((l1, u1), (l2, u2)) = (limits(above), limits(below));
    let (a, b) = (above.estimate, below.estimate);
    let product = a * b;
    let root = |first: f64, second: f64| {
        let discriminant =
            product * product - first * (2.0 * a - first) * second * (2.0 * b - second);
        libm::sqrt(discriminant.max(0.0))
    };
    // The published form of the lower limit, extended so that nothing cancels.
    let numerator = l1 * (2.0 * a - l1);
    let low = if numerator > 0.0 {
        numerator / (product + root(l1, u2))
    } else {
        0.0
    };
    let denominator = l2 * (2.0 * b - l2);
    let high = if denominator > 0.0 {
        (product + root(u1, l2)) / denominator
    } else {
        f64::INFINITY
    };
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::bad_given_aborted;
    use crate::stats::Estimate;
    use crate::stats::proportion::proportion;
    use std::num::NonZeroU64;

    fn of(count: u64) -> Estimate {
        proportion(count, NonZeroU64::new(1_000).unwrap())
    }

    #[track_caller]
    fn limits(bad: u64, healthy: u64) -> (f64, f64, f64) {
        let found = bad_given_aborted(0.05, &of(bad), &of(healthy)).unwrap();
        (found.low.unwrap(), found.estimate, found.high.unwrap())
    }

    #[test]
    fn it_is_bayes_rule() {
        let (low, estimate, high) = limits(900, 20);
        // 0.05·0.9 / (0.05·0.9 + 0.95·0.02)
        assert!((estimate - 0.045 / 0.064).abs() < 1e-12);
        assert!(low < estimate && estimate < high);
        // The limits of false aborts alone, 1.3 % and 3.1 %, give nearly all of the width.
        let alone = |healthy: f64| 0.045 / (0.045 + 0.95 * healthy);
        assert!((low - alone(0.0307)).abs() < 0.006, "{low}");
        assert!((high - alone(0.0130)).abs() < 0.006, "{high}");
    }

    #[test]
    fn what_never_happened_leaves_one_side_open() {
        let (low, estimate, high) = limits(900, 0);
        assert!((estimate - 1.0).abs() < 1e-15 && (high - 1.0).abs() < 1e-15);
        assert!((0.93..0.95).contains(&low), "{low}");
        let (low, estimate, high) = limits(0, 20);
        assert!(low.abs() < 1e-15 && estimate.abs() < 1e-15);
        assert!(high > 0.0 && high < 0.02, "{high}");
        assert_eq!(bad_given_aborted(0.05, &of(0), &of(0)), None);
    }
}
