//! The curve for terminals: one line per point, with what is to be compared on a scale from 0 to 100 %.

use std::fmt::Write as _;

use crate::report::bound::Scope;
use crate::report::power::Point;

/// Places of the scale.
const PLACES: usize = 61;

/// A figure of the curve, by its sign. Where two fall on one place the earlier is seen.
type Figure = (char, &'static str, fn(&Point) -> Option<f64>);

const FIGURES: [Figure; 4] = [
    ('●', "detected", |point| Some(point.detected.estimate)),
    ('○', "false aborts", |point| {
        Some(point.false_aborts.estimate)
    }),
    ('r', "best of what is read", |point| {
        Some(point.bound_of(Scope::Read)?.estimate)
    }),
    ('p', "best until promotion", |point| {
        Some(point.bound_of(Scope::Promotion)?.estimate)
    }),
];

/// The lines; `labels` are as many as points.
pub(super) fn lines(text: &mut String, points: &[&Point], labels: &[String], want: f64) {
    let width = labels.iter().map(|label| label.chars().count()).max();
    let width = width.unwrap_or_default();
    let _ = writeln!(text, "  {:width$}  {}", "", scale());
    for (point, label) in points.iter().zip(labels) {
        let _ = writeln!(text, "  {label:>width$}  {}", line(point, want));
    }
    let shown = |figure: &&Figure| points.iter().any(|point| (figure.2)(point).is_some());
    let signs = FIGURES.iter().filter(shown);
    let signs: Vec<String> = signs
        .map(|(sign, name, _)| format!("{sign} {name}"))
        .collect();
    let _ = writeln!(text, "  {:width$}  {}, ┊ wanted", "", signs.join(", "));
    text.push('\n');
}

/// Where a probability is.
fn place(probability: f64) -> usize {
    let place = probability.clamp(0.0, 1.0) * (PLACES - 1) as f64;
    place.round() as usize
}

fn scale() -> String {
    let mut line = vec![' '; PLACES + 6];
    for percent in [0, 25, 50, 75, 100] {
        let label = format!("{percent}");
        let start = place(f64::from(percent) / 100.0).saturating_sub(label.len() / 2);
        for (offset, letter) in label.chars().enumerate() {
            line[start + offset + 1] = letter;
        }
    }
    let end = PLACES + 2;
    line[end] = '%';
    line.iter().collect::<String>().trim_end().to_owned()
}

fn line(point: &Point, want: f64) -> String {
    let mut places = vec![' '; PLACES];
    places[place(want)] = '┊';
    for (sign, _, value) in FIGURES.iter().rev() {
        if let Some(value) = value(point) {
            places[place(value)] = *sign;
        }
    }
    format!("│{}│", places.iter().collect::<String>())
}
