//! Numbers and their texts (package `strconv` and the float formats of `fmt` and `encoding/json`).

use super::quote::quote;

/// Why a text is no number, with Go's wording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberError {
    function: &'static str,
    text: Vec<u8>,
    reason: &'static str,
}

impl std::fmt::Display for NumberError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "strconv.{}: parsing {}: {}",
            self.function,
            quote(&self.text),
            self.reason
        )
    }
}

const SYNTAX: &str = "invalid syntax";
const RANGE: &str = "value out of range";

/// The shortest decimal that reads back as the value, never with an exponent: `FormatFloat(x, 'f', -1, 64)`.
///
/// This is how Prometheus prints a sample, and so how Argo Rollouts stores a measurement.
pub fn format_plain(value: f64) -> String {
    let mut out = String::new();
    push_plain(&mut out, value);
    out
}

/// Appends what [`format_plain`] gives.
pub fn push_plain(out: &mut String, value: f64) {
    if let Some(text) = special(value) {
        out.push_str(text);
        return;
    }
    if value.is_sign_negative() {
        out.push('-');
    }
    let (digits, exponent) = shortest(value);
    let point = exponent + 1;
    let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    if point <= 0 {
        out.push_str("0.");
        out.extend((point..0).map(|_| '0'));
        out.push_str(&digits);
    } else if point >= length {
        out.push_str(&digits);
        out.extend((length..point).map(|_| '0'));
    } else {
        let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0));
        out.push_str(whole);
        out.push('.');
        out.push_str(fraction);
    }
}

/// The fewest digits that read back as the (finite) value, nearest to it, and the power of ten of the first.
///
/// Where two such texts are equally near, Go takes the even one and Rust doesn't.
fn shortest(value: f64) -> (String, i32) {
    let split = |text: &str| {
        let (digits, exponent) = text.split_once('e').unwrap_or((text, "0"));
        (
            digits.replace('.', ""),
            exponent.parse::<i32>().unwrap_or(0),
        )
    };
    let magnitude = value.abs();
    let (digits, exponent) = split(&format!("{magnitude:e}"));
    if digits.len() < 16 {
        return (digits, exponent);
    }
    // A tie is an exact value with one digit more, a 5.
    let length = digits.len();
    let (exact, exact_exponent) = split(&format!("{magnitude:.60e}"));
    let (kept, rest) = exact.split_at(length);
    if exact_exponent != exponent || rest.trim_end_matches('0') != "5" {
        return (digits, exponent);
    }
    let is_even = kept.ends_with(['0', '2', '4', '6', '8']);
    let even = if is_even {
        kept.to_owned()
    } else {
        kept.parse::<u64>()
            .map_or_else(|_| digits.clone(), |kept| (kept + 1).to_string())
    };
    let reads_back = format!("0.{even}e{}", exponent + 1).parse() == Ok(magnitude);
    if even.len() == length && reads_back {
        (even, exponent)
    } else {
        (digits, exponent)
    }
}

/// The value as `fmt`'s `%v` prints it: shortest digits, exponent below 1e-4 and from 1e6 on.
pub fn format_general(value: f64) -> String {
    if let Some(text) = special(value) {
        return text.to_owned();
    }
    let magnitude = value.abs();
    if value == 0.0 || (1e-4..1e6).contains(&magnitude) {
        return format_plain(value);
    }
    format_exponent(value, 2)
}

/// The value as `encoding/json` writes it; `None` for NaN and the infinities, which it refuses.
pub fn format_json(value: f64) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    let magnitude = value.abs();
    if value == 0.0 || (1e-6..1e21).contains(&magnitude) {
        return Some(format_plain(value));
    }
    // Only negative exponents lose their padding there.
    Some(format_exponent(value, if magnitude < 1.0 { 1 } else { 2 }))
}

fn special(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value == f64::INFINITY {
        Some("+Inf")
    } else if value == f64::NEG_INFINITY {
        Some("-Inf")
    } else {
        None
    }
}

fn format_exponent(value: f64, width: usize) -> String {
    let (digits, exponent) = shortest(value);
    let (first, rest) = digits.split_at(1);
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let point = if rest.is_empty() { "" } else { "." };
    let exponent_sign = if exponent < 0 { '-' } else { '+' };
    format!(
        "{sign}{first}{point}{rest}e{exponent_sign}{:0width$}",
        exponent.unsigned_abs()
    )
}

