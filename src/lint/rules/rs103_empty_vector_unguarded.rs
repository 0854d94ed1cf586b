//! A condition takes `result[0]` of an answer that can be empty.
//!
//! ## What it does
//!
//! A query whose selectors match no series gives an empty answer. This rule evaluates the conditions with an empty answer and reports those that can't be evaluated.
//!
//! ## Why it matters
//!
//! `result[0]` of an empty answer is an Error, not a Failed measurement. Four errors in a row are tolerated, the fifth aborts the release. Shortly after the canary starts there are no samples yet, and a misspelt label matches nothing ever.
//!
//! ## Example
//!
//! ```yaml
//! successCondition: result[0] >= 0.95
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
//! ## References
//!
//! - Argo Rollouts v1.9.1, `metricproviders/prometheus`, `processResponse`

use crate::condition::ast::{NodeKind, Span};
use crate::condition::{MetricResult, Phase};
use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::shape::{may_be_empty, needs_errors};
use crate::lint::subject::{Condition, Metric, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS103",
    name: "empty-vector-unguarded",
    severity: Severity::Warning,
    source: include_str!("rs103_empty_vector_unguarded.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (_, metric) in subject.metrics() {
        let Some((query, expr)) = metric.vector_query() else {
            continue;
        };
        let has_own_rule = needs_errors(expr).is_some()
            || super::rs112_threshold_in_query::threshold(expr).is_some();
        if !may_be_empty(expr) || has_own_rule || !fails_on_empty(metric) {
            continue;
        }
        let accesses = metric
            .conditions()
            .filter_map(|condition| Some((condition, first_access(condition)?)));
        for (condition, access) in accesses {
            if mentions_length(condition) {
                continue;
            }
            findings
                .report(
                    condition.location(access),
                    "`result[0]` of an empty answer is an Error, and the query can give one",
                )
                .related(query.text.whole(), "no series matches: an empty answer")
                .why("five such errors in a row abort the release, whatever it is worth; up to four pass unseen")
                .help(format!(
                    "say what no data means: `len(result) > 0 && {}` makes it a failed measurement",
                    parenthesised(condition)
                ));
        }
    }
}

/// Whether the conditions compile and can't be evaluated on an empty answer.
pub(super) fn fails_on_empty(metric: &Metric<'_>) -> bool {
    metric.assess(MetricResult::Vector(&[])) == Some(Phase::Error)
        && metric.assess(MetricResult::Vector(&[0.5])) != Some(Phase::Error)
}

/// The first `result[n]` of a condition.
pub(super) fn first_access(condition: &Condition<'_>) -> Option<Span> {
    let ast = condition.ast.as_ref().ok()?;
    let accesses = ast.iter().filter_map(|(_, node)| match &node.kind {
        NodeKind::Member { base, property, .. } => {
            let is_result =
                matches!(ast.kind(*base), NodeKind::Identifier(name) if name == "result");
            let is_index = matches!(
                ast.kind(*property),
                NodeKind::Integer(_) | NodeKind::Unary { .. }
            );
            (is_result && is_index).then(|| ast.span(*base).to(node.span))
        }
        _ => None,
    });
    accesses.min_by_key(|span| span.start)
}

/// Whether a condition looks at the number of samples.
pub(super) fn mentions_length(condition: &Condition<'_>) -> bool {
    condition.text.filled.contains("len(")
}

fn parenthesised(condition: &Condition<'_>) -> String {
    let text = condition.text.written.trim();
    if text.contains("||") || text.contains(" or ") || text.contains('?') {
        format!("({text})")
    } else {
        text.to_owned()
    }
}
