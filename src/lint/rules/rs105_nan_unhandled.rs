//! The answer can be NaN, and the conditions don't say what that means.
//!
//! ## What it does
//!
//! A ratio of two rates is NaN when both are 0, and a quantile of a histogram is NaN when nothing was observed. This rule reports conditions that never ask `isNaN` about such an answer, and says what NaN makes of the measurement.
//!
//! ## Why it matters
//!
//! Every comparison with NaN is false. With a success condition alone the measurement is Failed, with a failure condition alone it is Successful, with both it is Inconclusive. So a pause in traffic aborts, promotes or stalls a release by accident.
//!
//! ## Example
//!
//! ```yaml
//! successCondition: result[0] >= 0.95
//! provider:
//!   prometheus:
//!     query: sum(rate(http_requests_total{status!~"5.."}[5m])) / sum(rate(http_requests_total[5m]))
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! successCondition: len(result) > 0 && (isNaN(result[0]) || result[0] >= 0.95)   # no traffic: nothing to complain about
//! ```
//!
//! ## References
//!
//! - docs/operators.md
//! - Argo Rollouts v1.9.1, `utils/evaluate`

use crate::condition::{MetricResult, Phase};
use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::shape::{NanCause, nan_cause};
use crate::lint::subject::{Metric, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS105",
    name: "nan-unhandled",
    severity: Severity::Warning,
    source: include_str!("rs105_nan_unhandled.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (_, metric) in subject.metrics() {
        if let Some(cause) = unhandled(metric)
            && super::rs106_or_keeps_nan::useless_or(metric).is_none()
        {
            report(metric, &cause, findings);
        }
    }
}

/// Why the answer can be NaN, where no condition asks about it.
pub(super) fn unhandled(metric: &Metric<'_>) -> Option<NanCause> {
    let query = metric.query.as_ref()?;
    let cause = nan_cause(query.expr.as_ref().ok()?)?;
    let asks = metric.conditions().any(|condition| {
        let text = &condition.text.filled;
        text.contains("isNaN") || text.contains("isInf") || text.contains("result[0] != result[0]")
    });
    (!asks && metric.conditions().next().is_some()).then_some(cause)
}

/// What NaN makes of a measurement, in words; nothing where no condition can be evaluated anyway.
pub(super) fn consequence(metric: &Metric<'_>) -> Option<&'static str> {
    let is_scalar = metric.vector_query().is_none();
    let result = if is_scalar {
        MetricResult::Scalar(f64::NAN)
    } else {
        MetricResult::Vector(&[f64::NAN])
    };
    match metric.assess(result)? {
        Phase::Failed => Some("NaN makes the measurement Failed, as if the release were bad"),
        Phase::Successful => {
            Some("NaN makes the measurement Successful, as if the release were good")
        }
        Phase::Inconclusive => {
            Some("NaN makes the measurement Inconclusive, which pauses the rollout")
        }
        Phase::Error => None,
    }
}

fn report(metric: &Metric<'_>, cause: &NanCause, findings: &mut Findings) {
    let Some(query) = &metric.query else {
        return;
    };
    let (span, message, label) = match cause {
        NanCause::ZeroByZero(divisor) => (
            divisor,
            "the ratio is NaN when nothing is counted",
            "0 without requests: 0/0",
        ),
        NanCause::NoObservations(call) => (
            call,
            "the quantile is NaN when nothing was observed",
            "NaN without observations",
        ),
        NanCause::NotOneSeries(call) => (
            call,
            "`scalar` is NaN unless there is exactly one series",
            "NaN without data",
        ),
    };
    let finding = findings.report(query.location(span), message);
    finding
        .label(label)
        .why(consequence(metric).unwrap_or("no condition says what NaN means"))
        .help("say what it means: `isNaN(result[0]) || …` where no traffic is fine, `!isNaN(result[0]) && …` where it isn't");
    if let Some(condition) = metric.conditions().next() {
        finding.related(condition.text.whole(), "every comparison with NaN is false");
    }
}
