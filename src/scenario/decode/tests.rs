//! A scenario file is read to the letter, and every mistake has its place.

use std::path::Path;

use proptest::prelude::proptest;

use super::super::model::{
    DurationDistribution, Fact, GcPressure, LabelValue, Latency, LatencyFault, LatencyUnit,
    MetricKind, Onset, Operator, OperatorAction, OperatorWhen, OutOfMemory, PrometheusVersion,
    Scenario, StartFraction,
};
use super::{OtherManifests, decode_source, load};
use crate::diagnostics::{ColourChoice, Diagnostic, SourceMap, headline, render};
use crate::manifest::notifications::Trigger;
use crate::units::Duration;

fn read(text: &str) -> (SourceMap, Result<Scenario, Vec<Diagnostic>>) {
    let mut sources = SourceMap::new();
    let id = sources.add("s.yaml", text);
    let result = decode_source(&sources, id, Path::new("scenarios"));
    (sources, result)
}

fn scenario(text: &str) -> Scenario {
    let (sources, result) = read(&format!("apiVersion: rollsim/v1\nmanifests: [m]\n{text}"));
    result.unwrap_or_else(|errors| panic!("{}", render(&errors, &sources, ColourChoice::Plain)))
}

fn errors(text: &str) -> Vec<String> {
    let (sources, result) = read(&format!("apiVersion: rollsim/v1\nmanifests: [m]\n{text}"));
    let errors = result.err().unwrap_or_default();
    errors
        .iter()
        .map(|error| headline(error, &sources))
        .collect()
}

#[test]
fn a_minimal_file_gives_the_documented_defaults() {
    let minimal = scenario("");
    assert_eq!(minimal.manifests, [Path::new("scenarios/m")]);
    assert_eq!(minimal, Scenario::with_defaults(minimal.manifests.clone()));
    assert_eq!(minimal.traffic.rate_per_second.to_bits(), 50_f64.to_bits());
    assert_eq!(minimal.montecarlo.replications, 10_000);
    assert_eq!(
        minimal.prometheus.scrape_interval,
        Duration::from_seconds(30)
    );
}

#[test]
fn operators_act_on_an_occasion() {
    let read = scenario(
        "operators:
  - promote: {after-pause: {uniform: [1m, 2m]}}
  - retry: {after-page: 5m, times: 2, paged-by: [on-rollout-aborted]}
  - scale: {after-update: 12m, replicas: 10}
pages: [on-rollout-aborted, on-rollout-paused]
",
    );
    let minutes = |minutes: i64| Duration::from_seconds(60 * minutes);
    let pages = [Trigger::RolloutAborted, Trigger::RolloutPaused];
    let pages = pages.into_iter().collect();
    assert_eq!(read.pages, pages);
    let expected = [
        Operator {
            action: OperatorAction::Promote,
            when: OperatorWhen::AfterPause,
            after: DurationDistribution::Uniform(minutes(1), minutes(2)),
            times: None,
            on: pages,
        },
        Operator {
            action: OperatorAction::Retry,
            when: OperatorWhen::AfterPage,
            after: DurationDistribution::Fixed(minutes(5)),
            times: Some(2),
            on: [Trigger::RolloutAborted].into_iter().collect(),
        },
        Operator {
            action: OperatorAction::Scale(10),
            when: OperatorWhen::AfterUpdate,
            after: DurationDistribution::Fixed(minutes(12)),
            times: Some(1),
            on: pages,
        },
    ];
    assert_eq!(read.operators, expected);
}

