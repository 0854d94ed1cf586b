//! The `startingStep` of a background analysis lies behind the last step.
//!
//! ## What it does
//!
//! Reports a `startingStep` that is as large as the number of steps, or larger. Steps are counted from 0.
//!
//! ## Why it matters
//!
//! The analysis starts when all steps are done, or never. A canary without a router has replaced all pods by then; with a router only the short time until promotion is left.
//!
//! ## Example
//!
//! ```yaml
//! canary:
//!   analysis:
//!     startingStep: 2
//!     templates:
//!     - templateName: success-rate
//!   steps:
//!   - setWeight: 20            # step 0
//!   - pause: {duration: 10m}   # step 1
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! canary:
//!   analysis:
//!     startingStep: 1
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `utils/conditions`, `rollout/analysis.go`: `index < startingStep` waits

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps;
use crate::lint::subject::Subject;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS407",
    name: "background-after-steps",
    severity: Severity::Warning,
    source: include_str!("rs407_background_after_steps.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let Some(canary) = steps::canary(rollout) else {
            continue;
        };
        let count = canary.steps.len();
        let start = canary
            .analysis
            .as_ref()
            .filter(|background| !background.analysis.templates.is_empty())
            .and_then(|background| background.starting_step)
            .and_then(|start| usize::try_from(start).ok());
        let Some(start) = start.filter(|start| count > 0 && *start >= count) else {
            continue;
        };
        let (message, why) = if start == count {
            (
                format!("startingStep: {start} starts the background analysis after the last step"),
                "steps are counted from 0; when all are done, nothing but the last scaling is left to watch",
            )
        } else {
            (
                format!(
                    "startingStep: {start} is never reached, so the background analysis never starts"
                ),
                "steps are counted from 0, and the index ends at the number of steps",
            )
        };
        findings
            .report(
                rollout.place("spec.strategy.canary.analysis.startingStep"),
                message,
            )
            .label(format!("the last step is {}", count - 1))
            .why(why)
            .help("name the step after the first setWeight");
    }
}
