//! Lengths of time as texts: Go's `time.ParseDuration` with its error texts, and `Duration.String`.
//! Intervals and delays of metrics are read by it, and so is `duration()` in a condition.

use std::fmt::Write as _;

use thiserror::Error;

use crate::units::Duration;

/// Magnitude of the most negative `time.Duration`.
const LIMIT: u64 = 1 << 63;

/// Why a text is no Go duration, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ParseDurationError {
    /// Not a number, or out of range.
    #[error("time: invalid duration {}", quote(.0))]
    Invalid(Vec<u8>),
    /// A number without unit.
    #[error("time: missing unit in duration {}", quote(.0))]
    MissingUnit(Vec<u8>),
    /// A unit that Go does not have, such as `d`.
    #[error("time: unknown unit {} in duration {}", quote(.unit), quote(.text))]
    UnknownUnit {
        /// The unit as written.
        unit: Vec<u8>,
        /// The whole text.
        text: Vec<u8>,
    },
}

/// Reads a Go duration: an optional sign, then numbers with units (`ns`, `us`, `µs`, `ms`, `s`, `m`, `h`), such as
/// `1h30m` or `1.5s`; a lone `0` needs no unit (Go 1.24 `time.ParseDuration`).
pub fn parse(text: impl AsRef<[u8]>) -> Result<Duration, ParseDurationError> {
    let text = text.as_ref();
    let invalid = || ParseDurationError::Invalid(text.to_owned());
    let (negative, mut rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if rest == b"0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (value, after) = parse_term(rest, text)?;
        rest = after;
        // Two terms of exactly 2^63 wrap to 0 in Go.
        total = total.wrapping_add(value);
        if total > LIMIT {
            return Err(invalid());
        }
    }
    if negative {
        return Ok(Duration::from_nanos(0_i64.wrapping_sub_unsigned(total)));
    }
    i64::try_from(total)
        .map(Duration::from_nanos)
        .map_err(|_| invalid())
}

/// One number with its unit, in nanoseconds, and what follows it.
fn parse_term<'a>(rest: &'a [u8], text: &[u8]) -> Result<(u64, &'a [u8]), ParseDurationError> {
    let invalid = || ParseDurationError::Invalid(text.to_owned());
    let (whole, after_whole) = split_digits(rest);
    let (fraction, after_number) = match after_whole {
        [b'.', tail @ ..] => split_digits(tail),
        _ => (&[][..], after_whole),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(invalid());
    }
    let value = leading_int(whole).ok_or_else(invalid)?;
    let unit_end = after_number
        .iter()
        .position(|byte| *byte == b'.' || byte.is_ascii_digit())
        .unwrap_or(after_number.len());
    let (unit, after) = after_number.split_at(unit_end);
    if unit.is_empty() {
        return Err(ParseDurationError::MissingUnit(text.to_owned()));
    }
    let nanos = unit_nanos(unit).ok_or_else(|| ParseDurationError::UnknownUnit {
        unit: unit.to_owned(),
        text: text.to_owned(),
    })?;
    if value > LIMIT / nanos {
        return Err(invalid());
    }
    let value = value * nanos + fraction_nanos(fraction, nanos);
    if value > LIMIT {
        return Err(invalid());
    }
    Ok((value, after))
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    text.split_at(digits.count())
}

/// Digits as a number of at most 2^63.
fn leading_int(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |value, digit| {
        if value > LIMIT / 10 {
            return None;
        }
        let value = value * 10 + u64::from(digit - b'0');
        (value <= LIMIT).then_some(value)
    })
}

/// Digits after the point in units of `nanos`; digits beyond 63 bits are ignored.
fn fraction_nanos(digits: &[u8], nanos: u64) -> u64 {
    let mut value: u64 = 0;
    let mut scale = 1.0;
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
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "Go truncates the same positive float, below one unit"
    )]
    let nanos = (value as f64 * (nanos as f64 / scale)) as u64;
    nanos
}

