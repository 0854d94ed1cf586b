//! `maxSurge` is written for a canary behind a router, where it plays no role.
//!
//! ## What it does
//!
//! Reports `maxSurge` of canaries with `trafficRouting`.
//!
//! ## Why it matters
//!
//! With a router the stable version keeps all its pods and the canary gets as many as its weight needs, whatever `maxSurge` says: up to twice the replicas exist.
//!
//! ## Example
//!
//! ```yaml
//! canary:
//!   maxSurge: 1
//!   trafficRouting:
//!     nginx: {stableIngress: api}
//! ```
//!
//! ## Instead
//!
//! Leave it out; `dynamicStableScale: true` keeps the number of pods down.
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `utils/replicaset/canary.go`, `CalculateReplicaCountsForTrafficRoutedCanary`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps;
use crate::lint::subject::Subject;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS508",
    name: "surge-plays-no-role",
    severity: Severity::Info,
    source: include_str!("rs508_surge_plays_no_role.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let Some(canary) = steps::canary(rollout) else {
            continue;
        };

        if canary.traffic_routing.is_some() && canary.max_surge.is_some() {
            findings
                .report(
                    rollout.place("spec.strategy.canary.maxSurge"),
                    "maxSurge plays no role behind a router",
                )
                .why("the stable version keeps all its pods, and the canary gets those that its weight needs: up to twice the replicas")
                .help("leave it out, or set dynamicStableScale: true to keep the number of pods down");
        }
    }
}
