//! With `dynamicStableScale`, an explicit `abortScaleDownDelaySeconds` and several weights, an abort stops half-way.
//!
//! ## What it does
//!
//! Reports canaries behind a router with `dynamicStableScale: true`, `abortScaleDownDelaySeconds` above 0, and more than one `setWeight` above 0.
//!
//! ## Why it matters
//!
//! The way back ends at an earlier weight. The version that has failed keeps its pods and that share of the requests for ever.
//!
//! ## Example
//!
//! ```yaml
//! canary:
//!   dynamicStableScale: true
//!   abortScaleDownDelaySeconds: 30
//!   steps:
//!   - setWeight: 20
//!   - pause: {duration: 5m}
//!   - setWeight: 60
//!   - pause: {duration: 5m}
//! ```
//!
//! ## Instead
//!
//! Leave `abortScaleDownDelaySeconds` out: with `dynamicStableScale` it does nothing good.
//!
//! ## References
//!
//! - docs/hazards.md, "An abort that never completes"; `scenarios/hazards/abort-stalls`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps;
use crate::lint::subject::Subject;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS504",
    name: "abort-never-completes",
    severity: Severity::Warning,
    source: include_str!("rs504_abort_never_completes.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let Some(canary) = steps::canary(rollout) else {
            continue;
        };

        let count = steps::weights(canary)
            .filter(|(_, weight)| *weight > 0)
            .count();
        let delay = canary.abort_scale_down_delay_seconds.unwrap_or(0);
        if canary.traffic_routing.is_some() && canary.dynamic_stable_scale && delay > 0 && count > 1
        {
            findings
                .report(
                    rollout.place("spec.strategy.canary.abortScaleDownDelaySeconds"),
                    "with dynamicStableScale, this delay keeps an abort from ever completing",
                )
                .related(
                    rollout.place("spec.strategy.canary.dynamicStableScale"),
                    "the stable version is small while the canary serves",
                )
                .why(format!("with {count} weights the way back ends at an earlier one, and the failed version serves that share for ever"))
                .help("leave abortScaleDownDelaySeconds out");
        }
    }
}
