//! How often intervals hold the truth: that of studies which stop when they are precise enough.

use std::num::NonZeroU64;

use rollsim::stats::precision::Looks;
use rollsim::stats::proportion::{IntervalMethod, proportion};
use rollsim::world::random::{Purpose, ReplicationKey, Stream};

const STUDIES: u64 = 4_000;

/// A binomial count, trial by trial.
fn successes(stream: &mut Stream, trials: u64, p: f64) -> u64 {
    (0..trials).map(|_| u64::from(stream.next_unit() < p)).sum()
}

#[test]
fn stopping_by_precision_keeps_the_coverage() {
    let looks = Looks::new(0.02, IntervalMethod::Wilson).expect("within reach");
    for (case, p) in [(0, 0.5), (1, 0.2), (2, 0.05), (3, 0.005)] {
        let mut held = 0;
        for study in 0..STUDIES {
            let mut stream = ReplicationKey::new(77 + case, study).stream(Purpose::Fault, 0, 0);
            let (mut n, mut count) = (0, 0);
            for &end in looks.ends() {
                count += successes(&mut stream, end - n, p);
                n = end;
                if looks.is_precise(count, size(n)) {
                    break;
                }
            }
            let shown = proportion(count, size(n));
            let inside = |limit: Option<f64>, sign: f64| limit.is_none_or(|l| sign * l <= sign * p);
            held += u64::from(inside(shown.low, 1.0) && inside(shown.high, -1.0));
        }
        assert!(held * 100 >= STUDIES * 94, "{held} of {STUDIES} at {p}");
    }
}

fn size(n: u64) -> NonZeroU64 {
    NonZeroU64::new(n).expect("the first look is after some replications")
}
