//! Go's `time.ParseDuration`, with its error texts: intervals and delays of metrics are read by it.

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
    Invalid(String),
    /// A number without unit.
    #[error("time: missing unit in duration {}", quote(.0))]
    MissingUnit(String),
    /// A unit that Go does not have, such as `d`.
    #[error("time: unknown unit {} in duration {}", quote(.unit), quote(.text))]
    UnknownUnit {
        /// The unit as written.
        unit: String,
        /// The whole text.
        text: String,
    },
}

/// Reads a Go duration: an optional sign, then numbers with units (`ns`, `us`, `µs`, `ms`, `s`, `m`, `h`), such as
/// `1h30m` or `1.5s`; a lone `0` needs no unit (Go 1.24 `time.ParseDuration`).
pub fn parse(text: &str) -> Result<Duration, ParseDurationError> {
    let invalid = || ParseDurationError::Invalid(text.to_owned());
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
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
fn parse_term<'a>(rest: &'a str, text: &str) -> Result<(u64, &'a str), ParseDurationError> {
    let invalid = || ParseDurationError::Invalid(text.to_owned());
    let is_digit = |c: char| c.is_ascii_digit();
    let after_whole = rest.trim_start_matches(is_digit);
    let whole = &rest[..rest.len() - after_whole.len()];
    let (fraction, after_number) = match after_whole.strip_prefix('.') {
        Some(tail) => {
            let after = tail.trim_start_matches(is_digit);
            (&tail[..tail.len() - after.len()], after)
        }
        None => ("", after_whole),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(invalid());
    }
    let value = leading_int(whole).ok_or_else(invalid)?;
    let unit_end = after_number
        .find(|c: char| c == '.' || c.is_ascii_digit())
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

/// Digits as a number of at most 2^63.
fn leading_int(digits: &str) -> Option<u64> {
    digits.bytes().try_fold(0_u64, |value, digit| {
        if value > LIMIT / 10 {
            return None;
        }
        let value = value * 10 + u64::from(digit - b'0');
        (value <= LIMIT).then_some(value)
    })
}

/// Digits after the point in units of `nanos`; digits beyond 63 bits are ignored.
fn fraction_nanos(digits: &str, nanos: u64) -> u64 {
    let mut value: u64 = 0;
    let mut scale = 1.0;
    for digit in digits.bytes() {
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

fn unit_nanos(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        // The micro sign and the Greek letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// The quoting of package `time`: everything outside printable ASCII as bytes in hexadecimal.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='\u{7f}' => quoted.push(c),
            _ => {
                let mut buffer = [0; 4];
                for byte in c.encode_utf8(&mut buffer).bytes() {
                    // Writing to a string can't fail.
                    let _ = write!(quoted, "\\x{byte:02x}");
                }
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::parse;

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
}