#[test]
fn operators_say_one_thing_on_one_occasion() {
    let found = errors(
        "operators:
  - retry: {after-pag: 5m}
  - scale: {after-update: 2m}
  - promot: {after-pause: 5m}
  - abort: {after-page: 5m, paged-by: [on-rollout-paused]}
  - abort: {after-update: 5m, times: 2}
  - new-image: {after-update: 9m}
  - new-image: {after-update: 9m}
pages: [on-rollout-abort]
",
    );
    let expected = [
        "s.yaml:4:12: error: operators[0].retry: exactly one of after-update, after-page, after-pause is needed",
        "s.yaml:4:13: error: unknown field `operators[0].retry.after-pag`",
        "s.yaml:5:12: error: operators[1].scale: `replicas` is missing",
        "s.yaml:6:5: error: unknown field `operators[2].promot`",
        "s.yaml:7:39: error: operators[3].abort.paged-by: nobody is paged for all of these",
        "s.yaml:8:38: error: operators[4].abort.times: there is only one update",
        "s.yaml:10:5: error: operators[6]: there is a new image already",
        "s.yaml:11:9: error: pages[0]: `on-rollout-abort` is not known here",
    ];
    assert_eq!(found, expected);
}

const FULL: &str = r#"rollout: api
traffic: {rate: 3/min}
service:
  errors: 0.2%
  latency: {constant: 80ms}
  slow-above: 500ms
  warmup: {for: 60s, latency: x3}
  memory: {baseline: 100Mi, limit: 1Gi, noise: 1%}
  pod: {ready-after: {uniform: [5s, 10s]}, stable-age: 2h}
prometheus: {version: 2.51, scrape-interval: 15s, scrape-failure: 1%, visibility-lag: 2s, discovery: 3s}
controller: {start-fraction: 0.25, provider-latency: 1ms, reconcile-latency: 2ms, informer-latency: 3ms}
metrics:
- {use: http-server, labels: {service: api, role: "{role}", status: "{status}", version: "{pod.app.kubernetes.io/version}"}}
- {name: my_latency, kind: latency-histogram, buckets: [100ms, 1s], children: from-start}
- {name: my_requests, kind: requests}
- use: process
faults:
  spike: {errors: 3%, from: 2m}
  slow: {latency: x4, from: {update: 10m}}
  shift: {latency: +200ms}
  tail: {latency: {tail: {share: 2%, to: 2s}}}
  empty: {content: 50% broken}
  leak: {memory: {leak: 60Mi/min}, gc-pressure: {from: 80%, latency: x4}, oom: ignore}
montecarlo: {replications: 500, seed: 7}
horizon: 2h
undetected-for: 30m
"#;

#[test]
fn everything_about_the_service_and_its_metrics_is_understood() {
    let full = scenario(FULL);
    assert_eq!(full.rollout.as_deref(), Some("api"));
    assert_eq!(
        full.service.latency,
        Latency::Constant(Duration::from_millis(80))
    );
    assert_eq!(
        full.service.warmup.unwrap().duration,
        Duration::from_seconds(60)
    );
    assert_eq!(
        full.service.pod.ready_after,
        DurationDistribution::Uniform(Duration::from_seconds(5), Duration::from_seconds(10))
    );
    assert_eq!(full.prometheus.version, PrometheusVersion::V2_51);
    assert_eq!(
        full.prometheus.discovery,
        DurationDistribution::Fixed(Duration::from_seconds(3))
    );
    assert_eq!(
        full.controller.start_fraction,
        StartFraction::Fixed(Duration::from_millis(250))
    );
    let names: Vec<_> = full
        .metrics
        .iter()
        .map(|metric| metric.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "http_requests_total",
            "http_request_duration_seconds",
            "my_latency",
            "my_requests",
            "process_resident_memory_bytes",
            "process_cpu_seconds_total"
        ]
    );
    let labels: Vec<_> = full.metrics[0]
        .labels
        .iter()
        .map(|(_, value)| value.clone())
        .collect();
    assert_eq!(
        labels,
        [
            LabelValue::Literal("api".into()),
            LabelValue::Role,
            LabelValue::Status,
            LabelValue::PodLabel("app.kubernetes.io/version".into())
        ]
    );
    assert_eq!(
        full.metrics[2].kind,
        MetricKind::LatencyHistogram {
            buckets: vec![0.1, 1.0],
            unit: LatencyUnit::Seconds,
        }
    );
    assert!(full.metrics[2].children_from_start);
}

