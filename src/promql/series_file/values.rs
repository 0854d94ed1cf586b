//! The values of a series: `1 2 _ 3+1x4 stale`.

use super::problem::Problem;
use crate::promql::head::STALE;

/// Most values that one series may have.
const MAX_VALUES: usize = 10_000_000;

/// Expands values and repetitions; `None` stands for a gap.
pub fn expand_values(text: &str) -> Result<Vec<Option<f64>>, Problem<'_>> {
    let mut values = Vec::new();
    for item in text.split_whitespace() {
        expand(item, &mut values).ok_or_else(|| {
            let problem = format!("\"{item}\" isn't a value such as 1, 1x5, 1+2x5, _ or stale");
            Problem::at(item, problem)
        })?;
    }
    Ok(values)
}

fn expand(item: &str, values: &mut Vec<Option<f64>>) -> Option<()> {
    if item == "stale" {
        values.push(Some(STALE));
        return Some(());
    }
    if let Some(rest) = item.strip_prefix('_') {
        let count = if rest.is_empty() {
            1
        } else {
            repetitions(rest)?
        };
        check_room(values, count)?;
        values.resize(values.len() + count, None);
        return Some(());
    }
    let (mut value, rest) = number_prefix(item)?;
    let (step, rest) = if rest.starts_with(['+', '-']) {
        number_prefix(rest)?
    } else {
        (0.0, rest)
    };
    let count = if rest.is_empty() {
        0
    } else {
        repetitions(rest)?
    };
    if rest.is_empty() && item.len() > 1 && step != 0.0 {
        return None;
    }
    check_room(values, count)?;
    for _ in 0..=count {
        values.push(Some(value));
        if step != 0.0 {
            value += step;
        }
    }
    Some(())
}

fn check_room(values: &[Option<f64>], count: usize) -> Option<()> {
    (values.len() < MAX_VALUES && count < MAX_VALUES - values.len()).then_some(())
}

/// `x5` → 5
fn repetitions(text: &str) -> Option<usize> {
    text.strip_prefix('x')?.parse().ok()
}

/// Splits a decimal number off the front. `0x10` is 0 and `x10`, never hexadecimal.
fn number_prefix(text: &str) -> Option<(f64, &str)> {
    let bytes = text.as_bytes();
    let sign = usize::from(text.starts_with(['+', '-']));
    let mut end = sign;
    let digits = |mut from: usize| {
        while bytes.get(from).is_some_and(u8::is_ascii_digit) {
            from += 1;
        }
        from
    };
    let word = text.get(sign..sign + 3).unwrap_or_default();
    if word.eq_ignore_ascii_case("inf") || word.eq_ignore_ascii_case("nan") {
        end += 3;
    } else {
        end = digits(end);
        if bytes.get(end) == Some(&b'.') {
            end = digits(end + 1);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let exponent = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            if digits(exponent) > exponent {
                end = digits(exponent);
            }
        }
    }
    let value = text[..end].parse().ok()?;
    Some((value, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::expand_values;
    use crate::promql::head::is_stale;

    fn expanded(text: &str) -> Vec<Option<f64>> {
        expand_values(text).expect(text)
    }

    #[test]
    fn repetitions_count_from_zero() {
        assert_eq!(expanded("1x2"), [Some(1.0); 3]);
        assert_eq!(expanded("1+0x10"), [Some(1.0); 11]);
        assert_eq!(expanded("0x1"), [Some(0.0); 2]);
        assert_eq!(expanded("_x2 5"), [None, None, Some(5.0)]);
        assert_eq!(expanded("-2-4x2"), [Some(-2.0), Some(-6.0), Some(-10.0)]);
    }

    #[test]
    fn exponents_are_not_steps() {
        assert_eq!(expanded("1e+16 -5e-07"), [Some(1e16), Some(-5e-7)]);
        assert_eq!(expanded("1e+16+1e+15x1"), [Some(1e16), Some(1.1e16)]);
    }

    #[test]
    fn special_values() {
        let values = expanded("NaN +Inf -Inf stale");
        assert!(values[0].is_some_and(f64::is_nan));
        assert_eq!(values[1..3], [Some(f64::INFINITY), Some(f64::NEG_INFINITY)]);
        assert!(values[3].is_some_and(is_stale));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["x", "1y", "1+2", "_y", "1x", "1x99999999999", "+", "é"] {
            assert!(expand_values(text).is_err(), "{text}");
        }
    }
}
