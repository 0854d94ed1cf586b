//! A metric has no condition, so whatever it measures is a success.
//!
//! ## What it does
//!
//! Reports metrics that ask a monitoring system for a number and have neither `successCondition` nor `failureCondition`. Jobs, web requests and Kayenta can fail without a condition and aren't reported.
//!
//! ## Why it matters
//!
//! Without a condition each measurement is Successful unless the query itself fails. A threshold inside the query changes nothing.
//!
//! ## Example
//!
//! ```yaml
//! metrics:
//! - name: error-rate
//!   provider:
//!     prometheus:
//!       query: sum(rate(http_requests_total{status=~"5.."}[5m])) > 0.05
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! metrics:
//! - name: error-rate
//!   successCondition: result[0] <= 0.05
//!   provider:
//!     prometheus:
//!       query: sum(rate(http_requests_total{status=~"5.."}[5m])) or vector(0)
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `utils/evaluate`, `EvaluateResult`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::Subject;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS109",
    name: "no-condition",
    severity: Severity::Warning,
    source: include_str!("rs109_no_condition.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (_, metric) in subject.metrics() {
        let provider = &metric.written.provider;
        let asks_for_a_number = provider.prometheus.is_some()
            || provider.datadog.is_some()
            || provider.new_relic.is_some()
            || provider.wavefront.is_some()
            || provider.graphite.is_some()
            || provider.influxdb.is_some()
            || provider.cloud_watch.is_some()
            || provider.skywalking.is_some();
        if asks_for_a_number && metric.conditions().next().is_none() {
            findings
                .report(
                    metric.location(),
                    "this metric has no condition, so every value is a success",
                )
                .why("it never fails a release, whatever it measures")
                .help("write a `successCondition`");
        }
    }
}
