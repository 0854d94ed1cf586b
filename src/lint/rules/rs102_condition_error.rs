//! A condition doesn't compile: every measurement is an Error.
//!
//! ## What it does
//!
//! Compiles `successCondition` and `failureCondition` as the controller does (antonmedv/expr v1.15.5), against the type that the query's answer has. It reports what the language says, word for word.
//!
//! ## Why it matters
//!
//! The controller compiles conditions only when it measures. Until then nothing tells. Then every measurement is an Error, and the fifth in a row ends the AnalysisRun and aborts the release, good or bad.
//!
//! ## Example
//!
//! ```yaml
//! successCondition: result[0] >= 0.95 AND result[0] <= 1
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! successCondition: result[0] >= 0.95 && result[0] <= 1
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `utils/evaluate`, `EvalCondition`

use crate::condition::CompileError;
use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::{Condition, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS102",
    name: "condition-error",
    severity: Severity::Error,
    source: include_str!("rs102_condition_error.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (_, metric) in subject.metrics() {
        for condition in metric.conditions() {
            // A bare `result` on a vector has a rule of its own.
            let is_bare = metric.vector_query().is_some()
                && super::rs101_bare_result_on_vector::has_bare_result(condition);
            if !is_bare {
                check_condition(condition, findings);
            }
        }
    }
}

fn check_condition(condition: &Condition<'_>, findings: &mut Findings) {
    let ((Err(error), _) | (_, Some(Err(error)))) = (&condition.ast, &condition.compiled) else {
        return;
    };
    let CompileError::Rejected { message, span } = error else {
        return;
    };
    // Around a stand-in nobody can tell.
    if !condition.text.is_known(&(0..condition.text.filled.len())) {
        return;
    }
    let message = message.lines().next().unwrap_or_default().to_owned();
    findings
        .report(condition.location(*span), message)
        .why("the condition doesn't compile: every measurement is an Error, and the fifth in a row aborts the release, good or bad")
        .help("mend the condition; its language is that of antonmedv/expr v1.15");
}