/// Go's `strconv.ParseInt(text, 10, 64)`; `function` is the name that its error shows.
pub fn parse_decimal(text: &[u8], function: &'static str) -> Result<i64, NumberError> {
    let error = |reason| NumberError {
        function,
        text: text.to_vec(),
        reason,
    };
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() {
        return Err(error(SYNTAX));
    }
    // Digits are read one by one: a number that overflows is out of range whatever follows.
    let mut magnitude: u64 = 0;
    for byte in digits {
        if !byte.is_ascii_digit() {
            return Err(error(SYNTAX));
        }
        let next = magnitude
            .checked_mul(10)
            .and_then(|tens| tens.checked_add(u64::from(byte - b'0')));
        magnitude = next.ok_or_else(|| error(RANGE))?;
    }
    if negative {
        0i64.checked_sub_unsigned(magnitude)
    } else {
        i64::try_from(magnitude).ok()
    }
    .ok_or_else(|| error(RANGE))
}

/// Go's `strconv.ParseInt(text, 0, 64)` for a text that starts with `0x`.
pub fn parse_hexadecimal(text: &str) -> Result<i64, NumberError> {
    let error = |reason| NumberError {
        function: "ParseInt",
        text: text.as_bytes().to_vec(),
        reason,
    };
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(error(SYNTAX));
    }
    i64::from_str_radix(digits, 16).map_err(|_| error(RANGE))
}

/// Go's `strconv.ParseFloat(text, 64)`: decimal and hexadecimal floats, digit separators, `inf`, `nan`.
pub fn parse_float(text: &[u8]) -> Result<f64, NumberError> {
    let error = |reason| NumberError {
        function: "ParseFloat",
        text: text.to_vec(),
        reason,
    };
    if let Some(value) = parse_special(text) {
        return Ok(value);
    }
    let parsed = std::str::from_utf8(text).ok().and_then(read_float);
    let value = parsed.ok_or_else(|| error(SYNTAX))?;
    if value.is_infinite() {
        Err(error(RANGE))
    } else {
        Ok(value)
    }
}

fn parse_special(text: &[u8]) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    match lower.as_slice() {
        b"nan" => Some(f64::NAN),
        b"inf" | b"+inf" | b"infinity" | b"+infinity" => Some(f64::INFINITY),
        b"-inf" | b"-infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn read_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.contains('_') && !underscores_fit(unsigned) {
        return None;
    }
    let lower = unsigned.replace('_', "").to_ascii_lowercase();
    let magnitude = match lower.strip_prefix("0x") {
        Some(hexadecimal) => read_hexadecimal_float(hexadecimal)?,
        None => read_decimal_float(&lower)?,
    };
    Some(if text.starts_with('-') {
        -magnitude
    } else {
        magnitude
    })
}

/// Underscores must lie between digits (or directly after the base prefix).
fn underscores_fit(unsigned: &str) -> bool {
    let lower = unsigned.to_ascii_lowercase();
    let (body, is_hexadecimal) = match lower.strip_prefix("0x") {
        Some(rest) => (rest, true),
        None => (lower.as_str(), false),
    };
    let is_digit = |b: u8| b.is_ascii_digit() || (is_hexadecimal && b.is_ascii_hexdigit());
    // '0' stands for a digit or the prefix, '_' for a separator, '!' for anything else.
    let mut previous = if is_hexadecimal { b'0' } else { b'^' };
    for byte in body.bytes() {
        if is_digit(byte) {
            previous = b'0';
        } else if byte == b'_' {
            if previous != b'0' {
                return false;
            }
            previous = b'_';
        } else {
            if previous == b'_' {
                return false;
            }
            previous = b'!';
        }
    }
    previous != b'_'
}

fn read_decimal_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = match text.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits_only = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !digits_only(whole) || !digits_only(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    if let Some(exponent) = exponent {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if digits.is_empty() || !digits_only(digits) {
            return None;
        }
    }
    text.parse().ok()
}

