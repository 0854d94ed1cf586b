//! Quantities with their units: `50/s`, `3/min`, `80ms`, `1h30m`, `3%`, `300Mi`, `5Mi/min`, `x3`.
//!
//! Units are never guessed: a bare number is refused.

use crate::units::Duration;

/// Why a text is no such quantity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum QuantityError {
    #[error("`{text}` is no {what}: a unit is needed")]
    NoUnit { text: String, what: &'static str },
    #[error("`{text}` is no {what}: unknown unit `{unit}`")]
    UnknownUnit {
        text: String,
        what: &'static str,
        unit: String,
    },
    #[error("`{text}` is no {what}")]
    Malformed { text: String, what: &'static str },
    #[error("`{text}` is out of range: {limits}")]
    OutOfRange { text: String, limits: &'static str },
}

/// One kind of quantity.
pub(super) struct Quantity<T> {
    /// What to write, for help.
    pub(super) examples: &'static str,
    /// Its reader.
    pub(super) read: fn(&str) -> Result<T, QuantityError>,
}

pub(super) const RATE: Quantity<f64> = Quantity {
    examples: "`50/s`, `3/min`",
    read: rate,
};
pub(super) const DURATION: Quantity<Duration> = Quantity {
    examples: "`80ms`, `30s`, `5m`, `1h30m`",
    read: duration,
};
pub(super) const SHARE: Quantity<f64> = Quantity {
    examples: "`3%`, `0.1%`",
    read: share,
};
pub(super) const NUMBER: Quantity<f64> = Quantity {
    examples: "`100`, `0.5`",
    read: number,
};
pub(super) const PRECISION: Quantity<f64> = Quantity {
    examples: "`±0.5%`, `0.1%`",
    read: precision,
};
pub(super) const BYTES: Quantity<f64> = Quantity {
    examples: "`300Mi`, `1.5Gi`, `64k`",
    read: bytes,
};
pub(super) const BYTE_RATE: Quantity<f64> = Quantity {
    examples: "`5Mi/min`, `100Ki/s`",
    read: byte_rate,
};
pub(super) const FACTOR: Quantity<f64> = Quantity {
    examples: "`x3`, `x1.5`",
    read: factor,
};
pub(super) const BROKEN_CONTENT: Quantity<f64> = Quantity {
    examples: "`100% broken`",
    read: broken_content,
};

const NANOS_PER_SECOND: f64 = 1e9;

/// Requests per second.
fn rate(text: &str) -> Result<f64, QuantityError> {
    let what = "rate";
    let Some((number, unit)) = text.split_once('/') else {
        return Err(no_unit(text, what));
    };
    let number = decimal(number.trim()).ok_or_else(|| malformed(text, what))?;
    let rate = number / seconds_in(unit.trim(), text, what)?;
    positive(rate, text)
}

fn seconds_in(unit: &str, text: &str, what: &'static str) -> Result<f64, QuantityError> {
    match unit {
        "s" => Ok(1.0),
        "min" => Ok(60.0),
        "h" => Ok(3_600.0),
        "d" => Ok(86_400.0),
        _ => Err(unknown_unit(text, what, unit)),
    }
}

/// Numbers with units, larger units first or not: `1h30m`, `1.5s`. Not negative.
fn duration(text: &str) -> Result<Duration, QuantityError> {
    let what = "duration";
    let mut nanos: f64 = 0.0;
    let mut rest = text;
    if text.is_empty() || text.starts_with('-') {
        return Err(malformed(text, what));
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|letter: char| !(letter.is_ascii_digit() || letter == '.'))
            .unwrap_or(rest.len());
        let number = decimal(&rest[..digits]).ok_or_else(|| malformed(text, what))?;
        rest = &rest[digits..];
        let letters = rest
            .find(|letter: char| letter.is_ascii_digit() || letter == '.')
            .unwrap_or(rest.len());
        let per_unit = match rest[..letters].trim() {
            "" => return Err(no_unit(text, what)),
            "ns" => 1.0,
            "us" | "µs" => 1e3,
            "ms" => 1e6,
            "s" => NANOS_PER_SECOND,
            "m" | "min" => 60.0 * NANOS_PER_SECOND,
            "h" => 3_600.0 * NANOS_PER_SECOND,
            "d" => 86_400.0 * NANOS_PER_SECOND,
            unit => return Err(unknown_unit(text, what, unit)),
        };
        nanos += number * per_unit;
        rest = &rest[letters..];
    }
    // A hundred years; far below where nanoseconds overflow or floats skip one.
    if nanos > 36_500.0 * 86_400.0 * NANOS_PER_SECOND {
        return Err(QuantityError::OutOfRange {
            text: text.to_owned(),
            limits: "at most 100 years",
        });
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "within range, checked above"
    )]
    Ok(Duration::from_nanos(nanos.round() as i64))
}

