//! The largest weight of the steps is followed by no analysis: the last jump to everybody isn't guarded.
//!
//! ## What it does
//!
//! Reports canaries that have analysis steps, but none after their largest weight below 100 %, and no background analysis. A pause until a person resumes, an experiment with analyses and a plugin count as a look at the new version.
//!
//! ## Why it matters
//!
//! What goes wrong only under load, or on more pods, shows at the largest weight, which nobody looks at. After the last step the controller goes on to 100 % by itself.
//!
//! ## Example
//!
//! ```yaml
//! steps:
//! - setWeight: 10
//! - pause: {duration: 5m}
//! - analysis:
//!     templates:
//!     - templateName: success-rate
//! - setWeight: 50
//! - pause: {duration: 5m}      # then everybody
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! steps:
//! - setWeight: 10
//! - pause: {duration: 5m}
//! - analysis:
//!     templates:
//!     - templateName: success-rate
//! - setWeight: 50
//! - pause: {duration: 5m}
//! - analysis:
//!     templates:
//!     - templateName: success-rate
//! ```
//!
//! Or a background analysis, which watches all steps.
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `rollout/canary.go`, `syncRolloutStatusCanary`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps;
use crate::lint::subject::Subject;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS403",
    name: "largest-weight-unchecked",
    severity: Severity::Warning,
    source: include_str!("rs403_largest_weight_unchecked.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let Some(canary) = steps::canary(rollout).filter(|_| steps::is_whole(rollout)) else {
            continue;
        };
        let last_look = (0..canary.steps.len())
            .rev()
            .find(|step| steps::looks(canary, *step));
        let gates: Vec<usize> = (0..canary.steps.len())
            .filter(|step| canary.steps[*step].analysis.is_some())
            .collect();
        let most = canary.max_traffic_weight();
        let largest = steps::weights(canary)
            .filter(|(_, weight)| *weight < most)
            .max_by_key(|(step, weight)| (*weight, *step));
        let (Some(last_look), Some(gate), Some((step, weight)), None) =
            (last_look, gates.last(), largest, &canary.analysis)
        else {
            continue;
        };
        if last_look > step {
            continue;
        }
        let checked = steps::weights(canary)
            .rfind(|(before, _)| before < gate)
            .map_or(0, |(_, weight)| weight);
        findings
            .report(
                rollout.place(&steps::path(step, "setWeight")),
                format!("no analysis looks at setWeight: {weight}, the largest weight"),
            )
            .related(
                rollout.place(&steps::path(*gate, "analysis.templates[0].templateName")),
                format!("the last analysis looks at a weight of {checked}"),
            )
            .why(format!(
                "what shows only above a weight of {checked} is noticed by nobody, and after the last step everybody gets the new version"
            ))
            .help("add a pause and an analysis step after it, or a background analysis");
    }
}