#[test]
fn every_kind_of_fault_is_understood() {
    let full = scenario(FULL);
    let faults = &full.faults;
    let order: Vec<_> = faults.iter().map(|fault| fault.name.as_str()).collect();
    assert_eq!(order, ["spike", "slow", "shift", "tail", "empty", "leak"]);
    assert_eq!(faults[0].onset, Onset::PodAge(Duration::from_seconds(120)));
    assert_eq!(
        faults[1].onset,
        Onset::SinceUpdate(Duration::from_seconds(600))
    );
    assert_eq!(faults[1].latency, Some(LatencyFault::Factor(4.0)));
    assert_eq!(
        faults[2].latency,
        Some(LatencyFault::Shift(Duration::from_millis(200)))
    );
    assert_eq!(faults[4].broken_content_share, Some(0.5));
    let leak = faults[5].memory.as_ref().unwrap();
    assert_eq!(leak.oom, OutOfMemory::Ignore);
    assert_eq!(
        leak.gc_pressure,
        Some(GcPressure {
            from_share: 0.8,
            latency_factor: 4.0
        })
    );
    assert_eq!(leak.bytes_per_second.to_bits(), 1_048_576_f64.to_bits());
}

#[test]
fn all_mistakes_are_told_at_once_with_their_places() {
    let found = errors(
        r"trafic: {rate: 50/s}
service:
  errors: 0.03
  latency: {lognormal: {p50: 400ms, p99: 80ms}}
  memory: {baseline: 1Gi}
prometheus: {scrape-interval: 100ms, version: 4}
faults:
  healthy: {errors: 3%}
  spike: {error: 3%}
  late: {from: 5m}
  odd: {oom: restart}
  few: {errors: 0%}
montecarlo: {replications: 0}
",
    );
    let wanted = [
        "s.yaml:3:1: error: unknown field `trafic`",
        "s.yaml:5:11: error: service.errors: `0.03` is no percentage: a unit is needed",
        "s.yaml:6:24: error: service.latency.lognormal: p50 must be more than 0, and p99 more than p50",
        "s.yaml:7:11: error: service.memory: the baseline must be below the limit",
        "s.yaml:8:31: error: prometheus.scrape-interval: must be at least 1s and a whole number of milliseconds",
        "s.yaml:8:47: error: prometheus.version: Prometheus 4 is not known",
        "s.yaml:10:3: error: `healthy` is the arm without a fault",
        "s.yaml:11:11: error: unknown field `faults.spike.error`",
        "s.yaml:12:9: error: faults.late: nothing is wrong with it",
        "s.yaml:13:14: error: faults.odd.oom: nothing happens without a leak",
        "s.yaml:14:17: error: faults.few.errors: a fault can't have fewer errors than the healthy service, which has 0.1%",
        "s.yaml:15:28: error: montecarlo.replications: a whole number of at least 1 is needed",
    ];
    assert_eq!(found, wanted);
    let (sources, result) = read("apiVersion: rollsim/v1\nmanifests: [m]\ntrafic: {}\n");
    let text = render(&result.unwrap_err(), &sources, ColourChoice::Plain);
    assert!(text.contains("3 | trafic: {}\n  | ^^^^^^"), "{text}");
    assert!(text.contains("help: did you mean `traffic`?"), "{text}");
}

