//! The whole simulator against probabilities that can be written down.
//!
//! The model is the simplest one that has closed forms: a traffic router with exact weights, pods that are
//! ready at once, no latency anywhere, a scrape every 15 s and windows of two minutes, so that each window
//! holds seven intervals of requests. Each check is a two-sided exact binomial test at a fixed seed.

mod coverage;

use std::fs;
use std::num::NonZeroU64;
use std::path::Path;

use rollsim::montecarlo::progress::Progress;
use rollsim::report::model::ArmResult;
use rollsim::stats::special::binomial_cdf;
use rollsim::study::request::{InputPath, RunRequest};

/// A right simulator fails a test with this probability.
const SMALLEST_P_VALUE: f64 = 1e-5;

/// Release builds look closely, debug builds only for gross errors.
const REPLICATIONS: u64 = if cfg!(debug_assertions) {
    2_000
} else {
    100_000
};

const ROLLOUT: &str = r#"
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: api}
spec:
  replicas: 1
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: api, image: "api:2"}]}
  strategy:
    canary:
      canaryMetadata: {labels: {version: canary}}
      stableService: api-stable
      canaryService: api-canary
      trafficRouting: {istio: {virtualService: {name: api}}}
      steps:
        - setWeight: 10
        - pause: {duration: 300s}
        - analysis: {templates: [{templateName: gate}]}
        - setWeight: 25
        - pause: {duration: 600s}
        - analysis: {templates: [{templateName: gate}]}
        - setWeight: 50
        - pause: {duration: 600s}
        - setWeight: 100
"#;

/// One case of the model.
struct Case<'a> {
    requests_per_second: f64,
    error_percent: f64,
    interval: &'a str,
    numerator: &'a str,
    condition: &'a str,
    children: &'a str,
}

/// `ok/all >= 99 %` every 30 s with all children exported from the start.
const OK_OVER_ALL: Case<'_> = Case {
    requests_per_second: 50.0,
    error_percent: 0.7,
    interval: "30s",
    numerator: r#"status!~"5..""#,
    condition: "result[0] >= 0.99",
    children: "from-start",
};

fn simulate(case: &Case<'_>) -> ArmResult {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(folder.path().join("deploy")).expect("a folder");
    write(folder.path(), "deploy/rollout.yaml", ROLLOUT);
    let template = format!(
        r#"
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {{name: gate}}
spec:
  metrics:
    - name: gate
      interval: {}
      count: 5
      failureLimit: 3
      successCondition: {}
      provider:
        prometheus:
          address: http://prometheus.example.com:9090
          query: |
            sum(rate(http_requests_total{{version="canary",{}}}[2m]))
            / sum(rate(http_requests_total{{version="canary"}}[2m]))
"#,
        case.interval, case.condition, case.numerator
    );
    write(folder.path(), "deploy/template.yaml", &template);
    let scenario = format!(
        r#"
apiVersion: rollsim/v1
manifests: [deploy/]
traffic: {{rate: {}/s}}
service: {{errors: {}%, pod: {{ready-after: 0s}}}}
prometheus: {{scrape-interval: 15s, discovery: 0s}}
controller: {{start-fraction: 0, provider-latency: 0s, reconcile-latency: 0s, informer-latency: 0s}}
metrics:
  - use: http-server
    labels: {{version: "{{pod.version}}", status: "{{status}}"}}
    children: {}
"#,
        case.requests_per_second, case.error_percent, case.children
    );
    write(folder.path(), "scenario.yaml", &scenario);
    let request = RunRequest {
        replications: NonZeroU64::new(REPLICATIONS),
        seed: Some(20_261_123),
        ..RunRequest::of(vec![InputPath::Path(folder.path().join("scenario.yaml"))])
    };
    let report = rollsim::study::run(&request, &Progress::new()).expect("a report");
    report.results[0].arms[0].clone()
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("a file");
}

/// Accepts `count` of the replications if a binomial count is that far out with probability `1e-5` or more.
fn assert_probability(what: &str, count: u64, expected: f64) {
    assert_within(what, count, expected, expected);
}

/// The same where the closed form is an interval.
fn assert_within(what: &str, count: u64, low: f64, high: f64) {
    let at_most = binomial_cdf(count, REPLICATIONS, low);
    let at_least = 1.0
        - count
            .checked_sub(1)
            .map_or(0.0, |below| binomial_cdf(below, REPLICATIONS, high));
    let found = count as f64 / REPLICATIONS as f64;
    assert!(
        2.0 * at_most >= SMALLEST_P_VALUE && 2.0 * at_least >= SMALLEST_P_VALUE,
        "{what}: {found} of {REPLICATIONS}, expected {low} to {high}"
    );
}

