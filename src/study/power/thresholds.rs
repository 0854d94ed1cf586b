//! The least traffic and the least size of a fault with the wanted power, read off the grid.

use crate::report::power::{ArmPower, MinimumEffect, MinimumTraffic, Point};
use crate::stats::Estimate;
use crate::stats::crossing::crossing;

use super::grid::is_same;

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

/// Power that comes with too many false aborts is none, so the grid is read above the last such rate only.
fn minimum_traffic(column: &[&Point], want: f64, limit: f64) -> Option<MinimumTraffic> {
    let first = column.first()?;
    let exceed = |point: &&&Point| point.false_aborts.estimate > limit;
    let unfit = column.iter().rposition(|point| exceed(&point));
    let fit = unfit.map_or(0, |last| last + 1);
    let curve: Vec<(f64, Estimate)> = column[fit..]
        .iter()
        .map(|point| (point.traffic_per_s, point.detected))
        .collect();
    Some(MinimumTraffic {
        size: first.size,
        size_text: first.size_text.clone(),
        traffic_per_s: crossing(&curve, want),
        false_aborts_up_to_per_s: unfit.map(|last| column[last].traffic_per_s),
    })
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
