//! A metric takes no more measurements than its `failureLimit` tolerates: it can't fail.
//!
//! ## What it does
//!
//! Reports metrics whose `failureLimit` is as large as the number of measurements. A larger one beside a written `count` is refused, which is RS003. Without `count` and `interval` there is one measurement. Metrics with `consecutiveSuccessLimit` are left out.
//!
//! ## Why it matters
//!
//! `failureLimit` is the number of failures that are tolerated; the next one fails the metric. With `count: 5` and `failureLimit: 5`, five failures of five are a success.
//!
//! ## Example
//!
//! ```yaml
//! count: 5
//! failureLimit: 5
//! interval: 1m
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! count: 5
//! failureLimit: 1
//! interval: 1m
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `analysis/analysis.go`, `assessMetricStatus`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::{Setting, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS301",
    name: "failure-limit-unreachable",
    severity: Severity::Error,
    source: include_str!("rs301_failure_limit_unreachable.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (_, metric) in subject.metrics() {
        let (Some(count), Setting::Known(limit)) =
            (metric.count().or_default(0), metric.failure_limit())
        else {
            continue;
        };
        let count = match (count, metric.interval()) {
            (0, Setting::Absent) => 1,
            (1.., _) => count,
            _ => continue,
        };
        let is_refused = limit > count && metric.count() != Setting::Absent;
        if metric.consecutive_success_limit() != Setting::Absent || limit < count || is_refused {
            continue;
        }
        let name = &metric.resolved.name;
        let message = if count == 1 {
            format!("{name} takes one measurement and tolerates {limit}: it can't fail")
        } else {
            format!(
                "{name} takes {count} measurements and tolerates {limit} failures: it can't fail"
            )
        };
        let finding = findings.report(metric.place("failureLimit"), message);
        if metric.count() != Setting::Absent {
            finding.related(metric.place("count"), "all measurements");
        }
        finding
            .why("failureLimit is the number of failures that are tolerated: the metric fails at the next one")
            .help(if count == 1 {
                "leave failureLimit out, or measure more often".to_owned()
            } else {
                format!("write less than {count}")
            });
    }
}
