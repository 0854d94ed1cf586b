//! Values as texts: Go's `%v` and `%s`, and JSON.

use super::value::{Function, List, ListKind, Map, MapKind, Value};
use crate::go::json::push_string;
use crate::go::number::{format_general, format_json};
use crate::go::time::{MONTHS, Time, WEEKDAYS, layout};
use crate::go::{duration, quote};

/// Which verb of package `fmt` asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// `%v`
    Value,
    /// `%s`
    Text,
}

/// The value as `%v` prints it.
pub(super) fn display(value: &Value<'_>) -> Vec<u8> {
    formatted(value, Verb::Value)
}

/// The value by a verb.
pub(super) fn formatted(value: &Value<'_>, verb: Verb) -> Vec<u8> {
    let mut out = Vec::new();
    push(&mut out, value, verb);
    out
}

fn push(out: &mut Vec<u8>, value: &Value<'_>, verb: Verb) {
    let plain = match value {
        Value::Nil => "<nil>".to_owned(),
        Value::String(text) => {
            out.extend_from_slice(text);
            return;
        }
        Value::Duration(nanos) => duration::format(*nanos),
        Value::Month(month) => month_name(*month),
        Value::Weekday(day) => weekday_name(*day),
        Value::Time(time) => layout::display(time),
        Value::Location(zone) => zone.name().to_owned(),
        Value::Bool(value) => bad_verb(verb, "bool", value.to_string()),
        Value::Int(number) => bad_verb(verb, "int", number.to_string()),
        Value::Int64(number) => bad_verb(verb, "int64", number.to_string()),
        Value::Uint8(number) => bad_verb(verb, "uint8", number.to_string()),
        Value::Float(number) => bad_verb(verb, "float64", format_general(*number)),
        Value::Func(_) => bad_verb(verb, &value.type_name(), "0x0".to_owned()),
        Value::Floats(_) | Value::List(_) => {
            push_list(out, value, verb);
            return;
        }
        Value::Map(map) => {
            push_map(out, map, verb);
            return;
        }
        Value::Set(_) => "map[]".to_owned(),
    };
    out.extend_from_slice(plain.as_bytes());
}

fn bad_verb(verb: Verb, ty: &str, text: String) -> String {
    match verb {
        Verb::Value => text,
        Verb::Text => format!("%!s({ty}={text})"),
    }
}

fn push_list(out: &mut Vec<u8>, value: &Value<'_>, verb: Verb) {
    if let (Value::List(list), Verb::Text) = (value, verb)
        && list.kind() == ListKind::Bytes
    {
        out.extend(bytes_of(list));
        return;
    }
    out.push(b'[');
    for (index, item) in value
        .elements()
        .into_iter()
        .flat_map(super::value::Elements::iter)
        .enumerate()
    {
        if index > 0 {
            out.push(b' ');
        }
        push(out, &item, verb);
    }
    out.push(b']');
}

fn push_map(out: &mut Vec<u8>, map: &Map<'_>, verb: Verb) {
    out.extend_from_slice(b"map[");
    let mut entries: Vec<_> = map.entries().iter().collect();
    if map.kind() != MapKind::StringAny {
        entries.sort_by(|a, b| compare_keys(&a.0, &b.0));
    }
    for (index, (key, value)) in entries.into_iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        push(out, key, verb);
        out.push(b':');
        push(out, value, verb);
    }
    out.push(b']');
}

/// Keys of one type by value; of several types nil first, then as Go's kinds are numbered.
fn compare_keys(a: &Value<'_>, b: &Value<'_>) -> std::cmp::Ordering {
    use std::cmp::Ordering;
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => a
            .partial_cmp(b)
            .unwrap_or_else(|| b.is_nan().cmp(&a.is_nan())),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        _ => match (a.signed().or(a.integer()), b.signed().or(b.integer())) {
            (Some(x), Some(y)) if a.kind() == b.kind() => x.cmp(&y),
            _ => (a.kind() as u8)
                .cmp(&(b.kind() as u8))
                .then(Ordering::Equal),
        },
    }
}

/// A `[]uint8` as bytes.
pub(super) fn bytes_of(list: &List<'_>) -> Vec<u8> {
    list.items()
        .iter()
        .filter_map(|item| match item {
            Value::Uint8(byte) => Some(*byte),
            _ => None,
        })
        .collect()
}

/// Name of a month, as `time.Month` prints itself.
pub(super) fn month_name(month: i64) -> String {
    let index = usize::try_from(month - 1).ok();
    index
        .and_then(|index| MONTHS.get(index))
        .map_or_else(|| format!("%!Month({month})"), ToString::to_string)
}

