//! The grid of a power study: rates of the service's traffic and sizes of a fault, evenly spaced in their
//! logarithm.

use crate::diagnostics::Diagnostic;

/// Points of a grid along its only axis.
const POINTS_OF_ONE: usize = 9;
/// Points along each of two axes.
const POINTS_OF_TWO: usize = 5;
/// Without a range of traffic: from a tenth of the scenario's rate …
const BELOW_SCENARIO: f64 = 0.1;
/// … to a hundred times it.
const ABOVE_SCENARIO: f64 = 100.0;
/// Two values closer than this (relative) are one.
const SAME: f64 = 1e-9;

/// From the first to the last value of an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Above 0.
    pub low: f64,
    /// Above `low`.
    pub high: f64,
}

impl Range {
    /// Around the scenario's rate.
    pub fn around(rate: f64) -> Self {
        Self {
            low: rate * BELOW_SCENARIO,
            high: rate * ABOVE_SCENARIO,
        }
    }

    /// Reads `LOW..HIGH`. `read` reads one end; a low end without the last `unit` of the high one takes it.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub fn read(
        text: &str,
        unit: Unit,
        read: impl Fn(&str) -> Result<f64, String>,
    ) -> Result<Self, String> {
        let (low, high) = text.split_once("..").ok_or("`..` is missing")?;
        let (low, high) = (low.trim(), high.trim());
        let completed = match unit.of(high) {
            Some(unit)
                if low
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b'.') =>
            {
                format!("{low}{unit}")
            }
            _ => low.to_owned(),
        };
        let range = Self {
            low: read(&completed)?,
            high: read(high)?,
        };
        if range.low <= 0.0 {
            return Err(
                "it begins at 0, and its points are evenly spaced in the logarithm".to_owned(),
            );
        }
        if range.low >= range.high {
            return Err("its end isn't above its beginning".to_owned());
        }
        Ok(range)
    }

    fn contains(self, value: f64) -> bool {
        self.low * (1.0 - SAME) <= value && value <= self.high * (1.0 + SAME)
    }
}

/// Where a unit begins in a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// With its first character that is no digit.
    AfterDigits,
    /// With the slash of a rate.
    AfterSlash,
}

impl Unit {
    fn of(self, text: &str) -> Option<&str> {
        let start = match self {
            Self::AfterDigits => {
                text.find(|letter: char| !(letter.is_ascii_digit() || letter == '.'))
            }
            Self::AfterSlash => text.find('/'),
        };
        start.map(|start| &text[start..])
    }
}

/// How many points along an axis, for so many axes.
pub fn points(asked: Option<usize>, axes: usize) -> usize {
    asked.unwrap_or(if axes > 1 {
        POINTS_OF_TWO
    } else {
        POINTS_OF_ONE
    })
}

/// `points` values over `range` (its ends exact, the others with three digits that matter), and the
/// scenario's own if it lies inside.
pub fn axis(range: Range, points: usize, scenario: f64) -> Vec<f64> {
    let step = libm::log(range.high / range.low) / (points.max(2) - 1) as f64;
    let mut values: Vec<f64> = (0..points.max(2))
        .map(|k| {
            if k == 0 {
                range.low
            } else if k + 1 == points.max(2) {
                range.high
            } else {
                three_digits(range.low * libm::exp(step * k as f64))
            }
        })
        .collect();
    if range.contains(scenario) {
        values.push(scenario);
    }
    values.sort_by(f64::total_cmp);
    values.dedup_by(|next, before| is_same(*next, *before));
    values
}

/// Halfway between two values in the logarithm, with three digits that matter; none where that is one of them.
pub fn middle(low: f64, high: f64) -> Option<f64> {
    let middle = three_digits(libm::sqrt(low * high));
    (low < middle && middle < high).then_some(middle)
}

/// Whether two values are one but for rounding.
pub fn is_same(one: f64, other: f64) -> bool {
    (one - other).abs() <= SAME * one.abs().max(other.abs())
}

/// Rounded to three digits that matter.
fn three_digits(value: f64) -> f64 {
    let text = format!("{value:.2e}");
    text.parse().unwrap_or(value)
}

/// What is wrong with a range that was typed.
pub fn refused(flag: &str, text: &str, reason: &str, example: &str) -> Diagnostic {
    Diagnostic::error(format!("{flag} {text}: {reason}"))
        .with_help(format!("write it as {flag} {example}"))
}

#[cfg(test)]
mod tests {
    use super::{Range, Unit, axis, middle, points};
    use crate::scenario::decode::typed;

    fn rates(text: &str) -> Result<(f64, f64), String> {
        Range::read(text, Unit::AfterSlash, typed::rate).map(|range| (range.low, range.high))
    }

    #[test]
    fn ranges_are_read_with_one_unit_or_two() {
        assert_eq!(rates("0.05..500/s"), Ok((0.05, 500.0)));
        assert_eq!(rates("3/min .. 5/s"), Ok((0.05, 5.0)));
        assert_eq!(rates("3..300/min"), Ok((0.05, 5.0)));
        let shares = Range::read("0.5..10%", Unit::AfterDigits, typed::share).unwrap();
        assert_eq!((shares.low, shares.high), (0.005, 0.1));
    }

    #[test]
    fn what_is_no_range_is_told_why() {
        for (text, reason) in [
            ("5/s", "`..` is missing"),
            ("500..5/s", "its end isn't above its beginning"),
            ("5..5/s", "its end isn't above its beginning"),
            ("1..5", "`1` is no rate: a unit is needed"),
            ("0..5/s", "`0/s` is out of range: more than 0"),
            ("1..x/s", "`x/s` is no rate"),
        ] {
            let error = rates(text).unwrap_err();
            assert!(error.starts_with(reason), "{text}: {error}");
        }
    }

    #[test]
    fn an_axis_is_even_in_the_logarithm_and_holds_the_scenarios_value() {
        let range = |low, high| Range { low, high };
        assert_eq!(
            axis(range(0.05, 500.0), 5, 50.0),
            [0.05, 0.5, 5.0, 50.0, 500.0]
        );
        assert_eq!(
            axis(range(1.0, 10.0), 3, 2.0),
            [1.0, 2.0, 3.16, 10.0],
            "rounded, and with the scenario's"
        );
        assert_eq!(axis(range(1.0, 10.0), 2, 20.0), [1.0, 10.0]);
        let around = Range::around(0.5);
        assert_eq!((around.low, around.high), (0.05, 50.0));
    }

    #[test]
    fn the_middle_is_between_or_nowhere() {
        assert_eq!(middle(1.0, 10.0), Some(3.16));
        assert_eq!(middle(1.0, 1.001), None);
    }

    #[test]
    fn two_axes_have_fewer_points_each() {
        assert_eq!(
            (points(None, 1), points(None, 2), points(Some(7), 2)),
            (9, 5, 7)
        );
    }
}