#[test]
fn mistakes_in_metrics_are_told() {
    let found = errors(
        r#"metrics:
- use: http-servr
- {use: process, labels: {pod: x, le: y, a-b: z, ok: "{rol}", n: 5}}
- {use: process}
- {name: 1x, kind: requests}
- {name: x}
- {name: h, kind: latency-histogram, buckets: [1s, 0.5]}
- {name: z, kind: memory, buckets: [1s]}
- {kind: memory}
- 5
"#,
    );
    let wanted = [
        "s.yaml:4:8: error: metrics[0].use: `http-servr` is not in the catalogue",
        "s.yaml:5:27: error: `pod` is set by scraping",
        "s.yaml:5:35: error: `le` can't be the name of a label here",
        "s.yaml:5:42: error: `a-b` can't be the name of a label here",
        "s.yaml:5:54: error: metrics[1].labels.ok: `{rol}` is not known",
        // YAML reads `n` as false.
        "s.yaml:5:66: error: metrics[1].labels.false: a text is needed, not a number",
        "s.yaml:6:3: error: metrics[2]: `process_resident_memory_bytes` is exported twice",
        "s.yaml:7:10: error: metrics[3].name: `1x` is no name of a metric",
        "s.yaml:8:3: error: metrics[4]: `kind` is missing",
        "s.yaml:9:52: error: metrics[5].buckets[1]: `0.5` is no duration: a unit is needed",
        "s.yaml:10:36: error: metrics[6].buckets: only a histogram has buckets",
        "s.yaml:11:3: error: metrics[7]: `use` or `name` is missing",
        "s.yaml:12:3: error: metrics[8]: fields are needed, not a number",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn labels_come_from_many_places_and_replace_the_catalogue_s() {
    let full = scenario(
        r#"metrics:
- use: istio
  labels: {reporter: destination, job: "{service}"}
- name: limits
  kind: constant
  value: 0.5
  labels: {resource: cpu, a: "{role: old|new}", b: "{status: 2xx | 5xx}", c: [p, q], d: "{service.host}"}
- {name: limits, kind: constant, value: 1024, labels: {resource: memory}}
- {name: rpc_ms, kind: latency-histogram, unit: ms, buckets: [1ms, 1s]}
"#,
    );
    let value = |metric: usize, name: &str| {
        let mut labels = full.metrics[metric].labels.iter();
        labels.find(|(label, _)| label == name).unwrap().1.clone()
    };
    let texts = |texts: [&str; 2]| texts.map(str::to_owned);
    assert_eq!(
        value(0, "reporter"),
        LabelValue::Literal("destination".into())
    );
    assert_eq!(value(0, "job"), LabelValue::Fact(Fact::Service));
    assert_eq!(value(0, "response_code"), LabelValue::Status);
    assert_eq!(full.metrics[2].kind, MetricKind::Constant { value: 0.5 });
    assert_eq!(value(2, "a"), LabelValue::ByRole(texts(["old", "new"])));
    assert_eq!(value(2, "b"), LabelValue::ByStatus(texts(["2xx", "5xx"])));
    assert_eq!(value(2, "c"), LabelValue::Each(texts(["p", "q"]).to_vec()));
    assert_eq!(value(2, "d"), LabelValue::Fact(Fact::ServiceHost));
    assert_eq!(
        full.metrics[4].kind,
        MetricKind::LatencyHistogram {
            buckets: vec![0.001, 1.0],
            unit: LatencyUnit::Milliseconds,
        }
    );
}

#[test]
fn mistakes_in_label_values_and_kinds_are_told() {
    let found = errors(
        r#"metrics:
- {name: a, kind: constant}
- {name: b, kind: requests, value: 1}
- {name: c, kind: requests, labels: {x: [p, p], z: "{role: one}", s: "{servic}"}}
- {use: istio, unit: ms}
- {name: d, kind: memory, labels: {x: one}}
- {name: d, kind: memory, labels: {w: two}}
"#,
    );
    let wanted = [
        "s.yaml:4:3: error: metrics[0]: `value` is missing",
        "s.yaml:5:36: error: metrics[1].value: only a constant has a value",
        "s.yaml:6:41: error: metrics[2].labels.x: values that differ are needed",
        "s.yaml:6:52: error: metrics[2].labels.z: `{role: one}` is not known",
        "s.yaml:6:70: error: metrics[2].labels.s: `{servic}` is not known",
        "s.yaml:7:22: error: metrics[3].unit: the catalogue decides",
        "s.yaml:9:3: error: metrics[5]: `d` is exported twice",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn the_file_itself_must_be_a_scenario() {
    let first = |text: &str| {
        let (sources, result) = read(text);
        headline(&result.unwrap_err()[0], &sources)
    };
    assert_eq!(first("# nothing\n"), "error: s.yaml is empty");
    assert_eq!(
        first("- 1\n"),
        "s.yaml:1:1: error: fields are needed, not a list"
    );
    assert_eq!(
        first("manifests: [a]\n"),
        "s.yaml:1:1: error: `apiVersion` is missing"
    );
    assert_eq!(
        first("apiVersion: rollsim/v2\nmanifests: [a]\n"),
        "s.yaml:1:13: error: apiVersion: `rollsim/v2` is not known"
    );
    assert_eq!(
        first("apiVersion: rollsim/v1\nmanifests: []\n---\na: 1\n"),
        "s.yaml:4:1: error: a scenario file holds one document"
    );
    assert!(first("a: [1\n").contains("invalid YAML"));
    assert_eq!(
        first("apiVersion: rollsim/v1\nmanifests: m\n"),
        "s.yaml:2:12: error: manifests: a list is needed, not a text"
    );
}

#[test]
fn manifests_are_relative_to_the_file_and_must_exist() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.yaml");
    std::fs::write(
        &file,
        "apiVersion: rollsim/v1\nmanifests: [s.yaml, gone/]\n",
    )
    .unwrap();
    let mut sources = SourceMap::new();
    let found = load(&file, &mut sources, OtherManifests::None).unwrap_err();
    assert_eq!(found.len(), 1);
    assert!(found[0].message.contains("manifests[1]: "), "{found:?}");
    assert_eq!(sources.line_column(found[0].location.unwrap()).column, 21);
    std::fs::create_dir(folder.path().join("gone")).unwrap();
    let scenario = load(&file, &mut sources, OtherManifests::None).unwrap();
    assert_eq!(scenario.manifests[1], folder.path().join("gone/"));
    let missing = load(
        Path::new("no/such/file.yaml"),
        &mut sources,
        OtherManifests::None,
    )
    .unwrap_err();
    assert!(
        missing[0]
            .message
            .starts_with("cannot read no/such/file.yaml")
    );
}

#[test]
fn manifests_may_come_from_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.yaml");
    std::fs::write(&file, "# none\napiVersion: rollsim/v1\n").unwrap();
    let mut sources = SourceMap::new();
    let found = load(&file, &mut sources, OtherManifests::None).unwrap_err();
    assert!(found[0].message.starts_with("`manifests` is missing"));
    assert_eq!(sources.line_column(found[0].location.unwrap()).line, 2);
    let scenario = load(&file, &mut sources, OtherManifests::Given).unwrap();
    assert!(scenario.manifests.is_empty());
}

#[test]
fn the_articles_scenario_loads() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/article/api.yaml");
    let mut sources = SourceMap::new();
    let scenario = load(&path, &mut sources, OtherManifests::None)
        .unwrap_or_else(|errors| panic!("{}", render(&errors, &sources, ColourChoice::Plain)));
    assert_eq!(scenario.faults.len(), 4);
    assert_eq!(scenario.metrics.len(), 4);
}

proptest! {
    #[test]
    fn never_panics_on_any_values(
        key in "traffic|service|prometheus|controller|metrics|faults|montecarlo|horizon|manifests",
        value in "[a-z0-9%/:.+x\\[\\]{}, -]{0,40}",
    ) {
        let (sources, result) = read(&format!("apiVersion: rollsim/v1\n{key}: {value}\n"));
        if let Err(errors) = result {
            render(&errors, &sources, ColourChoice::Plain);
        }
    }
}

#[test]
fn a_scrape_may_take_as_long_as_the_interval() {
    let timeout = |prometheus: &str| {
        scenario(&format!("prometheus: {{{prometheus}}}\n"))
            .prometheus
            .scrape_timeout
            .to_string()
    };
    assert_eq!(timeout("scrape-interval: 15s"), "10s");
    assert_eq!(timeout("scrape-interval: 5s"), "5s");
    assert_eq!(timeout("scrape-interval: 5s, scrape-timeout: 2s"), "2s");
    let errors = errors("prometheus: {scrape-interval: 5s, scrape-timeout: 6s}\n");
    assert!(errors[0].contains("scrape timeout greater than scrape interval"));
}

#[test]
fn only_gauges_have_timestamps_of_their_own() {
    let own = scenario("metrics: [{use: container, own-timestamps: 10s}]\n");
    let every = Some(Duration::from_seconds(10));
    assert_eq!(own.metrics[0].own_timestamps, every);
    let wrong = errors("metrics: [{use: http-server, own-timestamps: 10s}]\n");
    assert!(wrong[0].contains("only gauges of memory"), "{wrong:?}");
    let wrong = errors(
        "metrics: [{use: container, own-timestamps: 10s}, {use: process, own-timestamps: 15s}]\n",
    );
    assert!(
        wrong[0].contains("other metrics have timestamps every 10s"),
        "{wrong:?}"
    );
}

/// The traffic that a scenario in a folder of its own gives, beside which these files lie.
fn traffic(
    text: &str,
    files: &[(&str, &str)],
) -> Result<crate::scenario::traffic::Traffic, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    let mut sources = SourceMap::new();
    let text = format!("apiVersion: rollsim/v1\nmanifests: [m]\ntraffic:\n  {text}\n");
    let id = sources.add("s.yaml", &text);
    match decode_source(&sources, id, folder.path()) {
        Ok(scenario) => Ok(scenario.traffic),
        Err(errors) => Err(render(&errors, &sources, ColourChoice::Plain)),
    }
}

