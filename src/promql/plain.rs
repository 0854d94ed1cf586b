//! The plain evaluator: any parsed query over any label sets.
//!
//! It computes node by node over all steps of the query, as Prometheus' engine does, since some errors
//! and orders show only that way. It allocates freely; the hot loop runs compiled queries instead.
//! (`spec/promql.md` §§2–9; Prometheus 3.14 promql/engine.go.)

mod aggregate;
pub(super) mod binary;
mod calls;
pub(super) mod go_sort;
mod invariant;
mod matrix;
mod over_range;
pub(super) mod relabel;
mod select;

use thiserror::Error;

use super::ast::{Expr, ExprKind, ValueType};
use super::kernels::format_general;
use super::labels::Labels;
use super::settings::Settings;
use matrix::{Row, Steps};

/// A series with its samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// All labels, the metric's name included.
    pub labels: Labels,
    /// Times in milliseconds, strictly increasing, and values. In a query's input
    /// [`STALE`](super::head::STALE) marks the series' end.
    pub samples: Vec<(i64, f64)>,
}

/// A series with its value at the evaluation time.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The labels.
    pub labels: Labels,
    /// The value.
    pub value: f64,
}

/// The result of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Scalar(f64),
    /// Series with one value each, in the engine's order.
    Vector(Vec<Sample>),
    /// Series with several values, sorted by labels.
    Matrix(Vec<Series>),
    /// A text; bytes, since escapes may form invalid UTF-8.
    String(Vec<u8>),
}

/// The side of a binary operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Side {
    Left,
    Right,
}

/// Why a query that parses can't be answered. The texts are Prometheus' own.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum EvalError {
    /// Two series of a result have the same labels.
    #[error("vector cannot contain metrics with the same labelset")]
    DuplicateLabelset,
    /// The "one" side of a match isn't unique.
    #[error(
        "found duplicate series for the match group {group} on the {} hand-side of the operation: \
         [{first}, {second}];many-to-many matching not allowed: matching labels must be unique on one side",
        side_name(*side)
    )]
    ManyToMany {
        /// The labels they match on.
        group: Labels,
        /// The side with the duplicates.
        side: Side,
        /// The duplicate that sorts first as text.
        first: String,
        /// The other duplicate.
        second: String,
    },
    /// Several left series match one right series without `group_left`.
    #[error(
        "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
    )]
    ManyToOneNotExplicit,
    /// `group_left` or `group_right` gives the same labels twice.
    #[error("multiple matches for labels: grouping labels must ensure unique matches")]
    GroupingNotUnique,
    /// The parameter of `topk` or `bottomk` is NaN.
    #[error("Parameter value is NaN")]
    ParameterNaN,
    /// The parameter of `topk` or `bottomk` is too large.
    #[error("Scalar value {} overflows int64", format_general(*.0))]
    ParameterOverflow(f64),
    /// The parameter of `topk` or `bottomk` is too small.
    #[error("Scalar value {} underflows int64", format_general(*.0))]
    ParameterUnderflow(f64),
    /// The pattern of `label_replace` isn't a regular expression.
    #[error("invalid regular expression in label_replace(): {0}")]
    InvalidRegex(String),
    /// The destination of `label_replace` or `label_join` isn't a label name.
    #[error("invalid destination label name in {function}(): {name}")]
    InvalidDestination {
        /// The function.
        function: &'static str,
        /// What was given.
        name: String,
    },
    /// A source of `label_join` isn't a label name.
    #[error("invalid source label name in label_join(): {0}")]
    InvalidSource(String),
    /// A matcher's regular expression doesn't compile; the parser refuses it earlier.
    #[error("{0}")]
    InvalidMatcher(String),
    /// The parameter of `count_values` isn't a label name; quoted.
    #[error("invalid label name {0}")]
    InvalidLabelName(String),
    /// The query holds more samples than the server allows.
    #[error("query processing would load too many samples into memory in query execution")]
    TooManySamples,
    /// The result of a range query would be neither scalar nor instant vector.
    #[error("invalid expression type \"{0}\" for range query, must be Scalar or instant Vector")]
    RangeQueryType(ValueType),
    /// The step of a range query isn't positive.
    #[error(
        "zero or negative query resolution step widths are not accepted. Try a positive integer"
    )]
    StepNotPositive,
    /// A function outside of what rollsim evaluates; the parser refuses it earlier.
    #[error("function \"{0}\" is not supported")]
    UnsupportedFunction(&'static str),
    /// A label would hold bytes that aren't UTF-8, which rollsim's labels can't.
    #[error("label value with invalid UTF-8 is not supported")]
    InvalidUtf8,
}

fn side_name(side: Side) -> &'static str {
    match side {
        Side::Left => "left",
        Side::Right => "right",
    }
}

/// Answers an instant query at `time` (milliseconds). `series` are in order of their creation.
pub fn evaluate_instant(
    expr: &Expr,
    series: &[Series],
    time: i64,
    settings: &Settings,
) -> Result<Value, EvalError> {
    let steps = Steps::once(time);
    let evaluator = Evaluator::new(series, settings, steps);
    if let ExprKind::String(text) = &unwrapped(expr).kind {
        return Ok(Value::String(text.clone()));
    }
    let rows = evaluator.evaluate(expr)?;
    let first = |row: &Row| row.points.first().map(|point| point.1);
    Ok(match expr.value_type() {
        ValueType::Scalar | ValueType::String => {
            Value::Scalar(rows.first().and_then(first).unwrap_or(f64::NAN))
        }
        ValueType::InstantVector => Value::Vector(
            rows.into_iter()
                .filter_map(|row| first(&row).map(|value| (row, value)))
                .map(|(row, value)| Sample {
                    labels: row.labels,
                    value,
                })
                .collect(),
        ),
        ValueType::RangeVector => Value::Matrix(sorted(rows)),
    })
}

