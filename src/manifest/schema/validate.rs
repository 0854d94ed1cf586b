//! The walk over an object and its definition, with the API server's texts.
//!
//! Source: apiextensions-apiserver `pkg/apiserver/schema` (pruning, list types), kube-openapi `validation`.

use serde_json::Value as Json;

use super::hints;
use super::metadata;
use super::table::{Fact, Table, Type, Uniqueness, table};
use super::{FieldValidation, Resource};
use crate::diagnostics::{Diagnostic, SourceId, Span, did_you_mean};
use crate::manifest::yaml::{Key, Mapping, Node, Path, Value};

/// Everything that the API server refuses in an object, in the order of the text.
///
/// Unknown fields are errors or warnings by `unknown`; everything else is an error.
pub fn validate(
    resource: Resource,
    root: &Node,
    source: SourceId,
    unknown: FieldValidation,
) -> Vec<Diagnostic> {
    let table = table();
    let Some(fact) = table.root(resource.kind()) else {
        return Vec::new();
    };
    let mut walk = Walk {
        table,
        resource,
        root: fact,
        source,
        unknown,
        found: Vec::new(),
    };
    walk.value(fact, root, root.span, &Path::root());
    let mut found = walk.found;
    found.extend(metadata::check(root, source));
    found.sort_by_key(|diagnostic| diagnostic.location);
    found
}

struct Walk<'a> {
    table: &'a Table,
    resource: Resource,
    root: &'a Fact,
    source: SourceId,
    unknown: FieldValidation,
    found: Vec<Diagnostic>,
}