/// Name of a day, as `time.Weekday` prints itself.
pub(super) fn weekday_name(day: i64) -> String {
    let index = usize::try_from(day).ok();
    index
        .and_then(|index| WEEKDAYS.get(index))
        .map_or_else(|| format!("%!Weekday({day})"), ToString::to_string)
}

/// The value as `json.MarshalIndent` writes it with two blanks; the error is Go's text.
pub(super) fn to_json(value: &Value<'_>) -> Result<String, String> {
    let mut out = String::new();
    push_json(&mut out, value, 0)?;
    Ok(out)
}

/// A time as its JSON text (RFC 3339 with nanoseconds), without quotes.
pub(super) fn time_text(time: &Time) -> Result<String, &'static str> {
    let year = time.civil().year;
    if !(0..=9999).contains(&year) {
        return Err("year outside of range [0,9999]");
    }
    let text = layout::format(time, b"2006-01-02T15:04:05.999999999Z07:00");
    if time.zone.offset().abs() >= 24 * 3600 {
        return Err("timezone hour outside of range [0,23]");
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn push_json(out: &mut String, value: &Value<'_>, depth: usize) -> Result<(), String> {
    match value {
        Value::Nil => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(number)
        | Value::Int64(number)
        | Value::Duration(number)
        | Value::Month(number)
        | Value::Weekday(number) => out.push_str(&number.to_string()),
        Value::Uint8(number) => out.push_str(&number.to_string()),
        Value::Float(number) => out.push_str(&float_json(*number)?),
        Value::String(text) => push_string(out, text),
        Value::Time(time) => {
            let text = time_text(time).map_err(|error| {
                format!(
                    "json: error calling MarshalJSON for type time.Time: Time.MarshalJSON: {error}"
                )
            })?;
            push_string(out, text.as_bytes());
        }
        Value::Location(_) => out.push_str("{}"),
        Value::Set(_)
        | Value::Func(
            Function::AsInt
            | Function::AsFloat
            | Function::IsNaN
            | Function::IsInf
            | Function::IsNil
            | Function::Default
            | Function::Method(_),
        ) => {
            return Err(format!("json: unsupported type: {}", value.type_name()));
        }
        Value::Floats(floats) => {
            let texts = floats
                .iter()
                .map(|float| float_json(*float))
                .collect::<Result<Vec<_>, _>>()?;
            push_items(out, depth, ['[', ']'], texts, |out, text| {
                out.push_str(&text);
                Ok(())
            })?;
        }
        Value::List(list) if list.is_nil() => out.push_str("null"),
        Value::List(list) if list.kind() == ListKind::Bytes => {
            out.push('"');
            out.push_str(&super::text::to_base64(&bytes_of(list)));
            out.push('"');
        }
        Value::List(list) => {
            push_items(out, depth, ['[', ']'], list.items(), |out, item| {
                push_json(out, item, depth + 1)
            })?;
        }
        Value::Map(map) if map.kind() != MapKind::StringAny => {
            return Err(format!("json: unsupported type: {}", value.type_name()));
        }
        Value::Map(map) => {
            push_items(out, depth, ['{', '}'], map.entries(), |out, (key, item)| {
                if let Value::String(key) = key {
                    push_string(out, key);
                }
                out.push_str(": ");
                push_json(out, item, depth + 1)
            })?;
        }
    }
    Ok(())
}

fn float_json(number: f64) -> Result<String, String> {
    format_json(number)
        .ok_or_else(|| format!("json: unsupported value: {}", format_general(number)))
}

fn push_items<T>(
    out: &mut String,
    depth: usize,
    brackets: [char; 2],
    items: impl IntoIterator<Item = T>,
    mut push: impl FnMut(&mut String, T) -> Result<(), String>,
) -> Result<(), String> {
    out.push(brackets[0]);
    let mut any = false;
    for item in items {
        out.push_str(if any { ",\n" } else { "\n" });
        out.push_str(&"  ".repeat(depth + 1));
        push(out, item)?;
        any = true;
    }
    if any {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    }
    out.push(brackets[1]);
    Ok(())
}

/// A list or its absence as an error text names it (`%v` of a reflected value).
pub(super) fn lossy(value: &Value<'_>, verb: Verb) -> String {
    String::from_utf8_lossy(&formatted(value, verb)).into_owned()
}

/// A text in quotes.
pub(super) fn quoted(text: &[u8]) -> String {
    quote::quote(text)
}
