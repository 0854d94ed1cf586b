//! Reading fields one after the other while collecting everything that is wrong.

use super::quantity::Quantity;
use crate::diagnostics::{Diagnostic, SourceId, SourceMap, Span, did_you_mean};
use crate::manifest::yaml::{Mapping, Node, Value};

/// What has been found wrong so far, and where texts come from.
pub(super) struct Context<'a> {
    pub(super) sources: &'a SourceMap,
    pub(super) source: SourceId,
    pub(super) found: Vec<Diagnostic>,
}

/// A mapping whose keys are known, and its path for messages (empty at the top).
#[derive(Clone, Debug)]
pub(super) struct Object<'n> {
    pub(super) path: String,
    pub(super) span: Span,
    mapping: &'n Mapping,
}

/// A field's value with its path and the place to point at.
#[derive(Clone, Debug)]
pub(super) struct Field<'n> {
    pub(super) path: String,
    pub(super) span: Span,
    pub(super) node: &'n Node,
}

impl<'n> Object<'n> {
    /// The value of a field, if it is given.
    pub(super) fn field(&self, name: &str) -> Option<Field<'n>> {
        let (key, node) = self.mapping.entry(name)?;
        let span = if node.span.start == node.span.end {
            key.span
        } else {
            node.span
        };
        Some(Field {
            path: join(&self.path, name),
            span,
            node,
        })
    }

    /// All fields in the order written.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'n str, Span, Field<'n>)> {
        let path = self.path.clone();
        self.mapping.iter().map(move |(key, node)| {
            let span = if node.span.start == node.span.end {
                key.span
            } else {
                node.span
            };
            let field = Field {
                path: join(&path, &key.text),
                span,
                node,
            };
            (key.text.as_str(), key.span, field)
        })
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

impl<'n> Field<'n> {
    /// An item of this list.
    pub(super) fn item(&self, index: usize, node: &'n Node) -> Self {
        Self {
            path: format!("{}[{index}]", self.path),
            span: node.span,
            node,
        }
    }

    /// The whole file.
    pub(super) fn root(node: &'n Node) -> Self {
        Self {
            path: String::new(),
            span: node.span,
            node,
        }
    }
}

