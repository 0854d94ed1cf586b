//! Aggregations of one evaluation.

use super::RuntimeError;
use super::evaluate::Evaluated;
use super::nodes::Groups;
use super::scratch::{GroupBuffer, Register};
use crate::promql::ast::AggregateOp;
use crate::promql::kernels::{KahanSum, Mean, Spread, larger, quantile, smaller};
use crate::promql::plain::go_sort::{BestOf, Direction};

/// From here on a number doesn't fit into 64 bits (the largest float below 2^63 counts already).
const INT64_MAX: f64 = 9_223_372_036_854_774_784.0;

/// Sorts the samples into their groups; groups are listed in order of their first members.
fn collect(input: &Register, groups: &Groups, buffer: &mut GroupBuffer) {
    buffer.counts.fill(0);
    buffer.order.clear();
    for (slot, value) in input.iter() {
        let group = groups.of_slot[slot as usize];
        let count = &mut buffer.counts[group as usize];
        if *count == 0 {
            buffer.order.push(group);
        }
        let place = (groups.starts[group as usize] + *count) as usize;
        buffer.values[place] = value;
        buffer.slots[place] = slot;
        *count += 1;
    }
}

/// The places of a group's members in the buffer.
fn members(groups: &Groups, buffer: &GroupBuffer, group: u32) -> std::ops::Range<usize> {
    let start = groups.starts[group as usize] as usize;
    start..start + buffer.counts[group as usize] as usize
}

/// Aggregations with one result per group.
pub(super) fn reduce(
    op: AggregateOp,
    parameter: f64,
    (input, groups): (&Register, &Groups),
    buffer: &mut GroupBuffer,
    scratch: &mut Vec<f64>,
    output: &mut Register,
) {
    collect(input, groups, buffer);
    for &group in &buffer.order {
        let values = &buffer.values[members(groups, buffer, group)];
        if let Some(value) = reduced(op, parameter, values, scratch) {
            output.push(group, value);
        }
    }
}

fn reduced(op: AggregateOp, parameter: f64, values: &[f64], scratch: &mut Vec<f64>) -> Option<f64> {
    match op {
        AggregateOp::Sum => {
            let mut sum = KahanSum::default();
            for &value in values {
                sum.add(value);
            }
            Some(sum.total())
        }
        AggregateOp::Avg => {
            let mut mean = Mean::default();
            for &value in values {
                mean.add(value);
            }
            Some(mean.mean())
        }
        AggregateOp::Min => values.iter().copied().reduce(smaller),
        AggregateOp::Max => values.iter().copied().reduce(larger),
        AggregateOp::Count => Some(values.len() as f64),
        AggregateOp::Group => Some(1.0),
        AggregateOp::Stddev => Some(spread(values).deviation()),
        AggregateOp::Stdvar => Some(spread(values).variance()),
        AggregateOp::Quantile => {
            scratch.clear();
            scratch.extend_from_slice(values);
            Some(quantile(parameter, scratch))
        }
        AggregateOp::Topk | AggregateOp::Bottomk | AggregateOp::CountValues => None,
    }
}

fn spread(values: &[f64]) -> Spread {
    let mut spread = Spread::default();
    for &value in values {
        spread.add(value);
    }
    spread
}

/// `topk` and `bottomk`.
pub(super) fn best(
    direction: Direction,
    parameter: f64,
    (input, groups): (&Register, &Groups),
    buffer: &mut GroupBuffer,
    heap: &mut Vec<(usize, f64)>,
    output: &mut Register,
) -> Evaluated<()> {
    if parameter.is_nan() {
        return Err(RuntimeError::ParameterNaN);
    }
    if parameter < 1.0 {
        return Ok(());
    }
    if parameter >= INT64_MAX {
        return Err(RuntimeError::ParameterOverflow(parameter));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at least 1 and at most the number of samples"
    )]
    let limit = parameter.min(input.slots.len() as f64) as usize;
    if limit == 0 {
        return Ok(());
    }
    collect(input, groups, buffer);
    for &group in &buffer.order {
        let mut best = BestOf::in_memory(direction, limit, std::mem::take(heap));
        for place in members(groups, buffer, group) {
            best.offer((buffer.slots[place] as usize, buffer.values[place]));
        }
        *heap = best.into_sorted();
        push_all(heap, output);
    }
    Ok(())
}

/// Appends ranked (slot, value) pairs to a result.
pub(super) fn push_all(ranked: &[(usize, f64)], output: &mut Register) {
    for &(slot, value) in ranked {
        #[expect(clippy::cast_possible_truncation, reason = "slots are 32-bit numbers")]
        output.push(slot as u32, value);
    }
}
