//! A comment or a name takes `failureLimit` for failures in a row.
//!
//! ## What it does
//!
//! Reports `failureLimit` where a comment (on its line, above it, elsewhere in the metric, or at the head of the template) or a name (of the template, the metric, or the argument that holds the limit) speaks of consecutive, successive or back-to-back failures, or of failures in a row. Metrics with `consecutiveSuccessLimit` or `consecutiveErrorLimit` may mean those, so only what stands beside `failureLimit` counts there.
//!
//! ## Why it matters
//!
//! `failureLimit` counts all failures of the run, and forgets none: with `failureLimit: 3`, the fourth failure in a whole day ends the metric. There is no limit of failures in a row; `consecutiveErrorLimit` is about measurements that can't be made.
//!
//! ## Example
//!
//! ```yaml
//! failureLimit: 3   # fail after 3 consecutive failures
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! failureLimit: 3   # the fourth failure fails the metric
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `analysis/analysis.go`, `assessMetricFailureInconclusiveOrError`

use crate::diagnostics::Severity;
use crate::diagnostics::{Location, Span};
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::{Metric, Setting, Subject, Template};
use crate::manifest::int_or_string::IntOrString;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS303",
    name: "failure-limit-not-consecutive",
    severity: Severity::Warning,
    source: include_str!("rs303_failure_limit_not_consecutive.rs"),
    check,
};

/// Words for failures without a success between them.
const WORDS: [&str; 8] = [
    "consecutive",
    "in a row",
    "in row",
    "successive",
    "back-to-back",
    "back to back",
    "in sequence",
    "straight fail",
];

/// Comment lines that belong together, 0-based, both ends included.
struct Block {
    first: usize,
    last: usize,
    location: Location,
    text: String,
}

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for template in &subject.templates {
        let limited: Vec<&Metric<'_>> = template
            .metrics
            .iter()
            .filter(|metric| metric.failure_limit() != Setting::Absent)
            .collect();
        let mut told: Vec<usize> = Vec::new();
        for block in blocks(subject, template) {
            let Some(metric) = meant(subject, &limited, &block) else {
                continue;
            };
            if !told.contains(&metric.index) {
                told.push(metric.index);
                report(metric, block.location, "this says otherwise", findings);
            }
        }
        for metric in limited {
            if !told.contains(&metric.index)
                && let Some(name) = name(template, metric)
            {
                report(metric, name, "the name says otherwise", findings);
            }
        }
    }
}

fn report(metric: &Metric<'_>, related: Location, label: &str, findings: &mut Findings) {
    let next = metric.failure_limit().known().map_or_else(
        || "one more than the limit".to_owned(),
        |limit| format!("failure {}", limit + 1),
    );
    findings
        .report(
            metric.key("failureLimit"),
            "failureLimit counts all failures, not those in a row",
        )
        .related(related, label)
        .why(format!("failures are never forgotten: {next} of the whole run fails the metric, however many successes lie between"))
        .help("say what it counts, and choose the limit for all measurements of the run");
}

fn speaks_of_a_row(text: &str) -> bool {
    WORDS.iter().any(|words| text.contains(words)) && !text.contains("not ")
}

/// The metric whose limit a comment speaks of, if it takes it for failures in a row.
fn meant<'m, 'a>(
    subject: &Subject<'_>,
    limited: &[&'m Metric<'a>],
    block: &Block,
) -> Option<&'m Metric<'a>> {
    if !speaks_of_a_row(&block.text) || block.text.contains("error") && !block.text.contains("fail")
    {
        return None;
    }
    let line = |metric: &Metric<'_>, offset: usize| {
        let source = subject.manifests.sources.source(metric.object.source);
        source.line_index(offset)
    };
    let beside = limited.iter().find(|metric| {
        let key = line(metric, metric.key("failureLimit").span.start);
        block.first <= key && key <= block.last + 1
    });
    if let Some(beside) = beside {
        let is_about_errors = block.text.contains("error") && !block.text.contains("failure");
        return (!is_about_errors).then_some(*beside);
    }
    let wants = ["fail", "abort", "rollback", "roll back", "exceed", "drop"];
    if !wants.iter().any(|word| block.text.contains(word)) {
        return None;
    }
    let inside = limited.iter().find(|metric| {
        let span = metric.node.span;
        line(metric, span.start) <= block.first
            && block.last <= line(metric, span.end.saturating_sub(1))
    });
    let below = || {
        limited
            .iter()
            .find(|metric| block.last < line(metric, metric.node.span.start))
    };
    let is_head = |metric: &Metric<'_>| {
        let object = line(metric, metric.object.node.span.start);
        block.last < object || block.last + 1 == line(metric, metric.node.span.start)
    };
    let found = inside.or_else(|| below().filter(|metric| is_head(metric)))?;
    (!has_limits_in_a_row(found)).then_some(*found)
}

fn has_limits_in_a_row(metric: &Metric<'_>) -> bool {
    metric.consecutive_success_limit() != Setting::Absent
        || metric.consecutive_error_limit() != Setting::Absent
}

/// The comments of a template and those directly above it.
fn blocks(subject: &Subject<'_>, template: &Template<'_>) -> Vec<Block> {
    let object = template.object;
    let source = subject.manifests.sources.source(object.source);
    let text = source.text();
    let mut first = source.line_index(object.node.span.start);
    let end = object.node.span.end.min(text.len());
    let last = source.line_index(end.saturating_sub(1));
    let line = |number: usize| {
        let span = source.line_span(number);
        (span, &text[span.start..span.end])
    };
    while first > 0 && {
        let above = line(first - 1).1.trim();
        above.is_empty() || above.starts_with('#')
    } {
        first -= 1;
    }
    let mut blocks: Vec<Block> = Vec::new();
    let mut continues = false;
    for number in first..=last {
        let (span, content) = line(number);
        let hash = content
            .find(" #")
            .map(|space| space + 1)
            .or_else(|| content.starts_with('#').then_some(0));
        let Some(hash) = hash else {
            continues = false;
            continue;
        };
        let is_alone = content[..hash].trim().is_empty();
        let end = span.start + content.trim_end().len();
        let comment = content[hash + 1..].trim().to_lowercase();
        match blocks.last_mut().filter(|_| continues && is_alone) {
            Some(block) => {
                block.last = number;
                block.location.span = Span::new(block.location.span.start, end);
                block.text.extend([" ", &comment]);
            }
            None => blocks.push(Block {
                first: number,
                last: number,
                location: Span::new(span.start + hash, end).in_source(object.source),
                text: comment,
            }),
        }
        continues = is_alone;
    }
    blocks
}

/// A name that takes the limit for failures in a row.
fn name(template: &Template<'_>, metric: &Metric<'_>) -> Option<Location> {
    let says = |name: &str| {
        let text = name.to_lowercase().replace(['-', '_'], " ");
        speaks_of_a_row(&text) && !text.contains("error") && !text.contains("success ")
    };
    if let Some(IntOrString::Text(limit)) = &metric.written.failure_limit
        && says(limit)
    {
        return Some(metric.place("failureLimit"));
    }
    if has_limits_in_a_row(metric) {
        None
    } else if says(&metric.written.name) {
        Some(metric.place("name"))
    } else {
        says(&template.object.name).then(|| template.place("metadata.name"))
    }
}
