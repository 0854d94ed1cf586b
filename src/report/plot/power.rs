//! Power over the service's traffic, or over the fault's size.

use super::{
    At, Axis, Colour, Curve, CurvePoint, Dashes, Figure, Mark, Marker, Picture, PlotError,
    SecondLabels, Spacing, Style,
};
use crate::report::bound::Scope;
use crate::report::number::{percent, thousands};
use crate::report::power::{ArmPower, Point, PowerReport, rate, shown_size};
use crate::scenario::size::Size;
use crate::stats::Estimate;
use crate::stats::crossing::CrossingState;

const PERCENT: f64 = 100.0;
/// Sizes that are told apart in one picture.
const MOST_SIZES: usize = 6;

/// The picture of one arm: over traffic where there are several rates, with a curve for each size if there
/// are several of these too; else over the size.
///
/// # Errors
/// As [`Figure::draw`].
pub fn picture(arm: &ArmPower, report: &PowerReport) -> Result<Picture, PlotError> {
    figure(arm, report).draw()
}

fn figure(arm: &ArmPower, report: &PowerReport) -> Figure {
    let rates = distinct(arm.points.iter().map(|point| point.traffic_per_s));
    let sizes = distinct(arm.points.iter().filter_map(|point| point.size));
    let over_traffic = rates.len() > 1;
    let curves = match (over_traffic, sizes.len() > 1) {
        (true, true) => by_size(arm, &sizes),
        (true, false) => all_figures(&arm.points, |point| Some(point.traffic_per_s)),
        (false, _) => all_figures(&arm.points, |point| Some(point.size? / unit(arm))),
    };
    let fixed = match (over_traffic, sizes.as_slice()) {
        (true, [size]) => {
            let name = arm.size.as_ref().map_or("size", |size| size.name.as_str());
            format!(" ({name} {})", shown_size(arm, *size))
        }
        (true, _) => String::new(),
        (false, _) => rates
            .first()
            .map_or(String::new(), |at| format!(" at {}", rate(*at))),
    };
    let values = if over_traffic {
        rates
    } else {
        sizes.iter().map(|size| size / unit(arm)).collect()
    };
    let mut marks = vec![Mark {
        name: format!("wanted: {}", percent(report.want, 1)),
        at: At::Y(PERCENT * report.want),
        dashes: Dashes::Dashed,
    }];
    marks.extend(minimum(arm, over_traffic));
    Figure {
        title: format!(
            "How often Rollout {} detects {}{fixed}",
            report.rollout, arm.name
        ),
        subtitle: format!(
            "{} releases a point; bars are 95 % intervals; a best test has as many false aborts as the template",
            thousands(report.replications)
        ),
        x: Axis {
            label: if over_traffic {
                "traffic of the service, requests per second".to_owned()
            } else {
                size_label(arm)
            },
            spacing: Spacing::Logarithmic,
            low: values.iter().copied().fold(f64::INFINITY, f64::min),
            high: values.iter().copied().fold(0.0, f64::max),
        },
        y: Axis {
            label: "share of releases, %".to_owned(),
            spacing: Spacing::Linear,
            low: 0.0,
            high: PERCENT,
        },
        second_x: over_traffic.then(|| second_labels(arm)).flatten(),
        curves,
        marks,
    }
}

