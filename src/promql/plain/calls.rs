//! Function calls: which function does what, and those that work on one vector at a time.
//!
//! `spec/promql.md` §5 and §8.

use std::collections::BTreeMap;

use super::matrix::{self, Collector, Row, StepCursor};
use super::relabel::absent_labels;
use super::{EvalError, Evaluator, go_sort, unwrapped};
use crate::promql::ast::{Expr, ExprKind, Function};
use crate::promql::kernels::{
    Bucket, DateFunction, ElementaryFunction, WindowFunction, bucket_fraction, bucket_quantile,
    clamp, parse_float, round_to_nearest, time_seconds,
};
use crate::promql::labels::Labels;

/// The label that holds a bucket's upper bound.
const BUCKET_LABEL: &str = "le";

impl Evaluator<'_> {
    pub(super) fn call(&self, name: Function, args: &[Expr]) -> Result<Vec<Row>, EvalError> {
        if let Some(function) = WindowFunction::named(name) {
            return self.over_range(name, function, args);
        }
        if let Some(function) = ElementaryFunction::named(name) {
            let rows = self.vector(args)?;
            return self.map_vector(rows, |_, value| Some(function.of(value)));
        }
        if let Some(function) = DateFunction::named(name) {
            return self.date(function, args);
        }
        match (name, args) {
            ("time", _) => Ok(vec![self.constant(time_seconds)]),
            ("pi", _) => Ok(vec![self.constant(|_| std::f64::consts::PI)]),
            ("vector", [number]) => self.eval(number),
            ("scalar", [vector]) => self.scalar(vector),
            ("absent", [vector]) => self.absent(vector),
            ("timestamp", [vector]) => self.timestamp(vector),
            ("sort", [vector]) => self.sort(vector, go_sort::Direction::Ascending),
            ("sort_desc", [vector]) => self.sort(vector, go_sort::Direction::Descending),
            ("clamp", [_, low, high]) => self.clamp(args, Some(low), Some(high)),
            ("clamp_min", [_, low]) => self.clamp(args, Some(low), None),
            ("clamp_max", [_, high]) => self.clamp(args, None, Some(high)),
            ("round", _) => self.round(args),
            ("histogram_quantile", [q, vector]) => {
                let q = self.scalars(q)?;
                self.histogram(vector, |step, buckets| bucket_quantile(q[step], buckets))
            }
            ("histogram_fraction", [lower, upper, vector]) => {
                let (lower, upper) = (self.scalars(lower)?, self.scalars(upper)?);
                self.histogram(vector, |step, buckets| {
                    bucket_fraction(lower[step], upper[step], buckets)
                })
            }
            ("label_replace" | "label_join", _) => self.relabel(name, args),
            _ => Err(EvalError::UnsupportedFunction(name)),
        }
    }

    /// The rows of the first argument.
    fn vector(&self, args: &[Expr]) -> Result<Vec<Row>, EvalError> {
        args.first()
            .map_or_else(|| Ok(Vec::new()), |arg| self.eval(arg))
    }

    /// Applies a function to every sample and drops the metric's name. The function gets the number of the
    /// step; `None` drops the sample.
    fn map_vector(
        &self,
        rows: Vec<Row>,
        function: impl Fn(usize, f64) -> Option<f64>,
    ) -> Result<Vec<Row>, EvalError> {
        let rows = rows
            .into_iter()
            .map(|row| self.without_name(self.map_points(row, &function)))
            .collect();
        self.unite(rows)
    }

    /// Applies a function to the samples of a row.
    pub(super) fn map_points(
        &self,
        mut row: Row,
        function: impl Fn(usize, f64) -> Option<f64>,
    ) -> Row {
        row.points = row
            .points
            .into_iter()
            .filter_map(|(time, value)| {
                function(self.steps.index_of(time), value).map(|result| (time, result))
            })
            .collect();
        row
    }

    /// Joins rows that have become the same series; an error if they overlap. Drops empty rows.
    pub(super) fn unite(&self, mut rows: Vec<Row>) -> Result<Vec<Row>, EvalError> {
        rows.retain(|row| !row.points.is_empty());
        if self.steps.is_single() && self.settings.delayed_name_removal {
            return Ok(rows);
        }
        matrix::merge_same_labels(rows)
    }

    fn date(&self, function: DateFunction, args: &[Expr]) -> Result<Vec<Row>, EvalError> {
        if args.is_empty() {
            return Ok(vec![self.constant(|time| function.of_millis(time))]);
        }
        let rows = self.vector(args)?;
        self.map_vector(rows, |_, value| Some(function.of_seconds(value)))
    }

    fn scalar(&self, vector: &Expr) -> Result<Vec<Row>, EvalError> {
        let rows = self.eval(vector)?;
        let mut cursor = StepCursor::new(&rows);
        let points = self
            .steps
            .iter()
            .map(|time| match cursor.at(time).as_slice() {
                [(_, value)] => (time, *value),
                _ => (time, f64::NAN),
            })
            .collect();
        Ok(vec![Row {
            points,
            ..Row::default()
        }])
    }

    fn absent(&self, vector: &Expr) -> Result<Vec<Row>, EvalError> {
        let rows = self.eval(vector)?;
        let mut cursor = StepCursor::new(&rows);
        let points: Vec<(i64, f64)> = self
            .steps
            .iter()
            .filter(|time| cursor.at(*time).is_empty())
            .map(|time| (time, 1.0))
            .collect();
        if points.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![Row {
            labels: absent_labels(vector),
            drop_name: false,
            points,
        }])
    }

    /// The sample's own time where the argument is a selector, else the evaluation time.
    fn timestamp(&self, vector: &Expr) -> Result<Vec<Row>, EvalError> {
        let rows = match &unwrapped(vector).kind {
            ExprKind::VectorSelector(selector) => self.sample_times(selector)?,
            _ => self
                .eval(vector)?
                .into_iter()
                .map(|mut row| {
                    for point in &mut row.points {
                        point.1 = time_seconds(point.0);
                    }
                    row
                })
                .collect(),
        };
        self.map_vector(rows, |_, value| Some(value))
    }

    /// Sorts an instant vector; the rows of a range query have no order.
    fn sort(&self, vector: &Expr, direction: go_sort::Direction) -> Result<Vec<Row>, EvalError> {
        let mut rows = self.eval(vector)?;
        if self.steps.is_single() {
            go_sort::sort(&mut rows, direction, |row| {
                row.points.first().map_or(f64::NAN, |point| point.1)
            });
        }
        Ok(rows)
    }

    fn clamp(
        &self,
        args: &[Expr],
        low: Option<&Expr>,
        high: Option<&Expr>,
    ) -> Result<Vec<Row>, EvalError> {
        let rows = self.vector(args)?;
        let low = low.map(|low| self.scalars(low)).transpose()?;
        let high = high.map(|high| self.scalars(high)).transpose()?;
        self.map_vector(rows, |step, value| {
            let low = low.as_ref().map_or(f64::NEG_INFINITY, |low| low[step]);
            let high = high.as_ref().map_or(f64::INFINITY, |high| high[step]);
            let empty = high < low;
            (!empty).then(|| clamp(value, low, high))
        })
    }

    fn round(&self, args: &[Expr]) -> Result<Vec<Row>, EvalError> {
        let rows = self.vector(args)?;
        let nearest = args.get(1).map(|to| self.scalars(to)).transpose()?;
        self.map_vector(rows, |step, value| {
            let nearest = nearest.as_ref().map_or(1.0, |to| to[step]);
            Some(round_to_nearest(value, nearest))
        })
    }

    /// Groups buckets by all labels but `le` and computes one value per group and step. Groups come in
    /// order of their labels; the real engine's order is random.
    fn histogram(
        &self,
        vector: &Expr,
        value: impl Fn(usize, &mut [Bucket]) -> f64,
    ) -> Result<Vec<Row>, EvalError> {
        let rows = self.eval(vector)?;
        let bounds: Vec<Option<f64>> = rows
            .iter()
            .map(|row| parse_float(row.labels.get(BUCKET_LABEL)))
            .collect();
        let groups: Vec<Labels> = rows
            .iter()
            .map(|row| {
                let mut labels = row.labels.clone();
                labels.set(BUCKET_LABEL, "");
                labels
            })
            .collect();
        let mut cursor = StepCursor::new(&rows);
        let mut collector = self.collector();
        for (step, time) in self.steps.iter().enumerate() {
            let mut histograms: BTreeMap<&Labels, Vec<Bucket>> = BTreeMap::new();
            for (row, count) in cursor.at(time) {
                if let Some(upper_bound) = bounds[row] {
                    let bucket = Bucket { upper_bound, count };
                    histograms.entry(&groups[row]).or_default().push(bucket);
                }
            }
            for (labels, mut buckets) in histograms {
                let value = value(step, &mut buckets);
                let mut labels = labels.clone();
                if !self.settings.delayed_name_removal {
                    labels.drop_metadata();
                }
                collector.push(&labels, true, time, value)?;
            }
        }
        Ok(collector.finish())
    }

    pub(super) fn collector(&self) -> Collector {
        Collector::new(self.steps, self.settings.delayed_name_removal)
    }
}
