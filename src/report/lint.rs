//! Findings of `lint` as text, JSON (`rollsim/lint/v1`) and annotations of GitHub Actions.

use std::fmt::Write as _;

use serde::Serialize;

use crate::diagnostics::{ColourChoice, LineColumn, Location, Severity, SourceMap, render};
use crate::lint::finding::Finding;
use crate::lint::rule::severity_name;
use crate::manifest::source::{Manifests, SkipReason};

/// For people: each finding with its source, what was left out, and how many there are.
pub fn text(manifests: &Manifests, findings: &[Finding], colours: ColourChoice) -> String {
    let diagnostics: Vec<_> = findings.iter().map(Finding::to_diagnostic).collect();
    let mut text = render(&diagnostics, &manifests.sources, colours);
    let skipped = skipped(manifests);
    if !skipped.is_empty() {
        if !text.is_empty() {
            text.push('\n');
        }
        for Skipped { file, reason } in skipped {
            let _ = writeln!(text, "{file} was left out: {reason}");
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let of = |severity: Severity| {
        findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let (errors, warnings, notes) = (
        of(Severity::Error),
        of(Severity::Warning),
        of(Severity::Info),
    );
    let files = manifests.sources.iter().count();
    let _ = writeln!(
        text,
        "{}, {}, {} in {}",
        counted(errors, "error"),
        counted(warnings, "warning"),
        counted(notes, "note"),
        counted(files, "file")
    );
    text
}

fn counted(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    rollsim: &'static str,
    findings: Vec<Entry<'a>>,
    skipped: Vec<Skipped>,
}

#[derive(Serialize)]
struct Entry<'a> {
    code: &'static str,
    name: &'static str,
    severity: &'static str,
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    message: &'a str,
    why: &'a str,
    help: Option<&'a str>,
    shown_first: bool,
    fix: Option<FixEntry<'a>>,
}

#[derive(Serialize)]
struct FixEntry<'a> {
    title: &'a str,
    edits: Vec<EditEntry<'a>>,
}

#[derive(Serialize)]
struct EditEntry<'a> {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    text: &'a str,
}

#[derive(Serialize)]
struct Skipped {
    file: String,
    reason: String,
}

/// For programs.
///
/// # Errors
/// None that is known: everything is text and numbers.
pub fn json(manifests: &Manifests, findings: &[Finding]) -> serde_json::Result<String> {
    let report = Report {
        schema: "rollsim/lint/v1",
        rollsim: env!("CARGO_PKG_VERSION"),
        findings: findings
            .iter()
            .map(|finding| entry(&manifests.sources, finding))
            .collect(),
        skipped: skipped(manifests),
    };
    Ok(serde_json::to_string_pretty(&report)? + "\n")
}

fn entry<'a>(sources: &'a SourceMap, finding: &'a Finding) -> Entry<'a> {
    let (start, end) = ends(sources, finding.location);
    Entry {
        code: finding.rule.code,
        name: finding.rule.name,
        severity: severity_name(finding.severity),
        file: sources.name(finding.location.source),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        message: &finding.message,
        why: &finding.why,
        help: finding.help.as_deref(),
        shown_first: finding.shown_first,
        fix: finding.fix.as_ref().map(|fix| FixEntry {
            title: &fix.title,
            edits: fix
                .edits
                .iter()
                .map(|edit| edit_entry(sources, edit.location, &edit.text))
                .collect(),
        }),
    }
}

fn edit_entry<'a>(sources: &SourceMap, location: Location, text: &'a str) -> EditEntry<'a> {
    let (start, end) = ends(sources, location);
    EditEntry {
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        text,
    }
}

/// The first character of a place and the one after its last.
pub(super) fn ends(sources: &SourceMap, location: Location) -> (LineColumn, LineColumn) {
    let source = sources.source(location.source);
    (
        source.line_column(location.span.start),
        source.line_column(location.span.end),
    )
}

/// Files and documents that no rule has seen. One given twice was seen once.
fn skipped(manifests: &Manifests) -> Vec<Skipped> {
    let skipped = manifests
        .skipped
        .iter()
        .filter(|skipped| skipped.reason != SkipReason::GivenBefore);
    let entry = |skipped: &crate::manifest::source::Skipped| Skipped {
        file: match skipped.location {
            Some(location) => manifests.sources.describe(location),
            None => skipped.name.clone(),
        },
        reason: skipped.reason.to_string(),
    };
    skipped.map(entry).collect()
}

/// Workflow commands: one line a finding, which GitHub shows beside the changed line.
pub fn github(manifests: &Manifests, findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let level = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let (start, end) = ends(&manifests.sources, finding.location);
        let file = property(manifests.sources.name(finding.location.source));
        let title = property(&format!("{} {}", finding.rule.code, finding.rule.name));
        let mut message = finding.message.clone();
        for part in [
            Some(finding.why.as_str()).filter(|why| !why.is_empty()),
            finding.help.as_deref(),
        ] {
            message.extend(part.map(|part| format!("\n{part}")));
        }
        let _ = writeln!(
            text,
            "::{level} file={file},line={},col={},endLine={},endColumn={},title={title}::{}",
            start.line,
            start.column,
            end.line,
            end.column,
            data(&message)
        );
    }
    text
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
