//! Points in time with a zone (Go's `time.Time`), as `now()` and `date()` give them to a condition.
//!
//! The controller's own zone is taken to be UTC, which its container image sets.

pub mod layout;

use std::sync::Arc;

/// Seconds from 0001-01-01 (Go's zero time) to 1970-01-01.
const UNIX_TO_ZERO: i64 = 62_135_596_800;
const SECONDS_PER_DAY: i64 = 86_400;

/// The place whose clock a time shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Zone {
    /// `time.UTC`.
    Utc,
    /// `time.Local`: the controller's zone, UTC by another name.
    Local,
    /// `time.FixedZone(name, offset)`: seconds east of UTC.
    Fixed(Arc<str>, i32),
}

impl Zone {
    /// Name of the location itself.
    pub fn name(&self) -> &str {
        match self {
            Self::Utc => "UTC",
            Self::Local => "Local",
            Self::Fixed(name, _) => name,
        }
    }

    /// Abbreviation of the zone in use there.
    pub fn abbreviation(&self) -> &str {
        match self {
            Self::Utc | Self::Local => "UTC",
            Self::Fixed(name, _) => name,
        }
    }

    /// Seconds east of UTC.
    pub fn offset(&self) -> i32 {
        match self {
            Self::Utc | Self::Local => 0,
            Self::Fixed(_, offset) => *offset,
        }
    }
}

/// A point in time with nanoseconds and a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Time {
    /// Seconds since 1970-01-01 UTC.
    pub seconds: i64,
    /// Nanoseconds within the second, 0 to 999 999 999.
    pub nanos: i32,
    /// The clock that is shown.
    pub zone: Zone,
}

/// A calendar date and a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// Year, may be negative.
    pub year: i64,
    /// Month, 1 to 12.
    pub month: i64,
    /// Day of the month, from 1.
    pub day: i64,
    /// Hour, 0 to 23.
    pub hour: i64,
    /// Minute, 0 to 59.
    pub minute: i64,
    /// Second, 0 to 59.
    pub second: i64,
}

impl Time {
    /// The time of the given nanoseconds since 1970, on the controller's clock.
    pub fn from_unix_nanos(nanos: i64) -> Self {
        let rest = i32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap_or_default();
        Self {
            seconds: nanos.div_euclid(1_000_000_000),
            nanos: rest,
            zone: Zone::Local,
        }
    }

    /// A date as `time.Date` makes it in UTC: fields out of range carry over.
    pub fn from_civil(civil: Civil, nanos: i64) -> Self {
        let month = civil.month - 1;
        let year = civil.year.saturating_add(month.div_euclid(12));
        let days = days_from_civil(year, month.rem_euclid(12) + 1, 1).saturating_add(civil.day - 1);
        let clock = civil.hour * 3600 + civil.minute * 60 + civil.second;
        let seconds = days.saturating_mul(SECONDS_PER_DAY).saturating_add(clock);
        Self {
            seconds: seconds.saturating_add(nanos.div_euclid(1_000_000_000)),
            nanos: i32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap_or_default(),
            zone: Zone::Utc,
        }
    }

    /// The date and clock shown in the time's zone.
    pub fn civil(&self) -> Civil {
        let local = self.seconds + i64::from(self.zone.offset());
        let (year, month, day) = civil_from_days(local.div_euclid(SECONDS_PER_DAY));
        let clock = local.rem_euclid(SECONDS_PER_DAY);
        Civil {
            year,
            month,
            day,
            hour: clock / 3600,
            minute: clock / 60 % 60,
            second: clock % 60,
        }
    }

    /// Day of the week, Sunday = 0.
    pub fn weekday(&self) -> i64 {
        let local = self.seconds + i64::from(self.zone.offset());
        (local.div_euclid(SECONDS_PER_DAY) + 4).rem_euclid(7)
    }

    /// Day of the year, from 1.
    pub fn year_day(&self) -> i64 {
        let civil = self.civil();
        days_from_civil(civil.year, civil.month, civil.day) - days_from_civil(civil.year, 1, 1) + 1
    }

    /// ISO 8601 year and week.
    pub fn iso_week(&self) -> (i64, i64) {
        // The week belongs to the year of its Thursday.
        let mut thursday = self.clone();
        thursday.seconds += (4 - (self.weekday() + 6).rem_euclid(7) - 1) * SECONDS_PER_DAY;
        (thursday.civil().year, (thursday.year_day() - 1) / 7 + 1)
    }

