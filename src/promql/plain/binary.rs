//! Binary operators.
//!
//! `spec/promql.md` §7; Prometheus 3.14 promql/engine.go `VectorBinop`, `VectorscalarBinop`, `VectorAnd`,
//! `VectorOr`, `VectorUnless`, `resultMetric`.

use std::collections::{BTreeMap, BTreeSet};

use super::matrix::{Cell, Row, StepCursor};
use super::{EvalError, Evaluator, Side};
use crate::promql::ast::{Binary, BinaryOp, Cardinality, ValueType, VectorMatching};
use crate::promql::kernels::{atan2, modulo, power};
use crate::promql::labels::Labels;

/// What an operator makes of two numbers: the result, and whether a comparison holds.
#[expect(clippy::float_cmp, reason = "PromQL compares exactly")]
pub(in crate::promql) fn apply(op: BinaryOp, left: f64, right: f64) -> (f64, bool) {
    match op {
        BinaryOp::Add => (left + right, true),
        BinaryOp::Sub => (left - right, true),
        BinaryOp::Mul => (left * right, true),
        BinaryOp::Div => (left / right, true),
        BinaryOp::Mod => (modulo(left, right), true),
        BinaryOp::Pow => (power(left, right), true),
        BinaryOp::Atan2 => (atan2(left, right), true),
        BinaryOp::Equal => (left, left == right),
        BinaryOp::NotEqual => (left, left != right),
        BinaryOp::Less => (left, left < right),
        BinaryOp::LessEqual => (left, left <= right),
        BinaryOp::Greater => (left, left > right),
        BinaryOp::GreaterEqual => (left, left >= right),
        BinaryOp::Or | BinaryOp::And | BinaryOp::Unless => (left, true),
    }
}

pub(in crate::promql) fn truth(holds: bool) -> f64 {
    if holds { 1.0 } else { 0.0 }
}

impl Evaluator<'_> {
    pub(super) fn binary(&self, binary: &Binary) -> Result<Vec<Row>, EvalError> {
        let kinds = (binary.left.value_type(), binary.right.value_type());
        match kinds {
            (ValueType::Scalar, ValueType::Scalar) => self.scalar_and_scalar(binary),
            (ValueType::Scalar, _) => {
                let scalars = self.scalars(&binary.left)?;
                let vector = self.eval(&binary.right)?;
                self.vector_and_scalar(binary, vector, &scalars, Side::Right)
            }
            (_, ValueType::Scalar) => {
                let vector = self.eval(&binary.left)?;
                let scalars = self.scalars(&binary.right)?;
                self.vector_and_scalar(binary, vector, &scalars, Side::Left)
            }
            _ => {
                let (left, right) = (self.eval(&binary.left)?, self.eval(&binary.right)?);
                let default = VectorMatching {
                    card: Cardinality::OneToOne,
                    on: false,
                    labels: Vec::new(),
                    include: Vec::new(),
                };
                let matching = binary.matching.as_ref().unwrap_or(&default);
                if binary.op.is_set() {
                    self.set_operation(binary.op, matching, &left, &right)
                } else {
                    self.vector_and_vector(binary, matching, &left, &right)
                }
            }
        }
    }

    fn scalar_and_scalar(&self, binary: &Binary) -> Result<Vec<Row>, EvalError> {
        let (left, right) = (self.scalars(&binary.left)?, self.scalars(&binary.right)?);
        let points = self
            .steps
            .iter()
            .zip(left.into_iter().zip(right))
            .map(|(time, (left, right))| {
                let (value, holds) = apply(binary.op, left, right);
                let value = if binary.op.is_comparison() {
                    truth(holds)
                } else {
                    value
                };
                (time, value)
            })
            .collect();
        Ok(vec![Row {
            points,
            ..Row::default()
        }])
    }

    /// A comparison keeps the vector's value, whichever side it is on.
    fn vector_and_scalar(
        &self,
        binary: &Binary,
        vector: Vec<Row>,
        scalars: &[f64],
        vector_side: Side,
    ) -> Result<Vec<Row>, EvalError> {
        let compares = binary.op.is_comparison();
        let rows = vector
            .into_iter()
            .map(|row| {
                let row = self.map_points(row, |step, sample| {
                    let (left, right) = match vector_side {
                        Side::Left => (sample, scalars[step]),
                        Side::Right => (scalars[step], sample),
                    };
                    let (value, holds) = apply(binary.op, left, right);
                    match (binary.return_bool, compares) {
                        (true, _) => Some(truth(holds)),
                        (false, true) => holds.then_some(sample),
                        (false, false) => Some(value),
                    }
                });
                if compares && !binary.return_bool {
                    row
                } else {
                    self.without_name(row)
                }
            })
            .collect();
        self.unite(rows)
    }

    fn set_operation(
        &self,
        op: BinaryOp,
        matching: &VectorMatching,
        left: &[Row],
        right: &[Row],
    ) -> Result<Vec<Row>, EvalError> {
        let keys = Keys::of(matching, left, right);
        let mut cursors = (StepCursor::new(left), StepCursor::new(right));
        let mut collector = self.collector();
        for time in self.steps.iter() {
            let (lefts, rights) = (cursors.0.at(time), cursors.1.at(time));
            let known = |keys: &[usize], cells: &[Cell]| -> BTreeSet<usize> {
                cells.iter().map(|cell| keys[cell.0]).collect()
            };
            let (on_left, on_right) = (known(&keys.left, &lefts), known(&keys.right, &rights));
            for (row, value) in lefts {
                let matched = on_right.contains(&keys.left[row]);
                if op == BinaryOp::Or || matched == (op == BinaryOp::And) {
                    collector.push(&left[row].labels, left[row].drop_name, time, value)?;
                }
            }
            if op != BinaryOp::Or {
                continue;
            }
            for (row, value) in rights {
                if !on_left.contains(&keys.right[row]) {
                    collector.push(&right[row].labels, right[row].drop_name, time, value)?;
                }
            }
        }
        Ok(collector.finish())
    }

    fn vector_and_vector(
        &self,
        binary: &Binary,
        matching: &VectorMatching,
        left: &[Row],
        right: &[Row],
    ) -> Result<Vec<Row>, EvalError> {
        let keys = Keys::of(matching, left, right);
        // The "one" side is looked up, the other one walked over.
        let swapped = matching.card == Cardinality::OneToMany;
        let (many, one, many_keys, one_keys, one_side) = if swapped {
            (right, left, &keys.right, &keys.left, Side::Left)
        } else {
            (left, right, &keys.left, &keys.right, Side::Right)
        };
        let drops_name =
            !self.settings.delayed_name_removal && binary.return_bool || !binary.op.is_comparison();
        let mut cursors = (StepCursor::new(many), StepCursor::new(one));
        let mut collector = self.collector();
        for time in self.steps.iter() {
            let (manys, ones) = (cursors.0.at(time), cursors.1.at(time));
            if manys.is_empty() || ones.is_empty() {
                continue;
            }
            let partners = unique_partners(matching, one, one_keys, &ones, one_side)?;
            let mut seen: BTreeSet<(usize, Labels)> = BTreeSet::new();
            for (row, value) in manys {
                let key = many_keys[row];
                let Some(&(partner, other)) = partners.get(&key) else {
                    continue;
                };
                let (left, right) = if swapped {
                    (other, value)
                } else {
                    (value, other)
                };
                let (result, holds) = apply(binary.op, left, right);
                let labels = result_labels(
                    matching,
                    drops_name,
                    &many[row].labels,
                    &one[partner].labels,
                );
                refuse_second_match(matching.card, &mut seen, key, &labels)?;
                let value = if binary.return_bool {
                    truth(holds)
                } else if holds {
                    result
                } else {
                    continue;
                };
                collector.push(&labels, binary.return_bool, time, value)?;
            }
        }
        Ok(collector.finish())
    }
}

