//! What became of a scenario's expectations: `rollsim/check/v1`, as text and as JSON.
//!
//! As with results of a run, nothing of the machine is in it: same inputs, seed and version, same bytes.

use std::fmt::Write as _;

use comfy_table::{Cell, CellAlignment};
use serde::Serialize;

use super::model::Input;
use super::number::{count, percent, seconds, thousands};
use super::text::{plain_table, push_table};
use crate::scenario::expectation::{Expectation, Unit};
use crate::stats::Estimate;

/// The form's name.
pub const SCHEMA: &str = "rollsim/check/v1";

/// What became of all expectations.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckReport {
    /// [`SCHEMA`].
    pub schema: String,
    /// The version of the program that wrote it.
    pub rollsim: String,
    /// The addressing scheme of random draws.
    pub rng: String,
    /// The scenario file as given.
    pub scenario: Option<String>,
    /// The seed.
    pub seed: u64,
    /// How probable a wrong verdict on a share is at most, outside the margin.
    pub error_probability: f64,
    /// How near to its bound a share may be called either way, from 0 to 1.
    pub margin: f64,
    /// How many looks there could have been.
    pub looks: u64,
    /// Every file read, in the order of reading.
    pub inputs: Vec<Input>,
    /// One per expectation and Rollout, in the scenario's order.
    pub expectations: Vec<CheckedExpectation>,
}

/// What became of one expectation.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedExpectation {
    /// The Rollout.
    pub rollout: String,
    /// What was expected.
    pub expectation: Expectation,
    /// Whether it is met.
    pub verdict: Verdict,
    /// What was found; none where there was nothing to measure.
    pub estimate: Option<Estimate>,
    /// Replications of the arm at the look that decided, or at the last one.
    pub replications: u64,
    /// Why it is not met, where the numbers don't say.
    pub reason: Option<String>,
}

/// Whether an expectation is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is.
    Met,
    /// It isn't.
    NotMet,
    /// The replications don't suffice to tell.
    Undecided,
}

impl Verdict {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not met",
            Self::Undecided => "undecided",
        }
    }
}

impl CheckReport {
    /// The arms with an undecided expectation, each once, in order of their names.
    pub fn undecided_arms(&self) -> Vec<String> {
        let undecided = self.with(Verdict::Undecided);
        let mut arms: Vec<String> = undecided.map(|one| one.expectation.arm.clone()).collect();
        arms.sort();
        arms.dedup();
        arms
    }

    /// The expectations with this verdict.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &CheckedExpectation> {
        let all = self.expectations.iter();
        all.filter(move |one| one.verdict == verdict)
    }
}

/// The verdicts as a table and a sentence.
pub fn text(report: &CheckReport) -> String {
    let mut text = String::new();
    let mut table = plain_table();
    table.set_header([
        "",
        "arm",
        "figure",
        "expected",
        "found (interval)",
        "replications",
    ]);
    for one in &report.expectations {
        let expected = &one.expectation;
        table.add_row([
            Cell::new(one.verdict.name()),
            Cell::new(&expected.arm),
            Cell::new(expected.figure.name()),
            Cell::new(&expected.text),
            Cell::new(found(one)),
            Cell::new(thousands(one.replications)).set_alignment(CellAlignment::Right),
        ]);
    }
    push_table(&mut text, &mut table);
    for one in report.with(Verdict::NotMet) {
        let expected = &one.expectation;
        let (place, arm, figure) = (&expected.place, &expected.arm, expected.figure.name());
        let reason = one.reason.as_deref();
        let reason = reason.map_or(String::new(), |reason| format!(": {reason}"));
        let _ = writeln!(text, "{place}: not met: {arm}, {figure}{reason}");
    }
    let [met, not_met, undecided] = [Verdict::Met, Verdict::NotMet, Verdict::Undecided]
        .map(|verdict| report.with(verdict).count());
    let _ = writeln!(text, "{met} met, {not_met} not met, {undecided} undecided");
    if undecided > 0 {
        text.push_str("More replications may decide the rest: --replications N.\n");
    }
    text
}

fn found(one: &CheckedExpectation) -> String {
    let Some(estimate) = &one.estimate else {
        return "–".to_owned();
    };
    let interval = |show: fn(f64) -> String| {
        let limit = |limit: Option<f64>| limit.map_or("?".to_owned(), show);
        let (low, high) = (limit(estimate.low), limit(estimate.high));
        format!("{} ({low} … {high})", show(estimate.estimate))
    };
    match one.expectation.figure.unit() {
        Unit::Share => interval(|share| percent(share, 2)),
        Unit::Time => interval(seconds),
        Unit::Number => interval(count),
    }
}

#[derive(Serialize)]
struct JsonExpectation<'a> {
    rollout: &'a str,
    arm: &'a str,
    figure: &'a str,
    expected: &'a str,
    bound: f64,
    verdict: Verdict,
    found: Option<Estimate>,
    replications: u64,
    place: &'a str,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonReport<'a> {
    schema: &'a str,
    rollsim: &'a str,
    rng: &'a str,
    scenario: Option<&'a str>,
    seed: u64,
    error_probability: f64,
    margin: f64,
    looks: u64,
    inputs: &'a [Input],
    met: usize,
    not_met: usize,
    undecided: usize,
    expectations: Vec<JsonExpectation<'a>>,
}

/// The stable JSON form, with a newline at the end.
///
/// # Errors
/// A number that JSON can't hold. No estimate is one, since all are finite.
pub fn json(report: &CheckReport) -> serde_json::Result<String> {
    let expectations = report.expectations.iter().map(|one| JsonExpectation {
        rollout: &one.rollout,
        arm: &one.expectation.arm,
        figure: one.expectation.figure.name(),
        expected: &one.expectation.text,
        bound: one.expectation.bound,
        verdict: one.verdict,
        found: one.estimate,
        replications: one.replications,
        place: &one.expectation.place,
        reason: one.reason.as_deref(),
    });
    let mut text = serde_json::to_string_pretty(&JsonReport {
        schema: &report.schema,
        rollsim: &report.rollsim,
        rng: &report.rng,
        scenario: report.scenario.as_deref(),
        seed: report.seed,
        error_probability: report.error_probability,
        margin: report.margin,
        looks: report.looks,
        inputs: &report.inputs,
        met: report.with(Verdict::Met).count(),
        not_met: report.with(Verdict::NotMet).count(),
        undecided: report.with(Verdict::Undecided).count(),
        expectations: expectations.collect(),
    })?;
    text.push('\n');
    Ok(text)
}
