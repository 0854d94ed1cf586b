//! Nothing in a query tells the new version's pods from the old one's.
//!
//! ## What it does
//!
//! Reports queries of a canary's analysis whose answer takes both versions together: no matcher and no grouping that separates them, by the pods' labels, the hash, `canaryMetadata`, `stableMetadata` and the Services of both. Also those that ask for the Service of the old version. Silent where a matcher's value isn't known or speaks of versions, where the series are those of kube-state-metrics, and where everybody is on the new version already.
//!
//! ## Why it matters
//!
//! While the canary gets one request in ten, nine are the old version's. If all of the canary's requests fail, the error rate is 10 %; if one in twenty fails, it is half a percent. A threshold that suits a whole service hardly sees it.
//!
//! ## Example
//!
//! ```yaml
//! query: |
//!   sum(rate(http_requests_total{app="api", status=~"5.."}[5m]))
//!   / sum(rate(http_requests_total{app="api"}[5m]))
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! # the Rollout: canaryMetadata: {labels: {role: canary}}, stableMetadata: {labels: {role: stable}}
//! query: |
//!   sum(rate(http_requests_total{app="api", role="canary", status=~"5.."}[5m]))
//!   / sum(rate(http_requests_total{app="api", role="canary"}[5m]))
//! ```
//!
//! ## References
//!
//! - Argo Rollouts documentation, "Ephemeral metadata"
//! - docs/operators.md

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps;
use crate::lint::subject::{Metric, RolloutSubject, Subject};
use crate::lint::versions::{self, Reads, Versions};
use crate::manifest::references::StanzaKind;
use crate::promql::ast::Expr;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS205",
    name: "no-canary-filter",
    severity: Severity::Warning,
    source: include_str!("rs205_no_canary_filter.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let Some(versions) = Versions::of(rollout) else {
            continue;
        };
        let mut told: Vec<*const Metric<'_>> = Vec::new();
        for stanza in &rollout.stanzas {
            let Some(weight) = weight_at(rollout, stanza.kind) else {
                continue;
            };
            for found in stanza.metrics(subject) {
                let metric = found.metric;
                if told.contains(&std::ptr::from_ref(metric)) {
                    continue;
                }
                if check_metric(rollout, &versions, metric, weight, findings) {
                    told.push(metric);
                }
            }
        }
    }
}

fn check_metric(
    rollout: &RolloutSubject<'_>,
    versions: &Versions,
    metric: &Metric<'_>,
    (weight, step): (i32, usize),
    findings: &mut Findings,
) -> bool {
    let Some((query, expr)) = metric.query.as_ref().and_then(|query| {
        let expr = query.expr.as_ref().ok()?;
        Some((query, expr))
    }) else {
        return false;
    };
    if is_of_pods(expr) {
        return false;
    }
    let name = &metric.resolved.name;
    let rollout_name = &rollout.object.name;
    let (message, label) = match versions.read_by(query, expr) {
        Reads::ToldApart => return false,
        Reads::Both => (
            format!("{name} takes both versions together: nothing in its query tells them apart"),
            format!("pods of both versions of {rollout_name}"),
        ),
        Reads::Stable => (
            format!(
                "{name} asks for the Service of the old version: nothing of the new one is in it"
            ),
            format!("pods of the old version of {rollout_name}"),
        ),
    };
    let Some((_, span)) = versions::selectors(expr).into_iter().next() else {
        return false;
    };
    findings
        .report(query.location(&span), message)
        .label(label)
        .related(
            rollout.place(&steps::path(step, "setWeight")),
            format!("the old version still has {} % of the requests here", 100 - weight),
        )
        .why("what the old version does well hides what the new one does badly, the more the smaller the weight")
        .help("set a label on the new version's pods (canaryMetadata, stableMetadata), let Prometheus keep it, and ask for it; or ask for the canary's Service or hash");
    true
}

/// The weight and its step while an analysis measures, where both versions get requests: beside the steps the smallest.
fn weight_at(rollout: &RolloutSubject<'_>, kind: StanzaKind) -> Option<(i32, usize)> {
    let canary = steps::canary(rollout)?;
    let mut weights = steps::weights(canary);
    let (step, weight) = match kind {
        StanzaKind::Step(index) => weights.rfind(|(step, _)| *step < index)?,
        StanzaKind::Background => weights
            .filter(|(_, weight)| *weight > 0)
            .min_by_key(|(_, weight)| *weight)?,
        StanzaKind::PrePromotion | StanzaKind::PostPromotion => return None,
    };
    (weight > 0 && weight < 100).then_some((weight, step))
}

/// Whether the series are what Kubernetes or Prometheus say of pods: one bad pod shows among many good ones.
fn is_of_pods(expr: &Expr) -> bool {
    let selectors = versions::selectors(expr);
    selectors.iter().any(|(selector, _)| {
        let name = selector.name.as_deref().unwrap_or_default();
        name.is_empty() || name == "up" || name.starts_with("kube_") || name.contains(':')
    })
}
