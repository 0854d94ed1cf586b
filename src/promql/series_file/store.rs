//! Collects samples in any order into series.

use std::collections::BTreeMap;

use crate::promql::labels::Labels;
use crate::promql::plain::Series;

/// Samples by series, in the order in which the series appear.
#[derive(Debug, Default)]
pub(super) struct Store {
    places: BTreeMap<Labels, usize>,
    series: Vec<(Labels, Vec<Stamped>)>,
}

/// A sample and where it stands in the file.
#[derive(Clone, Copy, Debug)]
struct Stamped {
    time: i64,
    value: f64,
    offset: usize,
}

/// Two different values of one series at one time.
#[derive(Debug)]
pub(super) struct Conflict {
    /// Where the second stands.
    pub offset: usize,
    /// What is wrong.
    pub text: String,
}

impl Store {
    /// The number of a series; it exists from now on.
    pub fn series(&mut self, labels: Labels) -> usize {
        let next = self.series.len();
        let place = *self.places.entry(labels.clone()).or_insert(next);
        if place == next {
            self.series.push((labels, Vec::new()));
        }
        place
    }

    /// Adds a sample that stands at byte `offset` of the file.
    pub fn add(&mut self, series: usize, time: i64, value: f64, offset: usize) {
        let sample = Stamped {
            time,
            value,
            offset,
        };
        self.series[series].1.push(sample);
    }

    /// All series, their samples in order of time.
    pub fn finish(self) -> Result<Vec<Series>, Conflict> {
        let sorted = |(labels, mut samples): (Labels, Vec<Stamped>)| {
            samples.sort_by_key(|sample| (sample.time, sample.offset));
            for pair in samples.windows(2) {
                if pair[0].time == pair[1].time
                    && pair[0].value.to_bits() != pair[1].value.to_bits()
                {
                    let seconds = pair[0].time as f64 / 1_000.0;
                    return Err(Conflict {
                        offset: pair[1].offset,
                        text: format!("{labels} has a second value at {seconds}"),
                    });
                }
            }
            samples.dedup_by_key(|sample| sample.time);
            Ok(Series {
                labels,
                samples: samples
                    .iter()
                    .map(|sample| (sample.time, sample.value))
                    .collect(),
            })
        };
        self.series.into_iter().map(sorted).collect()
    }
}
