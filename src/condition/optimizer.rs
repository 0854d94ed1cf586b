//! Rewriting of the checked tree (antonmedv/expr v1.15.5, `optimizer`).
//!
//! It shows in results: `x || true` is true whatever x does, a literal array becomes a set that knows one
//! key type only, `1 % 0` fails before the first evaluation. New nodes have no static type unless said.

use std::sync::Arc;

use super::ast::{Ast, BinaryOperator as Op, NodeId, NodeKind, UnaryOperator};
use super::builtin::Builtin;
use super::error::{CompileError, CompileResult};
use super::types::{Kind, Type, kind};
use super::value::{List, ListKind, Set, Value};
use crate::go::math::pow;

/// Passes of constant folding after which the original stops.
const FOLD_LIMIT: usize = 1001;
/// Elements up to which a literal range is built beforehand.
const RANGE_LIMIT: i64 = 1_000_000;

/// Rewrites the tree in place.
pub(super) fn optimize(ast: &mut Ast) -> CompileResult<()> {
    let root = ast.root();
    walk(ast, root, &mut |ast, id| {
        literal_membership(ast, id);
        Ok(())
    })?;
    for _ in 0..FOLD_LIMIT {
        let mut applied = false;
        walk(ast, root, &mut |ast, id| {
            applied |= fold(ast, id)?;
            Ok(())
        })?;
        if !applied {
            break;
        }
    }
    for pass in [
        range_membership,
        literal_range,
        filter_map,
        filter_length,
        filter_last,
        filter_first,
    ] {
        walk(ast, root, &mut |ast, id| {
            pass(ast, id);
            Ok(())
        })?;
    }
    Ok(())
}

fn walk(
    ast: &mut Ast,
    id: NodeId,
    visit: &mut impl FnMut(&mut Ast, NodeId) -> CompileResult<()>,
) -> CompileResult<()> {
    for child in ast.children(id) {
        walk(ast, child, visit)?;
    }
    visit(ast, id)
}

fn replace(ast: &mut Ast, id: NodeId, kind: NodeKind, ty: Option<Type>) {
    let node = ast.node_mut(id);
    node.kind = kind;
    node.ty = ty;
}

/// Puts a part of the node in the node's place; the place in the text stays.
fn replace_by(ast: &mut Ast, id: NodeId, part: NodeId) {
    let part = ast.node(part).clone();
    replace(ast, id, part.kind, part.ty);
}

fn integer(ast: &Ast, id: NodeId) -> Option<i64> {
    match ast.kind(id) {
        NodeKind::Integer(value) => Some(*value),
        _ => None,
    }
}

fn boolean(ast: &Ast, id: NodeId) -> Option<bool> {
    match ast.kind(id) {
        NodeKind::Bool(value) => Some(*value),
        _ => None,
    }
}

/// `x in [1, 2]` with an integer x, and `x in ['a', 'b']` with any x.
fn literal_membership(ast: &mut Ast, id: NodeId) {
    let NodeKind::Binary {
        operator: Op::In,
        left,
        right,
    } = *ast.kind(id)
    else {
        return;
    };
    let NodeKind::Array(items) = ast.kind(right) else {
        return;
    };
    if items.is_empty() {
        return;
    }
    let integers: Option<Vec<i64>> = items.iter().map(|item| integer(ast, *item)).collect();
    let strings: Option<Vec<Arc<[u8]>>> = items
        .iter()
        .map(|item| match ast.kind(*item) {
            NodeKind::String(text) => Some(Arc::from(text.as_bytes())),
            _ => None,
        })
        .collect();
    let set = match (integers, strings) {
        (Some(integers), _) if kind(ast.ty(left)) == Kind::Int => Set::Ints(integers),
        (_, Some(strings)) => Set::Strings(strings),
        _ => return,
    };
    let span = ast.span(right);
    let set = ast.push(NodeKind::Constant(Value::Set(Arc::new(set))), span);
    replace(
        ast,
        id,
        NodeKind::Binary {
            operator: Op::In,
            left,
            right: set,
        },
        None,
    );
}

