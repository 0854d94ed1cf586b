//! The arithmetic of `PromQL`, free of syntax trees and labels: plain numbers in, plain numbers out.
//!
//! Both evaluators call these functions, so that they can't drift apart. Nothing here allocates; where a
//! sorted copy is needed the caller passes scratch memory. The order of every floating-point operation is
//! Prometheus' own, since results are compared bit by bit (no fused multiply-add, as Go on amd64).
//! Logarithms, powers and trigonometry come from the crate `libm`, so that they are the same on every
//! platform; their last bits may differ from Go's.

#![allow(
    clippy::float_cmp,
    reason = "the rules are Prometheus', which compares exactly"
)]

mod date;
mod elementary;
mod histogram;
mod moments;
mod number_text;
mod quantile;
mod rate;
mod regression;
mod window_function;

pub use date::DateFunction;
pub use elementary::{
    ElementaryFunction, atan2, binary_max, binary_min, clamp, modulo, power, round_to_nearest,
};
pub use histogram::{Bucket, bucket_fraction, bucket_quantile};
pub use moments::{KahanSum, Mean, Spread, SpreadOverTime, larger, smaller};
pub use number_text::{format_general, parse_float};
pub use quantile::quantile;
pub use rate::{
    ClampOrder, Coverage, Extrapolation, RateFunction, Window, changes, counter_difference,
    instant_delta, instant_rate, resets,
};
pub use regression::{Line, Regression};
pub use window_function::{WindowContext, WindowFunction};

/// Seconds of a duration in milliseconds as Go's `Duration.Seconds` computes them (whole seconds plus
/// nanoseconds / 1e9, which can differ in the last bit from milliseconds / 1000).
pub fn duration_seconds(millis: i64) -> f64 {
    let whole = millis / 1000;
    let nanos = (millis % 1000) * 1_000_000;
    whole as f64 + nanos as f64 / 1e9
}

/// A time stamp in seconds, as `time()` and `timestamp()` give it.
pub fn time_seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}
