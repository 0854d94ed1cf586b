//! A query looks further back than the new version is old when it is measured first.
//!
//! ## What it does
//!
//! Adds up what lies between the first pods of the new version and the first measurement: `minReadySeconds`, timed pauses, analyses of known length, and `initialDelay`. Reports queries whose longest window is longer. Silent where a person, a plugin or a job takes its time in between, and for `irate`, which looks at two samples however long its window is. Metrics of which RS202 speaks are left out. Where something tells the versions apart, the severity is info.
//!
//! ## Why it matters
//!
//! Without a filter, the first measurements are mostly about the time before the release: they can't fail. With one, they rest on a part of the window only, so the numbers jump more than the window promises.
//!
//! ## Example
//!
//! ```yaml
//! steps:
//! - setWeight: 20
//! - pause: {duration: 1m}
//! - analysis:
//!     templates:
//!     - templateName: success-rate   # [5m], no initialDelay
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! steps:
//! - setWeight: 20
//! - pause: {duration: 5m}
//! - analysis:
//!     templates:
//!     - templateName: success-rate   # [5m]
//! ```
//!
//! ## References
//!
//! - Prometheus documentation, "Range vector selectors"
//! - Argo Rollouts v1.9.1, `analysis/analysis.go`, `generateMetricTasks`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::rules::rs202_measured_too_early;
use crate::lint::subject::{Metric, RolloutSubject, Stanza, Subject};
use crate::lint::versions::{Reads, Versions};
use crate::lint::windows::{self, Start};
use crate::manifest::references::StanzaKind;
use crate::units::Duration;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS201",
    name: "window-before-canary",
    severity: Severity::Warning,
    source: include_str!("rs201_window_before_canary.rs"),
    check,
};

/// A use of a metric whose window is longer than the new version is old.
struct Found<'s, 'a> {
    stanza: &'s Stanza,
    start: Start,
    metric: &'s Metric<'a>,
    first: Duration,
}

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let mut worst: Vec<Found<'_, '_>> = Vec::new();
        // RS202 speaks of these.
        let mut too_early: Vec<*const Metric<'_>> = Vec::new();
        for stanza in &rollout.stanzas {
            let Some(start) = windows::start(subject, rollout, stanza.kind) else {
                continue;
            };
            for found in stanza.metrics(subject) {
                let metric = found.metric;
                let Some(first) = windows::first_measurement(start, metric) else {
                    continue;
                };
                if rs202_measured_too_early::too_early(subject, first, metric).is_some() {
                    too_early.push(metric);
                    continue;
                }
                let window = metric.query.as_ref().and_then(windows::longest);
                if window.is_none_or(|window| window.reach <= first) {
                    continue;
                }
                let found = Found {
                    stanza,
                    start,
                    metric,
                    first,
                };
                match worst
                    .iter_mut()
                    .find(|known| std::ptr::eq(known.metric, metric))
                {
                    Some(known) if known.first <= first => {}
                    Some(known) => *known = found,
                    None => worst.push(found),
                }
            }
        }
        worst.retain(|found| !too_early.contains(&std::ptr::from_ref(found.metric)));
        for found in &worst {
            report(rollout, found, findings);
        }
    }
}

fn report(rollout: &RolloutSubject<'_>, found: &Found<'_, '_>, findings: &mut Findings) {
    let Found {
        stanza,
        start,
        metric,
        first,
    } = found;
    let Some(query) = &metric.query else {
        return;
    };
    let (Some(window), Ok(expr)) = (windows::longest(query), &query.expr) else {
        return;
    };
    let reads = Versions::of(rollout).map(|versions| versions.read_by(query, expr));
    let (name, reach) = (&metric.resolved.name, window.reach);
    let finding = findings.report(
        query.location(&window.span),
        format!(
            "{name} looks back {reach}, and is measured first when the new version is {first} old"
        ),
    );
    finding.label(format!("{} before the new version", reach - *first));
    if let Some(step) = start.first {
        finding.related(
            rollout.place(&format!("spec.strategy.canary.steps[{step}]")),
            format!("the new version's first pods, in {}", rollout.object.name),
        );
    }
    finding.related(
        rollout.place(&windows::path_of(stanza.kind)),
        "measured from here on",
    );
    if reads == Some(Reads::ToldApart) {
        finding.severity(Severity::Info).why(format!("the first measurements rest on a part of the window only, {first} of {reach} at first, and jump the more"));
    } else {
        finding.why("the first measurements are about the time before the release, so nothing that the new version does shows fully in them");
    }
    let missing = reach - *first;
    finding.help(match stanza.kind {
        StanzaKind::Step(_) => format!(
            "pause {missing} longer, set that much more initialDelay, or shorten the window"
        ),
        _ => format!("set {missing} more initialDelay, or shorten the window"),
    });
}
