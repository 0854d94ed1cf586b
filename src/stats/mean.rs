//! Means of counts.

use super::special::two_sided_z;
use super::{Estimate, LEVEL, Method};
use crate::montecarlo::bins::Bins;

/// The mean of the values in `bins` with the normal interval, none when there are none.
///
/// The mean is the exact sum over the count. The lower limit isn't below 0, since counts aren't.
/// A single value has no limits.
pub fn mean(bins: &Bins) -> Option<Estimate> {
    let n = bins.count();
    if n == 0 {
        return None;
    }
    let estimate = bins.sum() as f64 / n as f64;
    let half = variance(bins).map(|variance| two_sided_z(LEVEL) * libm::sqrt(variance / n as f64));
    Some(Estimate {
        n,
        estimate,
        low: half.map(|half| (estimate - half).max(0.0)),
        high: half.map(|half| estimate + half),
        level: LEVEL,
        method: Method::Normal,
    })
}

/// The sample variance, from integers as long as these fit, so that equal values have none at all.
fn variance(bins: &Bins) -> Option<f64> {
    let n = u128::from(bins.count());
    if n < 2 {
        return None;
    }
    let exact = || {
        let scaled = n.checked_mul(bins.sum_of_squares())?;
        Some(scaled.saturating_sub(bins.sum().checked_mul(bins.sum())?) as f64)
    };
    let scaled = exact().unwrap_or_else(|| {
        let (n, sum) = (n as f64, bins.sum() as f64);
        (n * bins.sum_of_squares() as f64 - sum * sum).max(0.0)
    });
    Some(scaled / (n * (n - 1)) as f64)
}

#[cfg(test)]
mod tests {
    use super::mean;
    use crate::montecarlo::bins::Bins;

    fn of(values: &[u64]) -> Bins {
        let mut bins = Bins::new();
        for &value in values {
            bins.add(value);
        }
        bins
    }

    #[test]
    fn the_interval_is_the_textbook_one() {
        // Sample variance 2.5, so the half-width is 1.96 · sqrt(2.5 / 5).
        let found = mean(&of(&[11, 12, 13, 14, 15])).unwrap();
        assert!((found.estimate - 13.0).abs() < 1e-15);
        assert!((found.low.unwrap() - (13.0 - 1.385_903_824)).abs() < 1e-8);
        assert!((found.high.unwrap() - (13.0 + 1.385_903_824)).abs() < 1e-8);
    }

    #[test]
    fn equal_values_have_no_spread_and_one_value_no_limits() {
        let found = mean(&of(&[u64::MAX / 4; 3])).unwrap();
        assert_eq!(found.low, found.high);
        assert_eq!(mean(&of(&[7])).unwrap().high, None);
        assert_eq!(mean(&of(&[])), None);
    }
}
