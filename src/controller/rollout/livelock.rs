//! Notices when passes repeat themselves for ever.
//!
//! Some specs make the real controller spin: `scaleDownDelaySeconds: 0`, or an Inconclusive post-promotion
//! analysis (argo-rollout.md §14). Every pass then asks for the next one at once, and the state comes round
//! to what it was.

use super::state::State;
use super::status::Status;

/// A hash of all that decides the next pass, except times: those only grow.
pub fn fingerprint(state: &State) -> u64 {
    let mut hash = Fnv::new();
    let desired = &state.desired;
    hash.add(desired.replicas);
    hash.add(desired.paused);
    hash.add(desired.template.number());
    hash.add(desired.generation);
    hash.add(state.revision);
    status(&state.status, &mut hash);
    for rs in &state.replica_sets {
        hash.add(rs.template.number());
        hash.add(rs.revision);
        hash.add(rs.counts.spec);
        hash.add(rs.counts.created);
        hash.add(rs.counts.available);
        hash.add(rs.ready);
        hash.add(rs.desired_replicas);
        hash.add(rs.deadline.is_some());
    }
    hash.add_hashable(&state.services);
    hash.add_hashable(&state.router);
    hash.add_hashable(&state.runs);
    hash.0
}

fn status(status: &Status, hash: &mut Fnv) {
    hash.add(status.step_index.unwrap_or(-1));
    hash.add_hashable(&[status.current, status.stable, status.active, status.preview]);
    hash.add_hashable(&[
        status.steps_recorded,
        status.abort,
        status.aborted_at.is_some(),
        status.controller_pause,
        status.promote_full,
        status.preview_checkpoint,
    ]);
    hash.add_hashable(&[
        status.replicas,
        status.updated_replicas,
        status.ready_replicas,
        status.available_replicas,
        status.hpa_replicas,
    ]);
    hash.add(status.observed_generation);
    for pause in status.pauses.iter() {
        hash.add_hashable(&pause.reason);
    }
    for condition in status.conditions.iter() {
        hash.add_hashable(&(condition.kind, condition.status, condition.reason));
    }
    if let Some(weights) = status.weights {
        hash.add(weights.pair.canary);
        hash.add_hashable(&(weights.canary, weights.stable, weights.verified));
    }
    let runs = &status.runs;
    for run in [
        runs.step,
        runs.background,
        runs.pre_promotion,
        runs.post_promotion,
    ] {
        hash.add_hashable(&run.map(|run| (run.id, run.phase)));
    }
}

/// FNV-1a over 64 bits: the same on every machine and in every run.
struct Fnv(u64);

impl Fnv {
    const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, value: impl Into<i64>) {
        self.mix(value.into().cast_unsigned());
    }

    fn add_hashable(&mut self, value: &impl std::hash::Hash) {
        value.hash(self);
    }

    fn mix(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(0x0000_0100_0000_01b3);
        self.0 ^= self.0 >> 32;
    }
}

impl std::hash::Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
    }
}

/// Follows passes that come one upon the other (Brent's cycle detection).
#[derive(Clone, Copy, Debug, Default)]
pub struct Livelock {
    anchor: u64,
    passes: u32,
    power: u32,
}

impl Livelock {
    /// Starts afresh: something outside has changed, or the passes have settled.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Notes the fingerprint after a pass that wants another at once. True if it has been there before, so
    /// that passes alone never end.
    pub fn repeats(&mut self, fingerprint: u64) -> bool {
        if self.power > 0 && fingerprint == self.anchor {
            return true;
        }
        self.passes += 1;
        if self.passes > self.power {
            self.anchor = fingerprint;
            self.passes = 0;
            self.power = (self.power * 2).max(1);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::Livelock;

    fn passes_until_noticed(states: impl Iterator<Item = u64>) -> Option<usize> {
        let mut livelock = Livelock::default();
        states.take(1000).position(|state| livelock.repeats(state))
    }

    #[test]
    fn a_cycle_is_noticed_after_a_few_rounds() {
        assert_eq!(passes_until_noticed(std::iter::repeat(7)), Some(1));
        assert!(passes_until_noticed((0..).map(|pass| pass % 5)).is_some_and(|passes| passes < 20));
        let late = (0..).map(|pass: u64| if pass < 10 { 100 + pass } else { pass % 2 });
        assert!(passes_until_noticed(late).is_some_and(|passes| passes < 40));
    }

    #[test]
    fn steady_progress_is_none() {
        assert_eq!(passes_until_noticed(0..), None);
    }
}
