//! The best possible test against closed forms, and templates against the best possible test.
//!
//! The model is the simplest one: a traffic router with exact weights, one pod that is ready at once, no
//! latency anywhere. So the requests of the new version are Poisson with a mean that can be written down,
//! and the most powerful test of them is one of two Poisson counts.

use std::fs;
use std::num::NonZeroU64;
use std::path::Path;

use rollsim::montecarlo::progress::Progress;
use rollsim::report::bound::{Bound, Scope};
use rollsim::report::model::{ArmResult, PlanSummary, RolloutResult};
use rollsim::stats::Estimate;
use rollsim::stats::likelihood_ratio::most_power;
use rollsim::study::request::{InputPath, RunRequest};
use rollsim::world::random::{Purpose, ReplicationKey, Stream};

/// Release builds look closely, debug builds only for gross errors.
const CLOSELY: u64 = if cfg!(debug_assertions) { 1_500 } else { 4_000 };

const ROLLOUT: &str = include_str!("../m0/rollout.yaml");

const ERRORS: &str = r#"sum(rate(http_requests_total{version="canary",status=~"5.."}[WINDOW]))
            / sum(rate(http_requests_total{version="canary"}[WINDOW]))"#;
const SLOW: &str = r#"histogram_quantile(0.9, sum by (le) (
              rate(http_request_duration_seconds_bucket{version="canary"}[WINDOW])))"#;
/// Errors since the process started.
const TOTALS: &str = r#"sum(http_requests_total{version="canary",status=~"5.."})"#;

/// One scenario of the model.
#[derive(Debug)]
struct Case {
    requests_per_second: f64,
    errors_percent: f64,
    fault: String,
    query: &'static str,
    window: &'static str,
    condition: String,
    interval: &'static str,
    count: u64,
    failure_limit: u64,
    scrape_interval: &'static str,
    children: &'static str,
    replications: u64,
    seed: u64,
}

impl Default for Case {
    /// The low-traffic service: three requests a minute, errors 0.1 % against 30 %.
    fn default() -> Self {
        Self {
            requests_per_second: 0.05,
            errors_percent: 0.1,
            fault: "errors: 30%".to_owned(),
            query: ERRORS,
            window: "2m",
            condition: "isNaN(result[0]) || result[0] <= 0.2".to_owned(),
            interval: "30s",
            count: 5,
            failure_limit: 3,
            scrape_interval: "15s",
            children: "from-start",
            replications: 1_000,
            seed: 20_261_123,
        }
    }
}

impl Case {
    fn run(&self) -> RolloutResult {
        self.run_arms(&[])
    }

    fn run_arms(&self, arms: &[&str]) -> RolloutResult {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("deploy")).expect("a folder");
        write(folder.path(), "deploy/rollout.yaml", ROLLOUT);
        write(folder.path(), "deploy/template.yaml", &self.template());
        write(folder.path(), "scenario.yaml", &self.scenario());
        let request = RunRequest {
            arms: arms.iter().map(ToString::to_string).collect(),
            replications: NonZeroU64::new(self.replications),
            seed: Some(self.seed),
            ..RunRequest::of(vec![InputPath::Path(folder.path().join("scenario.yaml"))])
        };
        let mut report = rollsim::study::run(&request, &Progress::new()).expect("a report");
        report.results.remove(0)
    }

    fn template(&self) -> String {
        format!(
            r"
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {{name: gate}}
spec:
  metrics:
    - name: gate
      interval: {}
      count: {}
      failureLimit: {}
      successCondition: {}
      provider:
        prometheus:
          address: http://prometheus.example.com:9090
          query: |
            {}
",
            self.interval,
            self.count,
            self.failure_limit,
            self.condition,
            self.query.replace("WINDOW", self.window)
        )
    }

    fn scenario(&self) -> String {
        format!(
            r#"
apiVersion: rollsim/v1
manifests: [deploy/]
traffic: {{rate: {}/s}}
service: {{errors: {}%, pod: {{ready-after: 0s}}}}
prometheus: {{scrape-interval: {}, discovery: 0s}}
controller: {{start-fraction: 0, provider-latency: 0s, reconcile-latency: 0s, informer-latency: 0s}}
metrics:
  - use: http-server
    labels: {{version: "{{pod.version}}", status: "{{status}}"}}
    children: {}
faults:
  bad: {{{}}}
"#,
            self.requests_per_second,
            self.errors_percent,
            self.scrape_interval,
            self.children,
            self.fault
        )
    }
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("a file");
}

