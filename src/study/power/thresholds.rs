//! The least traffic and the least size of a fault with the wanted power, read off the grid, and where the
//! grid should be finer to tell them.

use std::ops::Range;

use crate::report::power::{ArmPower, MinimumEffect, MinimumTraffic, Point};
use crate::stats::Estimate;
use crate::stats::crossing::{Crossing, crossing};

use super::grid::{is_same, middle};

/// Reads them off the points that there are; none along an axis of one point.
pub(super) fn fill_in(arm: &mut ArmPower, want: f64, limit: f64) {
    let points = &arm.points;
    let sizes = distinct(points.iter().map(|point| point.size));
    let rates = distinct(points.iter().map(|point| Some(point.traffic_per_s)));
    let same = |one: Option<f64>, other: Option<f64>| match (one, other) {
        (Some(one), Some(other)) => is_same(one, other),
        (one, other) => one == other,
    };
    if rates.len() > 1 {
        let each = sizes.iter().map(|&size| {
            let column = points.iter().filter(|point| same(point.size, size));
            minimum_traffic(&column.collect::<Vec<_>>(), want, limit)
        });
        arm.minimum_traffic = each.flatten().collect();
    }
    if sizes.len() > 1 {
        let each = rates.iter().map(|&rate| {
            let row = points
                .iter()
                .filter(|point| same(Some(point.traffic_per_s), rate));
            minimum_effect(&row.collect::<Vec<_>>(), want, limit)
        });
        arm.minimum_effect = each.flatten().collect();
    }
}

/// Between points closer than this factor nobody asks for another.
const CLOSE_ENOUGH: f64 = 1.1;

/// Where another point would tell more of an arm's minimum along its only axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Finer {
    /// At this rate.
    Traffic(f64),
    /// At this size.
    Size(f64),
}

/// The middle of the widest gap between points among those that the minimum lies between; none on a grid of
/// two axes, where the limits aren't both in it, or where all are close.
pub(super) fn finer(arm: &ArmPower) -> Option<Finer> {
    match (
        arm.minimum_traffic.as_slice(),
        arm.minimum_effect.as_slice(),
    ) {
        ([minimum], []) => {
            let rates = arm.points.iter().map(|point| point.traffic_per_s);
            widest_gap(&minimum.traffic_per_s, rates).map(Finer::Traffic)
        }
        ([], [minimum]) => {
            let sizes = arm.points.iter().filter_map(|point| point.size);
            widest_gap(&minimum.size, sizes).map(Finer::Size)
        }
        _ => None,
    }
}

fn widest_gap(crossing: &Crossing, abscissae: impl Iterator<Item = f64>) -> Option<f64> {
    let (low, high) = crossing.low.zip(crossing.high)?;
    let between: Vec<f64> = abscissae.filter(|x| (low..=high).contains(x)).collect();
    let ratio = |gap: &[f64]| gap[1] / gap[0];
    let widest = between
        .windows(2)
        .max_by(|one, other| ratio(one).total_cmp(&ratio(other)))?;
    middle(widest[0], widest[1]).filter(|_| ratio(widest) > CLOSE_ENOUGH)
}

