//! Calls of function values: the functions of a condition's environment and methods of times.

use std::sync::Arc;

use super::super::error::{EvalError, EvalResult};
use super::super::format::{Verb, display, lossy, month_name, time_text, weekday_name};
use super::super::method::Method;
use super::super::operators::{assert_string, error, not_a};
use super::super::types::{FuncType, Type};
use super::super::value::{Function, List, ListKind, Value};
use super::Machine;
use crate::go::number::{float_to_int, parse_decimal, parse_float};
use crate::go::time::{Time, Zone, layout};
use crate::go::{duration, quote};

impl<'r> Machine<'_, 'r> {
    /// Binds a method that the checker found to the popped receiver.
    pub(super) fn bind(&mut self, method: Method) -> EvalResult<Value<'r>> {
        let receiver = self.pop()?;
        Ok(Value::Func(Function::Method(Arc::new((receiver, method)))))
    }

    fn pop_arguments(&mut self, count: usize) -> EvalResult<Vec<Value<'r>>> {
        let mut arguments = Vec::with_capacity(count);
        for _ in 0..count {
            arguments.push(self.pop()?);
        }
        arguments.reverse();
        Ok(arguments)
    }

    /// A call through reflection: count and types of the arguments are checked now.
    pub(super) fn call(&mut self, count: usize) -> EvalResult<Value<'r>> {
        let callee = self.pop()?;
        if let (Value::Func(Function::AsInt), 1) = (&callee, count) {
            // Takes anything: nothing to check, nothing to allocate.
            return as_int(&self.pop()?).map(Value::Int64);
        }
        let arguments = self.pop_arguments(count)?;
        let function = match &callee {
            Value::Func(function) => function,
            Value::Nil => return error("reflect: call of reflect.Value.Call on zero Value"),
            other => {
                return error(format!(
                    "reflect: call of reflect.Value.Call on {} Value",
                    other.kind()
                ));
            }
        };
        let Type::Func(func) = function.ty() else {
            return error("reflect: call of unknown function");
        };
        if arguments.len() != func.params.len() {
            let few = arguments.len() < func.params.len();
            return error(format!(
                "reflect: Call with too {} input arguments",
                if few { "few" } else { "many" }
            ));
        }
        for (argument, param) in arguments.iter().zip(&func.params) {
            // nil is passed as an empty interface value.
            let ty = argument.ty().unwrap_or(Type::Any);
            if !ty.assignable_to(param) {
                return error(format!("reflect: Call using {ty} as type {param}"));
            }
        }
        self.apply(function, &arguments)
    }

    /// A call of a function whose static type is known: each argument is asserted, the last one first.
    pub(super) fn call_typed(&mut self, func: &FuncType) -> EvalResult<Value<'r>> {
        let callee = self.pop()?;
        let mut arguments = [Value::Nil, Value::Nil];
        for (index, param) in func.params.iter().enumerate().rev() {
            let argument = self.pop()?;
            if *param != Type::Any && !fits(&argument, param) {
                return not_a(&argument, &param.to_string());
            }
            if let Some(slot) = arguments.get_mut(index) {
                *slot = argument;
            }
        }
        let Value::Func(function) = &callee else {
            return not_a(&callee, &Type::Func(Arc::new(func.clone())).to_string());
        };
        self.apply(function, &arguments[..func.params.len().min(2)])
    }

    fn apply(&mut self, function: &Function<'r>, arguments: &[Value<'r>]) -> EvalResult<Value<'r>> {
        let first = arguments.first().cloned().unwrap_or_default();
        match function {
            Function::IsNaN => Ok(Value::Bool(float(&first)?.is_nan())),
            Function::IsInf => Ok(Value::Bool(float(&first)?.is_infinite())),
            // Both look at the provider's whole result, whatever the argument.
            Function::IsNil => Ok(Value::Bool(self.result.is_nil())),
            Function::Default if self.result.is_nil() => {
                Ok(arguments.get(1).cloned().unwrap_or_default())
            }
            Function::Default => Ok(self.result.clone()),
            Function::AsInt => as_int(&first).map(Value::Int64),
            Function::AsFloat => as_float(&first).map(Value::Float),
            Function::Method(bound) => invoke(&bound.0, bound.1, arguments),
        }
    }
}

/// Whether the value is exactly of the type.
fn fits(value: &Value<'_>, ty: &Type) -> bool {
    match (value, ty) {
        // The common case without making a type.
        (Value::Float(_), Type::Float64) => true,
        (value, ty) => value.ty().as_ref() == Some(ty),
    }
}

fn float(value: &Value<'_>) -> EvalResult<f64> {
    match value {
        Value::Float(value) => Ok(*value),
        other => not_a(other, "float64"),
    }
}

