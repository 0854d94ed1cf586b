//! Which value a scalar stands for: go-yaml v2's table, then what JSON makes of it.
//!
//! Source: kubernetes-sigs/yaml `goyaml.v2/resolve.go`, Go's `strconv.ParseInt(text, 0, 64)`, and the
//! API server's JSON reader, to which a whole number below 2^63 is an integer however it was written.

use super::node::Value;

/// Why a scalar has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ResolveError {
    /// JSON has no infinities and no NaN.
    #[error("json: unsupported value: {0}")]
    NotFinite(&'static str),
    /// An explicit tag that the text doesn't fit.
    #[error("cannot decode {found} `{text}` as a !!{tag}")]
    Tag {
        found: &'static str,
        text: String,
        tag: String,
    },
    /// A tag that Kubernetes' converter turns into something we don't model.
    #[error("the tag !!binary is not supported")]
    Binary,
}

/// The value of an untagged plain scalar.
pub(super) fn plain(text: &str) -> Result<Value, ResolveError> {
    let value = match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Value::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Value::Bool(false)
        }
        ".nan" | ".NaN" | ".NAN" => return Err(ResolveError::NotFinite("NaN")),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Err(ResolveError::NotFinite("+Inf"));
        }
        "-.inf" | "-.Inf" | "-.INF" => return Err(ResolveError::NotFinite("-Inf")),
        _ => number(text).unwrap_or_else(|| Value::String(text.to_owned())),
    };
    Ok(value)
}

/// The value of a scalar with a tag of YAML's own (`str`, `int`, …).
pub(super) fn tagged(text: &str, tag: &str) -> Result<Value, ResolveError> {
    let mismatch = |found: &Value| ResolveError::Tag {
        found: tag_of(found),
        text: text.to_owned(),
        tag: tag.to_owned(),
    };
    match tag {
        "binary" => Err(ResolveError::Binary),
        "int" | "float" | "bool" | "null" => {
            let value = plain(text)?;
            let fits = matches!(
                (tag, &value),
                ("float", Value::Int(_) | Value::Float(_))
                    | ("int", Value::Int(_))
                    | ("bool", Value::Bool(_))
                    | ("null", Value::Null)
            );
            if fits {
                Ok(value)
            } else {
                Err(mismatch(&value))
            }
        }
        _ => Ok(Value::String(text.to_owned())),
    }
}

fn tag_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "!!null",
        Value::Bool(_) => "!!bool",
        Value::Int(_) => "!!int",
        Value::Float(_) => "!!float",
        Value::String(_) => "!!str",
        Value::Sequence(_) => "!!seq",
        Value::Mapping(_) => "!!map",
    }
}

fn number(text: &str) -> Option<Value> {
    let first = text.bytes().next()?;
    if first == b'.' {
        return float(text).map(from_float);
    }
    if !(first.is_ascii_digit() || first == b'+' || first == b'-') {
        return None;
    }
    let bare = text.replace('_', "");
    if let Some(value) = integer(&bare) {
        return Some(value);
    }
    float(&bare).map(from_float)
}

/// Go's `ParseInt` with base 0; numbers beyond 64 bits become floats, as JSON readers make them.
fn integer(text: &str) -> Option<Value> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, body) = if let Some(body) = lower.strip_prefix("0x") {
        (16, body)
    } else if let Some(body) = lower.strip_prefix("0b") {
        (2, body)
    } else if let Some(body) = lower.strip_prefix("0o") {
        (8, body)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..])
    } else {
        (10, lower.as_str())
    };
    if body.is_empty() || !body.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let sign = if negative { "-" } else { "" };
    if let Ok(number) = i64::from_str_radix(&format!("{sign}{body}"), radix) {
        return Some(Value::Int(number));
    }
    let magnitude = body.chars().fold(0.0, |sum, digit| {
        sum * f64::from(radix) + f64::from(digit.to_digit(radix).unwrap_or_default())
    });
    let exact = if radix == 10 {
        body.parse().unwrap_or(magnitude)
    } else {
        magnitude
    };
    let value = if negative { -exact } else { exact };
    value.is_finite().then(|| from_float(value))
}

