//! A template that no Rollout given uses has a metric with `interval` and without `count`: steps refuse it.
//!
//! ## What it does
//!
//! Reports metrics that never come to an end by themselves, in templates that no Rollout given uses. Where a Rollout uses the template, it is known what comes of it: in an analysis step, before or after promotion it is RS002; in a background analysis it is right.
//!
//! ## Why it matters
//!
//! With an `interval` and without a `count`, a metric is measured until the rollout ends. A background analysis may do that. A Rollout that names the template in an analysis step, or before or after promotion, is refused: nothing is deployed. `consecutiveSuccessLimit` doesn't help.
//!
//! ## Example
//!
//! ```yaml
//! metrics:
//! - name: success-rate
//!   interval: 1m
//!   failureLimit: 3
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! metrics:
//! - name: success-rate
//!   interval: 1m
//!   count: 10
//!   failureLimit: 3
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `validation_references.go`, `ValidateAnalysisTemplateWithType`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::{Setting, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS309",
    name: "endless-in-steps",
    severity: Severity::Info,
    source: include_str!("rs309_endless_in_steps.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (template, metric) in subject.metrics() {
        // A count that comes from an argument is RS305, a text that is no number RS304.
        let is_endless = metric.written.interval != ""
            && matches!(metric.count(), Setting::Absent | Setting::Known(0))
            && metric
                .written
                .count
                .as_ref()
                .is_none_or(|count| count.to_string() == "0");
        if !is_endless || !template.uses.is_empty() {
            continue;
        }
        let name = &metric.resolved.name;
        findings
            .report(
                metric.key("interval"),
                format!("{name} is measured until the rollout ends: a background analysis may use it, an analysis step may not"),
            )
            .label("and no count")
            .why(format!(
                "a Rollout with this template in a step, or before or after promotion, is refused: \"AnalysisTemplate {} has metric {name} which runs indefinitely\"",
                template.id.name
            ))
            .help("write a `count` if steps are to use the template");
    }
}
