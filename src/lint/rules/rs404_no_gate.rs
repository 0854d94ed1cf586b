//! The steps of a canary are only weights and timed pauses: nothing can stop a bad release.
//!
//! ## What it does
//!
//! Reports canaries with weights, but without any analysis, experiment with analyses, plugin or pause until a person resumes, and without `progressDeadlineAbort`.
//!
//! ## Why it matters
//!
//! A timed pause ends when its time is over, however the new version does. Unless somebody happens to look and aborts by hand, a bad release reaches everybody, only later.
//!
//! ## Example
//!
//! ```yaml
//! steps:
//! - setWeight: 20
//! - pause: {duration: 10m}
//! - setWeight: 50
//! - pause: {duration: 10m}
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! steps:
//! - setWeight: 20
//! - pause: {duration: 10m}
//! - analysis:
//!     templates:
//!     - templateName: success-rate
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `rollout/canary.go`, `completedCurrentCanaryStep`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps;
use crate::lint::subject::{Subject, key_place};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS404",
    name: "no-gate",
    severity: Severity::Info,
    source: include_str!("rs404_no_gate.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let Some(canary) = steps::canary(rollout).filter(|_| steps::is_whole(rollout)) else {
            continue;
        };
        let most = canary.max_traffic_weight();
        let is_partial = |(_, weight): (usize, i32)| 0 < weight && weight < most;
        if canary.analysis.is_some()
            || rollout.rollout.spec.progress_deadline_abort
            || !steps::weights(canary).any(is_partial)
            || canary.steps.iter().any(|step| step.experiment.is_some())
            || (0..canary.steps.len()).any(|step| steps::looks(canary, step))
        {
            continue;
        }
        let Some(strategy) = rollout.object.node.lookup("spec.strategy.canary") else {
            continue;
        };
        findings
            .report(
                key_place(rollout.object, strategy, "steps"),
                "nothing in these steps can stop a bad release",
            )
            .label("weights and timed pauses only")
            .why("a timed pause ends when its time is over, however the new version does")
            .help("add an analysis step or a background analysis, or a pause without duration, for a person to look");
    }
}
