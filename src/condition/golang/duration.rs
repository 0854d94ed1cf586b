//! Lengths of time as texts (Go's `time.ParseDuration` and `Duration.String`).

use std::fmt;

const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

const LIMIT: u64 = 1 << 63;

/// Why a text is no duration, with Go's wording: `time: unknown unit "d" in duration "1d"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DurationError {
    problem: Problem,
    text: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    Invalid,
    MissingUnit,
    UnknownUnit(Vec<u8>),
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = quote(&self.text);
        match &self.problem {
            Problem::Invalid => write!(f, "time: invalid duration {whole}"),
            Problem::MissingUnit => write!(f, "time: missing unit in duration {whole}"),
            Problem::UnknownUnit(unit) => {
                write!(f, "time: unknown unit {} in duration {whole}", quote(unit))
            }
        }
    }
}

impl std::error::Error for DurationError {}

/// Quotes as package `time` does: everything outside printable ASCII as `\xNN` byte by byte.
pub(super) fn quote(text: &[u8]) -> String {
    let mut out = String::from("\"");
    for &byte in text {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            b' '..0x80 => out.push(char::from(byte)),
            _ => out.extend(["\\x".to_owned(), format!("{byte:02x}")]),
        }
    }
    out.push('"');
    out
}

/// Nanoseconds of a text such as `1h30m`, `-1.5s` or `0`.
pub fn parse(text: &[u8]) -> Result<i64, DurationError> {
    let error = |problem| DurationError {
        problem,
        text: text.to_vec(),
    };
    let invalid = || error(Problem::Invalid);
    let (negative, mut rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if rest == b"0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (whole, after_whole) = leading_digits(rest);
        let mut value = read_integer(whole).ok_or_else(invalid)?;
        let mut fraction: &[u8] = &[];
        let mut after = after_whole;
        if let [b'.', tail @ ..] = after_whole {
            (fraction, after) = leading_digits(tail);
        }
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let unit_length = after
            .iter()
            .position(|b| *b == b'.' || b.is_ascii_digit())
            .unwrap_or(after.len());
        if unit_length == 0 {
            return Err(error(Problem::MissingUnit));
        }
        let (unit_text, tail) = after.split_at(unit_length);
        let unit = UNITS
            .iter()
            .find(|(name, _)| name.as_bytes() == unit_text)
            .map(|(_, nanos)| *nanos);
        let unit = unit.ok_or_else(|| error(Problem::UnknownUnit(unit_text.to_vec())))?;
        if value > LIMIT / unit {
            return Err(invalid());
        }
        value *= unit;
        let (digits, scale) = read_fraction(fraction);
        if digits > 0 {
            value += truncate(digits as f64 * (unit as f64 / scale));
            if value > LIMIT {
                return Err(invalid());
            }
        }
        // Two halves of 2^64 wrap to 0 in Go.
        total = total.wrapping_add(value);
        if total > LIMIT {
            return Err(invalid());
        }
        rest = tail;
    }
    if negative {
        return Ok(0i64.wrapping_sub_unsigned(total));
    }
    i64::try_from(total).map_err(|_| invalid())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative and below 2^63: a fraction of a unit"
)]
fn truncate(value: f64) -> u64 {
    value as u64
}

fn leading_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let length = text
        .iter()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(length)
}

fn read_integer(digits: &[u8]) -> Option<u64> {
    let mut value: u64 = 0;
    for digit in digits {
        if value > LIMIT / 10 {
            return None;
        }
        value = value * 10 + u64::from(digit - b'0');
        if value > LIMIT {
            return None;
        }
    }
    Some(value)
}

/// The digits after a point as an integer and the power of ten below it; digits that don't fit are dropped.
fn read_fraction(digits: &[u8]) -> (u64, f64) {
    let (mut value, mut scale): (u64, f64) = (0, 1.0);
    for digit in digits {
        if value > (LIMIT - 1) / 10 {
            break;
        }
        let next = value * 10 + u64::from(digit - b'0');
        if next > LIMIT {
            break;
        }
        value = next;
        scale *= 10.0;
    }
    (value, scale)
}

/// The duration as Go prints it: `1h30m0s`, `1.5ms`, `0s`.
pub fn format(nanos: i64) -> String {
    let magnitude = nanos.unsigned_abs();
    let sign = if nanos < 0 { "-" } else { "" };
    let body = match magnitude {
        0 => "0s".to_owned(),
        1..1_000 => format!("{magnitude}ns"),
        1_000..1_000_000 => format!("{}\u{b5}s", decimal(magnitude, 3)),
        1_000_000..1_000_000_000 => format!("{}ms", decimal(magnitude, 6)),
        _ => {
            let seconds = magnitude / 1_000_000_000;
            let below_minute = decimal(magnitude % 60_000_000_000, 9);
            match (seconds / 3600, seconds / 60 % 60) {
                (0, 0) => format!("{below_minute}s"),
                (0, minutes) => format!("{minutes}m{below_minute}s"),
                (hours, minutes) => format!("{hours}h{minutes}m{below_minute}s"),
            }
        }
    };
    format!("{sign}{body}")
}

/// `value / 10^places` without trailing zeros.
fn decimal(value: u64, places: u32) -> String {
    let unit = 10u64.pow(places);
    let width = places as usize;
    let fraction = format!("{:0width$}", value % unit);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        (value / unit).to_string()
    } else {
        format!("{}.{fraction}", value / unit)
    }
}

#[cfg(test)]
mod tests {
    use super::{format, parse};

    #[test]
    fn reads_and_prints_as_go_does() {
        let read = |text: &str| parse(text.as_bytes()).map_err(|e| e.to_string());
        assert_eq!(read("1h30m"), Ok(5_400_000_000_000));
        assert_eq!(read("-.5s"), Ok(-500_000_000));
        assert_eq!(read("-9223372036854775808ns"), Ok(i64::MIN));
        assert_eq!(
            read("5 m"),
            Err("time: unknown unit \" m\" in duration \"5 m\"".to_owned())
        );
        assert_eq!(
            read("1"),
            Err("time: missing unit in duration \"1\"".to_owned())
        );
        assert_eq!(
            read("1\u{b5}"),
            Err("time: unknown unit \"\\xc2\\xb5\" in duration \"1\\xc2\\xb5\"".to_owned())
        );
        assert_eq!(format(5_400_000_000_000), "1h30m0s");
        assert_eq!(format(-1_500_000), "-1.5ms");
        assert_eq!(format(60_000_000_001), "1m0.000000001s");
        assert_eq!(format(i64::MIN), "-2562047h47m16.854775808s");
    }
}
