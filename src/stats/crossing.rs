//! Where a rising curve, known at a few points with intervals, reaches a level.
//!
//! Estimates on a grid needn't rise with their true values. So they are made to by isotonic regression.
//! Between two points the curve is taken to be a normal distribution's in the logarithm of the abscissa, as
//! power curves nearly are; the interval needs no such assumption, only that the curve rises.

use serde::{Deserialize, Serialize};

use super::Estimate;
use super::special::normal_quantile;

/// Where the level is reached, with the interval that the points' intervals give.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Crossing {
    /// Whether it is reached between two points of the grid.
    pub state: CrossingState,
    /// Where; none unless it is reached inside the grid.
    pub value: Option<f64>,
    /// The last point whose upper limit is below the level; none if there is no such point.
    pub low: Option<f64>,
    /// The first point whose lower limit reaches the level; none if there is no such point.
    pub high: Option<f64>,
}

/// Where the level is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CrossingState {
    /// Between the first and the last point.
    Inside,
    /// Already at the first point.
    AtFirst,
    /// At no point.
    NotReached,
}

impl CrossingState {
    /// The name in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inside => "inside",
            Self::AtFirst => "at-first",
            Self::NotReached => "not-reached",
        }
    }
}

/// Where the estimates reach `level`, in (0, 1). `points` are (abscissa above 0, estimate of a proportion)
/// with rising abscissae.
///
/// The interval's ends are points: closer ones aren't known without knowing the curve between them.
pub fn crossing(points: &[(f64, Estimate)], level: f64) -> Crossing {
    let weights: Vec<f64> = points.iter().map(|(_, y)| y.n as f64).collect();
    let rising = |ordinate: fn(&Estimate) -> f64| {
        let ordinates: Vec<f64> = points.iter().map(|(_, y)| ordinate(y)).collect();
        isotonic(&ordinates, &weights)
    };
    let upper = rising(|estimate| estimate.high.unwrap_or(1.0));
    let lower = rising(|estimate| estimate.low.unwrap_or(0.0));
    let (state, value) = first_reaching(points, &rising(|estimate| estimate.estimate), level);
    let below = upper.iter().rposition(|limit| *limit < level);
    let above = lower.iter().position(|limit| *limit >= level);
    Crossing {
        state,
        value,
        low: below.map(|index| points[index].0),
        high: above.map(|index| points[index].0),
    }
}

/// The rising values closest to `values` in the weighted sum of squares, by pooling adjacent violators.
///
/// # References
/// R. E. Barlow, D. J. Bartholomew, J. M. Bremner, H. D. Brunk, "Statistical inference under order
/// restrictions", Wiley 1972, section 1.2.
pub fn isotonic(values: &[f64], weights: &[f64]) -> Vec<f64> {
    struct Block {
        mean: f64,
        weight: f64,
        length: usize,
    }
    let mut blocks: Vec<Block> = Vec::with_capacity(values.len());
    for (&mean, &weight) in values.iter().zip(weights) {
        let mut block = Block {
            mean,
            weight,
            length: 1,
        };
        while let Some(before) = blocks.pop_if(|before| before.mean > block.mean) {
            let weight = before.weight + block.weight;
            block = Block {
                mean: (before.mean * before.weight + block.mean * block.weight) / weight,
                weight,
                length: before.length + block.length,
            };
        }
        blocks.push(block);
    }
    let each = blocks
        .iter()
        .flat_map(|block| std::iter::repeat_n(block.mean, block.length));
    each.collect()
}

