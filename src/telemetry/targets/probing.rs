//! Requests of probes: which pod gets one, and what it answers.

use super::{Role, Targets};
use crate::scenario::probes::ProbeTarget;
use crate::world::random::{Purpose, Stream};
use crate::world::single::{self, SingleRequest};

/// The random numbers of one measurement's requests.
#[derive(Debug)]
pub struct ProbeStreams {
    healthy: Stream,
    fault: Stream,
}

impl Targets<'_> {
    /// The streams of what probe `number` asks for the measurement that began at `at_ms`.
    pub fn probe_streams(&self, number: u32, at_ms: i64) -> ProbeStreams {
        ProbeStreams {
            healthy: self.key.stream(Purpose::Probe, number, at_ms),
            fault: self.key.stream(Purpose::ProbeFault, number, at_ms),
        }
    }

    /// The stream of a measurement's own chances: how long it takes, whether it fails for no reason.
    pub fn probe_chance(&self, number: u32, at_ms: i64) -> Stream {
        self.key.stream(Purpose::ProbeChance, number, at_ms)
    }

    /// Sends one request at `at_ms`, now or in the past; `None` if no pod is there to answer.
    pub fn probe(
        &mut self,
        target: ProbeTarget,
        at_ms: i64,
        streams: &mut ProbeStreams,
    ) -> Option<SingleRequest> {
        let slot = self.probed_slot(target, at_ms, streams.healthy.next_unit())?;
        let of_slot = (&self.slots[slot].life, self.stages);
        let streams = (&mut streams.healthy, &mut streams.fault);
        let plan = &self.plan.requests;
        Some(single::draw(
            plan,
            of_slot,
            at_ms,
            streams,
            &mut self.single,
        ))
    }

    /// The pod that a request at `at_ms` reaches: each ready one with the same probability, or with that of a
    /// user's request.
    fn probed_slot(&self, target: ProbeTarget, at_ms: i64, unit: f64) -> Option<usize> {
        let weight = |slot: &usize| self.probed_weight(*slot, target, at_ms);
        let all: f64 = (0..self.slots.len()).map(|slot| weight(&slot)).sum();
        let mut left = unit * all;
        let mut last = None;
        for slot in 0..self.slots.len() {
            let weight = weight(&slot);
            if weight <= 0.0 {
                continue;
            }
            last = Some(slot);
            left -= weight;
            if left < 0.0 {
                break;
            }
        }
        last
    }

    fn probed_weight(&self, slot: usize, target: ProbeTarget, at_ms: i64) -> f64 {
        let pod = &self.slots[slot];
        let is_serving = (pod.life.serving_from_ms..pod.life.serving_until_ms).contains(&at_ms);
        if !pod.in_use || !is_serving {
            return 0.0;
        }
        let of_role = |role: Role| f64::from(u8::from(pod.role == role as usize));
        match target {
            ProbeTarget::Canary => of_role(Role::Canary),
            ProbeTarget::Stable => of_role(Role::Stable),
            ProbeTarget::Service => {
                let steps = &self.rates[pod.rate_group];
                let next = steps.partition_point(|step| step.from_ms <= at_ms);
                next.checked_sub(1).map_or(0.0, |last| steps[last].per_ms)
            }
        }
    }
}