#[test]
fn rates_change_as_written() {
    use crate::scenario::traffic::RateShape;
    let day = "rate: {diurnal: {mean: 30/s, peak-to-trough: x4, peak-at: 13:30, starts-at: 09:00}}";
    let read = traffic(day, &[]).unwrap();
    let RateShape::Diurnal(diurnal) = read.shape else {
        panic!("{read:?}");
    };
    assert!((read.rate_per_second - 30.0).abs() < 1e-12);
    assert!((diurnal.amplitude - 0.6).abs() < 1e-12);
    assert_eq!(diurnal.peak_at, Duration::from_seconds(13 * 3_600 + 1_800));
    assert_eq!(diurnal.starts_at, Some(Duration::from_seconds(9 * 3_600)));
    let read = traffic("rate: {diurnal: {mean: 30/s, amplitude: 50%}}", &[]).unwrap();
    assert!(matches!(read.shape, RateShape::Diurnal(day) if day.starts_at.is_none()));
    let ramp = "rate: {ramp: {from: 20/s, to: 100/s, over: 30m}}";
    let read = traffic(ramp, &[]).unwrap();
    assert!(matches!(read.shape, RateShape::Ramp(ramp) if (ramp.to_factor - 5.0).abs() < 1e-12));
    let steps = "rate: {steps: [{from: 0s, rate: 50/s}, {from: 10m, rate: 80/s}]}\n  bursts: {factor: x4, calm: 10m, burst: 30s}";
    let read = traffic(steps, &[]).unwrap();
    assert!(
        matches!(&read.shape, RateShape::Steps(steps) if (steps[1].factor - 1.6).abs() < 1e-12)
    );
    assert!((read.bursts.unwrap().mean_factor() - (1.0 + 3.0 / 21.0)).abs() < 1e-12);
}

