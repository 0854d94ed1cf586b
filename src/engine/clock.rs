//! The resolution of virtual time, and the delay of work queues.

use crate::units::{Duration, Instant};

/// A delayed work queue hands a key out this long after it came due.
pub const QUEUE_DELAY: Duration = Duration::from_millis(1);

/// Milliseconds of an instant, as the world counts time.
pub fn millis(at: Instant) -> i64 {
    at.as_millis_floor()
}
