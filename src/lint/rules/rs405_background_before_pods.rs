//! A background analysis measures before any pod of the new version exists.
//!
//! ## What it does
//!
//! Reports metrics without `initialDelay` in a background analysis that starts before the first `setWeight` has its pods: without `startingStep`, or with one that isn't behind the first weight. Where the conditions take an empty answer as success, the severity is info.
//!
//! ## Why it matters
//!
//! The controller creates the AnalysisRun before it scales the new ReplicaSet up, and the first measurement is taken at once. A query about the new version finds nothing: `result[0]` of an empty vector is an Error, and five errors in a row, ten seconds apart, abort the release after 40 s, good or bad. A query without a filter judges the old version.
//!
//! ## Example
//!
//! ```yaml
//! canary:
//!   analysis:
//!     templates:
//!     - templateName: success-rate   # no initialDelay
//!   steps:
//!   - setWeight: 20
//!   - pause: {duration: 10m}
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! canary:
//!   analysis:
//!     startingStep: 1
//!     templates:
//!     - templateName: success-rate   # initialDelay: 2m
//!   steps:
//!   - setWeight: 20
//!   - pause: {duration: 10m}
//! ```
//!
//! ## References
//!
//! - docs/hazards.md, "A background analysis that starts too early aborts everything"; `scenarios/hazards/background-error-at-start`
//! - Argo Rollouts v1.9.1, `rollout/canary.go`, the order of a reconcile
//! - Argo Rollouts issue #291

use crate::condition::{MeasurementConditions, MetricResult, Phase, ResultType};
use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps::{self, listed};
use crate::lint::subject::{Metric, RolloutSubject, Setting, Subject};
use crate::lint::windows;
use crate::manifest::references::StanzaKind;
use crate::manifest::rollout_types::CanaryStrategy;
use crate::units::{Duration, Instant};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS405",
    name: "background-before-pods",
    severity: Severity::Warning,
    source: include_str!("rs405_background_before_pods.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        if let Some(canary) = steps::canary(rollout) {
            check_rollout(subject, rollout, canary, findings);
        }
    }
}

fn check_rollout(
    subject: &Subject<'_>,
    rollout: &RolloutSubject<'_>,
    canary: &CanaryStrategy,
    findings: &mut Findings,
) {
    let (Some(stanza), Some(background)) =
        (rollout.stanza(StanzaKind::Background), &canary.analysis)
    else {
        return;
    };
    let starting = background.starting_step.unwrap_or(0);
    let first = first_pods(canary);
    if i64::from(starting) > i64::try_from(first).unwrap_or(i64::MAX) {
        return;
    }
    let early: Vec<&Metric<'_>> = stanza
        .metrics(subject)
        .map(|found| found.metric)
        .filter(|metric| {
            matches!(
                metric.initial_delay(),
                Setting::Absent | Setting::Known(Duration::ZERO)
            )
        })
        .collect();
    if early.is_empty() {
        return;
    }
    let names: Vec<String> = early
        .iter()
        .map(|metric| metric.resolved.name.clone())
        .collect();
    let location = match background.starting_step {
        Some(_) => rollout.place("spec.strategy.canary.analysis.startingStep"),
        None => rollout.place("spec.strategy.canary.analysis.templates[0].templateName"),
    };
    let finding = findings.report(
        location,
        format!(
            "{} {} before any pod of the new version exists",
            listed(&names),
            if names.len() == 1 {
                "measures"
            } else {
                "measure"
            }
        ),
    );
    for metric in &early {
        finding.related(metric.location(), "no initialDelay");
    }
    let phases: Vec<Option<Phase>> = early.iter().map(|metric| of_nothing(metric)).collect();
    let why = if phases.contains(&Some(Phase::Error)) {
        "the run starts before the new ReplicaSet is scaled up; without data the condition is an Error, and the fifth in a row aborts the release after 40 s"
    } else if phases.contains(&Some(Phase::Failed)) {
        "the run starts before the new ReplicaSet is scaled up; without data the measurement fails"
    } else if phases.iter().all(|phase| *phase == Some(Phase::Successful)) {
        finding.severity(Severity::Info);
        "the run starts before the new ReplicaSet is scaled up; without data the measurement is a success that says nothing"
    } else {
        "the run starts before the new ReplicaSet is scaled up: there is no data of the new version, and data of all pods are those of the old one"
    };
    finding.why(why).help(format!(
        "set startingStep: {}, and an initialDelay as long as the query's window",
        first + 1
    ));
}

/// The step after which there are pods of the new version; 0 without steps.
fn first_pods(canary: &CanaryStrategy) -> usize {
    canary
        .steps
        .iter()
        .position(windows::scales_up)
        .unwrap_or(0)
}

/// How a measurement of an empty vector ends, where that can be told.
fn of_nothing(metric: &Metric<'_>) -> Option<Phase> {
    let query = metric.query.as_ref()?;
    if query.result_type() != Some(ResultType::Floats) || query.text.filled.contains("vector(") {
        return None;
    }
    let text = |condition: Option<&crate::lint::subject::Condition<'_>>| {
        condition.map_or(Some(String::new()), |condition| {
            let filled = &condition.text.filled;
            condition
                .text
                .is_known(&(0..filled.len()))
                .then(|| filled.clone())
        })
    };
    let (success, failure) = (
        text(metric.success.as_ref())?,
        text(metric.failure.as_ref())?,
    );
    let conditions = MeasurementConditions::compile(&success, &failure).ok()?;
    Some(
        conditions
            .assess(MetricResult::Vector(&[]), Instant::EPOCH)
            .phase(),
    )
}
