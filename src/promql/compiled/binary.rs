//! Binary operators at one evaluation.

use super::RuntimeError;
use super::evaluate::{Evaluated, Output};
use super::nodes::{Match, VectorKind};
use super::scratch::{Marks, Register};
use crate::promql::ast::BinaryOp;
use crate::promql::plain::Side;
use crate::promql::plain::binary::{apply, truth};

/// A vector and a number. A comparison keeps the vector's value, whichever side it is on.
pub(super) fn with_scalar(
    (op, vector_side, return_bool): (BinaryOp, Side, bool),
    input: &Register,
    scalar: f64,
    output: &mut Output<'_>,
) -> Evaluated<()> {
    let compares = op.is_comparison();
    for (slot, sample) in input.iter() {
        let (left, right) = match vector_side {
            Side::Left => (sample, scalar),
            Side::Right => (scalar, sample),
        };
        let (value, holds) = apply(op, left, right);
        if return_bool {
            output.push(slot, truth(holds))?;
        } else if !compares {
            output.push(slot, value)?;
        } else if holds {
            output.push(slot, sample)?;
        }
    }
    Ok(())
}

/// Arithmetic or a comparison of two vectors.
pub(super) fn match_vectors(
    (node, matched): (usize, &Match),
    registers: &[Register],
    moment: u64,
    marks: &mut Marks,
    output: &mut Register,
) -> Evaluated<()> {
    let (many, one) = (&registers[matched.many], &registers[matched.one]);
    if many.slots.is_empty() || one.slots.is_empty() {
        return Ok(());
    }
    for (index, slot) in (0_u32..).zip(&one.slots) {
        let key = matched.one_keys[*slot as usize] as usize;
        if marks.stamps[key] == moment {
            return Err(RuntimeError::ManyToMany {
                #[expect(clippy::cast_possible_truncation, reason = "queries have few nodes")]
                node: node as u32,
                first: one.slots[marks.owners[key] as usize],
                second: *slot,
            });
        }
        marks.stamps[key] = moment;
        marks.owners[key] = index;
    }
    for (slot, value) in many.iter() {
        let key = matched.many_keys[slot as usize] as usize;
        if marks.stamps[key] != moment {
            continue;
        }
        let partner = marks.owners[key] as usize;
        let other = one.values[partner];
        let (left, right) = match matched.one_side {
            Side::Left => (other, value),
            Side::Right => (value, other),
        };
        let (result, holds) = apply(matched.op, left, right);
        let rank = matched.one_rank[one.slots[partner] as usize];
        let target = matched.results[(matched.rows[slot as usize] + rank) as usize];
        refuse_second_match(matched, marks, moment, key, target)?;
        if matched.return_bool {
            output.push(target, truth(holds));
        } else if holds {
            output.push(target, result);
        }
    }
    Ok(())
}

/// Matches are counted before a comparison filters them.
fn refuse_second_match(
    matched: &Match,
    marks: &mut Marks,
    moment: u64,
    key: usize,
    target: u32,
) -> Evaluated<()> {
    let (mark, error) = if matched.is_one_to_one() {
        (key, RuntimeError::ManyToOneNotExplicit)
    } else {
        (target as usize, RuntimeError::GroupingNotUnique)
    };
    let stamp = &mut marks.others[mark];
    if *stamp == moment {
        return Err(error);
    }
    *stamp = moment;
    Ok(())
}

/// `and`, `or`, `unless`.
pub(super) fn combine_sets(
    kind: &VectorKind,
    registers: &[Register],
    moment: u64,
    marks: &mut Marks,
    output: &mut Register,
) {
    let VectorKind::Set {
        op,
        left,
        right,
        left_keys,
        right_keys,
        right_slots,
        ..
    } = kind
    else {
        return;
    };
    let (left, right) = (&registers[*left], &registers[*right]);
    if *op == BinaryOp::Or {
        for (slot, value) in left.iter() {
            marks.stamps[left_keys[slot as usize] as usize] = moment;
            output.push(slot, value);
        }
        for (slot, value) in right.iter() {
            if marks.stamps[right_keys[slot as usize] as usize] != moment {
                output.push(right_slots[slot as usize], value);
            }
        }
        return;
    }
    for slot in &right.slots {
        marks.stamps[right_keys[*slot as usize] as usize] = moment;
    }
    for (slot, value) in left.iter() {
        let found = marks.stamps[left_keys[slot as usize] as usize] == moment;
        if found == (*op == BinaryOp::And) {
            output.push(slot, value);
        }
    }
}
