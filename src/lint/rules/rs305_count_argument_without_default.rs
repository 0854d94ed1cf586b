//! `count` comes from an argument without a default, so analysis steps refuse the template.
//!
//! ## What it does
//!
//! Reports metrics with an `interval` whose `count` is an argument that has no value in the template, unless only background analyses use it.
//!
//! ## Why it matters
//!
//! Before an analysis step, a pre- or post-promotion analysis is accepted, the controller puts `dummy-value` in the place of arguments without a default. As a count that is 0, so the metric "runs indefinitely" and the Rollout is refused, even if it passes a number.
//!
//! ## Example
//!
//! ```yaml
//! args:
//! - name: count
//! metrics:
//! - name: success-rate
//!   interval: 1m
//!   count: "{{args.count}}"
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! args:
//! - name: count
//!   value: "5"
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `validation_references.go`, `ValidateAnalysisTemplateWithType`
//! - Argo Rollouts issue #3243

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::{Setting, Subject};
use crate::manifest::int_or_string::IntOrString;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS305",
    name: "count-argument-without-default",
    severity: Severity::Warning,
    source: include_str!("rs305_count_argument_without_default.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (template, metric) in subject.metrics() {
        let is_background =
            !template.uses.is_empty() && template.uses.iter().all(|used| !used.stanza.must_end());
        if is_background || metric.interval() == Setting::Absent {
            continue;
        }
        let Some(IntOrString::Text(text)) = &metric.written.count else {
            continue;
        };
        let tag = text
            .strip_prefix("{{")
            .and_then(|rest| rest.strip_suffix("}}"));
        let Some(name) = tag.and_then(|tag| tag.trim().strip_prefix("args.")) else {
            continue;
        };
        let declared = template
            .spec
            .args
            .iter()
            .position(|argument| argument.name == name);
        let Some(index) = declared.filter(|index| template.spec.args[*index].value.is_none())
        else {
            continue;
        };
        findings
            .report(
                metric.place("count"),
                format!("count comes from {name}, which has no default: analysis steps refuse this template"),
            )
            .related(
                template.place(&format!("spec.args[{index}].name")),
                "no value here",
            )
            .why("the controller checks templates with `dummy-value` for arguments without a default, and as a count that is 0: the metric \"runs indefinitely\", even if the Rollout passes a number")
            .help("give the argument a default in the template");
    }
}
