//! A template that no Rollout given uses has a metric with `interval` and without `count`: steps refuse it.
//!
//! ## What it does
//!
//! Reports metrics that never come to an end by themselves, in templates that no Rollout or Experiment given uses. Where a Rollout uses the template, it is known what comes of it: in an analysis step, before or after promotion it is RS002; in a background analysis it is right.
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

use std::collections::BTreeSet;

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::{Setting, Subject};
use crate::manifest::yaml::Node;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS309",
    name: "endless-in-steps",
    severity: Severity::Info,
    source: include_str!("rs309_endless_in_steps.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let experiments = in_experiments(subject);
    for (template, metric) in subject.metrics() {
        // A count that comes from an argument is RS305, a text that is no number RS304.
        let is_endless = !metric.written.interval.is_empty()
            && matches!(metric.count(), Setting::Absent | Setting::Known(0))
            && metric
                .written
                .count
                .as_ref()
                .is_none_or(|count| count.to_string() == "0");
        let is_used = !template.uses.is_empty() || experiments.contains(&template.object.name);
        if !is_endless || is_used {
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

/// Names of templates that experiments use: those may measure until they are ended.
fn in_experiments(subject: &Subject<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut add = |list: Option<&Node>| {
        for analysis in list.and_then(Node::as_sequence).unwrap_or_default() {
            names.extend(
                analysis
                    .get("templateName")
                    .and_then(Node::as_str)
                    .map(str::to_owned),
            );
        }
    };
    for experiment in subject.manifests.of_kind("Experiment") {
        add(experiment.node.lookup("spec.analyses"));
    }
    for rollout in &subject.rollouts {
        let steps = rollout.object.node.lookup("spec.strategy.canary.steps");
        for step in steps.and_then(Node::as_sequence).unwrap_or_default() {
            add(step.lookup("experiment.analyses"));
        }
    }
    names
}
