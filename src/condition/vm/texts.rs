//! The builtin functions on texts.

use std::sync::Arc;

use super::super::builtin::Builtin;
use super::super::error::EvalResult;
use super::super::operators::{MAX_TEXT, assert_string, error, to_int};
use super::super::text;
use super::super::value::{List, ListKind, Value};
use super::functions::argument;

pub(super) fn apply<'r>(builtin: Builtin, args: &[Value<'r>]) -> EvalResult<Value<'r>> {
    match builtin {
        Builtin::Trim => trim(args),
        Builtin::TrimPrefix | Builtin::TrimSuffix => trim_affix(builtin, args),
        Builtin::Split | Builtin::SplitAfter => split(builtin, args),
        Builtin::Replace => replace(args),
        Builtin::Repeat => repeat(args),
        Builtin::Join => join(args),
        _ => {
            let subject = string(args, 0)?;
            match builtin {
                Builtin::Upper => Ok(Value::text(text::upper(&subject))),
                Builtin::Lower => Ok(Value::text(text::lower(&subject))),
                Builtin::ToBase64 => Ok(Value::text(text::to_base64(&subject))),
                Builtin::FromBase64 => match text::from_base64(&subject) {
                    Ok(bytes) => Ok(Value::text(bytes)),
                    Err(offset) => error(format!("illegal base64 data at input byte {offset}")),
                },
                _ => {
                    let part = string(args, 1)?;
                    Ok(match builtin {
                        Builtin::IndexOf => position(text::index(&subject, &part)),
                        Builtin::LastIndexOf => position(text::last_index(&subject, &part)),
                        Builtin::HasPrefix => Value::Bool(subject.starts_with(&part)),
                        _ => Value::Bool(subject.ends_with(&part)),
                    })
                }
            }
        }
    }
}

fn string(args: &[Value<'_>], index: usize) -> EvalResult<Arc<[u8]>> {
    assert_string(argument(args, index)?)
}

fn wrong_count<'r>(function: &str, expected: &str, got: usize) -> EvalResult<Value<'r>> {
    error(format!(
        "invalid number of arguments for {function} (expected {expected}, got {got})"
    ))
}

fn too_long<'r>() -> EvalResult<Value<'r>> {
    error("texts longer than 64 MiB are not supported")
}

fn position<'r>(at: Option<usize>) -> Value<'r> {
    Value::Int(at.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1))
}

fn trim<'r>(args: &[Value<'r>]) -> EvalResult<Value<'r>> {
    match args.len() {
        1 => Ok(Value::text(text::trim_space(&string(args, 0)?))),
        2 => {
            let subject = string(args, 0)?;
            Ok(Value::text(text::trim(&subject, &string(args, 1)?)))
        }
        other => wrong_count("trim", "1 or 2", other),
    }
}

fn trim_affix<'r>(builtin: Builtin, args: &[Value<'r>]) -> EvalResult<Value<'r>> {
    let affix = if args.len() == 2 {
        string(args, 1)?
    } else {
        Arc::from(&b" "[..])
    };
    let subject = string(args, 0)?;
    let stripped = if builtin == Builtin::TrimPrefix {
        subject.strip_prefix(&*affix)
    } else {
        subject.strip_suffix(&*affix)
    };
    Ok(Value::text(stripped.unwrap_or(&subject)))
}

fn split<'r>(builtin: Builtin, args: &[Value<'r>]) -> EvalResult<Value<'r>> {
    if args.len() != 2 && args.len() != 3 {
        return wrong_count(builtin.name(), "2 or 3", args.len());
    }
    let subject = string(args, 0)?;
    let separator = string(args, 1)?;
    let limit = args.get(2).map_or(Ok(-1), to_int)?;
    let parts = text::split(&subject, &separator, builtin == Builtin::SplitAfter, limit);
    Ok(Value::List(match parts {
        Some(parts) => List::of_scalars(
            ListKind::String,
            parts.into_iter().map(Value::text).collect(),
        ),
        None => List::nil(ListKind::String),
    }))
}

fn replace<'r>(args: &[Value<'r>]) -> EvalResult<Value<'r>> {
    if args.len() != 3 && args.len() != 4 {
        return wrong_count("replace", "3 or 4", args.len());
    }
    let (subject, old, new) = (string(args, 0)?, string(args, 1)?, string(args, 2)?);
    let limit = args.get(3).map_or(Ok(-1), to_int)?;
    if (subject.len() + 1).saturating_mul(new.len().max(1)) > MAX_TEXT {
        return too_long();
    }
    Ok(Value::text(text::replace(&subject, &old, &new, limit)))
}

fn repeat<'r>(args: &[Value<'r>]) -> EvalResult<Value<'r>> {
    let count = to_int(argument(args, 1)?)?;
    if count > 1_000_000 {
        return error("memory budget exceeded");
    }
    let text = string(args, 0)?;
    let Ok(count) = usize::try_from(count) else {
        return error("strings: negative Repeat count");
    };
    if text.len().saturating_mul(count) > MAX_TEXT {
        return too_long();
    }
    Ok(Value::text(text.repeat(count)))
}

fn join<'r>(args: &[Value<'r>]) -> EvalResult<Value<'r>> {
    let glue = if args.len() == 2 {
        string(args, 1)?
    } else {
        Arc::from(&b""[..])
    };
    let list = match argument(args, 0)? {
        Value::List(list) if matches!(list.kind(), ListKind::Any | ListKind::String) => list,
        Value::Nil => return error("invalid argument for join (type %!s(<nil>))"),
        other => {
            return error(format!(
                "invalid argument for join (type {})",
                other.type_name()
            ));
        }
    };
    let mut out = Vec::new();
    for (index, item) in list.items().iter().enumerate() {
        if index > 0 {
            out.extend_from_slice(&glue);
        }
        out.extend_from_slice(&assert_string(item)?);
        if out.len() > MAX_TEXT {
            return too_long();
        }
    }
    Ok(Value::text(out))
}
