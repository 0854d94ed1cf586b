//! Sums, means and spreads, for aggregations and `*_over_time` alike.
//!
//! `spec/promql.md` §4.3 and §6; Prometheus 3.14 util/kahansum, promql/engine.go `aggregation`,
//! promql/functions.go `funcAvgOverTime`, `varianceOverTime`.

/// A sum that carries its rounding error along (Kahan's method with Neumaier's improvement).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct KahanSum {
    sum: f64,
    compensation: f64,
}

impl KahanSum {
    /// The sum of one number.
    pub fn of(value: f64) -> Self {
        Self {
            // As if added to nothing: -0 becomes 0.
            sum: 0.0 + value,
            compensation: 0.0,
        }
    }

    /// Adds a number.
    pub fn add(&mut self, value: f64) {
        let total = self.sum + value;
        if total.is_infinite() {
            self.compensation = 0.0;
        } else if self.sum.abs() >= value.abs() {
            self.compensation += (self.sum - total) + value;
        } else {
            self.compensation += (value - total) + self.sum;
        }
        self.sum = total;
    }

    /// The sum so far.
    pub fn total(&self) -> f64 {
        self.sum + self.compensation
    }

    fn scaled(&self, factor: f64) -> Self {
        Self {
            sum: factor * self.sum,
            compensation: factor * self.compensation,
        }
    }
}

/// An arithmetic mean: sum by count, or the running mean from where the sum would overflow.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mean {
    count: f64,
    /// The sum, or the mean once `incremental`.
    state: KahanSum,
    incremental: bool,
}

impl Mean {
    /// Adds a number.
    pub fn add(&mut self, value: f64) {
        self.count += 1.0;
        if self.count == 1.0 {
            self.state.sum = value;
            return;
        }
        if !self.incremental {
            let mut next = self.state;
            next.add(value);
            if !next.sum.is_infinite() {
                self.state = next;
                return;
            }
            self.incremental = true;
            self.state.sum /= self.count - 1.0;
            self.state.compensation /= self.count - 1.0;
        }
        self.state = self.state.scaled((self.count - 1.0) / self.count);
        self.state.add(value / self.count);
    }

    /// The mean of what was added; NaN for nothing.
    pub fn mean(&self) -> f64 {
        if self.incremental {
            self.state.total()
        } else {
            self.state.sum / self.count + self.state.compensation / self.count
        }
    }
}

/// Variance of the population as the aggregations `stdvar` and `stddev` compute it (Welford's method).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Spread {
    /// Adds a number. One NaN or infinity makes the result NaN.
    pub fn add(&mut self, value: f64) {
        self.count += 1.0;
        if self.count == 1.0 {
            self.mean = value;
            self.squares = if value.is_finite() { 0.0 } else { f64::NAN };
            return;
        }
        let distance = value - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (value - self.mean);
    }

    /// The variance.
    pub fn variance(&self) -> f64 {
        self.squares / self.count
    }

    /// Its square root.
    pub fn deviation(&self) -> f64 {
        self.variance().sqrt()
    }
}

/// Variance of the population as `stdvar_over_time` and `stddev_over_time` compute it (Welford's method
/// on compensated sums).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SpreadOverTime {
    count: f64,
    mean: KahanSum,
    squares: KahanSum,
}

impl SpreadOverTime {
    /// Adds a number.
    pub fn add(&mut self, value: f64) {
        self.count += 1.0;
        let distance = value - self.mean.total();
        self.mean.add(distance / self.count);
        self.squares.add(distance * (value - self.mean.total()));
    }

    /// The variance.
    pub fn variance(&self) -> f64 {
        self.squares.total() / self.count
    }

    /// Its square root.
    pub fn deviation(&self) -> f64 {
        self.variance().sqrt()
    }
}

/// One step of `max`: a number replaces NaN.
pub fn larger(best: f64, value: f64) -> f64 {
    if value > best || best.is_nan() {
        value
    } else {
        best
    }
}

/// One step of `min`: a number replaces NaN.
pub fn smaller(best: f64, value: f64) -> f64 {
    if value < best || best.is_nan() {
        value
    } else {
        best
    }
}
