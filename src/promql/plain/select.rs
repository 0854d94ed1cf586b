//! Selectors and subqueries: from stored series to rows and windows.
//!
//! `spec/promql.md` §2; Prometheus 3.14 promql/engine.go `vectorSelectorSingle`, `matrixIterSlice`,
//! `subqueryTimeRange`.

use super::matrix::{Row, Steps};
use super::{EvalError, Evaluator, Series};
use crate::promql::ast::{At, Expr, ExprKind, TimeShift, VectorSelector};
use crate::promql::head::is_stale;
use crate::promql::kernels::{Window, time_seconds};
use crate::promql::matcher::CompiledMatcher;

/// What a function of a range vector reads.
#[derive(Clone, Copy)]
pub(super) struct RangeArgument<'a> {
    /// The selector or subquery.
    expr: &'a Expr,
    at: &'a TimeShift,
    length: i64,
}

impl<'a> RangeArgument<'a> {
    /// Reads a range selector or subquery; `None` for anything else.
    pub fn of(expr: &'a Expr) -> Option<Self> {
        let (at, range) = match &expr.kind {
            ExprKind::MatrixSelector {
                selector, range, ..
            } => (&selector.at, range),
            ExprKind::Subquery { at, range, .. } => (at, range),
            _ => return None,
        };
        Some(Self {
            expr,
            at,
            length: range.millis,
        })
    }
}

