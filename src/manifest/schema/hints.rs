//! What to do about a refused field.

use super::table::{Fact, Table, Type};
use crate::diagnostics::did_you_mean;
use crate::manifest::yaml::{Node, Path, Segment, Value};

/// Fields that Go reads as durations.
const DURATIONS: [&str; 4] = ["interval", "initialDelay", "duration", "step"];

/// Advice for a field that the definition doesn't know at this place.
pub(super) fn unknown_field(table: &Table, root: &Fact, parent: &Fact, name: &str) -> String {
    let here: Vec<&str> = table.fields(parent).map(|(field, ..)| field).collect();
    if let Some(meant) = did_you_mean(name, here.iter().copied()) {
        return format!("did you mean `{meant}`?");
    }
    let mut elsewhere = Vec::new();
    find(table, root, name, &mut String::new(), &mut elsewhere);
    match elsewhere.as_slice() {
        [] => {}
        [one] => return format!("`{name}` belongs under `{one}`; check the indentation"),
        many => {
            let shown: Vec<String> = many
                .iter()
                .take(3)
                .map(|place| format!("`{place}`"))
                .collect();
            return format!(
                "`{name}` belongs under {}; check the indentation",
                shown.join(" or ")
            );
        }
    }
    if here.is_empty() {
        return "remove it; nothing is expected here".to_owned();
    }
    if here.len() > 12 {
        return "remove it; no field of that name exists here".to_owned();
    }
    format!("remove it; the fields known here are {}", here.join(", "))
}

/// Collects the places where a field of this name exists, outside of pod templates.
fn find(table: &Table, fact: &Fact, name: &str, at: &mut String, found: &mut Vec<String>) {
    let length = at.len();
    for (field, _, below) in table.fields(fact) {
        if field == name && !at.is_empty() {
            found.push(at.clone());
        }
        if matches!(field, "template" | "job" | "status" | "metadata") {
            continue;
        }
        if !at.is_empty() {
            at.push('.');
        }
        at.push_str(field);
        find(table, below, name, at, found);
        at.truncate(length);
    }
    if let Some(inner) = table.inner(fact) {
        at.push_str("[]");
        find(table, inner, name, at, found);
        at.truncate(length);
    }
}

/// Advice for a missing field.
pub(super) fn required(name: &str, parent: &Path) -> String {
    if parent.segments().is_empty() {
        format!("add `{name}:`")
    } else {
        format!("add `{name}:` under `{parent}`")
    }
}

/// Advice for a value of the wrong type.
pub(super) fn wrong_type(wanted: Type, node: &Node, path: &Path) -> Option<String> {
    let field = path
        .segments()
        .iter()
        .rev()
        .find_map(|segment| match segment {
            Segment::Key(name) => Some(name.as_str()),
            Segment::Index(_) => None,
        });
    let field = field.unwrap_or_default();
    if node.is_null() {
        return Some(format!("give `{field}` a value or remove it"));
    }
    match (wanted, &node.value) {
        (Type::String, Value::Int(number)) if DURATIONS.contains(&field) => {
            Some(format!("a duration needs a unit: `{number}s`"))
        }
        (Type::String | Type::DateTime, Value::Int(_) | Value::Float(_) | Value::Bool(_)) => {
            Some("put the value in quotes".to_owned())
        }
        (Type::IntOrString, Value::Bool(_) | Value::Float(_)) => {
            Some("write a whole number, or put the value in quotes".to_owned())
        }
        (
            Type::Integer | Type::Int32 | Type::Int64 | Type::Number | Type::Boolean,
            Value::String(text),
        ) => Some(scalar_from_text(wanted, text)),
        (Type::Integer | Type::Int32 | Type::Int64, Value::Float(_)) => {
            Some("write a whole number".to_owned())
        }
        (Type::Array, _) => Some("start each entry with `- `".to_owned()),
        (Type::Object | Type::Open | Type::Map, Value::Sequence(_)) => {
            Some("write the fields without a leading `- `".to_owned())
        }
        (Type::Object | Type::Open | Type::Map, _) => {
            Some("write fields, indented on the lines below".to_owned())
        }
        (_, Value::Mapping(_) | Value::Sequence(_)) => {
            Some("write one value on this line; check the indentation below".to_owned())
        }
        _ => None,
    }
}

fn scalar_from_text(wanted: Type, text: &str) -> String {
    if text.contains("{{") {
        return "no arguments are replaced in this field: write the value itself".to_owned();
    }
    if wanted == Type::Boolean {
        return "write `true` or `false` without quotes".to_owned();
    }
    let digits: String = text
        .trim()
        .chars()
        .take_while(|letter| letter.is_ascii_digit() || *letter == '-')
        .collect();
    if digits.parse::<i64>().is_ok() {
        format!("write `{digits}`, without quotes and without a unit")
    } else {
        "write a whole number".to_owned()
    }
}