    /// The time `nanos` nanoseconds later.
    #[must_use]
    pub fn add(&self, nanos: i64) -> Self {
        let total = i64::from(self.nanos) + nanos.rem_euclid(1_000_000_000);
        Self {
            seconds: self
                .seconds
                .wrapping_add(nanos.div_euclid(1_000_000_000))
                .wrapping_add(total / 1_000_000_000),
            nanos: i32::try_from(total % 1_000_000_000).unwrap_or_default(),
            zone: self.zone.clone(),
        }
    }

    /// Nanoseconds from `earlier` to this time, clamped to what a duration holds.
    pub fn since(&self, earlier: &Self) -> i64 {
        let nanos = (i128::from(self.seconds) - i128::from(earlier.seconds)) * 1_000_000_000
            + i128::from(self.nanos - earlier.nanos);
        let limit = if nanos < 0 { i64::MIN } else { i64::MAX };
        i64::try_from(nanos).unwrap_or(limit)
    }

    /// The same instant in another zone.
    #[must_use]
    pub fn in_zone(&self, zone: Zone) -> Self {
        Self {
            zone,
            ..self.clone()
        }
    }

    /// Position on the time line, for comparisons.
    pub fn instant(&self) -> (i64, i32) {
        (self.seconds, self.nanos)
    }

    /// Nanoseconds since 1970, wrapping as Go's `UnixNano` does.
    pub fn unix_nanos(&self) -> i64 {
        self.seconds
            .wrapping_mul(1_000_000_000)
            .wrapping_add(i64::from(self.nanos))
    }

    /// Whether this is 0001-01-01 00:00:00 UTC.
    pub fn is_zero(&self) -> bool {
        self.seconds == -UNIX_TO_ZERO && self.nanos == 0
    }

    /// Go's `AddDate`: the calendar fields are moved, then made valid.
    #[must_use]
    pub fn add_date(&self, years: i64, months: i64, days: i64) -> Self {
        let mut civil = self.civil();
        civil.year = civil.year.wrapping_add(years);
        civil.month = civil.month.wrapping_add(months);
        civil.day = civil.day.wrapping_add(days);
        let mut moved = Self::from_civil(civil, i64::from(self.nanos));
        moved.seconds -= i64::from(self.zone.offset());
        moved.in_zone(self.zone.clone())
    }

    /// The remainder of the time since 0001-01-01 divided by `nanos`.
    fn remainder(&self, nanos: i64) -> i64 {
        let since_zero = (i128::from(self.seconds) + i128::from(UNIX_TO_ZERO)) * 1_000_000_000
            + i128::from(self.nanos);
        i64::try_from(since_zero.rem_euclid(i128::from(nanos))).unwrap_or_default()
    }

    /// Rounded down to a multiple of `nanos` since 0001-01-01.
    #[must_use]
    pub fn truncate(&self, nanos: i64) -> Self {
        if nanos <= 0 {
            self.clone()
        } else {
            self.add(-self.remainder(nanos))
        }
    }

    /// Rounded to the nearest multiple of `nanos` since 0001-01-01, halves up.
    #[must_use]
    pub fn round(&self, nanos: i64) -> Self {
        if nanos <= 0 {
            return self.clone();
        }
        let rest = self.remainder(nanos);
        if u128::from(rest.unsigned_abs()) * 2 < u128::from(nanos.unsigned_abs()) {
            self.add(-rest)
        } else {
            self.add(nanos - rest)
        }
    }
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar.
pub(super) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 {
        year.saturating_sub(1)
    } else {
        year
    };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era.saturating_mul(146_097)
        .saturating_add(day_of_era)
        .saturating_sub(719_468)
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// Whether the year has 366 days.
pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days of the month (1 to 12).
pub(super) fn days_in(month: i64, year: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// English names of the months, January first.
pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// English names of the days, Sunday first.
pub const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

#[cfg(test)]
mod tests {
    use super::{Civil, Time};

    #[test]
    fn dates_carry_over_and_come_back() {
        let civil = Civil {
            year: 2024,
            month: 14,
            day: 31,
            hour: 25,
            minute: 0,
            second: 0,
        };
        let time = Time::from_civil(civil, 0);
        let shown = time.civil();
        assert_eq!(
            (shown.year, shown.month, shown.day, shown.hour),
            (2025, 3, 4, 1)
        );
        assert_eq!(time.weekday(), 2);
        assert_eq!(time.year_day(), 63);
        assert_eq!(time.iso_week(), (2025, 10));
    }

    #[test]
    fn rounding_counts_from_the_zero_time() {
        let time = Time::from_unix_nanos(1_700_000_000_500_000_000);
        assert_eq!(time.truncate(3_600_000_000_000).seconds, 1_699_999_200);
        assert_eq!(time.round(1_000_000_000).seconds, 1_700_000_001);
        assert_eq!(time.round(0), time);
    }
}
