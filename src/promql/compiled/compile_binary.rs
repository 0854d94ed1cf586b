//! Binary operators, resolved: who can meet whom, and what the results are called.

use super::compile::{Compiled, Compiler, Numbering, TABLE_LIMIT, index, refuse};
use super::nodes::{Match, VectorKind};
use crate::promql::ast::{Binary, BinaryOp, Cardinality, Expr, ValueType, VectorMatching};
use crate::promql::labels::Labels;
use crate::promql::plain::Side;
use crate::promql::plain::binary::{match_labels, result_labels};

impl Compiler<'_> {
    pub(super) fn binary(&mut self, binary: &Binary, expr: &Expr) -> Compiled<usize> {
        let keeps_name = binary.op.is_comparison() && !binary.return_bool;
        let (left_type, right_type) = (binary.left.value_type(), binary.right.value_type());
        let vector_side = match (left_type, right_type) {
            (ValueType::Scalar, _) => Side::Right,
            (_, ValueType::Scalar) => Side::Left,
            _ => return self.vectors(binary, expr, keeps_name),
        };
        let (vector, number) = match vector_side {
            Side::Left => (&binary.left, &binary.right),
            Side::Right => (&binary.right, &binary.left),
        };
        let scalar = self.scalar(number)?;
        let input = self.vector(vector)?;
        let labels = if keeps_name {
            self.labels(input).to_vec()
        } else {
            self.unnamed(input)
        };
        let kind = VectorKind::WithScalar {
            input,
            scalar,
            op: binary.op,
            vector_side,
            return_bool: binary.return_bool,
        };
        Ok(self.node(kind, labels))
    }

    fn vectors(&mut self, binary: &Binary, expr: &Expr, keeps_name: bool) -> Compiled<usize> {
        let default = VectorMatching {
            card: Cardinality::OneToOne,
            on: false,
            labels: Vec::new(),
            include: Vec::new(),
        };
        let matching = binary.matching.clone().unwrap_or(default);
        let left = self.vector(&binary.left)?;
        let right = self.vector(&binary.right)?;
        let mut keys = Numbering::default();
        let mut keys_of = |node: &[Labels]| -> Vec<u32> {
            node.iter()
                .map(|labels| keys.number(match_labels(&matching, labels)))
                .collect()
        };
        let left_keys = keys_of(self.labels(left));
        let right_keys = keys_of(self.labels(right));
        let keys = keys.labels.len();
        if binary.op.is_set() {
            return Ok(self.set(binary.op, (left, left_keys), (right, right_keys), keys));
        }
        let swapped = matching.card == Cardinality::OneToMany;
        let (many, one, many_keys, one_keys, one_side) = if swapped {
            (right, left, right_keys, left_keys, Side::Left)
        } else {
            (left, right, left_keys, right_keys, Side::Right)
        };
        let mut matched = Match {
            op: binary.op,
            return_bool: binary.return_bool,
            left,
            right,
            many,
            one,
            one_side,
            matching,
            many_keys,
            one_keys,
            keys,
            rows: Vec::new(),
            one_rank: Vec::new(),
            results: Vec::new(),
        };
        let labels = self.results(&mut matched, expr, keeps_name)?;
        Ok(self.node(VectorKind::Match(Box::new(matched)), labels))
    }

    fn set(
        &mut self,
        op: BinaryOp,
        (left, left_keys): (usize, Vec<u32>),
        (right, right_keys): (usize, Vec<u32>),
        keys: usize,
    ) -> usize {
        let mut numbering = Numbering::default();
        for labels in self.labels(left) {
            numbering.number(labels.clone());
        }
        let mut right_slots = Vec::new();
        if op == BinaryOp::Or {
            // A series of the right side can be one of the left side, but never at the same time.
            right_slots = self
                .labels(right)
                .iter()
                .map(|labels| numbering.number(labels.clone()))
                .collect();
        }
        let kind = VectorKind::Set {
            op,
            left,
            right,
            left_keys,
            right_keys,
            keys,
            right_slots,
        };
        self.node(kind, numbering.labels)
    }

    /// Fills the table of results and returns their labels by slot.
    fn results(&self, matched: &mut Match, expr: &Expr, keeps_name: bool) -> Compiled<Vec<Labels>> {
        let (many, one) = (self.labels(matched.many), self.labels(matched.one));
        let depends_on_one = !matched.matching.include.is_empty();
        let mut partners: Vec<Vec<usize>> = vec![Vec::new(); matched.keys];
        matched.one_rank = vec![0; one.len()];
        if depends_on_one {
            for (slot, &key) in matched.one_keys.iter().enumerate() {
                let partners = &mut partners[key as usize];
                matched.one_rank[slot] = index(partners.len());
                partners.push(slot);
            }
        }
        let mut numbering = Numbering::default();
        let mut key_of_result: Vec<u32> = Vec::new();
        for (labels, &key) in many.iter().zip(&matched.many_keys) {
            matched.rows.push(index(matched.results.len()));
            let none = Labels::default();
            let partners = partners[key as usize].iter().map(|&slot| &one[slot]);
            let only = (!depends_on_one).then_some(&none);
            for partner in partners.chain(only) {
                let labels = result_labels(&matched.matching, !keeps_name, labels, partner);
                let result = numbering.number(labels);
                if result as usize == key_of_result.len() {
                    key_of_result.push(key);
                }
                if key_of_result[result as usize] != key {
                    return Err(refuse("a match by the metric's name", expr));
                }
                matched.results.push(result);
            }
            if matched.results.len() > TABLE_LIMIT {
                return Err(refuse("a match with that many possible pairs", expr));
            }
        }
        Ok(numbering.labels)
    }
}
