//! Queries compiled against a fixed universe of series, for the hot loop.
//!
//! [`Program::compile`] resolves everything that depends on labels: selectors become lists of (target,
//! column), groupings and matching keys become small numbers, the labels of results become constants. What
//! is left for [`Program::evaluate`] are values: each node of the query yields a list of (slot, value) pairs
//! in the order in which Prometheus returns them, where a slot stands for one possible label set. A slot
//! that isn't in the list has no sample; NaN is a value like any other.
//!
//! After the first evaluations nothing is allocated and no text is touched. The arithmetic is that of
//! [`kernels`](super::kernels), shared with the plain evaluator. (`spec/promql.md` §12.)

mod aggregate;
mod binary;
mod compile;
mod compile_binary;
mod evaluate;
mod functions;
mod histogram;
mod nodes;
mod reads;
mod scratch;
mod window;

use thiserror::Error;

use super::ast::{At, Expr, Span};
use super::head::{Head, Universe};
use super::kernels::format_general;
use super::labels::Labels;
use super::plain::{EvalError, Side};
use super::settings::{Profile, Settings};
use nodes::{Context, Root, ScalarNode, Selector, Subquery, VectorKind, VectorNode, WindowShape};
pub use reads::Read;
pub use scratch::Scratch;

/// Why a query can't be compiled.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum CompileRefusal {
    /// Only the plain evaluator handles it.
    #[error("{construct} can't be compiled")]
    Construct {
        /// What it is.
        construct: String,
        /// Where it stands in the query.
        span: Span,
    },
    /// Prometheus answers every evaluation with this error.
    #[error(transparent)]
    AlwaysFails(#[from] EvalError),
}

/// Why an evaluation failed. Holds numbers only; [`Program::explain`] makes Prometheus' text of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RuntimeError {
    /// Two series of a result have the same labels.
    DuplicateLabelset,
    /// The "one" side of a match isn't unique.
    ManyToMany {
        /// The operator.
        node: u32,
        /// The first of the duplicates.
        first: u32,
        /// The other one.
        second: u32,
    },
    /// Several left series match one right series without `group_left`.
    ManyToOneNotExplicit,
    /// `group_left` or `group_right` gives the same labels twice.
    GroupingNotUnique,
    /// The parameter of `topk` or `bottomk` is NaN.
    ParameterNaN,
    /// The parameter of `topk` or `bottomk` is too large.
    ParameterOverflow(f64),
}

/// The result of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer<'a> {
    /// A number.
    Scalar(f64),
    /// Series with one value each, in Prometheus' order (series that selectors find: the universe's order).
    Vector {
        /// The values, as a query's `result` holds them.
        values: &'a [f64],
        /// Which label set each value belongs to: an index into [`Program::labels`].
        slots: &'a [u32],
    },
}

/// A query, resolved against a universe.
#[derive(Clone, Debug)]
pub struct Program {
    vectors: Vec<VectorNode>,
    scalars: Vec<ScalarNode>,
    selectors: Vec<Selector>,
    subqueries: Vec<Subquery>,
    windows: Vec<WindowShape>,
    contexts: Vec<Context>,
    geometries: usize,
    root: Root,
    profile: Profile,
}

impl Program {
    /// Compiles a query. Selectors return series in the universe's order.
    ///
    /// What depends on labels alone is decided here. Refuses what has no static labels (`count_values`), no
    /// numeric result, or quirks of the real engine that only the plain evaluator copies.
    pub fn compile(
        expr: &Expr,
        universe: &Universe,
        settings: &Settings,
    ) -> Result<Self, CompileRefusal> {
        compile::compile(expr, universe, settings)
    }

    /// The label sets that a vector result can have, by slot; empty for a scalar.
    pub fn labels(&self) -> &[Labels] {
        match self.root {
            Root::Vector(node) => &self.vectors[node].labels,
            Root::Scalar(_) => &[],
        }
    }

    /// Whether the answer is a number and not a vector.
    pub fn is_scalar(&self) -> bool {
        matches!(self.root, Root::Scalar(_))
    }