fn not_supported<T>(function: &str, value: &Value<'_>) -> EvalResult<T> {
    error(format!(
        "{function}() not supported on {} {}",
        value.type_name(),
        lossy(value, Verb::Value)
    ))
}

/// Argo Rollouts v1.9.1, `evaluate.asInt`
fn as_int(value: &Value<'_>) -> EvalResult<i64> {
    match value {
        Value::Float(float) => Ok(float_to_int(*float)),
        Value::String(text) => {
            parse_decimal(text, "ParseInt").map_err(|error| EvalError::new(error.to_string()))
        }
        other => match other.integer() {
            Some(integer) => Ok(integer),
            None => not_supported("asInt", other),
        },
    }
}

/// Argo Rollouts v1.9.1, `evaluate.asFloat`
fn as_float(value: &Value<'_>) -> EvalResult<f64> {
    match value {
        Value::String(text) => parse_float(text).map_err(|error| EvalError::new(error.to_string())),
        other => match other.number() {
            Some(number) => Ok(number),
            None => not_supported("asFloat", other),
        },
    }
}

fn invoke<'r>(
    receiver: &Value<'r>,
    method: Method,
    arguments: &[Value<'r>],
) -> EvalResult<Value<'r>> {
    match receiver {
        Value::Time(time) => time_method(time, method, arguments),
        Value::Duration(nanos) => Ok(duration_method(*nanos, method, arguments)),
        Value::Month(month) => Ok(Value::text(month_name(*month))),
        Value::Weekday(day) => Ok(Value::text(weekday_name(*day))),
        Value::Location(zone) => Ok(Value::text(zone.name())),
        other => error(format!("cannot fetch method from {}", other.type_name())),
    }
}

fn integer_argument(arguments: &[Value<'_>], index: usize) -> i64 {
    arguments
        .get(index)
        .and_then(Value::signed)
        .unwrap_or_default()
}

fn time_value<'r>(time: Time) -> Value<'r> {
    Value::Time(Arc::new(time))
}

fn bytes<'r>(bytes: &[u8]) -> Value<'r> {
    Value::List(List::of_scalars(
        ListKind::Bytes,
        bytes.iter().copied().map(Value::Uint8).collect(),
    ))
}

fn time_method<'r>(time: &Time, method: Method, arguments: &[Value<'r>]) -> EvalResult<Value<'r>> {
    let integer = |index| integer_argument(arguments, index);
    let civil = time.civil();
    let other = match arguments.first() {
        Some(Value::Time(other)) => other.instant(),
        _ => (0, 0),
    };
    Ok(match method {
        Method::TimeAdd => time_value(time.add(integer(0))),
        Method::TimeAddDate => time_value(time.add_date(integer(0), integer(1), integer(2))),
        Method::TimeRound => time_value(time.round(integer(0))),
        Method::TimeTruncate => time_value(time.truncate(integer(0))),
        Method::TimeUtc => time_value(time.in_zone(Zone::Utc)),
        Method::TimeLocal => time_value(time.in_zone(Zone::Local)),
        Method::TimeIn => {
            let Some(Value::Location(zone)) = arguments.first() else {
                return error("time: missing Location in call to Time.In");
            };
            time_value(time.in_zone((**zone).clone()))
        }
        // Both ends are unbounded in zones that never change.
        Method::TimeZoneBounds => {
            let zero = Time {
                seconds: -62_135_596_800,
                nanos: 0,
                zone: Zone::Utc,
            };
            time_value(zero)
        }
        Method::TimeAfter => Value::Bool(time.instant() > other),
        Method::TimeBefore => Value::Bool(time.instant() < other),
        Method::TimeEqual => Value::Bool(time.instant() == other),
        Method::TimeCompare => Value::Int(time.instant().cmp(&other) as i64),
        Method::TimeSub => match arguments.first() {
            Some(Value::Time(earlier)) => Value::Duration(time.since(earlier)),
            _ => Value::Nil,
        },
        Method::TimeIsZero => Value::Bool(time.is_zero()),
        Method::TimeIsDst => Value::Bool(false),
        Method::TimeYear | Method::TimeDate => Value::Int(civil.year),
        Method::TimeMonth => Value::Month(civil.month),
        Method::TimeDay => Value::Int(civil.day),
        Method::TimeHour | Method::TimeClock => Value::Int(civil.hour),
        Method::TimeMinute => Value::Int(civil.minute),
        Method::TimeSecond => Value::Int(civil.second),
        Method::TimeNanosecond => Value::Int(i64::from(time.nanos)),
        Method::TimeWeekday => Value::Weekday(time.weekday()),
        Method::TimeYearDay => Value::Int(time.year_day()),
        Method::TimeIsoWeek => Value::Int(time.iso_week().0),
        Method::TimeUnix => Value::Int64(time.seconds),
        Method::TimeUnixMilli => Value::Int64(
            time.seconds
                .wrapping_mul(1000)
                .wrapping_add(i64::from(time.nanos / 1_000_000)),
        ),
        Method::TimeUnixMicro => Value::Int64(
            time.seconds
                .wrapping_mul(1_000_000)
                .wrapping_add(i64::from(time.nanos / 1000)),
        ),
        Method::TimeUnixNano => Value::Int64(time.unix_nanos()),
        Method::TimeZone => Value::text(time.zone.abbreviation()),
        Method::TimeLocation => Value::Location(Arc::new(time.zone.clone())),
        _ => return time_text_method(time, method, arguments),
    })
}

