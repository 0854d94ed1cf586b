//! From a place inside a string to its place in the file: an error at character 30 of a PromQL query in a
//! block scalar belongs under the right character of the right line.

use super::node::{Node, Style, Value};
use crate::diagnostics::Span;

/// The byte of `text` (the whole source of `node`) that gave the byte `offset` of the node's string.
///
/// The start of the node for anything but strings, the end of its content for offsets past its end.
pub fn source_offset(node: &Node, text: &str, offset: usize) -> usize {
    let Value::String(value) = &node.value else {
        return node.span.start;
    };
    let Some(raw) = text.get(node.span.start..node.span.end) else {
        return node.span.start;
    };
    let offset = value.floor_char_boundary(offset);
    let inside = match node.style {
        Style::Literal | Style::Folded => {
            let line_start = text[..node.span.start].rfind('\n').map_or(0, |at| at + 1);
            in_block(raw, value, offset, node.span.start - line_start)
        }
        Style::Plain => in_flow(raw, value, offset, 0, Escapes::None),
        Style::SingleQuoted => in_flow(raw, value, offset, 1, Escapes::DoubledQuote),
        Style::DoubleQuoted => in_flow(raw, value, offset, 1, Escapes::Backslash),
        Style::Block | Style::Flow => 0,
    };
    node.span.start + inside.min(raw.len())
}

/// The bytes of `text` that gave the bytes `span` of the node's string.
pub fn source_span(node: &Node, text: &str, span: Span) -> Span {
    let start = source_offset(node, text, span.start);
    if span.end <= span.start {
        return Span::new(start, start);
    }
    let Some(value) = node.as_str() else {
        return node.span;
    };
    // The last character decides: what follows it may be a line break and the next line's indentation.
    let end = value.floor_char_boundary(span.end);
    let last = value[..end].char_indices().next_back();
    let (last, width) = last.map_or((end, 0), |(at, last)| (at, last.len_utf8()));
    let last = source_offset(node, text, last);
    let next = source_offset(node, text, end);
    let escaped = next > last && text.get(last..next).is_some_and(|raw| !raw.contains('\n'));
    Span::new(start, if escaped { next } else { last + width })
}

/// Block scalars: each line's content stands unchanged in the value, after its indentation.
fn in_block(raw: &str, value: &str, offset: usize, indent: usize) -> usize {
    let mut raw_at = 0;
    let mut value_at = 0;
    let mut last = 0;
    for (number, line) in raw.split_inclusive('\n').enumerate() {
        // The span starts at the content of the first line.
        let limit = if number == 0 { 0 } else { indent };
        let skip = (line.len() - line.trim_start_matches(' ').len()).min(limit);
        let content = line[skip..].trim_end_matches(['\n', '\r']);
        if !content.is_empty()
            && let Some(gap) = value[value_at..].find(content)
        {
            let start = value_at + gap;
            if offset < start {
                return last;
            }
            if offset < start + content.len() {
                return raw_at + skip + (offset - start);
            }
            value_at = start + content.len();
            last = raw_at + skip + content.len();
        }
        raw_at += line.len();
    }
    last
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    None,
    DoubledQuote,
    Backslash,
}

/// Plain and quoted scalars: walks both texts in step, over escapes and folded lines.
fn in_flow(raw: &str, value: &str, offset: usize, start: usize, escapes: Escapes) -> usize {
    let mut raw_at = start;
    let mut value_at = 0;
    while value_at < offset {
        let Some(next) = raw[raw_at..].chars().next() else {
            break;
        };
        if let Some(fold) = folded(&raw[raw_at..]) {
            let kept = if fold.breaks == 1 { 1 } else { fold.breaks - 1 };
            if value_at + kept > offset {
                return raw_at;
            }
            value_at += kept;
            raw_at += fold.length;
            continue;
        }
        let decoded = value[value_at..].chars().next().map_or(1, char::len_utf8);
        match escapes {
            Escapes::DoubledQuote if next == '\'' => raw_at += 2,
            Escapes::Backslash if next == '\\' => {
                let (length, produces) = escape(&raw[raw_at..]);
                raw_at += length;
                if !produces {
                    continue;
                }
            }
            _ => raw_at += next.len_utf8(),
        }
        value_at += decoded;
    }
    raw_at
}

struct Fold {
    /// Bytes of blanks, line breaks and indentation.
    length: usize,
    /// How many line breaks among them.
    breaks: usize,
}

/// A folded line break at the start of `raw`, with the blanks around it.
fn folded(raw: &str) -> Option<Fold> {
    let rest = raw.trim_start_matches([' ', '\t', '\r', '\n']);
    let length = raw.len() - rest.len();
    let breaks = raw[..length].matches('\n').count();
    (breaks > 0).then_some(Fold { length, breaks })
}

/// The length of the escape at the start of `raw`, and whether it stands for a character.
fn escape(raw: &str) -> (usize, bool) {
    let hex = |digits: usize| (2 + digits, true);
    match raw[1..].chars().next() {
        Some('x') => hex(2),
        Some('u') => {
            let high = raw.get(2..4).is_some_and(|digits| {
                matches!(
                    digits.as_bytes(),
                    [b'd' | b'D', b'8'..=b'9' | b'a' | b'A' | b'b' | b'B']
                )
            });
            if high { hex(10) } else { hex(4) }
        }
        Some('U') => hex(8),
        Some('\n' | '\r') => {
            let rest = raw[1..].trim_start_matches([' ', '\t', '\r', '\n']);
            (raw.len() - rest.len(), false)
        }
        Some(other) => (1 + other.len_utf8(), true),
        None => (1, false),
    }
}
