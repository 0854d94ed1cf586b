//! A post-promotion analysis can end Inconclusive, and then nobody switches back.
//!
//! ## What it does
//!
//! Reports a `postPromotionAnalysis` with a metric that has both conditions and no `inconclusiveLimit`, where a value lies between them or NaN, which the query can give, is neither.
//!
//! ## Why it matters
//!
//! After promotion everybody is on the new version. An analysis that fails brings them back; one that is Inconclusive pauses the rollout instead: the new version goes on serving everybody, the old pods stay, and the controller writes the Rollout's status over and over until somebody decides.
//!
//! ## Example
//!
//! ```yaml
//! successCondition: result[0] >= 0.99
//! failureCondition: result[0] < 0.95
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! successCondition: result[0] >= 0.99   # everything else is a failure
//! ```
//!
//! ## References
//!
//! - docs/hazards.md, "Nobody switches back after an Inconclusive post-promotion analysis"; `scenarios/hazards/post-promotion-inconclusive`
//! - Argo Rollouts v1.9.1, `rollout/analysis.go`, `reconcilePostPromotionAnalysisRun`

use crate::condition::{MetricResult, Phase};
use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::{Metric, Setting, Subject};
use crate::manifest::references::StanzaKind;

use super::rs105_nan_unhandled::unhandled;
use super::rs110_condition_gap::between;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS513",
    name: "post-promotion-inconclusive",
    severity: Severity::Warning,
    source: include_str!("rs513_post_promotion_inconclusive.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let kind = StanzaKind::PostPromotion;
        let Some(stanza) = rollout.stanza(kind) else {
            continue;
        };
        for found in stanza.metrics(subject) {
            let Some(value) = neither(found.metric) else {
                continue;
            };
            let name = &found.metric.resolved.name;
            findings
                .report(
                    rollout.place(&format!("spec.strategy.{kind}.templates")),
                    format!("at {value}, {name} is Inconclusive, and after promotion nothing moves back then"),
                )
                .related(found.metric.key("failureCondition"), format!("neither condition holds for {value}"))
                .why("a failed analysis brings everybody back to the old version; an Inconclusive one leaves everybody on the new one until somebody decides")
                .help("after promotion, write one condition only, so that every answer is a success or a failure");
        }
    }
}

/// An answer for which neither condition holds, and which isn't tolerated.
fn neither(metric: &Metric<'_>) -> Option<String> {
    let both = metric.success.is_some() && metric.failure.is_some();
    let is_tolerated = !matches!(
        metric.inconclusive_limit(),
        Setting::Absent | Setting::Known(0)
    );
    if !both || is_tolerated {
        return None;
    }
    let gap = metric
        .conditions_are_known()
        .then(|| between(metric))
        .flatten();
    if let Some(value) = gap {
        return Some(value.to_string());
    }
    unhandled(metric)?;
    let result = if metric.vector_query().is_none() {
        MetricResult::Scalar(f64::NAN)
    } else {
        MetricResult::Vector(&[f64::NAN])
    };
    (metric.assess(result)? == Phase::Inconclusive).then(|| "NaN".to_owned())
}
