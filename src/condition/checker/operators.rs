//! Types of operators.

use super::super::ast::{BinaryOperator as Op, NodeId, NodeKind, UnaryOperator};
use super::super::error::CompileResult;
use super::super::types::{
    Type, is_any, is_array, is_bool, is_comparable, is_duration, is_float, is_integer, is_map,
    is_number, is_string, is_struct, is_time, show,
};
use super::{Checked, Checker};
use crate::go::regex;

type Test = fn(Option<&Type>) -> bool;

/// Whether one side is known at run time only and the other could fit it.
fn either_any(left: Option<&Type>, right: Option<&Type>, tests: &[Test]) -> bool {
    let fits = |ty| tests.iter().any(|test| test(ty));
    (is_any(left) && (is_any(right) || fits(right))) || (is_any(right) && fits(left))
}

/// Type of arithmetic on two numbers.
fn combined(left: &Type, right: &Type) -> Type {
    if left.kind() == right.kind() {
        left.clone()
    } else if is_float(Some(left)) || is_float(Some(right)) {
        Type::Float64
    } else {
        Type::Int
    }
}

impl Checker<'_> {
    pub(super) fn unary(
        &mut self,
        id: NodeId,
        operator: UnaryOperator,
        operand: NodeId,
    ) -> CompileResult<Checked> {
        let operand = self.ty(operand)?;
        let ty = operand.as_ref();
        match operator {
            UnaryOperator::Not | UnaryOperator::Bang if is_bool(ty) || is_any(ty) => {
                Ok(Type::Bool.into())
            }
            UnaryOperator::Plus | UnaryOperator::Minus if is_number(ty) => Ok(operand.into()),
            UnaryOperator::Plus | UnaryOperator::Minus if is_any(ty) => Ok(Type::Any.into()),
            _ => Err(self.error(
                id,
                format!(
                    "invalid operation: {operator} (mismatched type {})",
                    show(ty)
                ),
            )),
        }
    }

    pub(super) fn binary(
        &mut self,
        id: NodeId,
        operator: Op,
        left: NodeId,
        right: NodeId,
    ) -> CompileResult<Checked> {
        let left_type = self.ty(left)?;
        let right_checked = self.visit(right)?;
        let (l, r) = (left_type.as_ref(), right_checked.ty.as_ref());
        let found = match operator {
            Op::In => return self.membership(id, l, &right_checked),
            Op::Matches => {
                if let NodeKind::String(pattern) = self.ast.kind(right) {
                    let pattern = pattern.clone();
                    regex::compile(&pattern).map_err(|error| self.error(id, error))?;
                }
                string_operator(l, r)
            }
            Op::Contains | Op::StartsWith | Op::EndsWith => string_operator(l, r),
            Op::Equal | Op::NotEqual => is_comparable(l, r).then_some(Type::Bool),
            Op::Or | Op::BarBar | Op::And | Op::AmpAmp => {
                let fits = (is_bool(l) && is_bool(r)) || either_any(l, r, &[is_bool]);
                fits.then_some(Type::Bool)
            }
            Op::Less | Op::More | Op::MoreOrEqual | Op::LessOrEqual => {
                let fits = (is_number(l) && is_number(r))
                    || (is_string(l) && is_string(r))
                    || (is_time(l) && is_time(r))
                    || either_any(l, r, &[is_number, is_string, is_time]);
                fits.then_some(Type::Bool)
            }
            Op::Add => addition(l, r),
            Op::Subtract => subtraction(l, r),
            Op::Multiply => {
                numbers(l, r).or_else(|| either_any(l, r, &[is_number]).then_some(Type::Any))
            }
            Op::Divide | Op::Power | Op::Caret => {
                let fits = (is_number(l) && is_number(r)) || either_any(l, r, &[is_number]);
                fits.then_some(Type::Float64)
            }
            Op::Modulo => {
                if is_integer(l) && is_integer(r) {
                    numbers(l, r)
                } else {
                    either_any(l, r, &[is_integer]).then_some(Type::Any)
                }
            }
            Op::Range => {
                let fits = (is_integer(l) && is_integer(r)) || either_any(l, r, &[is_integer]);
                fits.then(|| Type::slice_of(Type::Int))
            }
            Op::Coalesce => return Ok(coalesce(l, r).into()),
            Op::Pipe => return Err(self.error(id, format!("unknown operator ({operator})"))),
        };
        match found {
            Some(ty) => Ok(ty.into()),
            None => Err(self.error(id, mismatched(operator, l, r))),
        }
    }

    fn membership(
        &mut self,
        id: NodeId,
        l: Option<&Type>,
        right: &Checked,
    ) -> CompileResult<Checked> {
        let r = right.ty.as_ref();
        let found: Checked = Type::Bool.into();
        if (is_string(l) || is_any(l)) && is_struct(r) {
            return Ok(found);
        }
        if is_map(r) {
            let key = match r {
                Some(Type::Map(types)) => types.0.clone(),
                Some(Type::Set(key)) => (**key).clone(),
                _ => Type::Any,
            };
            return match l {
                Some(l) if !is_any(Some(l)) && !l.assignable_to(&key) => {
                    Err(self.error(id, format!("cannot use {l} as type {key} in map key")))
                }
                _ => Ok(found),
            };
        }
        if is_array(r) {
            if l.is_none() {
                return Ok(found);
            }
            let element = r.and_then(Type::element);
            for element in [element.as_ref(), right.element.as_ref()] {
                if !is_comparable(l, element) {
                    let text = format!("cannot use {} as type {} in array", show(l), show(element));
                    return Err(self.error(id, text));
                }
            }
            return Ok(found);
        }
        if (is_any(l) && is_string(r)) || is_any(r) {
            return Ok(found);
        }
        Err(self.error(id, mismatched(Op::In, l, r)))
    }
}

