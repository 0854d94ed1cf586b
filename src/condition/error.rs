//! Why a condition can't be compiled, and how an evaluation fails.

use std::fmt;

use thiserror::Error;

use super::ast::Span;

/// A condition that yields no program.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CompileError {
    /// The controller refuses the text as well: each measurement becomes an Error with exactly this message.
    #[error("{message}")]
    Rejected {
        /// The measurement's message.
        message: String,
        /// Where in the text.
        span: Span,
    },
    /// The controller accepts the text, this crate doesn't: the caller must refuse the manifest.
    #[error("conditions with {construct} are not supported")]
    Unsupported {
        /// What is not supported.
        construct: &'static str,
        /// Where in the text.
        span: Span,
    },
}

impl CompileError {
    pub(super) fn rejected(message: impl Into<String>, span: Span) -> Self {
        Self::Rejected {
            message: message.into(),
            span,
        }
    }

    pub(super) fn unsupported(construct: &'static str, span: Span) -> Self {
        Self::Unsupported { construct, span }
    }

    /// Where in the text.
    pub fn span(&self) -> Span {
        match self {
            Self::Rejected { span, .. } | Self::Unsupported { span, .. } => *span,
        }
    }
}

pub(super) type CompileResult<T> = Result<T, CompileError>;

/// How an evaluation fails: the text that the measurement's message gets.
///
/// The failures of ordinary numeric conditions carry no text of their own, so that a simulated
/// measurement without data costs no allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvalError {
    /// Index outside a list: `reflect: slice index out of range`.
    SliceIndexOutOfRange,
    /// Any other failure, word for word.
    Message(Box<str>),
}

impl EvalError {
    pub(super) fn new(text: impl Into<Box<str>>) -> Self {
        Self::Message(text.into())
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SliceIndexOutOfRange => f.write_str("reflect: slice index out of range"),
            Self::Message(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for EvalError {}

pub(super) type EvalResult<T> = Result<T, EvalError>;