/// A percentage from 0 to 100 as a share from 0 to 1.
fn share(text: &str) -> Result<f64, QuantityError> {
    let what = "percentage";
    let Some(number) = text.strip_suffix('%') else {
        return Err(no_unit(text, what));
    };
    let number = number.trim();
    decimal(number).ok_or_else(|| malformed(text, what))?;
    // Read with the point moved: 0.1 % is the float nearest to 0.001.
    let share: f64 = format!("{number}e-2")
        .parse()
        .map_err(|_| malformed(text, what))?;
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err(QuantityError::OutOfRange {
            text: text.to_owned(),
            limits: "from 0% to 100%",
        })
    }
}

/// A number without a unit.
fn number(text: &str) -> Result<f64, QuantityError> {
    decimal(text).ok_or_else(|| malformed(text, "number"))
}

/// Half the width of an interval of a probability, as a share.
fn precision(text: &str) -> Result<f64, QuantityError> {
    let share = share(text.strip_prefix('±').unwrap_or(text).trim())?;
    if share > 0.0 && share < 0.5 {
        Ok(share)
    } else {
        Err(QuantityError::OutOfRange {
            text: text.to_owned(),
            limits: "more than 0% and less than 50%",
        })
    }
}

/// A precision as it is typed: `0.5%`, `±0.5%`.
pub fn parse_precision(text: &str) -> Result<f64, String> {
    precision(text).map_err(|error| error.to_string())
}

/// Bytes with the units of Kubernetes.
fn bytes(text: &str) -> Result<f64, QuantityError> {
    let what = "number of bytes";
    let digits = text
        .find(|letter: char| !(letter.is_ascii_digit() || letter == '.'))
        .unwrap_or(text.len());
    let number = decimal(&text[..digits]).ok_or_else(|| malformed(text, what))?;
    let unit = text[digits..].trim();
    let scale = match unit.strip_suffix('B').unwrap_or(unit) {
        "" if unit.is_empty() => return Err(no_unit(text, what)),
        "" => 1.0,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => 1_024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        _ => return Err(unknown_unit(text, what, unit)),
    };
    positive(number * scale, text)
}

/// Bytes per second.
fn byte_rate(text: &str) -> Result<f64, QuantityError> {
    let what = "growth of bytes";
    let Some((amount, unit)) = text.split_once('/') else {
        return Err(no_unit(text, what));
    };
    Ok(bytes(amount.trim())? / seconds_in(unit.trim(), text, what)?)
}

/// A multiple of at least 1.
fn factor(text: &str) -> Result<f64, QuantityError> {
    let what = "factor";
    let number = text.strip_prefix(['x', '×']).and_then(decimal);
    match number {
        None => Err(malformed(text, what)),
        Some(factor) if factor < 1.0 => Err(QuantityError::OutOfRange {
            text: text.to_owned(),
            limits: "at least x1",
        }),
        Some(factor) => Ok(factor),
    }
}

/// A share of responses, with the word that says what is wrong with them.
fn broken_content(text: &str) -> Result<f64, QuantityError> {
    match text.strip_suffix("broken") {
        Some(percentage) => share(percentage.trim()),
        None => Err(malformed(text, "share of broken responses")),
    }
}