fn time_text_method<'r>(
    time: &Time,
    method: Method,
    arguments: &[Value<'r>],
) -> EvalResult<Value<'r>> {
    let marshalled = |name: &str| {
        time_text(time).map_err(|error| EvalError::new(format!("Time.{name}: {error}")))
    };
    Ok(match method {
        Method::TimeString => Value::text(layout::display(time)),
        Method::TimeFormat => Value::text(layout::format(
            time,
            &assert_string(arguments.first().unwrap_or(&Value::Nil))?,
        )),
        Method::TimeGoString => Value::text(go_string(time)),
        Method::TimeMarshalJson => bytes(format!("\"{}\"", marshalled("MarshalJSON")?).as_bytes()),
        Method::TimeMarshalText => bytes(marshalled("MarshalText")?.as_bytes()),
        Method::TimeAppendText | Method::TimeAppendFormat => {
            let mut out = match arguments.first() {
                Some(Value::List(list)) => super::super::format::bytes_of(list),
                _ => Vec::new(),
            };
            match arguments.get(1) {
                Some(layout_text) => out.extend(layout::format(time, &assert_string(layout_text)?)),
                None => out.extend(marshalled("MarshalText")?.into_bytes()),
            }
            bytes(&out)
        }
        // The rest is a binary encoding that no condition can use.
        _ => return error("binary encodings of times are not supported"),
    })
}

fn go_string(time: &Time) -> String {
    let civil = time.civil();
    let zone = match &time.zone {
        Zone::Utc => "time.UTC".to_owned(),
        Zone::Local => "time.Local".to_owned(),
        Zone::Fixed(name, _) => format!("time.Location({})", quote::quote(name.as_bytes())),
    };
    format!(
        "time.Date({}, time.{}, {}, {}, {}, {}, {}, {zone})",
        civil.year,
        month_name(civil.month),
        civil.day,
        civil.hour,
        civil.minute,
        civil.second,
        time.nanos
    )
}

fn duration_method<'r>(nanos: i64, method: Method, arguments: &[Value<'r>]) -> Value<'r> {
    let unit = integer_argument(arguments, 0);
    // Whole units and the rest are converted apart, as Go does.
    let in_units = |unit: i64| (nanos / unit) as f64 + (nanos % unit) as f64 / unit as f64;
    match method {
        Method::DurationAbs => Value::Duration(nanos.checked_abs().unwrap_or(i64::MAX)),
        Method::DurationHours => Value::Float(in_units(3_600_000_000_000)),
        Method::DurationMinutes => Value::Float(in_units(60_000_000_000)),
        Method::DurationSeconds => Value::Float(in_units(1_000_000_000)),
        Method::DurationMilliseconds => Value::Int64(nanos / 1_000_000),
        Method::DurationMicroseconds => Value::Int64(nanos / 1000),
        Method::DurationNanoseconds => Value::Int64(nanos),
        Method::DurationTruncate => Value::Duration(if unit <= 0 {
            nanos
        } else {
            nanos - nanos % unit
        }),
        Method::DurationRound => Value::Duration(round(nanos, unit)),
        _ => Value::text(duration::format(nanos)),
    }
}

/// To the nearest multiple, halves away from zero, clamped.
fn round(nanos: i64, unit: i64) -> i64 {
    if unit <= 0 {
        return nanos;
    }
    let rest = (nanos % unit).abs();
    let down = i128::from(nanos) - i128::from(nanos % unit);
    let rounded = if rest.checked_mul(2).is_some_and(|double| double < unit) {
        down
    } else {
        down + i128::from(unit) * i128::from(nanos.signum())
    };
    let limit = if nanos < 0 { i64::MIN } else { i64::MAX };
    i64::try_from(rounded).unwrap_or(limit)
}

/// The value as `string()` prints it.
pub(super) fn to_text<'r>(value: &Value<'r>) -> Value<'r> {
    Value::text(display(value))
}
