//! A metric is measured several times, but without `failureLimit` the first failure ends it.
//!
//! ## What it does
//!
//! Reports metrics with more than one measurement and no `failureLimit`. An explicit `failureLimit: 0` says that this is meant.
//!
//! ## Why it matters
//!
//! The default is 0: no failure is tolerated. The more measurements a metric takes, the likelier it is that noise alone aborts a good release.
//!
//! ## Example
//!
//! ```yaml
//! interval: 1m
//! count: 30
//! successCondition: result[0] >= 0.99
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! interval: 1m
//! count: 30
//! failureLimit: 3
//! successCondition: result[0] >= 0.99
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
    code: "RS302",
    name: "failure-limit-omitted",
    severity: Severity::Warning,
    source: include_str!("rs302_failure_limit_omitted.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (_, metric) in subject.metrics() {
        let Some(count) = metric.count().or_default(0) else {
            continue;
        };
        if metric.failure_limit() != Setting::Absent
            || metric.interval() == Setting::Absent
            || !(count == 0 || count > 1)
            || metric.conditions().next().is_none()
        {
            continue;
        }
        let name = &metric.resolved.name;
        let (message, measurements) = if count == 0 {
            (
                format!(
                    "{name} is measured until the rollout ends, and the first failure aborts it"
                ),
                "100 measurements",
            )
        } else {
            (
                format!("one failure of {count} measurements of {name} aborts the release"),
                "that many measurements",
            )
        };
        let tries = if count == 0 { 100 } else { count };
        let power = i32::try_from(tries).unwrap_or(i32::MAX);
        let aborted = (1.0 - 0.99_f64.powi(power)) * 100.0;
        findings
            .report(metric.location(), message)
            .label("no failureLimit")
            .why(format!(
                "failureLimit is 0 unless written; if noise fails one measurement in 100, {measurements} abort up to {aborted:.0} % of good releases"
            ))
            .help("write how many failures are tolerated; failureLimit: 0 if none");
    }
}
