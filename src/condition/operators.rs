//! What the operators do at run time (antonmedv/expr v1.15.5, `vm/runtime`).

use std::cmp::Ordering;
use std::sync::Arc;

use super::error::{EvalError, EvalResult};
use super::format::{Verb, lossy};
use super::method::{Method, has_methods};
use super::types::{Kind, Type};
use super::value::{Function, List, ListKind, Map, MapKind, Set, Value};
use crate::go::math::pow;
use crate::go::number::float_to_int;

/// Longest text that an expression may build; the original ends where memory does.
pub(super) const MAX_TEXT: usize = 1 << 26;

pub(super) fn error<T>(text: impl Into<Box<str>>) -> EvalResult<T> {
    Err(EvalError::new(text))
}

/// A failed type assertion, with Go's wording.
pub(super) fn not_a<T>(value: &Value<'_>, wanted: &str) -> EvalResult<T> {
    let got = match value {
        Value::Nil => "nil".to_owned(),
        value => value.type_name(),
    };
    error(format!(
        "interface conversion: interface {{}} is {got}, not {wanted}"
    ))
}

pub(super) fn assert_bool(value: &Value<'_>) -> EvalResult<bool> {
    match value {
        Value::Bool(value) => Ok(*value),
        other => not_a(other, "bool"),
    }
}

pub(super) fn assert_int(value: &Value<'_>) -> EvalResult<i64> {
    match value {
        Value::Int(value) => Ok(*value),
        other => not_a(other, "int"),
    }
}

pub(super) fn assert_string(value: &Value<'_>) -> EvalResult<Arc<[u8]>> {
    match value {
        Value::String(text) => Ok(text.clone()),
        other => not_a(other, "string"),
    }
}

/// Any number as an `int`, floats cut off.
pub(super) fn to_int(value: &Value<'_>) -> EvalResult<i64> {
    match value {
        Value::Float(float) => Ok(float_to_int(*float)),
        other => match other.integer() {
            Some(integer) => Ok(integer),
            None => error(format!("invalid operation: int({})", other.type_name())),
        },
    }
}

/// Any number as a `float64`.
pub(super) fn to_float(value: &Value<'_>) -> EvalResult<f64> {
    match value.number() {
        Some(number) => Ok(number),
        None => error(format!("invalid operation: float({})", value.type_name())),
    }
}

/// `==`
#[expect(clippy::float_cmp, reason = "the language compares floats exactly")]
pub(super) fn equal(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Time(a), Value::Time(b)) => a.instant() == b.instant(),
        _ => match (a.integer(), b.integer()) {
            (Some(a), Some(b)) => a == b,
            _ => match (a.number(), b.number()) {
                (Some(a), Some(b)) => a == b,
                _ => (a.is_nil() && b.is_nil()) || a.deep_equal(b),
            },
        },
    }
}

/// How two values compare: `Ok(None)` if one is NaN, `Err` if they don't compare at all.
fn order(a: &Value<'_>, b: &Value<'_>) -> Result<Option<Ordering>, ()> {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => Ok(a.partial_cmp(b)),
        (Value::String(a), Value::String(b)) => Ok(Some(a.cmp(b))),
        (Value::Time(a), Value::Time(b)) => Ok(Some(a.instant().cmp(&b.instant()))),
        (Value::Duration(a), Value::Duration(b)) => Ok(Some(a.cmp(b))),
        _ => match (a.integer(), b.integer()) {
            (Some(a), Some(b)) => Ok(Some(a.cmp(&b))),
            _ => match (a.number(), b.number()) {
                (Some(a), Some(b)) => Ok(a.partial_cmp(&b)),
                _ => Err(()),
            },
        },
    }
}

fn invalid<T>(a: &Value<'_>, operator: &str, b: &Value<'_>) -> EvalResult<T> {
    error(format!(
        "invalid operation: {} {operator} {}",
        a.type_name(),
        b.type_name()
    ))
}

/// `<`, `<=`, `>`, `>=`: whether the order of the operands is one of those accepted.
pub(super) fn compare(
    a: &Value<'_>,
    operator: &'static str,
    b: &Value<'_>,
    accepted: fn(Ordering) -> bool,
) -> EvalResult<bool> {
    match order(a, b) {
        Ok(order) => Ok(order.is_some_and(accepted)),
        Err(()) => invalid(a, operator, b),
    }
}

