//! The plan in a few lines: what a release that goes through does, and what its measurements read.

use std::fmt::Write as _;

use comfy_table::{Cell, CellAlignment};

use super::{plain_table, push_table};
use crate::report::model::{PlanMeasurement, PlanStep, PlanSummary};
use crate::report::number::{count, percent, seconds};

pub(super) fn render(text: &mut String, plan: &PlanSummary) {
    let _ = writeln!(
        text,
        "Plan: a release that goes through is promoted after {}\n",
        seconds(plan.duration_s)
    );
    steps(text, &plan.steps);
    measurements(text, &plan.measurements);
}

fn right(content: impl ToString) -> Cell {
    Cell::new(content).set_alignment(CellAlignment::Right)
}

fn steps(text: &mut String, steps: &[PlanStep]) {
    if steps.is_empty() {
        return;
    }
    let mut table = plain_table();
    table.set_header(vec![
        right("step"),
        Cell::new("does"),
        right("asked"),
        right("really served"),
        right("from"),
        right("until"),
    ]);
    for step in steps {
        table.add_row(vec![
            right(step.step),
            Cell::new(&step.text),
            right(format!("{} %", step.weight)),
            right(percent(step.share, 1)),
            right(seconds(step.start_s)),
            right(seconds(step.end_s)),
        ]);
    }
    push_table(text, &mut table);
}

fn measurements(text: &mut String, measurements: &[PlanMeasurement]) {
    if measurements.is_empty() {
        return;
    }
    let mut table = plain_table();
    table.set_header(vec![
        right("step"),
        Cell::new("metric"),
        right("measured"),
        Cell::new("at"),
        right("reads the last"),
        right("canary requests in it"),
    ]);
    for group in groups(measurements) {
        let Some((first, last)) = group.first().zip(group.last()) else {
            continue;
        };
        let at = match group.len() {
            1 => seconds(first.at_s),
            _ => format!("{} … {}", seconds(first.at_s), seconds(last.at_s)),
        };
        let times = match group.len() {
            1 => "once".to_owned(),
            n => format!("{n} times"),
        };
        let step = first
            .step
            .map_or("background".to_owned(), |step| step.to_string());
        table.add_row(vec![
            right(step),
            Cell::new(&first.metric),
            right(times),
            Cell::new(at),
            right(windows(&group)),
            right(requests(&group)),
        ]);
    }
    push_table(text, &mut table);
}

/// Measurements of one metric in one step, in the order of their first.
fn groups(measurements: &[PlanMeasurement]) -> Vec<Vec<&PlanMeasurement>> {
    let mut groups: Vec<Vec<&PlanMeasurement>> = Vec::new();
    for taken in measurements {
        let same = |group: &&mut Vec<&PlanMeasurement>| {
            group
                .first()
                .is_some_and(|first| first.metric == taken.metric && first.step == taken.step)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(taken),
            None => groups.push(vec![taken]),
        }
    }
    groups
}

fn windows(group: &[&PlanMeasurement]) -> String {
    let lengths = group
        .iter()
        .filter_map(|taken| taken.window)
        .map(|window| window.to_s - window.from_s);
    range(lengths, seconds)
}

fn requests(group: &[&PlanMeasurement]) -> String {
    range(
        group.iter().filter_map(|taken| taken.canary_requests),
        count,
    )
}

fn range(values: impl Iterator<Item = f64>, show: impl Fn(f64) -> String) -> String {
    let values: Vec<f64> = values.collect();
    let least = values.iter().copied().reduce(f64::min).map(&show);
    let most = values.iter().copied().reduce(f64::max).map(&show);
    match (least, most) {
        (Some(least), Some(most)) if least == most => least,
        (Some(least), Some(most)) => format!("{least} … {most}"),
        _ => "–".to_owned(),
    }
}
