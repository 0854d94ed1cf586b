//! Recording rules: queries that Prometheus evaluates by itself, whose results it stores as series.
//!
//! Each rule is a target of its own in the head, with one column for each series that it can record and one row
//! for each evaluation. Rules with the same interval are one group: they are evaluated one after the other at
//! the same instants, on a grid of a random phase (Prometheus 3.14 rules/group.go `EvalTimestamp`, `Eval`). A
//! series that an evaluation doesn't yield any more gets a staleness marker; an evaluation that fails leaves
//! everything as it was.

use crate::promql::compiled::{Answer, Program, Scratch};
use crate::promql::head::{HOLE, Head, STALE, TargetId, TargetSamples};
use crate::world::random::{Purpose, ReplicationKey};

/// A recording rule, compiled.
#[derive(Clone, Debug)]
pub struct RulePlan {
    /// Its query, against all series and those of the rules before it.
    pub program: Program,
    /// How many series it can record.
    pub width: usize,
    /// Where they are stored.
    pub target: TargetId,
    /// Distance of its evaluations, milliseconds.
    pub interval_ms: i64,
    /// Rules of a group are evaluated together.
    pub group: u32,
    /// How far back anything looks at its series, milliseconds.
    pub lookback_ms: i64,
    /// Whether it sees totals since processes started, not only what a window adds to them.
    pub reads_totals: bool,
}

/// The rules of one replication; reused for the next.
#[derive(Debug)]
pub(super) struct Rules<'a> {
    plans: &'a [RulePlan],
    progress: Vec<Progress>,
    /// The update: nothing looks further back from before it.
    update_ms: i64,
}

#[derive(Debug)]
struct Progress {
    scratch: Scratch,
    phase_ms: i64,
    /// Evaluations before this instant are made or never will be.
    next_ms: i64,
}

impl<'a> Rules<'a> {
    /// For these plans; their samples are added to the head.
    pub fn new(plans: &'a [RulePlan], head: &mut Head) -> Self {
        for rule in plans {
            head.targets.push(TargetSamples::new(rule.width));
        }
        let progress = plans.iter().map(|rule| Progress {
            scratch: rule.program.scratch(),
            phase_ms: 0,
            next_ms: i64::MIN,
        });
        Self {
            plans,
            progress: progress.collect(),
            update_ms: 0,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.plans.is_empty()
    }

    /// Forgets all evaluations. `phase` is asked for the phase of each group.
    pub fn reset(&mut self, key: ReplicationKey, head: &mut Head, phase: impl Fn(i64) -> i64) {
        for (rule, progress) in self.plans.iter().zip(&mut self.progress) {
            let mut stream = key.stream(Purpose::RulePhase, rule.group, 0);
            progress.phase_ms = phase(stream.next_below(rule.interval_ms as u64) as i64);
            progress.next_ms = i64::MIN;
            head.targets[rule.target.0 as usize].clear();
        }
    }

    /// When the update starts.
    pub fn begin(&mut self, update_ms: i64) {
        self.update_ms = update_ms;
    }

    /// Makes the evaluations up to `now_ms` that a query at `now_ms` can read, or with `all` those that any query
    /// since the update could. The head must hold all samples that they read.
    pub fn evaluate(&mut self, now_ms: i64, all: bool, head: &mut Head) {
        let from_ms = if all { self.update_ms } else { now_ms };
        for (rule, progress) in self.plans.iter().zip(&mut self.progress) {
            let from = from_ms - rule.lookback_ms;
            let steps = (from - progress.phase_ms).div_euclid(rule.interval_ms) + 1;
            let first = steps * rule.interval_ms + progress.phase_ms;
            progress.next_ms = progress.next_ms.max(first);
        }
        // One at a time in the order of time, rules of a group in their own order.
        while let Some(index) =
            (0..self.plans.len()).min_by_key(|&index| self.progress[index].next_ms)
        {
            let at_ms = self.progress[index].next_ms;
            if at_ms > now_ms {
                break;
            }
            self.record(index, at_ms, head);
            self.progress[index].next_ms += self.plans[index].interval_ms;
        }
    }

    fn record(&mut self, index: usize, at_ms: i64, head: &mut Head) {
        let rule = &self.plans[index];
        let answer = (rule.program).evaluate(head, at_ms, &mut self.progress[index].scratch);
        let samples = &mut head.targets[rule.target.0 as usize];
        let missing = if answer.is_ok() { STALE } else { HOLE };
        samples.push_filled(at_ms, missing, |row| match answer {
            Ok(Answer::Scalar(value)) => row.fill(value),
            Ok(Answer::Vector { values, slots }) => {
                for (&slot, &value) in slots.iter().zip(values) {
                    row[slot as usize] = value;
                }
            }
            Err(_) => {}
        });
    }
}
