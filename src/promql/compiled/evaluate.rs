//! Walks over the nodes of a program at one evaluation time.

use std::mem;

use super::nodes::{MapFunction, Root, ScalarNode, VectorKind, VectorNode};
use super::scratch::{Marks, Register};
use super::{Answer, Program, RuntimeError, Scratch};
use crate::promql::head::Head;
use crate::promql::kernels::{clamp, round_to_nearest, time_seconds};
use crate::promql::plain::binary::{apply, truth};
use crate::promql::plain::{Side, go_sort};

pub(super) type Evaluated<T> = Result<T, RuntimeError>;

pub(super) fn evaluate<'a>(
    program: &Program,
    head: &Head,
    time: i64,
    scratch: &'a mut Scratch,
) -> Evaluated<Answer<'a>> {
    let run = Run { program, head };
    scratch.query = time;
    scratch.advance(0, true);
    match program.root {
        Root::Scalar(node) => run.scalar(node, time, scratch).map(Answer::Scalar),
        Root::Vector(node) => {
            run.vector(node, time, scratch)?;
            let register = &scratch.registers[node];
            Ok(Answer::Vector {
                values: &register.values,
                slots: &register.slots,
            })
        }
    }
}

/// An evaluation.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    pub program: &'a Program,
    pub head: &'a Head,
}

/// A node that is evaluated at a time, its inputs being ready.
#[derive(Clone, Copy)]
pub(super) struct Job {
    pub node: usize,
    pub time: i64,
    /// The values of scalar arguments.
    pub parameters: [f64; 2],
}

/// A node's result while it is written.
pub(super) struct Output<'a> {
    pub register: &'a mut Register,
    merge: Option<&'a [u32]>,
    marks: &'a mut Marks,
    stamp: u64,
    /// Whether one input may come again under the same stamp (windows: at another step of a subquery).
    repeats: bool,
}

impl<'a> Output<'a> {
    /// The output of one evaluation time.
    fn new(
        node: &'a VectorNode,
        register: &'a mut Register,
        marks: &'a mut Marks,
        moment: u64,
    ) -> Self {
        Output {
            register,
            merge: node.merge.as_deref(),
            marks,
            stamp: moment,
            repeats: false,
        }
    }

    /// The output of a function of windows: duplicates count over all steps of a subquery.
    pub fn of_run(
        node: &'a VectorNode,
        register: &'a mut Register,
        marks: &'a mut Marks,
        run: u64,
    ) -> Self {
        Output {
            repeats: true,
            ..Output::new(node, register, marks, run)
        }
    }

    /// Adds the sample computed for `slot`.
    pub fn push(&mut self, slot: u32, value: f64) -> Evaluated<()> {
        let Some(merge) = self.merge else {
            self.register.push(slot, value);
            return Ok(());
        };
        let target = merge[slot as usize];
        let (stamp, owner) = (
            &mut self.marks.stamps[target as usize],
            &mut self.marks.owners[target as usize],
        );
        if *stamp == self.stamp && !(self.repeats && *owner == slot) {
            return Err(RuntimeError::DuplicateLabelset);
        }
        *stamp = self.stamp;
        *owner = slot;
        self.register.push(target, value);
        Ok(())
    }
}

