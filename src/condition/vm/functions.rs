//! The builtin functions on numbers and times.

use std::sync::Arc;

use super::super::builtin::Builtin;
use super::super::error::{EvalError, EvalResult};
use super::super::format::to_json;
use super::super::method::has_methods;
use super::super::operators as op;
use super::super::operators::{assert_string, error};
use super::super::types::Kind;
use super::super::value::Value;
use super::{CLOCK_STEP, Machine, calls};
use crate::go::number::{parse_decimal, parse_float};
use crate::go::time::{Time, layout};
use crate::go::{duration, json};

impl<'r> Machine<'_, 'r> {
    pub(super) fn call_builtin(&mut self, builtin: Builtin, count: usize) -> EvalResult<Value<'r>> {
        if count == 1 {
            let argument = self.pop()?;
            return match builtin {
                Builtin::Len => op::length(&argument).map(Value::Int),
                _ => self.apply_builtin(builtin, &[argument]),
            };
        }
        if count == 2 {
            let (first, second) = self.pop_pair()?;
            return self.apply_builtin(builtin, &[first, second]);
        }
        let mut arguments = Vec::with_capacity(count);
        for _ in 0..count {
            arguments.push(self.pop()?);
        }
        arguments.reverse();
        self.apply_builtin(builtin, &arguments)
    }

    fn apply_builtin(&mut self, builtin: Builtin, args: &[Value<'r>]) -> EvalResult<Value<'r>> {
        let first = || argument(args, 0);
        match builtin {
            Builtin::Abs => abs(first()?),
            Builtin::Ceil => rounded(first()?, "ceil", f64::ceil),
            Builtin::Floor => rounded(first()?, "floor", f64::floor),
            Builtin::Round => rounded(first()?, "round", f64::round),
            Builtin::Int => int(first()?),
            Builtin::Float => float(first()?),
            Builtin::Max => extreme(args, |best, next| {
                op::compare(best, "<", next, std::cmp::Ordering::is_lt)
            }),
            Builtin::Min => extreme(args, |best, next| {
                op::compare(best, ">", next, std::cmp::Ordering::is_gt)
            }),
            Builtin::String => Ok(calls::to_text(first()?)),
            Builtin::Type => Ok(Value::text(type_text(first()?))),
            Builtin::Now => {
                let now = self.now;
                self.now = now + CLOCK_STEP;
                Ok(Value::Time(Arc::new(Time::from_unix_nanos(now.as_nanos()))))
            }
            Builtin::Duration => duration::parse(&assert_string(first()?)?)
                .map(|duration| Value::Duration(duration.as_nanos()))
                .map_err(|error| EvalError::new(error.to_string())),
            Builtin::Date => date(args),
            Builtin::ToJson => to_json(first()?).map(Value::text).map_err(EvalError::new),
            Builtin::FromJson => json::decode(&assert_string(first()?)?)
                .map(|json| Value::from_json(&json))
                .map_err(|error| EvalError::new(error.to_string())),
            Builtin::Sum
            | Builtin::Mean
            | Builtin::Median
            | Builtin::First
            | Builtin::Last
            | Builtin::Get
            | Builtin::Take
            | Builtin::Keys
            | Builtin::Values
            | Builtin::ToPairs
            | Builtin::FromPairs
            | Builtin::Sort
            | Builtin::SortBy => super::lists::apply(builtin, args),
            _ => super::texts::apply(builtin, args),
        }
    }
}

/// One of the arguments. Too few are possible only in calls that the checker doesn't see.
pub(super) fn argument<'a, 'r>(args: &'a [Value<'r>], index: usize) -> EvalResult<&'a Value<'r>> {
    match args.get(index) {
        Some(value) => Ok(value),
        None => error(format!(
            "runtime error: index out of range [{index}] with length {}",
            args.len()
        )),
    }
}

