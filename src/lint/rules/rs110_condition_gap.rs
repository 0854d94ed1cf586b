//! Between success and failure there are values that are neither, and none is tolerated.
//!
//! ## What it does
//!
//! Evaluates both conditions at, between and beside their thresholds, and reports a value for which neither holds, unless `inconclusiveLimit` says that such values are expected.
//!
//! ## Why it matters
//!
//! Such a measurement is Inconclusive. More of them than `inconclusiveLimit`, which is 0 where it isn't written, pause the rollout until somebody decides.
//!
//! ## Example
//!
//! ```yaml
//! successCondition: result[0] < 200
//! failureCondition: result[0] > 500
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! successCondition: result[0] < 500
//! failureCondition: result[0] >= 500
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `utils/evaluate`, `EvaluateResult`

use crate::condition::ast::NodeKind;
use crate::condition::{MetricResult, Phase};
use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::{Metric, Setting, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS110",
    name: "condition-gap",
    severity: Severity::Warning,
    source: include_str!("rs110_condition_gap.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (_, metric) in subject.metrics() {
        let (Some(success), Some(failure)) = (&metric.success, &metric.failure) else {
            continue;
        };
        let is_expected = !matches!(
            metric.inconclusive_limit(),
            Setting::Absent | Setting::Known(0)
        );
        if is_expected || !metric.conditions_are_known() {
            continue;
        }
        let Some(value) = between(metric) else {
            continue;
        };
        findings
            .report(
                failure.text.whole(),
                format!("neither condition holds for {value}: such a measurement is Inconclusive"),
            )
            .related(success.text.whole(), "not a success either")
            .why("no inconclusive measurement is tolerated: the rollout pauses until somebody decides")
            .help("let the conditions meet, leave one of them out, or write an `inconclusiveLimit`");
    }
}

/// A value for which the measurement is Inconclusive.
pub(super) fn between(metric: &Metric<'_>) -> Option<f64> {
    metric.query.as_ref()?;
    let mut thresholds: Vec<f64> = metric
        .conditions()
        .filter_map(|condition| condition.ast.as_ref().ok())
        .flat_map(crate::condition::ast::Ast::iter)
        .filter_map(|(_, node)| match node.kind {
            NodeKind::Integer(number) => Some(number as f64),
            NodeKind::Float(number) => Some(number),
            _ => None,
        })
        .collect();
    thresholds.sort_by(f64::total_cmp);
    thresholds.dedup();
    let middles: Vec<f64> = thresholds
        .windows(2)
        .map(|pair| f64::midpoint(pair[0], pair[1]))
        .collect();
    let mut candidates = middles.into_iter().chain(thresholds);
    candidates.find(|value| {
        let result = [*value];
        // A bare `result` on a vector has a rule of its own; mended, it has the gap still.
        let results = [MetricResult::Vector(&result), MetricResult::Scalar(*value)];
        results
            .into_iter()
            .any(|result| metric.assess(result) == Some(Phase::Inconclusive))
    })
}
