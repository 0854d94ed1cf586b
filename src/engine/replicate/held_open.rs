//! Releases whose gates never decide: what the best possible test could have seen.
//!
//! Every measurement succeeds, whatever is wrong, and the rollout goes on. So its timeline doesn't depend on
//! what requests come to: nothing is drawn while it is played, and all that matters afterwards.

use crate::controller::analysis::{MeasurementMessage, Outcome as MeasurementOutcome, Verdict};
use crate::engine::clock::millis;
use crate::engine::cluster::TESTED;
use crate::engine::traffic::group_of;
use crate::plan::measure::{Measure, Source};
use crate::plan::{Arm, Plan};
use crate::promql::compiled::Program;
use crate::telemetry::targets::evidence::{Looks, Reading, Seen};
use crate::units::Instant;
use crate::world::evidence::Evidence;

use super::Replicator;

impl<'p> Replicator<'p> {
    /// Releases whose gates are held open: every measurement succeeds, whatever is wrong, and the rollout goes
    /// on. Nothing is drawn but what [`Self::seen`] asks for.
    pub fn held_open(plan: &'p Plan, arm: &'p Arm, seed: u64) -> Self {
        let mut replicator = Self::new(plan, arm, seed);
        replicator.cluster.targets.keep_past();
        replicator.held_open = Some(Looks::default());
        replicator
    }

    /// Plays replication `index` with its gates held open, and says what the requests of the version under
    /// test tell until promotion (or until the rollout waits for somebody): in those that windows read, in
    /// all until the last measurement, in all.
    pub fn seen(&mut self, index: u64, evidence: &Evidence) -> Seen {
        let mut looks = self.held_open.take().unwrap_or_default();
        looks.clear();
        self.held_open = Some(looks);
        self.reset(index);
        let horizon = self.update_at + self.plan.timing.horizon;
        let decision = self.until_decided(horizon);
        let looks = self.held_open.take().unwrap_or_default();
        let (tested, until_ms) = (group_of(TESTED), millis(decision.at));
        let targets = &mut self.cluster.targets;
        let seen = targets.seen(tested, evidence, &looks, until_ms);
        self.held_open = Some(looks);
        seen
    }
}

/// Notes what a measurement at `now_ms` reads of the new version's requests.
pub(super) fn look(plan: &Plan, measure: &Measure, now_ms: i64, looks: &mut Looks) {
    if looks.at_ms.last() != Some(&now_ms) {
        looks.at_ms.push(now_ms);
    }
    let Measure::Query(query) = measure else {
        return;
    };
    // Recorded series tell nothing of single requests.
    let Source::Simulated(program) = &query.source else {
        return;
    };
    read(plan, program, query.reads_totals, (now_ms, 0), looks);
}

/// Notes what evaluations of a program read between `before_ms` milliseconds before `now_ms` and then: itself,
/// and through the rules that it reads.
fn read(
    plan: &Plan,
    program: &Program,
    totals: bool,
    (now_ms, before_ms): (i64, i64),
    looks: &mut Looks,
) {
    let newest_ms = now_ms - plan.scrape.lag_ms;
    for found in program.reads(now_ms) {
        let counts = |column: &u32| plan.scrape.row.counts_requests(*column);
        let (slot, after_ms) = (found.target.0 as usize, found.after - before_ms);
        // Behind the pods' targets follow those of rules and of own timestamps, which hold no counts of requests.
        let tested = plan.slots[0]..plan.slots[0] + plan.slots[1];
        let mut rules = plan.scrape.rules.iter();
        if let Some(rule) = rules.find(|rule| rule.target == found.target) {
            let window = (found.until, found.until - after_ms - 1);
            read(plan, &rule.program, rule.reads_totals, window, looks);
        } else if tested.contains(&slot) && found.columns.iter().any(counts) {
            looks.readings.push(Reading {
                slot,
                after_ms,
                until_ms: found.until.min(newest_ms),
                totals,
            });
        }
    }
}

/// What every measurement comes to.
pub(super) fn succeeded(at: Instant) -> MeasurementOutcome {
    MeasurementOutcome::Completed {
        verdict: Verdict::Successful,
        at,
        message: MeasurementMessage::Empty,
    }
}
