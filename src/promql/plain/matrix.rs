//! Intermediate values: rows of labels with their points, and the steps they lie on.

use std::collections::BTreeMap;

use super::EvalError;
use crate::promql::labels::Labels;

/// The evaluation times of a query or subquery, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Steps {
    pub start: i64,
    pub end: i64,
    interval: i64,
}

impl Steps {
    pub fn new(start: i64, end: i64, interval: i64) -> Self {
        Self {
            start,
            end,
            interval: interval.max(1),
        }
    }

    pub fn once(time: i64) -> Self {
        Self::new(time, time, 1)
    }

    pub fn count(self) -> u64 {
        if self.end < self.start {
            return 0;
        }
        self.end.abs_diff(self.start) / self.interval.unsigned_abs() + 1
    }

    pub fn is_single(self) -> bool {
        self.start == self.end
    }

    /// The last time that is reached, which may lie before `end`.
    pub fn last(self) -> i64 {
        let length = self.end.saturating_sub(self.start).max(0);
        self.start + length / self.interval * self.interval
    }

    pub fn iter(self) -> impl Iterator<Item = i64> {
        self.within(self.start, self.end)
    }

    /// The steps in `[from, to]`.
    pub fn within(self, from: i64, to: i64) -> impl Iterator<Item = i64> {
        let to = to.min(self.end);
        let skipped = from.saturating_sub(self.start).max(0);
        let whole = skipped / self.interval + i64::from(skipped % self.interval != 0);
        let first = whole
            .checked_mul(self.interval)
            .and_then(|distance| self.start.checked_add(distance));
        std::iter::successors(first, move |time| time.checked_add(self.interval))
            .take_while(move |time| *time <= to)
    }

    /// The number of a step.
    pub fn index_of(self, time: i64) -> usize {
        usize::try_from(time.saturating_sub(self.start) / self.interval).unwrap_or(0)
    }
}

/// A series of results: at most one point per step, in order of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    pub labels: Labels,
    /// The metric's name goes at the end of the evaluation (only where removal is delayed).
    pub drop_name: bool,
    pub points: Vec<(i64, f64)>,
}

impl Row {
    pub fn map_values(mut self, function: impl Fn(f64) -> f64) -> Self {
        for point in &mut self.points {
            point.1 = function(point.1);
        }
        self
    }
}

/// Repeats rows of one step at all steps.
pub(super) fn repeat(mut rows: Vec<Row>, steps: Steps) -> Vec<Row> {
    for row in &mut rows {
        let Some(&(_, value)) = row.points.first() else {
            continue;
        };
        row.points = steps.iter().map(|time| (time, value)).collect();
    }
    rows
}

/// Joins rows of the same labels; fails where two have a point at the same time.
pub(super) fn merge_same_labels(rows: Vec<Row>) -> Result<Vec<Row>, EvalError> {
    let mut merged: Vec<Row> = Vec::with_capacity(rows.len());
    let mut index_of: BTreeMap<Labels, usize> = BTreeMap::new();
    for row in rows {
        if let Some(&index) = index_of.get(&row.labels) {
            merged[index].points.extend(row.points);
        } else {
            index_of.insert(row.labels.clone(), merged.len());
            merged.push(row);
        }
    }
    for row in &mut merged {
        row.points.sort_by_key(|point| point.0);
        if row.points.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(EvalError::DuplicateLabelset);
        }
    }
    Ok(merged)
}

/// Fails if two rows have the same labels, even at different times.
pub(super) fn refuse_same_labels(rows: &[Row]) -> Result<(), EvalError> {
    let mut labels: Vec<&Labels> = rows.iter().map(|row| &row.labels).collect();
    labels.sort();
    if labels.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(EvalError::DuplicateLabelset);
    }
    Ok(())
}

/// A sample of a step: the number of its row, and the value.
pub(super) type Cell = (usize, f64);

/// Walks over rows step by step.
pub(super) struct StepCursor<'a> {
    rows: &'a [Row],
    next: Vec<usize>,
}

impl<'a> StepCursor<'a> {
    pub fn new(rows: &'a [Row]) -> Self {
        Self {
            rows,
            next: vec![0; rows.len()],
        }
    }

    /// The samples at `time`, in order of the rows. Times must not decrease from call to call.
    pub fn at(&mut self, time: i64) -> Vec<Cell> {
        let mut cells = Vec::new();
        for (index, (row, next)) in self.rows.iter().zip(&mut self.next).enumerate() {
            if let Some(&(_, value)) = row.points.get(*next).filter(|point| point.0 == time) {
                cells.push((index, value));
                *next += 1;
            }
        }
        cells
    }
}

/// Collects results that come step by step into rows.
pub(super) struct Collector {
    rows: Vec<Row>,
    index_of: BTreeMap<Labels, usize>,
    /// One step with delayed removal of names: duplicates wait for the end.
    keeps_duplicates: bool,
}

impl Collector {
    pub fn new(steps: Steps, delayed_name_removal: bool) -> Self {
        Self {
            rows: Vec::new(),
            index_of: BTreeMap::new(),
            keeps_duplicates: steps.is_single() && delayed_name_removal,
        }
    }

    /// Adds a result; fails if these labels already have one at this time.
    pub fn push(
        &mut self,
        labels: &Labels,
        drop_name: bool,
        time: i64,
        value: f64,
    ) -> Result<(), EvalError> {
        let known = self.index_of.get(labels).copied();
        if let Some(index) = known.filter(|_| !self.keeps_duplicates) {
            let points = &mut self.rows[index].points;
            if points.last().is_some_and(|point| point.0 == time) {
                return Err(EvalError::DuplicateLabelset);
            }
            points.push((time, value));
            return Ok(());
        }
        self.index_of.insert(labels.clone(), self.rows.len());
        self.rows.push(Row {
            labels: labels.clone(),
            drop_name,
            points: vec![(time, value)],
        });
        Ok(())
    }

    pub fn finish(self) -> Vec<Row> {
        self.rows
    }
}
