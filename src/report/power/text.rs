//! The report for people: a table and a curve per arm, what is needed at least, the verdict on the scenario
//! as it is, and what would help.

use std::fmt::Write as _;

use comfy_table::{Cell, CellAlignment, ContentArrangement};

use super::{curve, remedies};
use crate::report::bound::Scope;
use crate::report::number::{count, in_percent, percent, short, thousands};
use crate::report::power::{
    ArmPower, CanaryRequests, MinimumEffect, MinimumTraffic, Point, PowerReport,
};
use crate::report::text::{
    described, invalid_spec, list, paragraph, plain_table, push_table, with_help,
};
use crate::scenario::size::{Size, three_digits};
use crate::stats::crossing::{Crossing, CrossingState};

/// What the columns of the bounds mean.
const BEST: &str = "Best: what the most powerful test with as many false aborts would detect, of the canary \
requests that are read, of all until the last measurement, and of all until promotion.";

/// The report as plain text of about 100 columns. `command` is the command line that reproduces it.
pub fn render(report: &PowerReport, command: &str) -> String {
    let mut text = String::new();
    if let Some(invalid) = &report.invalid_spec {
        let _ = writeln!(text, "Rollout {}\n", report.rollout);
        invalid_spec(&mut text, invalid);
        return text;
    }
    let _ = writeln!(
        text,
        "Rollout {}: power, {} replications a point; wanted {} detected with at most {} false aborts",
        report.rollout,
        thousands(report.replications),
        percent(report.want, 1),
        percent(report.false_abort_limit, 2)
    );
    if !report.complete {
        text.push_str("INCOMPLETE: the study ended before its last point\n");
    }
    text.push('\n');
    for arm in &report.arms {
        of_arm(&mut text, arm, report);
    }
    let entries = report.findings.iter();
    let entries: Vec<String> = entries
        .map(|finding| with_help(described(finding), finding))
        .collect();
    list(&mut text, "Findings", entries.iter().map(String::as_str));
    list(
        &mut text,
        "Assumptions",
        report.assumptions.iter().map(String::as_str),
    );
    let _ = writeln!(
        text,
        "rollsim {}, random numbers {}, seed {}. To see it again:\n  {command}",
        report.rollsim, report.rng, report.seed
    );
    text
}

/// `0.05/s`, `30/h`, `6/d`
pub(in crate::report) fn rate(per_second: f64) -> String {
    let (value, unit) = match per_second {
        0.01.. => (per_second, "s"),
        0.000_27.. => (per_second * 3_600.0, "h"),
        _ => (per_second * 86_400.0, "d"),
    };
    format!("{}/{unit}", three_digits(value))
}

fn of_arm(text: &mut String, arm: &ArmPower, report: &PowerReport) {
    let sized = arm
        .points
        .iter()
        .any(|point| point.size != arm.points[0].size);
    let size = arm.points.first().and_then(|point| point.size_text.clone());
    let _ = match (&arm.size, size) {
        (Some(of), Some(size)) if !sized => {
            writeln!(text, "Arm {}, {} {size}\n", arm.name, of.name)
        }
        (Some(of), _) => writeln!(text, "Arm {}, by its {}\n", arm.name, of.name),
        (None, _) => writeln!(text, "Arm {}\n", arm.name),
    };
    table(text, arm, sized);
    let points: Vec<&Point> = arm.points.iter().collect();
    let labels: Vec<String> = points.iter().map(|point| label(point, sized)).collect();
    curve::lines(text, &points, &labels, report.want);
    if arm
        .points
        .iter()
        .any(|point| point.bound_of(Scope::Read).is_some())
    {
        paragraph(text, BEST, "  ");
    }
    for minimum in &arm.minimum_traffic {
        paragraph(text, &minimum_traffic(minimum, arm, report, sized), "  ");
    }
    for minimum in &arm.minimum_effect {
        paragraph(text, &minimum_effect(minimum, arm, report), "  ");
    }
    text.push('\n');
    if let Some(point) = arm.points.iter().find(|point| point.as_in_scenario) {
        let heading = format!("As the scenario has it, {}", label(point, sized));
        let verdict = remedies::verdict(point, report);
        paragraph(text, &format!("{heading}. {verdict}"), "  ");
        let items = remedies::items(point);
        if !items.is_empty() {
            text.push_str("\n  What would help\n");
        }
        for item in items {
            paragraph(text, &item, "  - ");
        }
        text.push('\n');
    }
}

fn label(point: &Point, sized: bool) -> String {
    match &point.size_text {
        Some(size) if sized => format!("{}, {size}", rate(point.traffic_per_s)),
        _ => rate(point.traffic_per_s),
    }
}

