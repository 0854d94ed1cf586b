//! The memory of evaluations.

use super::Program;
use super::nodes::VectorKind;
use crate::promql::head::ColumnSet;
use crate::promql::kernels::{Bucket, Coverage, KahanSum};

/// Memory that evaluations of one program use again and again.
#[derive(Clone, Debug)]
pub struct Scratch {
    pub(super) registers: Vec<Register>,
    pub(super) marks: Vec<Marks>,
    pub(super) groups: Vec<GroupBuffer>,
    pub(super) geometries: Vec<Geometry>,
    pub(super) subqueries: Vec<SubqueryBuffer>,
    pub(super) contexts: Vec<Clock>,
    /// Counts evaluation times, so that marks needn't be erased.
    pub(super) counter: u64,
    /// The time of the whole query.
    pub(super) query: i64,
    pub(super) samples: Vec<(i64, f64)>,
    pub(super) values: Vec<f64>,
    pub(super) buckets: Vec<Bucket>,
    pub(super) heap: Vec<(usize, f64)>,
}

/// The result of a vector node: present slots in order, and their values.
#[derive(Clone, Debug, Default)]
pub(super) struct Register {
    pub slots: Vec<u32>,
    pub values: Vec<f64>,
}

impl Register {
    pub fn clear(&mut self) {
        self.slots.clear();
        self.values.clear();
    }

    pub fn push(&mut self, slot: u32, value: f64) {
        self.slots.push(slot);
        self.values.push(value);
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, f64)> {
        self.slots.iter().copied().zip(self.values.iter().copied())
    }
}

/// Which slots or keys of a node have been met, and by what.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    /// The moment or run of the last meeting.
    pub stamps: Vec<u64>,
    /// Who met it.
    pub owners: Vec<u32>,
    /// A second set of stamps, for nodes that need two.
    pub others: Vec<u64>,
}

/// The members of groups at one evaluation.
#[derive(Clone, Debug, Default)]
pub(super) struct GroupBuffer {
    /// How many members each group has.
    pub counts: Vec<u32>,
    /// The groups in order of their first members.
    pub order: Vec<u32>,
    /// The members, group by group.
    pub values: Vec<f64>,
    pub slots: Vec<u32>,
    /// The sum of each group, where members aren't kept.
    pub sums: Vec<KahanSum>,
}

/// How a window covers the rows of one target.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Geometry {
    /// The moment this was computed for.
    pub moment: u64,
    /// First row inside the window, and the first behind it.
    pub from: usize,
    pub to: usize,
    /// The coverage by all these rows.
    pub coverage: Option<Coverage>,
    /// Columns with a sample in each of these rows.
    pub complete: ColumnSet,
    /// Those of them that never fall.
    pub rising: ColumnSet,
}

/// The results of a subquery's steps.
#[derive(Clone, Debug, Default)]
pub(super) struct SubqueryBuffer {
    /// Samples of each slot.
    pub counts: Vec<u32>,
    /// `slots × steps`, slot after slot.
    pub samples: Vec<(i64, f64)>,
}

/// Where a context stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    /// Unique number of the current evaluation time.
    pub moment: u64,
    /// Unique number of the current sequence of evaluation times.
    pub run: u64,
}

impl Scratch {
    pub(super) fn for_program(program: &Program) -> Self {
        let registers = program
            .vectors
            .iter()
            .map(|node| Register {
                slots: Vec::with_capacity(node.labels.len()),
                values: Vec::with_capacity(node.labels.len()),
            })
            .collect();
        let subqueries = program
            .subqueries
            .iter()
            .map(|subquery| {
                let width = program.vectors[subquery.input].labels.len();
                SubqueryBuffer {
                    counts: vec![0; width],
                    samples: vec![(0, 0.0); width * subquery.max_steps],
                }
            })
            .collect();
        Self {
            registers,
            marks: program.vectors.iter().map(marks_for).collect(),
            groups: program.vectors.iter().map(group_buffer_for).collect(),
            geometries: vec![Geometry::default(); program.geometries],
            subqueries,
            contexts: vec![Clock::default(); program.contexts.len()],
            counter: 0,
            query: 0,
            samples: Vec::new(),
            values: Vec::new(),
            buckets: Vec::new(),
            heap: Vec::new(),
        }
    }

    /// Moves a context to its next evaluation time; a new sequence of times begins with `restart`.
    pub(super) fn advance(&mut self, context: usize, restart: bool) {
        self.counter += 1;
        let clock = &mut self.contexts[context];
        clock.moment = self.counter;
        if restart {
            clock.run = self.counter;
        }
    }
}

fn marks_for(node: &super::VectorNode) -> Marks {
    let slots = node.labels.len();
    match &node.kind {
        VectorKind::Match(matched) => Marks {
            stamps: vec![0; matched.keys],
            owners: vec![0; matched.keys],
            others: vec![0; slots.max(matched.keys)],
        },
        VectorKind::Set { keys, .. } => Marks {
            stamps: vec![0; *keys],
            ..Marks::default()
        },
        _ if node.merge.is_some() => Marks {
            stamps: vec![0; slots],
            owners: vec![0; slots],
            ..Marks::default()
        },
        _ => Marks::default(),
    }
}

fn group_buffer_for(node: &super::VectorNode) -> GroupBuffer {
    match &node.kind {
        VectorKind::Aggregate { groups, .. } | VectorKind::Best { groups, .. } => GroupBuffer {
            counts: vec![0; groups.count()],
            order: Vec::with_capacity(groups.count()),
            values: vec![0.0; groups.of_slot.len()],
            slots: vec![0; groups.of_slot.len()],
            sums: Vec::new(),
        },
        VectorKind::SumOfRates { groups, .. } => GroupBuffer {
            counts: vec![0; groups.count()],
            order: Vec::with_capacity(groups.count()),
            sums: vec![KahanSum::default(); groups.count()],
            ..GroupBuffer::default()
        },
        // Presence and count of each bucket.
        VectorKind::Histogram { histograms, .. } => GroupBuffer {
            counts: vec![0; histograms.bounds.len()],
            values: vec![0.0; histograms.bounds.len()],
            ..GroupBuffer::default()
        },
        _ => GroupBuffer::default(),
    }
}
