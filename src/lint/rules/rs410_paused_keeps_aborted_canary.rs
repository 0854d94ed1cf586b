//! `spec.paused` is on for a canary without a router that has analysis: an abort doesn't take the new version away.
//!
//! ## What it does
//!
//! Reports Rollouts with `paused: true`, a canary strategy without `trafficRouting`, and an analysis.
//!
//! ## Why it matters
//!
//! A pause stops scaling, but not analysis. A failed analysis is recorded as an abort, yet the new version's pods stay, and serve, until somebody resumes.
//!
//! ## Example
//!
//! ```yaml
//! spec:
//!   paused: true
//!   strategy:
//!     canary:
//!       analysis:
//!         templates:
//!         - templateName: success-rate
//! ```
//!
//! ## Instead
//!
//! Leave `paused` out of the manifest, and pause with steps.
//!
//! ## References
//!
//! - docs/hazards.md, "A pause by hand stops the way back"; `scenarios/hazards/paused-abort-keeps-serving`
//! - Argo Rollouts v1.9.1, `rollout/context.go`, `haltProgress`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps;
use crate::lint::subject::Subject;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS410",
    name: "paused-keeps-aborted-canary",
    severity: Severity::Warning,
    source: include_str!("rs410_paused_keeps_aborted_canary.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let Some(canary) = steps::canary(rollout) else {
            continue;
        };

        if rollout.rollout.spec.paused
            && canary.traffic_routing.is_none()
            && !rollout.stanzas.is_empty()
        {
            findings
                .report(
                    rollout.place("spec.paused"),
                    "while paused, an abort leaves the new version's pods serving",
                )
                .why("spec.paused stops scaling, but not analysis: an abort is recorded, and carried out when somebody resumes")
                .help("leave paused out, and pause with steps");
        }
    }
}