fn bad(result: &RolloutResult) -> &ArmResult {
    &result.arms[1]
}

fn of(arm: &ArmResult, scope: Scope) -> &Bound {
    &arm.bound[scope as usize]
}

/// Expected requests of the new version in a part of the plan.
fn expected_requests(plan: &PlanSummary, per_second: f64, until_s: f64) -> f64 {
    let steps = plan.steps.iter();
    let seconds = steps.map(|step| step.share * (step.end_s.min(until_s) - step.start_s).max(0.0));
    per_second * seconds.sum::<f64>()
}

/// P(Poisson(mean) = k) for k = 0, 1, …, until nothing is left.
fn poisson(mean: f64) -> Vec<f64> {
    let last = mean + 12.0 * mean.sqrt() + 40.0;
    let log = |k: f64| k * mean.ln() - mean - libm::lgamma(k + 1.0);
    let counts = (0..).map(f64::from).take_while(|k| *k <= last);
    counts.map(|k| log(k).exp()).collect()
}

/// The power of the most powerful test of independent Poisson counts of errors and successes, given their
/// sum, at level `alpha`.
fn exact_bound(requests: f64, healthy: f64, faulty: f64, alpha: f64) -> f64 {
    let (errors, successes) = (
        poisson(requests * faulty),
        poisson(requests * (1.0 - faulty)),
    );
    let (per_error, per_success) = (
        (faulty / healthy).ln(),
        ((1.0 - faulty) / (1.0 - healthy)).ln(),
    );
    let mut atoms = Vec::new();
    for (failed, p_failed) in errors.iter().enumerate() {
        for (fine, p_fine) in successes.iter().enumerate() {
            let log_ratio = failed as f64 * per_error + fine as f64 * per_success;
            atoms.push(((-log_ratio).exp(), p_failed * p_fine));
        }
    }
    atoms.sort_by(|left, right| left.0.total_cmp(&right.0));
    most_power(atoms, alpha)
}

/// About the standard error behind an interval.
fn error(estimate: &Estimate) -> f64 {
    let low = estimate.low.unwrap_or(0.0);
    let high = estimate.high.unwrap_or(1.0);
    (high - low) / (2.0 * 1.96)
}

#[test]
fn the_bound_is_the_exact_test_of_two_poisson_counts() {
    for (rate, percent) in [(0.05, 30.0), (0.05, 3.0), (0.5, 1.0), (2.0, 0.3)] {
        let result = Case {
            requests_per_second: rate,
            fault: format!("errors: {percent}%"),
            replications: CLOSELY,
            ..Case::default()
        }
        .run();
        let (arm, plan) = (bad(&result), result.plan.as_ref().unwrap());
        let last = plan.measurements.last().unwrap().at_s;
        for (scope, until_s) in [
            (Scope::LastMeasurement, last),
            (Scope::Promotion, plan.duration_s),
        ] {
            let bound = of(arm, scope);
            let requests = expected_requests(plan, rate, until_s);
            let found = bound.requests.unwrap();
            let spread = (requests / CLOSELY as f64).sqrt();
            assert!(
                (found - requests).abs() < 4.5 * spread,
                "{rate} {percent}: {found} requests, not {requests}"
            );
            let best = bound.bound.unwrap();
            let exact = exact_bound(requests, 0.001, percent / 100.0, bound.level.unwrap());
            let spread = (exact * (1.0 - exact) / CLOSELY as f64).sqrt() + 1e-4;
            assert!(
                (best.estimate - exact).abs() < 4.0 * spread,
                "{rate} {percent} {scope:?}: {best:?}, not {exact}"
            );
        }
    }
}

#[test]
fn what_windows_read_is_less_than_what_was_there() {
    let result = Case::default().run();
    let (arm, plan) = (bad(&result), result.plan.as_ref().unwrap());
    let requests = Scope::ALL.map(|scope| of(arm, scope).requests.unwrap());
    // Five windows of two minutes, 30 s apart, at 10 % and at 25 %: seven plus eight intervals of 15 s.
    let read = 0.05 * (0.10 + 0.25) * 225.0;
    assert!(
        (requests[0] - read).abs() < 5.0 * (read / 1_000.0).sqrt(),
        "{requests:?}"
    );
    let power = Scope::ALL.map(|scope| of(arm, scope).bound.unwrap().estimate);
    assert!(power[0] < power[1] && power[1] < power[2], "{power:?}");
    let totals = Case {
        query: TOTALS,
        condition: "result[0] <= 1".to_owned(),
        ..Case::default()
    };
    let result = totals.run();
    let requests = of(bad(&result), Scope::Read).requests.unwrap();
    let last = plan.measurements.last().unwrap().at_s;
    let until_last = expected_requests(plan, 0.05, last);
    assert!(requests > 0.95 * until_last, "{requests} of {until_last}");
}

