//! Capturing: every scrape of a replication is kept, for other tools.
//!
//! Queries are answered from the same rows as ever. The rows between them, which nobody draws otherwise, share
//! out what was drawn for the whole gap: in a stretch of constant rate and behaviour each request is equally
//! likely at any time, so this is how they are distributed given their sum.

use super::Targets;
use crate::promql::head::Universe;
use crate::promql::plain::Series;
use crate::telemetry::capture::Capture;
use crate::world::pod::Stretch;
use crate::world::random::{Purpose, Stream};
use crate::world::requests::split_off;

impl Targets<'_> {
    /// From the next replication on, every scrape is kept; with `whole_seconds` all scrapes happen at whole
    /// seconds.
    pub fn capture(&mut self, whole_seconds: bool) {
        self.capture = Some(Capture {
            whole_seconds,
            past: Vec::new(),
        });
    }

    /// Everything that was captured until `until_ms`, as far as queries can read it.
    pub fn captured(&mut self, until_ms: i64, universe: &Universe) -> Vec<Series> {
        for slot in 0..self.slots.len() {
            self.capture_until(slot, until_ms);
        }
        self.rules.evaluate(until_ms, true, &mut self.head);
        let capture = self.capture.as_ref();
        capture.map_or_else(Vec::new, |capture| capture.series(&self.head, universe))
    }

    /// Makes all rows of a slot until `until_ms`, if they are to be kept.
    pub(super) fn capture_until(&mut self, slot: usize, until_ms: i64) {
        let target = &self.slots[slot];
        if self.capture.is_none() || !target.in_use || self.plan.reads_ms[target.role].is_none() {
            return;
        }
        let interval = self.plan.requests.scrape_interval_ms;
        let until_ms = until_ms.min(target.gone_ms.saturating_add(interval));
        let last = (until_ms - target.phase_ms).div_euclid(interval);
        self.make_rows(slot, last * interval + target.phase_ms - 1, until_ms);
    }

    /// Makes room for the rows of another pod in a slot, whose former rows are set aside if they are to be kept.
    pub(super) fn make_room(&mut self, slot: usize) {
        let target = &self.slots[slot];
        if target.in_use && target.gone_ms < i64::MAX {
            self.capture_until(slot, i64::MAX);
        }
        for target in self.targets_of(slot).into_iter().flatten() {
            let samples = &mut self.head.targets[target];
            if let Some(capture) = &mut self.capture {
                if !self.rules.is_empty() {
                    // Rules are yet to be evaluated at instants that see the former pod; later ones don't reach back.
                    continue;
                }
                if !samples.times.is_empty() {
                    capture.past.push((target, samples.clone()));
                }
            }
            self.forget(target);
        }
    }

    /// Makes the rows before scrape `first` that aren't there yet, and draws the requests up to it.
    pub(super) fn fill(&mut self, slot: usize, first: i64) {
        let target = &self.slots[slot];
        let interval = self.plan.requests.scrape_interval_ms;
        let readable = (target.read_from_ms - target.phase_ms).div_euclid(interval) + 1;
        let next = target.next_row.max(readable);
        let (owner, phase) = (target.life.owner, target.phase_ms);
        let before = target.counts.clone();
        self.scratch.record = Some(Vec::new());
        self.drawing(slot).advance_to_scrape(first);
        let mut stretches = self.scratch.record.take().unwrap_or_default();
        let after = std::mem::replace(&mut self.slots[slot].counts, before);
        for scrape in next..first {
            let mut stream = self.key.stream(Purpose::Filling, owner, scrape);
            let at_ms = scrape * interval + phase;
            for stretch in &mut stretches {
                if at_ms > stretch.from_ms {
                    let share_later = self.share_later(stretch, at_ms);
                    let counts = &mut self.slots[slot].counts;
                    add_until(stretch, at_ms, share_later, &mut stream, counts);
                }
            }
            self.add_row(slot, scrape);
        }
        self.slots[slot].counts = after;
        self.slots[slot].next_row = self.slots[slot].next_row.max(first);
    }

    /// The share of a stretch's requests that comes after `at_ms`.
    fn share_later(&mut self, stretch: &Stretch, at_ms: i64) -> f64 {
        let mut length = |from_ms: i64| match &self.plan.requests.modulation {
            Some(modulation) => {
                let timeline = &mut self.scratch.timeline;
                timeline.integral(modulation, from_ms, stretch.until_ms)
            }
            None => (stretch.until_ms - from_ms) as f64,
        };
        if at_ms >= stretch.until_ms {
            return 0.0;
        }
        let all = length(stretch.from_ms);
        if all > 0.0 {
            (length(at_ms) / all).min(1.0)
        } else {
            0.0
        }
    }
}

/// Moves the part of a stretch's requests before `at_ms` to `counts`, all but a share of them.
fn add_until(
    stretch: &mut Stretch,
    at_ms: i64,
    share_later: f64,
    stream: &mut Stream,
    counts: &mut [u64],
) {
    let mut later = vec![0; stretch.counts.len()];
    if at_ms < stretch.until_ms {
        split_off(&mut stretch.counts, share_later, stream, &mut later);
    }
    for (count, earlier) in counts.iter_mut().zip(&stretch.counts) {
        *count += earlier;
    }
    stretch.from_ms = at_ms;
    stretch.counts = later;
}
