//! The short way for ordinary conditions: comparisons, arithmetic and logic on numbers.
//!
//! Almost every condition in use compares samples with constants. Such a tree is lowered to one over plain
//! floats, which a simulation evaluates many million times; anything else stays with the stack machine. Both
//! give the same answers and the same failures (`tests/condition_properties.rs` compares them).

use std::cmp::Ordering;

use super::ast::{Ast, BinaryOperator as Op, NodeId, NodeKind, UnaryOperator};
use super::builtin::Builtin;
use super::environment::ResultType;
use super::error::{EvalError, EvalResult};
use crate::go::math::pow;

/// A condition over the samples of a result (one, for a scalar).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Numeric(Truth);

#[derive(Clone, Debug, PartialEq)]
enum Truth {
    Constant(bool),
    And(Box<(Truth, Truth)>),
    Or(Box<(Truth, Truth)>),
    Not(Box<Truth>),
    Floats(Comparison, Float, Float),
    Integers(Comparison, Integer, Integer),
    IsNaN(Float),
    IsInfinite(Float),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
}

#[derive(Clone, Debug, PartialEq)]
enum Float {
    Constant(f64),
    /// The result itself, of a scalar.
    Scalar,
    /// A sample by its index, negative from the end.
    Sample(i64),
    Length,
    Negated(Box<Float>),
    Arithmetic(Arithmetic, Box<(Float, Float)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Integer {
    Constant(i64),
    Length,
}

/// Lowers a checked and rewritten tree, if it has nothing but numbers in it.
pub(super) fn lower(ast: &Ast, result: ResultType) -> Option<Numeric> {
    if !matches!(result, ResultType::Float | ResultType::Floats) {
        return None;
    }
    let lowering = Lowering { ast, result };
    lowering.truth(ast.root()).map(Numeric)
}

struct Lowering<'a> {
    ast: &'a Ast,
    result: ResultType,
}

/// A number whose Go type decides how it computes.
enum Number {
    Integer(Integer),
    Float(Float),
}

impl Number {
    fn float(self) -> Float {
        match self {
            Self::Integer(Integer::Constant(value)) => Float::Constant(value as f64),
            Self::Integer(Integer::Length) => Float::Length,
            Self::Float(float) => float,
        }
    }
}

impl Lowering<'_> {
    fn is_result(&self, id: NodeId) -> bool {
        matches!(self.ast.kind(id), NodeKind::Identifier(name) if name == "result")
    }