fn table(text: &mut String, arm: &ArmPower, sized: bool) {
    let right = |content: String| Cell::new(content).set_alignment(CellAlignment::Right);
    let mut table = plain_table();
    // Headings have their line ends where they are wanted; nothing else is ever too long.
    table.set_content_arrangement(ContentArrangement::Disabled);
    let mut header = vec![
        right("traffic".to_owned()),
        right("canary requests\nin a window".to_owned()),
        Cell::new("detected, %"),
        Cell::new("false aborts, %"),
        Cell::new("best of read /\nmeasured / promoted, %"),
        Cell::new("verdict"),
    ];
    if sized {
        header.insert(1, right("size".to_owned()));
    }
    table.set_header(header);
    for point in &arm.points {
        let best = Scope::ALL.map(|scope| {
            let bound = point.bound_of(scope);
            bound.map_or("–".to_owned(), |bound| short(100.0 * bound.estimate, 1))
        });
        let verdict = point.verdict.map_or("–", super::Verdict::name);
        let mut row = vec![
            right(rate(point.traffic_per_s)),
            right(window(&point.canary_requests)),
            Cell::new(in_percent(&point.detected)),
            Cell::new(in_percent(&point.false_aborts)),
            Cell::new(best.join(" / ")),
            Cell::new(verdict),
        ];
        if sized {
            row.insert(1, right(point.size_text.clone().unwrap_or_default()));
        }
        table.add_row(row);
    }
    push_table(text, &mut table);
}

/// Requests in the emptiest and the fullest window.
fn window(requests: &CanaryRequests) -> String {
    let (Some(least), Some(most)) = (requests.window_least, requests.window_most) else {
        return "–".to_owned();
    };
    let (least, most) = (count(least), count(most));
    if least == most {
        least
    } else {
        format!("{least}–{most}")
    }
}

fn minimum_traffic(
    minimum: &MinimumTraffic,
    arm: &ArmPower,
    report: &PowerReport,
    sized: bool,
) -> String {
    let want = percent(report.want, 1);
    let of = match &minimum.size_text {
        Some(size) if sized => format!(" of {size}"),
        _ => String::new(),
    };
    let (up_to, from) = (
        minimum.false_aborts_up_to_per_s,
        minimum.false_aborts_from_per_s,
    );
    let rates = arm.points.iter().map(|point| point.traffic_per_s);
    let lowest = rates
        .filter(|rate| up_to.is_none_or(|up_to| *rate > up_to))
        .fold(f64::INFINITY, f64::min);
    let value = match (minimum.traffic_per_s.state, up_to) {
        (CrossingState::Inside, _) => crossed(&minimum.traffic_per_s, rate),
        (CrossingState::AtFirst, Some(up_to)) => {
            format!("between {} and {}", rate(up_to), rate(lowest))
        }
        (CrossingState::AtFirst, None) => format!("at most {}", rate(lowest)),
        (CrossingState::NotReached, _) => "not reached in this grid".to_owned(),
    };
    let ends = [
        up_to.map(|up_to| format!("up to {}", rate(up_to))),
        from.map(|from| format!("from {} on", rate(from))),
    ];
    let ends: Vec<String> = ends.into_iter().flatten().collect();
    let unfit = if ends.is_empty() {
        String::new()
    } else {
        let limit = percent(report.false_abort_limit, 2);
        let ends = ends.join(" and ");
        format!(" ({ends} more than {limit} of healthy releases are aborted)")
    };
    format!("Minimum traffic to detect {want}{of}: {value}{unfit}.")
}

fn minimum_effect(minimum: &MinimumEffect, arm: &ArmPower, report: &PowerReport) -> String {
    let want = percent(report.want, 1);
    let show = |value: f64| shown_size(arm, value);
    let sizes = arm.points.iter().filter_map(|point| point.size);
    let value = match minimum.size.state {
        CrossingState::Inside => crossed(&minimum.size, show),
        CrossingState::AtFirst => format!("at most {}", show(sizes.fold(f64::INFINITY, f64::min))),
        CrossingState::NotReached => "not reached in this grid".to_owned(),
    };
    let unfit = if minimum.false_aborts_exceed {
        " (but more healthy releases are aborted than wanted)"
    } else {
        ""
    };
    format!(
        "Minimum detectable effect at {} for {want}: {value}{unfit}.",
        rate(minimum.traffic_per_s)
    )
}

/// `12.3/s (11.9/s–12.8/s)`
fn crossed(crossing: &Crossing, show: impl Fn(f64) -> String) -> String {
    let end = |value: Option<f64>| value.map_or("?".to_owned(), &show);
    format!(
        "{} ({}–{})",
        end(crossing.value),
        end(crossing.low),
        end(crossing.high)
    )
}

/// A size in the notation of the arm's fault.
pub(in crate::report) fn shown_size(arm: &ArmPower, value: f64) -> String {
    let name = arm.size.as_ref().map(|size| size.name.as_str());
    let kind = Size::ALL.into_iter().find(|size| Some(size.name()) == name);
    kind.map_or_else(|| value.to_string(), |kind| kind.show(value))
}
