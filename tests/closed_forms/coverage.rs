//! How often intervals hold the truth, in simulated studies.

use std::num::NonZeroU64;

use rollsim::stats::Estimate;
use rollsim::stats::precision::Looks;
use rollsim::stats::proportion::{IntervalMethod, proportion};
use rollsim::stats::ratio::bad_given_aborted;
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
            held += u64::from(holds(&shown, p));
        }
        assert!(held * 100 >= STUDIES * 94, "{held} of {STUDIES} at {p}");
    }
}

/// Few false aborts, few or many detections: 2,000 studies of 2,000 replications.
#[test]
fn the_probability_that_an_aborted_release_is_bad_is_covered() {
    const SIZE: u64 = 2_000;
    for (case, bad, healthy) in [(0, 0.9, 0.02), (1, 0.1, 0.005), (2, 0.5, 0.3)] {
        let truth = 0.05 * bad / (0.05 * bad + 0.95 * healthy);
        let mut held = 0;
        for study in 0..STUDIES / 2 {
            let mut stream = ReplicationKey::new(90 + case, study).stream(Purpose::Fault, 0, 0);
            let mut estimate = |p| proportion(successes(&mut stream, SIZE, p), size(SIZE));
            let (bad, healthy) = (estimate(bad), estimate(healthy));
            let found = bad_given_aborted(0.05, &bad, &healthy).expect("some are aborted");
            held += u64::from(holds(&found, truth));
        }
        assert!(held * 200 >= STUDIES * 94, "{held} at {bad} {healthy}");
    }
}

fn holds(estimate: &Estimate, truth: f64) -> bool {
    estimate.low.is_none_or(|low| low <= truth) && estimate.high.is_none_or(|high| truth <= high)
}

fn size(n: u64) -> NonZeroU64 {
    NonZeroU64::new(n).expect("the first look is after some replications")
}