#[test]
fn faults_that_requests_do_not_show_have_no_bound_above_chance() {
    let run = |fault: &str| {
        let case = Case {
            fault: fault.to_owned(),
            replications: 200,
            ..Case::default()
        };
        bad(&case.run()).bound.clone()
    };
    for bound in run("content: 100% broken") {
        let best = bound.bound.unwrap().estimate;
        assert!((best - bound.level.unwrap()).abs() < 1e-9, "{bound:?}");
        assert_eq!(bound.efficiency, None);
        assert_eq!(
            bound.reason.as_deref(),
            Some("nothing that is exported shows the fault")
        );
    }
    for bound in run("errors: 30%, memory: {leak: 5Mi/min}") {
        assert_eq!((bound.bound, bound.efficiency), (None, None));
        assert!(bound.reason.unwrap().contains("memory"));
    }
}

/// The level is the healthy arm's, whether that is shown or not.
#[test]
fn an_arm_alone_has_the_same_bound() {
    let case = Case {
        replications: 100,
        ..Case::default()
    };
    let (alone, together) = (case.run_arms(&["bad"]), case.run());
    assert_eq!(alone.arms.len(), 1);
    assert_eq!(alone.arms[0].bound, bad(&together).bound);
    assert!(together.arms[0].bound.is_empty());
}

/// One of these.
fn any<T: Copy>(choices: &[T], stream: &mut Stream) -> T {
    choices[stream.next_below(choices.len() as u64) as usize]
}

/// Between two numbers, uniform in the logarithm.
fn between(low: f64, high: f64, stream: &mut Stream) -> f64 {
    low * (high / low).powf(stream.next_unit())
}

fn random_case(number: u64) -> Case {
    let mut stream = ReplicationKey::new(77, number).stream(Purpose::Requests, 0, 0);
    let stream = &mut stream;
    let errors_percent = any(&[0.0, 0.1, 0.5, 2.0], stream);
    let mut fault = format!(
        "errors: {:.3}%",
        errors_percent + between(1.0, 30.0, stream)
    );
    match stream.next_below(3) {
        0 => {}
        1 => fault = format!("{fault}, latency: x{:.2}", between(1.05, 3.0, stream)),
        _ => fault = format!("latency: x{:.2}", between(1.05, 3.0, stream)),
    }
    let query = any(&[ERRORS, SLOW], stream);
    let threshold = if query == ERRORS {
        between(0.005, 0.1, stream)
    } else {
        between(0.1, 0.5, stream)
    };
    Case {
        requests_per_second: between(0.02, 1.0, stream),
        errors_percent,
        fault,
        query,
        window: any(&["1m", "2m", "5m"], stream),
        condition: format!("isNaN(result[0]) || result[0] <= {threshold:.4}"),
        interval: any(&["15s", "30s", "60s"], stream),
        count: 1 + stream.next_below(6),
        failure_limit: stream.next_below(3),
        scrape_interval: any(&["5s", "15s", "30s"], stream),
        children: "from-start",
        replications: if cfg!(debug_assertions) { 200 } else { 4_000 },
        seed: number,
    }
}

/// No template beats the best test of the requests that it reads, nor any with more of them.
#[test]
fn no_template_is_better_than_the_best_test() {
    let mut informative = 0;
    for number in 0..50 {
        let case = random_case(number);
        let result = case.run();
        for bound in &bad(&result).bound {
            let best = bound.bound.unwrap();
            let power = bound.power;
            let spread = libm::hypot(error(&best), error(&power));
            assert!(
                power.estimate <= best.estimate + 4.0 * spread,
                "scenario {number}: {bound:?} in {case:?}"
            );
            informative += u32::from(power.estimate > 0.05 && best.estimate < 0.98);
        }
    }
    assert!(informative >= 20, "only {informative} cases say anything");
}
