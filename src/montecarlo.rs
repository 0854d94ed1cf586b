//! Many replications of each arm, in parallel, folded into integers.
//!
//! **Invariant:** a tally is a function of the plan, the arm, the seed and the numbers of its replications.
//! Which thread ran what, and in which order, can't be seen in it. A study that is stopped early has done
//! complete batches from the first one on without a gap.

pub mod bins;
pub mod progress;
pub mod tally;

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::engine::replicate::Replicator;
use crate::plan::{Arm, ArmKind, Plan};
use progress::Progress;
use tally::{Tally, detects};

/// Replications that a thread takes at a time.
const BATCH: u64 = 256;

/// Replications of all arms.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// One per arm, in their order.
    pub tallies: Vec<Tally>,
    /// Replications before this one are in them.
    pub until: u64,
}

impl Replayed {
    /// Nothing yet.
    pub fn nothing(arms: &[&Arm]) -> Self {
        Self {
            tallies: arms.iter().map(|arm| Tally::new(arm.kind)).collect(),
            until: 0,
        }
    }

    /// Adds what came right after it.
    pub fn extend(&mut self, more: &Self) {
        for (tally, more) in self.tallies.iter_mut().zip(&more.tallies) {
            tally.merge(more);
        }
        self.until = more.until;
    }
}

/// Replays `arms` of `plan`, `replications` times each, on the current rayon pool.
pub fn replay(
    plan: &Plan,
    arms: &[&Arm],
    seed: u64,
    replications: u64,
    progress: &Progress,
) -> Vec<Tally> {
    replay_range(plan, arms, seed, 0..replications, progress).tallies
}

/// Replays the replications of `range`, or those of its first batches if `progress` is told to stop.
pub fn replay_range(
    plan: &Plan,
    arms: &[&Arm],
    seed: u64,
    range: Range<u64>,
    progress: &Progress,
) -> Replayed {
    let batches = (range.end - range.start).div_ceil(BATCH);
    // Batches are given out in order, and each that is taken is finished: so they have no gap.
    let taken = AtomicU64::new(0);
    let parts = rayon::broadcast(|_| {
        let mut worker = Worker::new(plan, arms, seed);
        while !progress.is_stopped() {
            let batch = taken.fetch_add(1, Ordering::Relaxed);
            if batch >= batches {
                break;
            }
            let first = range.start + batch * BATCH;
            let last = range.end.min(first + BATCH);
            worker.run(first..last);
            progress.advance((last - first) * arms.len() as u64);
        }
        worker.tallies
    });
    let done = taken.into_inner().min(batches);
    let mut all = Replayed::nothing(arms);
    for tallies in parts {
        all.extend(&Replayed {
            tallies,
            until: range.end.min(range.start + done * BATCH),
        });
    }
    all
}

/// What one thread keeps from batch to batch.
struct Worker<'p> {
    replicators: Vec<Replicator<'p>>,
    tallies: Vec<Tally>,
    /// The healthy arm comes first, so that the others can be paired with it.
    order: Vec<usize>,
    /// Of the current batch: whether the healthy release is aborted by Failed. Empty without that arm.
    healthy: Vec<bool>,
}

impl<'p> Worker<'p> {
    fn new(plan: &'p Plan, arms: &[&'p Arm], seed: u64) -> Self {
        let mut order: Vec<usize> = (0..arms.len()).collect();
        order.sort_by_key(|&arm| arms[arm].kind != ArmKind::Healthy);
        Self {
            replicators: arms
                .iter()
                .map(|arm| Replicator::new(plan, arm, seed))
                .collect(),
            tallies: Replayed::nothing(arms).tallies,
            order,
            healthy: Vec::with_capacity(BATCH as usize),
        }
    }

    fn run(&mut self, batch: Range<u64>) {
        self.healthy.clear();
        for &arm in &self.order {
            let (replicator, tally) = (&mut self.replicators[arm], &mut self.tallies[arm]);
            for replication in batch.clone() {
                let ended = replicator.run(replication);
                tally.add(&ended);
                let detected = detects(tally.kind(), &ended);
                if tally.kind() == ArmKind::Healthy {
                    self.healthy.push(detected);
                } else if let Some(&healthy) =
                    self.healthy.get((replication - batch.start) as usize)
                {
                    tally.add_pair(detected, healthy);
                }
            }
        }
    }
}
