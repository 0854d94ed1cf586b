//! A metric is measured before Prometheus can have any data of the new version.
//!
//! ## What it does
//!
//! Reports Prometheus metrics whose first measurement comes before the new version is two scrapes old (one scrape for queries that need one sample): an analysis right behind a `setWeight`, with no pause and no `initialDelay`. The scrape interval is the scenario's, else 15 s. Background analyses that start before the first pods are RS405's.
//!
//! ## Why it matters
//!
//! A step is over as soon as its pods are available. They haven't been scraped by then, and `rate` needs two samples: a query about the new version finds nothing, which is an Error for `result[0]`; a query without a filter judges the old version. Where the analysis takes one measurement, that is all it ever looks at.
//!
//! ## Example
//!
//! ```yaml
//! steps:
//! - setWeight: 20
//! - analysis:
//!     templates:
//!     - templateName: success-rate   # no initialDelay
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
//!     - templateName: success-rate
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `rollout/canary.go`, `completedCurrentCanaryStep`
//! - Prometheus documentation, `rate()`

use crate::diagnostics::Severity;
use crate::lint::finding::{Finding, Findings, Fix};
use crate::lint::rule::Rule;
use crate::lint::subject::{Metric, RolloutSubject, Setting, Stanza, Subject};
use crate::lint::windows::{self, Window};
use crate::manifest::references::StanzaKind;
use crate::units::Duration;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS202",
    name: "measured-too-early",
    severity: Severity::Warning,
    source: include_str!("rs202_measured_too_early.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let mut told: Vec<*const Metric<'_>> = Vec::new();
        for stanza in &rollout.stanzas {
            let Some(start) = windows::start(subject, rollout, stanza.kind) else {
                continue;
            };
            for found in stanza.metrics(subject) {
                let metric = found.metric;
                let Some(first) = windows::first_measurement(start, metric) else {
                    continue;
                };
                let Some((needed, scrape)) = too_early(subject, first, metric) else {
                    continue;
                };
                if !told.contains(&std::ptr::from_ref(metric)) {
                    told.push(metric);
                    report(
                        subject,
                        (rollout, stanza),
                        metric,
                        [first, needed, scrape],
                        findings,
                    );
                }
            }
        }
    }
}

/// The time that it takes for the samples which a query needs at least, and the scrape interval, where the first
/// measurement comes earlier.
pub(super) fn too_early(
    subject: &Subject<'_>,
    first: Duration,
    metric: &Metric<'_>,
) -> Option<(Duration, Duration)> {
    let query = metric.query.as_ref()?;
    let windows = windows::windows(query);
    // Without a window the query looks at the newest sample, or at what exporters know of pods at once.
    let samples = windows.iter().map(Window::least_samples).max()?;
    let scrape = subject.scrape_intervals().into_iter().min()?;
    let needed = Duration::from_nanos(scrape.as_nanos().saturating_mul(samples));
    (first < needed).then_some((needed, scrape))
}

fn report(
    subject: &Subject<'_>,
    (rollout, stanza): (&RolloutSubject<'_>, &Stanza),
    metric: &Metric<'_>,
    [first, needed, scrape]: [Duration; 3],
    findings: &mut Findings,
) {
    let name = &metric.resolved.name;
    let place = windows::place_of(stanza.kind);
    let switched = stanza.kind == StanzaKind::PostPromotion;
    let when = match (switched, first == Duration::ZERO) {
        (true, true) => "as soon as everybody is switched over".to_owned(),
        (true, false) => format!("{first} after everybody is switched over"),
        (false, true) => "as soon as the pods are there, before any time has passed".to_owned(),
        (false, false) => format!("when the new version is {first} old"),
    };
    let finding = findings.report(
        rollout.place(&windows::path_of(stanza.kind)),
        format!("{place} measures {name} first {when}"),
    );
    finding
        .related(
            metric.location(),
            match metric.initial_delay() {
                Setting::Known(delay) if delay > Duration::ZERO => format!("initialDelay is {delay}"),
                _ => "no initialDelay".to_owned(),
            },
        )
        .why(format!(
            "the scrapes that the query needs take up to {needed} where Prometheus scrapes every {scrape}: until then it may find nothing, or nothing but the old version"
        ))
        .help(match stanza.kind {
            StanzaKind::Step(_) => "put a pause as long as the query's window before the analysis, or give the metric an initialDelay",
            _ => "give the metric an initialDelay as long as the query's window",
        });
    add_fix(subject, metric, needed, finding);
}

/// Waits for the window to fill, where nothing is written about waiting.
fn add_fix(subject: &Subject<'_>, metric: &Metric<'_>, needed: Duration, finding: &mut Finding) {
    let window = metric.query.as_ref().and_then(windows::longest);
    let delay = window.map_or(needed, |window| window.reach.max(needed));
    let seconds = delay.as_nanos() / 1_000_000_000;
    let mapping = metric.node.as_mapping();
    let Some((key, _)) = mapping.and_then(|mapping| mapping.entry("name")) else {
        return;
    };
    if metric.initial_delay() != Setting::Absent {
        return;
    }
    // Keys of a mapping in braces don't stand on lines of their own.
    let source = subject.manifests.sources.source(metric.object.source);
    let line = source.line_span(source.line_index(key.span.start));
    let before = &source.text()[line.start..key.span.start];
    if before.chars().all(|c| c == ' ' || c == '-') {
        finding.fix(Fix::insert(
            "wait for the window to fill",
            key.span.in_source(metric.object.source),
            format!("initialDelay: {seconds}s\n{}", " ".repeat(before.len())),
        ));
    }
}
