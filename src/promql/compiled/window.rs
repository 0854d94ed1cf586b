//! Selectors, windows and subqueries at one evaluation.

use super::evaluate::{Evaluated, Job, Output, Run};
use super::nodes::{Column, Selector, WindowShape, WindowSource, first_step};
use super::scratch::{Geometry, Register, Scratch};
use crate::promql::head::{HOLE, TargetSamples, is_sample, is_stale};
use crate::promql::kernels::{
    Coverage, RateFunction, Window, WindowContext, WindowFunction, counter_difference, time_seconds,
};

/// One column of a target's rows inside a window.
#[derive(Clone, Copy)]
struct ColumnView<'a> {
    target: &'a TargetSamples,
    column: usize,
    geometry: Geometry,
}

impl<'a> ColumnView<'a> {
    fn cell(&self, row: usize) -> f64 {
        self.target.cells[row * self.target.width + self.column]
    }

    /// The samples, oldest first.
    fn samples(self) -> impl DoubleEndedIterator<Item = (i64, f64)> + 'a {
        let Geometry { from, to, .. } = self.geometry;
        (from..to)
            .map(move |row| (self.target.times[row], self.cell(row)))
            .filter(|sample| is_sample(sample.1))
    }

    /// The newest sample, unless a marker is newer.
    fn newest(&self) -> Option<(i64, f64)> {
        let Geometry { from, to, .. } = self.geometry;
        let row = (from..to)
            .rev()
            .find(|&row| self.cell(row).to_bits() != HOLE.to_bits())?;
        let value = self.cell(row);
        (!is_stale(value)).then(|| (self.target.times[row], value))
    }

    /// `rate`, `increase` and `delta`, without copying the samples.
    fn extrapolated(self, function: RateFunction, context: &WindowContext) -> Option<f64> {
        let Geometry {
            from, to, coverage, ..
        } = self.geometry;
        // Most often every row holds a sample; then the shared coverage does, and no time is looked at.
        let width = self.target.width;
        let rows = self.target.cells.get(from * width..to * width)?;
        let mut values = rows
            .get(self.column..)?
            .iter()
            .step_by(width.max(1))
            .copied();
        let first = values.next()?;
        let mut last = first;
        let mut complete = is_sample(first);
        // `TargetSamples::may_reset` speaks of counters only, but a query may take a gauge for one.
        let mut falls = false;
        for value in values {
            complete &= is_sample(value);
            falls |= value < last;
            last = value;
        }
        if !complete {
            return self.extrapolated_with_gaps(function, context);
        }
        let coverage = coverage?;
        let difference = if falls && function.is_counter() {
            counter_difference(first, last, self.samples().map(|sample| sample.1))
        } else {
            last - first
        };
        Some(coverage.extrapolate(function, context.clamp_order, first, difference))
    }

    /// The same where some rows hold no sample: the series was born, ended or failed inside the window.
    fn extrapolated_with_gaps(
        self,
        function: RateFunction,
        context: &WindowContext,
    ) -> Option<f64> {
        let mut samples = self.samples();
        let first = samples.next()?;
        let (mut last, mut count) = (first, 1);
        for sample in samples {
            last = sample;
            count += 1;
        }
        let coverage = Coverage::new(count, first.0, last.0, context.window)?;
        let difference = if function.is_counter() {
            counter_difference(first.1, last.1, self.samples().map(|sample| sample.1))
        } else {
            last.1 - first.1
        };
        Some(coverage.extrapolate(function, context.clamp_order, first.1, difference))
    }
}