#[test]
fn recordings_are_read_from_both_formats() {
    use crate::scenario::traffic::{Beyond, RateShape};
    let csv = "time,rate\n2024-01-31T23:59:00Z,10\n2024-02-01T00:00:00+00:00,20\n2024-02-01T01:01:00+01:00,0\n";
    let unix = "time,rate\n\n1700000000,10\n1700000060.0, 20\n1700000120,0\n";
    let json = r#"{"status": "success", "data": {"resultType": "matrix", "result": [
        {"metric": {}, "values": [[1700000000, "10"], [1700000060, "20"], [1700000120.001, "0"]]}]}}"#;
    for (name, content) in [("csv", csv), ("csv", unix), ("query-range", json)] {
        let text = format!("rate: {{{name}: r, beyond: hold, starts-at: 1m}}");
        let read = traffic(&text, &[("r", content)]).unwrap();
        let RateShape::Recorded(recording) = read.shape else {
            panic!("{read:?}");
        };
        assert!((read.rate_per_second - 10.0).abs() < 1e-12);
        let factors: Vec<f64> = recording.steps.iter().map(|step| step.factor).collect();
        assert_eq!(factors, [1.0, 2.0, 0.0]);
        let length = recording.length.as_millis_floor();
        assert!((180_000..=180_002).contains(&length), "{length}");
        assert_eq!(recording.beyond, Beyond::Hold);
        assert_eq!(recording.starts_at, Some(Duration::from_seconds(60)));
    }
}

