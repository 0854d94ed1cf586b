//! Least squares for `deriv` and `predict_linear`.
//!
//! `spec/promql.md` §4.3; Prometheus 3.14 promql/functions.go `linearRegression`.

use super::moments::KahanSum;

/// A straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Change per second.
    pub slope: f64,
    /// Value at the time the regression was based on.
    pub intercept: f64,
}

/// Collects samples for a least-squares line.
#[derive(Clone, Copy, Debug)]
pub struct Regression {
    /// The time that counts as zero, in milliseconds.
    base: i64,
    count: f64,
    first: f64,
    constant: bool,
    x: KahanSum,
    y: KahanSum,
    xy: KahanSum,
    xx: KahanSum,
}

impl Regression {
    /// A regression over time relative to `base` (milliseconds).
    pub fn relative_to(base: i64) -> Self {
        Self {
            base,
            count: 0.0,
            first: 0.0,
            constant: true,
            x: KahanSum::default(),
            y: KahanSum::default(),
            xy: KahanSum::default(),
            xx: KahanSum::default(),
        }
    }

    /// Adds a sample at `time` (milliseconds).
    pub fn add(&mut self, time: i64, value: f64) {
        if self.count == 0.0 {
            self.first = value;
        } else if value != self.first {
            self.constant = false;
        }
        self.count += 1.0;
        let x = time.saturating_sub(self.base) as f64 / 1e3;
        self.x.add(x);
        self.y.add(value);
        self.xy.add(x * value);
        self.xx.add(x * x);
    }

    /// The line, or `None` for fewer than two samples. Equal values give a level line, equal infinities NaN.
    pub fn line(&self) -> Option<Line> {
        if self.count < 2.0 {
            return None;
        }
        if self.constant {
            let infinite = self.first.is_infinite();
            let (slope, intercept) = if infinite {
                (f64::NAN, f64::NAN)
            } else {
                (0.0, self.first)
            };
            return Some(Line { slope, intercept });
        }
        let (x, y) = (self.x.total(), self.y.total());
        let covariance = self.xy.total() - x * y / self.count;
        let variance = self.xx.total() - x * x / self.count;
        let slope = covariance / variance;
        let intercept = y / self.count - slope * x / self.count;
        Some(Line { slope, intercept })
    }
}