/// `+`
pub(super) fn add<'r>(a: &Value<'r>, b: &Value<'r>) -> EvalResult<Value<'r>> {
    match (a, b) {
        (Value::String(a), Value::String(b)) => {
            if a.len() + b.len() > MAX_TEXT {
                return error("texts longer than 64 MiB are not supported");
            }
            Ok(Value::text([&**a, &**b].concat()))
        }
        (Value::Time(time), Value::Duration(nanos))
        | (Value::Duration(nanos), Value::Time(time)) => {
            Ok(Value::Time(Arc::new(time.add(*nanos))))
        }
        (Value::Duration(a), Value::Duration(b)) => Ok(Value::Duration(a.wrapping_add(*b))),
        _ => arithmetic(a, "+", b, i64::wrapping_add, |a, b| a + b),
    }
}

/// `-`
pub(super) fn subtract<'r>(a: &Value<'r>, b: &Value<'r>) -> EvalResult<Value<'r>> {
    match (a, b) {
        (Value::Time(a), Value::Time(b)) => Ok(Value::Duration(a.since(b))),
        (Value::Time(time), Value::Duration(nanos)) => {
            Ok(Value::Time(Arc::new(time.add(nanos.wrapping_neg()))))
        }
        (Value::Duration(a), Value::Duration(b)) => Ok(Value::Duration(a.wrapping_sub(*b))),
        _ => arithmetic(a, "-", b, i64::wrapping_sub, |a, b| a - b),
    }
}

/// `*`
pub(super) fn multiply<'r>(a: &Value<'r>, b: &Value<'r>) -> EvalResult<Value<'r>> {
    match (a, b) {
        (Value::Duration(a), Value::Duration(b)) => Ok(Value::Duration(a.wrapping_mul(*b))),
        (Value::Duration(nanos), other) | (other, Value::Duration(nanos)) => {
            match (other.integer(), other) {
                (Some(factor), _) => Ok(Value::Duration(nanos.wrapping_mul(factor))),
                (None, Value::Float(factor)) => Ok(Value::Float(*nanos as f64 * factor)),
                _ => invalid(a, "*", b),
            }
        }
        _ => arithmetic(a, "*", b, i64::wrapping_mul, |a, b| a * b),
    }
}

fn arithmetic<'r>(
    a: &Value<'r>,
    operator: &'static str,
    b: &Value<'r>,
    integers: fn(i64, i64) -> i64,
    floats: fn(f64, f64) -> f64,
) -> EvalResult<Value<'r>> {
    if let (Some(a), Some(b)) = (a.integer(), b.integer()) {
        return Ok(Value::Int(integers(a, b)));
    }
    match (a.number(), b.number()) {
        (Some(a), Some(b)) => Ok(Value::Float(floats(a, b))),
        _ => invalid(a, operator, b),
    }
}

/// `/`, always in floats.
pub(super) fn divide<'r>(a: &Value<'r>, b: &Value<'r>) -> EvalResult<Value<'r>> {
    match (a.number(), b.number()) {
        (Some(a), Some(b)) => Ok(Value::Float(a / b)),
        _ => invalid(a, "/", b),
    }
}

/// `%`
pub(super) fn modulo<'r>(a: &Value<'r>, b: &Value<'r>) -> EvalResult<Value<'r>> {
    match (a.integer(), b.integer()) {
        (Some(_), Some(0)) => error("runtime error: integer divide by zero"),
        (Some(a), Some(b)) => Ok(Value::Int(a.wrapping_rem(b))),
        _ => invalid(a, "%", b),
    }
}

/// `**`
pub(super) fn exponent<'r>(a: &Value<'r>, b: &Value<'r>) -> EvalResult<Value<'r>> {
    Ok(Value::Float(pow(to_float(a)?, to_float(b)?)))
}

