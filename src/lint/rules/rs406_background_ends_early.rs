//! A background metric takes its last measurement long before the steps are over.
//!
//! ## What it does
//!
//! Reports metrics of a background analysis whose `count` × `interval` is shorter than the timed pauses and analyses of the steps that follow its start. Metrics of Prometheus and web providers only: others take a time of their own.
//!
//! ## Why it matters
//!
//! A background analysis that has succeeded isn't started again. The later steps, with the larger weights, are watched by nobody.
//!
//! ## Example
//!
//! ```yaml
//! canary:
//!   analysis:
//!     startingStep: 1
//!     templates:
//!     - templateName: success-rate   # interval: 30s, count: 5
//!   steps:
//!   - setWeight: 20
//!   - pause: {duration: 10m}
//!   - setWeight: 60
//!   - pause: {duration: 10m}
//! ```
//!
//! ## Instead
//!
//! Leave out `count`: a background analysis may measure until the steps are over. Then it is ended by the controller, and counts as successful.
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `rollout/analysis.go`, `reconcileBackgroundAnalysisRun`
//! - Argo Rollouts issue #1666

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps::{self, Length};
use crate::lint::subject::{Metric, RolloutSubject, Setting, Subject};
use crate::manifest::references::StanzaKind;
use crate::manifest::rollout_types::CanaryStrategy;
use crate::units::Duration;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS406",
    name: "background-ends-early",
    severity: Severity::Warning,
    source: include_str!("rs406_background_ends_early.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let (Some(canary), Some(stanza)) = (
            steps::canary(rollout),
            rollout.stanza(StanzaKind::Background),
        ) else {
            continue;
        };
        for found in stanza.metrics(subject) {
            check_metric(subject, rollout, canary, found.metric, findings);
        }
    }
}

fn check_metric(
    subject: &Subject<'_>,
    rollout: &RolloutSubject<'_>,
    canary: &CanaryStrategy,
    metric: &Metric<'_>,
    findings: &mut Findings,
) {
    let is_quick = metric.query.is_some() || metric.node.lookup("provider.web").is_some();
    let (true, Length::For(length)) = (is_quick, steps::length(metric)) else {
        return;
    };
    // The time that the last measurement speaks for counts too.
    let covered = length.as_nanos().saturating_add(
        metric
            .interval()
            .known()
            .unwrap_or(Duration::ZERO)
            .as_nanos(),
    );
    let background = canary.analysis.as_ref();
    let start = background
        .and_then(|background| background.starting_step)
        .and_then(|step| usize::try_from(step).ok())
        .unwrap_or(0);
    let mut passed: i64 = 0;
    let mut ends_at = None;
    for step in start..canary.steps.len() {
        passed = passed.saturating_add(steps::least_time(subject, rollout, step).as_nanos());
        if passed > covered && ends_at.is_none() {
            ends_at = Some(step);
        }
    }
    let Some(ends_at) = ends_at else {
        return;
    };
    let weight = steps::weights(canary)
        .rfind(|(step, _)| *step <= ends_at)
        .map_or(0, |(_, weight)| weight);
    let name = &metric.resolved.name;
    let key = if metric.count() == Setting::Absent {
        metric.location()
    } else {
        metric.key("count")
    };
    let message = if length == Duration::ZERO {
        format!("{name} measures once, at the start of the background analysis")
    } else {
        format!(
            "{name} takes its last measurement {length} after the background analysis has started"
        )
    };
    findings
        .report(key, message)
        .related(
            rollout.place("spec.strategy.canary.analysis.templates[0].templateName"),
            format!("the steps from here on take {} at least", Duration::from_nanos(passed)),
        )
        .related(
            rollout.place(&format!("spec.strategy.canary.steps[{ends_at}]")),
            format!("not watched to the end of this step, at a weight of {weight}, nor after it"),
        )
        .why("a background analysis that has succeeded isn't started again, so the later steps are watched by nobody")
        .help("leave out count and give an interval: the controller ends a background analysis when the steps are over");
}
