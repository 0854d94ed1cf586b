//! Aggregations.
//!
//! `spec/promql.md` §6; Prometheus 3.14 promql/engine.go `rangeEvalAgg`, `aggregation`, `aggregationK`,
//! `aggregationCountValues`.

use std::collections::BTreeMap;

use super::go_sort::{BestOf, Direction};
use super::matrix::{Cell, Row, StepCursor};
use super::relabel::{text_of, valid_label_name};
use super::{EvalError, Evaluator, unwrapped};
use crate::go::quote::quote;
use crate::promql::ast::{Aggregate, AggregateOp, Expr, ExprKind};
use crate::promql::kernels::{KahanSum, Mean, Spread, larger, quantile, smaller};
use crate::promql::labels::Labels;
use crate::promql::notation::format_float;

/// From here on a number doesn't fit into 64 bits (the largest float below 2^63 counts already).
const INT64_MAX: f64 = 9_223_372_036_854_774_784.0;
const INT64_MIN: f64 = -9_223_372_036_854_775_808.0;

/// The parameter of an aggregation at each step, and the extremes over all steps.
struct Parameter {
    values: Vec<f64>,
    min: f64,
    max: f64,
}

/// Which group each row belongs to.
struct Groups {
    labels: Vec<Labels>,
    of_row: Vec<usize>,
}

impl Groups {
    fn of(rows: &[Row], aggregate: &Aggregate) -> Self {
        let mut labels: Vec<Labels> = Vec::new();
        let mut index_of: BTreeMap<Labels, usize> = BTreeMap::new();
        let of_row = rows
            .iter()
            .map(|row| {
                let group = group_labels(&row.labels, aggregate.without, &aggregate.grouping);
                *index_of.entry(group).or_insert_with_key(|group| {
                    labels.push(group.clone());
                    labels.len() - 1
                })
            })
            .collect();
        Self { labels, of_row }
    }

    /// Splits the samples of a step into groups, keeping their order.
    fn split(&self, cells: &[Cell]) -> Vec<Vec<Cell>> {
        let mut groups = vec![Vec::new(); self.labels.len()];
        for &cell in cells {
            groups[self.of_row[cell.0]].push(cell);
        }
        groups
    }
}

fn group_labels(labels: &Labels, without: bool, names: &[String]) -> Labels {
    if without {
        labels.without(names)
    } else {
        labels.only(names)
    }
}

