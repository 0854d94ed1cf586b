//! Resolves a query's labels against a universe.

use std::collections::BTreeMap;

use super::nodes::{
    Context, Groups, MapFunction, Root, ScalarNode, Selector, Shift, Stretch, Subquery, VectorKind,
    VectorNode, WindowShape, WindowSource,
};
use super::{CompileRefusal, Program};
use crate::promql::ast::{
    Aggregate, AggregateOp, Expr, ExprKind, TimeShift, ValueType, VectorSelector,
};
use crate::promql::head::{SeriesDescriptor, TargetId, Universe};
use crate::promql::kernels::{RateFunction, WindowFunction};
use crate::promql::labels::Labels;
use crate::promql::matcher::CompiledMatcher;
use crate::promql::plain::EvalError;
use crate::promql::plain::go_sort::Direction;
use crate::promql::settings::Settings;

pub(super) type Compiled<T> = Result<T, CompileRefusal>;

/// How many values a table of a program may hold; queries that need more are refused.
pub(super) const TABLE_LIMIT: usize = 1 << 22;

pub(super) fn compile(expr: &Expr, universe: &Universe, settings: &Settings) -> Compiled<Program> {
    if settings.delayed_name_removal {
        return Err(refuse(
            "a query on a server with delayed removal of names",
            expr,
        ));
    }
    let mut compiler = Compiler {
        universe,
        settings,
        program: Program {
            vectors: Vec::new(),
            scalars: Vec::new(),
            selectors: Vec::new(),
            subqueries: Vec::new(),
            windows: Vec::new(),
            contexts: vec![Context::Query],
            geometries: 0,
            root: Root::Scalar(0),
            profile: settings.profile,
        },
        context: 0,
        geometries: BTreeMap::new(),
    };
    let root = match expr.value_type() {
        ValueType::Scalar => Root::Scalar(compiler.scalar(expr)?),
        ValueType::InstantVector => Root::Vector(compiler.vector(expr)?),
        ValueType::RangeVector => {
            return Err(refuse("a query whose result is a range vector", expr));
        }
        ValueType::String => return Err(refuse("a query whose result is a string", expr)),
    };
    compiler.program.root = root;
    compiler.program.geometries = compiler.geometries.len();
    Ok(compiler.program)
}

/// A refusal that names a construct.
pub(super) fn refuse(construct: impl Into<String>, expr: &Expr) -> CompileRefusal {
    CompileRefusal::Construct {
        construct: construct.into(),
        span: expr.span.clone(),
    }
}

/// The expression inside of any parentheses.
pub(super) fn unwrapped(mut expr: &Expr) -> &Expr {
    while let ExprKind::Paren(inner) = &expr.kind {
        expr = inner;
    }
    expr
}

pub(super) struct Compiler<'a> {
    universe: &'a Universe,
    settings: &'a Settings,
    pub program: Program,
    /// The query or the subquery that is being compiled.
    pub context: usize,
    /// Numbers of the pairs (window, target).
    geometries: BTreeMap<(usize, TargetId), u32>,
}

/// An index as a slot or key; tables stay far below the limit of 32 bits.
#[expect(
    clippy::cast_possible_truncation,
    reason = "tables of more than 2^32 entries don't fit into memory anyway"
)]
pub(super) fn index(position: usize) -> u32 {
    position as u32
}

/// Gives equal label sets equal numbers, in order of appearance.
#[derive(Default)]
pub(super) struct Numbering {
    numbers: BTreeMap<Labels, u32>,
    pub labels: Vec<Labels>,
}

impl Numbering {
    pub fn number(&mut self, labels: Labels) -> u32 {
        let next = index(self.labels.len());
        *self.numbers.entry(labels).or_insert_with_key(|labels| {
            self.labels.push(labels.clone());
            next
        })
    }
}

