//! The nodes of a compiled query. All references are indices into the program's tables.

use super::{Labels, Side};
use crate::promql::ast::{AggregateOp, At, BinaryOp, Cardinality, VectorMatching};
use crate::promql::head::{ColumnSet, TargetId};
use crate::promql::kernels::{DateFunction, ElementaryFunction, RateFunction, WindowFunction};
use crate::promql::plain::binary::match_labels;
use crate::promql::plain::go_sort::Direction;

/// What the query yields.
#[derive(Clone, Copy, Debug)]
pub(super) enum Root {
    Scalar(usize),
    Vector(usize),
}

/// A node that yields a number.
#[derive(Clone, Debug)]
pub(super) enum ScalarNode {
    Constant(f64),
    /// `time()`.
    Time,
    /// `scalar(vector)`.
    OfVector(usize),
    Negated(usize),
    Binary {
        op: BinaryOp,
        left: usize,
        right: usize,
    },
}

/// A node that yields an instant vector.
#[derive(Clone, Debug)]
pub(super) struct VectorNode {
    pub kind: VectorKind,
    /// The possible label sets, by slot.
    pub labels: Vec<Labels>,
    /// The slot that each computed sample ends up in, where several share one; `None` if each has its own.
    pub merge: Option<Vec<u32>>,
    /// The query itself or the subquery in which the node is evaluated.
    pub context: usize,
}

#[derive(Clone, Debug)]
pub(super) enum VectorKind {
    /// An instant selector; `timestamp` of one reads the samples' times.
    Select {
        selector: usize,
        times: bool,
    },
    /// A function of windows.
    Window {
        function: WindowFunction,
        source: WindowSource,
        parameter: Option<usize>,
    },
    /// `absent_over_time`.
    AbsentOverTime(WindowSource),
    /// `absent`.
    Absent(usize),
    /// `vector`.
    OfScalar(usize),
    /// A date function of the evaluation time.
    DateOfEvaluation(DateFunction),
    /// A function of each sample.
    Map {
        input: usize,
        function: MapFunction,
    },
    Aggregate {
        input: usize,
        op: AggregateOp,
        parameter: Option<usize>,
        groups: Groups,
    },
    /// `sum(rate(…))`, which most queries have, in one go.
    SumOfRates {
        selector: usize,
        function: RateFunction,
        groups: Groups,
    },
    /// `topk`, `bottomk`.
    Best {
        input: usize,
        direction: Direction,
        parameter: usize,
        groups: Groups,
    },
    WithScalar {
        input: usize,
        scalar: usize,
        op: BinaryOp,
        vector_side: Side,
        return_bool: bool,
    },
    Match(Box<Match>),
    Set {
        op: BinaryOp,
        left: usize,
        right: usize,
        /// Matching key of each slot.
        left_keys: Vec<u32>,
        right_keys: Vec<u32>,
        keys: usize,
        /// Where each right slot stands in the result of `or`.
        right_slots: Vec<u32>,
    },
    Histogram {
        input: usize,
        function: HistogramFunction,
        histograms: Histograms,
    },
    /// `label_replace`, `label_join`: only labels change.
    Relabelled(usize),
    Sorted {
        input: usize,
        direction: Direction,
    },
}

/// A function of one sample. Parameters are scalar nodes.
#[derive(Clone, Copy, Debug)]
pub(super) enum MapFunction {
    Elementary(ElementaryFunction),
    Date(DateFunction),
    Negate,
    /// `timestamp` of anything but a selector.
    EvaluationTime,
    Clamp {
        low: Option<usize>,
        high: Option<usize>,
    },
    Round {
        nearest: Option<usize>,
    },
}

/// Parameters are scalar nodes.
#[derive(Clone, Copy, Debug)]
pub(super) enum HistogramFunction {
    Quantile(usize),
    Fraction { lower: usize, upper: usize },
}

/// Where a range function finds its samples.
#[derive(Clone, Copy, Debug)]
pub(super) enum WindowSource {
    Selector(usize),
    Subquery(usize),
}

/// A partition of a node's slots.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    /// The group of each slot.
    pub of_slot: Vec<u32>,
    /// Where each group's members start in a buffer that holds all members, and the end.
    pub starts: Vec<u32>,
}

impl Groups {
    pub fn new(of_slot: Vec<u32>, count: usize) -> Self {
        let mut starts = vec![0; count + 1];
        for &group in &of_slot {
            starts[group as usize + 1] += 1;
        }
        for group in 0..count {
            starts[group + 1] += starts[group];
        }
        Self { of_slot, starts }
    }

