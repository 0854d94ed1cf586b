//! Series that were recorded, read from a file.

use std::io::Read as _;

use crate::diagnostics::{Diagnostic, SourceMap, Span};
use crate::promql::series_file::any::{Recording, parse_any};

use super::failure::Failure;
use super::request::InputPath;

/// Reads a file of series in any notation; its text is added to `sources`.
pub(super) fn read(path: &InputPath, sources: &mut SourceMap) -> Result<Recording, Failure> {
    let (name, bytes) = match path {
        InputPath::Stdin => {
            let mut bytes = Vec::new();
            let read = std::io::stdin().lock().read_to_end(&mut bytes);
            ("<stdin>".to_owned(), read.map(|_| bytes))
        }
        InputPath::Path(path) => (path.display().to_string(), std::fs::read(path)),
    };
    let refuse = |message: String, note: String, help: &str| {
        let diagnostic = Diagnostic::error(message).with_note(note);
        Failure::request(diagnostic.with_help(help))
    };
    let bytes = bytes.map_err(|error| {
        let message = format!("can't read `{name}`");
        refuse(message, error.to_string(), "name a file that holds series")
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let message = format!("`{name}` isn't text");
        let help = "series are read from OpenMetrics text, `.test` notation or query_range JSON";
        refuse(message, error.utf8_error().to_string(), help)
    })?;
    let id = sources.add(name, text);
    let text = sources.text(id);
    if text.trim().is_empty() {
        let diagnostic = Diagnostic::error("there is nothing in this file")
            .at(Span::default().in_source(id))
            .with_help(
                "series are read from OpenMetrics text, `.test` notation or query_range JSON",
            );
        return Err(failure(diagnostic, sources));
    }
    parse_any(text).map_err(|error| {
        let span = Span::new(error.span.start, error.span.end);
        let mut diagnostic = Diagnostic::error(error.problem).at(span.in_source(id));
        diagnostic.help = error.hint;
        failure(diagnostic, sources)
    })
}

/// One thing that is wrong at a place in `sources`.
pub(super) fn failure(diagnostic: Diagnostic, sources: &SourceMap) -> Failure {
    Failure::Input {
        diagnostics: vec![diagnostic],
        sources: sources.clone(),
    }
}

/// First and last sample time in milliseconds; none without samples.
pub(super) fn extent(recording: &Recording) -> Option<(i64, i64)> {
    let times = |series: &crate::promql::plain::Series| {
        Some((series.samples.first()?.0, series.samples.last()?.0))
    };
    let all = recording.series.iter().filter_map(times);
    all.reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)))
}
