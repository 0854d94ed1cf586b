//! What rollsim has to say about a user's files, and where: every phase that reads input hands back
//! [`Diagnostic`]s, and [`render()`] shows them with the source line underneath.

mod render;
mod source_map;

pub use render::{ColourChoice, headline, render};
pub use source_map::{LineColumn, Source, SourceId, SourceMap};

/// A half-open range of bytes in one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The bytes from `start` up to, not including, `end`; an end before the start is read as empty.
    pub const fn new(start: usize, end: usize) -> Self {
        let end = if end < start { start } else { end };
        Self { start, end }
    }

    /// This place in `source`.
    pub const fn in_source(self, source: SourceId) -> Location {
        Location { source, span: self }
    }
}

/// A range of bytes of a known source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// Which text.
    pub source: SourceId,
    /// Which bytes of it.
    pub span: Span,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Info,
    /// Probably not what the user meant; rollsim goes on.
    Warning,
    /// rollsim can't go on with this input, or the real system would refuse it.
    Error,
}

/// A further place that explains the first one ("first defined here").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub location: Location,
    /// What about it.
    pub text: String,
}

/// One finding: what, where, why and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable code (`RS012`) for findings that can be looked up or switched off.
    pub code: Option<&'static str>,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one sentence; texts of the real systems word for word.
    pub message: String,
    /// Where, if it is in a text at all.
    pub location: Option<Location>,
    /// What to write under the underlined bytes of `location`; may be empty.
    pub label: String,
    /// Further places.
    pub related: Vec<Label>,
    /// Why.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A finding without a place yet.
    pub fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self {
            code: None,
            severity,
            message: message.into(),
            location: None,
            label: String::new(),
            related: Vec::new(),
            notes: Vec::new(),
            help: None,
        }
    }

    /// An error without a place yet.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message)
    }

    /// A warning without a place yet.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message)
    }

    /// An information without a place yet.
    pub fn info(message: impl Into<String>) -> Self {
        Self::new(Severity::Info, message)
    }

    /// Sets the code.
    #[must_use]
    pub fn with_code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// Sets the place.
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }

    /// Sets the text under the place.
    #[must_use]
    pub fn with_label(mut self, text: impl Into<String>) -> Self {
        self.label = text.into();
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn with_related(mut self, location: Location, text: impl Into<String>) -> Self {
        self.related.push(Label {
            location,
            text: text.into(),
        });
        self
    }

    /// Adds a reason.
    #[must_use]
    pub fn with_note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn with_help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// True for errors.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The candidate that `word` most likely was meant to be, if one is close enough to suggest.
///
/// Case and the separators `-`, `_` are not held against a word.
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_'], "");
    let wanted = plain(word);
    let limit = (wanted.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&wanted, &plain(candidate));
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn suggests_the_closest_word_only_when_it_is_close() {
        let words = ["failureLimit", "failureCondition", "interval", "count"];
        assert_eq!(did_you_mean("failurelimit", words), Some("failureLimit"));
        assert_eq!(did_you_mean("failure-limit", words), Some("failureLimit"));
        assert_eq!(did_you_mean("intreval", words), Some("interval"));
        assert_eq!(did_you_mean("cuont", words), Some("count"));
        assert_eq!(did_you_mean("threshold", words), None);
        assert_eq!(did_you_mean("x", words), None);
    }
}
