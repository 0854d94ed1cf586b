//! Requests that reach the service, as a scenario says: how many at which time, and how evenly.

use super::model::DurationDistribution;
use crate::units::Duration;

/// Requests that reach the service, all versions together.
#[derive(Clone, Debug, PartialEq)]
pub struct Traffic {
    /// Requests per second, `rate: 50/s` or `3/min`: the constant rate, or what [`Self::shape`] multiplies.
    /// Default 50/s.
    pub rate_per_second: f64,
    /// How the rate changes with time. Default not at all.
    pub shape: RateShape,
    /// Variance over mean of the counts per minute, `overdispersion: 4`; at least 1. Default 1, a Poisson stream.
    pub overdispersion: f64,
    /// Bursts that multiply the rate, `bursts: {factor: x4, calm: 10m, burst: 30s}`. Default none.
    pub bursts: Option<BurstModel>,
    /// From a router's new weight until requests follow it. Default no time.
    pub propagation_delay: DurationDistribution,
}

/// How the rate changes with time, as factors of [`Traffic::rate_per_second`].
#[derive(Clone, Debug, Default, PartialEq)]
pub enum RateShape {
    /// It doesn't.
    #[default]
    Constant,
    /// `{diurnal: {mean: 50/s, amplitude: 60%, peak-at: 14:00}}`: a cosine of 24 hours.
    Diurnal(Diurnal),
    /// `{ramp: {from: 20/s, to: 100/s, at: 10m, over: 30m}}`: a straight line between two levels.
    Ramp(Ramp),
    /// `{steps: [{from: 0s, rate: 50/s}, {from: 10m, rate: 80/s}]}`, rising by time; the first holds before it too.
    Steps(Vec<RateStep>),
    /// `{csv: rates.csv}` or `{query-range: rates.json}`.
    Recorded(Recording),
}

/// A day's cosine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Diurnal {
    /// The peak is `1 + amplitude` times the mean; from 0 to 1.
    pub amplitude: f64,
    /// Time of day of the peak. Default 14:00.
    pub peak_at: Duration,
    /// Time of day at which the update starts; none: a whole minute of the day, drawn for each replication.
    pub starts_at: Option<Duration>,
}

/// A straight line between two levels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ramp {
    /// The level at its end, as a factor of that at its start.
    pub to_factor: f64,
    /// Where it begins, counted from the update. Default 0s.
    pub at: Duration,
    /// How long it takes; more than 0.
    pub over: Duration,
}

/// A level of the rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateStep {
    /// From here on.
    pub from: Duration,
    /// Factor of the rate.
    pub factor: f64,
}

/// A rate that was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The file, as the scenario names it.
    pub file: String,
    /// Levels, each until the next, from 0 s on.
    pub steps: Vec<RateStep>,
    /// Its length: the last level lasts as long as the one before it.
    pub length: Duration,
    /// What comes after its end and before its start.
    pub beyond: Beyond,
    /// The time in the recording at which the update starts; none: a whole minute of it, drawn for each
    /// replication. Default its start.
    pub starts_at: Option<Duration>,
}

/// What a recording is taken to have been where it holds nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Beyond {
    /// `repeat`: it starts again. The default.
    #[default]
    Repeat,
    /// `hold`: its first and its last rate go on.
    Hold,
}

/// A two-state Markov chain that multiplies the rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurstModel {
    /// The rate of a burst is so many times that of calm; at least 1.
    pub factor: f64,
    /// Mean length of calm.
    pub calm: Duration,
    /// Mean length of a burst.
    pub burst: Duration,
}

impl BurstModel {
    /// The share of time that bursts take in the long run.
    pub fn share(&self) -> f64 {
        let (calm, burst) = (self.calm.as_seconds_f64(), self.burst.as_seconds_f64());
        burst / (calm + burst)
    }

    /// The mean of the factor.
    pub fn mean_factor(&self) -> f64 {
        1.0 + (self.factor - 1.0) * self.share()
    }
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            rate_per_second: 50.0,
            shape: RateShape::Constant,
            overdispersion: 1.0,
            bursts: None,
            propagation_delay: DurationDistribution::Fixed(Duration::ZERO),
        }
    }
}
