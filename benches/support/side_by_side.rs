//! Times pieces of work in turns, so that all of them see the same machine.

use std::time::{Duration, Instant};

/// Short enough that many slices pass without another program on the core.
const SLICE: Duration = Duration::from_millis(1);
const ROUNDS: usize = 300;

/// Whether figures are asked for; `cargo test --benches` only wants to see that everything runs.
pub fn wanted() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// Nanoseconds that one call of each work takes.
///
/// Calls must do about the same. Then it is mostly other programs that make a slice longer, and the shortest
/// of many is the figure.
pub fn nanoseconds<const N: usize>(mut works: [&mut dyn FnMut(); N]) -> [f64; N] {
    let mut shortest = [f64::INFINITY; N];
    let calls = works.each_mut().map(|work| calls_per_slice(*work));
    for _ in 0..ROUNDS {
        for ((work, calls), shortest) in works.iter_mut().zip(calls).zip(&mut shortest) {
            let per_call = time(*work, calls).as_nanos() as f64 / f64::from(calls);
            *shortest = shortest.min(per_call);
        }
    }
    shortest
}

fn calls_per_slice(work: &mut dyn FnMut()) -> u32 {
    let mut calls = 1;
    while time(work, calls) < SLICE {
        calls *= 2;
    }
    calls
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures wall time")]
fn time(work: &mut dyn FnMut(), calls: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..calls {
        work();
    }
    start.elapsed()
}
