//! Calls: `f(x)`, `all(list, {…})`, `x | f()`.

use super::super::ast::{CallTarget, NodeId, NodeKind};
use super::super::builtin::Builtin;
use super::super::error::CompileResult;
use super::super::lexer::Token;
use super::Parser;

impl Parser {
    pub(super) fn call(&mut self, token: &Token) -> CompileResult<NodeId> {
        let start = token.span.start;
        if !self.is_bracket("(") {
            return self.push(NodeKind::Identifier(token.value.clone()), start);
        }
        let Some(builtin) = Builtin::parse(&token.value) else {
            let callee = self.push(NodeKind::Identifier(token.value.clone()), start)?;
            let arguments = self.arguments()?;
            return self.push_call(callee, arguments, start);
        };
        let arguments = if builtin.is_predicate() {
            self.expect_bracket("(")?;
            let collection = self.expression(0)?;
            self.expect_operator(",")?;
            self.predicate_arguments(builtin, collection)?
        } else {
            self.arguments()?
        };
        self.push_builtin(builtin, arguments, start)
    }

    /// The closure of a predicate builtin, for `reduce` an initial value, and the closing bracket.
    fn predicate_arguments(
        &mut self,
        builtin: Builtin,
        collection: NodeId,
    ) -> CompileResult<Vec<NodeId>> {
        let mut arguments = vec![collection, self.closure()?];
        if builtin == Builtin::Reduce && self.is_operator(",") {
            self.next()?;
            arguments.push(self.expression(0)?);
        }
        self.expect_bracket(")")?;
        Ok(arguments)
    }

    pub(super) fn push_call(
        &mut self,
        callee: NodeId,
        arguments: Vec<NodeId>,
        start: usize,
    ) -> CompileResult<NodeId> {
        self.push(
            NodeKind::Call {
                callee,
                arguments,
                target: CallTarget::Reflected,
            },
            start,
        )
    }

    fn push_builtin(
        &mut self,
        builtin: Builtin,
        arguments: Vec<NodeId>,
        start: usize,
    ) -> CompileResult<NodeId> {
        self.push(
            NodeKind::Builtin {
                builtin,
                arguments,
                throws: false,
                map: None,
            },
            start,
        )
    }

    pub(super) fn pipe(&mut self, argument: NodeId, start: usize) -> CompileResult<NodeId> {
        let name = self.expect_identifier()?;
        let mut all = vec![argument];
        match Builtin::parse(&name.value) {
            Some(builtin) if builtin.is_predicate() => {
                self.expect_bracket("(")?;
                let arguments = self.predicate_arguments(builtin, argument)?;
                self.push_builtin(builtin, arguments, start)
            }
            Some(builtin) => {
                all.extend(self.arguments()?);
                self.push_builtin(builtin, all, start)
            }
            None => {
                let callee = self.push(NodeKind::Identifier(name.value), name.span.start)?;
                all.extend(self.arguments()?);
                self.push_call(callee, all, start)
            }
        }
    }

    pub(super) fn arguments(&mut self) -> CompileResult<Vec<NodeId>> {
        self.expect_bracket("(")?;
        let mut arguments = Vec::new();
        while !self.is_bracket(")") {
            if !arguments.is_empty() {
                self.expect_operator(",")?;
            }
            arguments.push(self.expression(0)?);
        }
        self.expect_bracket(")")?;
        Ok(arguments)
    }
}