fn mismatched(operator: Op, l: Option<&Type>, r: Option<&Type>) -> String {
    format!(
        "invalid operation: {operator} (mismatched types {} and {})",
        show(l),
        show(r)
    )
}

fn numbers(l: Option<&Type>, r: Option<&Type>) -> Option<Type> {
    match (l, r) {
        (Some(left), Some(right)) if is_number(l) && is_number(r) => Some(combined(left, right)),
        _ => None,
    }
}

fn string_operator(l: Option<&Type>, r: Option<&Type>) -> Option<Type> {
    let fits = (is_string(l) && is_string(r)) || either_any(l, r, &[is_string]);
    fits.then_some(Type::Bool)
}

fn addition(l: Option<&Type>, r: Option<&Type>) -> Option<Type> {
    if let Some(ty) = numbers(l, r) {
        return Some(ty);
    }
    if is_string(l) && is_string(r) {
        return Some(Type::String);
    }
    if (is_time(l) && is_duration(r)) || (is_duration(l) && is_time(r)) {
        return Some(Type::Time);
    }
    either_any(l, r, &[is_number, is_string, is_time, is_duration]).then_some(Type::Any)
}

fn subtraction(l: Option<&Type>, r: Option<&Type>) -> Option<Type> {
    if let Some(ty) = numbers(l, r) {
        return Some(ty);
    }
    if is_time(l) && is_time(r) {
        return Some(Type::Duration);
    }
    if is_time(l) && is_duration(r) {
        return Some(Type::Time);
    }
    either_any(l, r, &[is_number, is_time]).then_some(Type::Any)
}

fn coalesce(l: Option<&Type>, r: Option<&Type>) -> Option<Type> {
    match (l, r) {
        (None, other) | (other, None) => other.cloned(),
        (Some(left), Some(right)) if right.assignable_to(left) => Some(left.clone()),
        _ => Some(Type::Any),
    }
}