impl Compiler<'_> {
    pub fn scalar(&mut self, expr: &Expr) -> Compiled<usize> {
        let node = match &expr.kind {
            ExprKind::Number(value) | ExprKind::Duration(value) => ScalarNode::Constant(*value),
            ExprKind::Paren(inner)
            | ExprKind::Unary {
                negative: false,
                expr: inner,
            } => return self.scalar(inner),
            ExprKind::Unary { expr, .. } => ScalarNode::Negated(self.scalar(expr)?),
            ExprKind::Binary(binary) => ScalarNode::Binary {
                op: binary.op,
                left: self.scalar(&binary.left)?,
                right: self.scalar(&binary.right)?,
            },
            ExprKind::Call { function, args } => match (*function, args.as_slice()) {
                ("time", []) => ScalarNode::Time,
                ("pi", []) => ScalarNode::Constant(std::f64::consts::PI),
                ("scalar", [vector]) => ScalarNode::OfVector(self.vector(vector)?),
                _ => return Err(refuse(format!("the function {function}()"), expr)),
            },
            _ => return Err(refuse("this expression as a number", expr)),
        };
        self.program.scalars.push(node);
        Ok(self.program.scalars.len() - 1)
    }

    pub fn vector(&mut self, expr: &Expr) -> Compiled<usize> {
        match &expr.kind {
            ExprKind::Paren(inner)
            | ExprKind::Unary {
                negative: false,
                expr: inner,
            } => self.vector(inner),
            ExprKind::Unary { expr, .. } => {
                let input = self.vector(expr)?;
                Ok(self.map(input, MapFunction::Negate))
            }
            ExprKind::VectorSelector(selector) => {
                let (selector, labels) = self.selector(selector, self.lookback())?;
                let kind = VectorKind::Select {
                    selector,
                    times: false,
                };
                Ok(self.node(kind, labels))
            }
            ExprKind::Binary(binary) => self.binary(binary, expr),
            ExprKind::Aggregate(aggregate) => self.aggregate(aggregate, expr),
            ExprKind::Call { function, args } => self.call(function, args, expr),
            ExprKind::Number(_)
            | ExprKind::Duration(_)
            | ExprKind::String(_)
            | ExprKind::MatrixSelector { .. }
            | ExprKind::Subquery { .. } => {
                Err(refuse("this expression as an instant vector", expr))
            }
        }
    }

    /// Adds a node. `labels` are those of each sample that it computes; equal ones share a slot.
    pub fn node(&mut self, kind: VectorKind, labels: Vec<Labels>) -> usize {
        let mut numbering = Numbering::default();
        let count = labels.len();
        let merge: Vec<u32> = labels
            .into_iter()
            .map(|labels| numbering.number(labels))
            .collect();
        let shared = numbering.labels.len() < count;
        self.program.vectors.push(VectorNode {
            kind,
            labels: numbering.labels,
            merge: shared.then_some(merge),
            context: self.context,
        });
        self.program.vectors.len() - 1
    }

    pub fn lookback(&self) -> i64 {
        self.settings.lookback_ms
    }

    pub fn labels(&self, node: usize) -> &[Labels] {
        &self.program.vectors[node].labels
    }

    /// The labels of a node's slots without the metric's name.
    pub fn unnamed(&self, node: usize) -> Vec<Labels> {
        let mut labels = self.labels(node).to_vec();
        labels.iter_mut().for_each(Labels::drop_metadata);
        labels
    }

    pub fn map(&mut self, input: usize, function: MapFunction) -> usize {
        let labels = self.unnamed(input);
        self.node(VectorKind::Map { input, function }, labels)
    }

    /// Resolves a selector over a window of `length` milliseconds.
    pub fn selector(
        &mut self,
        selector: &VectorSelector,
        length: i64,
    ) -> Compiled<(usize, Vec<Labels>)> {
        let matchers = selector
            .matchers
            .iter()
            .map(|matcher| Ok((matcher.name.as_str(), CompiledMatcher::new(matcher)?)))
            .collect::<Result<Vec<_>, String>>()
            .map_err(EvalError::InvalidMatcher)?;
        let found: Vec<&SeriesDescriptor> = self
            .universe
            .series
            .iter()
            .filter(|series| {
                matchers
                    .iter()
                    .all(|(name, matcher)| matcher.matches(series.labels.get(name)))
            })
            .collect();
        let window = self.window(WindowShape {
            context: self.context,
            shift: shift(&selector.at),
            length,
        });
        let mut by_target: BTreeMap<TargetId, Vec<u32>> = BTreeMap::new();
        let mut stretches: Vec<Stretch> = Vec::new();
        for (slot, series) in (0..).zip(&found) {
            by_target
                .entry(series.target)
                .or_default()
                .push(series.column);
            if let Some(stretch) = stretches.last_mut()
                && stretch.target == series.target.0
            {
                stretch.push(series.column);
                continue;
            }
            let next = index(self.geometries.len());
            let mut stretch = Stretch {
                target: series.target.0,
                geometry: *self
                    .geometries
                    .entry((window, series.target))
                    .or_insert(next),
                first_slot: slot,
                columns: Vec::new(),
                set: Some(0),
            };
            stretch.push(series.column);
            stretches.push(stretch);
        }
        for columns in by_target.values_mut() {
            columns.sort_unstable();
        }
        self.program.selectors.push(Selector {
            window,
            stretches,
            by_target: by_target.into_iter().collect(),
        });
        let labels = found.iter().map(|series| series.labels.clone()).collect();
        Ok((self.program.selectors.len() - 1, labels))
    }

    fn window(&mut self, shape: WindowShape) -> usize {
        let windows = &mut self.program.windows;
        if let Some(known) = windows.iter().position(|window| *window == shape) {
            return known;
        }
        windows.push(shape);
        windows.len() - 1
    }

    /// A range selector or subquery, and the labels of its series.
    pub fn window_source(&mut self, expr: &Expr) -> Compiled<(WindowSource, Vec<Labels>)> {
        match &unwrapped(expr).kind {
            ExprKind::MatrixSelector {
                selector, range, ..
            } => {
                let (selector, labels) = self.selector(selector, range.millis)?;
                Ok((WindowSource::Selector(selector), labels))
            }
            ExprKind::Subquery {
                expr: inner,
                range,
                step,
                at,
            } => {
                let step = step
                    .as_ref()
                    .map_or(self.settings.subquery_default_step_ms, |step| step.millis)
                    .max(1);
                self.subquery(expr, inner, shift(at), range.millis, step)
            }
            _ => Err(refuse("this expression as a range vector", expr)),
        }
    }

    fn subquery(
        &mut self,
        expr: &Expr,
        inner: &Expr,
        shift: Shift,
        range: i64,
        step: i64,
    ) -> Compiled<(WindowSource, Vec<Labels>)> {
        let parent = self.context;
        self.program.contexts.push(Context::Subquery {
            parent,
            shift,
            range,
            step,
        });
        self.context = self.program.contexts.len() - 1;
        let context = self.context;
        let input = self.vector(inner)?;
        self.context = parent;
        let labels = self.labels(input).to_vec();
        let max_steps = usize::try_from(range / step + 1).unwrap_or(usize::MAX);
        if max_steps.saturating_mul(labels.len().max(1)) > TABLE_LIMIT {
            return Err(refuse("a subquery with that many steps", expr));
        }
        self.program.subqueries.push(Subquery {
            input,
            shift,
            range,
            step,
            context,
            max_steps,
        });
        let source = WindowSource::Subquery(self.program.subqueries.len() - 1);
        Ok((source, labels))
    }

    fn aggregate(&mut self, aggregate: &Aggregate, expr: &Expr) -> Compiled<usize> {
        let direction = match aggregate.op {
            AggregateOp::CountValues => return Err(refuse("count_values", expr)),
            AggregateOp::Topk => Some(Direction::Descending),
            AggregateOp::Bottomk => Some(Direction::Ascending),
            _ => None,
        };
        let parameter = match &aggregate.param {
            Some(parameter) => {
                // The real engine moves fixed times in parameters along with the steps of a subquery, and
                // computes an aggregation of fixed series only once.
                let fixed = contains_at(parameter) || contains_at(&aggregate.expr);
                if self.context != 0 && fixed {
                    let construct = "@ in an aggregation with a parameter inside a subquery";
                    return Err(refuse(construct, expr));
                }
                Some(self.scalar(parameter)?)
            }
            None => None,
        };
        let input = self.vector(&aggregate.expr)?;
        let mut numbering = Numbering::default();
        let of_slot = self
            .labels(input)
            .iter()
            .map(|labels| {
                numbering.number(if aggregate.without {
                    labels.without(&aggregate.grouping)
                } else {
                    labels.only(&aggregate.grouping)
                })
            })
            .collect();
        let groups = Groups::new(of_slot, numbering.labels.len());
        if let (Some(direction), Some(parameter)) = (direction, parameter) {
            let labels = self.labels(input).to_vec();
            let kind = VectorKind::Best {
                input,
                direction,
                parameter,
                groups,
            };
            return Ok(self.node(kind, labels));
        }
        let kind = match self
            .rates_of(input)
            .filter(|_| aggregate.op == AggregateOp::Sum)
        {
            Some((selector, function)) => VectorKind::SumOfRates {
                selector,
                function,
                groups,
            },
            None => VectorKind::Aggregate {
                input,
                op: aggregate.op,
                parameter,
                groups,
            },
        };
        Ok(self.node(kind, numbering.labels))
    }
}