fn read_hexadecimal_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once('p')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let exponent_digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if exponent_digits.is_empty() || !exponent_digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (mut bits, mut sticky, mut dropped): (u64, u64, i64) = (0, 0, 0);
    for c in whole.chars().chain(fraction.chars()) {
        let digit = u64::from(c.to_digit(16)?);
        if bits >> 58 == 0 {
            bits = bits << 4 | digit;
        } else {
            sticky |= digit;
            dropped += 4;
        }
    }
    // At least 58 bits are kept, so one sticky bit below them rounds as all dropped ones would.
    let fraction_bits = i64::try_from(fraction.len()).ok()?.checked_mul(4)?;
    let exponent: i64 = exponent
        .parse::<i64>()
        .unwrap_or(if exponent.starts_with('-') {
            -100_000
        } else {
            100_000
        });
    let power = exponent.clamp(-100_000, 100_000) - fraction_bits + dropped;
    if sticky != 0 {
        bits |= 1;
    }
    Some(scale_exactly(bits, power))
}

/// `bits * 2^power`, rounded once to nearest even.
fn scale_exactly(bits: u64, power: i64) -> f64 {
    if bits == 0 {
        return 0.0;
    }
    let length = i64::from(64 - bits.leading_zeros());
    let top = length + power;
    if top > 1024 {
        return f64::INFINITY;
    }
    // Bits below the lowest place of the result are rounded here, so that the scaling below is exact.
    let lowest = (top - 53).max(-1074);
    let shift = lowest - power;
    let rounded = if shift <= 0 {
        bits
    } else if shift > 64 {
        0
    } else {
        let wide = u128::from(bits);
        let kept = wide >> shift;
        let rest = wide & ((1 << shift) - 1);
        let half = 1 << (shift - 1);
        let up = rest > half || (rest == half && kept & 1 == 1);
        u64::try_from(kept).unwrap_or(u64::MAX) + u64::from(up)
    };
    let exponent = if shift <= 0 { power } else { lowest };
    super::math::scale_by_power_of_two(rounded as f64, i32::try_from(exponent).unwrap_or(i32::MAX))
}

/// A float to `int` as amd64 converts it: towards zero, and the smallest integer for anything that doesn't fit.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the range is checked; NaN fails the check too"
)]
pub fn float_to_int(value: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&value) {
        value as i64
    } else {
        i64::MIN
    }
}

#[cfg(test)]
mod tests {
    use super::{
        float_to_int, format_general, format_json, format_plain, parse_decimal, parse_float,
    };

    #[test]
    fn floats_print_as_in_go() {
        assert_eq!(format_plain(1e21), "1000000000000000000000");
        assert_eq!(format_general(1e21), "1e+21");
        assert_eq!(format_general(1_234_567.0), "1.234567e+06");
        assert_eq!(format_general(999_999.5), "999999.5");
        assert_eq!(format_general(0.00001), "1e-05");
        assert_eq!(format_general(-0.0), "-0");
        assert_eq!(format_plain(1_357_943_289_466_674.3), "1357943289466674.2");
        assert_eq!(format_plain(0.001), "0.001");
        assert_eq!(format_plain(-12.5), "-12.5");
        assert_eq!(format_plain(5e-324), format!("{}", 5e-324));
        assert_eq!(format_json(1e-7).as_deref(), Some("1e-7"));
        assert_eq!(format_json(1e21).as_deref(), Some("1e+21"));
        assert_eq!(format_json(f64::NAN), None);
    }

    #[test]
    fn floats_read_as_in_go() {
        let read = |text: &str| parse_float(text.as_bytes()).map_err(|e| e.to_string());
        assert_eq!(read("1_000"), Ok(1000.0));
        assert_eq!(read("0x1p4"), Ok(16.0));
        assert_eq!(read("-Infinity"), Ok(f64::NEG_INFINITY));
        assert_eq!(
            read("0x1.fffffffffffff8p1023"),
            Err(
                "strconv.ParseFloat: parsing \"0x1.fffffffffffff8p1023\": value out of range"
                    .to_owned()
            )
        );
        for bad in ["0x10", "1__0", "_1", "1e", "", ".", "1 "] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn integers_read_and_convert_as_in_go() {
        assert_eq!(
            parse_decimal(b"-9223372036854775808", "ParseInt"),
            Ok(i64::MIN)
        );
        assert!(parse_decimal(b"1.0", "ParseInt").is_err());
        assert_eq!(float_to_int(f64::NAN), i64::MIN);
        assert_eq!(float_to_int(-1.9), -1);
    }
}
