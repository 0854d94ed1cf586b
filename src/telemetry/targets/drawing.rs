//! Draws the requests of one pod in order, each stretch of time once.

use super::Target;
use crate::world::pod::{FaultStages, Part, PodRequests, RateStep, RequestPlan, Scratch};
use crate::world::random::ReplicationKey;

/// One pod with all that its requests depend on.
pub(super) struct Drawing<'a> {
    pub plan: &'a RequestPlan,
    pub stages: &'a FaultStages,
    pub key: ReplicationKey,
    pub rates: &'a [RateStep],
    pub target: &'a mut Target,
    pub scratch: &'a mut Scratch,
    /// Requests that failed because of the fault.
    pub failed: &'a mut u64,
}

impl Drawing<'_> {
    /// Up to scrape `scrape`.
    pub fn advance_to_scrape(&mut self, scrape: i64) {
        if scrape <= self.target.drawn {
            return;
        }
        let start = self.scrape_ms(self.target.drawn);
        if self.target.drawn_until_ms > start {
            let (from, until) = (
                self.target.drawn_until_ms,
                start + self.plan.scrape_interval_ms,
            );
            self.part(Part::Rest, from, until);
            self.target.drawn += 1;
        }
        let (drawn, phase) = (self.target.drawn, self.target.phase_ms);
        *self.failed += self.draw(|pod, counts, scratch| match scrape - drawn {
            ..=0 => 0,
            1 => pod.interval(
                drawn,
                drawn * pod.plan.scrape_interval_ms + phase,
                counts,
                scratch,
            ),
            _ => pod.gap(drawn, scrape, phase, counts, scratch),
        });
        self.target.drawn = scrape;
    }

    /// Up to an instant between two scrapes; once for an interval.
    pub fn advance_to_instant(&mut self, until_ms: i64) {
        let since_phase = until_ms - self.target.phase_ms;
        self.advance_to_scrape(since_phase.div_euclid(self.plan.scrape_interval_ms));
        let start = self.scrape_ms(self.target.drawn);
        if start < until_ms && self.target.drawn_until_ms <= start {
            self.part(Part::First, start, until_ms);
            self.target.drawn_until_ms = until_ms;
        }
    }

    /// Everything before scrape `scrape`, in one draw per rate.
    pub fn baseline(&mut self, scrape: i64) {
        let until_ms = self.scrape_ms(scrape);
        self.draw(|pod, counts, scratch| {
            pod.baseline(until_ms, counts, scratch);
            0
        });
        self.target.drawn = scrape;
    }

    fn part(&mut self, part: Part, from_ms: i64, until_ms: i64) {
        let index = self.target.drawn;
        *self.failed += self.draw(|pod, counts, scratch| {
            pod.pieces(index, part, from_ms, until_ms, counts, scratch)
        });
    }

    /// Hands the pod's requests to `draw`, which adds to its counts; gives the failed ones.
    fn draw(
        &mut self,
        draw: impl FnOnce(&PodRequests<'_>, &mut [u64], &mut Scratch) -> u64,
    ) -> u64 {
        let target = &mut *self.target;
        let pod = PodRequests {
            plan: self.plan,
            key: self.key,
            life: &target.life,
            rates: self.rates,
            stages: self.stages,
            evidence: None,
        };
        draw(&pod, &mut target.counts, self.scratch)
    }

    fn scrape_ms(&self, scrape: i64) -> i64 {
        scrape * self.plan.scrape_interval_ms + self.target.phase_ms
    }
}
