//! The answer is empty as long as no request has failed.
//!
//! ## What it does
//!
//! Exporters usually create the series of a status at its first response. A query that needs the series of failed requests, such as `5xx / all`, has no answer until the first failure. This rule reports it unless an empty answer counts as success.
//!
//! ## Why it matters
//!
//! A release without a single error is aborted: each measurement is an Error or Failed. The better the release, the surer the abort.
//!
//! ## Example
//!
//! ```yaml
//! successCondition: result[0] <= 0.01
//! provider:
//!   prometheus:
//!     query: sum(rate(http_requests_total{status=~"5.."}[5m])) / sum(rate(http_requests_total[5m]))
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! successCondition: result[0] <= 0.01
//! provider:
//!   prometheus:
//!     query: (sum(rate(http_requests_total{status=~"5.."}[5m])) or vector(0)) / sum(rate(http_requests_total[5m]))
//! ```
//!
//! ## References
//!
//! - docs/hazards.md

use crate::condition::{MetricResult, Phase};
use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::shape::{needs_errors, selectors, visit};
use crate::lint::subject::{Metric, Subject};
use crate::promql::ast::{Expr, ExprKind, Span, VectorSelector};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS107",
    name: "no-errors-no-answer",
    severity: Severity::Warning,
    source: include_str!("rs107_no_errors_no_answer.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (_, metric) in subject.metrics() {
        let Some((query, expr)) = metric.vector_query() else {
            continue;
        };
        let Some(selector) = needs_errors(expr) else {
            continue;
        };
        let Some(consequence) = consequence(metric) else {
            continue;
        };
        findings
            .report(
                query.location(&place(expr, selector)),
                "without a single failed request this query has no answer",
            )
            .label("these series begin with the first failure")
            .why(format!("a release without any error {consequence}"))
            .help(help(expr));
    }
}

fn consequence(metric: &Metric<'_>) -> Option<&'static str> {
    metric.conditions().next()?;
    // Conditions that never compile are another rule's.
    if metric.assess(MetricResult::Vector(&[0.5])) == Some(Phase::Error) {
        return None;
    }
    match metric.assess(MetricResult::Vector(&[]))? {
        Phase::Error => Some("makes every measurement an Error, and the fifth in a row aborts it"),
        Phase::Failed => Some("makes every measurement Failed, and is aborted"),
        Phase::Inconclusive => {
            Some("makes every measurement Inconclusive, which pauses the rollout")
        }
        Phase::Successful => None,
    }
}

fn place(expr: &Expr, selector: &VectorSelector) -> Span {
    let mut found = expr.span.clone();
    visit(expr, &mut |expr| match &expr.kind {
        ExprKind::VectorSelector(this) if std::ptr::eq(this, selector) => found = expr.span.clone(),
        ExprKind::MatrixSelector {
            selector: this,
            selector_span,
            ..
        } if std::ptr::eq(this, selector) => {
            found = selector_span.clone();
        }
        _ => {}
    });
    found
}

fn help(expr: &Expr) -> &'static str {
    if selectors(expr).len() > 1 {
        "write `(sum(…) or vector(0))` for the failed requests, or divide those that succeeded by all"
    } else {
        "write `sum(…) or vector(0)`"
    }
}
