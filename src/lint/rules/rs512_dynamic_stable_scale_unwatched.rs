//! With `dynamicStableScale` and no background analysis, requests stay on a canary whose pods have died.
//!
//! ## What it does
//!
//! Reports canaries behind a router with `dynamicStableScale: true`, timed pauses or analysis steps, and no background analysis.
//!
//! ## Why it matters
//!
//! The stable version has shrunk, so the router doesn't move requests back to it while it is too small, and nothing makes it grow before an abort. If the canary's pods die during a pause, its whole share of the requests fails until the next gate. A background analysis is what ends it.
//!
//! ## Example
//!
//! ```yaml
//! canary:
//!   dynamicStableScale: true
//!   steps:
//!   - setWeight: 80
//!   - pause: {duration: 1h}
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! canary:
//!   dynamicStableScale: true
//!   analysis:
//!     startingStep: 1
//!     templates:
//!     - templateName: success-rate
//!   steps:
//!   - setWeight: 80
//!   - pause: {duration: 1h}
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `rollout/trafficrouting.go`, `reconcileTrafficRouting`
//! - docs/hazards.md, "A quick retry shrinks the canary under its load"

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps;
use crate::lint::subject::Subject;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS512",
    name: "dynamic-stable-scale-unwatched",
    severity: Severity::Info,
    source: include_str!("rs512_dynamic_stable_scale_unwatched.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let Some(canary) = steps::canary(rollout).filter(|_| steps::is_whole(rollout)) else {
            continue;
        };

        let waits = canary
            .steps
            .iter()
            .any(|step| step.pause.is_some() || step.analysis.is_some());
        if canary.traffic_routing.is_some()
            && canary.dynamic_stable_scale
            && canary.analysis.is_none()
            && waits
        {
            findings
                .report(
                    rollout.place("spec.strategy.canary.dynamicStableScale"),
                    "if the canary's pods die between gates, its share of the requests stays on them",
                )
                .why("the stable version has shrunk and doesn't grow again before an abort, which nothing but a background analysis brings about during a pause")
                .help("add a background analysis");
        }
    }
}