/// One step of constant folding; whether anything changed.
fn fold(ast: &mut Ast, id: NodeId) -> CompileResult<bool> {
    match ast.kind(id) {
        NodeKind::Unary { operator, operand } => Ok(fold_unary(ast, id, *operator, *operand)),
        NodeKind::Binary {
            operator,
            left,
            right,
        } => fold_binary(ast, id, *operator, *left, *right),
        NodeKind::Array(items) => {
            let values: Option<Vec<Value<'static>>> =
                items.iter().map(|item| literal(ast.kind(*item))).collect();
            match values {
                Some(values) if !values.is_empty() => {
                    let list = Value::List(List::of_scalars(ListKind::Any, values));
                    replace(ast, id, NodeKind::Constant(list), None);
                    Ok(true)
                }
                _ => Ok(false),
            }
        }
        NodeKind::Builtin {
            builtin: Builtin::Filter,
            arguments,
            ..
        } => {
            let [collection, outer] = arguments[..] else {
                return Ok(false);
            };
            let NodeKind::Builtin {
                builtin: Builtin::Filter,
                arguments: inner,
                ..
            } = ast.kind(collection)
            else {
                return Ok(false);
            };
            let (collection, inner) = (inner[0], inner[1]);
            let span = ast.span(outer);
            let both = ast.push(
                NodeKind::Binary {
                    operator: Op::AmpAmp,
                    left: inner,
                    right: outer,
                },
                span,
            );
            replace(
                ast,
                id,
                builtin(Builtin::Filter, vec![collection, both]),
                None,
            );
            Ok(true)
        }
        _ => Ok(false),
    }
}

fn literal(kind: &NodeKind) -> Option<Value<'static>> {
    match kind {
        NodeKind::Integer(value) => Some(Value::Int(*value)),
        NodeKind::Float(value) => Some(Value::Float(*value)),
        NodeKind::String(text) => Some(Value::text(text)),
        NodeKind::Bool(value) => Some(Value::Bool(*value)),
        _ => None,
    }
}

fn fold_unary(ast: &mut Ast, id: NodeId, operator: UnaryOperator, operand: NodeId) -> bool {
    let (kind, ty) = match (operator, ast.kind(operand)) {
        (UnaryOperator::Minus, NodeKind::Integer(value)) => {
            (NodeKind::Integer(value.wrapping_neg()), Some(Type::Int))
        }
        (UnaryOperator::Minus, NodeKind::Float(value)) => {
            (NodeKind::Float(-value), Some(Type::Float64))
        }
        (UnaryOperator::Plus, NodeKind::Integer(value)) => {
            (NodeKind::Integer(*value), Some(Type::Int))
        }
        (UnaryOperator::Plus, NodeKind::Float(value)) => {
            (NodeKind::Float(*value), Some(Type::Float64))
        }
        (UnaryOperator::Not | UnaryOperator::Bang, NodeKind::Bool(value)) => {
            (NodeKind::Bool(!value), None)
        }
        _ => return false,
    };
    replace(ast, id, kind, ty);
    true
}

/// A number literal: its value as a float, and as an integer if it is one.
fn number(ast: &Ast, id: NodeId) -> Option<(f64, Option<i64>)> {
    match ast.kind(id) {
        NodeKind::Integer(value) => Some((*value as f64, Some(*value))),
        NodeKind::Float(value) => Some((*value, None)),
        _ => None,
    }
}