impl<'a> Run<'a> {
    pub fn node(&self, node: usize) -> &'a VectorNode {
        &self.program.vectors[node]
    }

    pub fn scalar(&self, node: usize, time: i64, scratch: &mut Scratch) -> Evaluated<f64> {
        Ok(match self.program.scalars[node] {
            ScalarNode::Constant(value) => value,
            ScalarNode::Time => time_seconds(time),
            ScalarNode::OfVector(vector) => {
                self.vector(vector, time, scratch)?;
                match scratch.registers[vector].values.as_slice() {
                    [value] => *value,
                    _ => f64::NAN,
                }
            }
            ScalarNode::Negated(inner) => -self.scalar(inner, time, scratch)?,
            ScalarNode::Binary { op, left, right } => {
                let left = self.scalar(left, time, scratch)?;
                let right = self.scalar(right, time, scratch)?;
                let (value, holds) = apply(op, left, right);
                if op.is_comparison() {
                    truth(holds)
                } else {
                    value
                }
            }
        })
    }

    fn optional(
        &self,
        node: Option<usize>,
        default: f64,
        time: i64,
        scratch: &mut Scratch,
    ) -> Evaluated<f64> {
        node.map_or(Ok(default), |node| self.scalar(node, time, scratch))
    }

    /// Evaluates a vector node into its register.
    pub fn vector(&self, node: usize, time: i64, scratch: &mut Scratch) -> Evaluated<()> {
        let job = Job {
            node,
            time,
            parameters: self.inputs(node, time, scratch)?,
        };
        // The register is taken out, so that it can be written while others are read.
        let mut register = mem::take(&mut scratch.registers[node]);
        register.clear();
        let result = self.compute(&job, &mut register, scratch);
        scratch.registers[node] = register;
        result
    }

    /// Evaluates what a node depends on, in Prometheus' order, which decides between two errors.
    fn inputs(&self, node: usize, time: i64, scratch: &mut Scratch) -> Evaluated<[f64; 2]> {
        let mut parameters = [f64::NAN; 2];
        match self.node(node).kind {
            VectorKind::Select { .. }
            | VectorKind::DateOfEvaluation(_)
            | VectorKind::SumOfRates { .. } => {}
            VectorKind::AbsentOverTime(source) => self.prepare(source, time, scratch)?,
            VectorKind::Window {
                source, parameter, ..
            } => {
                self.prepare(source, time, scratch)?;
                parameters[0] = self.optional(parameter, f64::NAN, time, scratch)?;
            }
            VectorKind::OfScalar(parameter) => {
                parameters[0] = self.scalar(parameter, time, scratch)?;
            }
            VectorKind::Absent(input)
            | VectorKind::Relabelled(input)
            | VectorKind::Sorted { input, .. } => self.vector(input, time, scratch)?,
            VectorKind::Map { input, function } => {
                self.vector(input, time, scratch)?;
                match function {
                    MapFunction::Clamp { low, high } => {
                        parameters[0] = self.optional(low, f64::NEG_INFINITY, time, scratch)?;
                        parameters[1] = self.optional(high, f64::INFINITY, time, scratch)?;
                    }
                    MapFunction::Round { nearest } => {
                        parameters[0] = self.optional(nearest, 1.0, time, scratch)?;
                    }
                    _ => {}
                }
            }
            VectorKind::Aggregate {
                input, parameter, ..
            } => {
                parameters[0] = self.optional(parameter, f64::NAN, time, scratch)?;
                self.vector(input, time, scratch)?;
            }
            VectorKind::Best {
                input, parameter, ..
            } => {
                parameters[0] = self.scalar(parameter, time, scratch)?;
                self.vector(input, time, scratch)?;
            }
            VectorKind::WithScalar {
                input,
                scalar,
                vector_side,
                ..
            } => {
                if vector_side == Side::Left {
                    self.vector(input, time, scratch)?;
                }
                parameters[0] = self.scalar(scalar, time, scratch)?;
                if vector_side == Side::Right {
                    self.vector(input, time, scratch)?;
                }
            }
            VectorKind::Match(ref matched) => {
                self.vector(matched.left, time, scratch)?;
                self.vector(matched.right, time, scratch)?;
            }
            VectorKind::Set { left, right, .. } => {
                self.vector(left, time, scratch)?;
                self.vector(right, time, scratch)?;
            }
            VectorKind::Histogram {
                input, function, ..
            } => {
                parameters = self.histogram_parameters(function, time, scratch)?;
                self.vector(input, time, scratch)?;
            }
        }
        Ok(parameters)
    }

    fn compute(&self, job: &Job, register: &mut Register, scratch: &mut Scratch) -> Evaluated<()> {
        let context = self.node(job.node).context;
        match &self.node(job.node).kind {
            VectorKind::Window {
                function, source, ..
            } => self.window(job, *function, *source, register, scratch),
            VectorKind::AbsentOverTime(source) => {
                self.absent_over_time(*source, context, job.time, register, scratch);
                Ok(())
            }
            VectorKind::SumOfRates {
                selector,
                function,
                groups,
            } => self.sum_of_rates(job, (*selector, *function), groups, register, scratch),
            VectorKind::Aggregate { .. }
            | VectorKind::Best { .. }
            | VectorKind::Match(_)
            | VectorKind::Set { .. }
            | VectorKind::Histogram { .. } => self.combine(job, register, scratch),
            _ => self.pass_on(job, register, scratch),
        }
    }

    /// Nodes that turn samples into samples one by one.
    fn pass_on(&self, job: &Job, register: &mut Register, scratch: &mut Scratch) -> Evaluated<()> {
        let node = self.node(job.node);
        let moment = scratch.contexts[node.context].moment;
        let Scratch {
            registers,
            marks,
            geometries,
            heap,
            query,
            ..
        } = scratch;
        let mut output = Output::new(node, register, &mut marks[job.node], moment);
        match &node.kind {
            VectorKind::Select { selector, times } => {
                let selector = &self.program.selectors[*selector];
                let at = (job.time, *query);
                self.select(selector, *times, at, moment, geometries, &mut output)?;
            }
            VectorKind::Absent(input) if registers[*input].slots.is_empty() => {
                output.push(0, 1.0)?;
            }
            VectorKind::OfScalar(_) => output.push(0, job.parameters[0])?,
            VectorKind::DateOfEvaluation(function) => {
                output.push(0, function.of_millis(job.time))?;
            }
            VectorKind::Map { input, function } => {
                for (slot, value) in registers[*input].iter() {
                    if let Some(value) = mapped(*function, value, job) {
                        output.push(slot, value)?;
                    }
                }
            }
            VectorKind::Relabelled(input) => {
                for (slot, value) in registers[*input].iter() {
                    output.push(slot, value)?;
                }
            }
            VectorKind::WithScalar {
                input,
                op,
                vector_side,
                return_bool,
                ..
            } => {
                let operation = (*op, *vector_side, *return_bool);
                let scalar = job.parameters[0];
                super::binary::with_scalar(operation, &registers[*input], scalar, &mut output)?;
            }
            VectorKind::Sorted { input, direction } => {
                let input = registers[*input].iter();
                heap.clear();
                heap.extend(input.map(|(slot, value)| (slot as usize, value)));
                go_sort::sort(heap, *direction, |item| item.1);
                super::aggregate::push_all(heap, output.register);
            }
            _ => {}
        }
        Ok(())
    }

    /// Nodes whose results depend on several samples.
    fn combine(&self, job: &Job, register: &mut Register, scratch: &mut Scratch) -> Evaluated<()> {
        let node = self.node(job.node);
        let moment = scratch.contexts[node.context].moment;
        let parameter = job.parameters[0];
        let Scratch {
            registers,
            marks,
            groups: buffers,
            values,
            buckets,
            heap,
            ..
        } = scratch;
        let buffer = &mut buffers[job.node];
        let marks = &mut marks[job.node];
        match &node.kind {
            VectorKind::Aggregate {
                input, op, groups, ..
            } => {
                let input = (&registers[*input], groups);
                super::aggregate::reduce(*op, parameter, input, buffer, values, register);
            }
            VectorKind::Best {
                input,
                direction,
                groups,
                ..
            } => {
                let input = (&registers[*input], groups);
                super::aggregate::best(*direction, parameter, input, buffer, heap, register)?;
            }
            VectorKind::Match(matched) => {
                let operator = (job.node, &**matched);
                super::binary::match_vectors(operator, registers, moment, marks, register)?;
            }
            VectorKind::Set { .. } => {
                super::binary::combine_sets(&node.kind, registers, moment, marks, register);
            }
            VectorKind::Histogram {
                input,
                function,
                histograms,
            } => {
                let mut output = Output::new(node, register, marks, moment);
                let input = (&registers[*input], histograms);
                let parameters = job.parameters;
                super::histogram::histograms(
                    *function,
                    parameters,
                    input,
                    buffer,
                    buckets,
                    &mut output,
                )?;
            }
            _ => {}
        }
        Ok(())
    }
}

fn mapped(function: MapFunction, value: f64, job: &Job) -> Option<f64> {
    let [first, second] = job.parameters;
    match function {
        MapFunction::Elementary(function) => Some(function.of(value)),
        MapFunction::Date(function) => Some(function.of_seconds(value)),
        MapFunction::Negate => Some(-value),
        MapFunction::EvaluationTime => Some(time_seconds(job.time)),
        MapFunction::Clamp { .. } => {
            let empty = second < first;
            (!empty).then(|| clamp(value, first, second))
        }
        MapFunction::Round { .. } => Some(round_to_nearest(value, first)),
    }
}
