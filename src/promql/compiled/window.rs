//! Selectors, windows and subqueries at one evaluation.

use super::evaluate::{Evaluated, Job, Output, Run};
use super::nodes::{Groups, Selector, Stretch, WindowShape, WindowSource, first_step};
use super::scratch::{Geometry, GroupBuffer, Register, Scratch};
use crate::promql::head::{ColumnSet, HOLE, TargetSamples, is_sample, is_stale};
use crate::promql::kernels::{
    Coverage, Extrapolation, KahanSum, RateFunction, Window, WindowContext, WindowFunction,
    counter_difference, time_seconds,
};

/// A target's rows inside a window.
#[derive(Clone, Copy)]
struct TargetView<'a> {
    target: &'a TargetSamples,
    geometry: Geometry,
}

/// One column of them.
#[derive(Clone, Copy)]
struct ColumnView<'a> {
    target: &'a TargetSamples,
    column: usize,
    geometry: Geometry,
}

impl<'a> TargetView<'a> {
    fn column(&self, column: usize) -> ColumnView<'a> {
        ColumnView {
            target: self.target,
            column,
            geometry: self.geometry,
        }
    }

    /// `rate`, `increase` or `delta` of each series of a stretch that has one.
    fn extrapolated(
        &self,
        stretch: &Stretch,
        function: RateFunction,
        context: &WindowContext,
        mut give: impl FnMut(u32, f64) -> Evaluated<()>,
    ) -> Evaluated<()> {
        let geometry = &self.geometry;
        let Some(coverage) = geometry.coverage else {
            return Ok(());
        };
        let extrapolation = Extrapolation::new(coverage, function, context.clamp_order);
        // Most often every row holds a sample and counters only rise: then the outer rows tell everything.
        let steady = if function.is_counter() {
            geometry.rising
        } else {
            geometry.complete
        };
        let (first, last) = (
            self.target.row(geometry.from),
            self.target.row(geometry.to - 1),
        );
        let all_steady = stretch.set.is_some_and(|set| set & !steady == 0);
        for (slot, column) in stretch.series() {
            let is_steady =
                all_steady || column < ColumnSet::BITS as usize && steady & (1 << column) != 0;
            let value = if is_steady {
                Some(extrapolation.of(first[column], last[column] - first[column]))
            } else {
                self.column(column).extrapolated(function, context)
            };
            if let Some(value) = value {
                give(slot, value)?;
            }
        }
        Ok(())
    }
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

    /// `rate`, `increase` or `delta`, sample by sample: the series was born, ended, failed or fell inside the
    /// window.
    fn extrapolated(self, function: RateFunction, context: &WindowContext) -> Option<f64> {
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
    /// The stretches of targets that were ever scraped; most pods of a universe never come to be.
    fn scraped<'s>(&self, selector: &'s Selector) -> impl Iterator<Item = &'s Stretch> {
        let scraped = |stretch: &&Stretch| {
            let target = &self.head.targets[stretch.target as usize];
            !target.times.is_empty()
        };
        selector.stretches.iter().filter(scraped)
    }

    /// The rows that a window covers, if there are any. The first stretch of a target at a moment looks for
    /// them.
    fn view(
        &self,
        stretch: &Stretch,
        window: Window,
        moment: u64,
        geometries: &mut [Geometry],
    ) -> Option<TargetView<'_>> {
        let target = &self.head.targets[stretch.target as usize];
        let geometry = &mut geometries[stretch.geometry as usize];
        if geometry.moment != moment {
            *geometry = self.geometry(target, window, moment);
        }
        (geometry.from < geometry.to).then_some(TargetView {
            target,
            geometry: *geometry,
        })
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
        let (complete, rising) = target.steady(from..to);
        Geometry {
            moment,
            from,
            to,
            coverage,
            complete,
            rising,
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
        for stretch in self.scraped(selector) {
            let Some(view) = self.view(stretch, window, moment, geometries) else {
                continue;
            };
            for (slot, column) in stretch.series() {
                if let Some((at, value)) = view.column(column).newest() {
                    output.push(slot, if times { time_seconds(at) } else { value })?;
                }
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
                for stretch in self.scraped(selector) {
                    let view = self.view(stretch, context.window, clock.moment, geometries);
                    let Some(view) = view else {
                        continue;
                    };
                    if let WindowFunction::Extrapolated(rate) = function {
                        let give = |slot, value| output.push(slot, value);
                        view.extrapolated(stretch, rate, &context, give)?;
                        continue;
                    }
                    for (slot, column) in stretch.series() {
                        samples.clear();
                        let column = view.column(column);
                        if function.reads_newest_two() {
                            let mut newest = column.samples().rev();
                            let last = newest.next();
                            samples.extend(newest.next().into_iter().chain(last));
                        } else {
                            samples.extend(column.samples());
                        }
                        if !samples.is_empty()
                            && let Some(value) = function.of_samples(samples, &context, values)
                        {
                            output.push(slot, value)?;
                        }
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

    /// Sums the rates of a selector by group, without a list of them.
    pub(super) fn sum_of_rates(
        &self,
        job: &Job,
        (selector, function): (usize, RateFunction),
        groups: &Groups,
        register: &mut Register,
        scratch: &mut Scratch,
    ) -> Evaluated<()> {
        let moment = scratch.contexts[self.node(job.node).context].moment;
        let source = WindowSource::Selector(selector);
        let context = WindowContext {
            time: job.time,
            window: self.source_window(source, job.time, scratch.query),
            parameter: f64::NAN,
            clamp_order: self.program.profile.clamp_order(),
        };
        let GroupBuffer {
            counts,
            order,
            sums,
            ..
        } = &mut scratch.groups[job.node];
        counts.fill(0);
        order.clear();
        for stretch in self.scraped(&self.program.selectors[selector]) {
            let view = self.view(stretch, context.window, moment, &mut scratch.geometries);
            let Some(view) = view else {
                continue;
            };
            view.extrapolated(stretch, function, &context, |slot, value| {
                let group = groups.of_slot[slot as usize];
                let place = group as usize;
                if counts[place] == 0 {
                    order.push(group);
                    sums[place] = KahanSum::of(value);
                } else {
                    sums[place].add(value);
                }
                counts[place] += 1;
                Ok(())
            })?;
        }
        for &group in order.iter() {
            register.push(group, sums[group as usize].total());
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
                let selector = &self.program.selectors[selector];
                self.scraped(selector).any(|stretch| {
                    let view = self.view(stretch, window, moment, &mut scratch.geometries);
                    view.is_some_and(|view| {
                        let mut series = stretch.series();
                        series.any(|(_, column)| view.column(column).samples().next().is_some())
                    })
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
