//! Values of numbers, durations and strings.

use super::{Parsed, Parser};
use crate::go::quote::quote;
use crate::promql::lex::Token;

impl Parser<'_> {
    /// The value of a number token (`parser.number`: Go's integers first, then its floats).
    pub(super) fn number(&self, token: Token) -> Parsed<f64> {
        let text = self.raw(token);
        if let Some(value) = parse_go_int(text) {
            return Ok(value as f64);
        }
        let problem = match parse_go_float(text) {
            Some(value) if value.is_finite() || !text.contains(|c: char| c.is_ascii_digit()) => {
                return Ok(value);
            }
            Some(_) => "value out of range",
            None => "invalid syntax",
        };
        let quoted = quote(text);
        let text = format!("error parsing number: strconv.ParseFloat: parsing {quoted}: {problem}");
        Err(self.error(token.start, text))
    }

    /// The value of a duration token in seconds.
    pub(super) fn duration_seconds(&self, token: Token) -> Parsed<f64> {
        let nanos =
            parse_duration(self.raw(token)).map_err(|text| self.error(token.start, text))?;
        // Go's Duration.Seconds: whole and fractional part apart.
        Ok((nanos / 1_000_000_000) as f64 + (nanos % 1_000_000_000) as f64 / 1e9)
    }

    /// The bytes that a string token stands for; the lexer has checked its escapes.
    pub(super) fn unquoted(&self, token: Token) -> Vec<u8> {
        let raw = self.raw(token);
        let inner = &raw[1..raw.len() - 1];
        if raw.starts_with('`') {
            return inner.as_bytes().to_vec();
        }
        unescape(inner)
    }
}

fn unescape(inner: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c != '\\' {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let Some(kind) = rest.chars().next() else {
            break;
        };
        let (skip, digits, radix) = match kind {
            'x' => (1, 2, 16),
            'u' => (1, 4, 16),
            'U' => (1, 8, 16),
            '0'..='7' => (0, 3, 8),
            _ => (kind.len_utf8(), 0, 0),
        };
        let number = rest
            .get(skip..skip + digits)
            .and_then(|text| u32::from_str_radix(text, radix.max(2)).ok());
        rest = &rest[skip + digits..];
        match (kind, number) {
            ('u' | 'U', Some(code)) => {
                let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            // A byte, not a character.
            (_, Some(byte)) => out.extend(u8::try_from(byte)),
            ('a', _) => out.push(7),
            ('b', _) => out.push(8),
            ('f', _) => out.push(12),
            ('n', _) => out.push(b'\n'),
            ('r', _) => out.push(b'\r'),
            ('t', _) => out.push(b'\t'),
            ('v', _) => out.push(11),
            (other, _) => out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out
}

/// `strconv.ParseInt(text, 0, 64)` without sign: decimal, `0x…`, octal with a leading zero, underscores
/// between digits.
fn parse_go_int(text: &str) -> Option<i64> {
    let lower = text.to_ascii_lowercase();
    let (radix, digits) = if let Some(rest) = lower.strip_prefix("0x") {
        (16, rest)
    } else if lower.len() > 1
        && let Some(rest) = lower.strip_prefix('0')
    {
        (8, rest)
    } else {
        (10, lower.as_str())
    };
    // An underscore may follow the base's prefix or a digit, and must come before a digit.
    let first_may_be_underscore = radix != 10;
    let bytes = digits.as_bytes();
    let well_placed = (0..bytes.len()).all(|index| {
        bytes[index] != b'_'
            || ((index > 0 && bytes[index - 1] != b'_' || index == 0 && first_may_be_underscore)
                && bytes.get(index + 1).is_some_and(|&next| next != b'_'))
    });
    if !well_placed {
        return None;
    }
    let plain: String = digits.chars().filter(|&c| c != '_').collect();
    if plain.starts_with(['+', '-']) {
        return None;
    }
    i64::from_str_radix(&plain, radix).ok()
}

/// `strconv.ParseFloat` on what the lexer lets through: no hexadecimal floats; underscores only between
/// digits.
fn parse_go_float(text: &str) -> Option<f64> {
    match text.to_ascii_lowercase().as_str() {
        "inf" => return Some(f64::INFINITY),
        "nan" => return Some(f64::NAN),
        _ => {}
    }
    let bytes = text.as_bytes();
    let is_digit = |index: Option<usize>| {
        index.is_some_and(|index| bytes.get(index).is_some_and(u8::is_ascii_digit))
    };
    for (index, byte) in bytes.iter().enumerate() {
        let allowed = match byte {
            b'_' => is_digit(index.checked_sub(1)) && is_digit(Some(index + 1)),
            _ => b"0123456789.eE+-".contains(byte),
        };
        if !allowed {
            return None;
        }
    }
    text.replace('_', "").parse().ok()
}

/// `model.ParseDuration`: nanoseconds, or what is wrong.
fn parse_duration(text: &str) -> Result<i64, String> {
    const UNITS: [(&str, u64); 7] = [
        ("y", 365 * 86_400_000),
        ("w", 7 * 86_400_000),
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1000),
        ("ms", 1),
    ];
    const OUT_OF_RANGE: &str = "duration out of range";
    let invalid = || format!("not a valid duration string: {}", quote(text));
    let mut rest = text;
    let mut total: u64 = 0;
    let mut units_left = &UNITS[..];
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let value: u64 = rest[..digits].parse().map_err(|_| invalid())?;
        rest = &rest[digits..];
        let letters = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let unit = &rest[..letters];
        if unit.is_empty() {
            return Err(invalid());
        }
        if !UNITS.iter().any(|(name, _)| *name == unit) {
            let (unit, text) = (quote(unit), quote(text));
            return Err(format!("unknown unit {unit} in duration {text}"));
        }
        // Units must go from the largest to the smallest.
        let Some(index) = units_left.iter().position(|(name, _)| *name == unit) else {
            return Err(invalid());
        };
        let nanos = units_left[index].1 * 1_000_000;
        units_left = &units_left[index + 1..];
        if value > (1 << 63) / nanos {
            return Err(OUT_OF_RANGE.to_owned());
        }
        total += value * nanos;
        if i64::try_from(total).is_err() {
            return Err(OUT_OF_RANGE.to_owned());
        }
        rest = &rest[letters..];
    }
    i64::try_from(total).map_err(|_| OUT_OF_RANGE.to_owned())
}
