//! A count or limit is a text that is no number, and counts as 0.
//!
//! ## What it does
//!
//! Reports texts in `count`, `failureLimit`, `inconclusiveLimit`, `consecutiveErrorLimit` and `consecutiveSuccessLimit` that aren't whole numbers, once arguments are filled in.
//!
//! ## Why it matters
//!
//! Such a text is read as 0 without an error: no failure is tolerated, or a metric is measured without end.
//!
//! ## Example
//!
//! ```yaml
//! failureLimit: 10%
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! failureLimit: 3
//! ```
//!
//! ## References
//!
//! - Kubernetes apimachinery, `intstr.go`, `IntValue`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::Subject;
use crate::manifest::int_or_string::IntOrString;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS304",
    name: "number-is-text",
    severity: Severity::Warning,
    source: include_str!("rs304_number_is_text.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (_, metric) in subject.metrics() {
        let resolved = &metric.resolved;
        let numbers = [
            ("count", &resolved.count),
            ("failureLimit", &resolved.failure_limit),
            ("inconclusiveLimit", &resolved.inconclusive_limit),
            ("consecutiveErrorLimit", &resolved.consecutive_error_limit),
            (
                "consecutiveSuccessLimit",
                &resolved.consecutive_success_limit,
            ),
        ];
        for (field, value) in numbers {
            let Some(IntOrString::Text(text)) = value else {
                continue;
            };
            if text.contains("{{") || text.parse::<i64>().is_ok() {
                continue;
            }
            findings
                .report(
                    metric.place(field),
                    format!("{field}: \"{text}\" is no whole number and counts as 0"),
                )
                .why("the text is read as 0 without an error")
                .help("write a whole number");
        }
    }
}
