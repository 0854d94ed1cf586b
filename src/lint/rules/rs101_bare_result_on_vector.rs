//! A condition compares the bare `result` with a number, although the query yields a vector.
//!
//! ## What it does
//!
//! A Prometheus query that yields an instant vector gives conditions a list of numbers, even when there is one series. This rule reports conditions that use the list where a number belongs.
//!
//! ## Why it matters
//!
//! The condition doesn't compile, so every measurement is an Error. The fifth in a row ends the AnalysisRun in Error and aborts the release: good and bad ones alike.
//!
//! ## Example
//!
//! ```yaml
//! successCondition: result >= 0.95
//! provider:
//!   prometheus:
//!     query: sum(rate(http_requests_total{status!~"5.."}[5m])) / sum(rate(http_requests_total[5m]))
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! successCondition: len(result) > 0 && result[0] >= 0.95
//! ```
//!
//! Or let the query yield a number: `scalar(…)`, which is NaN without data.
//!
//! ## References
//!
//! - docs/operators.md
//! - Argo Rollouts v1.9.1, `metricproviders/prometheus`, `processResponse`

use crate::condition::ast::{Ast, BinaryOperator, NodeId, NodeKind};
use crate::condition::{CompileError, ResultType};
use crate::diagnostics::Severity;
use crate::lint::finding::{Findings, Fix};
use crate::lint::rule::Rule;
use crate::lint::subject::{Condition, Query, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS101",
    name: "bare-result-on-vector",
    severity: Severity::Error,
    source: include_str!("rs101_bare_result_on_vector.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (_, metric) in subject.metrics() {
        let yields_vector = metric
            .query
            .as_ref()
            .is_some_and(|query| query.result_type() == Some(ResultType::Floats));
        if let Some(query) = metric.query.as_ref().filter(|_| yields_vector) {
            for condition in metric.conditions() {
                check_condition(query, condition, findings);
            }
        }
    }
}

fn check_condition(query: &Query<'_>, condition: &Condition<'_>, findings: &mut Findings) {
    let Ok(ast) = &condition.ast else {
        return;
    };
    for bare in compared_bare(ast) {
        let location = condition.location(ast.span(bare));
        let message = match &condition.compiled {
            Some(Err(CompileError::Rejected { message, .. })) => {
                message.lines().next().unwrap_or_default().to_owned()
            }
            _ => "the bare `result` is compared, but the query yields a vector".to_owned(),
        };
        findings
            .report(location, message)
            .label("this is a list of numbers")
            .related(query.text.whole(), "because this yields a vector")
            .why("the condition doesn't compile: every measurement is an Error, and the fifth in a row aborts the release, good or bad")
            .help("take the first sample: `result[0]`, and guard against an empty answer: `len(result) > 0 && …`")
            .fix(Fix::replace("take the first sample", location, "result[0]"));
    }
}

/// Whether a condition compares the bare `result`.
pub(super) fn has_bare_result(condition: &Condition<'_>) -> bool {
    condition
        .ast
        .as_ref()
        .is_ok_and(|ast| !compared_bare(ast).is_empty())
}

/// Uses of the bare `result` as operand of a comparison or of arithmetic.
fn compared_bare(ast: &Ast) -> Vec<NodeId> {
    let mut found = Vec::new();
    for (_, node) in ast.iter() {
        let NodeKind::Binary {
            operator,
            left,
            right,
        } = &node.kind
        else {
            continue;
        };
        let takes_numbers = matches!(
            operator,
            BinaryOperator::Less
                | BinaryOperator::LessOrEqual
                | BinaryOperator::More
                | BinaryOperator::MoreOrEqual
                | BinaryOperator::Equal
                | BinaryOperator::NotEqual
                | BinaryOperator::Add
                | BinaryOperator::Subtract
                | BinaryOperator::Multiply
                | BinaryOperator::Divide
        );
        let is_bare =
            |id: &&NodeId| matches!(ast.kind(**id), NodeKind::Identifier(name) if name == "result");
        let is_number = |id: NodeId| !matches!(ast.kind(id), NodeKind::Nil | NodeKind::Array(_));
        if takes_numbers && is_number(*left) && is_number(*right) {
            found.extend([left, right].into_iter().filter(is_bare).copied());
        }
    }
    found
}