    /// Whether `@ start()` or `@ end()` occurs. [`Program::evaluate`] takes its time for both, as an instant
    /// query does; a range query must evaluate such a program otherwise.
    pub fn depends_on_query_bounds(&self) -> bool {
        let of_contexts = self.contexts.iter().filter_map(|context| match context {
            Context::Query => None,
            Context::Subquery { shift, .. } => Some(shift),
        });
        self.windows
            .iter()
            .map(|window| &window.shift)
            .chain(of_contexts)
            .any(|shift| matches!(shift.at, Some(At::Start | At::End)))
    }

    /// The series, by target, that the query reads when it is evaluated at `time` (milliseconds).
    ///
    /// The head must hold every sample in these intervals; samples outside of them don't matter. The
    /// intervals of different selectors may overlap.
    pub fn reads(&self, time: i64) -> impl Iterator<Item = Read<'_>> {
        reads::reads(self, time, reads::Steps::Aligned)
    }

    /// As [`reads`](Self::reads), but wide enough that the same intervals relative to another time hold there
    /// too: steps of subqueries lie on multiples of their distance, and so now nearer, now farther.
    pub fn widest_reads(&self, time: i64) -> impl Iterator<Item = Read<'_>> {
        reads::reads(self, time, reads::Steps::Anywhere)
    }

    /// Memory for evaluations of this program. One scratch serves one thread, one evaluation after the other.
    pub fn scratch(&self) -> Scratch {
        Scratch::for_program(self)
    }

    /// Evaluates the query at `time` (milliseconds).
    ///
    /// The head must contain a target for every one of the universe, and `scratch` must come from this
    /// program. Allocates only while buffers grow to their final size.
    pub fn evaluate<'a>(
        &self,
        head: &Head,
        time: i64,
        scratch: &'a mut Scratch,
    ) -> Result<Answer<'a>, RuntimeError> {
        evaluate::evaluate(self, head, time, scratch)
    }

    /// Prometheus' error for a failure of this program.
    pub fn explain(&self, error: RuntimeError) -> EvalError {
        match error {
            RuntimeError::DuplicateLabelset => EvalError::DuplicateLabelset,
            RuntimeError::ManyToMany {
                node,
                first,
                second,
            } => self.explain_many_to_many(node as usize, first, second),
            RuntimeError::ManyToOneNotExplicit => EvalError::ManyToOneNotExplicit,
            RuntimeError::GroupingNotUnique => EvalError::GroupingNotUnique,
            RuntimeError::ParameterNaN => EvalError::ParameterNaN,
            RuntimeError::ParameterOverflow(value) => EvalError::ParameterOverflow(value),
        }
    }

    fn explain_many_to_many(&self, node: usize, first: u32, second: u32) -> EvalError {
        let VectorKind::Match(matched) = &self.vectors[node].kind else {
            return EvalError::DuplicateLabelset;
        };
        let labels = &self.vectors[matched.one].labels;
        let group = matched.group_labels(&labels[second as usize]);
        let mut names = [first, second].map(|slot| labels[slot as usize].to_string());
        names.sort();
        let [first, second] = names;
        EvalError::ManyToMany {
            group,
            side: matched.one_side,
            first,
            second,
        }
    }
}

impl std::fmt::Display for RuntimeError {
    /// The kind of failure; [`Program::explain`] gives the whole text.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RuntimeError::ManyToMany { .. } => f.write_str("many-to-many matching not allowed"),
            RuntimeError::DuplicateLabelset => EvalError::DuplicateLabelset.fmt(f),
            RuntimeError::ManyToOneNotExplicit => EvalError::ManyToOneNotExplicit.fmt(f),
            RuntimeError::GroupingNotUnique => EvalError::GroupingNotUnique.fmt(f),
            RuntimeError::ParameterNaN => EvalError::ParameterNaN.fmt(f),
            RuntimeError::ParameterOverflow(value) => {
                write!(f, "Scalar value {} overflows int64", format_general(*value))
            }
        }
    }
}

impl std::error::Error for RuntimeError {}
