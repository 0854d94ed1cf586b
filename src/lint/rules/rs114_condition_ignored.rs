//! A metric that runs a Job (or asks Kayenta) has a condition, which is never looked at.
//!
//! ## What it does
//!
//! Reports `successCondition` and `failureCondition` of metrics whose provider is `job` or `kayenta`.
//!
//! ## Why it matters
//!
//! A Job has no result: one that completes is a success, one that fails is a failure, whatever it prints. Kayenta's score is held to its own thresholds. A condition there reads as if it decided something.
//!
//! ## Example
//!
//! ```yaml
//! - name: smoke-test
//!   successCondition: result >= 99   # nobody asks
//!   provider:
//!     job:
//!       spec: {}
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! - name: smoke-test
//!   provider:
//!     job:
//!       spec: {}   # the container exits with something else than 0 if the test fails
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `metricproviders/job/job.go`, `Resume`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::Subject;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS114",
    name: "condition-ignored",
    severity: Severity::Warning,
    source: include_str!("rs114_condition_ignored.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (_, metric) in subject.metrics() {
        let provider = &metric.written.provider;
        let (who, why, help) = if provider.job.is_some() {
            (
                "a Job",
                "a Job that completes is a success and one that fails is a failure, whatever it prints",
                "let the Job's container exit with something else than 0 where the release is bad, and leave the condition out",
            )
        } else if provider.kayenta.is_some() {
            (
                "Kayenta",
                "its score is held to the `threshold` of the provider",
                "write `threshold.pass` and `threshold.marginal`, and leave the condition out",
            )
        } else {
            continue;
        };
        for condition in metric.conditions() {
            findings
                .report(
                    condition.text.whole(),
                    format!("the {} of {who} is never looked at", condition.kind.field()),
                )
                .why(why)
                .help(help);
        }
    }
}