impl Run<'_> {
    /// How a window covers a column's target. The first column of a target at a moment computes it.
    fn view(
        &self,
        column: Column,
        window: Window,
        moment: u64,
        geometries: &mut [Geometry],
    ) -> ColumnView<'_> {
        let target = &self.head.targets[column.target as usize];
        let geometry = &mut geometries[column.geometry as usize];
        if geometry.moment != moment {
            *geometry = self.geometry(target, window, moment);
        }
        ColumnView {
            target,
            column: column.index as usize,
            geometry: *geometry,
        }
    }

    fn geometry(&self, target: &TargetSamples, window: Window, moment: u64) -> Geometry {
        let times = &target.times;
        let to = times.partition_point(|&time| time <= window.end);
        let includes_edge = self.program.profile.includes_older_edge();
        let from = times[..to]
            .partition_point(|&time| time < window.start || !includes_edge && time == window.start);
        let coverage = match &times[from..to] {
            [first, .., last] => Coverage::new(to - from, *first, *last, window),
            _ => None,
        };
        Geometry {
            moment,
            from,
            to,
            coverage,
        }
    }

    fn window_of(shape: &WindowShape, time: i64, query: i64) -> Window {
        Window::ending_at(shape.shift.reference(time, query), shape.length)
    }

    /// An instant selector.
    pub(super) fn select(
        &self,
        selector: &Selector,
        times: bool,
        (time, query): (i64, i64),
        moment: u64,
        geometries: &mut [Geometry],
        output: &mut Output<'_>,
    ) -> Evaluated<()> {
        let window = Self::window_of(&self.program.windows[selector.window], time, query);
        for (slot, column) in (0_u32..).zip(&selector.columns) {
            if let Some((at, value)) = self.view(*column, window, moment, geometries).newest() {
                output.push(slot, if times { time_seconds(at) } else { value })?;
            }
        }
        Ok(())
    }

    /// A function of the windows of a selector or subquery.
    pub(super) fn window(
        &self,
        job: &Job,
        function: WindowFunction,
        source: WindowSource,
        register: &mut Register,
        scratch: &mut Scratch,
    ) -> Evaluated<()> {
        let node = self.node(job.node);
        let clock = scratch.contexts[node.context];
        let context = WindowContext {
            time: job.time,
            window: self.source_window(source, job.time, scratch.query),
            parameter: job.parameters[0],
            clamp_order: self.program.profile.clamp_order(),
        };
        let Scratch {
            marks,
            geometries,
            subqueries,
            samples,
            values,
            ..
        } = scratch;
        let mut output = Output::of_run(node, register, &mut marks[job.node], clock.run);
        match source {
            WindowSource::Selector(selector) => {
                let selector = &self.program.selectors[selector];
                for (slot, column) in (0_u32..).zip(&selector.columns) {
                    let view = self.view(*column, context.window, clock.moment, geometries);
                    let result = if let WindowFunction::Extrapolated(rate) = function {
                        view.extrapolated(rate, &context)
                    } else {
                        samples.clear();
                        samples.extend(view.samples());
                        (!samples.is_empty())
                            .then(|| function.of_samples(samples, &context, values))
                            .flatten()
                    };
                    if let Some(value) = result {
                        output.push(slot, value)?;
                    }
                }
            }
            WindowSource::Subquery(subquery) => {
                let steps = self.program.subqueries[subquery].max_steps;
                let buffer = &subqueries[subquery];
                for (slot, count) in (0_u32..).zip(&buffer.counts) {
                    let start = slot as usize * steps;
                    let samples = &buffer.samples[start..start + *count as usize];
                    if !samples.is_empty()
                        && let Some(value) = function.of_samples(samples, &context, values)
                    {
                        output.push(slot, value)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn source_window(&self, source: WindowSource, time: i64, query: i64) -> Window {
        match source {
            WindowSource::Selector(selector) => {
                let shape = &self.program.windows[self.program.selectors[selector].window];
                Self::window_of(shape, time, query)
            }
            WindowSource::Subquery(subquery) => {
                let subquery = &self.program.subqueries[subquery];
                Window::ending_at(subquery.shift.reference(time, query), subquery.range)
            }
        }
    }

    /// 1 if no series has a sample in the window.
    pub(super) fn absent_over_time(
        &self,
        source: WindowSource,
        context: usize,
        time: i64,
        register: &mut Register,
        scratch: &mut Scratch,
    ) {
        let present = match source {
            WindowSource::Subquery(subquery) => scratch.subqueries[subquery]
                .counts
                .iter()
                .any(|&count| count > 0),
            WindowSource::Selector(selector) => {
                let window = self.source_window(source, time, scratch.query);
                let moment = scratch.contexts[context].moment;
                self.program.selectors[selector]
                    .columns
                    .iter()
                    .any(|column| {
                        let view = self.view(*column, window, moment, &mut scratch.geometries);
                        view.samples().next().is_some()
                    })
            }
        };
        if !present {
            register.push(0, 1.0);
        }
    }

    /// Evaluates a subquery's inner expression at its steps; a selector needs nothing of the kind.
    pub(super) fn prepare(
        &self,
        source: WindowSource,
        time: i64,
        scratch: &mut Scratch,
    ) -> Evaluated<()> {
        let WindowSource::Subquery(index) = source else {
            return Ok(());
        };
        let subquery = self.program.subqueries[index];
        let reference = subquery.shift.reference(time, scratch.query);
        let includes_edge = self.program.profile.includes_older_edge();
        let first = first_step(reference, subquery.range, subquery.step, includes_edge);
        scratch.subqueries[index].counts.fill(0);
        let mut restart = true;
        let mut next = Some(first);
        while let Some(step) = next.filter(|&step| step <= reference) {
            scratch.advance(subquery.context, restart);
            restart = false;
            self.vector(subquery.input, step, scratch)?;
            let Scratch {
                registers,
                subqueries,
                ..
            } = scratch;
            let buffer = &mut subqueries[index];
            for (slot, value) in registers[subquery.input].iter() {
                let count = &mut buffer.counts[slot as usize];
                buffer.samples[slot as usize * subquery.max_steps + *count as usize] =
                    (step, value);
                *count += 1;
            }
            next = step.checked_add(subquery.step);
        }
        Ok(())
    }
}
