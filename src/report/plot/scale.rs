//! From values to places, and where an axis has its ticks.

use super::Axis;

/// How values are spaced along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// Evenly.
    Linear,
    /// Their logarithms are.
    Logarithmic,
}

/// An axis on a canvas.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    spacing: Spacing,
    low: f64,
    high: f64,
    /// Places of the lowest and the highest value.
    from: f64,
    to: f64,
}

impl Scale {
    pub(super) fn new(axis: &Axis, from: f64, to: f64) -> Self {
        Self {
            spacing: axis.spacing,
            low: axis.low,
            high: axis.high,
            from,
            to,
        }
    }

    /// The place of a value; values beyond an end are at it.
    pub(super) fn place(&self, value: f64) -> f64 {
        let value = value.clamp(self.low, self.high);
        let share = match self.spacing {
            Spacing::Linear => (value - self.low) / (self.high - self.low),
            Spacing::Logarithmic => libm::log(value / self.low) / libm::log(self.high / self.low),
        };
        self.from + share * (self.to - self.from)
    }
}

/// The ticks of an axis: round numbers, at most about `most`.
pub(super) fn ticks(axis: &Axis, most: usize) -> Vec<f64> {
    match axis.spacing {
        Spacing::Linear => linear_ticks(axis.low, axis.high, most),
        Spacing::Logarithmic => logarithmic_ticks(axis.low, axis.high, most),
    }
}

fn linear_ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let raw = (high - low) / most.max(1) as f64;
    let power = scaled(1.0, libm::floor(libm::log10(raw)) as i32);
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|step| step * power);
    let step = steps
        .into_iter()
        .find(|step| *step >= raw * (1.0 - 1e-9))
        .unwrap_or(10.0 * power);
    let first = libm::ceil(low / step - 1e-9);
    let count = libm::floor(high / step + 1e-9) - first;
    (0..=count.max(0.0) as u32)
        .map(|k| (first + f64::from(k)) * step)
        .collect()
}

/// 1, 2, 5 times the powers of ten, or fewer.
fn logarithmic_ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let inside = |value: &f64| *value >= low * (1.0 - 1e-9) && *value <= high * (1.0 + 1e-9);
    let (first, last) = (
        libm::floor(libm::log10(low)) as i32,
        libm::ceil(libm::log10(high)) as i32,
    );
    for digits in [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]] {
        let all = (first..=last)
            .flat_map(|exponent| digits.iter().map(move |digit| scaled(*digit, exponent)));
        let ticks: Vec<f64> = all.filter(inside).collect();
        if ticks.len() <= most.max(2) && !ticks.is_empty() {
            return ticks;
        }
    }
    let every = ((last - first) as usize).div_ceil(most.max(2)).max(1);
    let exponents = (first..=last).step_by(every);
    let powers = exponents.map(|exponent| scaled(1.0, exponent));
    powers.filter(inside).collect()
}

/// A digit times a power of ten; a division keeps 0.3 what it is.
fn scaled(digit: f64, exponent: i32) -> f64 {
    let power = libm::pow(10.0, f64::from(exponent.abs()));
    if exponent < 0 {
        digit / power
    } else {
        digit * power
    }
}

#[cfg(test)]
mod tests {
    use super::{Scale, Spacing, ticks};
    use crate::report::plot::Axis;

    fn axis(spacing: Spacing, low: f64, high: f64) -> Axis {
        Axis {
            label: String::new(),
            spacing,
            low,
            high,
        }
    }

    #[test]
    fn places_follow_the_spacing_and_stay_on_the_axis() {
        let linear = Scale::new(&axis(Spacing::Linear, 0.0, 1.0), 400.0, 0.0);
        assert!((linear.place(0.25) - 300.0).abs() < 1e-9);
        assert!(linear.place(7.0).abs() < 1e-9);
        let logarithmic = Scale::new(&axis(Spacing::Logarithmic, 0.01, 100.0), 0.0, 400.0);
        assert!((logarithmic.place(1.0) - 200.0).abs() < 1e-9);
        assert!(logarithmic.place(0.0).abs() < 1e-9);
    }

    #[test]
    fn ticks_are_round_and_few() {
        let linear = |low, high| ticks(&axis(Spacing::Linear, low, high), 6);
        assert_eq!(linear(0.0, 100.0), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(linear(0.0, 7.0), [0.0, 2.0, 4.0, 6.0]);
        let logarithmic = |low, high, most| ticks(&axis(Spacing::Logarithmic, low, high), most);
        assert_eq!(
            logarithmic(0.05, 500.0, 9),
            [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0]
        );
        assert_eq!(logarithmic(0.5, 10.0, 9), [0.5, 1.0, 2.0, 5.0, 10.0]);
        let wide = logarithmic(1e-6, 1e12, 6);
        assert!(wide.len() <= 7 && wide.len() > 2, "{wide:?}");
    }
}
