//! The query isn't valid PromQL: every measurement is an Error.
//!
//! ## What it does
//!
//! Parses each query as Prometheus 3 does and reports its words.
//!
//! ## Why it matters
//!
//! The controller sends the query as it is; only Prometheus tells that it is wrong, at each measurement. The fifth Error in a row aborts the release, good or bad.
//!
//! ## Example
//!
//! ```yaml
//! query: sum(rate(http_requests_total[5m])
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! query: sum(rate(http_requests_total[5m]))
//! ```
//!
//! ## References
//!
//! - Prometheus documentation, "Querying basics"

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::Subject;
use crate::promql::parse::ParseError;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS113",
    name: "query-error",
    severity: Severity::Error,
    source: include_str!("rs113_query_error.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (_, metric) in subject.metrics() {
        let Some(query) = &metric.query else {
            continue;
        };
        let Err(error) = &query.expr else {
            continue;
        };
        // A stand-in may be what doesn't fit.
        let is_known = query.text.is_known(&(0..query.text.filled.len()));
        if !is_known || matches!(error, ParseError::Unsupported { .. }) {
            continue;
        }
        let mut span = error.span();
        if span.is_empty() {
            // Prometheus says where the error begins.
            let rest = query.text.slice(span.start..query.text.filled.len());
            span.end += rest
                .find(|character: char| !character.is_alphanumeric() && character != '_')
                .unwrap_or(rest.len())
                .max(1)
                .min(rest.len());
        }
        findings
            .report(query.location(&span), error.to_string())
            .why("Prometheus refuses the query: every measurement is an Error, and the fifth in a row aborts the release, good or bad")
            .help("try the query in Prometheus first");
    }
}
