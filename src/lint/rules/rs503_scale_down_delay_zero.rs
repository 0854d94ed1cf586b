//! `scaleDownDelaySeconds: 0` never scales the old version down.
//!
//! ## What it does
//!
//! Reports `scaleDownDelaySeconds: 0` of a blue-green Rollout or of a canary behind a router.
//!
//! ## Why it matters
//!
//! A delay of 0 is taken for no delay: the old ReplicaSet never gets its deadline, keeps all pods after every release, and the controller reconciles the Rollout in a busy loop.
//!
//! ## Example
//!
//! ```yaml
//! blueGreen:
//!   scaleDownDelaySeconds: 0
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! blueGreen:
//!   scaleDownDelaySeconds: 1
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `rollout/replicaset.go`, `addScaleDownDelay`
//! - Argo Rollouts issue #1992

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::Subject;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS503",
    name: "scale-down-delay-zero",
    severity: Severity::Warning,
    source: include_str!("rs503_scale_down_delay_zero.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let strategy = &rollout.rollout.spec.strategy;
        let canary = strategy.canary.as_ref();
        let canary = canary.filter(|canary| canary.traffic_routing.is_some());
        let path = match (canary, &strategy.blue_green) {
            (Some(canary), None) if canary.scale_down_delay_seconds == Some(0) => "canary",
            (None, Some(blue_green)) if blue_green.scale_down_delay_seconds == Some(0) => {
                "blueGreen"
            }
            _ => continue,
        };
        findings
            .report(
                rollout.place(&format!("spec.strategy.{path}.scaleDownDelaySeconds")),
                "with a delay of 0 the old version is never scaled down",
            )
            .why("0 is taken for no delay: the old ReplicaSet keeps all its pods, and the controller works in a busy loop")
            .help("write 1");
    }
}