impl<'a> Evaluator<'a> {
    /// The series that satisfy a selector's matchers, in the order in which storage returns them.
    fn matching(&self, selector: &VectorSelector) -> Result<Vec<&'a Series>, EvalError> {
        let matchers = selector
            .matchers
            .iter()
            .map(|matcher| Ok((matcher.name.as_str(), CompiledMatcher::new(matcher)?)))
            .collect::<Result<Vec<_>, String>>()
            .map_err(EvalError::InvalidMatcher)?;
        let mut found: Vec<&Series> = self
            .series
            .iter()
            .filter(|series| {
                matchers
                    .iter()
                    .all(|(name, matcher)| matcher.matches(series.labels.get(name)))
            })
            .collect();
        if self.settings.profile.sorts_series() {
            found.sort_by(|a, b| a.labels.cmp(&b.labels));
        }
        Ok(found)
    }

    /// The time a selector or subquery looks at when evaluated at `time`.
    pub(super) fn reference_time(&self, shift: &TimeShift, time: i64) -> i64 {
        let base = match shift.at {
            None => time,
            Some(At::Millis(at)) if self.unpinned => {
                at.saturating_add(time.saturating_sub(self.steps.start))
            }
            Some(At::Millis(at)) => at,
            Some(At::Start | At::End) if self.unpinned => time,
            Some(At::Start) => self.query.0,
            Some(At::End) => self.query.1,
        };
        let offset = shift.offset.as_ref().map_or(0, |offset| offset.millis);
        base.saturating_sub(offset)
    }

    /// The steps at which something between `first` and `last` (milliseconds) can be seen.
    fn steps_seeing(&self, shift: &TimeShift, first: i64, last: i64) -> impl Iterator<Item = i64> {
        let moves = self.unpinned || shift.at.is_none();
        let ahead = self
            .reference_time(shift, self.steps.start)
            .saturating_sub(self.steps.start);
        let (from, to) = if moves {
            (first.saturating_sub(ahead), last.saturating_sub(ahead))
        } else {
            (self.steps.start, self.steps.end)
        };
        self.steps.within(from, to)
    }

    pub(super) fn instant_selector(
        &self,
        selector: &VectorSelector,
    ) -> Result<Vec<Row>, EvalError> {
        self.newest(selector, |sample| sample.1)
    }

    /// The seconds at which the selected samples were taken (`timestamp`).
    pub(super) fn sample_times(&self, selector: &VectorSelector) -> Result<Vec<Row>, EvalError> {
        self.newest(selector, |sample| time_seconds(sample.0))
    }

    fn newest(
        &self,
        selector: &VectorSelector,
        read: impl Fn((i64, f64)) -> f64,
    ) -> Result<Vec<Row>, EvalError> {
        let mut rows = Vec::new();
        let mut budget = self.settings.max_samples;
        for series in self.matching(selector)? {
            let points = self.newest_of(series, &selector.at, &read);
            budget = budget
                .checked_sub(points.len() as u64)
                .ok_or(EvalError::TooManySamples)?;
            if !points.is_empty() {
                rows.push(Row {
                    labels: series.labels.clone(),
                    drop_name: false,
                    points,
                });
            }
        }
        Ok(rows)
    }

    fn newest_of(
        &self,
        series: &Series,
        shift: &TimeShift,
        read: impl Fn((i64, f64)) -> f64,
    ) -> Vec<(i64, f64)> {
        let samples = &series.samples;
        let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
            return Vec::new();
        };
        let lookback = self.settings.lookback_ms;
        let last_seen = last.0.saturating_add(lookback);
        let mut passed = 0;
        let mut points = Vec::new();
        for time in self.steps_seeing(shift, first.0, last_seen) {
            let reference = self.reference_time(shift, time);
            passed += samples[passed..]
                .iter()
                .take_while(|sample| sample.0 <= reference)
                .count();
            let Some(&sample) = passed.checked_sub(1).and_then(|index| samples.get(index)) else {
                continue;
            };
            let window = Window::ending_at(reference, lookback);
            if self.is_inside(sample.0, window) && !is_stale(sample.1) {
                points.push((time, read(sample)));
            }
        }
        points
    }

    fn is_inside(&self, time: i64, window: Window) -> bool {
        let after_start = if self.settings.profile.includes_older_edge() {
            time >= window.start
        } else {
            time > window.start
        };
        after_start && time <= window.end
    }

    /// A range selector as a query's result: the samples of one window.
    pub(super) fn range_selector(
        &self,
        selector: &VectorSelector,
        length: i64,
    ) -> Result<Vec<Row>, EvalError> {
        let reference = self.reference_time(&selector.at, self.steps.start);
        let window = Window::ending_at(reference, length);
        let mut rows = Vec::new();
        for series in self.matching(selector)? {
            let points: Vec<(i64, f64)> = series
                .samples
                .iter()
                .filter(|sample| self.is_inside(sample.0, window) && !is_stale(sample.1))
                .copied()
                .collect();
            if !points.is_empty() {
                rows.push(Row {
                    labels: series.labels.clone(),
                    drop_name: false,
                    points,
                });
            }
        }
        Ok(rows)
    }

    /// The inner expression of a subquery at its own steps.
    pub(super) fn subquery(&self, expr: &Expr) -> Result<Vec<Row>, EvalError> {
        let ExprKind::Subquery {
            expr: inner,
            range,
            step,
            at,
        } = &expr.kind
        else {
            return Ok(Vec::new());
        };
        let interval = match step {
            Some(step) => step.millis,
            None => self.settings.subquery_default_step_ms,
        }
        .max(1);
        let oldest = self
            .reference_time(at, self.steps.start)
            .saturating_sub(range.millis);
        let end = self.reference_time(at, self.steps.last());
        // Division truncates towards zero, also for times before 1970.
        let mut start = oldest / interval * interval;
        let leaves_edge_out = !self.settings.profile.includes_older_edge();
        if start < oldest || leaves_edge_out && start == oldest {
            start = start.saturating_add(interval);
        }
        let evaluator = Evaluator {
            steps: Steps::new(start, end, interval),
            ..*self
        };
        evaluator.eval(inner)
    }

    /// All samples that the windows of a range argument can contain, series by series.
    pub(super) fn range_series(&self, argument: RangeArgument<'_>) -> Result<Vec<Row>, EvalError> {
        match &argument.expr.kind {
            ExprKind::MatrixSelector { selector, .. } => {
                let oldest = Window::ending_at(
                    self.reference_time(argument.at, self.steps.start),
                    argument.length,
                );
                let newest = self.reference_time(argument.at, self.steps.last());
                Ok(self
                    .matching(selector)?
                    .into_iter()
                    .map(|series| Row {
                        labels: series.labels.clone(),
                        drop_name: false,
                        points: series
                            .samples
                            .iter()
                            .filter(|sample| {
                                (oldest.start..=newest).contains(&sample.0) && !is_stale(sample.1)
                            })
                            .copied()
                            .collect(),
                    })
                    .collect())
            }
            _ => self.subquery(argument.expr),
        }
    }

    /// Calls `function` with every window of `points` that isn't empty: the step, the window and its samples.
    pub(super) fn for_each_window(
        &self,
        argument: RangeArgument<'_>,
        points: &[(i64, f64)],
        mut function: impl FnMut(i64, Window, &[(i64, f64)]),
    ) {
        let (Some(first), Some(last)) = (points.first(), points.last()) else {
            return;
        };
        let last_seen = last.0.saturating_add(argument.length);
        let (mut from, mut to) = (0, 0);
        for time in self.steps_seeing(argument.at, first.0, last_seen) {
            let reference = self.reference_time(argument.at, time);
            let window = Window::ending_at(reference, argument.length);
            to += points[to..]
                .iter()
                .take_while(|point| point.0 <= window.end)
                .count();
            from += points[from..to]
                .iter()
                .take_while(|point| !self.is_inside(point.0, window))
                .count();
            if from < to {
                function(time, window, &points[from..to]);
            }
        }
    }
}
