//! Functions of a range vector.
//!
//! `spec/promql.md` §4; Prometheus 3.14 promql/engine.go `eval` (calls with a matrix argument).

use super::matrix::{self, Row};
use super::relabel::absent_labels;
use super::select::RangeArgument;
use super::{EvalError, Evaluator};
use crate::promql::ast::Expr;
use crate::promql::kernels::{WindowContext, WindowFunction};

impl Evaluator<'_> {
    /// Evaluates a function whose argument number `position` is a range vector.
    pub(super) fn over_range(
        &self,
        name: &str,
        function: WindowFunction,
        args: &[Expr],
    ) -> Result<Vec<Row>, EvalError> {
        let Some((argument, range)) = args
            .iter()
            .find_map(|arg| RangeArgument::of(super::unwrapped(arg)).map(|range| (arg, range)))
        else {
            return Ok(Vec::new());
        };
        let inputs = self.range_series(range)?;
        let mut parameters = Vec::new();
        for arg in args {
            if !std::ptr::eq(arg, argument) {
                parameters = self.scalars(arg)?;
            }
        }
        let rows: Vec<Row> = inputs
            .into_iter()
            .map(|input| self.over_windows(function, range, &parameters, input))
            .filter(|row| !row.points.is_empty())
            .collect();
        if name == "absent_over_time" {
            return Ok(self.absent_over_time(argument, &rows));
        }
        if !self.settings.delayed_name_removal {
            matrix::refuse_same_labels(&rows)?;
        }
        Ok(rows)
    }

    fn over_windows(
        &self,
        function: WindowFunction,
        range: RangeArgument<'_>,
        parameters: &[f64],
        input: Row,
    ) -> Row {
        let mut points = Vec::new();
        let mut scratch = Vec::new();
        self.for_each_window(range, &input.points, |time, window, samples| {
            let parameter = parameters.get(self.steps.index_of(time));
            let context = WindowContext {
                time,
                window,
                parameter: parameter.copied().unwrap_or(f64::NAN),
                clamp_order: self.settings.profile.clamp_order(),
            };
            let result = function.of_samples(samples, &context, &mut scratch);
            points.extend(result.map(|value| (time, value)));
        });
        let row = Row { points, ..input };
        if function.keeps_name() {
            row
        } else {
            self.without_name(row)
        }
    }

    /// 1 at every step where no series has a sample.
    fn absent_over_time(&self, argument: &Expr, rows: &[Row]) -> Vec<Row> {
        let mut present: Vec<i64> = rows
            .iter()
            .flat_map(|row| row.points.iter().map(|point| point.0))
            .collect();
        present.sort_unstable();
        let points: Vec<(i64, f64)> = self
            .steps
            .iter()
            .filter(|time| present.binary_search(time).is_err())
            .map(|time| (time, 1.0))
            .collect();
        if points.is_empty() {
            return Vec::new();
        }
        vec![Row {
            labels: absent_labels(argument),
            drop_name: true,
            points,
        }]
    }
}
