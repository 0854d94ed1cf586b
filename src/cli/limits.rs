//! What ends a study before its time: the terminal's interrupt, and a budget of real time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use signal_hook::consts::SIGINT;
use signal_hook::flag;

use super::exit_code::ExitCode;
use crate::montecarlo::progress::Progress;

/// Whether the terminal interrupted the program.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on the first interrupt (Ctrl-C) stops the study, which keeps what it has; the second one ends
    /// the program.
    ///
    /// Where the system doesn't let signals be handled, an interrupt ends the program at once.
    pub fn stopping(progress: &Progress) -> Self {
        let interrupt = Self::default();
        let code = i32::from(ExitCode::Interrupted as u8);
        // Handlers run in this order: the first interrupt finds the condition of the end not yet set.
        let handled = flag::register_conditional_shutdown(SIGINT, code, interrupt.0.clone())
            .and_then(|_| flag::register(SIGINT, interrupt.0.clone()));
        if handled.is_ok() {
            let _ = flag::register(SIGINT, progress.stop_flag());
        }
        interrupt
    }

    /// Whether there was an interrupt.
    pub fn happened(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Runs `work`, and stops its study when `budget` of real time is used up.
pub fn within<T>(budget: Option<Duration>, progress: &Progress, work: impl FnOnce() -> T) -> T {
    let Some(budget) = budget else {
        return work();
    };
    thread::scope(|scope| {
        // Dropped when `work` returns or panics, which wakes the watch.
        let (finished, watched) = mpsc::channel::<()>();
        scope.spawn(move || {
            if watched.recv_timeout(budget) == Err(RecvTimeoutError::Timeout) {
                progress.stop();
            }
        });
        let result = work();
        drop(finished);
        result
    })
}

#[cfg(test)]
mod tests {
    use super::within;
    use crate::montecarlo::progress::Progress;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn a_budget_stops_the_study_and_only_when_it_is_used_up() {
        let progress = Progress::new();
        let long = Duration::from_hours(1);
        assert_eq!(within(Some(long), &progress, || 42), 42);
        assert!(!progress.is_stopped());
        within(Some(Duration::from_millis(1)), &progress, || {
            while !progress.is_stopped() {
                thread::sleep(Duration::from_millis(1));
            }
        });
    }

    #[test]
    fn a_panic_passes_through_instead_of_waiting_for_the_budget() {
        let progress = Progress::new();
        let long = Some(Duration::from_hours(1));
        let work = || within(long, &progress, || panic!("broken"));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err());
    }
}