/// The matching key of every row, as a number.
struct Keys {
    left: Vec<usize>,
    right: Vec<usize>,
}

impl Keys {
    fn of(matching: &VectorMatching, left: &[Row], right: &[Row]) -> Self {
        let mut numbers: BTreeMap<Labels, usize> = BTreeMap::new();
        let mut number = |row: &Row| {
            let next = numbers.len();
            *numbers
                .entry(match_labels(matching, &row.labels))
                .or_insert(next)
        };
        Self {
            left: left.iter().map(&mut number).collect(),
            right: right.iter().map(&mut number).collect(),
        }
    }
}

/// The labels that two series must share.
pub(in crate::promql) fn match_labels(matching: &VectorMatching, labels: &Labels) -> Labels {
    if matching.on {
        labels.only(&matching.labels)
    } else {
        labels.without(&matching.labels)
    }
}

/// The samples of the "one" side by key; an error if a key occurs twice, matched or not.
fn unique_partners(
    matching: &VectorMatching,
    rows: &[Row],
    keys: &[usize],
    cells: &[Cell],
    side: Side,
) -> Result<BTreeMap<usize, Cell>, EvalError> {
    let mut partners: BTreeMap<usize, Cell> = BTreeMap::new();
    for &cell in cells {
        let Some(other) = partners.insert(keys[cell.0], cell) else {
            continue;
        };
        let labels = &rows[cell.0].labels;
        let mut names = [labels.to_string(), rows[other.0].labels.to_string()];
        names.sort();
        let [first, second] = names;
        return Err(EvalError::ManyToMany {
            group: match_labels(matching, labels),
            side,
            first,
            second,
        });
    }
    Ok(partners)
}

/// Matches are counted before a comparison filters them.
fn refuse_second_match(
    card: Cardinality,
    seen: &mut BTreeSet<(usize, Labels)>,
    key: usize,
    labels: &Labels,
) -> Result<(), EvalError> {
    let (entry, error) = if card == Cardinality::OneToOne {
        ((key, Labels::default()), EvalError::ManyToOneNotExplicit)
    } else {
        ((key, labels.clone()), EvalError::GroupingNotUnique)
    };
    if seen.insert(entry) {
        Ok(())
    } else {
        Err(error)
    }
}

pub(in crate::promql) fn result_labels(
    matching: &VectorMatching,
    drops_name: bool,
    many: &Labels,
    one: &Labels,
) -> Labels {
    let mut labels = many.clone();
    if drops_name {
        labels.drop_metadata();
    }
    if matching.card == Cardinality::OneToOne {
        let named = |name: &str| matching.labels.iter().any(|label| label == name);
        labels.retain(|name| named(name) == matching.on);
    }
    for name in &matching.include {
        labels.set(name, one.get(name));
    }
    labels
}
