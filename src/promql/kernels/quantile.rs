//! The quantile of plain values.
//!
//! `spec/promql.md` §6; Prometheus 3.14 promql/quantile.go `quantile`.

use std::cmp::Ordering;

/// The quantile by linear interpolation, for `quantile` and `quantile_over_time`. Sorts `values`, NaN first.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ranks lie between zero and the number of values"
)]
pub fn quantile(q: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    values.sort_unstable_by(|a, b| nan_first(*a, *b));
    let top = values.len() as f64 - 1.0;
    let rank = q * top;
    let below = rank.floor().max(0.0);
    let above = (below + 1.0).min(top);
    let weight = rank - rank.floor();
    values[below as usize] * (1.0 - weight) + values[above as usize] * weight
}

fn nan_first(a: f64, b: f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
    }
}
