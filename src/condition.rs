//! The condition language: what `successCondition` and `failureCondition` mean.
//!
//! Argo Rollouts evaluates conditions with antonmedv/expr v1.15.5 against the Go value that a provider gave.
//! A condition is compiled once for each type that its result can have: text → tokens → syntax tree
//! ([`ast`]) → static types → constant folding → instructions, and then run for each measurement. Errors
//! of both stages are the texts that a user sees in the AnalysisRun's status.
//!
//! Knows nothing of providers, rollouts or simulation; the caller passes the time that `now()` gives.

mod assess;
pub mod ast;
pub mod builtin;
mod checker;
mod compiler;
mod environment;
mod error;
mod format;
mod lexer;
mod method;
mod numeric;
mod operators;
mod optimizer;
mod parser;
mod program;
mod sort;
mod support;
mod text;
mod types;
mod value;
mod vm;

pub use assess::{Assessment, MeasurementConditions, Phase, assess};
pub use environment::ResultType;
pub use error::{CompileError, EvalError};

use crate::go::json::Json;
use crate::go::time::Time;
use crate::units::Instant;
use ast::Ast;
use environment::Environment;
use numeric::Numeric;
use program::Program;
use value::Value;

/// Reads a condition's text into its syntax tree, as it stands: unchecked and not rewritten.
pub fn parse(text: &str) -> Result<Ast, CompileError> {
    parser::parse(text)
}

/// A provider's result, as a condition sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MetricResult<'r> {
    /// No value at all: `nil`.
    Nil,
    /// One number.
    Scalar(f64),
    /// The samples of a vector, or all samples of a matrix.
    Vector(&'r [f64]),
    /// A decoded JSON value.
    Json(&'r Json),
    /// A number written in a jsonPath.
    Int(i64),
    /// One byte of a string, picked by a jsonPath.
    Byte(u8),
}

impl<'r> MetricResult<'r> {
    /// The Go type of the result.
    pub fn result_type(&self) -> ResultType {
        match self {
            Self::Nil | Self::Json(Json::Null) => ResultType::Nil,
            Self::Scalar(_) | Self::Json(Json::Number(_)) => ResultType::Float,
            Self::Vector(_) => ResultType::Floats,
            Self::Json(Json::Bool(_)) => ResultType::Bool,
            Self::Json(Json::String(_)) => ResultType::String,
            Self::Json(Json::Array(_)) => ResultType::List,
            Self::Json(Json::Object(_)) => ResultType::Map,
            Self::Int(_) => ResultType::Int,
            Self::Byte(_) => ResultType::Byte,
        }
    }

    fn value(self) -> Value<'r> {
        match self {
            Self::Nil => Value::Nil,
            Self::Scalar(number) => Value::Float(number),
            Self::Vector(samples) => Value::Floats(samples),
            Self::Json(json) => Value::from_json(json),
            Self::Int(number) => Value::Int(number),
            Self::Byte(byte) => Value::Uint8(byte),
        }
    }
}

/// A condition compiled against one type of result.
#[derive(Clone, Debug)]
pub struct Condition {
    result: ResultType,
    /// The short way, if the condition is ordinary.
    numeric: Option<Numeric>,
    program: Program,
}

impl Condition {
    /// Compiles a condition for results of one type.
    pub fn compile(text: &str, result: ResultType) -> Result<Self, CompileError> {
        let (ast, program) = compile(text, Environment::Condition(result))?;
        let numeric = numeric::lower(&ast, result);
        Ok(Self {
            result,
            numeric,
            program,
        })
    }

    /// The type of result that it was compiled for.
    pub fn result_type(&self) -> ResultType {
        self.result
    }

    /// Whether the condition holds for a result of its type at the time `now` (since the Unix epoch).
    pub fn evaluate(&self, result: MetricResult<'_>, now: Instant) -> Result<bool, EvalError> {
        match (&self.numeric, self.result, result) {
            (Some(numeric), ResultType::Floats, MetricResult::Vector(samples)) => {
                return numeric.evaluate(samples);
            }
            (Some(numeric), ResultType::Float, MetricResult::Scalar(number)) => {
                return numeric.evaluate(std::slice::from_ref(&number));
            }
            _ => {}
        }
        match vm::run(&self.program, &result.value(), now)? {
            Value::Bool(truth) => Ok(truth),
            other => Err(EvalError::new(format!(
                "expected bool, but got {}",
                other.type_name()
            ))),
        }
    }
}

/// An end of a range query: an expression that yields a time and knows no result.
#[derive(Clone, Debug)]
pub struct TimeExpression(Program);

impl TimeExpression {
    /// Compiles the expression.
    pub fn compile(text: &str) -> Result<Self, CompileError> {
        compile(text, Environment::Time).map(|(_, program)| Self(program))
    }

    /// The time that it yields at the time `now`, in nanoseconds since the Unix epoch.
    pub fn evaluate(&self, now: Instant) -> Result<Instant, EvalError> {
        match vm::run(&self.0, &Value::Nil, now)? {
            Value::Time(time) => Ok(Instant::from_nanos(clamped_nanos(&time))),
            other => Err(EvalError::new(format!(
                "expected time.Time, but got {}",
                other.type_name()
            ))),
        }
    }
}

/// A decoded JSON value as Go's `%v` prints it.
pub(crate) fn display_json(json: &Json) -> String {
    format::lossy(&Value::from_json(json), format::Verb::Value)
}

/// Nanoseconds since 1970, as far as they fit: the year 1678 to 2262.
fn clamped_nanos(time: &Time) -> i64 {
    let nanos = i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos);
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

fn compile(text: &str, environment: Environment) -> Result<(Ast, Program), CompileError> {
    let mut ast = parser::parse(text)?;
    checker::check(&mut ast, environment)?;
    support::check(&ast)?;
    optimizer::optimize(&mut ast)?;
    let program = compiler::compile(&ast, environment)?;
    Ok((ast, program))
}
