//! A placeholder that Argo Rollouts doesn't fill in.
//!
//! ## What it does
//!
//! Reports in templates: `{{…}}` that isn't an argument of the template (where a Rollout given uses the template, that is RS002 or RS003); `args.…` without braces; `${…}`, `$(…)`, `$name` and `[[…]]` in queries, addresses and conditions, unless the object's own metadata hold `${…}` too: then another tool fills them in first; and `{{…}}` in `dryRun`, `measurementRetention` and the values of arguments. In Rollouts: `{{…}}` in the analyses.
//!
//! ## Why it matters
//!
//! Only `{{args.name}}` in metrics is filled in. Anything else between double braces ends the run in Error or is refused before. What other tools write (`${NAME}`, Grafana's `$__rate_interval`) stays in the query as it is: it isn't valid there, or a label is compared with that very text and no series matches. In the values of arguments and in the Rollout, braces are plain text.
//!
//! ## Example
//!
//! ```yaml
//! query: sum(rate(http_requests_total{service="${SERVICE}", pod=~".*-{{rollout.hash}}-.*"}[$__rate_interval]))
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! args:
//! - name: service
//! - name: hash      # the Rollout passes it: valueFrom: {podTemplateHashValue: Latest}
//! metrics:
//! - provider:
//!     prometheus:
//!       query: sum(rate(http_requests_total{service="{{args.service}}", pod=~".*-{{args.hash}}-.*"}[2m]))
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `utils/template/template.go` and `utils/analysis/factory.go`, `ResolveMetricArgs`

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::diagnostics::{Severity, Span};
use crate::lint::finding::{Finding, Findings};
use crate::lint::rule::Rule;
use crate::lint::subject::{Metric, RolloutSubject, Subject, Template};
use crate::manifest::source::Object;
use crate::manifest::yaml::{Node, Value, source_span};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS308",
    name: "placeholder-not-filled-in",
    severity: Severity::Warning,
    source: include_str!("rs308_placeholder_not_filled_in.rs"),
    check,
};

/// `${NAME}` and `$(NAME)`.
static VARIABLE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\$\{[A-Za-z_]\w*(:-[^}]*)?\}|\$\([A-Za-z_]\w*\)").ok());
/// The same, `$name` and `[[name]]`.
static IN_QUERY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"\$\{[A-Za-z_]\w*(:[^}]*)?\}|\$\([A-Za-z_]\w*\)|\$[A-Za-z_]\w*|\[\[\s*[A-Za-z_]\w*\s*\]\]",
    )
    .ok()
});
/// An argument without its braces.
static BARE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\bargs\.[A-Za-z_][\w-]*").ok());

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for template in &subject.templates {
        for metric in &template.metrics {
            if template.uses.is_empty() {
                check_tags(subject, template, metric, findings);
            }
            check_bare(metric, findings);
            check_variables(subject, metric, findings);
        }
        for field in ["dryRun", "measurementRetention", "args"] {
            if let Some(node) = template.object.node.lookup(&format!("spec.{field}")) {
                check_braces(subject, template.object, node, &|_| true, findings);
            }
        }
    }
    for rollout in &subject.rollouts {
        check_rollout(subject, rollout, findings);
    }
}

/// Tags of a metric that nothing answers.
fn check_tags(
    subject: &Subject<'_>,
    template: &Template<'_>,
    metric: &Metric<'_>,
    findings: &mut Findings,
) {
    for (node, _) in strings(metric.node) {
        for (tag, range) in tags(node) {
            let declared = |name: &str| {
                let mut args = template.spec.args.iter();
                args.any(|argument| argument.name == name)
            };
            let name = tag.strip_prefix("args.");
            if name.is_some_and(declared) {
                continue;
            }
            let finding = at(
                subject,
                template.object,
                node,
                &range,
                findings,
                |text| match name {
                    Some(name) => format!(
                        "{text} asks for an argument {name}, which the template doesn't declare"
                    ),
                    None => format!("{text} is never filled in: only {{{{args.…}}}} is"),
                },
            );
            if name.is_some() {
                finding
                    .why("an analysis step with this template is refused (\"failed to resolve\"), even if the Rollout passes the argument; a background analysis ends in Error unless another template of it declares it")
                    .help("declare it under `args`");
            } else {
                finding
                    .severity(Severity::Error)
                    .why("a Rollout with this template in a step is refused (\"failed to resolve\"), and a background analysis with it ends in Error and aborts")
                    .help("declare an argument and let the Rollout pass the value: `valueFrom` takes it from its fields or its pods' hash");
            }
        }
    }
}