fn fold_binary(
    ast: &mut Ast,
    id: NodeId,
    operator: Op,
    left: NodeId,
    right: NodeId,
) -> CompileResult<bool> {
    let folded = match operator {
        Op::And | Op::AmpAmp => return Ok(fold_logic(ast, id, left, right, true)),
        Op::Or | Op::BarBar => return Ok(fold_logic(ast, id, left, right, false)),
        Op::Modulo => match (integer(ast, left), integer(ast, right)) {
            (Some(_), Some(0)) => {
                return Err(CompileError::rejected(
                    "integer divide by zero",
                    ast.span(id),
                ));
            }
            (Some(a), Some(b)) => Some((NodeKind::Integer(a.wrapping_rem(b)), None)),
            _ => None,
        },
        Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::Power | Op::Caret => {
            match (number(ast, left), number(ast, right)) {
                (Some(a), Some(b)) => Some(arithmetic(operator, a, b)),
                _ => match (operator, ast.kind(left), ast.kind(right)) {
                    (Op::Add, NodeKind::String(a), NodeKind::String(b)) => {
                        Some((NodeKind::String(format!("{a}{b}")), None))
                    }
                    _ => None,
                },
            }
        }
        Op::Equal => match (ast.kind(left), ast.kind(right)) {
            (NodeKind::Integer(a), NodeKind::Integer(b)) => Some((NodeKind::Bool(a == b), None)),
            (NodeKind::String(a), NodeKind::String(b)) => Some((NodeKind::Bool(a == b), None)),
            (NodeKind::Bool(a), NodeKind::Bool(b)) => Some((NodeKind::Bool(a == b), None)),
            _ => None,
        },
        _ => None,
    };
    let Some((kind, ty)) = folded else {
        return Ok(false);
    };
    replace(ast, id, kind, ty);
    Ok(true)
}

fn arithmetic(
    operator: Op,
    a: (f64, Option<i64>),
    b: (f64, Option<i64>),
) -> (NodeKind, Option<Type>) {
    let (x, y) = (a.0, b.0);
    let integers = a.1.zip(b.1);
    let value = match operator {
        Op::Add => integers.map(|(a, b)| a.wrapping_add(b)).ok_or(x + y),
        Op::Subtract => integers.map(|(a, b)| a.wrapping_sub(b)).ok_or(x - y),
        Op::Multiply => integers.map(|(a, b)| a.wrapping_mul(b)).ok_or(x * y),
        Op::Divide => Err(x / y),
        _ => Err(pow(x, y)),
    };
    match value {
        Ok(integer) => (NodeKind::Integer(integer), Some(Type::Int)),
        Err(float) => (NodeKind::Float(float), Some(Type::Float64)),
    }
}

/// `true && x` is x, `x && false` is false; for or with both turned round.
fn fold_logic(ast: &mut Ast, id: NodeId, left: NodeId, right: NodeId, neutral: bool) -> bool {
    match (boolean(ast, left), boolean(ast, right)) {
        (Some(value), _) if value == neutral => replace_by(ast, id, right),
        (_, Some(value)) if value == neutral => replace_by(ast, id, left),
        (None, None) => return false,
        _ => replace(ast, id, NodeKind::Bool(!neutral), None),
    }
    true
}

/// `n in 1..3` with an integer n.
fn range_membership(ast: &mut Ast, id: NodeId) {
    let NodeKind::Binary {
        operator: Op::In,
        left,
        right,
    } = *ast.kind(id)
    else {
        return;
    };
    let NodeKind::Binary {
        operator: Op::Range,
        left: from,
        right: to,
    } = *ast.kind(right)
    else {
        return;
    };
    if kind(ast.ty(left)) != Kind::Int || integer(ast, from).is_none() || integer(ast, to).is_none()
    {
        return;
    }
    let span = ast.span(id);
    let lower = ast.push(
        NodeKind::Binary {
            operator: Op::MoreOrEqual,
            left,
            right: from,
        },
        span,
    );
    let upper = ast.push(
        NodeKind::Binary {
            operator: Op::LessOrEqual,
            left,
            right: to,
        },
        span,
    );
    replace(
        ast,
        id,
        NodeKind::Binary {
            operator: Op::And,
            left: lower,
            right: upper,
        },
        None,
    );
}

