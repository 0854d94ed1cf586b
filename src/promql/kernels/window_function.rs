//! The functions of a window of samples.
//!
//! `spec/promql.md` §4; Prometheus 3.14 promql/functions.go.

use super::{
    ClampOrder, Coverage, KahanSum, Mean, RateFunction, Regression, SpreadOverTime, Window,
    changes, counter_difference, instant_delta, instant_rate, larger, quantile, resets, smaller,
};

/// The functions of a range vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum WindowFunction {
    Extrapolated(RateFunction),
    InstantRate,
    InstantDelta,
    Changes,
    Resets,
    Derivative,
    PredictLinear,
    Average,
    Count,
    First,
    Last,
    Max,
    Min,
    /// Also what `absent_over_time` looks for.
    Present,
    Quantile,
    Deviation,
    Variance,
    Sum,
}

/// What a function needs to know besides the samples.
#[derive(Clone, Copy, Debug)]
pub struct WindowContext {
    /// The evaluation time in milliseconds.
    pub time: i64,
    /// The window.
    pub window: Window,
    /// The scalar argument of `predict_linear` and `quantile_over_time`.
    pub parameter: f64,
    /// How `rate` bounds its extrapolation.
    pub clamp_order: ClampOrder,
}

impl WindowFunction {
    /// Whether older samples than the last two make no difference.
    pub fn reads_newest_two(self) -> bool {
        matches!(self, Self::InstantRate | Self::InstantDelta)
    }

    /// The function of this name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "rate" => Self::Extrapolated(RateFunction::Rate),
            "increase" => Self::Extrapolated(RateFunction::Increase),
            "delta" => Self::Extrapolated(RateFunction::Delta),
            "irate" => Self::InstantRate,
            "idelta" => Self::InstantDelta,
            "changes" => Self::Changes,
            "resets" => Self::Resets,
            "deriv" => Self::Derivative,
            "predict_linear" => Self::PredictLinear,
            "avg_over_time" => Self::Average,
            "count_over_time" => Self::Count,
            "first_over_time" => Self::First,
            "last_over_time" => Self::Last,
            "max_over_time" => Self::Max,
            "min_over_time" => Self::Min,
            "present_over_time" | "absent_over_time" => Self::Present,
            "quantile_over_time" => Self::Quantile,
            "stddev_over_time" => Self::Deviation,
            "stdvar_over_time" => Self::Variance,
            "sum_over_time" => Self::Sum,
            _ => return None,
        })
    }

    /// Whether the result keeps the metric's name.
    pub fn keeps_name(self) -> bool {
        matches!(self, Self::First | Self::Last)
    }

    /// The function of a window's samples (milliseconds, value), of which there is at least one; `None` where
    /// it has no result. `scratch` is memory to sort in.
    pub fn of_samples(
        self,
        samples: &[(i64, f64)],
        context: &WindowContext,
        scratch: &mut Vec<f64>,
    ) -> Option<f64> {
        let values = || samples.iter().map(|sample| sample.1);
        match self {
            Self::Extrapolated(rate) => extrapolated(rate, samples, context),
            Self::InstantRate => last_two(samples, instant_rate),
            Self::InstantDelta => last_two(samples, instant_delta),
            Self::Changes => Some(changes(values())),
            Self::Resets => Some(resets(values())),
            Self::Derivative => {
                let base = samples.first()?.0;
                Some(regression(base, samples).line()?.slope)
            }
            Self::PredictLinear => {
                let line = regression(context.time, samples).line()?;
                Some(line.slope * context.parameter + line.intercept)
            }
            Self::Average => {
                let mut mean = Mean::default();
                values().for_each(|value| mean.add(value));
                Some(mean.mean())
            }
            Self::Count => Some(samples.len() as f64),
            Self::First => values().next(),
            Self::Last => values().next_back(),
            Self::Max => values().reduce(larger),
            Self::Min => values().reduce(smaller),
            Self::Present => Some(1.0),
            Self::Quantile => {
                scratch.clear();
                scratch.extend(values());
                Some(quantile(context.parameter, scratch))
            }
            Self::Deviation => Some(spread(values()).deviation()),
            Self::Variance => Some(spread(values()).variance()),
            Self::Sum => {
                let mut sum = KahanSum::default();
                values().for_each(|value| sum.add(value));
                Some(sum.total())
            }
        }
    }
}

fn extrapolated(
    function: RateFunction,
    samples: &[(i64, f64)],
    context: &WindowContext,
) -> Option<f64> {
    let (first, last) = (samples.first()?, samples.last()?);
    let coverage = Coverage::new(samples.len(), first.0, last.0, context.window)?;
    let difference = if function.is_counter() {
        counter_difference(first.1, last.1, samples.iter().map(|sample| sample.1))
    } else {
        last.1 - first.1
    };
    Some(coverage.extrapolate(function, context.clamp_order, first.1, difference))
}

fn last_two(
    samples: &[(i64, f64)],
    function: impl Fn((i64, f64), (i64, f64)) -> Option<f64>,
) -> Option<f64> {
    match samples {
        [.., before, last] => function(*before, *last),
        _ => None,
    }
}

fn regression(base: i64, samples: &[(i64, f64)]) -> Regression {
    let mut regression = Regression::relative_to(base);
    for &(time, value) in samples {
        regression.add(time, value);
    }
    regression
}

fn spread(values: impl Iterator<Item = f64>) -> SpreadOverTime {
    let mut spread = SpreadOverTime::default();
    values.for_each(|value| spread.add(value));
    spread
}