/// Where rising ordinates first reach `level`.
fn first_reaching(
    points: &[(f64, Estimate)],
    ordinates: &[f64],
    level: f64,
) -> (CrossingState, Option<f64>) {
    match ordinates.iter().position(|&ordinate| ordinate >= level) {
        None => (CrossingState::NotReached, None),
        Some(0) => (CrossingState::AtFirst, None),
        // At the point itself nothing is to be interpolated.
        Some(at) if ordinates[at] <= level => (CrossingState::Inside, Some(points[at].0)),
        Some(after) => {
            let before = after - 1;
            let quantile = |index: usize| {
                // Nothing and everything counted are half a count away from it.
                let half = 0.5 / points[index].1.n.max(1) as f64;
                normal_quantile(ordinates[index].clamp(half, 1.0 - half))
            };
            let (below, above) = (quantile(before), quantile(after));
            let share = (normal_quantile(level) - below) / (above - below);
            let (from, to) = (libm::log(points[before].0), libm::log(points[after].0));
            let value = libm::exp(from + share.clamp(0.0, 1.0) * (to - from));
            (CrossingState::Inside, Some(value))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Crossing, CrossingState, crossing, isotonic};
    use crate::stats::{Estimate, LEVEL, Method};

    fn point(x: f64, low: f64, estimate: f64, high: f64) -> (f64, Estimate) {
        let estimate = Estimate {
            n: 100,
            estimate,
            low: Some(low),
            high: Some(high),
            level: LEVEL,
            method: Method::Wilson,
        };
        (x, estimate)
    }

    fn exact(points: &[(f64, f64)]) -> Vec<(f64, Estimate)> {
        points.iter().map(|&(x, y)| point(x, y, y, y)).collect()
    }

    #[track_caller]
    fn assert_at(found: Crossing, expected: f64) {
        assert_eq!(found.state, CrossingState::Inside);
        let value = found.value.unwrap();
        assert!(
            (value / expected - 1.0).abs() < 1e-12,
            "{value} for {expected}"
        );
    }

    #[test]
    fn values_that_rise_stay_and_others_are_pooled_by_weight() {
        let same = [0.1, 0.2, 0.2, 0.9];
        assert_eq!(isotonic(&same, &[1.0; 4]), same);
        assert_eq!(
            isotonic(&[0.5, 0.25, 1.0], &[1.0, 1.0, 1.0]),
            [0.375, 0.375, 1.0]
        );
        assert_eq!(isotonic(&[0.5, 0.25], &[3.0, 1.0]), [0.4375, 0.4375]);
        // The third pulls down all before it.
        assert_eq!(isotonic(&[0.75, 1.0, 0.125], &[1.0; 3]), [0.625; 3]);
        assert!(isotonic(&[], &[]).is_empty());
    }

    /// The normal distribution's, `Φ((log10 x − middle)/width)`.
    fn curve(x: f64, middle: f64, width: f64) -> f64 {
        let z = (libm::log10(x) - middle) / width;
        0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
    }

    #[test]
    fn a_normal_curve_is_crossed_exactly_where_it_is() {
        let at = [0.5, 2.0, 30.0, 200.0];
        let points: Vec<(f64, f64)> = at.iter().map(|&x| (x, curve(x, 1.0, 0.7))).collect();
        let points = exact(&points);
        assert_at(crossing(&points, 0.5), 10.0);
        // z = 1.6448536 is 95 %, and 0.7 of a decade is one z.
        assert_at(
            crossing(&points, 0.95),
            libm::pow(10.0, 1.0 + 0.7 * 1.644_853_626_951_472_7),
        );
        // At a point itself.
        assert_eq!(
            crossing(&exact(&[(1.0, 0.2), (7.0, 0.5)]), 0.5).value,
            Some(7.0)
        );
    }

    #[test]
    fn none_and_all_are_half_a_count_away() {
        // 100 observations each: 0.005 and 0.995, which lie symmetrically about one half.
        assert_at(crossing(&exact(&[(1.0, 0.0), (100.0, 1.0)]), 0.5), 10.0);
    }

    #[test]
    fn outside_of_the_grid_there_is_no_value() {
        let points = exact(&[(1.0, 0.4), (10.0, 0.6)]);
        let above = crossing(&points, 0.7);
        assert_eq!(
            (above.state, above.value),
            (CrossingState::NotReached, None)
        );
        assert_eq!((above.low, above.high), (Some(10.0), None));
        let below = crossing(&points, 0.3);
        assert_eq!((below.state, below.value), (CrossingState::AtFirst, None));
        assert_eq!((below.low, below.high), (None, Some(1.0)));
        assert_eq!(crossing(&[], 0.3).state, CrossingState::NotReached);
    }

    #[test]
    fn the_interval_ends_at_points_that_are_sure() {
        let points = [
            point(1.0, 0.0, 0.0, 0.2),
            point(10.0, 0.4, 0.45, 0.5),
            point(20.0, 0.45, 0.52, 0.6),
            point(50.0, 0.6, 0.7, 0.8),
            point(100.0, 0.8, 1.0, 1.0),
        ];
        let found = crossing(&points, 0.5);
        assert_eq!((found.low, found.high), (Some(1.0), Some(50.0)));
        let value = found.value.unwrap();
        assert!(10.0 < value && value < 20.0, "{value}");
    }

    #[test]
    fn a_dip_is_smoothed_before_it_is_crossed() {
        // 0.6 and 0.4 become 0.5 and 0.5; the level is reached at the first of them.
        let points = exact(&[(1.0, 0.1), (10.0, 0.6), (100.0, 0.4), (1_000.0, 0.9)]);
        assert_at(crossing(&points, 0.5), 10.0);
        let beyond = crossing(&points, 0.6).value.unwrap();
        assert!(100.0 < beyond && beyond < 1_000.0, "{beyond}");
    }
}
