//! What a condition is compiled to: instructions of a stack machine.

use std::sync::Arc;

use super::builtin::Builtin;
use super::environment::Environment;
use super::method::Method;
use super::types::FuncType;
use super::value::{Function, Value};
use crate::go::regex::Regex;

/// One instruction; jumps hold the number of the instruction to go on with.
#[derive(Clone, Debug)]
pub(super) enum Instruction {
    /// Pushes a constant.
    Push(usize),
    /// Pushes an integer.
    Int(i64),
    Pop,
    /// Pops into a variable.
    Store(usize),
    LoadVariable(usize),
    LoadResult,
    LoadFunction(Function<'static>),
    /// Pushes the map of all names.
    LoadEnvironment,
    True,
    False,
    Nil,
    /// Pops index and container.
    Fetch,
    /// Binds a method to the popped value.
    Method(Method),
    Negate,
    Not,
    Equal,
    EqualInt,
    EqualString,
    Jump(usize),
    JumpIfTrue(usize),
    JumpIfFalse(usize),
    JumpIfNil(usize),
    JumpIfNotNil(usize),
    /// Jumps if the innermost loop has seen all elements.
    JumpIfEnd(usize),
    In,
    Less,
    More,
    LessOrEqual,
    MoreOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Exponent,
    Range,
    Matches,
    MatchesConstant(usize),
    Contains,
    StartsWith,
    EndsWith,
    Slice,
    /// Calls the popped function with so many arguments.
    Call(usize),
    /// Calls the popped function of this type, whose arguments are asserted first.
    CallTyped(Arc<FuncType>),
    CallBuiltin(Builtin, usize),
    /// A builtin that has no function value fails when it is called as one.
    CallMissing,
    /// Pops a length and so many elements.
    Array,
    /// Pops a length and so many pairs.
    Map,
    /// Pushes the length of the top value.
    Length,
    IncrementIndex,
    DecrementIndex,
    IncrementCount,
    LoadIndex,
    StoreIndex,
    LoadCount,
    LoadLength,
    LoadGroups,
    LoadAccumulator,
    StoreAccumulator,
    /// Pushes the current element.
    Pointer,
    /// Fails as an index out of range does.
    ThrowOutOfRange,
    /// Adds the current element to the group of the popped key.
    Group,
    /// Starts a loop over the popped list.
    Begin,
    End,
}

/// A compiled condition.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub instructions: Vec<Instruction>,
    pub constants: Vec<Value<'static>>,
    pub patterns: Vec<Regex>,
    pub variables: usize,
    pub environment: Environment,
}
