//! Checked and rewritten tree → instructions (antonmedv/expr v1.15.5, `compiler`).
//!
//! The instructions follow the original one by one, because their effects show: a search from the end leaves
//! values on the stack that a surrounding comparison then reads.

mod loops;

use super::ast::{Ast, BinaryOperator as Op, CallTarget, NodeId, NodeKind, UnaryOperator};
use super::builtin::Builtin;
use super::environment::Environment;
use super::error::{CompileError, CompileResult};
use super::program::{Instruction, Program};
use super::types::{Kind, Type, kind};
use super::value::Value;
use crate::go::regex;

/// Compiles a tree that has been checked against the environment.
pub(super) fn compile(ast: &Ast, environment: Environment) -> CompileResult<Program> {
    let mut compiler = Compiler {
        ast,
        program: Program {
            instructions: Vec::new(),
            constants: Vec::new(),
            patterns: Vec::new(),
            variables: 0,
            environment,
        },
        scopes: Vec::new(),
        chains: Vec::new(),
    };
    compiler.node(ast.root())?;
    Ok(compiler.program)
}

/// What a loop keeps of the elements that fit.
#[derive(Clone, Copy)]
enum Collect {
    Nothing,
    Elements,
    Mapped(NodeId),
}

struct Compiler<'a> {
    ast: &'a Ast,
    program: Program,
    scopes: Vec<(String, usize)>,
    /// Jumps out of each open `?.` chain.
    chains: Vec<Vec<usize>>,
}

