//! What a rule hands back.

use super::rule::Rule;
use crate::diagnostics::{Diagnostic, Label, Location, Severity, Span};

/// Something that is wrong, or worth knowing, at one place.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which rule says so.
    pub rule: &'static Rule,
    /// How bad it is; the rule's own severity unless the rule said otherwise.
    pub severity: Severity,
    /// What is wrong, in one sentence; texts of the real systems word for word.
    pub message: String,
    /// Where: the bytes to underline.
    pub location: Location,
    /// What to write under the underlined bytes; may be empty.
    pub label: String,
    /// Further places that explain it.
    pub related: Vec<Label>,
    /// Why it matters, in one sentence; may be empty.
    pub why: String,
    /// What to do.
    pub help: Option<String>,
    /// A change of the text that removes the finding and is safe to make.
    pub fix: Option<Fix>,
    /// Whether it is what the API server or the controller would show first.
    pub shown_first: bool,
}

/// A change of a manifest's text; everything outside of its edits stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an order: "index the vector".
    pub title: String,
    /// Replacements, in one file, apart from each other.
    pub edits: Vec<Edit>,
}

/// One replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub location: Location,
    /// With what.
    pub text: String,
}

impl Fix {
    /// A fix of one replacement.
    pub fn replace(title: impl Into<String>, location: Location, text: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            edits: vec![Edit {
                location,
                text: text.into(),
            }],
        }
    }

    /// A fix that inserts before a place.
    pub fn insert(title: impl Into<String>, before: Location, text: impl Into<String>) -> Self {
        let start = before.span.start;
        let place = Span::new(start, start).in_source(before.source);
        Self::replace(title, place, text)
    }
}

impl Finding {
    /// Sets how bad it is, where that differs from the rule's own severity.
    pub fn severity(&mut self, severity: Severity) -> &mut Self {
        self.severity = severity;
        self
    }

    /// Sets what stands under the underlined bytes.
    pub fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = label.into();
        self
    }

    /// Adds a further place.
    pub fn related(&mut self, location: Location, text: impl Into<String>) -> &mut Self {
        self.related.push(Label {
            location,
            text: text.into(),
        });
        self
    }

    /// Sets why it matters.
    pub fn why(&mut self, why: impl Into<String>) -> &mut Self {
        self.why = why.into();
        self
    }

    /// Sets what to do.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Sets the fix.
    pub fn fix(&mut self, fix: Fix) -> &mut Self {
        self.fix = Some(fix);
        self
    }

    /// Marks it as what the real system would show first.
    pub fn shown_first(&mut self, is_first: bool) -> &mut Self {
        self.shown_first = is_first;
        self
    }

    /// As a diagnostic, to be rendered with its source.
    pub fn to_diagnostic(&self) -> Diagnostic {
        let mut diagnostic = Diagnostic::new(self.severity, self.message.clone())
            .with_code(self.rule.code)
            .at(self.location)
            .with_label(self.label.clone());
        diagnostic.related.clone_from(&self.related);
        if !self.why.is_empty() {
            diagnostic.notes.push(self.why.clone());
        }
        if self.shown_first {
            diagnostic
                .notes
                .push("of all that is wrong, this is what is shown first".to_owned());
        }
        diagnostic.help.clone_from(&self.help);
        diagnostic
    }
}

/// The findings of one rule as they come in.
#[derive(Debug)]
pub struct Findings {
    rule: &'static Rule,
    list: Vec<Finding>,
}

impl Findings {
    /// For a rule.
    pub(super) fn new(rule: &'static Rule) -> Self {
        Self {
            rule,
            list: Vec::new(),
        }
    }

    /// Adds a finding with the rule's severity. What it returns takes the rest: `.why(…).help(…)`.
    pub fn report(&mut self, location: Location, message: impl Into<String>) -> &mut Finding {
        self.list.push(Finding {
            rule: self.rule,
            severity: self.rule.severity,
            message: message.into(),
            location,
            label: String::new(),
            related: Vec::new(),
            why: String::new(),
            help: None,
            fix: None,
            shown_first: false,
        });
        let last = self.list.len() - 1;
        &mut self.list[last]
    }

    /// The finding added last.
    pub(super) fn last(&mut self) -> Option<&mut Finding> {
        self.list.last_mut()
    }

    pub(super) fn into_list(self) -> Vec<Finding> {
        self.list
    }
}
