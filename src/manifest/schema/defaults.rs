//! The form in which the API server stores an object.

use serde_json::Value as Json;

use super::Resource;
use super::table::{Fact, Table, Type, table};
use super::validate::is_dropped;
use crate::diagnostics::Span;
use crate::manifest::yaml::{Key, Node, Style, Value};

/// Makes of an object what the API server stores: fields that the definition doesn't know are gone, and so
/// are nulls where none are allowed; defaults are filled in wherever their parent exists
/// (`provider.datadog.apiVersion: v1`, `interval: 5m`, a port's `protocol: TCP`, …).
///
/// Added values carry the place of their parent.
pub fn prune_and_default(resource: Resource, root: &mut Node) {
    let table = table();
    if let Some(fact) = table.root(resource.kind()) {
        fill(table, fact, root);
    }
}

fn fill(table: &Table, fact: &Fact, node: &mut Node) {
    let span = Span::new(node.span.start, node.span.start);
    match (&mut node.value, fact.kind) {
        (Value::Mapping(mapping), Type::Object) => {
            mapping.retain(|key, value| {
                let field = table.field(fact, &key.text);
                field.is_some_and(|field| !is_dropped(field, value))
            });
            for (name, _, field) in table.fields(fact) {
                if let Some(value) = mapping.get_mut(name) {
                    fill(table, field, value);
                } else if let Some(default) = &field.default {
                    let key = Key {
                        text: name.to_owned(),
                        span,
                    };
                    mapping.insert(key, from_json(default, span));
                }
            }
        }
        (Value::Mapping(mapping), Type::Map) => {
            if let Some(inner) = table.inner(fact) {
                mapping.retain(|_, value| !is_dropped(inner, value));
                for value in mapping.values_mut() {
                    fill(table, inner, value);
                }
            }
        }
        (Value::Sequence(items), Type::Array) => {
            if let Some(inner) = table.inner(fact) {
                for item in items {
                    fill(table, inner, item);
                }
            }
        }
        _ => {}
    }
}

fn from_json(json: &Json, span: Span) -> Node {
    let value = match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => number.as_i64().map_or_else(
            || Value::Float(number.as_f64().unwrap_or_default()),
            Value::Int,
        ),
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => {
            Value::Sequence(items.iter().map(|item| from_json(item, span)).collect())
        }
        Json::Object(entries) => Value::Mapping(
            entries
                .iter()
                .map(|(name, value)| {
                    let key = Key {
                        text: name.clone(),
                        span,
                    };
                    (key, from_json(value, span))
                })
                .collect(),
        ),
    };
    Node {
        span,
        style: Style::Plain,
        value,
    }
}
