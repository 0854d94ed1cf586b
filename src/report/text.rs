//! The report for people: plan, a table per arm, findings, assumptions, and how to see it again.

mod arms;
mod base_rates;
mod bound;
mod plan;
mod sensitivity;

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table, TableStyle};

use super::model::{FindingEntry, InvalidSpec, Report, RolloutResult};
use super::number::thousands;

/// No line is longer, as long as names are not.
pub(super) const WIDTH: usize = 100;

/// The report as plain text of at most 100 columns. `command` is the command line that reproduces it.
pub fn render(report: &Report, command: &str) -> String {
    let mut text = String::new();
    for result in &report.results {
        rollout(&mut text, result);
    }
    findings(&mut text, report);
    list(
        &mut text,
        "Assumptions",
        report.assumptions.iter().map(String::as_str),
    );
    // Where nothing was simulated there is nothing to see again.
    if report.results.iter().any(|result| !result.arms.is_empty()) {
        let _ = writeln!(
            text,
            "rollsim {}, random numbers {}, seed {}. To see it again:\n  {command}",
            report.rollsim, report.rng, report.seed
        );
    }
    while text.ends_with("\n\n") {
        text.pop();
    }
    text
}

fn rollout(text: &mut String, result: &RolloutResult) {
    let replications: Vec<u64> = result.arms.iter().map(|arm| arm.replications).collect();
    let _ = write!(text, "Rollout {}", result.rollout);
    if let (Some(least), Some(most)) = (replications.iter().min(), replications.iter().max()) {
        let each = if least == most {
            thousands(*least)
        } else {
            format!("{} to {}", thousands(*least), thousands(*most))
        };
        let _ = write!(text, ": {each} replications an arm");
    }
    text.push_str("\n\n");
    if let Some(invalid) = &result.invalid_spec {
        invalid_spec(text, invalid);
        return;
    }
    if let Some(summary) = &result.plan {
        plan::render(text, summary);
    }
    arms::overview(text, &result.arms);
    for arm in &result.arms {
        arms::render(text, arm);
    }
    if let Some(rates) = &result.base_rates {
        base_rates::render(text, rates);
    }
    if let Some(sensitivity) = &result.sensitivity {
        sensitivity::render(text, sensitivity);
    }
}

pub(super) fn invalid_spec(text: &mut String, invalid: &InvalidSpec) {
    text.push_str(
        "InvalidSpec: the controller deploys nothing, so nothing was simulated. It shows:\n",
    );
    // Word for word, so not wrapped.
    let _ = writeln!(text, "  {}", invalid.message);
    let mut groups = grouped(&invalid.findings);
    let shown = Pattern::of(&invalid.message);
    let same = |group: &&mut Vec<&FindingEntry>| {
        let pattern = group.first().map(|first| Pattern::of(&first.message));
        pattern.is_some_and(|pattern| shown.ends_with(&pattern))
    };
    if let Some(place) = &invalid.place {
        let _ = writeln!(text, "  at {place}");
    }
    if let Some(group) = groups.iter_mut().find(same) {
        let _ = writeln!(text, "  {}", also(invalid.place.as_deref(), group));
        group.clear();
    }
    if let Some(help) = &invalid.help {
        paragraph(text, &hint(help), "  ");
    }
    text.push('\n');
    let entries = groups.iter().filter_map(|group| {
        let first = group.first()?;
        let mut entry = described(first);
        if group.len() > 1 {
            let _ = write!(entry, " ({})", also(first.place.as_deref(), &group[1..]));
        }
        Some(with_help(entry, first))
    });
    let entries: Vec<String> = entries.collect();
    list(text, "Also wrong", entries.iter().map(String::as_str));
}

/// A message without the number of its step, so that the same mistake in several steps is told once.
#[derive(Debug, PartialEq)]
struct Pattern<'m> {
    before: &'m str,
    step: Option<&'m str>,
    after: &'m str,
}

