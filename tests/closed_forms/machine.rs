//! The AnalysisRun controller on independent measurements, exactly: every sequence of verdicts with its
//! probability.

use rollsim::controller::analysis::{
    MeasurementMessage, MetricSpec, Outcome, ResultSpec, RunSpec, RunState, Verdict,
};
use rollsim::units::{Duration, Instant};

use super::exact::more_than;

/// What a run came to, and after how many measurements.
struct Ended {
    verdict: Verdict,
    measurements: usize,
}

fn spec(count: i32, failure_limit: i32, consecutive_error_limit: i32) -> RunSpec {
    let metric = MetricSpec {
        interval: Some(Duration::from_seconds(30)),
        initial_delay: None,
        effective_count: Some(count),
        failure_limit: Some(failure_limit),
        inconclusive_limit: 0,
        consecutive_error_limit,
        consecutive_success_limit: None,
        dry_run: false,
        looked_up_as: 0,
        stored_as: 0,
    };
    RunSpec {
        metrics: vec![metric],
        results: vec![ResultSpec::default()],
        terminate: false,
    }
}

/// Drives a run through a sequence of verdicts until it ends.
fn run(spec: &RunSpec, verdicts: impl IntoIterator<Item = Verdict>) -> Ended {
    let mut state = RunState::new(spec);
    let mut verdicts = verdicts.into_iter();
    let (mut now, mut tasks, mut measurements) = (Instant::from_seconds(1_000), Vec::new(), 0);
    loop {
        state.begin(spec, now, &mut tasks);
        for &task in &tasks {
            measurements += 1;
            let outcome = Outcome::Completed {
                verdict: verdicts.next().expect("a verdict for each measurement"),
                at: now,
                message: MeasurementMessage::Empty,
            };
            state.record(spec, task, now, outcome);
        }
        let reconciled = state.finish(spec, now);
        if let Some(verdict) = state.verdict() {
            return Ended {
                verdict,
                measurements,
            };
        }
        now = reconciled
            .next
            .map_or(now + Duration::from_seconds(1), |next| {
                next.max(now + Duration::from_millis(1))
            });
    }
}

/// Every sequence of `n` verdicts that are bad where the number has a bit.
fn sequences(n: u32, bad: Verdict) -> impl Iterator<Item = (u32, Vec<Verdict>)> {
    (0..1_u32 << n).map(move |bits| {
        let verdict = |place| match bits >> place & 1 {
            1 => bad,
            _ => Verdict::Successful,
        };
        (bits, (0..n).map(verdict).collect())
    })
}

fn probability(bits: u32, n: u32, q: f64) -> f64 {
    let bad = bits.count_ones() as i32;
    q.powi(bad) * (1.0 - q).powi(n as i32 - bad)
}

fn close(what: &str, found: f64, expected: f64) {
    assert!(
        (found - expected).abs() < 1e-12,
        "{what}: {found} {expected}"
    );
}

/// More failures than the limit allows fail a run, and the last needed one ends it: the binomial and the
/// negative binomial distribution.
#[test]
fn failures_are_binomial_and_the_end_is_negative_binomial() {
    for (count, limit) in [(1, 0), (5, 0), (5, 1), (5, 3), (5, 4), (8, 2), (10, 3)] {
        let spec = spec(count as i32, limit as i32, 4);
        let ended: Vec<(u32, Ended)> = sequences(count, Verdict::Failed)
            .map(|(bits, verdicts)| (bits, run(&spec, verdicts)))
            .collect();
        for q in [0.01, 0.05, 0.1, 0.3, 0.5, 0.95] {
            let failed = |after: Option<usize>| -> f64 {
                let matching = ended.iter().filter(|(_, ended)| {
                    ended.verdict == Verdict::Failed
                        && after.is_none_or(|after| ended.measurements == after)
                });
                matching.map(|(bits, _)| probability(*bits, count, q)).sum()
            };
            let what = format!("{count} measurements, limit {limit}, q {q}");
            close(&what, failed(None), more_than(limit, count, q));
            for k in limit + 1..=count {
                // The (limit + 1)-th failure is the k-th measurement.
                let ways: f64 = (0..limit)
                    .map(|i| f64::from(k - 1 - i) / f64::from(i + 1))
                    .product();
                let expected =
                    ways * q.powi(limit as i32 + 1) * (1.0 - q).powi((k - 1 - limit) as i32);
                close(&what, failed(Some(k as usize)), expected);
            }
        }
    }
}

#[test]
fn textbook_values_hold() {
    let fails = |count: u32, limit: u32, q: f64| -> f64 {
        let spec = spec(count as i32, limit as i32, 4);
        sequences(count, Verdict::Failed)
            .filter(|(_, verdicts)| run(&spec, verdicts.clone()).verdict == Verdict::Failed)
            .map(|(bits, _)| probability(bits, count, q))
            .sum()
    };
    let near = |found: f64, published: f64| {
        assert!((found - published).abs() < 5e-7, "{found} {published}");
    };
    near(fails(5, 0, 0.05), 0.226_219);
    near(fails(5, 3, 0.5), 0.187_500);
    near(fails(10, 3, 0.1), 0.012_795);
    // The mean index of the fourth failure, given that there is one.
    let spec = spec(5, 3, 4);
    for (q, published) in [(0.5, 4.666_667), (0.95, 4.166_667)] {
        let (mut sum, mut all) = (0.0, 0.0);
        for (bits, verdicts) in sequences(5, Verdict::Failed) {
            let ended = run(&spec, verdicts);
            if ended.verdict == Verdict::Failed {
                sum += ended.measurements as f64 * probability(bits, 5, q);
                all += probability(bits, 5, q);
            }
        }
        near(sum / all, published);
    }
}

/// More errors in a row than the limit allows end a run as Error: 112 of the 1,024 sequences of ten fair
/// trials hold a run of five.
#[test]
fn errors_count_in_a_row() {
    // `count` doesn't count errors, so successes follow until it is reached.
    let spec = spec(10, 0, 4);
    let errors = sequences(10, Verdict::Error).filter(|(_, verdicts)| {
        let more = std::iter::repeat_n(Verdict::Successful, 20);
        let ended = run(&spec, verdicts.iter().copied().chain(more));
        ended.verdict == Verdict::Error
    });
    assert_eq!(errors.count(), 112);
}

/// The least requests of a single window, of which more than 1 % may not fail, that tell 3 % from 0.1 %.
#[test]
fn a_single_window_needs_208_requests() {
    let tells = |n: u32| {
        let fails = |p: f64| more_than(n / 100, n, p);
        fails(0.03) >= 0.95 && fails(0.001) <= 0.01
    };
    assert_eq!((1..1_000).find(|&n| tells(n)), Some(208));
}
