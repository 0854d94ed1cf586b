//! The interval is shorter than the window, so several measurements in a row look at the same requests.
//!
//! ## What it does
//!
//! Reports metrics that measure again before the longest window of their query has passed. Says how many measurements one short burst of errors can fail, and what that does to `failureLimit`. Where the limit tolerates failures, but not those of one burst, the severity is warning. `irate` is left out: it looks at two samples, however long its window is.
//!
//! ## Why it matters
//!
//! With `[5m]` and an interval of 1 m, each request is looked at by five measurements. They aren't five opinions: a burst of errors that is over in seconds fails up to five in a row. A `failureLimit` of 3 seems to forgive three bad minutes, and one bad second uses it up.
//!
//! ## Example
//!
//! ```yaml
//! interval: 30s
//! count: 20
//! failureLimit: 3
//! provider:
//!   prometheus:
//!     query: sum(rate(http_requests_total{status=~"5.."}[5m]))
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! interval: 5m
//! count: 4
//! failureLimit: 1
//! provider:
//!   prometheus:
//!     query: sum(rate(http_requests_total{status=~"5.."}[5m]))
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
use crate::lint::windows;
use crate::units::Duration;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS203",
    name: "overlapping-windows",
    severity: Severity::Info,
    source: include_str!("rs203_overlapping_windows.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (_, metric) in subject.metrics() {
        check_metric(metric, findings);
    }
}

fn check_metric(metric: &Metric<'_>, findings: &mut Findings) {
    let Some(query) = &metric.query else {
        return;
    };
    let (Some(window), Some(interval)) = (windows::longest(query), metric.interval().known())
    else {
        return;
    };
    let (Some(count), Some(limit)) = (
        metric.count().or_default(0),
        metric.failure_limit().or_default(0),
    ) else {
        return;
    };
    if interval <= Duration::ZERO || interval >= window.reach || count == 1 {
        return;
    }
    let mut in_a_row = sharing(window.reach, interval);
    if count > 0 {
        in_a_row = in_a_row.min(count);
    }
    let (name, reach) = (&metric.resolved.name, window.reach);
    let is_used_up = limit >= 1 && in_a_row > limit;
    let tail = if is_used_up {
        format!(", and failureLimit tolerates {limit}")
    } else {
        String::new()
    };
    let finding = findings.report(
        query.location(&window.span),
        format!(
            "{name} looks back {reach} every {interval}: up to {in_a_row} measurements in a row look at the same requests{tail}"
        ),
    );
    finding
        .label(format!("longer than the interval of {interval}"))
        .related(
            metric.place("interval"),
            format!("shorter than the window of {reach}"),
        );
    if metric.failure_limit() != Setting::Absent {
        finding.related(
            metric.place("failureLimit"),
            format!("tolerates {}", failures(limit)),
        );
    }
    if is_used_up {
        finding.severity(Severity::Warning).why(format!(
            "one short burst of errors can fail {in_a_row} measurements in a row, and failureLimit tolerates {limit}: it doesn't forgive even one"
        ));
    } else if limit >= 1 {
        finding.why(format!(
            "one short burst of errors can use up {in_a_row} of the {} that failureLimit tolerates",
            failures(limit)
        ));
    } else {
        finding.why("measurements that share their requests aren't independent: they say less than their number promises");
    }
    finding.help(format!(
        "measure every {reach}, or shorten the window, and choose failureLimit for measurements that share nothing"
    ));
}

fn failures(limit: i64) -> String {
    match limit {
        1 => "1 failure".to_owned(),
        _ => format!("{limit} failures"),
    }
}

/// How many measurements can have one instant in their window: windows are open at their older end.
fn sharing(window: Duration, interval: Duration) -> i64 {
    let (window, interval) = (window.as_nanos(), interval.as_nanos());
    window / interval + i64::from(window % interval > 0)
}
