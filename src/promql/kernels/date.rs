//! Calendar functions on UTC seconds.
//!
//! `spec/promql.md` §8; Prometheus 3.14 promql/functions.go `dateWrapper`; Go's `time.Unix`.

/// Seconds from the start of Go's calendar (1 March of the year -292277022400) to 1970.
const CALENDAR_START: i128 = 9_223_372_028_741_760_000;
const SECONDS_PER_DAY: i128 = 86_400;
const DAYS_PER_ERA: i128 = 146_097;

/// The functions that take a time apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum DateFunction {
    DaysInMonth,
    DayOfMonth,
    DayOfWeek,
    DayOfYear,
    Hour,
    Minute,
    Month,
    Year,
}

impl DateFunction {
    /// The function of this name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "days_in_month" => Self::DaysInMonth,
            "day_of_month" => Self::DayOfMonth,
            "day_of_week" => Self::DayOfWeek,
            "day_of_year" => Self::DayOfYear,
            "hour" => Self::Hour,
            "minute" => Self::Minute,
            "month" => Self::Month,
            "year" => Self::Year,
            _ => return None,
        })
    }

    /// The function of a sample's value, taken for seconds since 1970. What doesn't fit into 64 bits (NaN
    /// too) becomes the smallest number, as a conversion does on amd64.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is checked; the fraction is meant to go"
    )]
    pub fn of_seconds(self, seconds: f64) -> f64 {
        let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&seconds);
        self.of_unix(if fits { seconds as i64 } else { i64::MIN })
    }

    /// The function of an evaluation time in milliseconds.
    pub fn of_millis(self, millis: i64) -> f64 {
        self.of_unix(millis / 1000)
    }

    fn of_unix(self, seconds: i64) -> f64 {
        let mut seconds = i128::from(seconds);
        if seconds < -CALENDAR_START {
            // Go's count of seconds since its calendar began is unsigned and wraps.
            seconds += 1 << 64;
        }
        let days = seconds.div_euclid(SECONDS_PER_DAY);
        let of_day = seconds.rem_euclid(SECONDS_PER_DAY);
        let date = Date::from_days(days);
        let result = match self {
            Self::DaysInMonth => date.days_in_month(),
            Self::DayOfMonth => date.day,
            // 1 January 1970 was a Thursday.
            Self::DayOfWeek => (days + 4).rem_euclid(7),
            Self::DayOfYear => days - Date::days_until_year(date.year) + 1,
            Self::Hour => of_day / 3600,
            Self::Minute => of_day / 60 % 60,
            Self::Month => date.month,
            Self::Year => date.year,
        };
        result as f64
    }
}

/// A date of the proleptic Gregorian calendar.
struct Date {
    year: i128,
    month: i128,
    day: i128,
}

impl Date {
    /// The date that many days after 1 January 1970. Counts years from March, so that the leap day comes last.
    fn from_days(days: i128) -> Self {
        let since_march_of_year_zero = days + 719_468;
        let era = since_march_of_year_zero.div_euclid(DAYS_PER_ERA);
        let of_era = since_march_of_year_zero.rem_euclid(DAYS_PER_ERA);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * of_year + 2) / 153;
        let month = (month_from_march + 2) % 12 + 1;
        Self {
            year: era * 400 + year_of_era + i128::from(month <= 2),
            month,
            day: of_year - (153 * month_from_march + 2) / 5 + 1,
        }
    }

    /// Days from 1 January 1970 to 1 January of `year`.
    fn days_until_year(year: i128) -> i128 {
        let before = year - 1;
        365 * before + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400)
            - 719_162
    }

    fn days_in_month(&self) -> i128 {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        match self.month {
            2 => 28 + i128::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DateFunction;

    const ALL: [&str; 8] = [
        "year",
        "month",
        "day_of_month",
        "day_of_week",
        "day_of_year",
        "days_in_month",
        "hour",
        "minute",
    ];

    fn parts(seconds: f64) -> Vec<f64> {
        ALL.iter()
            .map(|name| DateFunction::named(name).expect(name).of_seconds(seconds))
            .collect()
    }

    #[test]
    fn known_dates() {
        let cases: [(f64, [f64; 8]); 6] = [
            (0.0, [1970., 1., 1., 4., 1., 31., 0., 0.]),
            (-1.0, [1969., 12., 31., 3., 365., 31., 23., 59.]),
            (951_782_400.0, [2000., 2., 29., 2., 60., 29., 0., 0.]),
            (1_709_251_199.9, [2024., 2., 29., 4., 60., 29., 23., 59.]),
            (-2_203_891_200.0, [1900., 3., 1., 4., 60., 31., 0., 0.]),
            (4_102_444_799.0, [2099., 12., 31., 4., 365., 31., 23., 59.]),
        ];
        for (seconds, expected) in cases {
            assert_eq!(parts(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn what_does_not_fit_wraps_as_in_go() {
        for seconds in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
            let expected = [292_277_026_596., 12., 4., 0., 339., 31., 15., 30.];
            assert_eq!(parts(seconds), expected, "{seconds}");
        }
    }
}
