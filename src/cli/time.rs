//! Instants and durations as they are typed.

use crate::promql::series_file::parse_duration;

/// An instant in milliseconds since 1970: `1700000000.5`, `2023-11-14T22:13:20Z`, or `10m` from the start of a
/// `.test` file.
pub fn instant(text: &str) -> Result<i64, String> {
    if let Some(millis) = text.parse().ok().and_then(millis) {
        return Ok(millis);
    }
    if let Some(millis) = rfc3339(text) {
        return Ok(millis);
    }
    parse_duration(text).ok_or_else(|| {
        "seconds since 1970, a time such as 2026-03-01T12:00:00Z, or a duration such as 10m is needed".to_owned()
    })
}

/// A duration in milliseconds: `30s`, or a number of seconds.
pub fn duration(text: &str) -> Result<i64, String> {
    let seconds = text.parse().ok().and_then(millis);
    seconds
        .or_else(|| parse_duration(text))
        .ok_or_else(|| "a duration such as 30s or 1m30s is needed".to_owned())
}

fn millis(seconds: f64) -> Option<i64> {
    let possible = seconds.is_finite() && seconds.abs() < 1e12;
    possible.then(|| (seconds * 1_000.0).round() as i64)
}

/// `2026-03-01T12:00:00.5+01:00` (RFC 3339).
fn rfc3339(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let zone_at = time.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = time.split_at(zone_at);
    let [year, month, day] = numbers(date, '-')?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hour, minute, second] = numbers(clock, ':')?;
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let offset_minutes = match zone.split_at(1) {
        ("Z" | "z", "") => 0,
        (sign, rest) => {
            let (hours, minutes) = rest.split_once(':')?;
            let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
            if sign == "-" { -minutes } else { minutes }
        }
    };
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    let fraction: f64 = format!("0.{fraction}").parse().ok().filter(|_| digits)?;
    let days = days_before_year(year)
        + (1..month)
            .map(|month| days_in_month(year, month))
            .sum::<i64>()
        + day
        - 1;
    let minutes = (days * 24 + hour) * 60 + minute - offset_minutes;
    Some((minutes * 60 + second) * 1_000 + (fraction * 1_000.0).round() as i64)
}

/// Three whole numbers with a separator between them.
fn numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let parts: Option<Vec<i64>> = text
        .split(separator)
        .map(|part| {
            let digits = part.bytes().all(|byte| byte.is_ascii_digit()) && part.len() <= 4;
            part.parse().ok().filter(|_| digits)
        })
        .collect();
    parts?.try_into().ok()
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// From 1970-01-01 to the first day of a year.
fn days_before_year(year: i64) -> i64 {
    let leap_days = |year: i64| year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969)
}

#[cfg(test)]
mod tests {
    use super::{duration, instant};

    #[test]
    fn instants_are_typed_in_three_ways() {
        assert_eq!(instant("1700000000.5"), Ok(1_700_000_000_500));
        assert_eq!(instant("2023-11-14T22:13:20Z"), Ok(1_700_000_000_000));
        assert_eq!(
            instant("2023-11-14T23:13:20.25+01:00"),
            Ok(1_700_000_000_250)
        );
        assert_eq!(instant("2024-02-29T00:00:00Z"), Ok(1_709_164_800_000));
        assert_eq!(instant("1970-01-01T00:00:00Z"), Ok(0));
        assert_eq!(instant("1969-12-31T23:59:59Z"), Ok(-1_000));
        assert_eq!(instant("2m10s"), Ok(130_000));
        assert_eq!(instant("-5"), Ok(-5_000));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "now",
            "2023-02-29T00:00:00Z",
            "2023-13-01T00:00:00Z",
            "2023-01-01",
            "1e400",
            "2023-01-01T25:00:00Z",
            "rate(x[1m])",
        ] {
            assert!(instant(text).is_err(), "{text}");
        }
        assert_eq!(duration("90"), Ok(90_000));
        assert_eq!(duration("1m30s"), Ok(90_000));
        assert!(duration("fast").is_err());
    }
}
