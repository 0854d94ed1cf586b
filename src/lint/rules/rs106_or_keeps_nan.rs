//! `or vector(…)` is meant to catch NaN, and doesn't.
//!
//! ## What it does
//!
//! `or` adds what the left side lacks. A NaN is a sample like any other, so with 0/0 on the left nothing is lacking and NaN stays. This rule reports an `or vector(…)` whose left side can be NaN while no condition asks `isNaN`.
//!
//! ## Why it matters
//!
//! The query looks guarded. It is guarded against missing series only; a pause in traffic still gives NaN, with which every comparison is false.
//!
//! ## Example
//!
//! ```yaml
//! query: (sum(rate(errors_total[5m])) / sum(rate(requests_total[5m]))) or vector(0)
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! # nothing is divided by 0, so there is no NaN, and `or` covers what is missing
//! query: (sum(rate(errors_total[5m])) / (sum(rate(requests_total[5m])) > 0)) or vector(0)
//! ```
//!
//! ## References
//!
//! - Prometheus documentation, "Logical/set binary operators"

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::shape::{nan_cause, number, visit};
use crate::lint::subject::{Metric, Subject};
use crate::promql::ast::{BinaryOp, ExprKind, Span};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS106",
    name: "or-keeps-nan",
    severity: Severity::Warning,
    source: include_str!("rs106_or_keeps_nan.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (_, metric) in subject.metrics() {
        if let Some(or) = useless_or(metric)
            && let Some(query) = &metric.query
        {
            let why = super::rs105_nan_unhandled::consequence(metric);
            findings
                .report(query.location(&or), "`or vector(…)` doesn't catch NaN: a NaN on its left stays")
                .label("covers missing series only")
                .why(why.unwrap_or("no condition says what NaN means"))
                .help("keep the divisor from being 0 (`… / (sum(…) > 0) or vector(…)`), or ask `isNaN(result[0])` in the condition");
        }
    }
}

/// From the `or` to its end, where NaN can pass and no condition asks about it.
pub(super) fn useless_or(metric: &Metric<'_>) -> Option<Span> {
    super::rs105_nan_unhandled::unhandled(metric)?;
    let expr = metric.query.as_ref()?.expr.as_ref().ok()?;
    let mut found = None;
    visit(expr, &mut |expr| {
        if let ExprKind::Binary(binary) = &expr.kind
            && binary.op == BinaryOp::Or
            && number(&binary.right).is_some()
            && nan_cause(&binary.left).is_some()
        {
            found.get_or_insert(binary.right.span.clone());
        }
    });
    found
}
