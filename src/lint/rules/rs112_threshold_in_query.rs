//! The threshold stands in the query, so the answer is empty on one of its sides.
//!
//! ## What it does
//!
//! A comparison at the top of a query drops series instead of answering yes or no. This rule reports it unless the conditions deal with the empty answer.
//!
//! ## Why it matters
//!
//! `errors > 0.05` has no answer as long as all is well. `result[0]` is then an Error, and five of them abort a healthy release; without a condition the query decides nothing.
//!
//! ## Example
//!
//! ```yaml
//! successCondition: result[0] == 1
//! provider:
//!   prometheus:
//!     query: sum(rate(errors_total[5m])) / sum(rate(requests_total[5m])) < 0.05
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! successCondition: result[0] < 0.05
//! provider:
//!   prometheus:
//!     query: sum(rate(errors_total[5m])) / sum(rate(requests_total[5m]))
//! ```
//!
//! ## References
//!
//! - Prometheus documentation, "Comparison binary operators"

use crate::condition::{MetricResult, Phase};
use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::shape::number;
use crate::lint::subject::Subject;
use crate::promql::ast::{Expr, ExprKind, Span};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS112",
    name: "threshold-in-query",
    severity: Severity::Warning,
    source: include_str!("rs112_threshold_in_query.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (_, metric) in subject.metrics() {
        let Some((query, expr)) = metric.vector_query() else {
            continue;
        };
        let Some(span) = threshold(expr) else {
            continue;
        };
        let why = if metric.conditions().next().is_none() {
            "without a condition the query decides nothing: both answers are a success"
        } else {
            match metric.assess(MetricResult::Vector(&[])) {
                Some(Phase::Error) => {
                    "on the other side of the threshold every measurement is an Error, and the fifth in a row aborts the release"
                }
                _ => continue,
            }
        };
        findings
            .report(query.location(&span), "a comparison at the top of a query drops what doesn't hold: then the answer is empty")
            .why(why)
            .help("take the comparison out of the query and write it as condition on `result[0]`");
    }
}

/// The comparison with a number at the top of a query.
pub(super) fn threshold(expr: &Expr) -> Option<Span> {
    match &expr.kind {
        ExprKind::Paren(inner) => threshold(inner),
        ExprKind::Binary(binary) if binary.op.is_comparison() && !binary.return_bool => {
            let has_number = number(&binary.left).is_some() || number(&binary.right).is_some();
            has_number.then_some(binary.left.span.end..binary.right.span.end)
        }
        _ => None,
    }
}