#[test]
fn traffic_that_cannot_be_is_refused_with_line_and_hint() {
    let head = "time,rate\n";
    let cases: [(&str, &str, &str); 15] = [
        (
            "rate: {csv: r}",
            "rate,time\n1,2\n",
            "r:1: the header `time,rate` is missing",
        ),
        (
            "rate: {csv: r}",
            "0,1\n60,2\n180,3\n",
            "r:4: 120 s after the sample before, though the first two are 60 s apart",
        ),
        (
            "rate: {csv: r}",
            "0,1\n60,2\n30,3\n",
            "r:4: this sample doesn't come after the one before",
        ),
        (
            "rate: {csv: r}",
            "0,1\n60,-2\n",
            "r:3: -2 is less than no requests",
        ),
        ("rate: {csv: r}", "0,1\nx,2\n", "r:3: `x` is no time"),
        ("rate: {csv: r}", "0,1\n60,NaN\n", "r:3: `NaN` is no rate"),
        ("rate: {csv: r}", "0,1\n", "two samples are needed at least"),
        (
            "rate: {csv: r}",
            "0,0\n60,0\n",
            "there are no requests in it",
        ),
        (
            "rate: {csv: r, starts-at: 2m}",
            "0,1\n60,2\n",
            "the recording is only 2m long",
        ),
        ("rate: {csv: gone}", "", "cannot read gone"),
        ("rate: {query-range: r}", "{}", "`data.result` is missing"),
        (
            "rate: {diurnal: {mean: 5/s, amplitude: 120%}}",
            "",
            "from 0% to 100%",
        ),
        (
            "rate: {diurnal: {mean: 5/s, amplitude: 20%, peak-at: 25:00}}",
            "",
            "`25:00` is no time of day",
        ),
        (
            "rate: {steps: [{from: 10m, rate: 1/s}, {from: 5m, rate: 2/s}]}",
            "",
            "doesn't come after the step before",
        ),
        (
            "bursts: {factor: x4, calm: 10m, burst: 10ms}",
            "",
            "at least 1s on average",
        ),
    ];
    for (text, rows, expected) in cases {
        let own_head = rows.starts_with("rate") || rows.starts_with('{');
        let content = format!("{}{rows}", if own_head { "" } else { head });
        let errors = traffic(text, &[("r", &content)]).unwrap_err();
        assert!(errors.contains(expected), "{text}:\n{errors}");
        assert!(
            errors.contains("s.yaml:4:") && errors.contains("help:"),
            "{errors}"
        );
    }
}
