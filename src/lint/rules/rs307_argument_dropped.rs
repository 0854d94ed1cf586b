//! A Rollout passes an argument that none of its templates declares: it is dropped without a word.
//!
//! ## What it does
//!
//! Reports arguments of an analysis that no template of the analysis declares. Silent where a template wasn't given.
//!
//! ## Why it matters
//!
//! The controller leaves such arguments out. A misspelled name therefore leaves the template's default in force.
//!
//! ## Example
//!
//! ```yaml
//! analysis:
//!   templates:
//!   - templateName: success-rate   # declares service-name
//!   args:
//!   - name: service
//!     value: api
//! ```
//!
//! ## Instead
//!
//! ```yaml
//!   args:
//!   - name: service-name
//!     value: api
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `utils/analysis/helpers.go`, `MergeArgs`

use crate::diagnostics::Severity;
use crate::diagnostics::did_you_mean;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::Subject;
use crate::manifest::references::stanzas;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS307",
    name: "argument-dropped",
    severity: Severity::Warning,
    source: include_str!("rs307_argument_dropped.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        for (kind, analysis) in stanzas(&rollout.rollout) {
            let Some(stanza) = rollout.stanza(kind) else {
                continue;
            };
            let templates: Vec<_> = stanza
                .templates
                .iter()
                .map(|index| &subject.templates[*index])
                .collect();
            let nested = templates
                .iter()
                .flat_map(|template| &template.spec.templates);
            let mut named = analysis.templates.iter().chain(nested);
            let is_complete = named.all(|reference| {
                templates
                    .iter()
                    .any(|template| template.id.name == reference.template_name)
            });
            if !is_complete || templates.is_empty() {
                continue;
            }
            let declared: Vec<&str> = templates
                .iter()
                .flat_map(|template| &template.spec.args)
                .map(|argument| argument.name.as_str())
                .collect();
            for (index, argument) in analysis.args().iter().enumerate() {
                if declared.contains(&argument.name.as_str()) {
                    continue;
                }
                let help = did_you_mean(&argument.name, declared.iter().copied()).map_or_else(
                    || "declare it in the template, or leave it out".to_owned(),
                    |name| format!("did you mean `{name}`?"),
                );
                findings
                    .report(
                        rollout.place(&format!("spec.strategy.{kind}.args[{index}].name")),
                        format!("no template declares the argument {}, so it is dropped", argument.name),
                    )
                    .why("the controller leaves out arguments that no template declares, without a word")
                    .help(help);
            }
        }
    }
}