    pub fn count(&self) -> usize {
        self.starts.len() - 1
    }
}

/// The buckets of a node's slots, grouped by histogram.
#[derive(Clone, Debug)]
pub(super) struct Histograms {
    /// The place of each slot's bucket in a buffer that holds all buckets, histogram by histogram in order of
    /// labels, each sorted by bound; `None` without a bound.
    pub place: Vec<Option<u32>>,
    /// The bound at each place.
    pub bounds: Vec<f64>,
    /// Where each histogram's buckets start, and the end.
    pub starts: Vec<u32>,
}

/// An arithmetic operator or comparison of two vectors.
#[derive(Clone, Debug)]
pub(super) struct Match {
    pub op: BinaryOp,
    pub return_bool: bool,
    pub left: usize,
    pub right: usize,
    /// The side that is walked over and the one that is looked up.
    pub many: usize,
    pub one: usize,
    pub one_side: Side,
    pub matching: VectorMatching,
    /// Matching key of each slot.
    pub many_keys: Vec<u32>,
    pub one_keys: Vec<u32>,
    pub keys: usize,
    /// Start of each many slot's row in `results`: one result slot per possible partner.
    pub rows: Vec<u32>,
    /// Which of the possible partners of its key a one slot is; 0 where labels don't depend on it.
    pub one_rank: Vec<u32>,
    pub results: Vec<u32>,
}

impl Match {
    pub fn is_one_to_one(&self) -> bool {
        self.matching.card == Cardinality::OneToOne
    }

    pub fn group_labels(&self, labels: &Labels) -> Labels {
        match_labels(&self.matching, labels)
    }
}

/// What `offset` and `@` make of an evaluation time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shift {
    pub at: Option<At>,
    pub offset: i64,
}

impl Shift {
    /// The time a selector or subquery looks at; `query` is the time of the whole query.
    pub fn reference(self, time: i64, query: i64) -> i64 {
        let base = match self.at {
            None => time,
            Some(At::Millis(at)) => at,
            Some(At::Start | At::End) => query,
        };
        base.saturating_sub(self.offset)
    }
}

/// A window that selectors share: where it lies relative to the evaluation time of its context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WindowShape {
    pub context: usize,
    pub shift: Shift,
    pub length: i64,
}

/// A selector, resolved.
#[derive(Clone, Debug)]
pub(super) struct Selector {
    pub window: usize,
    pub stretches: Vec<Stretch>,
    /// The same columns by target, for the caller that draws samples.
    pub by_target: Vec<(TargetId, Vec<u32>)>,
}

/// Neighbouring series of a selector that one target exports.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    pub target: u32,
    /// How the window covers the target: an index into the scratch.
    pub geometry: u32,
    /// The slot of the first series; the others follow.
    pub first_slot: u32,
    /// The places of the series in the target's rows.
    pub columns: Vec<u32>,
    /// The same as a set; none if some place is beyond it.
    pub set: Option<ColumnSet>,
}

impl Stretch {
    /// Adds the next series.
    pub fn push(&mut self, column: u32) {
        self.columns.push(column);
        let bit = (1 as ColumnSet).checked_shl(column);
        self.set = self.set.zip(bit).map(|(set, bit)| set | bit);
    }

    /// Slots and columns.
    pub fn series(&self) -> impl Iterator<Item = (u32, usize)> {
        (self.first_slot..).zip(self.columns.iter().map(|&column| column as usize))
    }
}

/// A subquery. Its steps are evaluated in a context of their own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subquery {
    pub input: usize,
    pub shift: Shift,
    pub range: i64,
    pub step: i64,
    /// The context of the inner expression.
    pub context: usize,
    /// How many steps can fall into the range.
    pub max_steps: usize,
}

/// A sequence of evaluation times: the query's single one, or those of a subquery.
#[derive(Clone, Copy, Debug)]
pub(super) enum Context {
    Query,
    Subquery {
        parent: usize,
        shift: Shift,
        range: i64,
        step: i64,
    },
}

/// First step of a subquery at `reference`: the multiples of `step` inside the range.
pub(super) fn first_step(reference: i64, range: i64, step: i64, includes_edge: bool) -> i64 {
    let oldest = reference.saturating_sub(range);
    // Division truncates towards zero, also for times before 1970.
    let first = oldest / step * step;
    if first < oldest || first == oldest && !includes_edge {
        return first.saturating_add(step);
    }
    first
}
