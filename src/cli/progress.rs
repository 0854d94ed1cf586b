//! A progress bar on standard error while somebody watches.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::montecarlo::progress::Progress;

/// Between two looks at the counters; also how long a study takes at least to be worth a bar.
const REDRAW: Duration = Duration::from_millis(150);

/// Runs `work`, and shows its progress meanwhile if `watched`. The bar is gone when `work` returns.
pub fn while_showing<T>(watched: bool, progress: &Progress, work: impl FnOnce() -> T) -> T {
    if !watched {
        return work();
    }
    let finished = AtomicBool::new(false);
    thread::scope(|scope| {
        let drawing = scope.spawn(|| draw(progress, &finished));
        // Also when `work` panics: the scope waits for the thread before the panic goes on.
        let _stop = Stop {
            finished: &finished,
            drawing: drawing.thread(),
        };
        work()
    })
}

struct Stop<'a> {
    finished: &'a AtomicBool,
    drawing: &'a thread::Thread,
}

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.finished.store(true, Ordering::Release);
        self.drawing.unpark();
    }
}

fn draw(progress: &Progress, finished: &AtomicBool) {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    if let Ok(style) =
        ProgressStyle::with_template("{wide_bar} {percent:>3} % of {len} replications, {eta} left")
    {
        bar.set_style(style);
    }
    loop {
        thread::park_timeout(REDRAW);
        if finished.load(Ordering::Acquire) {
            break;
        }
        if progress.total() > 0 {
            bar.set_length(progress.total());
            bar.set_position(progress.done());
        }
    }
    bar.finish_and_clear();
}

#[cfg(test)]
mod tests {
    use super::while_showing;
    use crate::montecarlo::progress::Progress;

    #[test]
    fn work_runs_once_and_its_counts_arrive() {
        for watched in [false, true] {
            let progress = Progress::new();
            let result = while_showing(watched, &progress, || {
                progress.expect(50);
                progress.advance(20);
                42
            });
            assert_eq!((result, progress.done(), progress.total()), (42, 20, 50));
        }
    }

    #[test]
    fn a_panic_passes_through_instead_of_hanging() {
        let progress = Progress::new();
        let work = || while_showing(true, &progress, || panic!("broken"));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err());
    }
}
