//! A quick `retry` of a blue-green update switches everybody to the version that has just failed.
//!
//! ## What it does
//!
//! Reports blue-green Rollouts with a gate (pre- or post-promotion analysis, or `autoPromotionEnabled: false`) whose aborted pods are scaled down after a delay (`abortScaleDownDelaySeconds`, 30 s unless set). The severity is info where the only gate is a person.
//!
//! ## Why it matters
//!
//! Within the delay the preview ReplicaSet carries a scale-down deadline and is taken for one that served a moment ago: the switch is made at once, and the manual gate, pre- and post-promotion analysis are skipped. After the delay, `retry` finds the old, failed run and aborts again without a measurement.
//!
//! ## Example
//!
//! ```yaml
//! blueGreen:
//!   activeService: api
//!   previewService: api-preview
//!   prePromotionAnalysis:
//!     templates:
//!     - templateName: smoke
//! ```
//!
//! ## Instead
//!
//! Never `retry` within the delay: update again instead. Or keep the aborted pods, and delete them by updating:
//!
//! ```yaml
//! blueGreen:
//!   abortScaleDownDelaySeconds: 0
//! ```
//!
//! ## References
//!
//! - docs/hazards.md, "A quick retry promotes what has just failed"; `scenarios/hazards/blue-green-retry-promotes`
//! - Argo Rollouts v1.9.1, `rollout/bluegreen.go`, `isBlueGreenFastTracked`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps;
use crate::lint::subject::{Subject, key_place};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS501",
    name: "blue-green-retry-promotes",
    severity: Severity::Warning,
    source: include_str!("rs501_blue_green_retry_promotes.rs"),
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
        let gates = [
            "prePromotionAnalysis",
            "postPromotionAnalysis",
            "autoPromotionEnabled",
        ];
        let gate = match (
            &blue_green.pre_promotion_analysis,
            &blue_green.post_promotion_analysis,
            blue_green.auto_promotion_enabled,
        ) {
            (Some(_), _, _) => gates[0],
            (_, Some(_), _) => gates[1],
            (_, _, Some(false)) => gates[2],
            _ => continue,
        };
        if delay == 0 {
            continue;
        }
        let finding = findings.report(
            key_place(rollout.object, strategy, gate),
            format!("a retry within {delay} s of an abort skips this gate and switches everybody at once"),
        );
        if gate == gates[2] {
            finding.severity(Severity::Info);
        }
        finding
            .why("until the preview is scaled down, it is taken for a version that served a moment ago")
            .help("wait until the preview pods are gone, or update again; abortScaleDownDelaySeconds: 0 avoids it");
    }
}
