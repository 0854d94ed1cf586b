//! How many requests of the new version there are to read: in each window, in all of them, until the last
//! measurement, until promotion.

use crate::engine::replicate::Replicator;
use crate::engine::trace::{Entry, What};
use crate::plan::Plan;
use crate::report::power::CanaryRequests;
use crate::units::Duration;

const MILLIS_PER_SECOND: f64 = 1_000.0;

/// What a release that goes through exposes, with median times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exposure {
    /// Expected requests of the new version.
    pub requests: CanaryRequests,
    /// The last analysis that reads any.
    pub last: Option<LastAnalysis>,
}

/// What the last analysis reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LastAnalysis {
    /// The weight asked for, in percent.
    pub weight: u16,
    /// The share of requests that the new version serves.
    pub share: f64,
    /// How long its windows reach back, all of them together, in seconds.
    pub stretch_s: f64,
}

/// A stretch of time in milliseconds since the update, up to but without its end.
type Stretch = (i64, i64);

/// The exposure of a plan.
pub fn exposure(plan: &Plan, scrape_interval: Duration) -> Exposure {
    let Some(arm) = plan.arms.first() else {
        return Exposure::default();
    };
    let (replication, recorder) = Replicator::nominal(plan, arm).trace(0);
    let shares = Shares::of(&recorder.entries);
    let expected = |stretch: Stretch| {
        let length = |from, to| match &plan.scrape.requests.modulation {
            Some(modulation) => modulation.expected(0, from, to),
            None => (to - from) as f64,
        };
        plan.world.rate_per_second * shares.served_ms(stretch, length) / MILLIS_PER_SECOND
    };
    let mut windows: Vec<Stretch> = Vec::new();
    let mut requests = CanaryRequests::default();
    let mut last_ms = None;
    for entry in &recorder.entries {
        let What::Measurement(measured) = &entry.what else {
            continue;
        };
        last_ms = Some(entry.at_ms);
        if let (Some(window), Some(in_it)) = (measured.window_ms, measured.canary_requests) {
            windows.push(window);
            let least = requests.window_least.unwrap_or(in_it);
            requests.window_least = Some(least.min(in_it));
            let most = requests.window_most.unwrap_or(in_it);
            requests.window_most = Some(most.max(in_it));
        }
    }
    let read = read_stretches(windows, scrape_interval.as_millis_floor());
    requests.read = read.iter().copied().map(expected).sum();
    requests.measured = last_ms.map_or(0.0, |last| expected((0, last)));
    requests.promoted = expected((0, replication.ended_ms));
    let last = read.last().map(|&(from, to)| {
        let (weight, share) = shares.at(to);
        LastAnalysis {
            weight,
            share,
            stretch_s: (to - from) as f64 / MILLIS_PER_SECOND,
        }
    });
    Exposure { requests, last }
}

/// What windows read of the time that they cover: between the first and the last scrape in each stretch
/// without a gap, so half a scrape interval less at either end on average.
fn read_stretches(mut windows: Vec<Stretch>, scrape_interval_ms: i64) -> Vec<Stretch> {
    windows.sort_unstable();
    let mut covered: Vec<Stretch> = Vec::new();
    for (from, to) in windows {
        match covered.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => covered.push((from, to)),
        }
    }
    let half = scrape_interval_ms / 2;
    let read = covered.iter().map(|(from, to)| (from + half, to - half));
    read.filter(|(from, to)| from < to).collect()
}

/// The share of requests that the new version serves, as it changes.
struct Shares(Vec<(i64, u16, f64)>);

impl Shares {
    fn of(entries: &[Entry]) -> Self {
        let mut changes = vec![(i64::MIN, 0, 0.0)];
        for Entry { at_ms, what } in entries {
            let (_, mut weight, mut share) = changes[changes.len() - 1];
            match what {
                What::Weight { asked, share: now } => (weight, share) = (*asked, *now),
                What::Replicas { share: now, .. } => share = *now,
                What::Step { weight: asked, .. } => weight = *asked,
                _ => continue,
            }
            changes.push((*at_ms, weight, share));
        }
        Self(changes)
    }

    /// Weight and share just before an instant.
    fn at(&self, at_ms: i64) -> (u16, f64) {
        let before = self.0.partition_point(|(from, ..)| *from < at_ms);
        let (_, weight, share) = self.0[before.saturating_sub(1)];
        (weight, share)
    }

    /// The share integrated over a stretch whose parts have these lengths.
    fn served_ms(&self, (from, to): Stretch, length: impl Fn(i64, i64) -> f64) -> f64 {
        let ends = self.0.iter().skip(1).map(|(at, ..)| *at);
        let pieces = self.0.iter().zip(ends.chain([i64::MAX]));
        let overlap = |(start, end): (i64, i64)| {
            let (start, end) = (start.max(from), end.min(to));
            if start < end { length(start, end) } else { 0.0 }
        };
        pieces
            .map(|(&(start, _, share), end)| share * overlap((start, end)))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::{Shares, read_stretches};

    #[test]
    fn windows_that_overlap_are_read_once() {
        // Five windows of two minutes every 30 s, scraped every 15 s: four minutes less 15 s.
        let windows = (0..5).map(|k| (180_000 + 30_000 * k, 300_000 + 30_000 * k));
        let read = read_stretches(windows.collect(), 15_000);
        assert_eq!(read, [(187_500, 412_500)]);
        let apart = read_stretches(vec![(100_000, 220_000), (0, 60_000)], 30_000);
        assert_eq!(apart, [(15_000, 45_000), (115_000, 205_000)]);
        assert!(read_stretches(vec![(0, 10_000)], 15_000).is_empty());
    }

    #[test]
    fn shares_are_integrated_piece_by_piece() {
        let shares = Shares(vec![(i64::MIN, 0, 0.0), (1_000, 10, 0.1), (5_000, 50, 0.5)]);
        let plain = |from: i64, to: i64| (to - from) as f64;
        assert!(
            (shares.served_ms((0, 6_000), plain) - (0.1 * 4_000.0 + 0.5 * 1_000.0)).abs() < 1e-9
        );
        assert!((shares.served_ms((2_000, 3_000), plain) - 100.0).abs() < 1e-9);
        assert_eq!(
            shares.served_ms((0, 1_000), plain).to_bits(),
            0.0_f64.to_bits()
        );
        assert_eq!(shares.at(5_000), (10, 0.1));
        assert_eq!(shares.at(5_001), (50, 0.5));
    }
}
