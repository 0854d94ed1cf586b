//! Times pieces of work by the processor time that the thread gets, so that other programs count little.

use std::time::{Duration, Instant};

/// A figure is the median of so many runs.
const RUNS: usize = 7;
/// A run is so long at least: the system accounts for processor time a few times in a hundredth of a second.
const RUN: Duration = Duration::from_millis(150);

/// Calls per second of processor time.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    pub slowest: f64,
    pub median: f64,
    pub fastest: f64,
}

/// How often each work can be called in a second of one core. The works take turns, so that all of them see the
/// same machine.
pub fn rates<const N: usize>(mut works: [&mut dyn FnMut(); N]) -> [Rate; N] {
    let mut runs = [[0.0; RUNS]; N];
    for run in 0..RUNS {
        for (work, runs) in works.iter_mut().zip(&mut runs) {
            runs[run] = rate(*work);
        }
    }
    runs.map(|mut runs| {
        runs.sort_by(f64::total_cmp);
        Rate {
            slowest: runs[0],
            median: runs[RUNS / 2],
            fastest: runs[RUNS - 1],
        }
    })
}

fn rate(work: &mut dyn FnMut()) -> f64 {
    let start = thread_time();
    let mut calls: u32 = 0;
    loop {
        for _ in 0..10 {
            work();
        }
        calls += 10;
        let passed = thread_time().saturating_sub(start);
        if passed >= RUN {
            return f64::from(calls) / passed.as_secs_f64();
        }
    }
}

/// Processor time of this thread so far; where the system doesn't tell (anywhere but on Linux), the time of
/// the wall clock.
fn thread_time() -> Duration {
    let accounts = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = accounts.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(wall_time, Duration::from_nanos)
}

/// Time since the first call.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn wall_time() -> Duration {
    static FIRST: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    FIRST.get_or_init(Instant::now).elapsed()
}

/// The shortest of several runs of `work`, by the wall clock.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
pub fn shortest(mut work: impl FnMut()) -> Duration {
    let mut time = || {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..RUNS).map(|_| time()).min().unwrap_or_default()
}
