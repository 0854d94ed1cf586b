//! One text, many documents: cuts a stream at its `---` lines as Kubernetes does, so that a broken
//! document doesn't hide the next one.

use granit_parser::{Options, Parser};

use super::build::{Builder, Root};
use super::{Node, hints};
use crate::diagnostics::{Diagnostic, SourceId, SourceMap, Span};

/// One document of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The bytes between the separators.
    pub span: Span,
    /// Its root, unless the YAML is broken. Of duplicate keys the last stands here, as in JSON.
    pub root: Option<Node>,
    /// What is wrong with it; all errors. A document with errors must not be used to simulate.
    pub errors: Vec<Diagnostic>,
}

/// Reads all documents of a source; empty ones (comments only, or null) are left out.
pub fn load(sources: &SourceMap, source: SourceId) -> Vec<Document> {
    let text = sources.text(source);
    chunks(text)
        .into_iter()
        .flat_map(|span| load_chunk(text, span, source))
        .collect()
}

/// The spans between separator lines.
///
/// A separator is a line of `---` with nothing but blanks or a comment after it; directives (`%YAML`)
/// stay with the document they introduce.
fn chunks(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut start = 0;
    let mut at = 0;
    let mut only_directives = true;
    let mut has_directive = false;
    for line in text.split_inclusive('\n') {
        let separates = line.strip_prefix("---").is_some_and(|rest| {
            rest.trim().is_empty()
                || (rest.starts_with([' ', '\t']) && rest.trim_start().starts_with('#'))
        });
        let introduces = only_directives && has_directive;
        if separates && !introduces {
            spans.push(Span::new(start, at));
            start = at + line.len();
            only_directives = true;
            has_directive = false;
        } else {
            let content = line.trim();
            has_directive |= line.starts_with('%');
            only_directives &=
                content.is_empty() || content.starts_with('#') || line.starts_with('%');
        }
        at += line.len();
    }
    spans.push(Span::new(start, text.len()));
    spans
}

fn load_chunk(text: &str, chunk: Span, source: SourceId) -> Vec<Document> {
    let Some(body) = text.get(chunk.start..chunk.end) else {
        return Vec::new();
    };
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.block_scalar_eof_without_line_feed = true;
    let mut builder = Builder::new(chunk.start, source);
    for event in Parser::new_from_str_with_options(body, options) {
        let result = match event {
            Ok((event, span)) => {
                let range = span.byte_range().unwrap_or_default();
                let place = Span::new(range.start, range.end);
                let tag = span.tag_span().and_then(|tag| tag.byte_range());
                builder.event(event, place, tag.map(|tag| Span::new(tag.start, tag.end)))
            }
            Err(error) => {
                let at = chunk.start + error.marker().byte_offset().unwrap_or(body.len());
                Err(Box::new(syntax_error(text, at, &error, source)))
            }
        };
        if let Err(error) = result {
            builder.fail(*error);
            break;
        }
    }
    let (mut roots, mut errors) = builder.finish();
    refuse_rest(&mut roots, source);
    let mut documents: Vec<Document> = roots
        .into_iter()
        .filter(|(root, errors)| !root.is_null() || !errors.is_empty())
        .map(|(root, errors)| Document {
            span: chunk,
            root: Some(root),
            errors,
        })
        .collect();
    if !errors.is_empty() {
        errors.sort_by_key(|error| error.location);
        documents.push(Document {
            span: chunk,
            root: None,
            errors,
        });
    }
    documents
}

/// Between separator lines only the first document counts: converters of single documents stop at `...`.
fn refuse_rest(roots: &mut Vec<Root>, source: SourceId) {
    let rest: Vec<Root> = roots.drain(1.min(roots.len())..).collect();
    let second = rest.iter().find(|(root, _)| !root.is_null());
    if let (Some((_, errors)), Some((second, _))) = (roots.first_mut(), second) {
        errors.push(
            Diagnostic::error("the document has ended before: what follows is ignored")
                .at(second.span.in_source(source))
                .with_note("`...` ends a document")
                .with_help("remove the `...`, or separate documents with `---`"),
        );
    }
}

fn syntax_error(
    text: &str,
    at: usize,
    error: &granit_parser::ScanError,
    source: SourceId,
) -> Diagnostic {
    let at = text.floor_char_boundary(at);
    let line_start = text[..at].rfind('\n').map_or(0, |found| found + 1);
    let line = text[line_start..].lines().next().unwrap_or_default();
    let width = text[at..]
        .chars()
        .next()
        .filter(|next| !next.is_control())
        .map_or(0, char::len_utf8);
    let diagnostic =
        Diagnostic::error(format!("invalid YAML: {}", error.info()))
            .at(Span::new(at, at + width).in_source(source));
    match hints::for_error(error.kind(), &text[..line_start], line) {
        Some(hint) => diagnostic.with_help(hint),
        None => diagnostic,
    }
}