impl Evaluator<'_> {
    pub(super) fn aggregate(&self, aggregate: &Aggregate) -> Result<Vec<Row>, EvalError> {
        match aggregate.op {
            AggregateOp::CountValues => self.count_values(aggregate),
            AggregateOp::Topk => self.best(aggregate, Direction::Descending),
            AggregateOp::Bottomk => self.best(aggregate, Direction::Ascending),
            _ => self.reduce(aggregate),
        }
    }

    fn reduce(&self, aggregate: &Aggregate) -> Result<Vec<Row>, EvalError> {
        let parameter = self.parameter(aggregate.param.as_ref())?;
        let rows = self.eval(&aggregate.expr)?;
        let groups = Groups::of(&rows, aggregate);
        let mut results: Vec<Row> = groups
            .labels
            .iter()
            .map(|labels| Row {
                labels: labels.clone(),
                ..Row::default()
            })
            .collect();
        let mut cursor = StepCursor::new(&rows);
        for (step, time) in self.steps.iter().enumerate() {
            let parameter = parameter.values.get(step).copied().unwrap_or(0.0);
            for (group, cells) in groups.split(&cursor.at(time)).iter().enumerate() {
                if let Some(value) = reduce_values(aggregate.op, parameter, cells) {
                    results[group].points.push((time, value));
                    results[group].drop_name = cells.iter().any(|cell| rows[cell.0].drop_name);
                }
            }
        }
        results.retain(|row| !row.points.is_empty());
        Ok(results)
    }

    /// The parameter is evaluated before the vector, and without pinning `@` (see [`Evaluator::unpinned`]).
    fn parameter(&self, expr: Option<&Expr>) -> Result<Parameter, EvalError> {
        let Some(expr) = expr else {
            return Ok(Parameter {
                values: Vec::new(),
                min: 0.0,
                max: 0.0,
            });
        };
        let evaluator = Self {
            unpinned: true,
            ..*self
        };
        let values = evaluator.scalars(expr)?;
        if let ExprKind::Number(number) = unwrapped(expr).kind {
            return Ok(Parameter {
                values,
                min: number,
                max: number,
            });
        }
        Ok(Parameter {
            min: values.iter().copied().fold(f64::MAX, f64::min),
            max: values.iter().copied().fold(-f64::MAX, f64::max),
            values,
        })
    }

    /// `topk` and `bottomk`.
    fn best(&self, aggregate: &Aggregate, direction: Direction) -> Result<Vec<Row>, EvalError> {
        let parameter = self.parameter(aggregate.param.as_ref())?;
        let rows = self.eval(&aggregate.expr)?;
        if parameter.max < 1.0 && !parameter.values.iter().any(|value| value.is_nan()) {
            return Ok(Vec::new());
        }
        check_limits(&parameter)?;
        let groups = Groups::of(&rows, aggregate);
        let mut collector = self.collector();
        let mut cursor = StepCursor::new(&rows);
        for (step, time) in self.steps.iter().enumerate() {
            let cells = cursor.at(time);
            let limit = limit_of(parameter.values.get(step).copied(), rows.len());
            if limit == 0 {
                continue;
            }
            for cells in groups.split(&cells) {
                let mut best = BestOf::new(direction, limit);
                for cell in cells {
                    best.offer(cell);
                }
                for (row, value) in best.into_sorted() {
                    collector.push(&rows[row].labels, rows[row].drop_name, time, value)?;
                }
            }
        }
        Ok(collector.finish())
    }

    /// Counts equal values; the results come in label order (the real engine's order is random).
    fn count_values(&self, aggregate: &Aggregate) -> Result<Vec<Row>, EvalError> {
        let name = aggregate.param.as_ref().map_or(&[][..], text_of);
        let label =
            valid_label_name(name).ok_or_else(|| EvalError::InvalidLabelName(quote(name)))?;
        let mut grouping = aggregate.grouping.clone();
        if !aggregate.without {
            grouping.push(label.to_owned());
        }
        let rows = self.eval(&aggregate.expr)?;
        let mut cursor = StepCursor::new(&rows);
        let mut collector = self.collector();
        for time in self.steps.iter() {
            let mut counts: BTreeMap<Labels, u64> = BTreeMap::new();
            for (row, value) in cursor.at(time) {
                let mut labels = rows[row].labels.clone();
                labels.set(label, &format_float(value));
                *counts
                    .entry(group_labels(&labels, aggregate.without, &grouping))
                    .or_default() += 1;
            }
            for (labels, count) in counts {
                collector.push(&labels, false, time, count as f64)?;
            }
        }
        Ok(collector.finish())
    }
}

fn check_limits(parameter: &Parameter) -> Result<(), EvalError> {
    if parameter.values.iter().any(|value| value.is_nan()) {
        return Err(EvalError::ParameterNaN);
    }
    if parameter.min <= INT64_MIN {
        return Err(EvalError::ParameterUnderflow(parameter.min));
    }
    if parameter.max >= INT64_MAX {
        return Err(EvalError::ParameterOverflow(parameter.max));
    }
    Ok(())
}

/// How many samples `topk` keeps: the parameter without its fraction, at most one per row.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bounded by the number of rows; negative numbers become 0"
)]
fn limit_of(parameter: Option<f64>, rows: usize) -> usize {
    parameter.unwrap_or(0.0).min(rows as f64).max(0.0) as usize
}

/// One result of the samples of a group; `None` for none.
fn reduce_values(op: AggregateOp, parameter: f64, cells: &[Cell]) -> Option<f64> {
    if cells.is_empty() {
        return None;
    }
    let values = || cells.iter().map(|cell| cell.1);
    match op {
        AggregateOp::Sum => {
            let mut sum = KahanSum::default();
            values().for_each(|value| sum.add(value));
            Some(sum.total())
        }
        AggregateOp::Avg => {
            let mut mean = Mean::default();
            values().for_each(|value| mean.add(value));
            Some(mean.mean())
        }
        AggregateOp::Min => values().reduce(smaller),
        AggregateOp::Max => values().reduce(larger),
        AggregateOp::Count => Some(cells.len() as f64),
        AggregateOp::Group => Some(1.0),
        AggregateOp::Stddev => Some(spread(values()).deviation()),
        AggregateOp::Stdvar => Some(spread(values()).variance()),
        AggregateOp::Quantile => {
            let mut scratch: Vec<f64> = values().collect();
            Some(quantile(parameter, &mut scratch))
        }
        AggregateOp::Topk | AggregateOp::Bottomk | AggregateOp::CountValues => None,
    }
}

fn spread(values: impl Iterator<Item = f64>) -> Spread {
    let mut spread = Spread::default();
    values.for_each(|value| spread.add(value));
    spread
}
