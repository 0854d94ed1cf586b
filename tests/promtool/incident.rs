//! Traced replications in which a lot happens: pods that die, scrapes that fail, children that are born late.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rollsim::engine::replicate::{Exported, Replicator};
use rollsim::engine::trace::What;
use rollsim::promql::head::is_stale;
use rollsim::promql::parse::parse;
use rollsim::promql::plain::{Series, Value, evaluate_instant};
use rollsim::promql::settings::{Profile, Settings};
use rollsim::study::input;
use rollsim::study::prepare::{Prepared, prepare};
use rollsim::study::request::{InputPath, RolloutChoice};

/// Metrics whose names start with this have instant selectors, which look back for five minutes.
const INSTANT: &str = "instant";

const ROLLOUT: &str = r#"
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: api}
spec:
  replicas: 5
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: api, image: "api:2"}]}
  strategy:
    canary:
      canaryMetadata: {labels: {version: canary}}
      stableMetadata: {labels: {version: stable}}
      analysis: {templates: [{templateName: gates}]}
      steps:
        - setWeight: 20
        - pause: {duration: 4m}
        - setWeight: 60
        - pause: {duration: 6m}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: gates}
spec:
  metrics:
"#;

/// Name and query.
const METRICS: [(&str, &str); 9] = [
    (
        "error-share",
        r#"sum(rate(http_requests_total{status=~"5..",version="canary"}[1m])) / sum(rate(http_requests_total{version="canary"}[1m]))"#,
    ),
    (
        "errors-by-pod",
        r#"sum by (pod) (increase(http_requests_total{status="500"}[2m]))"#,
    ),
    (
        "p95",
        r"histogram_quantile(0.95, sum by (le, version) (rate(http_request_duration_seconds_bucket[90s])))",
    ),
    (
        "worst-rate",
        r#"max_over_time(sum(rate(http_requests_total{version="canary"}[1m]))[3m:20s])"#,
    ),
    (
        "availability",
        r"min by (version) (avg_over_time(up[2m] offset 30s))",
    ),
    (
        "growth",
        r"max(deriv(process_resident_memory_bytes[2m])) > 0 or vector(0)",
    ),
    (
        "instant-memory",
        r"max by (version) (process_resident_memory_bytes)",
    ),
    ("instant-pods", r#"count(up{version="canary"} == 1)"#),
    (
        "instant-requests",
        r#"sum(http_requests_total{status="200"}) or on () vector(-1)"#,
    ),
];

const SCENARIO: &str = "
apiVersion: rollsim/v1
manifests: [manifests.yaml]
traffic: {rate: 20/s}
service:
  errors: 0.5%
  latency: {lognormal: {p50: 80ms, p99: 400ms}}
  memory: {baseline: 300Mi, limit: 512Mi}
prometheus:
  version: VERSION
  scrape-interval: 15s
  scrape-failure: 2%
metrics:
  - use: http-server
    labels: {version: '{pod.version}', status: '{status}'}
  - use: process
    labels: {version: '{pod.version}'}
faults:
  error-spike: {errors: 5%}
  memory-leak: {memory: {leak: 90Mi/min}, oom: restart}
montecarlo: {replications: 1, seed: 3}
horizon: 2h
";

/// Writes scenario and manifests to a folder; the scenario's path.
pub fn write(folder: &Path, profile: Profile) -> PathBuf {
    let mut manifests = ROLLOUT.to_owned();
    for (name, query) in METRICS {
        let _ = write!(
            manifests,
            "    - name: {name}\n      interval: 20s\n      failureLimit: 1000\n      consecutiveErrorLimit: 1000\n      \
             provider: {{prometheus: {{address: 'http://prometheus:9090', query: {}}}}}\n",
            serde_json::Value::from(query)
        );
    }
    std::fs::write(folder.join("manifests.yaml"), manifests).unwrap();
    let version = match profile {
        Profile::V3 => "3",
        Profile::V2_51 => "2.51",
        Profile::V2 => "2",
    };
    let scenario = folder.join("scenario.yaml");
    std::fs::write(&scenario, SCENARIO.replace("VERSION", version)).unwrap();
    scenario
}

/// Has the program trace a replication and export it; what it says on standard error.
pub fn trace(scenario: &Path, arm: &str, replication: u64, export: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_rollsim"))
        .arg("trace")
        .arg(scenario)
        .args(["--arm", arm, "--replication", &replication.to_string()])
        .args(export)
        .current_dir(scenario.parent().unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    said
}

/// A measurement that was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    pub query: String,
    pub time: i64,
    /// The values; none if the measurement is an error.
    pub values: Option<Vec<f64>>,
    pub message: String,
    /// What the query answers without staleness markers, which OpenMetrics can't carry; none where that is the
    /// same: everywhere but in instant selectors within five minutes after a series ended.
    pub without_markers: Option<Vec<f64>>,
}

/// The measurements of the replication that the program exports as series.
pub fn measurements(scenario: &Path, arm: &str, replication: u64) -> Vec<Taken> {
    let inputs = input::read(&[InputPath::Path(scenario.to_owned())]).unwrap();
    let rollouts = inputs.rollouts(&RolloutChoice::Default).unwrap();
    let Prepared::Ready(ready) = prepare(&inputs, rollouts[0]).unwrap() else {
        panic!("the Rollout is valid");
    };
    let built = &ready.built;
    let arm = built
        .plan
        .arms
        .iter()
        .find(|known| known.name == arm)
        .unwrap();
    let mut replicator = Replicator::new(&built.plan, arm, inputs.scenario.montecarlo.seed);
    let exported = replicator.export(replication, &built.universe, false);
    let unmarked = unmarked(&exported.series);
    let entries = exported.recorder.entries.iter();
    entries
        .filter_map(|entry| match &entry.what {
            What::Measurement(measured) => {
                let time = exported.update_ms + entry.at_ms;
                let query = measured.query.clone().unwrap();
                let value = measured.value.trim_matches(['[', ']']);
                let values = value.split(',').filter(|text| !text.is_empty());
                let may_differ =
                    measured.metric.starts_with(INSTANT) && ended_recently(&exported, time);
                let answer = |series| values_at(&query, series, time, &built.settings);
                let without_markers = may_differ.then(|| answer(&unmarked));
                Some(Taken {
                    values: (!measured.value.is_empty())
                        .then(|| values.map(|text| text.parse().unwrap()).collect()),
                    message: measured.message.clone(),
                    without_markers: without_markers
                        .filter(|values| *values != answer(&exported.series)),
                    query,
                    time,
                })
            }
            _ => None,
        })
        .collect()
}

fn unmarked(series: &[Series]) -> Vec<Series> {
    let mut series = series.to_vec();
    for series in &mut series {
        series.samples.retain(|sample| !is_stale(sample.1));
    }
    series
}

fn values_at(query: &str, series: &[Series], time: i64, settings: &Settings) -> Vec<f64> {
    match evaluate_instant(&parse(query).unwrap(), series, time, settings) {
        Ok(Value::Vector(samples)) => samples.iter().map(|sample| sample.value).collect(),
        other => panic!("{query}: {other:?}"),
    }
}

/// Whether a series is over that an instant selector would still find without its marker.
fn ended_recently(exported: &Exported, time: i64) -> bool {
    exported.series.iter().any(|series| {
        let seen = series.samples.partition_point(|sample| sample.0 <= time);
        let last = seen.checked_sub(1).map(|last| series.samples[last]);
        last.is_some_and(|last| is_stale(last.1) && last.0 >= time - 300_000)
    })
}