/// `-x`
pub(super) fn negate<'r>(value: &Value<'r>) -> EvalResult<Value<'r>> {
    match value {
        Value::Float(value) => Ok(Value::Float(-value)),
        Value::Int(value) => Ok(Value::Int(value.wrapping_neg())),
        Value::Int64(value) => Ok(Value::Int64(value.wrapping_neg())),
        Value::Uint8(value) => Ok(Value::Uint8(value.wrapping_neg())),
        other => error(format!("invalid operation: - {}", other.type_name())),
    }
}

/// Length of anything that has one, for `len` and open slices.
pub(super) fn length(value: &Value<'_>) -> EvalResult<i64> {
    let length = match value {
        Value::String(text) => text.len(),
        Value::Map(map) => map.entries().len(),
        other => match other.elements() {
            Some(elements) => elements.len(),
            None => {
                return error(format!(
                    "invalid argument for len (type {})",
                    other.type_name()
                ));
            }
        },
    };
    Ok(i64::try_from(length).unwrap_or(i64::MAX))
}

fn not_fetched<'r>(from: &Value<'_>, key: &Value<'_>) -> EvalResult<Value<'r>> {
    error(format!(
        "cannot fetch {} from {}",
        lossy(key, Verb::Value),
        from.type_name()
    ))
}

/// `x[key]` and `x.key`
pub(super) fn fetch<'r>(from: &Value<'r>, key: &Value<'r>) -> EvalResult<Value<'r>> {
    if let (Value::Floats(floats), Value::Int(index)) = (from, key) {
        return position(*index, floats.len())
            .and_then(|at| floats.get(at))
            .map_or(Err(EvalError::SliceIndexOutOfRange), |float| {
                Ok(Value::Float(*float))
            });
    }
    if matches!(from, Value::Nil) {
        return not_fetched(from, key);
    }
    if let (Value::String(name), Some(ty)) = (key, from.ty().filter(has_methods))
        && let Some(method) = std::str::from_utf8(name)
            .ok()
            .and_then(|name| Method::find(&ty, name))
    {
        return Ok(Value::Func(Function::Method(Arc::new((
            from.clone(),
            method,
        )))));
    }
    match from {
        Value::Floats(_) | Value::List(_) | Value::String(_) => fetch_element(from, to_int(key)?),
        Value::Map(map) => fetch_entry(map, key),
        Value::Time(_) | Value::Location(_) => {
            let name = assert_string(key)?;
            if matches!(from, Value::Time(_)) && [&b"wall"[..], b"ext", b"loc"].contains(&&*name) {
                return error(
                    "reflect.Value.Interface: cannot return value obtained from unexported field or method",
                );
            }
            not_fetched(from, key)
        }
        _ => not_fetched(from, key),
    }
}

/// An index from the start, negative ones from the end.
fn position(index: i64, length: usize) -> Option<usize> {
    let length_signed = i64::try_from(length).ok()?;
    let at = if index < 0 {
        length_signed.checked_add(index)?
    } else {
        index
    };
    usize::try_from(at).ok().filter(|at| *at < length)
}

fn fetch_element<'r>(from: &Value<'r>, index: i64) -> EvalResult<Value<'r>> {
    if let Value::String(text) = from {
        return match position(index, text.len()) {
            Some(at) => Ok(Value::Uint8(text[at])),
            None => error("reflect: string index out of range"),
        };
    }
    let element = from
        .elements()
        .and_then(|elements| position(index, elements.len()).and_then(|at| elements.get(at)));
    match element {
        Some(value) => Ok(value),
        None if from.kind() == Kind::Array => error("reflect: array index out of range"),
        None => Err(EvalError::SliceIndexOutOfRange),
    }
}

fn fetch_entry<'r>(map: &Map<'r>, key: &Value<'r>) -> EvalResult<Value<'r>> {
    match map_index(map, key)? {
        Some(value) => Ok(value.clone()),
        // The zero value of the element type.
        None if map.kind() == MapKind::AnyList => Ok(Value::List(List::nil(ListKind::Any))),
        None => Ok(Value::Nil),
    }
}

