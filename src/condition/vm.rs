//! The stack machine that runs a compiled condition (antonmedv/expr v1.15.5, `vm`).
//!
//! Nothing is allocated while a condition works on numbers and on a query's result: the stack lives inline.

mod calls;
mod functions;
mod lists;
mod stack;
mod texts;

use super::environment::{Environment, FUNCTIONS};
use super::error::{EvalError, EvalResult};
use super::operators as op;
use super::operators::{assert_bool, assert_int, assert_string, error};
use super::program::{Instruction, Program};
use super::value::{List, ListKind, Map, MapKind, Value};
use crate::go::regex;
use crate::units::{Duration, Instant};
use stack::Stack;

/// Time between two calls of `now()` in one evaluation: they are never equal.
const CLOCK_STEP: Duration = Duration::from_nanos(100);

/// Elements of lists and maps that one evaluation may make.
const MEMORY_BUDGET: u64 = 1_000_000;

/// Runs the program; the last value is the result.
pub(super) fn run<'r>(
    program: &Program,
    result: &Value<'r>,
    now: Instant,
) -> EvalResult<Value<'r>> {
    let mut machine = Machine {
        program,
        result,
        now,
        names: None,
        stack: Stack::default(),
        loops: Stack::default(),
        variables: Stack::default(),
        memory: 0,
    };
    for _ in 0..program.variables {
        machine.variables.push(Value::Nil);
    }
    machine.run()?;
    Ok(machine.stack.pop().unwrap_or(Value::Nil))
}

/// A loop over a list.
#[derive(Debug, Default)]
struct Loop<'r> {
    array: Value<'r>,
    index: i64,
    length: i64,
    count: i64,
    groups: Option<Vec<(Value<'r>, Vec<Value<'r>>)>>,
    accumulator: Value<'r>,
}

struct Machine<'p, 'r> {
    program: &'p Program,
    result: &'p Value<'r>,
    /// What the next `now()` gives: the clock moves on between two calls.
    now: Instant,
    /// The map of all names, once it has been asked for.
    names: Option<Value<'r>>,
    stack: Stack<Value<'r>, 12>,
    loops: Stack<Loop<'r>, 2>,
    variables: Stack<Value<'r>, 2>,
    memory: u64,
}