impl<'m> Pattern<'m> {
    fn of(message: &'m str) -> Self {
        let split = message.split_once("steps[").and_then(|(before, rest)| {
            let (step, after) = rest.split_once(']')?;
            let digits = step.bytes().all(|byte| byte.is_ascii_digit());
            digits.then_some((before, step, after))
        });
        let (before, step, after) =
            split.map_or((message, None, ""), |(b, step, a)| (b, Some(step), a));
        Self {
            before,
            step,
            after,
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        (self.before, self.after) == (other.before, other.after)
            && (self.step.is_some() || other.step.is_none())
    }

    /// Whether this is the other one behind some words of its own.
    fn ends_with(&self, other: &Self) -> bool {
        self.step.is_some()
            && other.step.is_some()
            && self.before.ends_with(other.before)
            && self.after == other.after
    }
}

/// Findings that differ in the number of their step only, in the order of the first of each.
fn grouped(findings: &[FindingEntry]) -> Vec<Vec<&FindingEntry>> {
    let mut groups: Vec<Vec<&FindingEntry>> = Vec::new();
    for finding in findings {
        let pattern = Pattern::of(&finding.message);
        let same = |group: &&mut Vec<&FindingEntry>| {
            let first = group.first();
            first.is_some_and(|first| Pattern::of(&first.message).is_like(&pattern))
        };
        match groups.iter_mut().find(same) {
            Some(group) if pattern.step.is_some() => group.push(finding),
            _ => groups.push(vec![finding]),
        }
    }
    groups
}

/// `the same for steps[5] at rollout.yaml:34:13`; places only where they differ from `place`.
fn also(place: Option<&str>, others: &[&FindingEntry]) -> String {
    let each = others.iter().map(|other| {
        let step = Pattern::of(&other.message).step.unwrap_or_default();
        match other.place.as_deref().filter(|other| Some(*other) != place) {
            Some(place) => format!("steps[{step}] at {place}"),
            None => format!("steps[{step}]"),
        }
    });
    format!("the same for {}", each.collect::<Vec<_>>().join(", "))
}

fn findings(text: &mut String, report: &Report) {
    finding_list(text, &report.findings, report.results.len() > 1);
}

/// Findings as a list; with `several` each says which Rollout it is about.
pub(super) fn finding_list(text: &mut String, findings: &[FindingEntry], several: bool) {
    let entries = findings.iter().map(|finding| {
        let about = finding.rollout.as_deref().filter(|_| several);
        let entry = about.map_or_else(
            || described(finding),
            |rollout| format!("{rollout}: {}", described(finding)),
        );
        with_help(entry, finding)
    });
    let entries: Vec<String> = entries.collect();
    list(text, "Findings", entries.iter().map(String::as_str));
}

pub(super) fn described(finding: &FindingEntry) -> String {
    match &finding.place {
        Some(place) => format!("{place}: {}", finding.message),
        None => finding.message.clone(),
    }
}

pub(super) fn with_help(entry: String, finding: &FindingEntry) -> String {
    match &finding.help {
        Some(help) => format!("{entry}\n{}", hint(help)),
        None => entry,
    }
}

fn hint(help: &str) -> String {
    let end = if help.ends_with('?') { "" } else { "." };
    format!("Help: {help}{end}")
}

pub(super) fn list<'a>(text: &mut String, title: &str, items: impl Iterator<Item = &'a str>) {
    let mut items = items.peekable();
    if items.peek().is_none() {
        return;
    }
    let _ = writeln!(text, "{title}");
    for item in items {
        paragraph(text, item, "- ");
    }
    text.push('\n');
}

/// Words filled into lines, the first after `bullet`, the others indented as far. Line ends of `words`
/// stay: what follows them starts on a line of its own.
pub(super) fn paragraph(text: &mut String, words: &str, bullet: &str) {
    let blank = " ".repeat(bullet.chars().count());
    for (number, line) in words.lines().enumerate() {
        let margin = if number == 0 { bullet } else { blank.as_str() };
        fill(text, line, margin);
    }
}

fn fill(text: &mut String, line: &str, margin: &str) {
    let indent = margin.chars().count();
    // Texts of the real systems point into what they quote: their indentation stays.
    if line.starts_with([' ', '|']) {
        let _ = writeln!(text, "{margin}{line}");
        return;
    }
    let mut column = 0;
    for word in line.split_whitespace() {
        let width = word.chars().count();
        if column == 0 {
            text.push_str(margin);
            column = indent;
        } else if column + 1 + width > WIDTH {
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += width;
    }
    text.push('\n');
}

/// A table of at most [`WIDTH`] columns without lines, two spaces from the margin.
pub(super) fn plain_table() -> Table {
    let mut table = Table::new();
    table
        .load_style(TableStyle::new())
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(100);
    table
}

pub(super) fn push_table(text: &mut String, table: &mut Table) {
    for column in table.column_iter_mut() {
        column.set_padding((2, 0));
    }
    text.push_str(&table.trim_fmt());
    text.push_str("\n\n");
}

#[cfg(test)]
mod tests;
