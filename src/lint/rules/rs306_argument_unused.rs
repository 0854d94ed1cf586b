//! A template declares an argument that nothing in it uses.
//!
//! ## What it does
//!
//! Reports declared arguments without a `{{args.…}}` anywhere in the metrics of the template or of templates that run together with it. Templates that include others are left out, and those with plugins, which can read arguments themselves.
//!
//! ## Why it matters
//!
//! It looks as if a value limited the query to one service or version, but the query doesn't contain it: the gate judges something else than the Rollout says.
//!
//! ## Example
//!
//! ```yaml
//! args:
//! - name: service-name
//! metrics:
//! - name: success-rate
//!   provider:
//!     prometheus:
//!       query: sum(rate(http_requests_total{code!~"5.."}[5m]))   # of all services
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! query: sum(rate(http_requests_total{service="{{args.service-name}}", code!~"5.."}[5m]))
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `utils/analysis/helpers.go`, `ResolveArgs`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::{Metric, Subject, Template};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS306",
    name: "argument-unused",
    severity: Severity::Warning,
    source: include_str!("rs306_argument_unused.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (index, template) in subject.templates.iter().enumerate() {
        if !template.spec.templates.is_empty() || template.metrics.is_empty() {
            continue;
        }
        // A plugin can read the run's arguments itself.
        let is_plugin = |metric: &Metric<'_>| metric.node.lookup("provider.plugin").is_some();
        if template.metrics.iter().any(is_plugin) {
            continue;
        }
        let together: Vec<&Template<'_>> = subject
            .rollouts
            .iter()
            .flat_map(|rollout| &rollout.stanzas)
            .filter(|stanza| stanza.templates.contains(&index))
            .flat_map(|stanza| &stanza.templates)
            .map(|other| &subject.templates[*other])
            .chain([template])
            .collect();
        for (position, argument) in template.spec.args.iter().enumerate() {
            if together
                .iter()
                .any(|other| mentions(subject, other, &argument.name))
            {
                continue;
            }
            findings
                .report(
                    template.place(&format!("spec.args[{position}].name")),
                    format!("no metric uses the argument {}", argument.name),
                )
                .why("its value limits nothing: the query is the same for all values")
                .help(format!(
                    "use {{{{args.{}}}}} in the query, or leave the argument out",
                    argument.name
                ));
        }
    }
}

/// Whether a metric holds a placeholder of this argument.
///
/// The text as written counts: a field that the API server drops has a finding of its own.
fn mentions(subject: &Subject<'_>, template: &Template<'_>, name: &str) -> bool {
    let object = template.object;
    let text = subject.slice(object.node.span.in_source(object.source));
    text.split("{{")
        .skip(1)
        .filter_map(|rest| rest.split_once("}}"))
        .any(|(tag, _)| tag.trim().strip_prefix("args.") == Some(name))
}