/// `args.x` without braces, where no other rule says so.
fn check_bare(metric: &Metric<'_>, findings: &mut Findings) {
    let Some(bare) = &*BARE else {
        return;
    };
    let why = "arguments are put into the text by `{{args.…}}` only: ";
    // What compiles to an error is RS102; the conditions of Jobs and of Kayenta are RS114.
    let provider = &metric.written.provider;
    let is_read = provider.job.is_none() && provider.kayenta.is_none();
    let is_own_language = !provider.plugin.is_empty();
    let conditions = metric.conditions().filter(|condition| {
        is_read && condition.ast.is_ok() && !matches!(condition.compiled, Some(Err(_)))
    });
    for condition in conditions {
        for found in bare.find_iter(&condition.text.filled) {
            if !is_quoted(&condition.text.filled, found.start()) {
                findings
                    .report(
                        condition.text.location(found.range()),
                        format!("{} stands in the condition without braces", found.as_str()),
                    )
                    .why(if is_own_language {
                        format!("{why}the condition doesn't know the name `args`, unless this plugin evaluates it in a way of its own")
                    } else {
                        format!("{why}the condition doesn't know the name `args`, and every measurement is an Error")
                    })
                    .help(format!("write {{{{{}}}}}", found.as_str()));
            }
        }
    }
    let Some(query) = metric.query.as_ref().filter(|query| query.expr.is_ok()) else {
        return;
    };
    for found in bare.find_iter(&query.text.filled) {
        // What an argument's value holds isn't written in the query.
        let mut filled_in = query.text.placeholders.iter().map(|tag| &tag.filled);
        if !filled_in.any(|filled| filled.start < found.end() && found.start() < filled.end) {
            findings
                .report(
                    query.text.location(found.range()),
                    format!("{} stands in the query without braces", found.as_str()),
                )
                .why(format!("{why}a label is compared with this very text"))
                .help(format!("write {{{{{}}}}}", found.as_str()));
        }
    }
}

fn is_quoted(text: &str, offset: usize) -> bool {
    ['"', '\'']
        .iter()
        .any(|quote| text[..offset].matches(*quote).count() % 2 == 1)
}

/// What other tools fill in.
fn check_variables(subject: &Subject<'_>, metric: &Metric<'_>, findings: &mut Findings) {
    let metadata = metric.object.node.get("metadata").map(Node::to_json);
    if metadata.is_some_and(|metadata| metadata.to_string().contains("${")) {
        return;
    }
    for (node, path) in strings(metric.node) {
        // Scripts and bodies have variables of their own.
        let is_own = ["job", "plugin", "body", "jsonBody"]
            .iter()
            .any(|part| path.iter().any(|key| key == part));
        // Other query languages have variables of their own.
        let is_foreign = path.last() == Some(&"query") && !path.contains(&"prometheus");
        let is_query = path.last() == Some(&"query");
        let text = node.as_str().unwrap_or_default();
        let pattern = if is_query { &*IN_QUERY } else { &*VARIABLE };
        let Some(pattern) = pattern.as_ref().filter(|_| !is_own && !is_foreign) else {
            continue;
        };
        if is_query && text.contains("label_replace") {
            continue;
        }
        for found in pattern.find_iter(text) {
            at(subject, metric.object, node, &found.range(), findings, |text| {
                format!("{text} is never filled in")
            })
            .why("Argo Rollouts fills in {{args.…}} only: the text goes to the provider as it stands here, unless another tool replaces it before it is applied")
            .help("declare an argument and write {{args.…}}, or write the value itself");
        }
    }
}

