//! Many replications of each arm, in parallel, folded into integers.
//!
//! **Invariant:** a tally is a function of the plan, the arm, the seed and the number of replications. Which
//! thread ran what, and in which order, can't be seen in it.

pub mod bins;
pub mod progress;
pub mod tally;

use rayon::prelude::*;

use crate::engine::replicate::Replicator;
use crate::plan::{Arm, Plan};
use progress::Progress;
use tally::Tally;

/// Replications that a thread takes at a time.
const BATCH: u64 = 256;

/// Replays `arms` of `plan`, `replications` times each, on the current rayon pool.
pub fn replay(
    plan: &Plan,
    arms: &[&Arm],
    seed: u64,
    replications: u64,
    progress: &Progress,
) -> Vec<Tally> {
    let empty = || {
        arms.iter()
            .map(|arm| Tally::new(arm.kind))
            .collect::<Vec<_>>()
    };
    let workers = || {
        let replicators = arms
            .iter()
            .map(|arm| Replicator::new(plan, arm, seed))
            .collect::<Vec<_>>();
        (replicators, empty())
    };
    (0..replications.div_ceil(BATCH))
        .into_par_iter()
        .fold(workers, |(mut replicators, mut tallies), batch| {
            let first = batch * BATCH;
            let last = replications.min(first + BATCH);
            for (replicator, tally) in replicators.iter_mut().zip(&mut tallies) {
                for replication in first..last {
                    tally.add(&replicator.run(replication));
                }
            }
            progress.advance((last - first) * arms.len() as u64);
            (replicators, tallies)
        })
        .map(|(_, tallies)| tallies)
        .reduce(empty, |mut left, right| {
            for (left, right) in left.iter_mut().zip(&right) {
                left.merge(right);
            }
            left
        })
}
