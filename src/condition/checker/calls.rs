//! Types of calls: arguments against parameters.

use super::super::ast::BinaryOperator as Op;
use super::super::ast::{CallTarget, NodeId, NodeKind, UnaryOperator};
use super::super::error::{CompileError, CompileResult};
use super::super::method::is_called_directly;
use super::super::types::{FuncType, Type, is_any, is_float, is_integer, kind, show};
use super::{Checked, Checker};

/// The arguments don't fit; another overload might.
type Mismatch = CompileError;

impl Checker<'_> {
    pub(super) fn call(&mut self, id: NodeId, callee: NodeId) -> CompileResult<Checked> {
        let callee_checked = self.visit(callee)?;
        if let Some(builtin) = callee_checked.builtin {
            self.set_target(id, CallTarget::Builtin(builtin));
            return self.builtin_call(id, builtin);
        }
        let name = self.callee_name(callee);
        let func = match callee_checked.ty {
            None => {
                return Err(self.error(id, format!("{name} is nil; cannot call nil as function")));
            }
            // Arguments are not looked at: they keep no type, and unknown names in them go unseen.
            Some(Type::Any | Type::Error) => return Ok(Type::Any.into()),
            Some(Type::Func(func)) => func,
            Some(other) => return Err(self.error(id, format!("{other} is not callable"))),
        };
        let receiver = usize::from(callee_checked.is_method);
        let result = self.arguments(&name, &func, receiver, id)??;
        if is_called_directly(&func.params[receiver..], &func.results) && !func.variadic {
            self.set_target(id, CallTarget::Typed);
        }
        Ok(result.into())
    }

    fn set_target(&mut self, id: NodeId, found: CallTarget) {
        if let NodeKind::Call { target, .. } = &mut self.ast.node_mut(id).kind {
            *target = found;
        }
    }

    fn callee_name(&self, callee: NodeId) -> String {
        match self.ast.kind(callee) {
            NodeKind::Identifier(name) => name.clone(),
            NodeKind::Member { property, .. } => match self.ast.kind(*property) {
                NodeKind::String(name) => name.clone(),
                _ => "function".to_owned(),
            },
            _ => "function".to_owned(),
        }
    }

    fn arguments_of(&self, id: NodeId) -> Vec<NodeId> {
        match self.ast.kind(id) {
            NodeKind::Call { arguments, .. } | NodeKind::Builtin { arguments, .. } => {
                arguments.clone()
            }
            _ => Vec::new(),
        }
    }

    /// Checks the arguments of a call against a signature; the first `receiver` parameters are given otherwise.
    pub(super) fn arguments(
        &mut self,
        name: &str,
        func: &FuncType,
        receiver: usize,
        id: NodeId,
    ) -> CompileResult<Result<Type, Mismatch>> {
        let arguments = self.arguments_of(id);
        let [result, ..] = func.results.as_slice() else {
            return Ok(Err(
                self.error(id, format!("func {name} doesn't return value"))
            ));
        };
        if func.results.len() > 2 {
            return Ok(Err(
                self.error(id, format!("func {name} returns more then two values"))
            ));
        }
        let params = &func.params[receiver..];
        let fewest = params.len() - usize::from(func.variadic);
        if !func.variadic && arguments.len() > params.len() {
            return Ok(Err(
                self.error(id, format!("too many arguments to call {name}"))
            ));
        }
        if arguments.len() < fewest {
            return Ok(Err(
                self.error(id, format!("not enough arguments to call {name}"))
            ));
        }
        for (index, argument) in arguments.into_iter().enumerate() {
            let ty = self.ty(argument)?;
            let param = &params[index.min(params.len() - 1)];
            if is_float(Some(param)) && is_integer(ty.as_ref()) {
                self.make_floats(argument, param);
            } else if is_integer(Some(param))
                && is_integer(ty.as_ref())
                && kind(ty.as_ref()) != param.kind()
            {
                self.make_integers(argument, param);
            } else if ty.as_ref().is_some_and(|ty| !ty.assignable_to(param)) && !is_any(ty.as_ref())
            {
                let text = format!(
                    "cannot use {} as argument (type {param}) to call {name} ",
                    show(ty.as_ref())
                );
                return Ok(Err(self.error(argument, text)));
            }
        }
        Ok(Ok(result.clone()))
    }

    /// Integer literals of an argument become floats where the parameter is one. Only literals do: an
    /// integer variable still fails when the function is called.
    fn make_floats(&mut self, id: NodeId, param: &Type) {
        match self.ast.kind(id).clone() {
            NodeKind::Integer(value) => {
                let node = self.ast.node_mut(id);
                node.kind = NodeKind::Float(value as f64);
                node.ty = Some(param.clone());
            }
            NodeKind::Unary { operand, .. } => self.make_floats(operand, param),
            NodeKind::Binary {
                operator: Op::Add | Op::Subtract | Op::Multiply,
                left,
                right,
            } => {
                self.make_floats(left, param);
                self.make_floats(right, param);
            }
            _ => {}
        }
    }

    fn make_integers(&mut self, id: NodeId, param: &Type) {
        match self.ast.kind(id).clone() {
            NodeKind::Integer(_) => self.ast.node_mut(id).ty = Some(param.clone()),
            NodeKind::Unary {
                operator:
                    UnaryOperator::Minus
                    | UnaryOperator::Plus
                    | UnaryOperator::Not
                    | UnaryOperator::Bang,
                operand,
            } => {
                self.make_integers(operand, param);
            }
            NodeKind::Binary {
                operator: Op::Add | Op::Subtract | Op::Multiply,
                left,
                right,
            } => {
                self.make_integers(left, param);
                self.make_integers(right, param);
            }
            _ => {}
        }
    }
}