/// Answers a range query: one evaluation at `start` and every `step` after it up to `end` (milliseconds).
pub fn evaluate_range(
    expr: &Expr,
    series: &[Series],
    start: i64,
    end: i64,
    step: i64,
    settings: &Settings,
) -> Result<Vec<Series>, EvalError> {
    let kind = expr.value_type();
    if matches!(kind, ValueType::RangeVector | ValueType::String) {
        return Err(EvalError::RangeQueryType(kind));
    }
    if step <= 0 {
        return Err(EvalError::StepNotPositive);
    }
    let steps = Steps::new(start, end, step);
    Evaluator::new(series, settings, steps)
        .evaluate(expr)
        .map(sorted)
}

fn sorted(rows: Vec<Row>) -> Vec<Series> {
    let mut series: Vec<Series> = rows
        .into_iter()
        .map(|row| Series {
            labels: row.labels,
            samples: row.points,
        })
        .collect();
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    series
}

/// The expression inside of any parentheses.
fn unwrapped(mut expr: &Expr) -> &Expr {
    while let ExprKind::Paren(inner) = &expr.kind {
        expr = inner;
    }
    expr
}

/// Evaluates nodes at the steps of one query or subquery.
#[derive(Clone, Copy, Debug)]
struct Evaluator<'a> {
    series: &'a [Series],
    settings: &'a Settings,
    /// Start and end of the whole query, for `@ start()` and `@ end()`.
    query: (i64, i64),
    steps: Steps,
    /// Inside the parameter of an aggregation, where Prometheus doesn't pin `@`: a fixed time holds for the
    /// first step only and moves along with the others, and `start()` and `end()` have no effect.
    unpinned: bool,
}

impl<'a> Evaluator<'a> {
    fn new(series: &'a [Series], settings: &'a Settings, steps: Steps) -> Self {
        Self {
            series,
            settings,
            query: (steps.start, steps.end),
            steps,
            unpinned: false,
        }
    }

    fn evaluate(&self, expr: &Expr) -> Result<Vec<Row>, EvalError> {
        let mut rows = self.eval(expr)?;
        if self.settings.delayed_name_removal {
            for row in &mut rows {
                if row.drop_name {
                    row.labels.drop_metadata();
                }
            }
            rows = matrix::merge_same_labels(rows)?;
        }
        Ok(rows)
    }

    /// The value of an expression at every step. A scalar is one row without labels.
    fn eval(&self, expr: &Expr) -> Result<Vec<Row>, EvalError> {
        if self.steps.count() > self.settings.max_samples {
            return Err(EvalError::TooManySamples);
        }
        if self.steps.count() > 1 && !self.unpinned && invariant::is_evaluated_once(expr) {
            let rows = self.at_first_step().eval_node(expr)?;
            return Ok(matrix::repeat(rows, self.steps));
        }
        let rows = self.eval_node(expr)?;
        let samples: u64 = rows.iter().map(|row| row.points.len() as u64).sum();
        if samples > self.settings.max_samples {
            return Err(EvalError::TooManySamples);
        }
        Ok(rows)
    }

    fn eval_node(&self, expr: &Expr) -> Result<Vec<Row>, EvalError> {
        match &expr.kind {
            ExprKind::Number(number) | ExprKind::Duration(number) => {
                Ok(vec![self.constant(|_| *number)])
            }
            // Texts are read where they are used; they have no value per step.
            ExprKind::String(_) => Ok(Vec::new()),
            ExprKind::VectorSelector(selector) => self.instant_selector(selector),
            ExprKind::MatrixSelector {
                selector, range, ..
            } => self.range_selector(selector, range.millis),
            ExprKind::Subquery { .. } => self.subquery(expr),
            ExprKind::Paren(inner) => self.eval(inner),
            ExprKind::Unary { negative, expr } => self.unary(*negative, expr),
            ExprKind::Binary(binary) => self.binary(binary),
            ExprKind::Aggregate(aggregate) => self.aggregate(aggregate),
            ExprKind::Call { function, args } => self.call(function, args),
        }
    }

    fn unary(&self, negative: bool, expr: &Expr) -> Result<Vec<Row>, EvalError> {
        let rows = self.eval(expr)?;
        if !negative {
            return Ok(rows);
        }
        let rows: Vec<Row> = rows
            .into_iter()
            .map(|row| self.without_name(row.map_values(|value| -value)))
            .collect();
        if self.settings.delayed_name_removal {
            return Ok(rows);
        }
        matrix::merge_same_labels(rows)
    }

    /// The values of a scalar expression, one per step.
    fn scalars(&self, expr: &Expr) -> Result<Vec<f64>, EvalError> {
        let mut rows = self.eval(expr)?;
        let points = rows.pop().map(|row| row.points).unwrap_or_default();
        Ok(points.into_iter().map(|point| point.1).collect())
    }

    /// A row without labels that has a value at every step.
    fn constant(&self, value: impl Fn(i64) -> f64) -> Row {
        Row {
            labels: Labels::default(),
            drop_name: false,
            points: self.steps.iter().map(|time| (time, value(time))).collect(),
        }
    }

    /// Takes the metric's name away: at once, or at the end where the server delays it.
    fn without_name(&self, mut row: Row) -> Row {
        row.drop_name = true;
        if !self.settings.delayed_name_removal {
            row.labels.drop_metadata();
        }
        row
    }

    fn at_first_step(&self) -> Self {
        Self {
            steps: Steps::once(self.steps.start),
            ..*self
        }
    }
}