fn unit_nanos(unit: &[u8]) -> Option<u64> {
    Some(match unit {
        b"ns" => 1,
        // The micro sign and the Greek letter.
        b"us" | b"\xc2\xb5s" | b"\xce\xbcs" => 1_000,
        b"ms" => 1_000_000,
        b"s" => 1_000_000_000,
        b"m" => 60_000_000_000,
        b"h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// The quoting of package `time`: everything outside printable ASCII as bytes in hexadecimal.
pub(super) fn quote(text: &[u8]) -> String {
    let mut quoted = String::from("\"");
    for byte in text {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(*byte)]),
            b' '..=0x7f => quoted.push(char::from(*byte)),
            _ => {
                // Writing to a string can't fail.
                let _ = write!(quoted, "\\x{byte:02x}");
            }
        }
    }
    quoted.push('"');
    quoted
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

    fn nanos(text: &str) -> i64 {
        parse(text).expect(text).as_nanos()
    }

    fn error(text: &str) -> String {
        parse(text).expect_err(text).to_string()
    }

    #[test]
    fn reads_what_go_reads() {
        assert_eq!(nanos("0"), 0);
        assert_eq!(nanos("-0"), 0);
        assert_eq!(nanos("5s"), 5_000_000_000);
        assert_eq!(nanos("+1h2m3.5s"), 3_723_500_000_000);
        assert_eq!(nanos("-1.5h"), -5_400_000_000_000);
        assert_eq!(nanos(".5s"), 500_000_000);
        assert_eq!(nanos("5.s"), 5_000_000_000);
        assert_eq!(nanos("12us"), nanos("12\u{b5}s"));
        assert_eq!(nanos("12us"), nanos("12\u{3bc}s"));
        assert_eq!(nanos("1.9ns"), 1);
        assert_eq!(nanos("2562047h47m16.854775807s"), i64::MAX);
    }

    #[test]
    fn keeps_the_whole_range_and_long_fractions() {
        assert_eq!(nanos("9223372036854775807ns"), i64::MAX);
        assert_eq!(nanos("-9223372036854775808ns"), i64::MIN);
        assert_eq!(nanos("9223372036854775.807us"), i64::MAX);
        assert_eq!(nanos("0.3333333333333333333h"), 1_200_000_000_000);
        assert_eq!(nanos("0.100000000000000000000h"), 360_000_000_000);
    }

    #[test]
    fn refuses_in_the_words_of_go() {
        let expected = [
            ("", r#"time: invalid duration """#),
            ("-", r#"time: invalid duration "-""#),
            (".", r#"time: invalid duration ".""#),
            ("s", r#"time: invalid duration "s""#),
            ("- 1s", r#"time: invalid duration "- 1s""#),
            ("30", r#"time: missing unit in duration "30""#),
            ("1.5", r#"time: missing unit in duration "1.5""#),
            ("1d", r#"time: unknown unit "d" in duration "1d""#),
            ("1m ", r#"time: unknown unit "m " in duration "1m ""#),
            (
                "1é",
                r#"time: unknown unit "\xc3\xa9" in duration "1\xc3\xa9""#,
            ),
            ("\"", r#"time: invalid duration "\"""#),
            ("9999999999h", r#"time: invalid duration "9999999999h""#),
            (
                "9223372036854775808ns",
                r#"time: invalid duration "9223372036854775808ns""#,
            ),
            (
                "99999999999999999999999s",
                r#"time: invalid duration "99999999999999999999999s""#,
            ),
        ];
        for (text, message) in expected {
            assert_eq!(error(text), message);
        }
    }

    #[test]
    fn prints_as_go_prints() {
        assert_eq!(format(5_400_000_000_000), "1h30m0s");
        assert_eq!(format(-1_500_000), "-1.5ms");
        assert_eq!(format(60_000_000_001), "1m0.000000001s");
        assert_eq!(format(i64::MIN), "-2562047h47m16.854775808s");
    }
}
