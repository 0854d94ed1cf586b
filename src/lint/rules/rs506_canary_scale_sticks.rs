//! A `setCanaryScale` still holds at a later weight, with fewer pods than the weight needs.
//!
//! ## What it does
//!
//! Reports weights behind a router at which an earlier `setCanaryScale` is still in force and gives the canary fewer pods than its share of the requests needs. A scale in `replicas` is judged only where the Rollout's replicas are known.
//!
//! ## Why it matters
//!
//! `setCanaryScale` holds through all later weights until `matchTrafficWeight: true` or the end of the steps. The router sends the full weight to the few pods, which fail for want of capacity and not for a mistake in the release.
//!
//! ## Example
//!
//! ```yaml
//! replicas: 6
//! steps:
//! - setCanaryScale: {replicas: 1}
//! - pause: {duration: 5m}
//! - setWeight: 80       # on one pod
//! - pause: {duration: 5m}
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! steps:
//! - setCanaryScale: {replicas: 1}
//! - pause: {duration: 5m}
//! - setCanaryScale: {matchTrafficWeight: true}
//! - setWeight: 80
//! - pause: {duration: 5m}
//! ```
//!
//! ## References
//!
//! - docs/hazards.md, "A fixed canary scale stays"; `scenarios/hazards/canary-scale-sticks`
//! - Argo Rollouts v1.9.1, `utils/replicaset/canary.go`, `UseSetCanaryScale`

use crate::controller::rollout::replicas::weight_to_replicas;
use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps;
use crate::lint::subject::{RolloutSubject, Subject};
use crate::manifest::rollout_types::{CanaryStrategy, SetCanaryScale};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS506",
    name: "canary-scale-sticks",
    severity: Severity::Warning,
    source: include_str!("rs506_canary_scale_sticks.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        if let Some(canary) =
            steps::canary(rollout).filter(|canary| canary.traffic_routing.is_some())
        {
            let replicas = steps::replicas(subject, rollout);
            check_rollout(rollout, canary, replicas, findings);
        }
    }
}

fn check_rollout(
    rollout: &RolloutSubject<'_>,
    canary: &CanaryStrategy,
    replicas: Option<i32>,
    findings: &mut Findings,
) {
    let most = canary.max_traffic_weight().max(1);
    let mut scale: Option<(usize, &SetCanaryScale)> = None;
    let mut worst: Option<(usize, usize, i32, String)> = None;
    for (index, step) in canary.steps.iter().enumerate() {
        if let Some(set) = &step.set_canary_scale {
            scale = (!set.match_traffic_weight).then_some((index, set));
        }
        let (Some(weight), Some((since, set))) = (step.set_weight, scale) else {
            continue;
        };
        let text = match (set.replicas, set.weight, replicas) {
            (Some(pods), _, Some(replicas)) => {
                let needed = weight_to_replicas(replicas, weight, most);
                let noun = if pods == 1 { "pod" } else { "pods" };
                (pods < needed).then(|| format!("{pods} {noun}, where {needed} are needed"))
            }
            (None, Some(pods), _) => {
                (pods < weight).then(|| format!("pods for a weight of {pods}"))
            }
            _ => None,
        };
        if let Some(text) = text
            && worst
                .as_ref()
                .is_none_or(|(_, _, known, _)| weight > *known)
        {
            worst = Some((index, since, weight, text));
        }
    }
    let Some((index, since, weight, text)) = worst else {
        return;
    };
    findings
        .report(
            rollout.place(&steps::path(index, "setWeight")),
            format!("setWeight: {weight} is served by {text}"),
        )
        .related(
            rollout.place(&steps::path(since, "setCanaryScale")),
            "this scale is still in force",
        )
        .why("setCanaryScale holds through all later weights until matchTrafficWeight: true or the end of the steps")
        .help("add a step `setCanaryScale: {matchTrafficWeight: true}` before this one");
}