impl Compiler<'_> {
    /// The selector of which a node gives the rates (or increases, or deltas), if each series has its own slot.
    fn rates_of(&self, node: usize) -> Option<(usize, RateFunction)> {
        let node = &self.program.vectors[node];
        match node.kind {
            VectorKind::Window {
                function: WindowFunction::Extrapolated(function),
                source: WindowSource::Selector(selector),
                ..
            } if node.merge.is_none() => Some((selector, function)),
            _ => None,
        }
    }
}

fn shift(at: &TimeShift) -> Shift {
    Shift {
        at: at.at,
        offset: at.offset.as_ref().map_or(0, |offset| offset.millis),
    }
}

/// Whether `@` occurs anywhere in an expression.
fn contains_at(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::VectorSelector(selector) | ExprKind::MatrixSelector { selector, .. } => {
            selector.at.at.is_some()
        }
        ExprKind::Subquery { expr, at, .. } => at.at.is_some() || contains_at(expr),
        ExprKind::Paren(inner) | ExprKind::Unary { expr: inner, .. } => contains_at(inner),
        ExprKind::Binary(binary) => contains_at(&binary.left) || contains_at(&binary.right),
        ExprKind::Aggregate(aggregate) => {
            contains_at(&aggregate.expr) || aggregate.param.as_ref().is_some_and(contains_at)
        }
        ExprKind::Call { args, .. } => args.iter().any(contains_at),
        ExprKind::Number(_) | ExprKind::Duration(_) | ExprKind::String(_) => false,
    }
}