/// `1..3`, unless it is too long.
fn literal_range(ast: &mut Ast, id: NodeId) {
    let NodeKind::Binary {
        operator: Op::Range,
        left,
        right,
    } = *ast.kind(id)
    else {
        return;
    };
    let (Some(from), Some(to)) = (integer(ast, left), integer(ast, right)) else {
        return;
    };
    let size = to.wrapping_sub(from).wrapping_add(1);
    if size > RANGE_LIMIT {
        return;
    }
    let values = (0..size.max(0))
        .map(|index| Value::Int(from + index))
        .collect();
    replace(
        ast,
        id,
        NodeKind::Constant(Value::List(List::of_scalars(ListKind::Int, values))),
        None,
    );
}

fn builtin(builtin: Builtin, arguments: Vec<NodeId>) -> NodeKind {
    NodeKind::Builtin {
        builtin,
        arguments,
        throws: false,
        map: None,
    }
}

/// Arguments and mapping of a `filter` call.
fn as_filter(ast: &Ast, id: NodeId) -> Option<(Vec<NodeId>, Option<NodeId>)> {
    match ast.kind(id) {
        NodeKind::Builtin {
            builtin: Builtin::Filter,
            arguments,
            map,
            ..
        } if arguments.len() == 2 => Some((arguments.clone(), *map)),
        _ => None,
    }
}

/// The only argument of a call of `wanted`, if it is a `filter` call.
fn filter_in(ast: &Ast, id: NodeId, wanted: Builtin) -> Option<(Vec<NodeId>, Option<NodeId>)> {
    match ast.kind(id) {
        NodeKind::Builtin {
            builtin, arguments, ..
        } if *builtin == wanted && arguments.len() == 1 => as_filter(ast, arguments[0]),
        _ => None,
    }
}

/// `map(filter(…), f)` collects f of the elements at once.
fn filter_map(ast: &mut Ast, id: NodeId) {
    let NodeKind::Builtin {
        builtin: Builtin::Map,
        arguments,
        ..
    } = ast.kind(id)
    else {
        return;
    };
    let [collection, closure] = arguments[..] else {
        return;
    };
    let NodeKind::Closure(body) = *ast.kind(closure) else {
        return;
    };
    let Some((arguments, None)) = as_filter(ast, collection) else {
        return;
    };
    let kind = NodeKind::Builtin {
        builtin: Builtin::Filter,
        arguments,
        throws: false,
        map: Some(body),
    };
    replace(ast, id, kind, None);
}

/// `len(filter(…))` counts.
fn filter_length(ast: &mut Ast, id: NodeId) {
    if let Some((arguments, _)) = filter_in(ast, id, Builtin::Len) {
        replace(ast, id, builtin(Builtin::Count, arguments), None);
    }
}

/// `filter(…)[-1]` and `last(filter(…))` search from the end.
fn filter_last(ast: &mut Ast, id: NodeId) {
    search(ast, id, -1, Builtin::Last, Builtin::FindLast);
}

/// `filter(…)[0]` and `first(filter(…))` search.
fn filter_first(ast: &mut Ast, id: NodeId) {
    search(ast, id, 0, Builtin::First, Builtin::Find);
}

fn search(ast: &mut Ast, id: NodeId, wanted: i64, by_name: Builtin, found: Builtin) {
    let by_index = match *ast.kind(id) {
        NodeKind::Member {
            base,
            property,
            optional: false,
            ..
        } if integer(ast, property) == Some(wanted) => as_filter(ast, base),
        _ => None,
    };
    let throws = by_index.is_some();
    let Some((arguments, map)) = by_index.or_else(|| filter_in(ast, id, by_name)) else {
        return;
    };
    replace(
        ast,
        id,
        NodeKind::Builtin {
            builtin: found,
            arguments,
            throws,
            map,
        },
        None,
    );
}