fn map_index<'m, 'r>(map: &'m Map<'r>, key: &Value<'r>) -> EvalResult<Option<&'m Value<'r>>> {
    if map.kind() == MapKind::StringAny {
        return match key {
            Value::Nil => Ok(map.get_string(b"")),
            Value::String(key) => Ok(map.get_string(key)),
            other => not_a_key(other, "string"),
        };
    }
    if let Some(ty) = key.unhashable() {
        // Go words it differently where there is nothing to compare with.
        if map.entries().is_empty() {
            return error(format!("hash of unhashable type: {ty}"));
        }
        return unhashable(&ty);
    }
    Ok(map
        .entries()
        .iter()
        .find(|(known, _)| known.key_equal(key))
        .map(|(_, value)| value))
}

fn not_a_key<T>(key: &Value<'_>, wanted: &str) -> EvalResult<T> {
    error(format!(
        "reflect.Value.MapIndex: value of type {} is not assignable to type {wanted}",
        key.type_name()
    ))
}

/// Such values can't be map keys.
pub(super) fn unhashable<T>(ty: &Type) -> EvalResult<T> {
    error(format!("runtime error: hash of unhashable type {ty}"))
}

/// `needle in container`
pub(super) fn contains<'r>(needle: &Value<'r>, container: &Value<'r>) -> EvalResult<bool> {
    match container {
        Value::Nil => Ok(false),
        Value::Floats(_) | Value::List(_) => {
            let mut elements = container
                .elements()
                .into_iter()
                .flat_map(super::value::Elements::iter);
            Ok(elements.any(|element| equal(&element, needle)))
        }
        Value::Map(map) => Ok(map_index(map, needle)?.is_some()),
        Value::Set(set) => match (&**set, needle) {
            (Set::Ints(keys), Value::Nil) => Ok(keys.contains(&0)),
            (Set::Ints(keys), Value::Int(needle)) => Ok(keys.contains(needle)),
            (Set::Ints(_), other) => not_a_key(other, "int"),
            (Set::Strings(keys), Value::Nil) => Ok(keys.iter().any(|key| key.is_empty())),
            (Set::Strings(keys), Value::String(needle)) => Ok(keys.contains(needle)),
            (Set::Strings(_), other) => not_a_key(other, "string"),
        },
        Value::Time(_) | Value::Location(_) => {
            let fields: &[&[u8]] = match container {
                Value::Time(_) => &[b"wall", b"ext", b"loc"],
                _ => &[
                    b"name",
                    b"zone",
                    b"tx",
                    b"extend",
                    b"cacheStart",
                    b"cacheEnd",
                    b"cacheZone",
                ],
            };
            match needle {
                Value::String(name) => Ok(fields.contains(&&**name)),
                other => error(format!(
                    "cannot use {} as field name of {}",
                    other.type_name(),
                    container.type_name().trim_start_matches('*')
                )),
            }
        }
        other => error(format!(
            "operator \"in\" not defined on {}",
            other.type_name()
        )),
    }
}

/// `x[from:to]`, clamped to what there is.
pub(super) fn slice<'r>(
    value: &Value<'r>,
    from: &Value<'r>,
    to: &Value<'r>,
) -> EvalResult<Value<'r>> {
    let length = match value {
        Value::String(text) => text.len(),
        other => match other.elements() {
            Some(elements) => elements.len(),
            None => return error(format!("cannot slice {}", lossy(from, Verb::Value))),
        },
    };
    let clamp = |index: i64| -> usize {
        if index < 0 {
            length.saturating_sub(usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX))
        } else {
            usize::try_from(index).unwrap_or(usize::MAX)
        }
    };
    let from = to_int(from)?;
    let end = clamp(to_int(to)?).min(length);
    let start = clamp(from).min(end);
    part(value, start, end)
}

/// Elements or bytes `start` to before `end`, which are in bounds.
pub(super) fn part<'r>(value: &Value<'r>, start: usize, end: usize) -> EvalResult<Value<'r>> {
    match value {
        Value::String(text) => Ok(Value::text(&text[start..end])),
        Value::Floats(floats) => Ok(Value::Floats(&floats[start..end])),
        Value::List(list) if list.kind() != ListKind::Pair => {
            Ok(Value::List(list.part(start, end)))
        }
        _ => error("reflect.Value.Slice: slice of unaddressable array"),
    }
}
