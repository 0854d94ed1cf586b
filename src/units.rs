//! Time as the controllers keep it: integer nanoseconds, never a float.
//!
//! Kubernetes persists timestamps in whole seconds, so [`Instant::floor_to_second`] decides more in
//! this project than any clock does.

use std::fmt;
use std::ops::{Add, AddAssign, Neg, Sub};

const NANOS_PER_MILLI: i64 = 1_000_000;
const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A point in virtual time: nanoseconds since an epoch that lies on a whole second.
///
/// The recorded vectors use the Unix epoch; a replication uses its own zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

/// A signed length of time in nanoseconds, as Go's `time.Duration`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(i64);

impl Instant {
    /// The epoch itself.
    pub const EPOCH: Self = Self(0);
    /// Later than anything that happens.
    pub const NEVER: Self = Self(i64::MAX);

    /// The instant `nanos` nanoseconds after the epoch.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The instant `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis * NANOS_PER_MILLI)
    }

    /// The instant `seconds` seconds after the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds * NANOS_PER_SECOND)
    }

    /// Nanoseconds since the epoch.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the epoch, rounded down: the resolution of Prometheus.
    pub const fn as_millis_floor(self) -> i64 {
        self.0.div_euclid(NANOS_PER_MILLI)
    }

    /// The last whole second at or before this instant: what RFC 3339 without fractions keeps.
    #[must_use]
    pub const fn floor_to_second(self) -> Self {
        Self(self.0.div_euclid(NANOS_PER_SECOND) * NANOS_PER_SECOND)
    }
}

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A length of `nanos` nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// A length of `millis` milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis * NANOS_PER_MILLI)
    }

    /// A length of `seconds` seconds.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds * NANOS_PER_SECOND)
    }

    /// The length in nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// The length in whole milliseconds, rounded down.
    pub const fn as_millis_floor(self) -> i64 {
        self.0.div_euclid(NANOS_PER_MILLI)
    }

    /// The length in seconds, for output and for rates.
    pub fn as_seconds_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND as f64
    }
}

impl Add<Duration> for Instant {
    type Output = Self;
    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(rhs.0))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, rhs: Duration) {
        *self = *self + rhs;
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;
    fn sub(self, rhs: Duration) -> Self {
        Self(self.0.saturating_sub(rhs.0))
    }
}

impl Sub for Instant {
    type Output = Duration;
    fn sub(self, rhs: Self) -> Duration {
        Duration(self.0.saturating_sub(rhs.0))
    }
}

impl Add for Duration {
    type Output = Self;
    fn add(self, rhs: Self) -> Self {
        Self(self.0.saturating_add(rhs.0))
    }
}

impl Sub for Duration {
    type Output = Self;
    fn sub(self, rhs: Self) -> Self {
        Self(self.0.saturating_sub(rhs.0))
    }
}

impl Neg for Duration {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

/// Prints as people write it: `27m 30s`, `8.4s`, `350ms`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let millis = self.0.unsigned_abs() / NANOS_PER_MILLI.unsigned_abs();
        let (seconds, rest) = (millis / 1000, millis % 1000);
        let text = match seconds {
            0 if rest > 0 => format!("{sign}{rest}ms"),
            0..60 if rest == 0 => format!("{sign}{seconds}s"),
            0..60 => format!("{sign}{seconds}.{}s", rest / 100),
            60..3600 if seconds % 60 == 0 => format!("{sign}{}m", seconds / 60),
            60..3600 => format!("{sign}{}m {}s", seconds / 60, seconds % 60),
            _ if seconds % 3600 < 60 => format!("{sign}{}h", seconds / 3600),
            _ => format!("{sign}{}h {}m", seconds / 3600, seconds % 3600 / 60),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Instant};

    #[test]
    fn floors_towards_the_past_on_both_sides_of_the_epoch() {
        assert_eq!(
            Instant::from_millis(1_999).floor_to_second(),
            Instant::from_seconds(1)
        );
        assert_eq!(
            Instant::from_millis(-1).floor_to_second(),
            Instant::from_seconds(-1)
        );
        assert_eq!(Instant::from_millis(-1).as_millis_floor(), -1);
    }

    #[test]
    fn durations_read_naturally() {
        let shown = [
            350, 8_400, 30_000, 90_000, 600_000, 3_600_000, 5_400_000, -1_500, 0,
        ]
        .map(|millis| Duration::from_millis(millis).to_string());
        assert_eq!(
            shown,
            [
                "350ms", "8.4s", "30s", "1m 30s", "10m", "1h", "1h 30m", "-1.5s", "0s"
            ]
        );
    }
}
