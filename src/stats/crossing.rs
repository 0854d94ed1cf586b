//! Where a rising curve, known at a few points with intervals, reaches a level.
//!
//! Estimates on a grid needn't rise with their true values. So they are made to by isotonic regression, and
//! what is between two points is interpolated, linearly in the logarithm of the abscissa.

use serde::{Deserialize, Serialize};

use super::Estimate;

/// Where the level is reached, with the interval that the points' intervals give.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Crossing {
    /// Whether it is reached between two points of the grid.
    pub state: CrossingState,
    /// Where; none unless it is reached inside the grid.
    pub value: Option<f64>,
    /// Where the upper limits reach the level; none where they do so before the grid or nowhere in it.
    pub low: Option<f64>,
    /// Where the lower limits reach the level; none where they do so before the grid or nowhere in it.
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

/// Where the estimates reach `level`. `points` are (abscissa above 0, estimate) with rising abscissae.
///
/// The interval is that of the points alone: it says nothing of the curve between them.
pub fn crossing(points: &[(f64, Estimate)], level: f64) -> Crossing {
    let reached = |ordinate: &dyn Fn(&Estimate) -> f64| {
        let abscissae: Vec<f64> = points.iter().map(|(x, _)| *x).collect();
        let ordinates: Vec<f64> = points.iter().map(|(_, y)| ordinate(y)).collect();
        let weights: Vec<f64> = points.iter().map(|(_, y)| y.n as f64).collect();
        first_reaching(&abscissae, &isotonic(&ordinates, &weights), level)
    };
    let (state, value) = reached(&|estimate| estimate.estimate);
    Crossing {
        state,
        value,
        low: reached(&|estimate| estimate.high.unwrap_or(1.0)).1,
        high: reached(&|estimate| estimate.low.unwrap_or(0.0)).1,
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
    abscissae: &[f64],
    ordinates: &[f64],
    level: f64,
) -> (CrossingState, Option<f64>) {
    match ordinates.iter().position(|&ordinate| ordinate >= level) {
        None => (CrossingState::NotReached, None),
        Some(0) => (CrossingState::AtFirst, None),
        Some(after) => {
            let before = after - 1;
            let share = (level - ordinates[before]) / (ordinates[after] - ordinates[before]);
            let (from, to) = (libm::log(abscissae[before]), libm::log(abscissae[after]));
            // At the point itself no logarithm gets in the way.
            let value = if share >= 1.0 {
                abscissae[after]
            } else {
                libm::exp(from + share * (to - from))
            };
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

    #[test]
    fn a_line_in_the_logarithm_is_crossed_where_it_is() {
        // y = log10(x)/2 between 1 and 100: 0.25 at 10^0.5, 0.75 at 10^1.5.
        let line = exact(&[(1.0, 0.0), (10.0, 0.5), (100.0, 1.0)]);
        assert_at(crossing(&line, 0.25), libm::sqrt(10.0));
        assert_at(crossing(&line, 0.75), 10.0 * libm::sqrt(10.0));
        // At a point itself.
        assert_eq!(crossing(&line, 0.5).value, Some(10.0));
        assert_eq!(crossing(&line, 1.0).value, Some(100.0));
    }

    #[test]
    fn outside_of_the_grid_there_is_no_value() {
        let points = exact(&[(1.0, 0.4), (10.0, 0.6)]);
        let above = crossing(&points, 0.7);
        assert_eq!(
            (above.state, above.value),
            (CrossingState::NotReached, None)
        );
        let below = crossing(&points, 0.3);
        assert_eq!((below.state, below.value), (CrossingState::AtFirst, None));
        assert_eq!(crossing(&[], 0.3).state, CrossingState::NotReached);
    }

    #[test]
    fn the_limits_cross_on_the_other_sides() {
        let points = [
            point(1.0, 0.0, 0.0, 0.2),
            point(10.0, 0.4, 0.5, 0.6),
            point(100.0, 0.8, 1.0, 1.0),
        ];
        let found = crossing(&points, 0.5);
        assert_eq!(found.value, Some(10.0));
        // 0.2 → 0.6 passes 0.5 after three quarters; 0.4 → 0.8 after a quarter.
        let (low, high) = (found.low.unwrap(), found.high.unwrap());
        assert!((low - libm::pow(10.0, 0.75)).abs() < 1e-9, "{low}");
        assert!((high - libm::pow(10.0, 1.25)).abs() < 1e-9, "{high}");
        let hardly = crossing(&points, 0.9);
        assert_eq!(hardly.high, None, "the lower limits never get there");
        assert!(hardly.value.is_some() && hardly.low.is_some());
    }

    #[test]
    fn a_dip_is_smoothed_before_it_is_crossed() {
        // 0.6 and 0.4 become 0.5 and 0.5; the level is reached at the first of them.
        let points = exact(&[(1.0, 0.0), (10.0, 0.6), (100.0, 0.4), (1_000.0, 1.0)]);
        assert_at(crossing(&points, 0.5), 10.0);
        assert_at(crossing(&points, 0.25), libm::sqrt(10.0));
        assert_at(crossing(&points, 0.75), 100.0 * libm::sqrt(10.0));
    }
}