impl Compiler<'_> {
    fn emit(&mut self, instruction: Instruction) -> usize {
        self.program.instructions.push(instruction);
        self.program.instructions.len() - 1
    }

    fn here(&self) -> usize {
        self.program.instructions.len()
    }

    /// Lets the jump at `at` go to the next instruction.
    fn land(&mut self, at: usize) {
        let here = self.here();
        match &mut self.program.instructions[at] {
            Instruction::Jump(target)
            | Instruction::JumpIfTrue(target)
            | Instruction::JumpIfFalse(target)
            | Instruction::JumpIfNil(target)
            | Instruction::JumpIfNotNil(target)
            | Instruction::JumpIfEnd(target) => *target = here,
            _ => {}
        }
    }

    #[expect(
        clippy::float_cmp,
        reason = "the original's table of constants compares exactly"
    )]
    fn push(&mut self, value: Value<'static>) {
        // Equal floats share a constant, and 0 equals -0: whichever comes first stands for both.
        let known = match &value {
            Value::Float(new) => self
                .program
                .constants
                .iter()
                .position(|old| matches!(old, Value::Float(old) if old == new)),
            _ => None,
        };
        let index = known.unwrap_or_else(|| {
            self.program.constants.push(value);
            self.program.constants.len() - 1
        });
        self.emit(Instruction::Push(index));
    }

    fn node(&mut self, id: NodeId) -> CompileResult<()> {
        let ast = self.ast;
        match ast.kind(id) {
            NodeKind::Unary { operator, operand } => {
                self.node(*operand)?;
                match operator {
                    UnaryOperator::Not | UnaryOperator::Bang => drop(self.emit(Instruction::Not)),
                    UnaryOperator::Minus => drop(self.emit(Instruction::Negate)),
                    UnaryOperator::Plus => {}
                }
            }
            NodeKind::Binary {
                operator,
                left,
                right,
            } => {
                self.binary(id, *operator, *left, *right)?;
            }
            NodeKind::Chain(inner) => {
                self.chains.push(Vec::new());
                self.node(*inner)?;
                for jump in self.chains.pop().unwrap_or_default() {
                    self.land(jump);
                }
            }
            NodeKind::Member { .. } => self.member(id)?,
            NodeKind::Slice { base, from, to } => self.slice(*base, *from, *to)?,
            NodeKind::Call {
                callee,
                arguments,
                target,
            } => {
                self.call(*callee, arguments, *target)?;
            }
            NodeKind::Builtin {
                builtin,
                arguments,
                throws,
                map,
            } => {
                self.builtin(*builtin, arguments, *throws, *map)?;
            }
            NodeKind::Closure(body) => self.node(*body)?,
            NodeKind::Let { name, value, body } => {
                self.node(*value)?;
                let index = self.program.variables;
                self.program.variables += 1;
                self.emit(Instruction::Store(index));
                self.scopes.push((name.clone(), index));
                self.node(*body)?;
                self.scopes.pop();
            }
            NodeKind::Conditional {
                condition,
                then,
                otherwise,
            } => {
                self.conditional(*condition, *then, *otherwise)?;
            }
            NodeKind::Array(items) => {
                self.nodes(items)?;
                self.push_length(items.len());
                self.emit(Instruction::Array);
            }
            NodeKind::Map(pairs) => {
                self.nodes(pairs)?;
                self.push_length(pairs.len());
                self.emit(Instruction::Map);
            }
            NodeKind::Pair { key, value } => {
                self.node(*key)?;
                self.node(*value)?;
            }
            leaf => self.leaf(leaf, ast.ty(id)),
        }
        Ok(())
    }

    /// A node without parts.
    fn leaf(&mut self, leaf: &NodeKind, ty: Option<&Type>) {
        match leaf {
            NodeKind::Identifier(name) => self.identifier(name),
            NodeKind::Integer(value) => self.integer(*value, ty),
            NodeKind::Float(value) => self.push(Value::Float(*value)),
            NodeKind::Bool(true) => drop(self.emit(Instruction::True)),
            NodeKind::Bool(false) => drop(self.emit(Instruction::False)),
            NodeKind::String(text) => self.push(Value::text(text)),
            NodeKind::Constant(value) => self.push(value.clone()),
            NodeKind::Pointer(name) => drop(match name.as_str() {
                "index" => self.emit(Instruction::LoadIndex),
                "acc" => self.emit(Instruction::LoadAccumulator),
                _ => self.emit(Instruction::Pointer),
            }),
            _ => drop(self.emit(Instruction::Nil)),
        }
    }

    fn member(&mut self, id: NodeId) -> CompileResult<()> {
        let NodeKind::Member {
            base,
            property,
            optional,
            method,
        } = self.ast.kind(id)
        else {
            return Ok(());
        };
        self.node(*base)?;
        if let Some(method) = method {
            self.emit(Instruction::Method(*method));
            return Ok(());
        }
        if *optional {
            let jump = self.emit(Instruction::JumpIfNil(0));
            if let Some(chain) = self.chains.last_mut() {
                chain.push(jump);
            }
        }
        self.node(*property)?;
        self.emit(Instruction::Fetch);
        Ok(())
    }

    fn slice(
        &mut self,
        base: NodeId,
        from: Option<NodeId>,
        to: Option<NodeId>,
    ) -> CompileResult<()> {
        self.node(base)?;
        match to {
            Some(to) => self.node(to)?,
            None => drop(self.emit(Instruction::Length)),
        }
        match from {
            Some(from) => self.node(from)?,
            None => self.push(Value::Int(0)),
        }
        self.emit(Instruction::Slice);
        Ok(())
    }

    fn conditional(
        &mut self,
        condition: NodeId,
        then: NodeId,
        otherwise: NodeId,
    ) -> CompileResult<()> {
        self.node(condition)?;
        let jump = self.emit(Instruction::JumpIfFalse(0));
        self.emit(Instruction::Pop);
        self.node(then)?;
        let end = self.emit(Instruction::Jump(0));
        self.land(jump);
        self.emit(Instruction::Pop);
        self.node(otherwise)?;
        self.land(end);
        Ok(())
    }

    fn nodes(&mut self, ids: &[NodeId]) -> CompileResult<()> {
        ids.iter().try_for_each(|id| self.node(*id))
    }

    fn push_length(&mut self, length: usize) {
        self.emit(Instruction::Int(i64::try_from(length).unwrap_or(i64::MAX)));
    }

    fn identifier(&mut self, name: &str) {
        if let Some((_, index)) = self.scopes.iter().rev().find(|(known, _)| known == name) {
            self.emit(Instruction::LoadVariable(*index));
            return;
        }
        let environment = self.program.environment;
        self.emit(match (name, environment.function(name)) {
            ("$env", _) => Instruction::LoadEnvironment,
            ("result", _) if matches!(environment, Environment::Condition(_)) => {
                Instruction::LoadResult
            }
            (_, Some(function)) => Instruction::LoadFunction(function),
            // Names of builtins are known to the checker but have no value.
            _ => Instruction::Nil,
        });
    }

    /// An integer literal takes the type of the parameter that it is passed to.
    fn integer(&mut self, value: i64, ty: Option<&Type>) {
        let constant = match kind(ty) {
            Kind::Int64 => Value::Int64(value),
            Kind::Float64 => Value::Float(value as f64),
            Kind::Uint8 => Value::Uint8(value.to_le_bytes()[0]),
            _ => Value::Int(value),
        };
        self.push(constant);
    }

    fn binary(
        &mut self,
        id: NodeId,
        operator: Op,
        left: NodeId,
        right: NodeId,
    ) -> CompileResult<()> {
        let short_circuit: Option<fn(usize) -> Instruction> = match operator {
            Op::Or | Op::BarBar => Some(Instruction::JumpIfTrue),
            Op::And | Op::AmpAmp => Some(Instruction::JumpIfFalse),
            Op::Coalesce => Some(Instruction::JumpIfNotNil),
            _ => None,
        };
        self.node(left)?;
        if let Some(jump) = short_circuit {
            let end = self.emit(jump(0));
            self.emit(Instruction::Pop);
            self.node(right)?;
            self.land(end);
            return Ok(());
        }
        // A pattern that the checker has seen is compiled once.
        if operator == Op::Matches
            && self.ast.ty(id).is_some()
            && let NodeKind::String(pattern) = self.ast.kind(right)
        {
            let pattern = regex::compile(pattern)
                .map_err(|error| CompileError::rejected(error, self.ast.span(right)))?;
            self.program.patterns.push(pattern);
            self.emit(Instruction::MatchesConstant(
                self.program.patterns.len() - 1,
            ));
            return Ok(());
        }
        self.node(right)?;
        self.emit(match operator {
            Op::Equal => self.equality(left, right),
            Op::NotEqual => Instruction::Equal,
            Op::Less => Instruction::Less,
            Op::More => Instruction::More,
            Op::LessOrEqual => Instruction::LessOrEqual,
            Op::MoreOrEqual => Instruction::MoreOrEqual,
            Op::Add => Instruction::Add,
            Op::Subtract => Instruction::Subtract,
            Op::Multiply => Instruction::Multiply,
            Op::Divide => Instruction::Divide,
            Op::Modulo => Instruction::Modulo,
            Op::Power | Op::Caret => Instruction::Exponent,
            Op::In => Instruction::In,
            Op::Matches => Instruction::Matches,
            Op::Contains => Instruction::Contains,
            Op::StartsWith => Instruction::StartsWith,
            Op::EndsWith => Instruction::EndsWith,
            _ => Instruction::Range,
        });
        if operator == Op::NotEqual {
            self.emit(Instruction::Not);
        }
        Ok(())
    }

    /// Comparisons of two plain integers or strings assert these types.
    fn equality(&self, left: NodeId, right: NodeId) -> Instruction {
        let plain = |id| {
            self.ast
                .ty(id)
                .filter(|ty| !ty.is_named_elsewhere())
                .map(Type::kind)
        };
        match (plain(left), plain(right)) {
            (Some(Kind::Int), Some(Kind::Int)) => Instruction::EqualInt,
            (Some(Kind::String), Some(Kind::String)) => Instruction::EqualString,
            _ => Instruction::Equal,
        }
    }

    fn call(
        &mut self,
        callee: NodeId,
        arguments: &[NodeId],
        target: CallTarget,
    ) -> CompileResult<()> {
        self.nodes(arguments)?;
        if let CallTarget::Builtin(builtin) = target {
            let missing = builtin.is_predicate() || builtin.is_fast();
            self.emit(if missing {
                Instruction::CallMissing
            } else {
                Instruction::CallBuiltin(builtin, arguments.len())
            });
            return Ok(());
        }
        self.node(callee)?;
        let instruction = match (target, self.ast.ty(callee)) {
            (CallTarget::Typed, Some(Type::Func(func))) => {
                let mut func = (**func).clone();
                // The type of a method names its receiver first.
                if matches!(
                    self.ast.kind(callee),
                    NodeKind::Member {
                        method: Some(_),
                        ..
                    }
                ) {
                    func.params.remove(0);
                }
                Instruction::CallTyped(func.into())
            }
            _ => Instruction::Call(arguments.len()),
        };
        self.emit(instruction);
        Ok(())
    }

    fn builtin(
        &mut self,
        builtin: Builtin,
        arguments: &[NodeId],
        throws: bool,
        map: Option<NodeId>,
    ) -> CompileResult<()> {
        if !builtin.is_predicate() {
            self.nodes(arguments)?;
            // Some take one value from the stack, however many arguments an unchecked call has.
            let count = if builtin.is_fast() {
                1
            } else {
                arguments.len()
            };
            self.emit(Instruction::CallBuiltin(builtin, count));
            return Ok(());
        }
        let [collection, closure, rest @ ..] = arguments else {
            return Ok(());
        };
        self.node(*collection)?;
        self.emit(Instruction::Begin);
        match builtin {
            Builtin::All | Builtin::None | Builtin::Any => self.quantifier(builtin, *closure)?,
            Builtin::Find | Builtin::FindIndex | Builtin::FindLast | Builtin::FindLastIndex => {
                self.search(builtin, *closure, throws, map)?;
            }
            Builtin::Filter => {
                self.counting_loop(*closure, map.map_or(Collect::Elements, Collect::Mapped))?;
                self.emit(Instruction::LoadCount);
            }
            Builtin::Count | Builtin::One => {
                self.counting_loop(*closure, Collect::Nothing)?;
                self.emit(Instruction::LoadCount);
                if builtin == Builtin::One {
                    self.push(Value::Int(1));
                    self.emit(Instruction::Equal);
                }
            }
            Builtin::Map => {
                self.forward_loop(|compiler| compiler.node(*closure))?;
                self.emit(Instruction::LoadLength);
            }
            Builtin::GroupBy => {
                self.forward_loop(|compiler| {
                    compiler.node(*closure)?;
                    compiler.emit(Instruction::Group);
                    Ok(())
                })?;
                self.emit(Instruction::LoadGroups);
            }
            _ => self.reduction(*closure, rest.first().copied())?,
        }
        self.emit(Instruction::End);
        if matches!(builtin, Builtin::Filter | Builtin::Map) {
            self.emit(Instruction::Array);
        }
        Ok(())
    }
}
