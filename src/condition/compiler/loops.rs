//! Builtins that go through a list: `all`, `filter`, `find`, `reduce` and their kin.

use super::super::ast::NodeId;
use super::super::builtin::Builtin;
use super::super::error::CompileResult;
use super::super::program::Instruction;
use super::{Collect, Compiler};

impl Compiler<'_> {
    pub(super) fn forward_loop(
        &mut self,
        body: impl FnOnce(&mut Self) -> CompileResult<()>,
    ) -> CompileResult<()> {
        let begin = self.here();
        let end = self.emit(Instruction::JumpIfEnd(0));
        body(self)?;
        self.emit(Instruction::IncrementIndex);
        self.emit(Instruction::Jump(begin));
        self.land(end);
        Ok(())
    }

    /// The loop condition stays on the stack, once for each element seen and once at the end.
    fn backward_loop(
        &mut self,
        body: impl FnOnce(&mut Self) -> CompileResult<()>,
    ) -> CompileResult<()> {
        self.emit(Instruction::LoadLength);
        self.emit(Instruction::Int(1));
        self.emit(Instruction::Subtract);
        self.emit(Instruction::StoreIndex);
        let begin = self.here();
        self.emit(Instruction::LoadIndex);
        self.emit(Instruction::Int(0));
        self.emit(Instruction::MoreOrEqual);
        let end = self.emit(Instruction::JumpIfFalse(0));
        body(self)?;
        self.emit(Instruction::DecrementIndex);
        self.emit(Instruction::Jump(begin));
        self.land(end);
        Ok(())
    }

    pub(super) fn quantifier(&mut self, builtin: Builtin, closure: NodeId) -> CompileResult<()> {
        let mut found = 0;
        self.forward_loop(|compiler| {
            compiler.node(closure)?;
            if builtin == Builtin::None {
                compiler.emit(Instruction::Not);
            }
            found = compiler.emit(match builtin {
                Builtin::Any => Instruction::JumpIfTrue(0),
                _ => Instruction::JumpIfFalse(0),
            });
            compiler.emit(Instruction::Pop);
            Ok(())
        })?;
        self.emit(if builtin == Builtin::Any {
            Instruction::False
        } else {
            Instruction::True
        });
        self.land(found);
        Ok(())
    }

    /// Counts the elements that fit, and leaves on the stack what is collected of each.
    pub(super) fn counting_loop(&mut self, closure: NodeId, collect: Collect) -> CompileResult<()> {
        self.forward_loop(|compiler| {
            compiler.node(closure)?;
            let skip = compiler.emit(Instruction::JumpIfFalse(0));
            compiler.emit(Instruction::Pop);
            compiler.emit(Instruction::IncrementCount);
            match collect {
                Collect::Nothing => {}
                Collect::Elements => compiler.element(None)?,
                Collect::Mapped(map) => compiler.element(Some(map))?,
            }
            let next = compiler.emit(Instruction::Jump(0));
            compiler.land(skip);
            compiler.emit(Instruction::Pop);
            compiler.land(next);
            Ok(())
        })
    }

    fn element(&mut self, map: Option<NodeId>) -> CompileResult<()> {
        if let Some(map) = map {
            self.node(map)
        } else {
            self.emit(Instruction::Pointer);
            Ok(())
        }
    }

    pub(super) fn search(
        &mut self,
        builtin: Builtin,
        closure: NodeId,
        throws: bool,
        map: Option<NodeId>,
    ) -> CompileResult<()> {
        let mut found = 0;
        let body = |compiler: &mut Self| {
            compiler.node(closure)?;
            let skip = compiler.emit(Instruction::JumpIfFalse(0));
            compiler.emit(Instruction::Pop);
            if matches!(builtin, Builtin::FindIndex | Builtin::FindLastIndex) {
                compiler.emit(Instruction::LoadIndex);
            } else {
                compiler.element(map)?;
            }
            found = compiler.emit(Instruction::Jump(0));
            compiler.land(skip);
            compiler.emit(Instruction::Pop);
            Ok(())
        };
        if matches!(builtin, Builtin::Find | Builtin::FindIndex) {
            self.forward_loop(body)?;
        } else {
            self.backward_loop(body)?;
        }
        self.emit(if throws {
            Instruction::ThrowOutOfRange
        } else {
            Instruction::Nil
        });
        self.land(found);
        Ok(())
    }

    pub(super) fn reduction(
        &mut self,
        closure: NodeId,
        initial: Option<NodeId>,
    ) -> CompileResult<()> {
        if let Some(initial) = initial {
            self.node(initial)?;
        } else {
            self.emit(Instruction::Pointer);
            self.emit(Instruction::IncrementIndex);
        }
        self.emit(Instruction::StoreAccumulator);
        self.forward_loop(|compiler| {
            compiler.node(closure)?;
            compiler.emit(Instruction::StoreAccumulator);
            Ok(())
        })?;
        self.emit(Instruction::LoadAccumulator);
        Ok(())
    }
}
