//! What the requests of one release say about its fault, once its timeline is known.
//!
//! While gates are held open nothing depends on what requests come to, so the release is played first and
//! its requests are drawn afterwards: with the addresses, and in the stretches, in which its measurements
//! would have had them drawn.

use super::{Target, Targets, scrape_fails};
use crate::world::evidence::Evidence;
use crate::world::pod::{Part, PodRequests};

/// Number of nested sets of requests: what windows read, all until the last measurement, all until the end.
pub const SCOPES: usize = 3;

/// A window of a query on one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The target.
    pub slot: usize,
    /// Samples later than this …
    pub after_ms: i64,
    /// … up to this are read.
    pub until_ms: i64,
    /// Whether the query sees totals since the process started, not only what was added in the window.
    pub totals: bool,
}

/// What a release was measured by.
#[derive(Clone, Debug, Default)]
pub struct Looks {
    /// When measurements were taken, in milliseconds.
    pub at_ms: Vec<i64>,
    /// What they read of the new version's requests.
    pub readings: Vec<Reading>,
}

impl Looks {
    /// No measurement yet.
    pub fn clear(&mut self) {
        self.at_ms.clear();
        self.readings.clear();
    }
}

/// The requests of the version under test in one release.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seen {
    /// `ln(p1/p0)` of all of them, given their arrivals, by scope.
    pub log_ratio: [f64; SCOPES],
    /// Their number, by scope.
    pub requests: [u64; SCOPES],
}

/// Scrape indices `from ..= to`, rising and apart.
type Ranges = Vec<(i64, i64)>;

impl Targets<'_> {
    /// From the next replication on, remembers processes whose slot another takes.
    pub fn keep_past(&mut self) {
        self.past = Some(Vec::new());
    }

    /// Draws the requests of `group`'s processes until `until_ms` and says what they tell.
    pub fn seen(
        &mut self,
        group: usize,
        evidence: &Evidence,
        looks: &Looks,
        until_ms: i64,
    ) -> Seen {
        let mut seen = Seen::default();
        let past = self.past.take();
        let slots = std::mem::take(&mut self.slots);
        let present = slots.iter().enumerate();
        let past_lives = past.iter().flatten().map(|(slot, target)| (*slot, target));
        for (slot, target) in past_lives.chain(present) {
            if target.in_use && target.rate_group == group {
                self.of_process(slot, target, evidence, looks, until_ms, &mut seen);
            }
        }
        (self.slots, self.past) = (slots, past);
        // Each scope holds the one before.
        for scope in 1..SCOPES {
            seen.log_ratio[scope] += seen.log_ratio[scope - 1];
            seen.requests[scope] += seen.requests[scope - 1];
        }
        seen
    }

    fn of_process(
        &mut self,
        slot: usize,
        target: &Target,
        evidence: &Evidence,
        looks: &Looks,
        until_ms: i64,
        seen: &mut Seen,
    ) {
        let interval = self.plan.requests.scrape_interval_ms;
        let first = (target.life.serving_from_ms - target.phase_ms).div_euclid(interval);
        let rows = self.rows(target, looks);
        let read = self.read(slot, target, looks, first);
        let end = until_ms.min(target.life.serving_until_ms);
        let last_look = looks.at_ms.iter().max().copied();
        let last_look = last_look.unwrap_or(i64::MIN).min(end);
        let mut walk = Walk {
            pod: PodRequests {
                plan: &self.plan.requests,
                key: self.key,
                life: &target.life,
                rates: &self.rates[target.rate_group],
                stages: self.stages,
                evidence: Some(evidence),
            },
            scratch: &mut self.scratch,
            counts: vec![0; self.plan.requests.atoms],
            phase_ms: target.phase_ms,
            at: first,
            seen,
        };
        for (from, to) in rows {
            walk.gap(from, usize::from(!is_read(&read, walk.at)));
            while walk.at < to {
                walk.gap(walk.at + 1, usize::from(!is_read(&read, walk.at)));
            }
        }
        walk.rest(last_look, end);
    }

    /// The scrapes that measurements would have made rows of.
    fn rows(&self, target: &Target, looks: &Looks) -> Ranges {
        let lookback = self.plan.reads_ms[target.role];
        let ranges = lookback.into_iter().flat_map(|lookback| {
            let windows = looks.at_ms.iter();
            windows.map(move |now| (now - lookback, now - self.plan.lag_ms))
        });
        let ranges = ranges.map(|(after, until)| self.scrapes(target, after, until));
        united(ranges.collect())
    }

    /// The intervals between two samples that a window holds, by the scrape that ends them.
    fn read(&self, slot: usize, target: &Target, looks: &Looks, start: i64) -> Ranges {
        let readings = looks.readings.iter();
        let ranges = readings
            .filter(|reading| reading.slot == slot)
            .map(|reading| {
                let (first, last) = self.scrapes(target, reading.after_ms, reading.until_ms);
                let mut samples = (first..=last).filter(|scrape| self.has_sample(target, *scrape));
                let first = samples.next();
                let last = samples.next_back().or(first);
                match (first, last) {
                    (Some(_), Some(last)) if reading.totals => (start + 1, last),
                    (Some(first), Some(last)) => (first + 1, last),
                    _ => (0, -1),
                }
            });
        united(ranges.collect())
    }

    /// The scrapes of a target in `(after_ms, until_ms]`.
    fn scrapes(&self, target: &Target, after_ms: i64, until_ms: i64) -> (i64, i64) {
        let interval = self.plan.requests.scrape_interval_ms;
        let at_or_before = |at_ms: i64| at_ms.saturating_sub(target.phase_ms).div_euclid(interval);
        let last = at_or_before(until_ms).min(at_or_before(target.gone_ms).saturating_add(1));
        (target.first_scrape.max(at_or_before(after_ms) + 1), last)
    }

    fn has_sample(&self, target: &Target, scrape: i64) -> bool {
        let at_ms = scrape * self.plan.requests.scrape_interval_ms + target.phase_ms;
        (target.down_until_ms..=target.gone_ms).contains(&at_ms)
            && !scrape_fails(self.plan, self.key, target, scrape)
    }
}

