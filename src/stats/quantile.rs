//! Quantiles of times and counts, with intervals that assume nothing of the distribution.

use super::special::binomial_cdf;
use super::{Estimate, LEVEL, Method};
use crate::montecarlo::bins::Bins;

/// Ranks (from 1, ascending) of the order statistics that estimate and bracket a quantile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranks {
    /// The quantile itself: the smallest value with at least that share of values at or below it.
    pub at: u64,
    /// Lower limit; none when even the smallest value isn't surely below the quantile.
    pub low: Option<u64>,
    /// Upper limit; none when even the largest value isn't surely above the quantile.
    pub high: Option<u64>,
}

/// The ranks for the `percent` quantile (1 to 99) of `n > 0` values at `level`.
///
/// Between `low` and `high` lies the true quantile with a probability of at least `level`, each side
/// missing it with at most half of the rest.
///
/// # References
/// H. A. David, H. N. Nagaraja, "Order Statistics", 3rd edition (2003), section 7.1.
pub fn ranks(percent: u8, n: u64, level: f64) -> Ranks {
    let tail = (1.0 - level) / 2.0;
    let p = f64::from(percent) / 100.0;
    let at = u128::from(n) * u128::from(percent);
    // At most n, since percent is below 100.
    let at = u64::try_from(at.div_ceil(100)).unwrap_or(n).max(1);
    // Values at or below the quantile are binomial: rank r lies above it when fewer than r are.
    let below = first(n, |count| binomial_cdf(count, n, p) > tail);
    let above = first(n, |count| binomial_cdf(count, n, p) >= 1.0 - tail);
    Ranks {
        at,
        low: (below > 0).then_some(below),
        high: (above < n).then_some(above + 1),
    }
}

/// The first number in `0..n` for which a monotone condition holds, else `n`.
fn first(n: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut from, mut until) = (0, n);
    while from < until {
        let middle = from + (until - from) / 2;
        if holds(middle) {
            until = middle;
        } else {
            from = middle + 1;
        }
    }
    from
}

/// The `percent` quantile of the values in `bins`, in units of `1 / per_unit` (1000 for seconds from
/// milliseconds). None when there are no values.
pub fn quantile(bins: &Bins, percent: u8, per_unit: f64) -> Option<Estimate> {
    incidence_quantile(bins, bins.count(), percent, per_unit)
}

/// When the cumulative incidence over `total` replications reaches `percent`: `bins` hold the times of
/// those in which the event happened at all, and the others (competing outcomes) never reach it.
///
/// None above the plateau, that is when the event happened in fewer than `percent` of all.
pub fn incidence_quantile(bins: &Bins, total: u64, percent: u8, per_unit: f64) -> Option<Estimate> {
    if total == 0 {
        return None;
    }
    let ranks = ranks(percent, total, LEVEL);
    let value = |rank| bins.at_rank(rank).map(|value| value as f64 / per_unit);
    Some(Estimate {
        n: total,
        estimate: value(ranks.at)?,
        low: ranks.low.and_then(value),
        high: ranks.high.and_then(value),
        level: LEVEL,
        method: Method::OrderStatistics,
    })
}

#[cfg(test)]
mod tests {
    use super::{Ranks, incidence_quantile, quantile, ranks};
    use crate::montecarlo::bins::Bins;
    use crate::stats::special::binomial_cdf;

    #[test]
    fn ranks_match_the_tables() {
        // Conover, "Practical Nonparametric Statistics": the median of 10 lies between the 2nd and the 9th.
        let expected = Ranks {
            at: 5,
            low: Some(2),
            high: Some(9),
        };
        assert_eq!(ranks(50, 10, 0.95), expected);
        // Of the median of 100: the 40th and the 61st.
        let expected = Ranks {
            at: 50,
            low: Some(40),
            high: Some(61),
        };
        assert_eq!(ranks(50, 100, 0.95), expected);
    }

    #[test]
    fn few_values_give_no_limit() {
        // 1 − 0.95^72 is below 97.5 %, 1 − 0.95^73 above? The largest of 71 isn't surely above the 95 %
        // quantile, the largest of 72 is: 0.95^71 = 0.0262, 0.95^72 = 0.0249.
        assert_eq!(ranks(95, 71, 0.95).high, None);
        assert_eq!(ranks(95, 72, 0.95).high, Some(72));
        let one = Ranks {
            at: 1,
            low: None,
            high: None,
        };
        assert_eq!(ranks(50, 1, 0.95), one);
    }

    #[test]
    fn intervals_cover_at_least_their_level_and_not_wastefully() {
        for n in [80, 1_000, 250_000] {
            for percent in [50, 90, 95] {
                let p = f64::from(percent) / 100.0;
                let ranks = ranks(percent, n, 0.95);
                let (low, high) = (ranks.low.unwrap(), ranks.high.unwrap());
                assert!(low <= ranks.at && ranks.at <= high);
                let covered = binomial_cdf(high - 1, n, p) - binomial_cdf(low - 1, n, p);
                assert!(
                    (0.95..0.985).contains(&covered),
                    "{covered} at {percent} of {n}"
                );
            }
        }
    }

    #[test]
    fn quantiles_are_order_statistics() {
        let mut bins = Bins::new();
        assert_eq!(quantile(&bins, 50, 1.0), None);
        for value in 1..=100 {
            bins.add(value);
        }
        let median = quantile(&bins, 50, 10.0).unwrap();
        assert_eq!(
            (median.low, median.estimate, median.high),
            (Some(4.0), 5.0, Some(6.1))
        );
        let high = [90, 95, 99].map(|percent| quantile(&bins, percent, 1.0).map(|e| e.estimate));
        assert_eq!(high, [Some(90.0), Some(95.0), Some(99.0)]);
    }

    #[test]
    fn above_the_plateau_there_is_no_quantile() {
        let mut bins = Bins::new();
        for value in 1..=60 {
            bins.add(value);
        }
        // The event happened in 60 of 100.
        let median = incidence_quantile(&bins, 100, 50, 1.0).unwrap();
        assert_eq!((median.estimate, median.n), (50.0, 100));
        assert_eq!(
            (median.low, median.high),
            (Some(40.0), None),
            "the 61st never happened"
        );
        assert_eq!(incidence_quantile(&bins, 100, 90, 1.0), None);
    }
}
