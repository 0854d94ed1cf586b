//! Windows that don't overlap, windows that do, and windows without a request.

use rollsim::engine::replicate::Replicator;
use rollsim::engine::trace::What;
use rollsim::study::input;
use rollsim::study::prepare::{Prepared, prepare};
use rollsim::study::request::{InputPath, RolloutChoice};
use rollsim::world::random::{Purpose, ReplicationKey};

use super::exact::{empty_windows, failing_window, independent_windows, overlapping_windows};
use super::model::{
    Case, OK_OVER_ALL, aborted_at, assert_probability, assert_same_share, assert_within, nightly,
    replications,
};

/// Replications of the program that published figures.
const PUBLISHED: u64 = 1_000_000;

fn published(share: f64) -> (u64, u64) {
    ((share * PUBLISHED as f64).round() as u64, PUBLISHED)
}

fn case(requests_per_second: f64, error_percent: f64, interval: &'static str) -> Case<'static> {
    Case {
        requests_per_second,
        error_percent,
        interval,
        ..OK_OVER_ALL
    }
}

#[test]
fn windows_that_do_not_overlap_are_independent_trials() {
    for (rate, error_percent, published) in [
        (50.0, 1.2, 0.754_746_970),
        (50.0, 0.7, 0.005_279_057),
        (5.0, 3.0, 0.979_038_096),
        (1.0, 0.1, 0.000_002_266),
    ] {
        let case = case(rate, error_percent, "120s");
        let (low, high) = independent_windows(&case);
        assert!((low - published).abs() < 1e-8, "{low} {published}");
        let n = replications(200_000);
        let aborted = case.simulate(n).outcomes.aborted_failed;
        assert_within("120 s apart", aborted, n, low, high);
    }
}

/// A gate of one measurement that may not fail shows how often a measurement fails.
#[test]
fn single_measurements_fail_as_often_as_their_counts_say() {
    for (rate, error_percent) in [(50.0, 0.7), (5.0, 3.0), (1.0, 0.1), (23.0, 1.1)] {
        let case = Case {
            count: 1,
            failure_limit: 0,
            ..case(rate, error_percent, "120s")
        };
        let n = replications(200_000);
        let arm = case.simulate(n);
        let mut reached = n;
        for gate in [0, 1] {
            let requests = 7.0 * case.requests_per_scrape()[gate];
            let (low, high) = failing_window(requests, error_percent / 100.0);
            let failed = aborted_at(&arm, gate);
            assert_within("one measurement", failed, reached, low, high);
            reached -= failed;
        }
    }
}

/// Each of the five measurements of a gate, whatever its place, fails as often.
#[test]
fn every_measurement_of_a_run_fails_as_often() {
    let case = Case {
        failure_limit: 5,
        ..case(50.0, 0.7, "120s")
    };
    let n = replications(20_000).min(100_000);
    let failed = failures_by_place(&case, n);
    for (gate, failed) in failed.iter().enumerate() {
        let requests = 7.0 * case.requests_per_scrape()[gate];
        let (low, high) = failing_window(requests, case.error_percent / 100.0);
        for &failed in failed {
            assert_within("by place", failed, n, low, high);
        }
        assert_within("in all", failed.iter().sum(), 5 * n, low, high);
    }
}

fn failures_by_place(case: &Case<'_>, n: u64) -> [[u64; 5]; 2] {
    let folder = tempfile::tempdir().expect("a temporary folder");
    case.write(folder.path());
    let scenario = InputPath::Path(folder.path().join("scenario.yaml"));
    let inputs = input::read(&[scenario]).expect("inputs");
    let rollouts = inputs.rollouts(&RolloutChoice::Default).expect("a Rollout");
    let Prepared::Ready(ready) = prepare(&inputs, rollouts[0]).expect("a plan") else {
        panic!("the Rollout is valid");
    };
    let plan = ready.built.plan;
    let mut replicator = Replicator::new(&plan, &plan.arms[0], 7);
    let mut failed = [[0; 5]; 2];
    for replication in 0..n {
        let (_, recorder) = replicator.trace(replication);
        let mut taken = 0;
        for entry in &recorder.entries {
            if let What::Measurement(measured) = &entry.what {
                failed[taken / 5][taken % 5] += u64::from(measured.phase == "Failed");
                taken += 1;
            }
        }
        assert_eq!(taken, 10, "no run is aborted");
    }
    failed
}

/// Windows of two minutes every 30 s share most of their requests: fourteen times as many aborts as
/// independent measurements would give. Figures of another program, and of the small simulation here.
#[test]
fn windows_that_overlap_fail_together() {
    for (rate, error_percent, all, first) in [
        (50.0, 0.7, 0.072_84, 0.055_21),
        (50.0, 1.2, 0.802_64, 0.470_81),
        (5.0, 3.0, 0.964_30, 0.715_95),
        (1.0, 0.1, 0.011_11, 0.003_03),
    ] {
        let case = case(rate, error_percent, "30s");
        let headline = rate > 49.0 && error_percent < 1.0;
        let n = replications(if headline { 1_000_000 } else { 200_000 });
        let arm = case.simulate(n);
        let aborted = (arm.outcomes.aborted_failed, n);
        assert_same_share("30 s apart", aborted, published(all));
        let at_first = (aborted_at(&arm, 0), n);
        assert_same_share("at the first gate", at_first, published(first));
        let (reference_first, reference) = overlapping_windows(&case, n);
        assert_same_share("the small simulation", aborted, (reference, n));
        assert_same_share("its first gate", at_first, (reference_first, n));
    }
}

/// Without any request in a window 0/0 is NaN, which a success condition fails.
#[test]
fn too_little_traffic_aborts_a_perfect_release() {
    for (rate, published) in [
        (0.2, Some(0.029_475_366)),
        (0.05, Some(0.495_143_882)),
        (0.01, None),
        (1e-9, Some(1.0)),
    ] {
        let case = case(rate, 0.0, "30s");
        let expected = empty_windows(&case);
        if let Some(published) = published {
            assert!(
                (expected - published).abs() < 1e-6,
                "{expected} {published}"
            );
        }
        let n = replications(200_000);
        let aborted = case.simulate(n).outcomes.aborted_failed;
        assert_probability("no errors", aborted, n, expected);
    }
}

/// Cases that nobody chose.
#[test]
fn unforeseen_rates_and_error_shares_agree_too() {
    let cases = if nightly() { 12 } else { 3 };
    let n = replications(100_000);
    for index in 0..cases {
        let mut stream = ReplicationKey::new(2_026, index).stream(Purpose::Fault, 0, 0);
        let mut between = |low: f64, high: f64| {
            let exponent = low.ln() + (high / low).ln() * stream.next_unit();
            (exponent.exp() * 1_000.0).round() / 1_000.0
        };
        let (rate, error_percent) = (between(1.0, 300.0), between(0.2, 3.0));
        let what = format!("{rate} requests a second, {error_percent} %");
        let apart = case(rate, error_percent, "120s");
        let (low, high) = independent_windows(&apart);
        let aborted = apart.simulate(n).outcomes.aborted_failed;
        assert_within(&what, aborted, n, low, high);
        let overlapping = case(rate, error_percent, "30s");
        let aborted = overlapping.simulate(n).outcomes.aborted_failed;
        let (_, reference) = overlapping_windows(&overlapping, n);
        assert_same_share(&what, (aborted, n), (reference, n));
        let sparse = case(between(0.02, 0.5), 0.0, "30s");
        let aborted = sparse.simulate(n).outcomes.aborted_failed;
        assert_probability("no errors", aborted, n, empty_windows(&sparse));
    }
}