impl<'r> Machine<'_, 'r> {
    fn push(&mut self, value: Value<'r>) {
        self.stack.push(value);
    }

    fn pop(&mut self) -> EvalResult<Value<'r>> {
        // Compiled programs keep the stack balanced, but for the quirks that leave more on it than needed.
        self.stack
            .pop()
            .ok_or_else(|| EvalError::new("runtime error: index out of range [-1]"))
    }

    fn top(&self) -> EvalResult<&Value<'r>> {
        self.stack
            .last()
            .ok_or_else(|| EvalError::new("runtime error: index out of range [-1]"))
    }

    fn pop_pair(&mut self) -> EvalResult<(Value<'r>, Value<'r>)> {
        let second = self.pop()?;
        Ok((self.pop()?, second))
    }

    fn current(&mut self) -> EvalResult<&mut Loop<'r>> {
        self.loops.last_mut().ok_or_else(|| {
            EvalError::new("runtime error: invalid memory address or nil pointer dereference")
        })
    }

    fn grow(&mut self, size: i64) -> EvalResult<()> {
        self.memory = self.memory.saturating_add(size.cast_unsigned());
        if self.memory >= MEMORY_BUDGET {
            error("memory budget exceeded")
        } else {
            Ok(())
        }
    }

    fn run(&mut self) -> EvalResult<()> {
        let program = self.program;
        let mut at = 0;
        while let Some(instruction) = program.instructions.get(at) {
            at += 1;
            let jump = match instruction {
                Instruction::Jump(target) => Some(*target),
                Instruction::JumpIfTrue(target) => assert_bool(self.top()?)?.then_some(*target),
                Instruction::JumpIfFalse(target) => (!assert_bool(self.top()?)?).then_some(*target),
                Instruction::JumpIfNil(target) => self.top()?.is_nil().then_some(*target),
                Instruction::JumpIfNotNil(target) => (!self.top()?.is_nil()).then_some(*target),
                Instruction::JumpIfEnd(target) => {
                    let current = self.current()?;
                    (current.index >= current.length).then_some(*target)
                }
                other => {
                    self.step(other)?;
                    None
                }
            };
            at = jump.unwrap_or(at);
        }
        Ok(())
    }

    fn step(&mut self, instruction: &Instruction) -> EvalResult<()> {
        let value = match instruction {
            Instruction::Push(index) => self
                .program
                .constants
                .get(*index)
                .cloned()
                .unwrap_or_default(),
            Instruction::Int(value) => Value::Int(*value),
            Instruction::Pop => {
                self.pop()?;
                return Ok(());
            }
            Instruction::Store(index) => {
                let value = self.pop()?;
                self.variables.set(*index, value);
                return Ok(());
            }
            Instruction::LoadVariable(index) => {
                self.variables.get(*index).cloned().unwrap_or_default()
            }
            Instruction::LoadResult => self.result.clone(),
            Instruction::LoadFunction(function) => Value::Func(function.clone()),
            Instruction::LoadEnvironment => self.names()?,
            Instruction::True => Value::Bool(true),
            Instruction::False => Value::Bool(false),
            Instruction::Nil => Value::Nil,
            Instruction::Negate => op::negate(&self.pop()?)?,
            Instruction::Not => Value::Bool(!assert_bool(&self.pop()?)?),
            Instruction::Length => Value::Int(op::length(self.top()?)?),
            Instruction::Slice => {
                let from = self.pop()?;
                let (value, to) = self.pop_pair()?;
                op::slice(&value, &from, &to)?
            }
            Instruction::Method(method) => self.bind(*method)?,
            Instruction::Call(count) => self.call(*count)?,
            Instruction::CallTyped(func) => self.call_typed(func)?,
            Instruction::CallBuiltin(builtin, count) => self.call_builtin(*builtin, *count)?,
            Instruction::CallMissing => {
                return error("runtime error: invalid memory address or nil pointer dereference");
            }
            Instruction::Array => self.array()?,
            Instruction::Map => self.map()?,
            Instruction::MatchesConstant(index) => {
                let text = assert_string(&self.pop()?)?;
                Value::Bool(
                    self.program
                        .patterns
                        .get(*index)
                        .is_some_and(|pattern| regex::is_match(pattern, &text)),
                )
            }
            Instruction::ThrowOutOfRange => return Err(EvalError::SliceIndexOutOfRange),
            Instruction::IncrementIndex
            | Instruction::DecrementIndex
            | Instruction::IncrementCount
            | Instruction::LoadIndex
            | Instruction::StoreIndex
            | Instruction::LoadCount
            | Instruction::LoadLength
            | Instruction::LoadGroups
            | Instruction::LoadAccumulator
            | Instruction::StoreAccumulator
            | Instruction::Pointer
            | Instruction::Group
            | Instruction::Begin
            | Instruction::End => return self.loop_step(instruction),
            binary => {
                let (a, b) = self.pop_pair()?;
                self.binary(binary, &a, &b)?
            }
        };
        self.push(value);
        Ok(())
    }

    fn binary(
        &mut self,
        instruction: &Instruction,
        a: &Value<'r>,
        b: &Value<'r>,
    ) -> EvalResult<Value<'r>> {
        let truth = match instruction {
            Instruction::Fetch => return op::fetch(a, b),
            Instruction::Add => return op::add(a, b),
            Instruction::Subtract => return op::subtract(a, b),
            Instruction::Multiply => return op::multiply(a, b),
            Instruction::Divide => return op::divide(a, b),
            Instruction::Modulo => return op::modulo(a, b),
            Instruction::Exponent => return op::exponent(a, b),
            Instruction::Range => return self.range(a, b),
            Instruction::Less => op::compare(a, "<", b, std::cmp::Ordering::is_lt)?,
            Instruction::More => op::compare(a, ">", b, std::cmp::Ordering::is_gt)?,
            Instruction::LessOrEqual => op::compare(a, "<=", b, std::cmp::Ordering::is_le)?,
            Instruction::MoreOrEqual => op::compare(a, ">=", b, std::cmp::Ordering::is_ge)?,
            Instruction::In => op::contains(a, b)?,
            // The left operand is asserted first where both are plain.
            Instruction::EqualInt => assert_int(a)? == assert_int(b)?,
            Instruction::EqualString => assert_string(a)? == assert_string(b)?,
            Instruction::Contains => {
                let (text, part) = text_pair(a, b)?;
                super::text::index(&text, &part).is_some()
            }
            Instruction::StartsWith => {
                let (text, part) = text_pair(a, b)?;
                text.starts_with(&part)
            }
            Instruction::EndsWith => {
                let (text, part) = text_pair(a, b)?;
                text.ends_with(&part)
            }
            Instruction::Matches => {
                let pattern = assert_string(b)?;
                let text = assert_string(a)?;
                let pattern = regex::compile_bytes(&pattern).map_err(EvalError::new)?;
                regex::is_match(&pattern, &text)
            }
            _ => op::equal(a, b),
        };
        Ok(Value::Bool(truth))
    }

    fn range(&mut self, a: &Value<'r>, b: &Value<'r>) -> EvalResult<Value<'r>> {
        let (from, to) = (op::to_int(a)?, op::to_int(b)?);
        let size = to.wrapping_sub(from).wrapping_add(1).max(0);
        self.grow(size)?;
        let items = (0..size)
            .map(|index| Value::Int(from.wrapping_add(index)))
            .collect();
        Ok(Value::List(List::of_scalars(ListKind::Int, items)))
    }

    /// The map of all names, `$env`.
    fn names(&mut self) -> EvalResult<Value<'r>> {
        if let Some(names) = &self.names {
            return Ok(names.clone());
        }
        let mut entries = Vec::new();
        for (name, _) in FUNCTIONS {
            if let Some(function) = self.program.environment.function(name) {
                entries.push((name.as_bytes().into(), Value::Func(function)));
            }
        }
        if matches!(self.program.environment, Environment::Condition(_)) {
            entries.push((b"result"[..].into(), self.result.clone()));
        }
        let names = Value::Map(Map::from_strings(entries)?);
        self.names = Some(names.clone());
        Ok(names)
    }

    fn pop_length(&mut self) -> EvalResult<usize> {
        let length = assert_int(&self.pop()?)?;
        self.grow(length)?;
        Ok(usize::try_from(length).unwrap_or_default())
    }

    fn array(&mut self) -> EvalResult<Value<'r>> {
        let length = self.pop_length()?;
        let mut items = Vec::with_capacity(length);
        for _ in 0..length {
            items.push(self.pop()?);
        }
        items.reverse();
        List::new(ListKind::Any, items).map(Value::List)
    }

    fn map(&mut self) -> EvalResult<Value<'r>> {
        let length = self.pop_length()?;
        let mut entries = Vec::with_capacity(length);
        // From the last pair to the first: of equal keys the first one stays.
        for _ in 0..length {
            let (key, value) = self.pop_pair()?;
            entries.push((assert_string(&key)?, value));
        }
        Map::from_strings(entries).map(Value::Map)
    }

    fn loop_step(&mut self, instruction: &Instruction) -> EvalResult<()> {
        match instruction {
            Instruction::Begin => return self.begin(),
            Instruction::End => {
                self.loops.pop();
                return Ok(());
            }
            Instruction::StoreIndex => {
                let index = assert_int(&self.pop()?)?;
                self.current()?.index = index;
                return Ok(());
            }
            Instruction::StoreAccumulator => {
                let value = self.pop()?;
                self.current()?.accumulator = value;
                return Ok(());
            }
            Instruction::Group => return self.group(),
            _ => {}
        }
        let current = self.current()?;
        let value = match instruction {
            Instruction::IncrementIndex => {
                current.index += 1;
                return Ok(());
            }
            Instruction::DecrementIndex => {
                current.index -= 1;
                return Ok(());
            }
            Instruction::IncrementCount => {
                current.count += 1;
                return Ok(());
            }
            Instruction::LoadIndex => Value::Int(current.index),
            Instruction::LoadCount => Value::Int(current.count),
            Instruction::LoadLength => Value::Int(current.length),
            Instruction::LoadAccumulator => current.accumulator.clone(),
            Instruction::LoadGroups => match current.groups.take() {
                None => Value::Map(Map::nil(MapKind::AnyList)),
                Some(groups) => {
                    let mut entries = Vec::with_capacity(groups.len());
                    for (key, items) in groups {
                        entries.push((key, Value::List(List::new(ListKind::Any, items)?)));
                    }
                    Value::Map(Map::from_entries(MapKind::AnyList, entries)?)
                }
            },
            _ => current.element()?,
        };
        self.push(value);
        Ok(())
    }

    fn begin(&mut self) -> EvalResult<()> {
        let array = self.pop()?;
        let length = match &array {
            Value::Nil => return error("reflect: call of reflect.Value.Len on zero Value"),
            Value::String(_) | Value::Map(_) | Value::Floats(_) | Value::List(_) => {
                op::length(&array)?
            }
            Value::Location(_) => {
                return error("reflect: call of reflect.Value.Len on ptr to non-array Value");
            }
            other => {
                return error(format!(
                    "reflect: call of reflect.Value.Len on {} Value",
                    other.kind()
                ));
            }
        };
        self.loops.push(Loop {
            array,
            length,
            ..Loop::default()
        });
        Ok(())
    }

    fn group(&mut self) -> EvalResult<()> {
        let element = self.current()?.element()?;
        let key = self.pop()?;
        if let Some(ty) = key.unhashable() {
            return op::unhashable(&ty);
        }
        let groups = self.current()?.groups.get_or_insert_default();
        match groups.iter_mut().find(|(known, _)| known.key_equal(&key)) {
            Some((_, items)) => items.push(element),
            None => groups.push((key, vec![element])),
        }
        Ok(())
    }
}

impl<'r> Loop<'r> {
    fn element(&self) -> EvalResult<Value<'r>> {
        let index = usize::try_from(self.index).unwrap_or(usize::MAX);
        match &self.array {
            Value::String(text) => match text.get(index) {
                Some(byte) => Ok(Value::Uint8(*byte)),
                None => error("reflect: string index out of range"),
            },
            Value::Map(_) => error("reflect: call of reflect.Value.Index on map Value"),
            other => match other.elements().and_then(|elements| elements.get(index)) {
                Some(element) => Ok(element),
                None if other.kind() == super::types::Kind::Array => {
                    error("reflect: array index out of range")
                }
                None => Err(EvalError::SliceIndexOutOfRange),
            },
        }
    }
}

type TextPair = (std::sync::Arc<[u8]>, std::sync::Arc<[u8]>);

fn text_pair(a: &Value<'_>, b: &Value<'_>) -> EvalResult<TextPair> {
    Ok((assert_string(a)?, assert_string(b)?))
}
