//! A query or condition with its arguments filled in as far as they are known, and the way back to the YAML.

use std::ops::Range;

use crate::diagnostics::{Location, SourceId, Span};
use crate::manifest::yaml::{Node, source_span};

/// A text of a metric.
#[derive(Clone, Debug)]
pub struct Text<'a> {
    /// The YAML value, placeholders kept.
    pub written: &'a str,
    /// The text with placeholders filled in: by their value where it is known, else by a neutral stand-in. All spans
    /// of syntax trees are ranges of this.
    pub filled: String,
    /// The placeholders, in order.
    pub placeholders: Vec<Placeholder>,
    node: &'a Node,
    source: SourceId,
    yaml: &'a str,
}

/// A `{{ … }}` in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    /// What stands between the braces, trimmed: `args.service-name`.
    pub tag: String,
    /// Its range in the written text, braces included.
    pub written: Range<usize>,
    /// The range of what stands for it in the filled text.
    pub filled: Range<usize>,
    /// Whether its value is known; otherwise a stand-in is there.
    pub is_known: bool,
}

impl<'a> Text<'a> {
    /// Fills in a text. `value` answers tags; `stand_in` is asked for the rest with the text before and after.
    pub(super) fn fill<'v>(
        node: &'a Node,
        source: SourceId,
        yaml: &'a str,
        value: impl Fn(&str) -> Option<&'v str>,
        stand_in: impl Fn(&str, &str) -> String,
    ) -> Self {
        let written = node.as_str().unwrap_or_default();
        let (mut filled, mut placeholders, mut from) = (String::new(), Vec::new(), 0);
        while let Some(open) = written[from..].find("{{").map(|at| from + at) {
            let Some(close) = written[open..].find("}}").map(|at| open + at) else {
                break;
            };
            filled.push_str(&written[from..open]);
            let tag = written[open + 2..close].trim();
            let known = value(tag);
            let start = filled.len();
            if let Some(value) = known {
                filled.push_str(value);
            } else {
                let text = stand_in(&filled, &written[close + 2..]);
                filled.push_str(&text);
            }
            placeholders.push(Placeholder {
                tag: tag.to_owned(),
                written: open..close + 2,
                filled: start..filled.len(),
                is_known: known.is_some(),
            });
            from = close + 2;
        }
        filled.push_str(&written[from..]);
        Self {
            written,
            filled,
            placeholders,
            node,
            source,
            yaml,
        }
    }

    /// The place of the whole value.
    pub fn whole(&self) -> Location {
        self.node.span.in_source(self.source)
    }

    /// The place in the YAML of a range of the filled text. A range that begins or ends in a placeholder takes it in.
    pub fn location(&self, range: Range<usize>) -> Location {
        let start = self.to_written(range.start, false);
        let end = self.to_written(range.end.max(range.start), true);
        source_span(self.node, self.yaml, Span::new(start, end.max(start))).in_source(self.source)
    }

    /// Whether a range of the filled text holds no stand-in.
    pub fn is_known(&self, range: &Range<usize>) -> bool {
        let unknown = self.placeholders.iter().filter(|found| !found.is_known);
        let mut overlapping = unknown
            .filter(|found| found.filled.start < range.end && range.start < found.filled.end);
        overlapping.next().is_none()
    }

    /// The part of the filled text in a range.
    pub fn slice(&self, range: Range<usize>) -> &str {
        self.filled.get(range).unwrap_or_default()
    }

    fn to_written(&self, offset: usize, is_end: bool) -> usize {
        let (mut filled, mut written) = (0, 0);
        for placeholder in &self.placeholders {
            if offset < placeholder.filled.start || (is_end && offset == placeholder.filled.start) {
                break;
            }
            if offset < placeholder.filled.end {
                return if is_end {
                    placeholder.written.end
                } else {
                    placeholder.written.start
                };
            }
            (filled, written) = (placeholder.filled.end, placeholder.written.end);
        }
        (written + (offset - filled)).min(self.written.len())
    }
}

/// A stand-in for an unknown argument of a query: a text inside quotes, a duration inside brackets, a name where a
/// metric or label is meant, a number elsewhere.
pub(super) fn in_query(before: &str, after: &str) -> String {
    let mut quote = None;
    let mut characters = before.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some('"' | '\''), '\\') => {
                characters.next();
            }
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'' | '`') => quote = Some(character),
            _ => {}
        }
    }
    if quote.is_some() {
        return "argument".to_owned();
    }
    let last = before.trim_end().chars().next_back();
    let is_word =
        |character: char| character.is_ascii_alphanumeric() || character == '_' || character == ':';
    let next = after.chars().next();
    if before.rfind('[') > before.rfind(']') || before.trim_end().ends_with("offset") {
        // `[{{args.minutes}}m]` is a number of minutes.
        return if next.is_some_and(|next| next.is_ascii_alphabetic()) {
            "5"
        } else {
            "5m"
        }
        .to_owned();
    }
    let braces = before.rfind('{') > before.rfind('}');
    let is_name = before.chars().next_back().is_some_and(is_word)
        || next.is_some_and(is_word)
        || after.trim_start().starts_with(['{', '['])
        || (braces && matches!(last, Some('{' | ',')));
    if is_name { "argument" } else { "1" }.to_owned()
}

/// A stand-in for an unknown argument of a condition: a text inside quotes, a number elsewhere.
pub(super) fn in_condition(before: &str, _after: &str) -> String {
    let is_quoted = |quote: char| before.matches(quote).count() % 2 == 1;
    if is_quoted('"') || is_quoted('\'') {
        "argument"
    } else {
        "1"
    }
    .to_owned()
}
