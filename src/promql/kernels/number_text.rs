//! Numbers as text, the way Go's `strconv` reads and writes them.

use crate::promql::notation::format_float;

/// Shortest decimal, with an exponent below 1e-4 and from 1e6 (`%v` of Go's `fmt`), for error texts.
pub fn format_general(x: f64) -> String {
    if !x.is_finite() {
        return format_float(x);
    }
    let scientific = format!("{x:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if x != 0.0 && !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.unsigned_abs());
    }
    format_float(x)
}

/// Reads a number as Go's `ParseFloat` does: decimal, hexadecimal with binary exponent, `Inf`, `NaN`;
/// underscores may separate digits. `None` for anything else and for numbers out of range.
pub fn parse_float(text: &str) -> Option<f64> {
    if !text.contains('_') {
        return parse_plain(text);
    }
    separates_digits(text).then(|| parse_plain(&text.replace('_', "")))?
}

/// Whether every underscore stands between two digits, or between the prefix `0x` and a digit.
fn separates_digits(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = unsigned.strip_prefix("0x").or(unsigned.strip_prefix("0X"));
    let is_digit = |c: char| {
        if digits.is_some() {
            c.is_ascii_hexdigit()
        } else {
            c.is_ascii_digit()
        }
    };
    // The prefix counts as a digit.
    let mut before = if digits.is_some() { '0' } else { '^' };
    for c in digits.unwrap_or(unsigned).chars() {
        if c == '_' && !is_digit(before) || before == '_' && !is_digit(c) {
            return false;
        }
        before = c;
    }
    before != '_'
}

fn parse_plain(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if let Some(digits) = unsigned.strip_prefix("0x").or(unsigned.strip_prefix("0X")) {
        let magnitude = parse_hexadecimal(digits)?;
        return Some(if text.starts_with('-') {
            -magnitude
        } else {
            magnitude
        });
    }
    let value: f64 = text.parse().ok()?;
    let spelled_out = unsigned.starts_with(['i', 'I']);
    (!value.is_infinite() || spelled_out).then_some(value)
}

/// `1.8p-2` after the prefix.
fn parse_hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let exponent: i64 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = || whole.chars().chain(fraction.chars());
    if digits().next().is_none() || !digits().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let fraction_bits = 4 * i64::try_from(fraction.len()).ok()?;
    let mut bits: u128 = 0;
    let mut shift = exponent.checked_sub(fraction_bits)?;
    let mut inexact = false;
    for digit in digits() {
        let digit = u128::from(digit.to_digit(16)?);
        if bits >> 120 == 0 {
            bits = bits << 4 | digit;
        } else {
            shift = shift.checked_add(4)?;
            inexact |= digit != 0;
        }
    }
    scale(bits | u128::from(inexact), shift)
}

/// `bits · 2^shift`, correctly rounded; `None` if it overflows.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the shift is clamped to a range that covers every float"
)]
fn scale(bits: u128, shift: i64) -> Option<f64> {
    if bits == 0 {
        return Some(0.0);
    }
    let top = 127 - i64::from(bits.leading_zeros()) + shift;
    if top > 1024 {
        return None;
    }
    if top < -1100 {
        return Some(0.0);
    }
    // Keep as many bits as the result can hold, plus a sticky one, so that only one rounding happens.
    let keep = if top < -1022 { 53 - (-1022 - top) } else { 53 };
    let excess = (127 - i64::from(bits.leading_zeros())) + 1 - keep;
    let rounded = if excess > 0 {
        round_off(bits, excess.min(127) as u32)
    } else {
        bits
    };
    let value = libm::scalbn(rounded as f64, (shift + excess.clamp(0, 127)) as i32);
    value.is_finite().then_some(value)
}

/// Drops the low `excess` bits, rounding half to even.
fn round_off(bits: u128, excess: u32) -> u128 {
    let kept = bits >> excess;
    let rest = bits & ((1 << excess) - 1);
    let half = 1 << (excess - 1);
    kept + u128::from(rest > half || rest == half && kept & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::{format_general, parse_float};

    #[test]
    fn general_switches_to_exponents() {
        assert_eq!(format_general(1e19), "1e+19");
        assert_eq!(
            format_general(9_223_372_036_854_775e3),
            "9.223372036854775e+18"
        );
        assert_eq!(format_general(123_456.5), "123456.5");
        assert_eq!(format_general(0.00001), "1e-05");
        assert_eq!(format_general(0.0001), "0.0001");
    }

    #[test]
    fn reads_what_go_reads() {
        let cases = [
            ("+Inf", Some(f64::INFINITY)),
            ("inf", Some(f64::INFINITY)),
            ("-infinity", Some(f64::NEG_INFINITY)),
            (".2", Some(0.2)),
            ("2e-1", Some(0.2)),
            ("0x1p-2", Some(0.25)),
            ("-0X1.8p1", Some(-3.0)),
            ("0x.8p0", Some(0.5)),
            ("0x1p-1074", Some(5e-324)),
            ("0x1.fffffffffffff8p0", Some(2.0)),
            ("0x1", None),
            ("0xp1", None),
            ("0x1p2000", None),
            ("1e999", None),
            ("1_0", Some(10.0)),
            ("0x_1p-1_0", Some(1.0 / 1024.0)),
            ("_10", None),
            ("10_", None),
            ("1__0", None),
            ("1_.5", None),
            ("", None),
            ("1 ", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_float(text), expected, "{text}");
        }
    }
}
