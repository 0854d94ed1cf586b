//! Why a query can't be used.

use std::fmt;

use thiserror::Error;

use crate::promql::ast::Span;

/// Why a query is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ParseError {
    /// Prometheus refuses it too, with these words. (HTTP API: `bad_data: invalid parameter "query": …`.)
    #[error("{position}: parse error: {text}")]
    Syntax {
        /// Where Prometheus says the error is.
        position: Position,
        /// Byte offset of that place.
        offset: usize,
        /// Prometheus' text.
        text: String,
    },
    /// The parser accepts it, but a computed duration is not usable. Prometheus finds that before the query
    /// runs and prints the byte range of the duration.
    #[error(transparent)]
    Duration(DurationProblem),
    /// Prometheus evaluates it, rollsim doesn't.
    #[error("{position}: {construct} is not supported")]
    Unsupported {
        /// Where it starts.
        position: Position,
        /// What it is.
        construct: String,
        /// Where it stands.
        span: Span,
    },
}

/// A computed duration without usable value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}:{}: {text}", span.start, span.end)]
pub struct DurationProblem {
    /// Where it stands.
    pub span: Span,
    /// What is wrong with it.
    pub text: &'static str,
}

/// A place in a query, as Prometheus counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Line and column, both from 1; columns count bytes.
    At {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// The query is empty.
    Unknown,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Position::At { line, column } => write!(f, "{line}:{column}"),
            Position::Unknown => f.write_str("unknown position"),
        }
    }
}

impl Position {
    /// The place of a byte offset (`posrange.StartPosInput`).
    pub(super) fn of(text: &str, offset: usize) -> Self {
        if text.is_empty() {
            return Position::Unknown;
        }
        let before = &text.as_bytes()[..offset.min(text.len())];
        let lines: Vec<&[u8]> = before.split(|&byte| byte == b'\n').collect();
        Position::At {
            line: lines.len(),
            column: 1 + lines.last().map_or(0, |line| line.len()),
        }
    }
}

impl ParseError {
    pub(super) fn syntax(query: &str, offset: usize, text: impl Into<String>) -> Self {
        ParseError::Syntax {
            position: Position::of(query, offset),
            offset,
            text: text.into(),
        }
    }

    pub(super) fn unsupported(query: &str, construct: impl Into<String>, span: Span) -> Self {
        ParseError::Unsupported {
            position: Position::of(query, span.start),
            construct: construct.into(),
            span,
        }
    }

    /// The part of the query that the error is about; Prometheus' errors only say where it starts.
    pub fn span(&self) -> Span {
        match self {
            ParseError::Syntax { offset, .. } => *offset..*offset,
            ParseError::Duration(problem) => problem.span.clone(),
            ParseError::Unsupported { span, .. } => span.clone(),
        }
    }
}
