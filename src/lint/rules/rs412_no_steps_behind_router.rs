//! A canary behind a router has no steps: everybody gets the new version at once.
//!
//! ## What it does
//!
//! Reports canaries with `trafficRouting` that name a router and have no steps.
//!
//! ## Why it matters
//!
//! The weight stays 0 until all pods of the new version are available; then all requests go there in one step. A background analysis has seen no request by then.
//!
//! ## Example
//!
//! ```yaml
//! canary:
//!   trafficRouting:
//!     nginx: {stableIngress: api}
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! canary:
//!   trafficRouting:
//!     nginx: {stableIngress: api}
//!   steps:
//!   - setWeight: 20
//!   - pause: {duration: 10m}
//! ```
//!
//! ## References
//!
//! - docs/hazards.md, "No steps: everything at once"; `scenarios/hazards/no-steps-all-at-once`
//! - Argo Rollouts v1.9.1, `rollout/trafficrouting.go`, `reconcileTrafficRouting`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps;
use crate::lint::subject::{Subject, key_place};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS412",
    name: "no-steps-behind-router",
    severity: Severity::Warning,
    source: include_str!("rs412_no_steps_behind_router.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let Some(canary) = steps::canary(rollout).filter(|_| steps::is_whole(rollout)) else {
            continue;
        };

        let routes = canary
            .traffic_routing
            .as_ref()
            .is_some_and(|routing| !routing.routers().is_empty());
        let Some(strategy) = rollout.object.node.lookup("spec.strategy.canary") else {
            continue;
        };
        if routes && canary.steps.is_empty() {
            findings
                .report(
                    key_place(rollout.object, strategy, "trafficRouting"),
                    "without steps the router sends everybody to the new version at once",
                )
                .why("the weight stays 0 until all new pods are available, and then all requests go there")
                .help("write steps");
        }
    }
}
