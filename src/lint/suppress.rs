//! Comments that suppress findings: `# rollsim:ignore RS101 reason`, on the line or alone on the line above.
//!
//! The line is that of the place, or of the key under which the place stands: a query in a block scalar can't hold a
//! YAML comment.

use crate::diagnostics::{SourceId, SourceMap, Span};
use crate::manifest::source::Manifests;
use crate::manifest::yaml::{Node, Value};

use super::finding::{Finding, Findings};
use super::rule::Selection;
use super::rules;

/// What a comment starts with.
const MARK: &str = "rollsim:ignore";

/// A suppressing comment.
#[derive(Clone, Debug)]
pub(super) struct Comment {
    pub source: SourceId,
    /// The whole comment from `rollsim:ignore` on.
    pub span: Span,
    /// 0-based line that it speaks of.
    pub line: usize,
    /// Codes or names, with their places.
    pub codes: Vec<(String, Span)>,
    pub has_reason: bool,
}

/// Leaves out what comments suppress, and adds what is wrong with those comments.
pub(super) fn filter(
    manifests: &Manifests,
    all: Vec<Finding>,
    selection: &Selection,
) -> Vec<Finding> {
    let comments = comments(&manifests.sources);
    let mut kept: Vec<Finding> = all
        .into_iter()
        .filter(|finding| !is_suppressed(manifests, finding, &comments))
        .collect();
    let rule = &rules::rs000_suppression::RULE;
    if selection.has(rule) {
        let mut findings = Findings::new(rule);
        rules::rs000_suppression::report(&comments, &mut findings);
        kept.extend(findings.into_list());
    }
    kept
}

fn is_suppressed(manifests: &Manifests, finding: &Finding, comments: &[Comment]) -> bool {
    let source = finding.location.source;
    let named = |comment: &&Comment| {
        comment.source == source
            && comment.has_reason
            && comment.codes.iter().any(|(code, _)| {
                code.eq_ignore_ascii_case(finding.rule.code) || code == finding.rule.name
            })
    };
    let mut relevant = comments.iter().filter(named).peekable();
    if relevant.peek().is_none() {
        return false;
    }
    let text = manifests.sources.source(source);
    let start = finding.location.span.start;
    let mut lines = vec![text.line_index(start)];
    for object in manifests
        .objects
        .iter()
        .filter(|object| object.source == source)
    {
        if let Some(key) = key_above(&object.node, start) {
            lines.push(text.line_index(key.start));
        }
    }
    relevant.any(|comment| lines.contains(&comment.line))
}

/// The innermost key whose value holds a byte.
fn key_above(node: &Node, offset: usize) -> Option<Span> {
    let holds =
        |node: &Node| node.span.start <= offset && offset < node.span.end.max(node.span.start + 1);
    match &node.value {
        Value::Mapping(mapping) => mapping
            .iter()
            .find(|(_, child)| holds(child))
            .map(|(key, child)| key_above(child, offset).unwrap_or(key.span)),
        Value::Sequence(items) => items
            .iter()
            .find(|item| holds(item))
            .and_then(|item| key_above(item, offset)),
        _ => None,
    }
}

/// All suppressing comments of all sources.
fn comments(sources: &SourceMap) -> Vec<Comment> {
    let mut comments = Vec::new();
    for (id, source) in sources.iter() {
        if !source.text().contains(MARK) {
            continue;
        }
        let lines = source.text().split('\n').count();
        for line in 0..lines {
            let span = source.line_span(line);
            let text = &source.text()[span.start..span.end];
            if let Some(comment) = comment(id, text, span.start, line) {
                comments.push(comment);
            }
        }
    }
    comments
}

fn comment(source: SourceId, line: &str, start: usize, number: usize) -> Option<Comment> {
    let (hash, _) = line.match_indices('#').find(|(at, _)| {
        line[at + 1..].trim_start().starts_with(MARK)
            && line[..*at]
                .chars()
                .next_back()
                .is_none_or(char::is_whitespace)
    })?;
    let mark = hash + line[hash..].find(MARK)?;
    let after = mark + MARK.len();
    let mut codes = Vec::new();
    let mut rest = after;
    for word in line[after..].split([' ', '\t', ',']) {
        let at = rest;
        rest += word.len() + 1;
        if word.is_empty() {
            continue;
        }
        let digits = word.strip_prefix("RS").or_else(|| word.strip_prefix("rs"));
        let is_code = digits.is_some_and(|rest| rest.chars().all(|digit| digit.is_ascii_digit()));
        let is_name = rules::RULES.iter().any(|rule| rule.name == word);
        if !is_code && !is_name {
            rest = at;
            break;
        }
        codes.push((
            word.to_owned(),
            Span::new(start + at, start + at + word.len()),
        ));
    }
    let is_alone = line[..hash].trim().is_empty();
    Some(Comment {
        source,
        span: Span::new(start + mark, start + line.trim_end().len()),
        line: if is_alone { number + 1 } else { number },
        has_reason: line
            .get(rest..)
            .is_some_and(|reason| !reason.trim().is_empty()),
        codes,
    })
}
