//! All samples of one replication as series, for other tools.

use crate::promql::head::{Head, TargetSamples, Universe, is_sample, is_stale};
use crate::promql::plain::Series;

/// What is kept besides the head.
#[derive(Clone, Debug, Default)]
pub(super) struct Capture {
    /// Scrapes happen at whole seconds.
    pub whole_seconds: bool,
    /// Samples of pods whose slot was taken by another, in the order of time.
    pub past: Vec<(usize, TargetSamples)>,
}

impl Capture {
    /// The phase of a target that was drawn as `phase_ms`.
    pub fn phase(&self, phase_ms: i64) -> i64 {
        if self.whole_seconds {
            phase_ms - phase_ms % 1_000
        } else {
            phase_ms
        }
    }

    /// The series of the universe that have samples, in its order.
    pub fn series(&self, head: &Head, universe: &Universe) -> Vec<Series> {
        let mut all = Vec::new();
        for descriptor in &universe.series {
            let slot = descriptor.target.0 as usize;
            let past = self.past.iter().filter(|(of, _)| *of == slot);
            let chunks = past
                .map(|(_, samples)| samples)
                .chain(head.targets.get(slot));
            let mut samples: Vec<(i64, f64)> = Vec::new();
            for chunk in chunks {
                for (row, &time) in chunk.times.iter().enumerate() {
                    let cell = chunk.row(row)[descriptor.column as usize];
                    // A marker ends something; before the first sample it only says "not there yet".
                    let ends =
                        is_stale(cell) && samples.last().is_some_and(|last| is_sample(last.1));
                    if is_sample(cell) || ends {
                        samples.push((time, cell));
                    }
                }
            }
            if !samples.is_empty() {
                all.push(Series {
                    labels: descriptor.labels.clone(),
                    samples,
                });
            }
        }
        all
    }
}
