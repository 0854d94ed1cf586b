//! After a failed post-promotion analysis, crashing pods keep the active Service and are then scaled to zero.
//!
//! ## What it does
//!
//! Reports blue-green Rollouts with a post-promotion analysis whose aborted pods are scaled down after a delay (`abortScaleDownDelaySeconds`, 30 s unless set).
//!
//! ## Why it matters
//!
//! An abort moves the active Service back only while all new pods are available. If the analysis fails because the new version crashes, even one pod of it, the Service stays, and after the delay its ReplicaSet is scaled to zero: an outage next to a healthy stable ReplicaSet.
//!
//! ## Example
//!
//! ```yaml
//! blueGreen:
//!   activeService: api
//!   postPromotionAnalysis:
//!     templates:
//!     - templateName: success-rate
//! ```
//!
//! ## Instead
//!
//! Keep the new pods after an abort, or find crashes before the switch, with a pre-promotion analysis and probes:
//!
//! ```yaml
//! blueGreen:
//!   abortScaleDownDelaySeconds: 0
//! ```
//!
//! ## References
//!
//! - docs/hazards.md, "An abort leaves the service on crashing pods"; `scenarios/hazards/abort-leaves-crashing-active`
//! - Argo Rollouts v1.9.1, `rollout/service.go`, `reconcileActiveService`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps;
use crate::lint::subject::{Subject, key_place};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS502",
    name: "abort-leaves-crashing-active",
    severity: Severity::Warning,
    source: include_str!("rs502_abort_leaves_crashing_active.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let Some(blue_green) = steps::blue_green(rollout) else {
            continue;
        };

        let delay = blue_green.abort_scale_down_delay_seconds.unwrap_or(30);
        let Some(strategy) = rollout.object.node.lookup("spec.strategy.blueGreen") else {
            continue;
        };
        if blue_green.post_promotion_analysis.is_none() || delay == 0 {
            continue;
        }
        findings
            .report(
                key_place(rollout.object, strategy, "postPromotionAnalysis"),
                format!("if this fails while a new pod is down, the active Service stays on the new pods, and {delay} s later they are scaled to 0"),
            )
            .why("an abort moves the Service back only while all new pods are available")
            .help("set abortScaleDownDelaySeconds: 0; to go back, set the old image (undo)");
    }
}
