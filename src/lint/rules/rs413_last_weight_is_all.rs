//! The last step sets the full weight behind a router, which the controller does anyway.
//!
//! ## What it does
//!
//! Reports canaries with `trafficRouting` whose last step is `setWeight` with the full weight. With a pause or an analysis behind it there is a reason for it, and nothing is reported.
//!
//! ## Why it matters
//!
//! After the last step the controller moves everybody by itself, when all pods are there. With the step, `promote --skip-all-steps` sends all requests to the few pods that happen to exist.
//!
//! ## Example
//!
//! ```yaml
//! steps:
//! - setWeight: 50
//! - pause: {duration: 10m}
//! - setWeight: 100
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! steps:
//! - setWeight: 50
//! - pause: {duration: 10m}
//! ```
//!
//! ## References
//!
//! - docs/hazards.md, "Skipping all steps overloads the canary"; `scenarios/hazards/skip-all-steps-overloads`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps;
use crate::lint::subject::Subject;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS413",
    name: "last-weight-is-all",
    severity: Severity::Info,
    source: include_str!("rs413_last_weight_is_all.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let Some(canary) = steps::canary(rollout) else {
            continue;
        };

        let last = canary.steps.len().wrapping_sub(1);
        let weight = canary.steps.last().and_then(|step| step.set_weight);
        if canary.traffic_routing.is_some()
            && canary.steps.len() > 1
            && weight == Some(canary.max_traffic_weight())
        {
            findings
                .report(
                    rollout.place(&steps::path(last, "setWeight")),
                    "the last step does what the controller does anyway after it",
                )
                .why("promote --skip-all-steps then sends all requests to the pods that happen to exist")
                .help("leave the step out");
        }
    }
}
