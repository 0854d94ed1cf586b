//! Traffic that is burstier than a Poisson stream: the service's rate changes from minute to minute.
//!
//! In each minute of the clock the rate is multiplied by a gamma variate with mean 1, so that the service's
//! counts per minute are negative binomial. All pods share a minute's factor, since it belongs to the users and
//! not to a pod; given the factor, arrivals are Poisson, so thinning them to versions, pods, statuses and
//! buckets stays exact.

use rand_distr::{Distribution, Gamma};

use super::random::{Purpose, ReplicationKey};

const MINUTE_MS: i64 = 60_000;

/// How the rate changes from minute to minute.
#[derive(Clone, Copy, Debug)]
pub struct Bursts {
    factor: Gamma<f64>,
}

impl Bursts {
    /// Counts per minute at a service with `per_second` requests have `overdispersion` times the variance of
    /// Poisson counts. None for at most 1, which is Poisson.
    ///
    /// With mean `μ` a minute and shape `k` the variance is `μ + μ²/k`, so `k = μ / (overdispersion − 1)`. Of a
    /// share `w` of the traffic it is `1 + w·(overdispersion − 1)` times the mean.
    pub fn new(overdispersion: f64, per_second: f64) -> Option<Self> {
        let shape = per_second * 60.0 / (overdispersion - 1.0);
        if overdispersion <= 1.0 || shape <= 0.0 {
            return None;
        }
        let factor = Gamma::new(shape, 1.0 / shape).ok()?;
        Some(Self { factor })
    }

    /// What the rate is multiplied by at an instant: a function of the replication and the minute alone.
    pub fn factor(&self, key: ReplicationKey, at_ms: i64) -> f64 {
        let mut stream = key.stream(Purpose::Burst, 0, at_ms.div_euclid(MINUTE_MS));
        self.factor.sample(&mut stream)
    }

    /// When the factor of an instant ends.
    pub const fn end_ms(at_ms: i64) -> i64 {
        (at_ms.div_euclid(MINUTE_MS) + 1) * MINUTE_MS
    }
}

#[cfg(test)]
mod tests {
    use super::Bursts;
    use crate::world::random::ReplicationKey;

    #[test]
    fn factors_have_mean_one_and_the_variance_of_the_overdispersion() {
        for (overdispersion, per_second) in [(4.0, 50.0), (1.5, 2.0), (30.0, 0.2)] {
            let bursts = Bursts::new(overdispersion, per_second).unwrap();
            let variance = (overdispersion - 1.0) / (60.0 * per_second);
            let n = 100_000;
            let factors: Vec<f64> = (0..n)
                .map(|minute| bursts.factor(ReplicationKey::new(1, 0), minute * 60_000))
                .collect();
            let mean = factors.iter().sum::<f64>() / n as f64;
            let found = factors.iter().map(|f| (f - mean).powi(2)).sum::<f64>() / n as f64;
            let error = (variance / n as f64).sqrt();
            assert!((mean - 1.0).abs() < 5.0 * error, "{mean}");
            // The kurtosis of a gamma variate is 3 + 6/k.
            let error = variance * ((2.0 + 6.0 * variance) / n as f64).sqrt();
            assert!((found - variance).abs() < 5.0 * error, "{found} {variance}");
        }
    }

    #[test]
    fn a_minute_has_one_factor_and_poisson_traffic_none() {
        let bursts = Bursts::new(4.0, 1.0).unwrap();
        let key = ReplicationKey::new(3, 5);
        let same = |a, b| bursts.factor(key, a).to_bits() == bursts.factor(key, b).to_bits();
        assert!(same(0, 59_999) && same(-1, -60_000) && !same(59_999, 60_000));
        assert_eq!(
            (Bursts::end_ms(59_999), Bursts::end_ms(60_000)),
            (60_000, 120_000)
        );
        assert!(Bursts::new(1.0, 50.0).is_none());
    }
}
