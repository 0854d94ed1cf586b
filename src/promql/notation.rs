//! Prometheus' notations of numbers and durations, as it puts them into queries and errors.

use std::fmt::Write as _;

/// `strconv.FormatFloat(value, 'f', -1, 64)`: shortest digits, never an exponent.
pub fn format_float(value: f64) -> String {
    if value == f64::INFINITY {
        "+Inf".to_owned()
    } else if value == f64::NEG_INFINITY {
        "-Inf".to_owned()
    } else {
        value.to_string()
    }
}

/// Prometheus' notation of a duration (`model.Duration.String`): `1h30m`, `0s`.
pub fn format_duration(millis: i64) -> String {
    const UNITS: [(&str, u64, bool); 7] = [
        ("y", 365 * 86_400_000, true),
        ("w", 7 * 86_400_000, true),
        ("d", 86_400_000, false),
        ("h", 3_600_000, false),
        ("m", 60_000, false),
        ("s", 1000, false),
        ("ms", 1, false),
    ];
    if millis == 0 {
        return "0s".to_owned();
    }
    let mut out = String::from(if millis < 0 { "-" } else { "" });
    let mut rest = millis.unsigned_abs();
    for (unit, length, only_exact) in UNITS {
        // Years and weeks only where nothing is left over: 90d reads better than 12w6d.
        if rest >= length && (!only_exact || rest.is_multiple_of(length)) {
            let _ = write!(out, "{}{unit}", rest / length);
            rest %= length;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{format_duration, format_float};

    #[test]
    fn numbers_and_durations() {
        assert_eq!(format_float(1e21), "1000000000000000000000");
        assert_eq!(format_float(f64::INFINITY), "+Inf");
        assert_eq!(format_float(-0.0), "-0");
        assert_eq!(format_duration(90 * 86_400_000), "90d");
        assert_eq!(format_duration(-5_430_001), "-1h30m30s1ms");
    }
}
