//! A condition asks for the length of the answer after it has taken `result[0]`.
//!
//! ## What it does
//!
//! `||` and `&&` evaluate their left side first. A guard against an empty answer on the right is never reached, since `result[0]` on the left has failed by then.
//!
//! ## Why it matters
//!
//! The guard looks as if no data were dealt with. It isn't: the measurement is an Error.
//!
//! ## Example
//!
//! ```yaml
//! successCondition: result[0] >= 0.95 || len(result) == 0
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! successCondition: len(result) == 0 || result[0] >= 0.95
//! ```
//!
//! ## References
//!
//! - antonmedv/expr v1.15.5, evaluation of `||` and `&&`

use crate::condition::ast::{BinaryOperator, NodeKind};
use crate::condition::{Condition as Compiled, MetricResult, ResultType};
use crate::diagnostics::Severity;
use crate::lint::finding::{Findings, Fix};
use crate::lint::rule::Rule;
use crate::lint::shape::may_be_empty;
use crate::lint::subject::{Condition, Subject};
use crate::units::Instant;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS104",
    name: "guard-after-access",
    severity: Severity::Error,
    source: include_str!("rs104_guard_after_access.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (_, metric) in subject.metrics() {
        let Some((_, expr)) = metric.vector_query() else {
            continue;
        };
        if !may_be_empty(expr) {
            continue;
        }
        for condition in metric.conditions() {
            if super::rs103_empty_vector_unguarded::mentions_length(condition) {
                check_condition(condition, findings);
            }
        }
    }
}

fn check_condition(condition: &Condition<'_>, findings: &mut Findings) {
    let Ok(compiled) = Compiled::compile(&condition.text.filled, ResultType::Floats) else {
        return;
    };
    let now = Instant::from_nanos(0);
    if compiled.evaluate(MetricResult::Vector(&[]), now).is_ok() {
        return;
    }
    let Some(access) = super::rs103_empty_vector_unguarded::first_access(condition) else {
        return;
    };
    let finding = findings.report(
        condition.location(access),
        "`result[0]` comes before the guard, so an empty answer is an Error all the same",
    );
    finding
        .why("the left side is evaluated first and fails on an empty answer; the guard is never reached")
        .help("put the guard on the left");
    if let Some(swapped) = swapped(condition, &compiled) {
        finding.fix(Fix::replace(
            "put the guard first",
            condition.text.whole(),
            swapped,
        ));
    }
}

/// The condition with both sides exchanged, if that is the whole difference between an Error and an answer.
fn swapped(condition: &Condition<'_>, compiled: &Compiled) -> Option<String> {
    let ast = condition.ast.as_ref().ok()?;
    let NodeKind::Binary {
        operator,
        left,
        right,
    } = ast.kind(ast.root())
    else {
        return None;
    };
    let is_logical = matches!(
        operator,
        BinaryOperator::Or | BinaryOperator::BarBar | BinaryOperator::And | BinaryOperator::AmpAmp
    );
    let text = condition.text.written;
    // Only plain one-line values, without placeholders, that YAML reads the same when written anew.
    if !is_logical || text != condition.text.filled || text.contains(['\n', '"', '\'', '\\', '#']) {
        return None;
    }
    let (left, right) = (ast.span(*left), ast.span(*right));
    let between = text.get(left.end..right.start)?;
    if !text.get(..left.start)?.is_empty()
        || text.get(right.end..)?.trim() != ""
        || between.contains(['(', ')'])
    {
        return None;
    }
    let new = [text.get(right.range())?, between, text.get(left.range())?].concat();
    let is_plain =
        new.starts_with(|first: char| first.is_ascii_alphabetic()) && !new.contains(": ");
    let other = Compiled::compile(&new, ResultType::Floats)
        .ok()
        .filter(|_| is_plain)?;
    let now = Instant::from_nanos(0);
    other.evaluate(MetricResult::Vector(&[]), now).ok()?;
    let agree = [0.0, 0.5, 1.0, 1000.0, f64::NAN].into_iter().all(|sample| {
        let result = [sample];
        compiled.evaluate(MetricResult::Vector(&result), now)
            == other.evaluate(MetricResult::Vector(&result), now)
    });
    agree.then_some(new)
}
