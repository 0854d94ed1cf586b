//! `maxSurge` or `maxUnavailable` is a text without a percent sign, which means percent all the same.
//!
//! ## What it does
//!
//! Reports texts such as `"5"` in `maxSurge` and `maxUnavailable`, and texts that are no number at all.
//!
//! ## Why it matters
//!
//! `5` is five pods, `"5"` is five percent: with few replicas one pod. A text that is no number makes both limits 0, without an error.
//!
//! ## Example
//!
//! ```yaml
//! maxSurge: "5"
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! maxSurge: 5      # pods
//! # or
//! maxSurge: 5%
//! ```
//!
//! ## References
//!
//! - Kubernetes apimachinery, `intstr.go`; Argo Rollouts v1.9.1, `utils/replicaset`, `resolveFenceposts`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::Subject;
use crate::manifest::int_or_string::IntOrString;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS507",
    name: "surge-without-percent",
    severity: Severity::Warning,
    source: include_str!("rs507_surge_without_percent.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let strategy = &rollout.rollout.spec.strategy;
        let canary = strategy.canary.as_ref();
        let blue_green = strategy.blue_green.as_ref();
        let limits = [
            (
                "canary.maxSurge",
                canary.and_then(|canary| canary.max_surge.as_ref()),
            ),
            (
                "canary.maxUnavailable",
                canary.and_then(|canary| canary.max_unavailable.as_ref()),
            ),
            (
                "blueGreen.maxUnavailable",
                blue_green.and_then(|blue_green| blue_green.max_unavailable.as_ref()),
            ),
        ];
        for (path, limit) in limits {
            let Some(IntOrString::Text(text)) = limit else {
                continue;
            };
            let field = path.rsplit('.').next().unwrap_or(path);
            let is_number = text.replace('%', "").parse::<i64>().is_ok();
            let (message, why) = match (is_number, text.ends_with('%')) {
                (true, true) => continue,
                (true, false) => (
                    format!("{field}: \"{text}\" means {text} %, not {text} pods"),
                    "in a text the percent sign is optional; only a number without quotes is a number of pods",
                ),
                (false, _) => (
                    format!("{field}: \"{text}\" is no number and counts as 0"),
                    "the controller drops the error; in a canary both limits become 0",
                ),
            };
            findings
                .report(rollout.place(&format!("spec.strategy.{path}")), message)
                .why(why)
                .help("write a number without quotes for pods, or a percent sign");
        }
    }
}
