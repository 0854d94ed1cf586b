//! A gate decides on fewer measurements than its numbers make one think.
//!
//! ## What it does
//!
//! Reports Prometheus metrics of two kinds: all measurements are taken within one scrape interval (the scenario's, else 15 s), so that they read the same samples; or there are five at most and `failureLimit` is one less than `count`, so that one good measurement is enough. Metrics with `consecutiveSuccessLimit` are left out.
//!
//! ## Why it matters
//!
//! `count: 3` with `interval: 5s` is one measurement, made three times. And with `count: 3` and `failureLimit: 2`, a version of which two measurements in three fail is promoted.
//!
//! ## Example
//!
//! ```yaml
//! interval: 5s
//! count: 3
//! failureLimit: 1
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! interval: 5m
//! count: 6
//! failureLimit: 1
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `analysis/analysis.go`, `assessMetricStatus`
//! - docs/statistics.md

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::{Metric, Setting, Subject};
use crate::units::Duration;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS310",
    name: "too-few-measurements",
    severity: Severity::Warning,
    source: include_str!("rs310_too_few_measurements.rs"),
    check,
};

/// So many measurements are few.
const FEW: i64 = 5;

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (_, metric) in subject.metrics() {
        if metric.query.is_some() && metric.consecutive_success_limit() == Setting::Absent {
            check_metric(subject, metric, findings);
        }
    }
}

fn check_metric(subject: &Subject<'_>, metric: &Metric<'_>, findings: &mut Findings) {
    let (Some(count @ 2..), Some(interval)) = (metric.count().known(), metric.interval().known())
    else {
        return;
    };
    let name = &metric.resolved.name;
    let span = Duration::from_nanos(interval.as_nanos().saturating_mul(count - 1));
    let scrape = subject.scrape_intervals().into_iter().min();
    if let Some(scrape) = scrape.filter(|scrape| span < *scrape) {
        findings
            .report(
                metric.key("count"),
                format!("the {count} measurements of {name} are over in {span}, less than the {scrape} from one scrape to the next"),
            )
            .related(metric.place("interval"), "from one measurement to the next")
            .why("measurements between two scrapes read the same samples: they are one measurement, made several times")
            .help("choose an interval that is as long as the query's window");
        return;
    }
    let Some(limit) = metric.failure_limit().known() else {
        return;
    };
    if limit >= 1 && limit == count - 1 && count <= FEW {
        findings
            .report(
                metric.place("failureLimit"),
                format!(
                    "{name} fails only if all {count} measurements fail: one good one is enough"
                ),
            )
            .related(metric.place("count"), "all measurements")
            .why(format!(
                "failureLimit tolerates {limit} of {count} failures"
            ))
            .help("lower failureLimit, or measure more often");
    }
}
