//! The builtin functions on lists and maps.

use super::super::builtin::Builtin;
use super::super::error::EvalResult;
use super::super::format::{Verb, lossy};
use super::super::operators::{error, fetch, part, unhashable};
use super::super::types::Kind;
use super::super::value::{Elements, List, ListKind, Map, MapKind, Value};
use super::super::{format, sort};

pub(super) fn apply<'r>(builtin: Builtin, args: &[Value<'r>]) -> EvalResult<Value<'r>> {
    let expected = match builtin {
        Builtin::First | Builtin::Last | Builtin::Get => None,
        Builtin::Take => Some((2..=2, "2")),
        Builtin::Sort => Some((1..=2, "1 or 2")),
        Builtin::SortBy => Some((2..=3, "2 or 3")),
        _ => Some((1..=1, "1")),
    };
    if let Some((counts, text)) = expected
        && !counts.contains(&args.len())
    {
        return error(format!(
            "invalid number of arguments (expected {text}, got {})",
            args.len()
        ));
    }
    let nil = Value::Nil;
    let first = args.first().unwrap_or(&nil);
    match builtin {
        Builtin::Sum => sum(first),
        Builtin::Mean => mean(first),
        Builtin::Median => median(first),
        // What can't be fetched is nil there.
        Builtin::First => Ok(fetch(first, &Value::Int(0)).unwrap_or_default()),
        Builtin::Last => Ok(fetch(first, &Value::Int(-1)).unwrap_or_default()),
        Builtin::Get => match args {
            [from, key, ..] => Ok(fetch(from, key).unwrap_or_default()),
            _ => Ok(Value::Nil),
        },
        Builtin::Take => take(first, args.get(1).unwrap_or(&nil)),
        Builtin::Keys => {
            let entries = entries(first, |kind| format!("cannot get keys from {kind}"))?;
            List::new(
                ListKind::Any,
                entries.iter().map(|(key, _)| key.clone()).collect(),
            )
            .map(Value::List)
        }
        Builtin::Values => {
            let entries = entries(first, |kind| format!("cannot get values from {kind}"))?;
            List::new(
                ListKind::Any,
                entries.iter().map(|(_, value)| value.clone()).collect(),
            )
            .map(Value::List)
        }
        Builtin::ToPairs => {
            let entries = entries(first, |kind| format!("cannot transform {kind} to pairs"))?;
            let mut pairs = Vec::with_capacity(entries.len());
            for (key, value) in entries {
                pairs.push(Value::List(List::new(
                    ListKind::Pair,
                    vec![key.clone(), value.clone()],
                )?));
            }
            List::new(ListKind::Pairs, pairs).map(Value::List)
        }
        Builtin::FromPairs => from_pairs(first),
        _ => sorted(builtin, args),
    }
}

/// The elements of a list, or the text that names what it is instead.
fn elements<'v, 'r>(value: &'v Value<'r>, verb: &str) -> EvalResult<Elements<'v, 'r>> {
    match value.elements() {
        Some(elements) => Ok(elements),
        None => error(format!("cannot {verb} {}", value.kind())),
    }
}

/// Kind of a list's element; nil is an empty interface there.
fn element_kind(value: &Value<'_>) -> Kind {
    match value {
        Value::Nil => Kind::Interface,
        other => other.kind(),
    }
}

fn sum<'r>(list: &Value<'r>) -> EvalResult<Value<'r>> {
    let elements = elements(list, "sum")?;
    if let Elements::Floats(floats) = elements
        && !floats.is_empty()
    {
        return Ok(Value::Float(
            floats.iter().fold(0.0, |sum, float| sum + float),
        ));
    }
    let mut integers: i64 = 0;
    let mut floats: Option<f64> = None;
    for element in elements.iter() {
        match (element.signed(), &*element, &mut floats) {
            (Some(integer), _, None) => integers = integers.wrapping_add(integer),
            (Some(integer), _, Some(sum)) => *sum += integer as f64,
            // From the first float on everything is summed in floats.
            (None, Value::Float(float), None) => floats = Some(integers as f64 + float),
            (None, Value::Float(float), Some(sum)) => *sum += float,
            (None, other, _) => return error(format!("cannot sum {}", element_kind(other))),
        }
    }
    Ok(floats.map_or(Value::Int(integers), Value::Float))
}

fn number(element: &Value<'_>, verb: &str) -> EvalResult<f64> {
    match (element.signed(), element) {
        (Some(integer), _) => Ok(integer as f64),
        (None, Value::Float(float)) => Ok(*float),
        (None, other) => error(format!("cannot {verb} {}", element_kind(other))),
    }
}

fn mean<'r>(list: &Value<'r>) -> EvalResult<Value<'r>> {
    let elements = elements(list, "mean")?;
    if elements.is_empty() {
        return Ok(Value::Float(0.0));
    }
    let mut sum = 0.0;
    for element in elements.iter() {
        sum += number(&element, "mean")?;
    }
    Ok(Value::Float(sum / elements.len() as f64))
}

fn median<'r>(list: &Value<'r>) -> EvalResult<Value<'r>> {
    let elements = elements(list, "median")?;
    if elements.is_empty() {
        return Ok(Value::Float(0.0));
    }
    let mut numbers = Vec::with_capacity(elements.len());
    for element in elements.iter() {
        numbers.push(number(&element, "median")?);
    }
    // NaN comes first, zeros of both signs are equal.
    numbers.sort_by(|a, b| {
        a.partial_cmp(b)
            .unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
    });
    let middle = numbers.len() / 2;
    let upper = numbers[middle];
    Ok(Value::Float(if numbers.len() % 2 == 0 {
        middle_of(numbers[middle - 1], upper)
    } else {
        upper
    }))
}