fn abs<'r>(value: &Value<'r>) -> EvalResult<Value<'r>> {
    Ok(match value {
        Value::Float(float) => Value::Float(if *float < 0.0 { -float } else { *float }),
        Value::Int(integer) => Value::Int(integer.wrapping_abs()),
        Value::Int64(integer) => Value::Int64(integer.wrapping_abs()),
        Value::Uint8(_) => value.clone(),
        other => {
            return error(format!(
                "invalid argument for abs (type {})",
                other.type_name()
            ));
        }
    })
}

fn rounded<'r>(value: &Value<'r>, name: &str, round: fn(f64) -> f64) -> EvalResult<Value<'r>> {
    match (value, value.number()) {
        (Value::Float(float), _) => Ok(Value::Float(round(*float))),
        (_, Some(number)) => Ok(Value::Float(number)),
        _ => error(format!(
            "invalid argument for {name} (type {})",
            value.type_name()
        )),
    }
}

fn int<'r>(value: &Value<'r>) -> EvalResult<Value<'r>> {
    match value {
        Value::String(text) => match parse_decimal(text, "Atoi") {
            Ok(integer) => Ok(Value::Int(integer)),
            Err(_) => error(format!(
                "invalid operation: int({})",
                String::from_utf8_lossy(text)
            )),
        },
        other => op::to_int(other).map(Value::Int),
    }
}

fn float<'r>(value: &Value<'r>) -> EvalResult<Value<'r>> {
    match value {
        Value::String(text) => match parse_float(text) {
            Ok(float) => Ok(Value::Float(float)),
            Err(_) => error(format!(
                "invalid operation: float({})",
                String::from_utf8_lossy(text)
            )),
        },
        other => op::to_float(other).map(Value::Float),
    }
}

/// The best argument; a nil is replaced by whatever follows.
fn extreme<'r>(
    args: &[Value<'r>],
    is_better: fn(&Value<'r>, &Value<'r>) -> EvalResult<bool>,
) -> EvalResult<Value<'r>> {
    let mut best = Value::Nil;
    for arg in args {
        if matches!(best, Value::Nil) || is_better(&best, arg)? {
            best = arg.clone();
        }
    }
    Ok(best)
}

/// What `type()` answers.
fn type_text(value: &Value<'_>) -> String {
    match value.ty() {
        None => "nil".to_owned(),
        Some(ty) if has_methods(&ty) => ty.to_string().trim_start_matches('*').to_owned(),
        Some(ty) => match ty.kind() {
            Kind::Int | Kind::Int64 => "int",
            Kind::Uint8 => "uint",
            Kind::Float64 => "float",
            Kind::Slice | Kind::Array => "array",
            Kind::Bool => "bool",
            Kind::String => "string",
            Kind::Map => "map",
            Kind::Func => "func",
            _ => "unknown",
        }
        .to_owned(),
    }
}

fn date<'r>(args: &[Value<'r>]) -> EvalResult<Value<'r>> {
    let text = assert_string(argument(args, 0)?)?;
    let time = match args {
        [_, layout_text] | [_, layout_text, _] => {
            let layout_text = assert_string(layout_text)?;
            let zone = args.get(2).map(assert_string).transpose()?;
            let time = layout::parse(&layout_text, &text)
                .map_err(|error| EvalError::new(error.to_string()))?;
            // The compiler lets no other zones through; theirs is what a text without zone means.
            let is_local = zone.is_some_and(|zone| *zone == *b"Local");
            if is_local && time.zone == crate::go::time::Zone::Utc {
                time.in_zone(crate::go::time::Zone::Local)
            } else {
                time
            }
        }
        _ => {
            let found = layout::DATE_LAYOUTS
                .iter()
                .find_map(|layout| layout::parse(layout.as_bytes(), &text).ok());
            match found {
                Some(time) => time,
                None => return error(format!("invalid date {}", String::from_utf8_lossy(&text))),
            }
        }
    };
    Ok(Value::Time(Arc::new(time)))
}
