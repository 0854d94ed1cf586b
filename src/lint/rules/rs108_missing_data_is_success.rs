//! No data counts as success.
//!
//! ## What it does
//!
//! Evaluates the conditions with an empty answer, and with the value of an `or vector(…)` around the whole query, and reports those that are Successful.
//!
//! ## Why it matters
//!
//! A scrape that broke, a label that was renamed or a canary that never came up leaves no data. Then the gate passes every release, and nothing tells that it measures nothing.
//!
//! ## Example
//!
//! ```yaml
//! successCondition: len(result) == 0 || result[0] >= 0.95
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! successCondition: len(result) > 0 && result[0] >= 0.95
//! ```
//!
//! ## References
//!
//! - docs/operators.md

use crate::condition::{MetricResult, Phase};
use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::shape::{may_be_empty, needs_errors, number, visit};
use crate::lint::subject::{Metric, Subject};
use crate::promql::ast::{BinaryOp, Expr, ExprKind};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS108",
    name: "missing-data-is-success",
    severity: Severity::Warning,
    source: include_str!("rs108_missing_data_is_success.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (_, metric) in subject.metrics() {
        if metric.conditions().next().is_none() {
            continue;
        }
        check_guard(metric, findings);
        check_default(metric, findings);
    }
}

fn check_guard(metric: &Metric<'_>, findings: &mut Findings) {
    let Some((query, expr)) = metric.vector_query() else {
        return;
    };
    if !may_be_empty(expr) || metric.assess(MetricResult::Vector(&[])) != Some(Phase::Successful) {
        return;
    }
    let Some(condition) = metric.conditions().next() else {
        return;
    };
    let finding = findings.report(
        condition.text.whole(),
        "an empty answer makes the measurement Successful",
    );
    finding
        .related(query.text.whole(), "no series matches: an empty answer")
        .why("when the scrape breaks or a label is misspelt, every release passes this gate")
        .help("let no data fail: `len(result) > 0 && …`; where no failure means no series, write `or vector(0)` behind the failures alone");
    if needs_errors(expr).is_some() {
        // Without it a release without errors would never pass.
        finding.severity(Severity::Info);
    }
}

fn check_default(metric: &Metric<'_>, findings: &mut Findings) {
    let Some((query, expr)) = metric.vector_query() else {
        return;
    };
    let ExprKind::Binary(binary) = &unwrapped(expr).kind else {
        return;
    };
    let Some(value) = number(&binary.right).filter(|_| binary.op == BinaryOp::Or) else {
        return;
    };
    let passes = metric.conditions_are_known()
        && metric.assess(MetricResult::Vector(&[value])) == Some(Phase::Successful);
    // A count of failures is 0 without any; a ratio or a quantile of nothing is no answer.
    if passes && has_own_denominator(&binary.left) {
        findings
            .report(query.location(&binary.right.span), format!("no data becomes {value}, which makes the measurement Successful"))
            .why("when the scrape breaks or a label is misspelt, every release passes this gate")
            .help("give the failures alone a default (`(sum(…) or vector(0)) / sum(…)`), and let no data at all fail");
    }
}

fn unwrapped(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Paren(inner) => unwrapped(inner),
        _ => expr,
    }
}

fn has_own_denominator(expr: &Expr) -> bool {
    let mut found = false;
    visit(expr, &mut |expr| {
        found |= match &expr.kind {
            ExprKind::Binary(binary) => {
                binary.op == BinaryOp::Div && number(&binary.right).is_none()
            }
            ExprKind::Call { function, .. } => *function == "histogram_quantile",
            _ => false,
        };
    });
    found
}
