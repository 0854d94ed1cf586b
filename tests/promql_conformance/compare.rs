//! When two numbers count as equal.

/// How closely values must agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Closeness {
    /// Every bit; all NaN are alike.
    Bits,
    /// This relative distance (of the sum of the magnitudes).
    Relative(f64),
}

impl Closeness {
    pub fn accepts(self, a: f64, b: f64) -> bool {
        if a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan() {
            return true;
        }
        match self {
            Self::Bits => false,
            Self::Relative(epsilon) => {
                let sum = a.abs() + b.abs();
                let difference = (a - b).abs();
                if difference == 0.0 {
                    true
                } else if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
                    difference < epsilon * f64::MIN_POSITIVE
                } else {
                    difference / sum.min(f64::MAX) < epsilon
                }
            }
        }
    }
}

/// Compares values in order; the error names the first difference.
pub fn same_values(got: &[f64], wanted: &[f64], closeness: Closeness) -> Result<(), String> {
    let equal = got.len() == wanted.len()
        && got
            .iter()
            .zip(wanted)
            .all(|(got, wanted)| closeness.accepts(*got, *wanted));
    if equal {
        Ok(())
    } else {
        Err(format!("wanted {wanted:?}\n  got    {got:?}"))
    }
}
