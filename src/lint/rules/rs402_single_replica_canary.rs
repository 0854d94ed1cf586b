//! A canary without a router has one replica, so its weights mean nothing.
//!
//! ## What it does
//!
//! Reports Rollouts with `replicas: 1`, a canary strategy, no `trafficRouting` and a `setWeight` between none and all. It is silent where `replicas` is left out or an autoscaler sets it.
//!
//! ## Why it matters
//!
//! One pod can't be split. With the default `maxSurge` every weight from 1 to 99 is one new pod beside the old one: half of the requests. With `maxSurge: 0`, weights below 50 change nothing, and from 50 on the old pod is deleted before the new one is there: nobody is served in between, and there is nothing to compare with.
//!
//! ## Example
//!
//! ```yaml
//! replicas: 1
//! strategy:
//!   canary:
//!     steps:
//!     - setWeight: 10    # 50 %
//!     - pause: {duration: 5m}
//! ```
//!
//! ## Instead
//!
//! Several replicas, a traffic router, or no weights at all:
//!
//! ```yaml
//! replicas: 4
//! strategy:
//!   canary:
//!     steps:
//!     - setWeight: 25
//!     - pause: {duration: 5m}
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `utils/replicaset/canary.go`, `approximateWeightedCanaryStableReplicaCounts`
//! - docs/hazards.md, "Weights are whole pods"

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps;
use crate::lint::subject::Subject;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS402",
    name: "single-replica-canary",
    severity: Severity::Warning,
    source: include_str!("rs402_single_replica_canary.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        if steps::replicas(subject, rollout) != Some(1) {
            continue;
        }
        let Some(served) = steps::served(subject, rollout) else {
            continue;
        };
        let partial = |asked: i32| 0 < asked && asked < 100;
        let Some(first) = served.iter().find(|step| partial(step.asked)) else {
            continue;
        };
        let (message, why) = match (first.canary, first.total) {
            (1, 2) => (
                "serves 50 %",
                "one pod can't be split: every weight from 1 to 99 is one new pod beside the old one",
            ),
            (0, _) => (
                "changes nothing",
                "one pod can't be split: without surge, weights below 50 leave the old pod alone",
            ),
            _ => (
                "replaces the only pod",
                "one pod can't be split: without surge the old pod is deleted before the new one is there, and nobody is served in between",
            ),
        };
        findings
            .report(
                rollout.place(&steps::path(first.step, "setWeight")),
                format!("setWeight: {} of a single replica {message}", first.asked),
            )
            .related(rollout.place("spec.replicas"), "the only pod")
            .why(why)
            .help("have several replicas, or use a traffic router");
    }
}
