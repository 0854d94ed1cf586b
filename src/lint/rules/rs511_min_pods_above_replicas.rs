//! `minPodsPerReplicaSet` is larger than `replicas`: the Rollout never gets healthy.
//!
//! ## What it does
//!
//! Reports canaries behind a router whose `minPodsPerReplicaSet` exceeds the written `replicas`.
//!
//! ## Why it matters
//!
//! The new ReplicaSet gets more pods than the Rollout wants, so the numbers never agree: even the first release ends Degraded with `ProgressDeadlineExceeded`.
//!
//! ## Example
//!
//! ```yaml
//! replicas: 2
//! canary:
//!   minPodsPerReplicaSet: 3
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! replicas: 3
//! canary:
//!   minPodsPerReplicaSet: 3
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `utils/replicaset/canary.go`, `CheckMinPodsPerReplicaSet`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps;
use crate::lint::subject::Subject;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS511",
    name: "min-pods-above-replicas",
    severity: Severity::Error,
    source: include_str!("rs511_min_pods_above_replicas.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let Some(canary) = steps::canary(rollout) else {
            continue;
        };

        let (Some(replicas), Some(least)) = (
            steps::replicas(subject, rollout),
            canary.min_pods_per_replica_set,
        ) else {
            continue;
        };
        if canary.traffic_routing.is_some() && replicas > 0 && least > replicas {
            findings
                .report(
                    rollout.place("spec.strategy.canary.minPodsPerReplicaSet"),
                    format!("minPodsPerReplicaSet: {least} exceeds replicas: {replicas}, so the Rollout never gets healthy"),
                )
                .related(rollout.place("spec.replicas"), "fewer than that")
                .why("every release ends Degraded with ProgressDeadlineExceeded")
                .help(format!("write {replicas} at most"));
        }
    }
}
