//! `replicaProgressThreshold` also lets the last step pass: everybody goes to a part of the pods.
//!
//! ## What it does
//!
//! Reports canaries with a threshold below all pods whose steps don't end with a pause or an analysis at the full weight. A threshold in pods is judged only where the replicas are known.
//!
//! ## Why it matters
//!
//! The threshold is meant to let a weight go ahead of slow pods. It holds for the promotion too: all requests go to that part of the pods, and the old ReplicaSet is scaled down 30 s later.
//!
//! ## Example
//!
//! ```yaml
//! replicas: 6
//! canary:
//!   replicaProgressThreshold: {type: Percent, value: 50}
//!   steps:
//!   - setWeight: 20
//!   - pause: {duration: 5m}
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! canary:
//!   replicaProgressThreshold: {type: Percent, value: 50}
//!   steps:
//!   - setWeight: 20
//!   - pause: {duration: 5m}
//!   - setWeight: 100
//!   - pause: {duration: 5m}
//! ```
//!
//! ## References
//!
//! - docs/hazards.md, "The progress threshold promotes on half of the pods"; `scenarios/hazards/threshold-promotes-half`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps;
use crate::lint::subject::Subject;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS510",
    name: "threshold-promotes-part",
    severity: Severity::Warning,
    source: include_str!("rs510_threshold_promotes_part.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let Some(canary) = steps::canary(rollout) else {
            continue;
        };

        let replicas = steps::replicas(subject, rollout);
        let Some(threshold) = &canary.replica_progress_threshold else {
            continue;
        };
        let part = match (threshold.kind.as_str(), replicas) {
            ("Percent", _) if (0..100).contains(&threshold.value) => {
                format!("{} % of the pods", threshold.value)
            }
            ("Pods", Some(replicas)) if (0..replicas).contains(&threshold.value) => {
                format!("{} of {replicas} pods", threshold.value)
            }
            _ => continue,
        };
        let last = steps::weights(canary).last();
        let waits = last.is_some_and(|(step, weight)| {
            weight == canary.max_traffic_weight()
                && canary.steps[step..]
                    .iter()
                    .any(|step| step.pause.is_some() || step.analysis.is_some())
        });
        if !waits {
            findings
                .report(
                    rollout.place("spec.strategy.canary.replicaProgressThreshold.value"),
                    format!("the update is promoted when {part} are available"),
                )
                .why("the threshold holds for the last step too: all requests go to these pods, and the old ones go soon after")
                .help("end the steps with the full weight and a pause or an analysis, or leave the threshold out");
        }
    }
}
