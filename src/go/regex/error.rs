//! Errors of Go's regular expression parser, in its words.

use std::fmt;

/// What is wrong (`regexp/syntax` `ErrorCode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    CharRange,
    Escape,
    NamedCapture,
    PerlOp,
    RepeatOp,
    RepeatSize,
    MissingBracket,
    MissingParen,
    MissingRepeatArgument,
    TrailingBackslash,
    UnexpectedParen,
    TooLarge,
    InvalidUtf8,
}

/// Why Go refuses a pattern; prints as Go's `regexp.Compile` does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    kind: Kind,
    expression: String,
}

impl SyntaxError {
    pub(super) fn new(kind: Kind, expression: &str) -> Self {
        Self {
            kind,
            expression: expression.to_owned(),
        }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            Kind::CharRange => "invalid character class range",
            Kind::Escape => "invalid escape sequence",
            Kind::NamedCapture => "invalid named capture",
            Kind::PerlOp => "invalid or unsupported Perl syntax",
            Kind::RepeatOp => "invalid nested repetition operator",
            Kind::RepeatSize => "invalid repeat count",
            Kind::MissingBracket => "missing closing ]",
            Kind::MissingParen => "missing closing )",
            Kind::MissingRepeatArgument => "missing argument to repetition operator",
            Kind::TrailingBackslash => "trailing backslash at end of expression",
            Kind::UnexpectedParen => "unexpected )",
            Kind::InvalidUtf8 => "invalid UTF-8",
            Kind::TooLarge => "expression too large",
        };
        write!(f, "error parsing regexp: {what}: `{}`", self.expression)
    }
}

impl std::error::Error for SyntaxError {}
