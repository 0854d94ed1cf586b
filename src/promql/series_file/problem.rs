//! What is wrong with a file of series: shared by the three notations.

use std::ops::Range;

use thiserror::Error;

/// What is wrong with a file, and where.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("line {line}: {problem}")]
pub struct SeriesFileError {
    /// Byte range in the file.
    pub span: Range<usize>,
    /// The line where it starts, from 1.
    pub line: usize,
    /// What is wrong, and what was expected.
    pub problem: String,
    /// What to do.
    pub hint: Option<String>,
}

impl SeriesFileError {
    /// An error about a byte range of `file`.
    pub(super) fn new(file: &str, span: Range<usize>, problem: String) -> Self {
        let before = &file[..file.floor_char_boundary(span.start)];
        Self {
            line: 1 + before.matches('\n').count(),
            span,
            problem,
            hint: None,
        }
    }

    /// Says what to do.
    #[must_use]
    pub(super) fn with_hint(mut self, hint: Option<&str>) -> Self {
        self.hint = hint.map(str::to_owned);
        self
    }
}

/// What is wrong with a part of the text, before anybody knows where that part stands.
#[derive(Clone, Debug)]
pub struct Problem<'a> {
    part: &'a str,
    text: String,
    hint: Option<&'static str>,
}

impl<'a> Problem<'a> {
    /// Something is wrong with `part`, which must be a slice of the file.
    pub(super) fn at(part: &'a str, text: impl Into<String>) -> Self {
        Self {
            part,
            text: text.into(),
            hint: None,
        }
    }

    /// Says what to do.
    #[must_use]
    pub(super) fn with_hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// The error with its place; a part that isn't in the file stands for the whole `line`.
    pub(super) fn locate(self, file: &str, line: &str) -> SeriesFileError {
        let range = range_of(self.part, file)
            .or_else(|| range_of(line, file))
            .unwrap_or_default();
        SeriesFileError::new(file, range, self.text).with_hint(self.hint)
    }
}

/// Where a slice of `file` lies in it.
fn range_of(part: &str, file: &str) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(file.as_ptr().addr())?;
    let end = start + part.len();
    (!part.is_empty() && end <= file.len()).then_some(start..end)
}