/// Digits with at most one point; no sign, no exponent.
fn decimal(text: &str) -> Option<f64> {
    let plain = !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
        && text.bytes().any(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|number: &f64| plain && number.is_finite())
}

fn positive(number: f64, text: &str) -> Result<f64, QuantityError> {
    if number > 0.0 && number.is_finite() {
        return Ok(number);
    }
    Err(QuantityError::OutOfRange {
        text: text.to_owned(),
        limits: "more than 0",
    })
}

fn malformed(text: &str, what: &'static str) -> QuantityError {
    QuantityError::Malformed {
        text: text.to_owned(),
        what,
    }
}

fn no_unit(text: &str, what: &'static str) -> QuantityError {
    QuantityError::NoUnit {
        text: text.to_owned(),
        what,
    }
}

fn unknown_unit(text: &str, what: &'static str, unit: &str) -> QuantityError {
    QuantityError::UnknownUnit {
        text: text.to_owned(),
        what,
        unit: unit.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{broken_content, byte_rate, bytes, duration, factor, precision, rate, share};

    #[test]
    fn quantities_with_units_are_read_exactly() {
        assert_eq!(rate("50/s"), Ok(50.0));
        assert_eq!(rate("3 / min"), Ok(0.05));
        assert_eq!(share("0.1%"), Ok(0.001));
        assert_eq!(share("99.95%"), Ok(0.9995));
        assert_eq!(precision("±0.5%"), Ok(0.005));
        assert_eq!(precision("0.1%"), Ok(0.001));
        assert!(precision("0%").is_err() && precision("50%").is_err());
        assert_eq!(bytes("300Mi"), Ok(314_572_800.0));
        assert_eq!(bytes("64kB"), Ok(64_000.0));
        assert_eq!(byte_rate("5Mi/min"), Ok(5.0 * 1_048_576.0 / 60.0));
        assert_eq!(factor("x1.5"), Ok(1.5));
        assert_eq!(broken_content("100% broken"), Ok(1.0));
        let nanos = |text: &str| duration(text).unwrap().as_nanos();
        assert_eq!(nanos("80ms"), 80_000_000);
        assert_eq!(nanos("1h30m"), 5_400_000_000_000);
        assert_eq!(nanos("1.5s"), 1_500_000_000);
        assert_eq!(nanos("0.1ms"), 100_000);
        assert_eq!(nanos("7µs"), 7_000);
        assert_eq!(nanos("2d"), 172_800_000_000_000);
        assert_eq!(nanos("0s"), 0);
    }

    #[test]
    fn bare_numbers_and_wrong_units_are_refused() {
        let message = |error: super::QuantityError| error.to_string();
        assert_eq!(
            rate("50").map_err(message),
            Err("`50` is no rate: a unit is needed".into())
        );
        assert_eq!(
            rate("50/sec").map_err(message),
            Err("`50/sec` is no rate: unknown unit `sec`".into())
        );
        assert_eq!(
            duration("30").map_err(message),
            Err("`30` is no duration: a unit is needed".into())
        );
        assert_eq!(
            share("101%").map_err(message),
            Err("`101%` is out of range: from 0% to 100%".into())
        );
        assert_eq!(
            share("0.03").map_err(message),
            Err("`0.03` is no percentage: a unit is needed".into())
        );
        for text in [
            "",
            "s",
            "-5s",
            "5x",
            "5 s x",
            "1e3s",
            "..s",
            "1..2s",
            "999999999d",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
        for text in ["0/s", "-1/s", "/s", "NaN/s", "inf/s"] {
            assert!(rate(text).is_err(), "{text}");
        }
        for text in ["3", "x0.5", "xx2", "x"] {
            assert!(factor(text).is_err(), "{text}");
        }
        assert!(bytes("300").is_err());
        assert!(bytes("300MB/s").is_err());
        assert!(broken_content("100%").is_err());
    }
}