#[expect(
    clippy::manual_midpoint,
    reason = "the original's sum overflows to infinity, a midpoint doesn't"
)]
fn middle_of(low: f64, high: f64) -> f64 {
    (low + high) / 2.0
}

fn take<'r>(list: &Value<'r>, count: &Value<'r>) -> EvalResult<Value<'r>> {
    let Some(elements) = list.elements() else {
        return error(format!("cannot take from {}", list.kind()));
    };
    let Some(wanted) = count.signed() else {
        return error(format!("cannot take {} elements", count.kind()));
    };
    let Ok(wanted) = usize::try_from(wanted) else {
        return error(match list.kind() {
            Kind::Array => "reflect.Value.Slice: slice of unaddressable array",
            _ => "reflect.Value.Slice: slice index out of bounds",
        });
    };
    if wanted > elements.len() {
        Ok(list.clone())
    } else {
        part(list, 0, wanted)
    }
}

fn entries<'v, 'r>(
    value: &'v Value<'r>,
    text: impl FnOnce(Kind) -> String,
) -> EvalResult<&'v [(Value<'r>, Value<'r>)]> {
    match value {
        Value::Map(map) => Ok(map.entries()),
        other => error(text(other.kind())),
    }
}

fn from_pairs<'r>(list: &Value<'r>) -> EvalResult<Value<'r>> {
    let Some(pairs) = list.elements() else {
        let shown = match list {
            Value::Nil => "<invalid reflect.Value>".to_owned(),
            other => lossy(other, Verb::Text),
        };
        return error(format!("cannot transform {shown} from pairs"));
    };
    let mut entries: Vec<(Value<'r>, Value<'r>)> = Vec::with_capacity(pairs.len());
    for pair in pairs.iter() {
        let Some(elements) = pair.elements() else {
            return error(format!("invalid pair {}", lossy(&pair, Verb::Value)));
        };
        let (Some(key), Some(value), 2) = (elements.get(0), elements.get(1), elements.len()) else {
            return error(format!("invalid pair length {}", lossy(&pair, Verb::Value)));
        };
        if let Some(ty) = key.unhashable() {
            return unhashable(&ty);
        }
        match entries.iter_mut().find(|(known, _)| known.key_equal(&key)) {
            Some(entry) => entry.1 = value,
            None => entries.push((key, value)),
        }
    }
    Map::from_entries(MapKind::AnyAny, entries).map(Value::Map)
}

fn descending(order: &Value<'_>) -> EvalResult<bool> {
    match order {
        Value::String(text) => match &**text {
            b"desc" => Ok(true),
            b"asc" => Ok(false),
            other => error(format!(
                "invalid argument for sort (expected \"asc\" or \"desc\", got {})",
                format::quoted(other)
            )),
        },
        other => error(format!(
            "invalid argument for sort (expected string, got {})",
            shown_type(other)
        )),
    }
}

fn shown_type(value: &Value<'_>) -> String {
    super::super::types::show_s(value.ty().as_ref())
}

fn sorted<'r>(builtin: Builtin, args: &[Value<'r>]) -> EvalResult<Value<'r>> {
    let nil = Value::Nil;
    let list = args.first().unwrap_or(&nil);
    let Some(elements) = list.elements() else {
        return error(format!("cannot sort {}", list.kind()));
    };
    let (field, order) = if builtin == Builtin::SortBy {
        let field = args.get(1).unwrap_or(&nil);
        let Value::String(field) = field else {
            return error(format!(
                "invalid argument for sort (expected string, got {})",
                shown_type(field)
            ));
        };
        (field.clone(), args.get(2))
    } else {
        ([].into(), args.get(1))
    };
    let descending = order.map_or(Ok(false), descending)?;
    let mut rows = Vec::with_capacity(elements.len());
    for element in elements.iter() {
        let key = sort_key(&element, &field)?;
        rows.push((key, element.into_owned()));
    }
    if let Some(((first, _), rest)) = rows.split_first()
        && let Some((other, _)) = rest.iter().find(|(key, _)| key.ty() != first.ty())
    {
        let shown = |key: &Value<'_>| key.ty().unwrap_or(super::super::types::Type::Any);
        return error(format!(
            "cannot sort array of different types ({} and {})",
            shown(other),
            shown(first)
        ));
    }
    sort::sort(&mut rows, |a, b| less(&a.0, &b.0, descending))?;
    List::new(
        ListKind::Any,
        rows.into_iter().map(|(_, element)| element).collect(),
    )
    .map(Value::List)
}

/// What an element is sorted by: a map's member, or the element itself.
fn sort_key<'r>(element: &Value<'r>, field: &[u8]) -> EvalResult<Value<'r>> {
    match element {
        Value::Map(map) => match map.get_string(field) {
            Some(value) => Ok(value.clone()),
            None => error("cannot deref <invalid reflect.Value>"),
        },
        Value::Time(_) => error("cannot deref <invalid reflect.Value>"),
        other => Ok(other.clone()),
    }
}

fn less(a: &Value<'_>, b: &Value<'_>, descending: bool) -> EvalResult<bool> {
    let (a, b) = if descending { (b, a) } else { (a, b) };
    if let (Some(a), Some(b)) = (a.signed(), b.signed()) {
        return Ok(a < b);
    }
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => Ok(a < b),
        (Value::String(a), Value::String(b)) => Ok(a < b),
        (a, _) => error(format!("sort: unsupported type {}", element_kind(a))),
    }
}