/// Each value once, in the order of their first.
fn distinct(values: impl Iterator<Item = Option<f64>>) -> Vec<Option<f64>> {
    let mut distinct: Vec<Option<f64>> = Vec::new();
    for value in values {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    distinct
}

/// Power that comes with too many false aborts is none: only adjacent rates without them count, the lowest
/// of which reach the wanted power, or else the highest that there are.
fn minimum_traffic(column: &[&Point], want: f64, limit: f64) -> Option<MinimumTraffic> {
    let first = column.first()?;
    let fits = |point: &Point| point.false_aborts.estimate <= limit;
    let stretches: Vec<Range<usize>> = stretches(column, fits);
    let reaches = |stretch: &&Range<usize>| {
        let mut points = column[(*stretch).clone()].iter();
        points.any(|point| point.detected.estimate >= want)
    };
    let stretch = stretches.iter().find(reaches).or(stretches.last());
    let stretch = stretch.cloned().unwrap_or(column.len()..column.len());
    let curve: Vec<(f64, Estimate)> = column[stretch.clone()]
        .iter()
        .map(|point| (point.traffic_per_s, point.detected))
        .collect();
    let rate = |index: usize| column.get(index).map(|point| point.traffic_per_s);
    Some(MinimumTraffic {
        size: first.size,
        size_text: first.size_text.clone(),
        traffic_per_s: crossing(&curve, want),
        false_aborts_up_to_per_s: stretch.start.checked_sub(1).and_then(rate),
        false_aborts_from_per_s: rate(stretch.end),
    })
}

/// Maximal runs of adjacent points that fit.
fn stretches(column: &[&Point], fits: impl Fn(&Point) -> bool) -> Vec<Range<usize>> {
    let mut stretches: Vec<Range<usize>> = Vec::new();
    for (index, _) in column.iter().enumerate().filter(|(_, point)| fits(point)) {
        match stretches.last_mut() {
            Some(last) if last.end == index => last.end += 1,
            _ => stretches.push(index..index + 1),
        }
    }
    stretches
}

fn minimum_effect(row: &[&Point], want: f64, limit: f64) -> Option<MinimumEffect> {
    let first = row.first()?;
    let curve: Vec<(f64, Estimate)> = row
        .iter()
        .filter_map(|point| Some((point.size?, point.detected)))
        .collect();
    Some(MinimumEffect {
        traffic_per_s: first.traffic_per_s,
        size: crossing(&curve, want),
        false_aborts_exceed: first.false_aborts.estimate > limit,
    })
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use super::{Finer, fill_in, finer};
    use crate::report::power::{ArmPower, CanaryRequests, FaultSize, Point};
    use crate::stats::crossing::CrossingState;
    use crate::stats::proportion::proportion;

    fn point(traffic_per_s: f64, size: Option<f64>, detected: u64, false_aborts: u64) -> Point {
        let of_thousand = |count| proportion(count, NonZeroU64::new(1_000).unwrap());
        Point {
            traffic_per_s,
            size,
            size_text: None,
            as_in_scenario: false,
            canary_requests: CanaryRequests::default(),
            detected: of_thousand(detected),
            aborted: of_thousand(detected),
            false_aborts: of_thousand(false_aborts),
            bound: Vec::new(),
            verdict: None,
            no_verdict_because: None,
            losses: None,
            remedies: None,
        }
    }

    fn arm(points: Vec<Point>) -> ArmPower {
        let mut arm = ArmPower {
            name: "f".to_owned(),
            size: Some(FaultSize {
                name: "errors".to_owned(),
                unit: "share".to_owned(),
                scenario: 0.03,
            }),
            points,
            minimum_traffic: Vec::new(),
            minimum_effect: Vec::new(),
        };
        fill_in(&mut arm, 0.9, 0.01);
        arm
    }

    #[test]
    fn power_with_too_many_false_aborts_is_none() {
        let size = Some(0.03);
        let arm = arm(vec![
            point(0.1, size, 990, 600),
            point(1.0, size, 300, 5),
            point(10.0, size, 950, 0),
        ]);
        let [minimum] = arm.minimum_traffic.as_slice() else {
            panic!("one size has one minimum");
        };
        assert_eq!(minimum.false_aborts_up_to_per_s, Some(0.1));
        let found = minimum.traffic_per_s;
        assert_eq!((found.low, found.high), (Some(1.0), Some(10.0)));
        let value = found.value.unwrap();
        assert!(3.0 < value && value < 10.0, "{value}");
        assert_eq!(finer(&arm), Some(Finer::Traffic(3.16)));
        assert!(arm.minimum_effect.is_empty(), "there is one size only");
    }

    #[test]
    fn a_count_that_more_traffic_breaks_has_its_minimum_below() {
        let arm = arm(vec![
            point(0.1, None, 100, 0),
            point(1.0, None, 950, 2),
            point(10.0, None, 1_000, 40),
            point(100.0, None, 1_000, 900),
        ]);
        let minimum = &arm.minimum_traffic[0];
        let value = minimum.traffic_per_s.value.unwrap();
        assert!(0.1 < value && value < 1.0, "{value}");
        assert_eq!(minimum.false_aborts_up_to_per_s, None);
        assert_eq!(minimum.false_aborts_from_per_s, Some(10.0));
    }

    #[test]
    fn a_point_that_decides_nothing_gets_neighbours() {
        let arm = arm(vec![
            point(0.5, None, 200, 0),
            point(5.0, None, 900, 0),
            point(25.0, None, 1_000, 0),
        ]);
        let found = arm.minimum_traffic[0].traffic_per_s;
        assert_eq!((found.low, found.high), (Some(0.5), Some(25.0)));
        assert_eq!(finer(&arm), Some(Finer::Traffic(1.58)), "not at 5 again");
    }

    #[test]
    fn where_all_have_too_many_none_is_reached() {
        let arm = arm(vec![
            point(1.0, None, 990, 600),
            point(10.0, None, 990, 600),
        ]);
        let minimum = &arm.minimum_traffic[0];
        assert_eq!(minimum.traffic_per_s.state, CrossingState::NotReached);
        assert_eq!(minimum.false_aborts_up_to_per_s, Some(10.0));
    }

    #[test]
    fn each_rate_has_its_least_effect_and_each_size_its_least_traffic() {
        let arm = arm(vec![
            point(1.0, Some(0.01), 100, 0),
            point(1.0, Some(0.1), 1_000, 0),
            point(10.0, Some(0.01), 900, 30),
            point(10.0, Some(0.1), 1_000, 30),
        ]);
        assert_eq!(arm.minimum_traffic.len(), 2);
        let [little, much] = arm.minimum_effect.as_slice() else {
            panic!("two rates have two");
        };
        let found = little.size;
        assert_eq!((found.low, found.high), (Some(0.01), Some(0.1)));
        assert_eq!(finer(&arm), None, "two axes are as fine as they are");
        assert!(!little.false_aborts_exceed && much.false_aborts_exceed);
        assert_eq!(much.size.state, CrossingState::AtFirst);
    }
}
