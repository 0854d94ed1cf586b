//! A comment beside `failureLimit` takes it for failures in a row.
//!
//! ## What it does
//!
//! Reports `failureLimit` with a comment on its line, or alone on the line above, that speaks of consecutive failures.
//!
//! ## Why it matters
//!
//! `failureLimit` counts all failures of the run, and forgets none: with `failureLimit: 3`, the fourth failure in a whole day ends the metric. There is no limit of failures in a row; `consecutiveErrorLimit` is about measurements that can't be made.
//!
//! ## Example
//!
//! ```yaml
//! failureLimit: 3   # fail after 3 consecutive failures
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! failureLimit: 3   # the fourth failure fails the metric
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `analysis/analysis.go`, `assessMetricFailureInconclusiveOrError`

use crate::diagnostics::Severity;
use crate::diagnostics::{Location, Span};
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::{Setting, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS303",
    name: "failure-limit-not-consecutive",
    severity: Severity::Warning,
    source: include_str!("rs303_failure_limit_not_consecutive.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (_, metric) in subject.metrics() {
        if metric.failure_limit() == Setting::Absent {
            continue;
        }
        let key = metric.key("failureLimit");
        let Some(comment) = comment(subject, key).filter(|found| {
            let text = subject.slice(*found).to_lowercase();
            ["consecutive", "in a row", "in row"]
                .iter()
                .any(|words| text.contains(words))
                && !text.contains("not ")
                && !text.contains("error")
        }) else {
            continue;
        };
        let next = metric.failure_limit().known().map_or_else(
            || "one more than the limit".to_owned(),
            |limit| format!("failure {}", limit + 1),
        );
        findings
            .report(key, "failureLimit counts all failures, not those in a row")
            .related(comment, "this says otherwise")
            .why(format!("failures are never forgotten: {next} of the whole run fails the metric, however many successes lie between"))
            .help("mend the comment, and choose the limit for all measurements of the run");
    }
}

/// The comment on a line, or alone on the line above.
fn comment(subject: &Subject<'_>, at: Location) -> Option<Location> {
    let source = subject.manifests.sources.source(at.source);
    let line = source.line_index(at.span.start);
    let find = |line: usize, alone: bool| {
        let span = source.line_span(line);
        let text = &source.text()[span.start..span.end];
        let hash = text
            .find(" #")
            .map(|space| space + 1)
            .or_else(|| text.starts_with('#').then_some(0))?;
        (!alone || text[..hash].trim().is_empty()).then(|| {
            let end = span.start + text.trim_end().len();
            Span::new(span.start + hash, end).in_source(at.source)
        })
    };
    find(line, false).or_else(|| find(line.checked_sub(1)?, true))
}