/// Whether the requests of scrape interval `index` are read: the next scrape counts them.
fn is_read(read: &[(i64, i64)], index: i64) -> bool {
    read.iter()
        .any(|(from, to)| (*from..=*to).contains(&(index + 1)))
}

/// Ranges without the empty ones, overlapping or touching ones as one.
fn united(mut ranges: Ranges) -> Ranges {
    ranges.retain(|(from, to)| from <= to);
    ranges.sort_unstable();
    let mut united: Ranges = Vec::with_capacity(ranges.len());
    for (from, to) in ranges {
        match united.last_mut() {
            Some(last) if from <= last.1 + 1 => last.1 = last.1.max(to),
            _ => united.push((from, to)),
        }
    }
    united
}

/// Draws one process's requests from its start on.
struct Walk<'a> {
    pod: PodRequests<'a>,
    scratch: &'a mut crate::world::pod::Scratch,
    counts: Vec<u64>,
    phase_ms: i64,
    /// The scrape up to which all is drawn.
    at: i64,
    seen: &'a mut Seen,
}

impl Walk<'_> {
    /// Up to scrape `to`, for the smallest scope that holds it.
    fn gap(&mut self, to: i64, scope: usize) {
        if to > self.at {
            self.pod
                .gap(self.at, to, self.phase_ms, &mut self.counts, self.scratch);
            self.at = to;
            self.account(scope);
        }
    }

    /// What comes after all windows: up to the last measurement, then up to the end.
    fn rest(&mut self, last_look_ms: i64, end_ms: i64) {
        let interval = self.pod.plan.scrape_interval_ms;
        let index = |at_ms: i64| at_ms.saturating_sub(self.phase_ms).div_euclid(interval);
        let (look, end) = (index(last_look_ms), index(end_ms));
        if look >= self.at {
            self.gap(look, 1);
            self.part(Part::First, self.start_ms(), last_look_ms, 1);
            let next = (self.start_ms() + interval).min(end_ms);
            self.part(Part::Rest, last_look_ms, next, 2);
            self.at += 1;
        }
        if end >= self.at {
            self.gap(end, 2);
            self.part(Part::First, self.start_ms(), end_ms, 2);
        }
    }

    fn start_ms(&self) -> i64 {
        self.at * self.pod.plan.scrape_interval_ms + self.phase_ms
    }

    fn part(&mut self, part: Part, from_ms: i64, until_ms: i64, scope: usize) {
        let (counts, scratch) = (&mut self.counts, &mut *self.scratch);
        self.pod
            .pieces(self.at, part, from_ms, until_ms, counts, scratch);
        self.account(scope);
    }

    /// Books what was drawn since the last time.
    fn account(&mut self, scope: usize) {
        self.seen.log_ratio[scope] += std::mem::take(&mut self.scratch.log_ratio);
        self.seen.requests[scope] += self.counts.iter().sum::<u64>();
        self.counts.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::{is_read, united};

    #[test]
    fn windows_count_each_request_once() {
        let read = united(vec![(5, 8), (0, -1), (7, 10), (11, 12), (20, 19), (30, 31)]);
        assert_eq!(read, [(5, 12), (30, 31)]);
        let counted: Vec<i64> = (0..40).filter(|index| is_read(&read, *index)).collect();
        assert_eq!(counted, [4, 5, 6, 7, 8, 9, 10, 11, 29, 30]);
    }
}
