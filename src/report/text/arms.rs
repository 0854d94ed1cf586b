//! What each arm came to: an overview, then a table per arm.

use std::fmt::Write as _;

use comfy_table::{Cell, CellAlignment};

use super::{bound, plain_table, push_table};
use crate::engine::outcome::Outcome;
use crate::plan::ArmKind;
use crate::report::model::{AbortedAt, ArmResult, DecidedBy, MedianAndTail, Quantiles};
use crate::report::number::{count, percent, points, proportion, seconds, thousands};
use crate::stats::Estimate;

/// Rows of a list before the rest is summed up.
const MOST_ROWS: usize = 5;

pub(super) fn overview(text: &mut String, arms: &[ArmResult]) {
    if arms.len() < 2 {
        return;
    }
    let right = |content: String| Cell::new(content).set_alignment(CellAlignment::Right);
    let mut table = plain_table();
    let others = arms.iter().any(|arm| !other_outcomes(arm).is_empty());
    let mut header = vec![
        Cell::new("arm"),
        Cell::new("aborted by Failed (95 % interval)"),
        Cell::new("time to abort p50"),
        right("promoted".to_owned()),
        right("requests failed, mean".to_owned()),
    ];
    let bounds = arms.iter().any(|arm| !arm.bound.is_empty());
    if bounds {
        header.insert(2, Cell::new("best possible"));
    }
    if others {
        header.insert(4 + usize::from(bounds), Cell::new("other outcomes"));
    }
    table.set_header(header);
    for arm in arms {
        let mut row = vec![
            Cell::new(&arm.name),
            Cell::new(proportion(&arm.detected)),
            Cell::new(arm.time_to_abort_s.p50.map_or("–".to_owned(), seconds)),
            right(of_all(arm.outcomes.promoted, arm.replications)),
            right(count(arm.failed_requests.mean)),
        ];
        if bounds {
            row.insert(2, Cell::new(bound::in_short(arm)));
        }
        if others {
            row.insert(4 + usize::from(bounds), Cell::new(other_outcomes(arm)));
        }
        table.add_row(row);
    }
    push_table(text, &mut table);
}

/// What is neither promoted nor aborted by Failed.
fn other_outcomes(arm: &ArmResult) -> String {
    let others = Outcome::ALL
        .into_iter()
        .filter(|outcome| !matches!(outcome, Outcome::Promoted | Outcome::AbortedFailed))
        .map(|outcome| (outcome, arm.outcomes.of(outcome)))
        .filter(|(_, n)| *n > 0);
    let each = others
        .map(|(outcome, n)| format!("{}: {}", in_words(outcome), of_all(n, arm.replications)));
    each.collect::<Vec<_>>().join(", ")
}

pub(super) fn render(text: &mut String, arm: &ArmResult) {
    let kind = match arm.kind {
        ArmKind::Healthy => "",
        ArmKind::Fault => " (a bad release)",
    };
    let _ = writeln!(text, "Arm {}{kind}", arm.name);
    let mut table = plain_table();
    for (label, value) in rows(arm) {
        table.add_row(vec![label.to_owned(), value]);
    }
    push_table(text, &mut table);
}

fn rows(arm: &ArmResult) -> Vec<(&'static str, String)> {
    let probability = match arm.kind {
        ArmKind::Healthy => "false-abort probability",
        ArmKind::Fault => "detection probability",
    };
    let mut rows = vec![
        ("outcomes", outcomes(arm)),
        (probability, proportion(&arm.detected)),
    ];
    if let Some(excess) = &arm.excess_over_healthy {
        let (pairs, all) = (&excess.pairs, arm.replications);
        let healthy = of_all(pairs.both + pairs.only_healthy, all);
        rows.push((
            "  excess over healthy",
            format!("{}; false aborts: {healthy}", points(&excess.difference)),
        ));
    }
    rows.extend(bound::rows(&arm.bound));
    let aborts = arm.time_to_abort_s.p50.is_some();
    if aborts {
        rows.push(("time to abort", times(&arm.time_to_abort_s)));
        if let Some(all) = of_all_releases(arm) {
            rows.push(("  of all releases", all));
        }
        if arm.time_to_abort_from_onset_s.p50.is_some() {
            rows.push((
                "  from the fault's onset",
                times(&arm.time_to_abort_from_onset_s),
            ));
        }
        if arm.time_to_safe_s.p50.is_some() {
            rows.push(("time to safe", times(&arm.time_to_safe_s)));
        }
    }
    if !arm.aborted_at.is_empty() {
        rows.push(("aborted at", places(&arm.aborted_at)));
        rows.push(("decided by", metrics(&arm.decided_by)));
    }
    // Where all are aborted by Failed this has been said.
    if arm.outcomes.aborted_failed < arm.replications {
        rows.push(("ends after", duration(&arm.duration_s)));
    }
    if arm.unfinished.repeating > 0 {
        let repeating = thousands(arm.unfinished.repeating);
        rows.push((
            "unfinished",
            format!("the controller repeats itself for ever: {repeating}"),
        ));
    }
    if arm.pages.mean > 0.0 {
        rows.push(("pages", format!("{:.2} a release (mean)", arm.pages.mean)));
    }
    if arm.kind == ArmKind::Fault {
        rows.push(("requests failed by it", failed(arm)));
        if arm.failed_requests.after_miss_mean > 0.0 {
            rows.push(("  of these", failed_when(arm)));
        }
    }
    rows
}

