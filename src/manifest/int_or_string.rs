//! Kubernetes' number-or-text fields, read as Go reads them.

use std::fmt;

use serde::de::{Deserializer, Unexpected, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// A field that takes an integer or a string, as `intstr.IntOrString` of apimachinery v0.34.
///
/// A string makes `"{{args.n}}"` possible. What a string means as a number is decided late, by [`Self::int_value`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntOrString {
    /// A YAML integer that fits 32 bits.
    Int(i32),
    /// A YAML string, kept as written.
    Text(String),
}

impl IntOrString {
    /// The number that the controller works with: a string is read by Go's `Atoi`, so a sign and leading zeros are
    /// fine, anything else (`"5%"`, `" 3"`, `"1.5"`) is 0 and a number out of range is the nearest 64-bit one
    /// (apimachinery v0.34 intstr.go `IntValue`, which drops the error).
    pub fn int_value(&self) -> i64 {
        match self {
            Self::Int(value) => i64::from(*value),
            Self::Text(text) => atoi_ignoring_errors(text),
        }
    }
}

impl Default for IntOrString {
    fn default() -> Self {
        Self::Int(0)
    }
}

impl From<i32> for IntOrString {
    fn from(value: i32) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for IntOrString {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl fmt::Display for IntOrString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(value) => value.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// Go's `i, _ := strconv.Atoi(text)`.
fn atoi_ignoring_errors(text: &str) -> i64 {
    let (negative, digits) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return 0;
    }
    digits.iter().fold(0_i64, |value, digit| {
        let digit = i64::from(digit - b'0');
        let scaled = value.saturating_mul(10);
        if negative {
            scaled.saturating_sub(digit)
        } else {
            scaled.saturating_add(digit)
        }
    })
}

impl Serialize for IntOrString {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Int(value) => serializer.serialize_i32(*value),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for IntOrString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IntOrStringVisitor)
    }
}

struct IntOrStringVisitor;

impl Visitor<'_> for IntOrStringVisitor {
    type Value = IntOrString;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer of 32 bits or a string")
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Self::Value, E> {
        i32::try_from(value)
            .map(IntOrString::Int)
            .map_err(|_| E::custom(format_args!("{value} does not fit an integer of 32 bits")))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Self::Value, E> {
        i32::try_from(value)
            .map(IntOrString::Int)
            .map_err(|_| E::custom(format_args!("{value} does not fit an integer of 32 bits")))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Self::Value, E> {
        // A YAML `5.0` reaches the API server as the JSON number 5.
        if value.fract() != 0.0 {
            return Err(E::invalid_type(Unexpected::Float(value), &self));
        }
        format!("{value:.0}")
            .parse()
            .map(IntOrString::Int)
            .map_err(|_| E::custom(format_args!("{value} does not fit an integer of 32 bits")))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(IntOrString::Text(value.to_owned()))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
        Ok(IntOrString::default())
    }
}

/// Reads an optional field whose `null` means absent.
///
/// The API server drops `null` where a field is not nullable, before the controller sees it.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::IntOrString;

    #[test]
    fn strings_are_read_as_go_atoi_reads_them() {
        let read = |text: &str| IntOrString::from(text).int_value();
        assert_eq!(
            ["3", "+3", "03", "-0", "-5"].map(read),
            [3, 3, 3, 0, -5],
            "signs and leading zeros are fine"
        );
        assert_eq!(
            ["", "+", "5%", "0x3", "1_0", "3.0", " 3", "3 ", "２", "1e1"].map(read),
            [0; 10]
        );
        assert_eq!(
            ["99999999999999999999", "-99999999999999999999"].map(read),
            [i64::MAX, i64::MIN]
        );
    }

    #[test]
    fn decodes_integers_of_32_bits_and_strings_only() {
        let decode = |text: &str| serde_json::from_str::<IntOrString>(text).ok();
        assert_eq!(decode("7"), Some(IntOrString::Int(7)));
        assert_eq!(decode("\"7\""), Some(IntOrString::from("7")));
        assert_eq!(decode("5.0"), Some(IntOrString::Int(5)));
        assert_eq!(decode("2147483648"), None);
        assert_eq!(decode("1.5"), None);
        assert_eq!(decode("true"), None);
    }
}