/// Braces in the analyses of a Rollout.
fn check_rollout(subject: &Subject<'_>, rollout: &RolloutSubject<'_>, findings: &mut Findings) {
    let strategy = rollout.object.node.lookup("spec.strategy");
    let Some(strategy) = strategy else {
        return;
    };
    let anything = |_: &str| true;
    // Arguments of experiments know the experiment.
    let foreign = |tag: &str| !tag.starts_with("templates.") && !tag.starts_with("experiment.");
    for field in [
        "canary.analysis",
        "blueGreen.prePromotionAnalysis",
        "blueGreen.postPromotionAnalysis",
    ] {
        if let Some(node) = strategy.lookup(field) {
            check_braces(subject, rollout.object, node, &anything, findings);
        }
    }
    let steps = strategy.lookup("canary.steps").and_then(Node::as_sequence);
    for step in steps.unwrap_or_default() {
        if let Some(node) = step.get("analysis") {
            check_braces(subject, rollout.object, node, &anything, findings);
        }
        if let Some(node) = step.lookup("experiment.analyses") {
            check_braces(subject, rollout.object, node, &foreign, findings);
        }
    }
}

/// Braces where nothing is filled in.
fn check_braces(
    subject: &Subject<'_>,
    object: &Object,
    node: &Node,
    is_plain: &dyn Fn(&str) -> bool,
    findings: &mut Findings,
) {
    for (node, _) in strings(node) {
        for (_, range) in tags(node).into_iter().filter(|(tag, _)| is_plain(tag)) {
            at(subject, object, node, &range, findings, |text| {
                format!("{text} is plain text here")
            })
            .why("Argo Rollouts fills in {{args.…}} in the metrics of templates, and nowhere else")
            .help("write the value itself; an argument of a Rollout can take it from a field by `valueFrom.fieldRef`");
        }
    }
}

/// Reports a range of a string; `message` gets the text there.
fn at<'f>(
    subject: &Subject<'_>,
    object: &Object,
    node: &Node,
    range: &Range<usize>,
    findings: &'f mut Findings,
    message: impl Fn(&str) -> String,
) -> &'f mut Finding {
    let text = node.as_str().unwrap_or_default();
    let span = Span::new(range.start, range.end);
    let location = source_span(node, subject.text_of(object), span).in_source(object.source);
    findings.report(
        location,
        message(text.get(range.clone()).unwrap_or_default()),
    )
}

/// The tags of a string, trimmed, with their ranges, braces included.
fn tags(node: &Node) -> Vec<(&str, Range<usize>)> {
    let text = node.as_str().unwrap_or_default();
    let (mut tags, mut from) = (Vec::new(), 0);
    while let Some(open) = text[from..].find("{{").map(|at| from + at) {
        let Some(close) = text[open..].find("}}").map(|at| open + at) else {
            break;
        };
        tags.push((text[open + 2..close].trim(), open..close + 2));
        from = close + 2;
    }
    tags
}

/// All strings below a node, with the keys on the way.
fn strings(node: &Node) -> Vec<(&Node, Vec<&str>)> {
    fn collect<'n>(
        node: &'n Node,
        path: &mut Vec<&'n str>,
        found: &mut Vec<(&'n Node, Vec<&'n str>)>,
    ) {
        match &node.value {
            Value::String(_) => found.push((node, path.clone())),
            Value::Mapping(mapping) => {
                for (key, child) in mapping.iter() {
                    path.push(&key.text);
                    collect(child, path, found);
                    path.pop();
                }
            }
            Value::Sequence(items) => {
                for item in items {
                    collect(item, path, found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(node, &mut Vec::new(), &mut found);
    found
}
