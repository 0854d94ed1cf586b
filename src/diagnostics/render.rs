//! Diagnostics as text: headline, place, source lines with the bytes underlined, reasons, what to do.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::IsTerminal;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{Diagnostic, Severity, Source, SourceId, SourceMap, Span};

/// Whether to colour the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColourChoice {
    /// Terminal colours.
    Coloured,
    /// Plain text.
    Plain,
}

impl ColourChoice {
    /// Colours for a terminal, unless the environment variable `NO_COLOR` is set and not empty.
    pub fn detect(stream: &impl IsTerminal) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if stream.is_terminal() && !refused {
            Self::Coloured
        } else {
            Self::Plain
        }
    }
}

/// The diagnostics one after the other in the order given, separated by empty lines.
pub fn render(diagnostics: &[Diagnostic], sources: &SourceMap, colours: ColourChoice) -> String {
    let renderer = match colours {
        ColourChoice::Coloured => Renderer::styled(),
        ColourChoice::Plain => Renderer::plain(),
    };
    let mut text = String::new();
    for diagnostic in diagnostics {
        let report = [group(diagnostic, sources)];
        let rendered = renderer.render(&report);
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(rendered.trim_end());
        text.push('\n');
    }
    text
}

/// The diagnostic in one line, as compilers and editors exchange it:
/// `file:line:column: error[code]: message`.
pub fn headline(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let mut text = String::new();
    if let Some(location) = diagnostic.location {
        let _ = write!(text, "{}: ", sources.describe(location));
    }
    text.push_str(match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    });
    if let Some(code) = diagnostic.code {
        let _ = write!(text, "[{code}]");
    }
    let _ = write!(text, ": {}", diagnostic.message);
    text
}

fn group<'a>(diagnostic: &'a Diagnostic, sources: &'a SourceMap) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let mut title = level.primary_title(diagnostic.message.as_str());
    if let Some(code) = diagnostic.code {
        title = title.id(code);
    }
    let mut group = Group::with_title(title);
    for (source, marks) in marks_by_source(diagnostic) {
        group = match snippet(sources.source(source), &marks) {
            Some(snippet) => group.element(snippet),
            None => group.element(Origin::path(sources.name(source))),
        };
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    group
}

struct Mark<'a> {
    span: Span,
    kind: AnnotationKind,
    label: &'a str,
}

/// The marked places of each source; the source of the main place comes first.
fn marks_by_source(diagnostic: &Diagnostic) -> Vec<(SourceId, Vec<Mark<'_>>)> {
    let mut others: BTreeMap<SourceId, Vec<Mark<'_>>> = BTreeMap::new();
    for related in &diagnostic.related {
        others
            .entry(related.location.source)
            .or_default()
            .push(Mark {
                span: related.location.span,
                kind: AnnotationKind::Context,
                label: &related.text,
            });
    }
    let mut sources = Vec::new();
    if let Some(location) = diagnostic.location {
        let mut marks = vec![Mark {
            span: location.span,
            kind: AnnotationKind::Primary,
            label: &diagnostic.label,
        }];
        marks.extend(others.remove(&location.source).unwrap_or_default());
        sources.push((location.source, marks));
    }
    sources.extend(others);
    sources
}

/// The lines from the first to the last mark; nothing for an empty text.
fn snippet<'a>(source: &'a Source, marks: &[Mark<'a>]) -> Option<Snippet<'a, Annotation<'a>>> {
    let spans: Vec<Span> = marks
        .iter()
        .map(|mark| first_line_of(source, mark.span))
        .collect();
    let first = spans
        .iter()
        .map(|span| source.line_index(span.start))
        .min()?;
    let last = spans
        .iter()
        .map(|span| source.line_index(span.start))
        .max()?;
    let (start, end) = (source.line_span(first).start, source.line_span(last).end);
    let window = source
        .text()
        .get(start..end)
        .filter(|text| !text.is_empty())?;
    let annotations = marks.iter().zip(&spans).map(|(mark, span)| {
        let annotation = mark.kind.span(span.start - start..span.end - start);
        if mark.label.is_empty() {
            annotation
        } else {
            annotation.label(mark.label)
        }
    });
    Some(
        Snippet::source(window)
            .line_start(first + 1)
            .path(source.name())
            .annotations(annotations),
    )
}

/// The part of `span` on its first line, on character boundaries: a whole mapping underlined over
/// fifty lines helps nobody.
fn first_line_of(source: &Source, span: Span) -> Span {
    let start = source.clip(span.start);
    let line = source.line_span(source.line_index(start));
    let end = source.clip(span.end).min(line.end);
    Span::new(start.min(line.end), end)
}

#[cfg(test)]
mod tests {
    use super::{ColourChoice, headline, render};
    use crate::diagnostics::{Diagnostic, SourceMap, Span};

    #[test]
    fn shows_place_line_underline_reason_and_help() {
        let mut sources = SourceMap::new();
        let id = sources.add("rollout.yaml", "spec:\r\n  name: käse\r\n  naem: x\r\n");
        let at = sources.text(id).find("naem").unwrap();
        let first = sources.text(id).find("name").unwrap();
        let diagnostic = Diagnostic::error("unknown field \"spec.naem\"")
            .with_code("RS001")
            .at(Span::new(at, at + 4).in_source(id))
            .with_related(Span::new(first, first + 4).in_source(id), "like this one")
            .with_note("the API server refuses it")
            .with_help("did you mean `name`?");
        let text = render(
            std::slice::from_ref(&diagnostic),
            &sources,
            ColourChoice::Plain,
        );
        let wanted = "\
error[RS001]: unknown field \"spec.naem\"
 --> rollout.yaml:3:3
  |
2 |   name: käse
  |   ---- like this one
3 |   naem: x
  |   ^^^^
  |
  = note: the API server refuses it
  = help: did you mean `name`?
";
        assert_eq!(text, wanted);
        assert_eq!(
            headline(&diagnostic, &sources),
            "rollout.yaml:3:3: error[RS001]: unknown field \"spec.naem\""
        );
    }

    #[test]
    fn a_place_at_the_very_end_or_without_text_still_renders() {
        let mut sources = SourceMap::new();
        let full = sources.add("full.yaml", "a: [1,\n");
        let empty = sources.add("empty.yaml", "");
        let diagnostics = [
            Diagnostic::error("not closed").at(Span::new(7, 7).in_source(full)),
            Diagnostic::warning("nothing in it").at(Span::new(0, 0).in_source(empty)),
            Diagnostic::info("no place at all"),
        ];
        let text = render(&diagnostics, &sources, ColourChoice::Plain);
        assert!(text.contains("full.yaml"), "{text}");
        assert!(text.contains("empty.yaml"), "{text}");
        assert!(text.contains("info: no place at all"), "{text}");
    }
}
