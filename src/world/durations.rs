//! Random lengths of time, drawn once per pod.

use rand::distr::Distribution;
use rand_distr::StandardNormal;

use super::random::Stream;
use crate::scenario::model::DurationDistribution;
use crate::units::Duration;

/// 99th percentile of the standard normal distribution.
const NORMAL_P99: f64 = 2.326_347_874_040_841;

/// A [`DurationDistribution`] ready to be drawn from. Draws are whole milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RandomDuration {
    /// Always the same.
    Fixed(Duration),
    /// Uniform between two lengths.
    Uniform(Duration, Duration),
    /// The logarithm is normal.
    Lognormal {
        /// Median in seconds.
        median: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
}

impl RandomDuration {
    /// Compiles a distribution of the scenario.
    pub fn new(distribution: &DurationDistribution) -> Self {
        match distribution {
            DurationDistribution::Fixed(length) => Self::Fixed(*length),
            DurationDistribution::Uniform(low, high) => Self::Uniform(*low, *high),
            DurationDistribution::Lognormal { p50, p99 } => Self::Lognormal {
                median: p50.as_seconds_f64(),
                sigma: libm::log(p99.as_seconds_f64() / p50.as_seconds_f64()) / NORMAL_P99,
            },
        }
    }

    /// One draw.
    pub fn draw(&self, stream: &mut Stream) -> Duration {
        match self {
            Self::Fixed(length) => *length,
            Self::Uniform(low, high) => {
                let span = (*high - *low).as_millis_floor().max(0) as u64;
                *low + Duration::from_millis(stream.next_below(span + 1) as i64)
            }
            Self::Lognormal { median, sigma } => {
                let normal: f64 = StandardNormal.sample(stream);
                Duration::from_millis((median * libm::exp(sigma * normal) * 1_000.0) as i64)
            }
        }
    }

    /// The median.
    pub fn median(&self) -> Duration {
        match self {
            Self::Fixed(length) => *length,
            Self::Uniform(low, high) => {
                Duration::from_nanos(low.as_nanos().midpoint(high.as_nanos()))
            }
            Self::Lognormal { median, .. } => Duration::from_millis((median * 1_000.0) as i64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RandomDuration;
    use crate::scenario::model::DurationDistribution;
    use crate::units::Duration;
    use crate::world::random::{Purpose, ReplicationKey};

    #[test]
    fn a_lognormal_has_its_quantiles() {
        let p50 = Duration::from_seconds(8);
        let p99 = Duration::from_seconds(20);
        let random = RandomDuration::new(&DurationDistribution::Lognormal { p50, p99 });
        let mut stream = ReplicationKey::new(1, 1).stream(Purpose::ReadyAfter, 0, 0);
        let mut draws: Vec<Duration> = (0..20_000).map(|_| random.draw(&mut stream)).collect();
        draws.sort_unstable();
        assert!(
            (draws[10_000].as_seconds_f64() - 8.0).abs() < 0.15,
            "{}",
            draws[10_000]
        );
        assert!(
            (draws[19_800].as_seconds_f64() - 20.0).abs() < 1.0,
            "{}",
            draws[19_800]
        );
        assert_eq!(random.median(), p50);
    }

    /// Pins the draws: the normal deviate comes from a library.
    #[test]
    fn draws_are_stable() {
        let random = RandomDuration::Lognormal {
            median: 8.0,
            sigma: 0.4,
        };
        let mut stream = ReplicationKey::new(1, 1).stream(Purpose::ReadyAfter, 0, 0);
        let draws = [random.draw(&mut stream), random.draw(&mut stream)];
        assert_eq!(draws.map(Duration::as_millis_floor), [13413, 6328]);
    }
}
