//! The query can answer with several series, and the condition looks at the first one only.
//!
//! ## What it does
//!
//! Reports conditions that take `result[0]` of a query without an aggregation, or with one that keeps a series for each value of a label.
//!
//! ## Why it matters
//!
//! Prometheus doesn't promise which series comes first. One bad pod among several is seen or not by chance.
//!
//! ## Example
//!
//! ```yaml
//! successCondition: result[0] < 0.05
//! provider:
//!   prometheus:
//!     query: sum by (pod) (rate(errors_total[5m]))
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! successCondition: len(result) > 0 && all(result, # < 0.05)
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `metricproviders/prometheus`, `processResponse`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::shape::several_series;
use crate::lint::subject::Subject;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS111",
    name: "several-series",
    severity: Severity::Warning,
    source: include_str!("rs111_several_series.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (_, metric) in subject.metrics() {
        let Some((query, expr)) = metric.vector_query() else {
            continue;
        };
        let Some(span) = several_series(expr).filter(|_| !query.is_range) else {
            continue;
        };
        for condition in metric.conditions() {
            let text = &condition.text.filled;
            let looks_at_all = [
                "all(",
                "any(",
                "none(",
                "filter(",
                "map(",
                "count(",
                "result[1]",
                "len(result) == 1",
            ]
            .iter()
            .any(|part| text.contains(part));
            let access = super::rs103_empty_vector_unguarded::first_access(condition);
            if let Some(access) = access.filter(|_| !looks_at_all) {
                findings
                    .report(condition.location(access), "`result[0]` is one series of several, and which one isn't defined")
                    .related(query.location(&span), "this can be several series")
                    .why("what the other series say is never looked at")
                    .help("aggregate in the query (`sum(…)`, `max(…)`), or ask about all: `all(result, # < …)`");
            }
        }
    }
}
