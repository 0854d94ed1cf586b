//! How far a study is, written by its threads and read by whoever shows it.

use std::sync::atomic::{AtomicU64, Ordering};

/// Replications done and to do. Only for show: no result depends on it.
#[derive(Debug, Default)]
pub struct Progress {
    total: AtomicU64,
    done: AtomicU64,
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

    /// Replications announced.
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Replications done.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }
}