impl Context<'_> {
    /// Notes an error, `path: message`.
    pub(super) fn refuse(&mut self, path: &str, span: Span, message: &str, help: &str) {
        let message = if path.is_empty() {
            message.to_owned()
        } else {
            format!("{path}: {message}")
        };
        self.found.push(
            Diagnostic::error(message)
                .at(span.in_source(self.source))
                .with_help(help),
        );
    }

    /// `file:line:column` of a place in the scenario.
    pub(super) fn place(&self, span: Span) -> String {
        self.sources.describe(span.in_source(self.source))
    }

    /// Notes an error about a field.
    pub(super) fn refuse_field(&mut self, field: &Field<'_>, message: &str, help: &str) {
        self.refuse(&field.path, field.span, message, help);
    }

    /// The field as a mapping with any keys.
    pub(super) fn open_object<'n>(&mut self, field: &Field<'n>) -> Option<Object<'n>> {
        match &field.node.value {
            Value::Mapping(mapping) => Some(Object {
                path: field.path.clone(),
                span: field.span,
                mapping,
            }),
            Value::Null => {
                self.refuse_field(field, "a value is missing", "give it fields or remove it");
                None
            }
            _ => {
                let message = format!("fields are needed, not {}", what_is(field.node));
                self.refuse_field(field, &message, "write `name: value` pairs");
                None
            }
        }
    }

    /// The field as a mapping with these keys; others are refused.
    pub(super) fn object<'n>(&mut self, field: &Field<'n>, known: &[&str]) -> Option<Object<'n>> {
        let object = self.open_object(field)?;
        for (name, key, _) in object.fields() {
            if known.contains(&name) {
                continue;
            }
            let help = match did_you_mean(name, known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("the fields known here are {}", known.join(", ")),
            };
            let path = join(&object.path, name);
            self.refuse("", key, &format!("unknown field `{path}`"), &help);
        }
        Some(object)
    }

    /// A mapping field of an object, if it is given.
    pub(super) fn child<'n>(
        &mut self,
        parent: &Object<'n>,
        name: &str,
        known: &[&str],
    ) -> Option<Object<'n>> {
        let field = parent.field(name)?;
        self.object(&field, known)
    }

    /// Exactly one of several fields, as in `{lognormal: …}` or `{constant: …}`.
    pub(super) fn one_of<'n>(
        &mut self,
        field: &Field<'n>,
        known: &[&str],
    ) -> Option<(&'n str, Field<'n>)> {
        let before = self.found.len();
        let object = self.object(field, known)?;
        let given: Vec<_> = object
            .fields()
            .filter(|(name, ..)| known.contains(name))
            .collect();
        if let [(name, _, field)] = given.as_slice() {
            return Some((name, field.clone()));
        }
        if self.found.len() == before || !given.is_empty() {
            let message = format!("exactly one of {} is needed", known.join(", "));
            self.refuse_field(field, &message, "keep one");
        }
        None
    }

    /// The text of a field with a single value, as written.
    ///
    /// YAML's types don't matter here: `50` is the text of a rate whose unit is missing.
    pub(super) fn text(&mut self, field: &Field<'_>) -> Option<String> {
        match &field.node.value {
            Value::String(text) => Some(text.trim().to_owned()),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
                let place = field.node.span.in_source(self.source);
                Some(self.sources.slice(place).to_owned())
            }
            Value::Null => {
                self.refuse_field(field, "a value is missing", "give it a value or remove it");
                None
            }
            Value::Sequence(_) | Value::Mapping(_) => {
                let message = format!("a single value is needed, not {}", what_is(field.node));
                self.refuse_field(field, &message, "write one value");
                None
            }
        }
    }

    /// A string that isn't empty; numbers and truth values are refused as YAML's misreadings.
    pub(super) fn string(&mut self, field: &Field<'_>) -> Option<String> {
        match &field.node.value {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::String(_) => {
                self.refuse_field(field, "a text is needed", "write a text that isn't empty");
                None
            }
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
                let message = format!("a text is needed, not {}", what_is(field.node));
                self.refuse_field(field, &message, "put it in quotes");
                None
            }
            _ => self.text(field),
        }
    }

    /// The quantity in a field.
    pub(super) fn quantity<T>(&mut self, field: &Field<'_>, kind: &Quantity<T>) -> Option<T> {
        let text = self.text(field)?;
        match (kind.read)(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                let help = format!("write it as {}", kind.examples);
                self.refuse_field(field, &error.to_string(), &help);
                None
            }
        }
    }

    /// The quantity in a field of an object, if the field is given and right.
    pub(super) fn take<T>(
        &mut self,
        object: &Object<'_>,
        name: &str,
        kind: &Quantity<T>,
    ) -> Option<T> {
        let field = object.field(name)?;
        self.quantity(&field, kind)
    }

    /// The quantity in a field that must be given.
    pub(super) fn require<T>(
        &mut self,
        object: &Object<'_>,
        name: &str,
        kind: &Quantity<T>,
    ) -> Option<T> {
        let Some(field) = object.field(name) else {
            let help = format!("add `{name}`, written as {}", kind.examples);
            let message = format!("`{name}` is missing");
            self.refuse(&object.path, object.span, &message, &help);
            return None;
        };
        self.quantity(&field, kind)
    }

    /// One of several words.
    pub(super) fn word<T: Copy>(&mut self, field: &Field<'_>, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(field)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let help = match did_you_mean(&text, known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("write one of {}", known.join(", ")),
        };
        self.refuse_field(field, &format!("`{text}` is not known here"), &help);
        None
    }

    /// A whole number of at least `least`.
    pub(super) fn count(&mut self, field: &Field<'_>, least: u64) -> Option<u64> {
        let number = field
            .node
            .as_int()
            .and_then(|number| u64::try_from(number).ok());
        if number.is_none_or(|number| number < least) {
            let message = format!("a whole number of at least {least} is needed");
            self.refuse_field(field, &message, "write digits only");
            return None;
        }
        number
    }

    /// The items of a list.
    pub(super) fn items<'n>(&mut self, field: &Field<'n>) -> Vec<Field<'n>> {
        if let Value::Sequence(items) = &field.node.value {
            let numbered = items.iter().enumerate();
            return numbered
                .map(|(index, node)| field.item(index, node))
                .collect();
        }
        let message = format!("a list is needed, not {}", what_is(field.node));
        self.refuse_field(
            field,
            &message,
            "start each entry with `- `, or write `[a, b]`",
        );
        Vec::new()
    }
}

fn what_is(node: &Node) -> &'static str {
    match node.value {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Int(_) | Value::Float(_) => "a number",
        Value::String(_) => "a text",
        Value::Sequence(_) => "a list",
        Value::Mapping(_) => "fields",
    }
}