/// P(Poisson(mean) = k) for k = 0, 1, …, until nothing is left.
fn poisson(mean: f64) -> Vec<f64> {
    let last = mean + 12.0 * mean.sqrt() + 40.0;
    let log = |k: f64| k * mean.ln() - mean - libm::lgamma(k + 1.0);
    let counts = (0..).map(f64::from).take_while(|k| *k <= last);
    counts
        .map(|k| {
            if mean > 0.0 {
                log(k).exp()
            } else {
                f64::from(u8::from(k == 0.0))
            }
        })
        .collect()
}

/// The probability that one window fails `ok/all >= 0.99`; no request at all fails too.
fn failing_window(requests: f64, error_share: f64) -> f64 {
    // Requests and errors are independent Poisson counts of successes and errors.
    let (errors, successes) = (
        poisson(requests * error_share),
        poisson(requests * (1.0 - error_share)),
    );
    let mut probability = 0.0;
    for (failed, p_failed) in errors.iter().enumerate() {
        for (fine, p_fine) in successes.iter().enumerate() {
            let all = failed + fine;
            if all == 0 || 100 * fine < 99 * all {
                probability += p_failed * p_fine;
            }
        }
    }
    probability
}

/// The probability of at least 4 failures among 5 independent measurements.
fn four_of_five(q: f64) -> f64 {
    5.0 * q.powi(4) * (1.0 - q) + q.powi(5)
}

fn either_gate(first: f64, second: f64) -> f64 {
    first + (1.0 - first) * second
}

#[test]
fn windows_that_do_not_overlap_are_independent_trials() {
    for (rate, error_percent, published) in [
        (50.0, 1.2, 0.754_746_970),
        (50.0, 0.7, 0.005_279_057),
        (5.0, 3.0, 0.979_038_096),
    ] {
        let share = error_percent / 100.0;
        let gate = |weight: f64| four_of_five(failing_window(rate * weight * 105.0, share));
        let expected = either_gate(gate(0.10), gate(0.25));
        assert!(
            (expected - published).abs() < 1e-8,
            "{expected} {published}"
        );
        let case = Case {
            requests_per_second: rate,
            error_percent,
            interval: "120s",
            ..OK_OVER_ALL
        };
        let arm = simulate(&case);
        assert_probability("120 s apart", arm.outcomes.aborted_failed, expected);
    }
}

/// Windows of two minutes every 30 s share most of their requests: fourteen times as many aborts as
/// independent measurements would give. The figures come from 10^6 replications of another program, so they
/// are intervals.
#[test]
fn windows_that_overlap_fail_together() {
    for (rate, error_percent, low, high) in [
        (50.0, 0.7, 0.072_33, 0.073_35),
        (50.0, 1.2, 0.801_86, 0.803_42),
        (5.0, 3.0, 0.963_93, 0.964_66),
        (1.0, 0.1, 0.010_91, 0.011_32),
    ] {
        let arm = simulate(&Case {
            requests_per_second: rate,
            error_percent,
            ..OK_OVER_ALL
        });
        assert_within("30 s apart", arm.outcomes.aborted_failed, low, high);
    }
}

/// Without any request in a window 0/0 is NaN, which a success condition fails.
#[test]
fn too_little_traffic_aborts_a_perfect_release() {
    for (rate, published) in [(0.2, 0.029_475_366), (0.05, 0.495_143_882)] {
        let gate = |weight: f64| {
            let requests = rate * weight * 15.0;
            2.0 * (-13.0 * requests).exp() - (-15.0 * requests).exp()
        };
        let expected = either_gate(gate(0.10), gate(0.25));
        assert!(
            (expected - published).abs() < 1e-8,
            "{expected} {published}"
        );
        let case = Case {
            requests_per_second: rate,
            error_percent: 0.0,
            ..OK_OVER_ALL
        };
        assert_probability(
            "no errors",
            simulate(&case).outcomes.aborted_failed,
            expected,
        );
    }
}

/// `5xx/all` finds nothing before the first error was scraped twice: five Errors in a row abort.
#[test]
fn errors_over_all_aborts_a_release_that_has_none() {
    for (error_percent, published) in [(0.1, 0.204_484), (0.01, 0.853_212), (0.0, 1.0)] {
        let case = Case {
            error_percent,
            numerator: r#"status=~"5..""#,
            condition: "result[0] <= 0.01",
            children: "at-first-increment",
            ..OK_OVER_ALL
        };
        let errors_per_second = 50.0 * 0.10 * error_percent / 100.0;
        let expected = if errors_per_second > 0.0 {
            let phase = 15.0 * errors_per_second;
            (-310.0 * errors_per_second).exp() * (1.0 - (-phase).exp()) / phase
        } else {
            1.0
        };
        assert!(
            (expected - published).abs() < 1e-6,
            "{expected} {published}"
        );
        let arm = simulate(&case);
        let at_first_gate: u64 = arm
            .aborted_at
            .iter()
            .filter(|place| place.step == Some(2))
            .map(|place| place.n)
            .sum();
        assert_probability(
            "aborted by Error",
            at_first_gate.min(arm.outcomes.aborted_error),
            expected,
        );
    }
}
