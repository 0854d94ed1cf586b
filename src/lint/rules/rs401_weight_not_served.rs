//! A canary without a router serves clearly more or less than a `setWeight` asks for.
//!
//! ## What it does
//!
//! Without `trafficRouting`, a weight is a number of pods. This rule reckons with the controller's own arithmetic (replicas, `maxSurge`, `maxUnavailable`) how many pods of the new version stand behind each `setWeight`, and reports Rollouts in which a share differs from the weight by more than five percentage points or by half of the weight, or in which a step changes nothing. It is silent where `replicas` is left out or an autoscaler sets it.
//!
//! ## Why it matters
//!
//! The new version gets another share of the requests than the steps say: a bad release hurts more users than was meant, or a gate sees fewer requests than was meant. A step that changes nothing is no step.
//!
//! ## Example
//!
//! ```yaml
//! replicas: 5
//! strategy:
//!   canary:
//!     steps:
//!     - setWeight: 5     # 16.7 %: one pod of six
//!     - pause: {duration: 5m}
//!     - setWeight: 10    # 16.7 % again
//!     - pause: {duration: 5m}
//! ```
//!
//! ## Instead
//!
//! Weights that the pods can serve, more replicas, or a traffic router, whose weights don't depend on pods:
//!
//! ```yaml
//! replicas: 5
//! strategy:
//!   canary:
//!     steps:
//!     - setWeight: 20
//!     - pause: {duration: 5m}
//! ```
//!
//! ## References
//!
//! - docs/hazards.md, "Weights are whole pods"; `scenarios/hazards/weight-is-whole-pods`
//! - Argo Rollouts v1.9.1, `utils/replicaset/canary.go`, `approximateWeightedCanaryStableReplicaCounts`
//! - Argo Rollouts issue #2281

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps::{self, Served};
use crate::lint::subject::{RolloutSubject, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS401",
    name: "weight-not-served",
    severity: Severity::Warning,
    source: include_str!("rs401_weight_not_served.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        // A single pod is told of by a rule of its own.
        if steps::replicas(subject, rollout).is_some_and(|replicas| replicas > 1)
            && let Some(served) = steps::served(subject, rollout)
        {
            report(rollout, &served, findings);
        }
    }
}

fn report(rollout: &RolloutSubject<'_>, served: &[Served], findings: &mut Findings) {
    let before = |index: usize| index.checked_sub(1).map(|before| served[before]);
    let wrong: Vec<(Served, String)> = served
        .iter()
        .enumerate()
        .filter_map(|(index, step)| Some((*step, mistake(*step, before(index))?)))
        .collect();
    let Some(((first, mistake), others)) = wrong.split_first() else {
        return;
    };
    let place = |step: &Served| rollout.place(&steps::path(step.step, "setWeight"));
    let replicas = rollout.rollout.spec.replicas_or_default();
    let shares: Vec<String> = served
        .iter()
        .map(|step| format!("{} % → {}", step.asked, shown(step)))
        .collect();
    let finding = findings.report(
        place(first),
        format!("setWeight: {} {mistake}", first.asked),
    );
    finding
        .label(format!("{} of {} pods", first.canary, first.total))
        .why(format!(
            "without a router a weight is made of whole pods; with {replicas} replicas the steps serve: {}",
            shares.join(", ")
        ))
        .help("choose weights that the pods can serve, have more replicas, or use a traffic router");
    for (step, mistake) in others {
        finding.related(place(step), mistake.clone());
    }
}

/// What is wrong with a weight, in words that follow it.
fn mistake(step: Served, before: Option<Served>) -> Option<String> {
    if step.asked <= 0 || step.asked >= 100 {
        return None;
    }
    if let Some(before) = before.filter(|before| {
        before.asked != step.asked && (before.canary, before.total) == (step.canary, step.total)
    }) {
        return Some(format!(
            "changes nothing after setWeight: {}: still {}",
            before.asked,
            shown(&step)
        ));
    }
    let (asked, percent) = (f64::from(step.asked), step.percent());
    let is_off = (percent - asked).abs() > 5.0 || percent > 1.5 * asked || percent * 1.5 < asked;
    is_off.then(|| format!("serves {}", shown(&step)))
}

fn shown(step: &Served) -> String {
    let percent = format!("{:.1}", step.percent());
    format!("{} %", percent.strip_suffix(".0").unwrap_or(&percent))
}
