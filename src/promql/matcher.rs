//! Label matchers that are ready to run.

use super::ast::{MatchOp, Matcher};
use crate::go::regex::{self, Regex};

/// Compiles the regular expression of a matcher: the whole value must match, and `.` takes line ends too.
/// The error is Go's text, which shows the pattern as it was written
/// (Prometheus 3.14 model/labels/regexp.go `NewFastRegexMatcher`).
pub fn compile_regex(pattern: &str) -> Result<Regex, String> {
    regex::translate(pattern).map_err(|error| error.to_string())?;
    regex::compile(&format!("^(?s:{pattern})$")).or_else(|_| {
        // A quotation that runs to the pattern's end mustn't swallow what is put behind it.
        regex::compile(&format!("^(?s:{pattern}\\E)$"))
    })
}

/// A matcher with its regular expression compiled.
#[derive(Clone, Debug)]
pub enum CompiledMatcher {
    /// `=`
    Equal(String),
    /// `!=`
    NotEqual(String),
    /// `=~`
    Regex(Regex),
    /// `!~`
    NotRegex(Regex),
}

impl CompiledMatcher {
    /// Prepares a matcher; the error is that of its regular expression.
    pub fn new(matcher: &Matcher) -> Result<Self, String> {
        let value = &matcher.value;
        Ok(match matcher.op {
            MatchOp::Equal => CompiledMatcher::Equal(value.clone()),
            MatchOp::NotEqual => CompiledMatcher::NotEqual(value.clone()),
            MatchOp::Regex => CompiledMatcher::Regex(compile_regex(value)?),
            MatchOp::NotRegex => CompiledMatcher::NotRegex(compile_regex(value)?),
        })
    }

    /// Whether a label's value satisfies it; a missing label is the empty string.
    pub fn matches(&self, value: &str) -> bool {
        match self {
            CompiledMatcher::Equal(wanted) => value == wanted,
            CompiledMatcher::NotEqual(wanted) => value != wanted,
            CompiledMatcher::Regex(regex) => regex.is_match(value),
            CompiledMatcher::NotRegex(regex) => !regex.is_match(value),
        }
    }
}