impl Walk<'_> {
    /// Checks a value; `place` is where to point when the value itself has no text.
    fn value(&mut self, fact: &Fact, node: &Node, place: Span, path: &Path) {
        if node.is_null() && fact.nullable {
            return;
        }
        match (fact.kind, &node.value) {
            (Type::Any, _)
            | (Type::Open, Value::Mapping(_))
            | (Type::Integer | Type::Int64 | Type::Number | Type::IntOrString, Value::Int(_))
            | (Type::Number, Value::Float(_))
            | (Type::Boolean, Value::Bool(_)) => {}
            (Type::Int32, Value::Int(number)) => self.int32(*number, node, path),
            (Type::String | Type::IntOrString, Value::String(text)) => {
                self.text(fact, text, node, path);
            }
            (Type::DateTime, Value::String(text)) => self.date_time(text, node, path),
            (Type::Object, Value::Mapping(mapping)) => {
                self.object(fact, mapping, node, place, path);
            }
            (Type::Map, Value::Mapping(mapping)) => {
                if let Some(inner) = self.table.inner(fact) {
                    for (key, value) in mapping
                        .iter()
                        .filter(|(_, value)| !is_dropped(inner, value))
                    {
                        self.value(inner, value, place_of(key, value), &path.key(&key.text));
                    }
                }
            }
            (Type::Array, Value::Sequence(items)) => self.list(fact, items, path),
            _ => self.wrong_type(fact, node, place, path),
        }
        if !fact.allowed.is_empty() && !node.is_null() {
            self.allowed(fact, node, path);
        }
    }

    fn object(&mut self, fact: &Fact, mapping: &Mapping, node: &Node, place: Span, path: &Path) {
        for (key, value) in mapping.iter() {
            match self.table.field(fact, &key.text) {
                Some(field) if is_dropped(field, value) => {}
                Some(field) => {
                    self.value(field, value, place_of(key, value), &path.key(&key.text));
                }
                None => self.unknown_field(fact, key, path),
            }
        }
        let table = self.table;
        for (name, required, field) in table.fields(fact) {
            let given = mapping
                .get(name)
                .is_some_and(|value| !is_dropped(field, value));
            if required && field.default.is_none() && !given {
                let place = if node.span.start == node.span.end {
                    place
                } else {
                    node.span
                };
                let below = path.key(name);
                self.report(place, format!("{below}: Required value"), |diagnostic| {
                    diagnostic.with_help(hints::required(name, path))
                });
            }
        }
    }

    fn list(&mut self, fact: &Fact, items: &[Node], path: &Path) {
        let Some(inner) = self.table.inner(fact) else {
            return;
        };
        for (index, item) in items.iter().enumerate() {
            self.value(inner, item, item.span, &path.index(index));
        }
        let mut seen: Vec<(Json, Span)> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let Some(identity) = self.identity(fact, inner, item) else {
                continue;
            };
            if let Some((_, first)) = seen.iter().find(|(other, _)| *other == identity) {
                let first = first.in_source(self.source);
                let below = path.index(index);
                let message = format!("{below}: Duplicate value: {identity}");
                self.report(item.span, message, |diagnostic| {
                    diagnostic.with_related(first, "first given here")
                });
            } else {
                seen.push((identity, item.span));
            }
        }
    }

    /// What makes an item of a set or of a keyed list the same as another.
    fn identity(&self, fact: &Fact, inner: &Fact, item: &Node) -> Option<Json> {
        match &fact.unique {
            Uniqueness::None => None,
            Uniqueness::Set => Some(item.to_json()),
            Uniqueness::Keys(keys) => {
                let mapping = item.as_mapping()?;
                let values = keys.iter().filter_map(|key| {
                    let default = || self.table.field(inner, key)?.default.clone();
                    let value = mapping.get(key).map(Node::to_json).or_else(default)?;
                    Some((key.clone(), value))
                });
                Some(values.collect())
            }
        }
    }

    fn text(&mut self, fact: &Fact, text: &str, node: &Node, path: &Path) {
        if let Some(pattern) = &fact.pattern
            && !pattern.is_match(text)
        {
            let message =
                format!("{path}: Invalid value: {text:?}: {path} in body should match '{pattern}'");
            self.report(node.span, message, |diagnostic| diagnostic);
        }
    }

    fn date_time(&mut self, text: &str, node: &Node, path: &Path) {
        if !is_date_time(text) {
            let message = format!(
                "{path}: Invalid value: {text:?}: {path} in body must be of type date-time: {text:?}"
            );
            self.report(node.span, message, |diagnostic| {
                diagnostic.with_help("write it as `2026-01-31T12:00:00Z`")
            });
        }
    }

    fn int32(&mut self, number: i64, node: &Node, path: &Path) {
        if i32::try_from(number).is_err() {
            let message = format!("{path}: Invalid value: {number}: must fit into 32 bits");
            self.report(node.span, message, |diagnostic| {
                diagnostic.with_note("the controller can't decode a larger number")
            });
        }
    }

    fn allowed(&mut self, fact: &Fact, node: &Node, path: &Path) {
        let value = node.to_json();
        if fact.allowed.contains(&value) {
            return;
        }
        let values: Vec<String> = fact.allowed.iter().map(Json::to_string).collect();
        let message = format!(
            "{path}: Unsupported value: {value}: supported values: {}",
            values.join(", ")
        );
        let words = fact.allowed.iter().filter_map(Json::as_str);
        let meant = node.as_str().and_then(|text| did_you_mean(text, words));
        self.report(node.span, message, |diagnostic| match meant {
            Some(word) => diagnostic.with_help(format!("did you mean `{word}`?")),
            None => diagnostic,
        });
    }

    fn wrong_type(&mut self, fact: &Fact, node: &Node, place: Span, path: &Path) {
        let found = node.type_name();
        let wanted = wanted_type(fact.kind);
        let message = if path.segments().is_empty() {
            format!("the object must be of type {wanted}: {found:?}")
        } else {
            format!(
                "{path}: Invalid value: {found:?}: {path} in body must be of type {wanted}: {found:?}"
            )
        };
        let help = hints::wrong_type(fact.kind, node, path);
        self.report(place, message, |diagnostic| match help {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        });
    }

    fn unknown_field(&mut self, fact: &Fact, key: &Key, path: &Path) {
        let below = path.key(&key.text);
        let kind = self.resource.kind();
        let diagnostic = match self.unknown {
            FieldValidation::Strict => Diagnostic::error(format!(
                "{kind} in version \"v1alpha1\" cannot be handled as a {kind}: strict decoding error: unknown field \"{below}\""
            )),
            FieldValidation::Warn => {
                Diagnostic::warning(format!("unknown field \"{below}\"")).with_note("it is dropped")
            }
        };
        let help = hints::unknown_field(self.table, self.root, fact, &key.text);
        self.found.push(
            diagnostic
                .at(key.span.in_source(self.source))
                .with_help(help),
        );
    }

    fn report(
        &mut self,
        place: Span,
        message: String,
        complete: impl FnOnce(Diagnostic) -> Diagnostic,
    ) {
        let diagnostic = Diagnostic::error(message).at(place.in_source(self.source));
        self.found.push(complete(diagnostic));
    }
}

/// A null in a field that takes none counts as if the field weren't there.
///
/// Source: apiextensions-apiserver `pkg/apiserver/schema/defaulting/prune.go`. The items of a list keep
/// their nulls.
pub(super) fn is_dropped(fact: &Fact, value: &Node) -> bool {
    value.is_null() && !fact.nullable
}

/// An empty value has no text of its own: its key stands for it.
fn place_of(key: &Key, value: &Node) -> Span {
    if value.span.start == value.span.end {
        key.span
    } else {
        value.span
    }
}

fn wanted_type(kind: Type) -> &'static str {
    match kind {
        Type::String | Type::DateTime => "string",
        Type::Integer | Type::Int32 | Type::Int64 => "integer",
        Type::Number => "number",
        Type::Boolean => "boolean",
        Type::Object | Type::Open | Type::Map => "object",
        Type::Array => "array",
        Type::IntOrString => "integer,string",
        Type::Any => "any",
    }
}

/// RFC 3339: `2026-01-31T12:00:00Z`, fractions and offsets allowed.
fn is_date_time(text: &str) -> bool {
    static PATTERN: std::sync::OnceLock<regex::Regex> = std::sync::OnceLock::new();
    PATTERN
        .get_or_init(|| {
            regex::Regex::new(
                r"(?i)^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[t ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?(z|[+-][0-9]{2}:[0-9]{2})$",
            )
            .expect("a constant pattern")
        })
        .is_match(text)
}
