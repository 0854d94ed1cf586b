//! A query asks for a label that no pod of the Rollout has.
//!
//! ## What it does
//!
//! Labels such as `version`, `track` or `role` whose value speaks of canary or stable can only come from labels of the pods. Reports matchers on them that neither the pod template nor `canaryMetadata`, `stableMetadata` (for blue-green `previewMetadata`, `activeMetadata`) meets, where a Rollout that uses the template is given. Silent if a Service that was given has such a label. Where every measurement is an Error because of it, the severity is error.
//!
//! ## Why it matters
//!
//! Argo Rollouts marks its pods with a hash only. "The canary's pods" have a label `version: canary` if `canaryMetadata` sets it, and not otherwise. Without it the query finds nothing, whatever the release is like: with `result[0]` each measurement is an Error, and every release is aborted after the fifth.
//!
//! ## Example
//!
//! ```yaml
//! canary: {steps: [{setWeight: 20}, {analysis: {templates: [{templateName: success-rate}]}}]}
//! ---
//! query: sum(rate(http_requests_total{version=~".*canary.*"}[2m]))
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! canary:
//!   canaryMetadata: {labels: {version: canary}}
//!   stableMetadata: {labels: {version: stable}}
//! ```
//!
//! ## References
//!
//! - Argo Rollouts documentation, "Ephemeral metadata"
//! - Argo Rollouts v1.9.1, `rollout/ephemeralmetadata.go`

use crate::condition::{MetricResult, Phase};
use crate::diagnostics::{Location, Severity};
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::{Metric, Query, RolloutSubject, Subject, key_place};
use crate::lint::versions::{self, Unmatched, Versions};
use crate::promql::ast::Span;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS206",
    name: "filter-matches-no-pod",
    severity: Severity::Warning,
    source: include_str!("rs206_filter_matches_no_pod.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let Some(versions) = Versions::of(rollout) else {
            continue;
        };
        let mut told: Vec<*const Metric<'_>> = Vec::new();
        for stanza in &rollout.stanzas {
            for found in stanza.metrics(subject) {
                let metric = found.metric;
                if !told.contains(&std::ptr::from_ref(metric)) {
                    told.push(metric);
                    check_metric(subject, rollout, &versions, metric, findings);
                }
            }
        }
    }
}

fn check_metric(
    subject: &Subject<'_>,
    rollout: &RolloutSubject<'_>,
    versions: &Versions,
    metric: &Metric<'_>,
    findings: &mut Findings,
) {
    let Some((query, expr)) = metric.query.as_ref().and_then(|query| {
        let expr = query.expr.as_ref().ok()?;
        Some((query, expr))
    }) else {
        return;
    };
    let unmatched: Vec<(Unmatched<'_>, Span)> = versions::selectors(expr)
        .into_iter()
        .filter_map(|(selector, span)| {
            let found = versions.unmatched(selector, !query.text.is_known(&span))?;
            (!given_by_service(subject, found.label)).then_some((found, span))
        })
        .collect();
    let Some((first, span)) = unmatched.first() else {
        return;
    };
    let spans: Vec<Span> = unmatched.iter().map(|(_, span)| span.clone()).collect();
    report(rollout, metric, query, (first, span), findings);
    let finding_is_error = versions::empty_without(expr, &spans)
        && metric.vector_query().is_some()
        && metric.assess(MetricResult::Vector(&[])) == Some(Phase::Error);
    if let Some(finding) = findings.last() {
        if finding_is_error {
            finding.severity(Severity::Error).why("the answer is empty, so every measurement is an Error, and the fifth in a row aborts the release, good or bad");
        } else if versions::empty_without(expr, &spans) {
            finding.why("the answer is empty, whatever the release is like");
        } else {
            finding.why("a part of the query is always empty, whatever the release is like");
        }
    }
}

fn report(
    rollout: &RolloutSubject<'_>,
    metric: &Metric<'_>,
    query: &Query<'_>,
    (found, span): (&Unmatched<'_>, &Span),
    findings: &mut Findings,
) {
    let Unmatched {
        matcher,
        label,
        values,
    } = found;
    let (name, rollout_name) = (&metric.resolved.name, &rollout.object.name);
    let written = format!(
        "{}{}\"{}\"",
        matcher.name,
        matcher.op.as_str(),
        matcher.value
    );
    let message = if values.is_empty() {
        format!("{name} asks for `{written}`, and no pod of {rollout_name} has a label `{label}`")
    } else {
        let listed = values.join("` or `");
        format!(
            "{name} asks for `{written}`, and `{label}` of the pods of {rollout_name} is `{listed}`"
        )
    };
    let is_blue_green = rollout.rollout.spec.strategy.blue_green.is_some();
    let (key, fields) = if is_blue_green {
        ("blueGreen", ["previewMetadata", "activeMetadata"])
    } else {
        ("canary", ["canaryMetadata", "stableMetadata"])
    };
    let strategy = rollout.object.node.lookup("spec.strategy");
    let place = strategy.map_or_else(
        || rollout.object.location(),
        |node| key_place(rollout.object, node, key),
    );
    findings
        .report(place_of(query, &matcher.name, span), message)
        .label("meets no pod")
        .related(
            place,
            format!("neither the pod template nor {} or {} sets it", fields[0], fields[1]),
        )
        .help(format!(
            "set the label on the pods: `{}: {{labels: {{{label}: canary}}}}` and `{}: {{labels: {{{label}: stable}}}}`",
            fields[0], fields[1]
        ));
}

/// Whether a Service that was given has a label of this name: scrapes can take labels from there.
fn given_by_service(subject: &Subject<'_>, label: &str) -> bool {
    let mut services = subject.manifests.of_kind("Service");
    services.any(|service| {
        let labels = service.node.lookup("metadata.labels");
        labels.is_some_and(|labels| labels.get(label).is_some())
    })
}

/// Where in a selector a label is named.
fn place_of(query: &Query<'_>, label: &str, selector: &Span) -> Location {
    let text = query.text.slice(selector.clone());
    let braces = text.find('{').unwrap_or_default();
    let found = text[braces..].find(label);
    let span = found.map_or_else(
        || selector.clone(),
        |at| {
            let start = selector.start + braces + at;
            start..start + label.len()
        },
    );
    query.location(&span)
}