/// YAML's float grammar: `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    if let Some(exponent) = exponent {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        if digits.is_empty() || !all_digits(digits) {
            return None;
        }
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A whole float is written without a point in JSON, so it is read as an integer.
fn from_float(number: f64) -> Value {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if number.fract() == 0.0 && (-LIMIT..LIMIT).contains(&number) {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within range")]
        let whole = number as i64;
        Value::Int(whole)
    } else {
        Value::Float(number)
    }
}

#[cfg(test)]
mod tests {
    use super::{ResolveError, Value, plain, tagged};

    #[test]
    fn plain_scalars_are_typed_as_by_kubernetes() {
        let int = |number| Value::Int(number);
        let string = |text: &str| Value::String(text.to_owned());
        let table = [
            ("yes", Value::Bool(true)),
            ("on", Value::Bool(true)),
            ("Y", Value::Bool(true)),
            ("NO", Value::Bool(false)),
            ("off", Value::Bool(false)),
            ("yEs", string("yEs")),
            ("tRUE", string("tRUE")),
            ("~", Value::Null),
            ("", Value::Null),
            ("nil", string("nil")),
            ("0777", int(511)),
            ("010", int(8)),
            ("08", int(8)),
            ("0o17", int(15)),
            ("0x1F", int(31)),
            ("-0x1f", int(-31)),
            ("0b11", int(3)),
            ("-0b11", int(-3)),
            ("1_000", int(1000)),
            ("+5", int(5)),
            ("-0", int(0)),
            ("1e3", int(1000)),
            ("3.0", int(3)),
            ("3.", int(3)),
            (".5", Value::Float(0.5)),
            ("-1.5e-3", Value::Float(-0.0015)),
            ("1e", string("1e")),
            (".", string(".")),
            ("-", string("-")),
            ("0x", string("0x")),
            ("0xZ", string("0xZ")),
            ("1e400", string("1e400")),
            ("1:30", string("1:30")),
            ("5m", string("5m")),
            ("25%", string("25%")),
            ("2026-01-01", string("2026-01-01")),
            ("2026-01-01T00:00:00Z", string("2026-01-01T00:00:00Z")),
            ("v1", string("v1")),
            ("9223372036854775807", int(i64::MAX)),
            ("-9223372036854775808", int(i64::MIN)),
            (
                "9223372036854775808",
                Value::Float(9.223_372_036_854_776e18),
            ),
            (
                "0xFFFFFFFFFFFFFFFF",
                Value::Float(18_446_744_073_709_552_000.0),
            ),
            (".5_0", string(".5_0")),
            ("1_0.5", Value::Float(10.5)),
            ("nan", string("nan")),
            ("infinity", string("infinity")),
            ("+inf", string("+inf")),
        ];
        for (text, wanted) in table {
            assert_eq!(plain(text), Ok(wanted), "{text}");
        }
        assert_eq!(plain(".inf"), Err(ResolveError::NotFinite("+Inf")));
        assert_eq!(plain("-.INF"), Err(ResolveError::NotFinite("-Inf")));
        assert_eq!(plain(".NaN"), Err(ResolveError::NotFinite("NaN")));
    }

    #[test]
    fn tags_decide_over_looks() {
        assert_eq!(tagged("5", "str"), Ok(Value::String("5".into())));
        assert_eq!(tagged("5", "int"), Ok(Value::Int(5)));
        assert_eq!(tagged("5", "float"), Ok(Value::Int(5)));
        assert_eq!(
            tagged("five", "int").unwrap_err().to_string(),
            "cannot decode !!str `five` as a !!int"
        );
        assert!(tagged("AAAA", "binary").is_err());
    }
}
