//! `rate`, `increase`, `delta` and the other functions of neighbouring samples.
//!
//! `spec/promql.md` §4; Prometheus 3.14 promql/functions.go `extrapolatedRate`, `instantValue`.

use super::duration_seconds;

/// A window of samples: `(start, end]`, or `[start, end]` before Prometheus 3. Milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The older edge.
    pub start: i64,
    /// The newer edge.
    pub end: i64,
    /// The length as written in the query, by which `rate` divides.
    pub length: i64,
}

impl Window {
    /// The window of `length` milliseconds that ends at `end`.
    pub fn ending_at(end: i64, length: i64) -> Self {
        Self {
            start: end.saturating_sub(length),
            end,
            length,
        }
    }
}

/// Which of the two bounds on the left extrapolation is applied first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClampOrder {
    /// Half a spacing where the window's edge is too far, then the point where the counter was zero
    /// (Prometheus 2.51 and later).
    ThresholdThenZero,
    /// The other way round (Prometheus 2.50 and earlier).
    ZeroThenThreshold,
}

/// The functions that extrapolate the change between a window's outer samples to the whole window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateFunction {
    /// Per second, of a counter.
    Rate,
    /// Of a counter.
    Increase,
    /// Of a gauge: no resets, no bound at zero.
    Delta,
}

impl RateFunction {
    /// Whether the samples are taken for a counter's.
    pub fn is_counter(self) -> bool {
        self != Self::Delta
    }
}

/// How the samples of one target cover a window: everything about an extrapolation that doesn't depend on
/// the values, so that all series of one scrape can share it. Seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coverage {
    sampled: f64,
    to_start: f64,
    half_spacing: f64,
    threshold: f64,
    to_end: f64,
    length: f64,
}

impl Coverage {
    /// The coverage by `count` samples from `first` to `last` (milliseconds); `None` for fewer than two,
    /// which give no rate.
    pub fn new(count: usize, first: i64, last: i64, window: Window) -> Option<Self> {
        if count < 2 {
            return None;
        }
        let sampled = millis_between(first, last);
        let spacing = sampled / (count - 1) as f64;
        let threshold = spacing * 1.1;
        let half_spacing = spacing / 2.0;
        let mut to_end = millis_between(last, window.end);
        if to_end >= threshold {
            to_end = half_spacing;
        }
        Some(Self {
            sampled,
            to_start: millis_between(window.start, first),
            half_spacing,
            threshold,
            to_end,
            length: duration_seconds(window.length),
        })
    }

    /// Extrapolates `difference` (resets included, see [`counter_difference`]) over the window.
    ///
    /// `first_value` bounds the left extrapolation of a counter: the line through the samples must not
    /// fall below zero.
    pub fn extrapolate(
        &self,
        function: RateFunction,
        order: ClampOrder,
        first_value: f64,
        difference: f64,
    ) -> f64 {
        let bounded = function.is_counter() && difference > 0.0 && first_value >= 0.0;
        let to_zero = if bounded {
            self.sampled * (first_value / difference)
        } else {
            f64::INFINITY
        };
        difference * self.factor(function, order, to_zero)
    }

    /// What the difference is multiplied by if the counter was zero so long before its first sample.
    fn factor(&self, function: RateFunction, order: ClampOrder, to_zero: f64) -> f64 {
        let to_start = self.left_extent(order, to_zero);
        let mut factor = 1.0;
        if self.sampled != 0.0 {
            factor = (self.sampled + to_start + self.to_end) / self.sampled;
        }
        if function == RateFunction::Rate {
            factor /= self.length;
        }
        factor
    }

    fn left_extent(&self, order: ClampOrder, to_zero: f64) -> f64 {
        let mut extent = self.to_start;
        if order == ClampOrder::ZeroThenThreshold && to_zero < extent {
            extent = to_zero;
        }
        if extent >= self.threshold {
            extent = self.half_spacing;
        }
        if order == ClampOrder::ThresholdThenZero && to_zero < extent {
            extent = to_zero;
        }
        extent
    }
}

/// The extrapolation of many series with the same coverage.
#[derive(Clone, Copy, Debug)]
pub struct Extrapolation {
    coverage: Coverage,
    function: RateFunction,
    order: ClampOrder,
    /// A counter that was zero less than so long before its first sample may be bounded; no gauge is.
    to_start: f64,
    /// A little more than that.
    beyond_start: f64,
    /// The factor of every series that the bound at zero doesn't reach.
    factor: f64,
}

impl Extrapolation {
    /// Prepares what doesn't depend on values.
    pub fn new(coverage: Coverage, function: RateFunction, order: ClampOrder) -> Self {
        // Neither order of bounds goes farther than the window's start.
        let to_start = if function.is_counter() {
            coverage.to_start
        } else {
            f64::NEG_INFINITY
        };
        Self {
            coverage,
            function,
            order,
            to_start,
            beyond_start: to_start * (1.0 + 1e-6),
            factor: coverage.factor(function, order, f64::INFINITY),
        }
    }

    /// The same as [`Coverage::extrapolate`].
    #[inline]
    pub fn of(&self, first_value: f64, difference: f64) -> f64 {
        // Most often the bound is so far away that rounding can't bring it near: no division is needed.
        if first_value * self.coverage.sampled > difference * self.beyond_start {
            return difference * self.factor;
        }
        self.perhaps_bounded(first_value, difference)
    }

    fn perhaps_bounded(&self, first_value: f64, difference: f64) -> f64 {
        let reaches = difference > 0.0
            && first_value >= 0.0
            && self.coverage.sampled * (first_value / difference) < self.to_start;
        if reaches {
            return self
                .coverage
                .extrapolate(self.function, self.order, first_value, difference);
        }
        difference * self.factor
    }
}

fn millis_between(from: i64, to: i64) -> f64 {
    to.saturating_sub(from) as f64 / 1000.0
}

/// Last value minus first, plus the value before each fall: what a counter counted between its outer
/// samples. `values` runs over all samples, oldest first; `first` and `last` are its ends.
pub fn counter_difference(first: f64, last: f64, values: impl Iterator<Item = f64>) -> f64 {
    let mut difference = last - first;
    let mut previous = f64::NAN;
    for value in values {
        if value < previous {
            difference += previous;
        }
        previous = value;
    }
    difference
}

/// `irate` of the last two samples (milliseconds, value): per second, a fall counts from zero. `None` if
/// they have the same time.
pub fn instant_rate(before: (i64, f64), last: (i64, f64)) -> Option<f64> {
    let change = if last.1 < before.1 {
        last.1
    } else {
        last.1 - before.1
    };
    (last.0 != before.0).then(|| change / millis_between(before.0, last.0))
}

/// `idelta` of the last two samples. `None` if they have the same time.
pub fn instant_delta(before: (i64, f64), last: (i64, f64)) -> Option<f64> {
    (last.0 != before.0).then_some(last.1 - before.1)
}

/// How often a value differs from the one before; NaN after NaN is no change.
pub fn changes(values: impl Iterator<Item = f64>) -> f64 {
    count_pairs(values, |before, value| {
        value != before && !(value.is_nan() && before.is_nan())
    })
}

/// How often a value is lower than the one before.
pub fn resets(values: impl Iterator<Item = f64>) -> f64 {
    count_pairs(values, |before, value| value < before)
}

fn count_pairs(mut values: impl Iterator<Item = f64>, counts: impl Fn(f64, f64) -> bool) -> f64 {
    let Some(mut before) = values.next() else {
        return 0.0;
    };
    let mut count: u64 = 0;
    for value in values {
        count += u64::from(counts(before, value));
        before = value;
    }
    count as f64
}