fn distinct(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

/// The size's unit in pictures.
fn kind(arm: &ArmPower) -> Option<Size> {
    let name = arm.size.as_ref()?.name.as_str();
    Size::ALL.into_iter().find(|size| size.name() == name)
}

fn unit(arm: &ArmPower) -> f64 {
    kind(arm).map_or(1.0, |kind| kind.display_unit().0)
}

fn size_label(arm: &ArmPower) -> String {
    kind(arm).map_or(String::new(), |kind| {
        format!("{}{}", kind.name(), kind.display_unit().1)
    })
}

/// Requests of the canary in the fullest window, a multiple of the service's rate.
fn second_labels(arm: &ArmPower) -> Option<SecondLabels> {
    let fullest = arm.points.last()?;
    let most = fullest.canary_requests.window_most?;
    Some(SecondLabels {
        label: "canary requests in the fullest window".to_owned(),
        factor: most / fullest.traffic_per_s,
    })
}

/// The least traffic or size, if it is in the picture.
fn minimum(arm: &ArmPower, over_traffic: bool) -> Option<Mark> {
    let (name, crossing, scale) = if over_traffic {
        let [minimum] = arm.minimum_traffic.as_slice() else {
            return None;
        };
        let value = minimum.traffic_per_s.value?;
        (
            format!("minimum traffic: {}", rate(value)),
            minimum.traffic_per_s,
            1.0,
        )
    } else {
        let minimum = arm.minimum_effect.first()?;
        let value = minimum.size.value?;
        let shown = shown_size(arm, value);
        (
            format!("minimum detectable effect: {shown}"),
            minimum.size,
            unit(arm),
        )
    };
    let value = crossing
        .value
        .filter(|_| crossing.state == CrossingState::Inside)?;
    Some(Mark {
        name,
        at: At::X(value / scale),
        dashes: Dashes::Dotted,
    })
}

/// Detection, false aborts and the bounds.
fn all_figures(points: &[Point], x: impl Fn(&Point) -> Option<f64>) -> Vec<Curve> {
    type Figure = fn(&Point) -> Option<Estimate>;
    let figures: [(&str, Figure, Colour, Dashes, Marker); 5] = [
        (
            "detected",
            |point| Some(point.detected),
            Colour::Blue,
            Dashes::Solid,
            Marker::Disc,
        ),
        (
            "false aborts",
            |point| Some(point.false_aborts),
            Colour::Vermillion,
            Dashes::Dashed,
            Marker::Circle,
        ),
        (
            "best test of what is read",
            |point| point.bound_of(Scope::Read),
            Colour::Green,
            Dashes::Dotted,
            Marker::Triangle,
        ),
        (
            "best test until the last measurement",
            |point| point.bound_of(Scope::LastMeasurement),
            Colour::Orange,
            Dashes::DashDotted,
            Marker::Square,
        ),
        (
            "best test until promotion",
            |point| point.bound_of(Scope::Promotion),
            Colour::Purple,
            Dashes::Dashed,
            Marker::Diamond,
        ),
    ];
    let curves = figures
        .into_iter()
        .map(|(name, value, colour, dashes, marker)| {
            let points = points
                .iter()
                .filter_map(|point| Some(on_curve(x(point)?, value(point)?)));
            Curve {
                name: name.to_owned(),
                style: Style {
                    colour,
                    dashes,
                    marker,
                },
                points: points.collect(),
            }
        });
    curves.filter(|curve| !curve.points.is_empty()).collect()
}

fn on_curve(x: f64, estimate: Estimate) -> CurvePoint {
    CurvePoint {
        x,
        y: PERCENT * estimate.estimate,
        interval: estimate
            .low
            .zip(estimate.high)
            .map(|(low, high)| (PERCENT * low, PERCENT * high)),
    }
}

/// A curve of detection for each size, and one of the false aborts. Of many sizes some are left out, never
/// the smallest and the largest.
fn by_size(arm: &ArmPower, sizes: &[f64]) -> Vec<Curve> {
    let markers = [
        Marker::Disc,
        Marker::Square,
        Marker::Triangle,
        Marker::Diamond,
        Marker::Circle,
    ];
    let all = [
        Dashes::Solid,
        Dashes::Dashed,
        Dashes::DashDotted,
        Dashes::Dotted,
    ];
    let mut colours = Colour::ALL
        .into_iter()
        .filter(|colour| *colour != Colour::Vermillion);
    let shown = spread(sizes, MOST_SIZES);
    let mut curves: Vec<Curve> = Vec::new();
    for (index, size) in shown.into_iter().enumerate() {
        let points = arm.points.iter().filter(|point| point.size == Some(size));
        curves.push(Curve {
            name: format!("detected, {}", shown_size(arm, size)),
            style: Style {
                colour: colours.next().unwrap_or(Colour::Black),
                dashes: all[index % all.len()],
                marker: markers[index % markers.len()],
            },
            points: points
                .map(|point| on_curve(point.traffic_per_s, point.detected))
                .collect(),
        });
    }
    let first = arm
        .points
        .iter()
        .filter(|point| point.size == sizes.first().copied());
    curves.push(Curve {
        name: "false aborts".to_owned(),
        style: Style {
            colour: Colour::Vermillion,
            dashes: Dashes::Dashed,
            marker: Marker::Circle,
        },
        points: first
            .map(|point| on_curve(point.traffic_per_s, point.false_aborts))
            .collect(),
    });
    curves
}

/// At most `most` of them, evenly spread, with both ends.
fn spread(values: &[f64], most: usize) -> Vec<f64> {
    if values.len() <= most {
        return values.to_vec();
    }
    let last = values.len() - 1;
    (0..most).map(|k| values[k * last / (most - 1)]).collect()
}
