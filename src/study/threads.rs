//! The threads of a study.

use std::num::NonZeroUsize;

use rayon::ThreadPool;

use super::failure::Failure;
use crate::diagnostics::Diagnostic;

/// A pool of so many threads; none for one per core.
pub(super) fn pool(threads: Option<NonZeroUsize>) -> Result<ThreadPool, Failure> {
    let threads = threads.map_or(0, NonZeroUsize::get);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| {
        let message = format!("can't start {threads} threads: {error}");
        Failure::request(Diagnostic::error(message).with_help("give a smaller number to --threads"))
    })
}
