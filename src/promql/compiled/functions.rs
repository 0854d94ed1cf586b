//! Function calls, resolved.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::compile::{Compiled, Compiler, index, refuse, unwrapped};
use super::nodes::{HistogramFunction, Histograms, MapFunction, VectorKind};
use crate::promql::ast::{Expr, ExprKind, Function};
use crate::promql::kernels::{DateFunction, ElementaryFunction, WindowFunction, parse_float};
use crate::promql::labels::Labels;
use crate::promql::plain::go_sort::Direction;
use crate::promql::plain::relabel::{Relabel, absent_labels};

/// The label that holds a bucket's upper bound.
const BUCKET_LABEL: &str = "le";

impl Compiler<'_> {
    pub(super) fn call(
        &mut self,
        function: Function,
        args: &[Expr],
        expr: &Expr,
    ) -> Compiled<usize> {
        if let Some(window_function) = WindowFunction::named(function) {
            return self.window_call(function, window_function, args, expr);
        }
        if let (Some(elementary), [vector]) = (ElementaryFunction::named(function), args) {
            let input = self.vector(vector)?;
            return Ok(self.map(input, MapFunction::Elementary(elementary)));
        }
        if let Some(date) = DateFunction::named(function) {
            return match args.first() {
                None => Ok(self.node(VectorKind::DateOfEvaluation(date), vec![Labels::default()])),
                Some(vector) => {
                    let input = self.vector(vector)?;
                    Ok(self.map(input, MapFunction::Date(date)))
                }
            };
        }
        match (function, args) {
            ("vector", [number]) => {
                let scalar = self.scalar(number)?;
                Ok(self.node(VectorKind::OfScalar(scalar), vec![Labels::default()]))
            }
            ("absent", [vector]) => {
                let input = self.vector(vector)?;
                Ok(self.node(VectorKind::Absent(input), vec![absent_labels(vector)]))
            }
            ("timestamp", [vector]) => self.timestamp(vector),
            ("sort", [vector]) => self.sorted(vector, Direction::Ascending),
            ("sort_desc", [vector]) => self.sorted(vector, Direction::Descending),
            ("clamp", [vector, low, high]) => self.clamp(vector, Some(low), Some(high)),
            ("clamp_min", [vector, low]) => self.clamp(vector, Some(low), None),
            ("clamp_max", [vector, high]) => self.clamp(vector, None, Some(high)),
            ("round", [vector, nearest @ ..]) => {
                let input = self.vector(vector)?;
                let nearest = nearest.first().map(|expr| self.scalar(expr)).transpose()?;
                Ok(self.map(input, MapFunction::Round { nearest }))
            }
            ("histogram_quantile", [q, vector]) => {
                let q = self.scalar(q)?;
                self.histogram(HistogramFunction::Quantile(q), vector)
            }
            ("histogram_fraction", [lower, upper, vector]) => {
                let (lower, upper) = (self.scalar(lower)?, self.scalar(upper)?);
                self.histogram(HistogramFunction::Fraction { lower, upper }, vector)
            }
            ("label_replace" | "label_join", [vector, texts @ ..]) => {
                self.relabelled(function, vector, texts)
            }
            _ => Err(refuse(format!("the function {function}()"), expr)),
        }
    }

    fn window_call(
        &mut self,
        name: Function,
        function: WindowFunction,
        args: &[Expr],
        expr: &Expr,
    ) -> Compiled<usize> {
        let is_range = |arg: &&Expr| {
            matches!(
                unwrapped(arg).kind,
                ExprKind::MatrixSelector { .. } | ExprKind::Subquery { .. }
            )
        };
        let Some(argument) = args.iter().find(is_range) else {
            return Err(refuse(format!("this argument of {name}()"), expr));
        };
        let (source, mut labels) = self.window_source(argument)?;
        if name == "absent_over_time" {
            let labels = vec![absent_labels(argument)];
            return Ok(self.node(VectorKind::AbsentOverTime(source), labels));
        }
        let parameter = args
            .iter()
            .find(|arg| !std::ptr::eq(*arg, argument))
            .map(|arg| self.scalar(arg))
            .transpose()?;
        if !function.keeps_name() {
            labels.iter_mut().for_each(Labels::drop_metadata);
        }
        let kind = VectorKind::Window {
            function,
            source,
            parameter,
        };
        Ok(self.node(kind, labels))
    }

    fn timestamp(&mut self, vector: &Expr) -> Compiled<usize> {
        let ExprKind::VectorSelector(selector) = &unwrapped(vector).kind else {
            let input = self.vector(vector)?;
            return Ok(self.map(input, MapFunction::EvaluationTime));
        };
        let (selector, mut labels) = self.selector(selector, self.lookback())?;
        labels.iter_mut().for_each(Labels::drop_metadata);
        let kind = VectorKind::Select {
            selector,
            times: true,
        };
        Ok(self.node(kind, labels))
    }

    fn sorted(&mut self, vector: &Expr, direction: Direction) -> Compiled<usize> {
        let input = self.vector(vector)?;
        if self.context != 0 {
            // The results of steps have no order among each other.
            return Ok(input);
        }
        let labels = self.labels(input).to_vec();
        Ok(self.node(VectorKind::Sorted { input, direction }, labels))
    }

    fn clamp(&mut self, vector: &Expr, low: Option<&Expr>, high: Option<&Expr>) -> Compiled<usize> {
        let input = self.vector(vector)?;
        let low = low.map(|expr| self.scalar(expr)).transpose()?;
        let high = high.map(|expr| self.scalar(expr)).transpose()?;
        Ok(self.map(input, MapFunction::Clamp { low, high }))
    }

    fn relabelled(&mut self, function: Function, vector: &Expr, texts: &[Expr]) -> Compiled<usize> {
        let relabel = Relabel::of(function, texts)?;
        let input = self.vector(vector)?;
        let mut labels = self.labels(input).to_vec();
        for labels in &mut labels {
            relabel.apply(labels)?;
        }
        Ok(self.node(VectorKind::Relabelled(input), labels))
    }

    fn histogram(&mut self, function: HistogramFunction, vector: &Expr) -> Compiled<usize> {
        let input = self.vector(vector)?;
        let mut by_labels: BTreeMap<Labels, Vec<(usize, f64)>> = BTreeMap::new();
        for (slot, labels) in self.labels(input).iter().enumerate() {
            // The name still tells histograms apart.
            let mut rest = labels.clone();
            rest.set(BUCKET_LABEL, "");
            if let Some(bound) = parse_float(labels.get(BUCKET_LABEL)) {
                by_labels.entry(rest).or_default().push((slot, bound));
            }
        }
        let mut histograms = Histograms {
            place: vec![None; self.labels(input).len()],
            bounds: Vec::new(),
            starts: vec![0],
        };
        let mut labels = Vec::new();
        for (mut group, mut buckets) in by_labels {
            if !buckets.iter().any(|(_, bound)| bound.is_nan()) {
                buckets.sort_by(|a, b| a.1.partial_cmp(&b.1).unwrap_or(Ordering::Equal));
            }
            for (slot, bound) in buckets {
                histograms.place[slot] = Some(index(histograms.bounds.len()));
                histograms.bounds.push(bound);
            }
            histograms.starts.push(index(histograms.bounds.len()));
            group.drop_metadata();
            labels.push(group);
        }
        let kind = VectorKind::Histogram {
            input,
            function,
            histograms,
        };
        Ok(self.node(kind, labels))
    }
}