    fn truth(&self, id: NodeId) -> Option<Truth> {
        match self.ast.kind(id) {
            NodeKind::Bool(value) => Some(Truth::Constant(*value)),
            NodeKind::Unary {
                operator: UnaryOperator::Not | UnaryOperator::Bang,
                operand,
            } => Some(Truth::Not(Box::new(self.truth(*operand)?))),
            NodeKind::Binary {
                operator,
                left,
                right,
            } => self.binary(*operator, *left, *right),
            NodeKind::Call {
                callee, arguments, ..
            } => {
                let [argument] = arguments[..] else {
                    return None;
                };
                // An integer there is no float, and fails when the function is called.
                let Number::Float(argument) = self.number(argument)? else {
                    return None;
                };
                match self.ast.kind(*callee) {
                    NodeKind::Identifier(name) if name == "isNaN" => Some(Truth::IsNaN(argument)),
                    NodeKind::Identifier(name) if name == "isInf" => {
                        Some(Truth::IsInfinite(argument))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn binary(&self, operator: Op, left: NodeId, right: NodeId) -> Option<Truth> {
        let comparison = match operator {
            Op::And | Op::AmpAmp => {
                return Some(Truth::And(Box::new((
                    self.truth(left)?,
                    self.truth(right)?,
                ))));
            }
            Op::Or | Op::BarBar => {
                return Some(Truth::Or(Box::new((self.truth(left)?, self.truth(right)?))));
            }
            Op::Equal => Comparison::Equal,
            Op::NotEqual => Comparison::NotEqual,
            Op::Less => Comparison::Less,
            Op::LessOrEqual => Comparison::LessOrEqual,
            Op::More => Comparison::More,
            Op::MoreOrEqual => Comparison::MoreOrEqual,
            _ => return None,
        };
        Some(match (self.number(left)?, self.number(right)?) {
            (Number::Integer(left), Number::Integer(right)) => {
                Truth::Integers(comparison, left, right)
            }
            (left, right) => Truth::Floats(comparison, left.float(), right.float()),
        })
    }

    fn number(&self, id: NodeId) -> Option<Number> {
        Some(match self.ast.kind(id) {
            NodeKind::Integer(value) => Number::Integer(Integer::Constant(*value)),
            // The machine's table of constants makes no difference between zeros.
            NodeKind::Float(value) if *value == 0.0 && value.is_sign_negative() => return None,
            NodeKind::Float(value) => Number::Float(Float::Constant(*value)),
            NodeKind::Identifier(_) if self.result == ResultType::Float && self.is_result(id) => {
                Number::Float(Float::Scalar)
            }
            NodeKind::Member {
                base,
                property,
                optional: false,
                ..
            } if self.result == ResultType::Floats && self.is_result(*base) => {
                let NodeKind::Integer(index) = self.ast.kind(*property) else {
                    return None;
                };
                Number::Float(Float::Sample(*index))
            }
            NodeKind::Builtin {
                builtin: Builtin::Len,
                arguments,
                ..
            } => {
                let is_samples =
                    self.result == ResultType::Floats && self.is_result(*arguments.first()?);
                return is_samples.then_some(Number::Integer(Integer::Length));
            }
            NodeKind::Unary {
                operator: UnaryOperator::Minus,
                operand,
            } => match self.number(*operand)? {
                Number::Float(float) => Number::Float(Float::Negated(Box::new(float))),
                Number::Integer(_) => return None,
            },
            NodeKind::Unary {
                operator: UnaryOperator::Plus,
                operand,
            } => return self.number(*operand),
            NodeKind::Binary {
                operator,
                left,
                right,
            } => {
                return self.arithmetic(*operator, *left, *right).map(Number::Float);
            }
            _ => return None,
        })
    }

    /// Arithmetic in floats; that of two integers is left to the machine, but for division and powers.
    fn arithmetic(&self, operator: Op, left: NodeId, right: NodeId) -> Option<Float> {
        let (arithmetic, in_floats) = match operator {
            Op::Add => (Arithmetic::Add, false),
            Op::Subtract => (Arithmetic::Subtract, false),
            Op::Multiply => (Arithmetic::Multiply, false),
            Op::Divide => (Arithmetic::Divide, true),
            Op::Power | Op::Caret => (Arithmetic::Power, true),
            _ => return None,
        };
        let (left, right) = (self.number(left)?, self.number(right)?);
        let has_float = matches!(left, Number::Float(_)) || matches!(right, Number::Float(_));
        (in_floats || has_float)
            .then(|| Float::Arithmetic(arithmetic, Box::new((left.float(), right.float()))))
    }
}

impl Numeric {
    /// Whether the condition holds for the samples.
    pub fn evaluate(&self, samples: &[f64]) -> EvalResult<bool> {
        self.0.evaluate(samples)
    }
}

impl Comparison {
    fn holds(self, order: Option<Ordering>) -> bool {
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::NotEqual => order != Some(Ordering::Equal),
            Self::Less => order == Some(Ordering::Less),
            Self::LessOrEqual => order.is_some_and(Ordering::is_le),
            Self::More => order == Some(Ordering::Greater),
            Self::MoreOrEqual => order.is_some_and(Ordering::is_ge),
        }
    }
}

impl Truth {
    fn evaluate(&self, samples: &[f64]) -> EvalResult<bool> {
        match self {
            Self::Constant(value) => Ok(*value),
            Self::And(parts) => Ok(parts.0.evaluate(samples)? && parts.1.evaluate(samples)?),
            Self::Or(parts) => Ok(parts.0.evaluate(samples)? || parts.1.evaluate(samples)?),
            Self::Not(part) => part.evaluate(samples).map(|truth| !truth),
            Self::Floats(comparison, left, right) => {
                let left = left.evaluate(samples)?;
                Ok(comparison.holds(left.partial_cmp(&right.evaluate(samples)?)))
            }
            Self::Integers(comparison, left, right) => {
                Ok(comparison.holds(Some(left.evaluate(samples).cmp(&right.evaluate(samples)))))
            }
            Self::IsNaN(float) => float.evaluate(samples).map(f64::is_nan),
            Self::IsInfinite(float) => float.evaluate(samples).map(f64::is_infinite),
        }
    }
}

impl Integer {
    fn evaluate(self, samples: &[f64]) -> i64 {
        match self {
            Self::Constant(value) => value,
            Self::Length => i64::try_from(samples.len()).unwrap_or(i64::MAX),
        }
    }
}

impl Float {
    fn evaluate(&self, samples: &[f64]) -> EvalResult<f64> {
        match self {
            Self::Constant(value) => Ok(*value),
            Self::Scalar => samples
                .first()
                .copied()
                .ok_or(EvalError::SliceIndexOutOfRange),
            Self::Sample(index) => sample(samples, *index).ok_or(EvalError::SliceIndexOutOfRange),
            Self::Length => Ok(samples.len() as f64),
            Self::Negated(float) => float.evaluate(samples).map(|float| -float),
            Self::Arithmetic(arithmetic, parts) => {
                let (a, b) = (parts.0.evaluate(samples)?, parts.1.evaluate(samples)?);
                Ok(match arithmetic {
                    Arithmetic::Add => a + b,
                    Arithmetic::Subtract => a - b,
                    Arithmetic::Multiply => a * b,
                    Arithmetic::Divide => a / b,
                    Arithmetic::Power => pow(a, b),
                })
            }
        }
    }
}

fn sample(samples: &[f64], index: i64) -> Option<f64> {
    let position = match usize::try_from(index) {
        Ok(position) => position,
        Err(_) => samples
            .len()
            .checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?,
    };
    samples.get(position).copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Condition, MetricResult, ResultType, vm};
    use crate::units::Instant;

    fn condition() -> impl Strategy<Value = String> {
        let number = prop_oneof![
            prop::sample::select(vec![
                "result[0]",
                "result[1]",
                "result[-1]",
                "result[-2]",
                "result",
                "len(result)",
                "0",
                "1",
                "-1",
                "2",
                "0.5",
                "0.95",
                "0.0",
                "-0.0",
                "1e3",
                "9223372036854775807",
            ])
            .prop_map(str::to_owned),
        ];
        let number = number.prop_recursive(2, 6, 2, |inner| {
            let operator = prop::sample::select(vec!["+", "-", "*", "/", "**", "%"]);
            prop_oneof![
                (inner.clone(), operator, inner.clone())
                    .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
                inner.prop_map(|a| format!("-({a})")),
            ]
        });
        let comparison = prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
        let truth = prop_oneof![
            (number.clone(), comparison, number.clone())
                .prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            number.clone().prop_map(|a| format!("isNaN({a})")),
            number.prop_map(|a| format!("isInf({a})")),
            Just("true".to_owned()),
            Just("false".to_owned()),
        ];
        truth.prop_recursive(3, 8, 2, |inner| {
            let operator = prop::sample::select(vec!["and", "&&", "or", "||"]);
            prop_oneof![
                (inner.clone(), operator, inner.clone())
                    .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
                inner.prop_map(|a| format!("not ({a})")),
            ]
        })
    }

    fn samples() -> impl Strategy<Value = Vec<f64>> {
        let sample = prop::sample::select(vec![
            0.0,
            -0.0,
            1.0,
            2.0,
            0.5,
            0.95,
            -1.0,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            1e308,
        ]);
        prop::collection::vec(sample, 0..3)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

        #[test]
        fn the_short_way_agrees_with_the_machine(text in condition(), samples in samples()) {
            for (ty, result) in [
                (ResultType::Floats, MetricResult::Vector(&samples)),
                (ResultType::Float, MetricResult::Scalar(samples.first().copied().unwrap_or(0.7))),
            ] {
                let Ok(condition) = Condition::compile(&text, ty) else { continue };
                if condition.numeric.is_some() {
                    let long = vm::run(&condition.program, &result.value(), Instant::EPOCH);
                    let short = condition.evaluate(result, Instant::EPOCH);
                    let long = long.map(|value| format!("{value:?}"));
                    prop_assert_eq!(short.map(|truth| format!("Bool({truth})")), long, "{}", text);
                }
            }
        }
    }

    #[test]
    fn ordinary_conditions_take_the_short_way() {
        for text in [
            "result[0] >= 0.95",
            "len(result) > 0 && result[0] < 0.05 || isNaN(result[0])",
            "not (result[0] > 1) and result[0] / result[1] <= 2",
        ] {
            let condition = Condition::compile(text, ResultType::Floats).unwrap();
            assert!(condition.numeric.is_some(), "{text}");
        }
        assert!(
            Condition::compile("result <= 5", ResultType::Float)
                .unwrap()
                .numeric
                .is_some()
        );
    }
}
