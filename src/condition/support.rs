//! What the controller accepts and this crate doesn't, found before anything is evaluated.
//!
//! All of it depends on the controller's process and machine: addresses of functions, the reading of the
//! monotonic clock, the time zones that are installed.

use super::ast::{Ast, NodeId, NodeKind};
use super::builtin::Builtin;
use super::error::{CompileError, CompileResult};
use super::method::Method;
use super::types::{Kind, Type, kind};

/// Fails if the checked tree contains anything that is not supported.
pub(super) fn check(ast: &Ast) -> CompileResult<()> {
    let uses_now = ast.iter().any(|(_, node)| match &node.kind {
        NodeKind::Builtin { builtin, .. } => *builtin == Builtin::Now,
        // `let f = now; f()`
        NodeKind::Identifier(name) => name == "now",
        _ => false,
    });
    for (id, node) in ast.iter() {
        let unsupported = |construct| Err(CompileError::unsupported(construct, node.span));
        match &node.kind {
            NodeKind::Builtin {
                builtin: Builtin::Date,
                arguments,
                ..
            } if !has_known_zone(ast, arguments) => {
                return unsupported("dates in a named time zone");
            }
            NodeKind::Builtin {
                builtin: Builtin::String,
                arguments,
                ..
            } => {
                if arguments
                    .iter()
                    .any(|argument| may_hold_function(ast, *argument))
                {
                    return unsupported("the text of a function");
                }
                if uses_now
                    && arguments
                        .iter()
                        .any(|argument| may_hold_time(ast.ty(*argument)))
                {
                    return unsupported("the text of now()");
                }
            }
            NodeKind::Member { .. } if uses_now && is_text_of_time(ast, id) => {
                return unsupported("the text of now()");
            }
            _ => {}
        }
    }
    Ok(())
}

/// Two of the zones that Go loads by name need no table.
fn has_known_zone(ast: &Ast, arguments: &[NodeId]) -> bool {
    match arguments.get(2).map(|zone| ast.kind(*zone)) {
        None => true,
        Some(NodeKind::String(name)) => matches!(name.as_str(), "" | "UTC" | "Local"),
        Some(_) => false,
    }
}

fn may_hold_function(ast: &Ast, id: NodeId) -> bool {
    match ast.kind(id) {
        NodeKind::Identifier(name) if name == "$env" => true,
        // The name of a builtin has no value.
        NodeKind::Identifier(name) if Builtin::parse(name).is_some() => false,
        _ => kind(ast.ty(id)) == Kind::Func,
    }
}

fn may_hold_time(ty: Option<&Type>) -> bool {
    match ty {
        Some(Type::Slice(element)) => may_hold_time(Some(element)),
        Some(Type::Map(types)) => may_hold_time(Some(&types.1)),
        Some(Type::Time | Type::Any | Type::Pair) => true,
        _ => false,
    }
}

/// `.String` of a time, or of what may be one.
fn is_text_of_time(ast: &Ast, id: NodeId) -> bool {
    match ast.kind(id) {
        NodeKind::Member {
            method: Some(method),
            ..
        } => *method == Method::TimeString,
        NodeKind::Member { base, property, .. } => {
            let is_string =
                matches!(ast.kind(*property), NodeKind::String(name) if name == "String");
            is_string && ast.ty(*base) == Some(&Type::Any)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CompileError, Condition, ResultType};

    fn is_unsupported(text: &str) -> bool {
        matches!(
            Condition::compile(text, ResultType::Floats),
            Err(CompileError::Unsupported { .. })
        )
    }

    #[test]
    fn what_depends_on_the_controllers_machine_is_refused() {
        for text in [
            "string(now()) == ''",
            "now().String() == ''",
            "[now()][0].String() == ''",
            "string(asInt) == ''",
            "string($env) == ''",
            "date('2024-01-01', '2006-01-02', 'Europe/Berlin') < now()",
            "now().wall == 1",
        ] {
            assert!(is_unsupported(text), "{text}");
        }
        for text in [
            "now() > date('2024-01-01')",
            "string(result[0]) == '1' and now().Hour() < 12",
            "toJSON(isNaN) == ''",
            "date('2024-01-01', '2006-01-02', 'UTC') < now()",
        ] {
            assert!(!is_unsupported(text), "{text}");
        }
    }
}
