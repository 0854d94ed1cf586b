//! `rollsim check`: whether a scenario's expectations are met.
//!
//! Arms are replayed in looks of 1,000, 4,000, 16,000, … replications, each a prefix of the next, until every
//! expectation of the arm is decided or the most replications are reached. Each look decides with its part of
//! the error probability, see [`decide`].

mod decide;
mod figures;

use std::collections::BTreeSet;
use std::num::NonZeroU64;

use crate::diagnostics::Diagnostic;
use crate::montecarlo::progress::Progress;
use crate::report::check::{CheckReport, CheckedExpectation, SCHEMA, Verdict};
use crate::report::model::{ArmResult, RNG, Report, VERSION};
use crate::scenario::expectation::Expectation;

use super::failure::Failure;
use super::input::{self, Inputs};
use super::request::{CheckRequest, RunRequest};
use super::run::run_on;

/// Replications of the first look.
const FIRST_LOOK: u64 = 1_000;
/// How much larger each look is than the one before.
const GROWTH: u64 = 4;

/// Answers a request.
pub fn check(request: &CheckRequest, progress: &Progress) -> Result<CheckReport, Failure> {
    let inputs = input::read(&request.inputs)?;
    if inputs.scenario.expectations.is_empty() {
        return Err(nothing_expected(&inputs));
    }
    let most = request
        .replications
        .map_or(CheckRequest::MOST_REPLICATIONS, NonZeroU64::get);
    let looks = looks(most);
    let mut checked: Option<CheckReport> = None;
    for replications in &looks {
        let arms = match &checked {
            None => all_arms(&inputs),
            Some(checked) => checked.undecided_arms(),
        };
        let look = RunRequest {
            rollouts: request.rollouts.clone(),
            arms,
            replications: NonZeroU64::new(*replications),
            seed: request.seed,
            threads: request.threads,
            best_possible: false,
            ..RunRequest::of(request.inputs.clone())
        };
        let report = run_on(&inputs, &look, progress)?;
        let checked = checked.get_or_insert_with(|| begin(&inputs, &report, looks.len()));
        for expectation in &mut checked.expectations {
            if expectation.verdict == Verdict::Undecided {
                decide::decide(expectation, &report, looks.len());
            }
        }
        if checked.undecided_arms().is_empty() {
            break;
        }
    }
    // There is at least one look.
    checked.ok_or_else(|| nothing_expected(&inputs))
}

/// The numbers of replications after which is looked.
fn looks(most: u64) -> Vec<u64> {
    let mut looks = Vec::new();
    let mut next = FIRST_LOOK;
    while next < most {
        looks.push(next);
        next = next.saturating_mul(GROWTH);
    }
    looks.push(most);
    looks
}

/// The arms that something is expected of.
fn all_arms(inputs: &Inputs) -> Vec<String> {
    let expected = inputs.scenario.expectations.iter();
    let arms: BTreeSet<&str> = expected.map(|one| one.arm.as_str()).collect();
    arms.into_iter().map(str::to_owned).collect()
}

/// Nothing is decided yet.
fn begin(inputs: &Inputs, report: &Report, looks: usize) -> CheckReport {
    let one = |rollout: &str, expectation: &Expectation| CheckedExpectation {
        rollout: rollout.to_owned(),
        expectation: expectation.clone(),
        verdict: Verdict::Undecided,
        estimate: None,
        replications: 0,
        reason: None,
    };
    let mut expectations = Vec::new();
    for result in &report.results {
        let invalid = result.invalid_spec.as_ref();
        for expectation in &inputs.scenario.expectations {
            let mut checked = one(&result.rollout, expectation);
            if let Some(invalid) = invalid {
                checked.verdict = Verdict::NotMet;
                checked.reason = Some(format!(
                    "InvalidSpec, nothing is deployed: {}",
                    invalid.message
                ));
            }
            expectations.push(checked);
        }
    }
    CheckReport {
        schema: SCHEMA.to_owned(),
        rollsim: VERSION.to_owned(),
        rng: RNG.to_owned(),
        scenario: report.scenario.clone(),
        seed: report.seed,
        error_probability: decide::ERROR_PROBABILITY,
        margin: decide::MARGIN,
        looks: looks as u64,
        inputs: report.inputs.clone(),
        expectations,
    }
}

/// The result of an arm.
fn arm<'r>(report: &'r Report, rollout: &str, name: &str) -> Option<&'r ArmResult> {
    let result = report.results.iter().find(|one| one.rollout == rollout)?;
    result.arms.iter().find(|arm| arm.name == name)
}

fn nothing_expected(inputs: &Inputs) -> Failure {
    let scenario = inputs.scenario_file.as_deref().unwrap_or("the manifests");
    Failure::request(
        Diagnostic::error(format!("nothing is expected: {scenario} has no `expect`")).with_help(
            "add to the scenario, for example:\n\
             expect:\n  - {fault: healthy, aborted: \"<= 1%\"}\n  - {fault: error-spike, detected: \">= 95%\"}",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::looks;

    #[test]
    fn looks_grow_up_to_the_most() {
        assert_eq!(looks(64_000), [1_000, 4_000, 16_000, 64_000]);
        assert_eq!(looks(500), [500]);
        assert_eq!(looks(5_000), [1_000, 4_000, 5_000]);
    }
}
