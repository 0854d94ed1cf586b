//! An `abortScaleDownDelaySeconds` of 900 or more scales the aborted canary down at once.
//!
//! ## What it does
//!
//! Reports delays of 900 s or more of canaries behind a router. Blue-green takes them as they are.
//!
//! ## Why it matters
//!
//! While more than the controller's resync period of 900 s remains, the normal count of pods applies, and that is 0 for an aborted canary: the pods that should stay for inspection are gone in the same second.
//!
//! ## Example
//!
//! ```yaml
//! canary:
//!   abortScaleDownDelaySeconds: 1800
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! canary:
//!   abortScaleDownDelaySeconds: 899
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `rollout/replicaset.go`, `reconcileNewReplicaSet`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps;
use crate::lint::subject::Subject;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS505",
    name: "abort-delay-too-long",
    severity: Severity::Warning,
    source: include_str!("rs505_abort_delay_too_long.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let Some(canary) = steps::canary(rollout) else {
            continue;
        };

        let delay = canary.abort_scale_down_delay_seconds.unwrap_or(0);
        if canary.traffic_routing.is_some() && delay >= 900 {
            findings
                .report(
                    rollout.place("spec.strategy.canary.abortScaleDownDelaySeconds"),
                    format!("a delay of {delay} s scales the aborted canary down at once"),
                )
                .why("while 900 s or more of it remain, the controller scales as if there were no delay")
                .help("899 is the longest delay that works");
        }
    }
}