/// When so many of all releases were aborted by Failed; none where that is said already.
fn of_all_releases(arm: &ArmResult) -> Option<String> {
    if arm.outcomes.aborted_failed == arm.replications {
        return None;
    }
    let name = Outcome::AbortedFailed.name();
    let incidence = arm
        .cumulative_incidence
        .iter()
        .find(|incidence| incidence.outcome == name)?;
    let at = |estimate: Option<Estimate>| estimate.map(|estimate| estimate.estimate);
    let quantiles = &incidence.quantiles_s;
    Some(median_and_tail(at(quantiles.p50), at(quantiles.p95)))
}

fn of_all(n: u64, of: u64) -> String {
    match n {
        0 => "none".to_owned(),
        _ if n == of => "all".to_owned(),
        _ => thousands(n),
    }
}

/// The outcomes that happened, the most frequent first.
fn outcomes(arm: &ArmResult) -> String {
    let mut counts: Vec<(Outcome, u64)> = Outcome::ALL
        .into_iter()
        .map(|outcome| (outcome, arm.outcomes.of(outcome)))
        .filter(|(_, n)| *n > 0)
        .collect();
    counts.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let each = counts.into_iter().map(|(outcome, n)| {
        let all = if n == arm.replications { "all " } else { "" };
        format!("{}: {all}{}", in_words(outcome), thousands(n))
    });
    each.collect::<Vec<_>>().join(", ")
}

fn in_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Promoted => "promoted",
        Outcome::AbortedFailed => "aborted by Failed",
        Outcome::AbortedError => "aborted by Error",
        Outcome::AbortedDeadline => "aborted by the progress deadline",
        Outcome::AbortedOperator => "aborted by an operator",
        Outcome::AbortedOther => "aborted otherwise",
        Outcome::PausedInconclusive => "paused as Inconclusive",
        Outcome::Paused => "paused for a human",
        Outcome::Degraded => "degraded",
        Outcome::Unfinished => "unfinished",
    }
}

fn times(quantiles: &Quantiles) -> String {
    median_and_tail(quantiles.p50, quantiles.p95)
}

fn duration(quantiles: &MedianAndTail) -> String {
    median_and_tail(quantiles.p50, quantiles.p95)
}

fn median_and_tail(p50: Option<f64>, p95: Option<f64>) -> String {
    let show = |value: Option<f64>| value.map_or("not reached".to_owned(), seconds);
    format!("p50 {}, p95 {}", show(p50), show(p95))
}

fn places(places: &[AbortedAt]) -> String {
    let mut sorted: Vec<&AbortedAt> = places.iter().collect();
    sorted.sort_by_key(|at| std::cmp::Reverse(at.n));
    let lines = sorted.into_iter().map(|at| {
        let step = at.step.map_or("outside the steps".to_owned(), |step| {
            format!("step {step}")
        });
        let line = format!(
            "{step}, weight {} %, really {} served",
            at.weight,
            percent(at.share, 1)
        );
        (line, at.n)
    });
    shortened(lines.collect())
}

fn metrics(decided: &[DecidedBy]) -> String {
    let lines = decided.iter().map(|decided| {
        let metric = decided.metric.as_deref().unwrap_or("no metric");
        (metric.to_owned(), decided.n)
    });
    shortened(lines.collect())
}

/// One line each with its count, the rest in one.
fn shortened(lines: Vec<(String, u64)>) -> String {
    if let [(only, _)] = lines.as_slice() {
        return only.clone();
    }
    let rest: u64 = lines.iter().skip(MOST_ROWS).map(|(_, n)| n).sum();
    let mut shown: Vec<String> = lines
        .into_iter()
        .take(MOST_ROWS)
        .map(|(line, n)| format!("{line}: {}", thousands(n)))
        .collect();
    if rest > 0 {
        shown.push(format!("elsewhere: {}", thousands(rest)));
    }
    shown.join("\n")
}

fn failed(arm: &ArmResult) -> String {
    let failed = &arm.failed_requests;
    format!(
        "mean {}, p50 {}, p95 {}",
        count(failed.mean),
        count(failed.p50),
        count(failed.p95)
    )
}

fn failed_when(arm: &ArmResult) -> String {
    let failed = &arm.failed_requests;
    let before = count(failed.before_outcome_mean);
    let after = count(failed.after_miss_mean);
    format!("mean {before} before the outcome, {after} after a miss")
}
