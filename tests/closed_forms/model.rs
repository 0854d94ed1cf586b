//! The simplest model that has closed forms, in rollsim's terms: a traffic router with exact weights, pods that
//! are ready at once, no latency anywhere, a scrape every 15 s and windows of two minutes, so that each window
//! holds seven intervals of requests. Gates at 10 % and at 25 %.

use std::fs;
use std::num::NonZeroU64;
use std::path::Path;

use rollsim::montecarlo::progress::Progress;
use rollsim::report::model::ArmResult;
use rollsim::stats::special::binomial_cdf;
use rollsim::study::request::{InputPath, RunRequest};

/// A right simulator fails a test with this probability.
const SMALLEST_P_VALUE: f64 = 1e-5;

/// The normal deviate that is exceeded either way with that probability.
const LARGEST_DEVIATE: f64 = 4.417;

/// Index of the analysis step of each gate.
pub const GATES: [u16; 2] = [2, 5];

const ROLLOUT: &str = include_str!("../m0/rollout.yaml");

/// Whether the nightly run is under way, which looks most closely.
pub fn nightly() -> bool {
    std::env::var_os("ROLLSIM_NIGHTLY").is_some()
}

/// So many replications in a release build, a million at night; debug builds look for gross errors only.
pub fn replications(usual: u64) -> u64 {
    if cfg!(debug_assertions) {
        2_000
    } else if nightly() {
        1_000_000
    } else {
        usual
    }
}

/// One case of the model.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// To the service.
    pub requests_per_second: f64,
    /// Share of requests that fail.
    pub error_percent: f64,
    /// Between measurements.
    pub interval: &'a str,
    /// Measurements of a gate.
    pub count: u32,
    /// How many of them may fail.
    pub failure_limit: u32,
    /// What is divided by all requests.
    pub numerator: Numerator,
    /// `successCondition`
    pub condition: &'a str,
    /// Whether labelled series exist `from-start` or `at-first-increment`.
    pub children: &'a str,
}

/// What a query divides by all requests.
#[derive(Clone, Copy, Debug)]
pub enum Numerator {
    /// Requests that didn't fail.
    Ok,
    /// Requests that failed.
    Errors,
    /// Requests that failed, or 0.
    ErrorsOrZero,
}

impl Numerator {
    const fn query(self) -> &'static str {
        match self {
            Self::Ok => r#"sum(rate(http_requests_total{version="canary",status!~"5.."}[2m]))"#,
            Self::Errors => r#"sum(rate(http_requests_total{version="canary",status=~"5.."}[2m]))"#,
            Self::ErrorsOrZero => {
                r#"(sum(rate(http_requests_total{version="canary",status=~"5.."}[2m])) or vector(0))"#
            }
        }
    }
}

/// `ok/all >= 99 %` five times, 30 s apart, with all children exported from the start.
pub const OK_OVER_ALL: Case<'_> = Case {
    requests_per_second: 50.0,
    error_percent: 0.7,
    interval: "30s",
    count: 5,
    failure_limit: 3,
    numerator: Numerator::Ok,
    condition: "result[0] >= 0.99",
    children: "from-start",
};

impl Case<'_> {
    /// Requests of the canary expected in a scrape interval at each gate.
    pub fn requests_per_scrape(&self) -> [f64; 2] {
        [0.10, 0.25].map(|weight| self.requests_per_second * weight * 15.0)
    }

    /// Writes the scenario and its manifests.
    pub fn write(&self, folder: &Path) {
        fs::create_dir(folder.join("deploy")).expect("a folder");
        write(folder, "deploy/rollout.yaml", ROLLOUT);
        let Self {
            interval,
            count,
            failure_limit,
            condition,
            children,
            ..
        } = self;
        let template = format!(
            r#"
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {{name: gate}}
spec:
  metrics:
    - name: gate
      interval: {interval}
      count: {count}
      failureLimit: {failure_limit}
      successCondition: {condition}
      provider:
        prometheus:
          address: http://prometheus.example.com:9090
          query: |
            {}
            / sum(rate(http_requests_total{{version="canary"}}[2m]))
"#,
            self.numerator.query()
        );
        write(folder, "deploy/template.yaml", &template);
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
    children: {children}
"#,
            self.requests_per_second, self.error_percent
        );
        write(folder, "scenario.yaml", &scenario);
    }

    /// Replays it so many times.
    pub fn simulate(&self, replications: u64) -> ArmResult {
        let folder = tempfile::tempdir().expect("a temporary folder");
        self.write(folder.path());
        let request = RunRequest {
            replications: NonZeroU64::new(replications),
            seed: Some(20_261_123),
            ..RunRequest::of(vec![InputPath::Path(folder.path().join("scenario.yaml"))])
        };
        let report = rollsim::study::run(&request, &Progress::new()).expect("a report");
        report.results[0].arms[0].clone()
    }
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("a file");
}

/// How many releases were aborted at a gate.
pub fn aborted_at(arm: &ArmResult, gate: usize) -> u64 {
    let places = arm.aborted_at.iter();
    places
        .filter(|place| place.step == Some(GATES[gate]))
        .map(|place| place.n)
        .sum()
}

/// Accepts `count` of `n` if a binomial count is that far out with probability `1e-5` or more.
#[track_caller]
pub fn assert_probability(what: &str, count: u64, n: u64, expected: f64) {
    assert_within(what, count, n, expected, expected);
}

/// The same where the closed form is an interval.
#[track_caller]
pub fn assert_within(what: &str, count: u64, n: u64, low: f64, high: f64) {
    // A sum of rounded terms may exceed 1 by a rounding error.
    let (low, high) = (low.clamp(0.0, 1.0), high.clamp(0.0, 1.0));
    let at_most = binomial_cdf(count, n, low);
    let at_least = 1.0
        - count
            .checked_sub(1)
            .map_or(0.0, |below| binomial_cdf(below, n, high));
    let found = count as f64 / n as f64;
    assert!(
        2.0 * at_most >= SMALLEST_P_VALUE && 2.0 * at_least >= SMALLEST_P_VALUE,
        "{what}: {found} of {n}, expected {low} to {high}"
    );
}

/// Accepts two independent counts if their shares differ by no more than chance makes them, with the variance
/// of the pooled share.
#[track_caller]
pub fn assert_same_share(what: &str, (first, n): (u64, u64), (second, m): (u64, u64)) {
    let (n, m) = (n as f64, m as f64);
    let (p, q) = (first as f64 / n, second as f64 / m);
    let pooled = (first + second) as f64 / (n + m);
    let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    assert!(
        (p - q).abs() <= LARGEST_DEVIATE * error,
        "{what}: {p} of {n} and {q} of {m}"
    );
}
