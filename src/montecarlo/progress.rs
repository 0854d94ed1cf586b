//! How far a study is, written by its threads and read by whoever shows it; and whether it is to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Replications done and to do, and whether somebody wants no more of them. How many replications a result
/// rests on may depend on it, nothing else.
#[derive(Debug, Default)]
pub struct Progress {
    total: AtomicU64,
    done: AtomicU64,
    stopped: Arc<AtomicBool>,
}

impl Progress {
    /// Nothing to do yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Announces `replications` more.
    pub fn expect(&self, replications: u64) {
        self.total.fetch_add(replications, Ordering::Relaxed);
    }

    /// Counts `replications` as done. Once a batch, not once a replication: threads share the counter.
    pub fn advance(&self, replications: u64) {
        self.done.fetch_add(replications, Ordering::Relaxed);
    }

    /// Asks the study to end after the batches that are under way.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether the study was asked to end.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// What [`Progress::stop`] sets: for those that can only set a flag, such as the handler of a signal.
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stopped)
    }

    /// Replications announced.
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Replications done.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }
}
