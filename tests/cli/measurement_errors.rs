//! What the real system takes and then fails at: no refusal, but measurements that end as Error, and a
//! finding that says so.

use serde_json::Value;

use super::support::{Inputs, Ran};

const RUN: &str = "run api.yaml --replications 20 --format json";

/// Every arm is aborted by Error, 2 minutes after its first analysis began: by the fifth measurement.
#[track_caller]
fn all_abort_by_error(inputs: &Inputs, metric: &str) -> Value {
    let report = inputs.rollsim(RUN).json();
    for arm in report["results"][0]["arms"].as_array().unwrap() {
        assert_eq!(arm["outcomes"]["aborted_error"], 20, "{}", arm["name"]);
        assert_eq!(arm["decided_by"][0]["metric"], metric);
        assert_eq!(arm["aborted_at"][0]["step"], 2);
    }
    let trace = inputs.rollsim("trace api.yaml --format json").json();
    let events = trace["events"].as_array().unwrap().iter();
    let measured = events
        .map(|event| &event["event"])
        .filter(|event| event["kind"] == "measurement" && event["metric"] == metric);
    let phases: Vec<&str> = measured
        .map(|event| event["phase"].as_str().unwrap())
        .collect();
    assert_eq!(phases, ["Error"; 5]);
    report
}

fn findings(ran: &Ran) -> String {
    let from = ran.out.find("Findings").unwrap();
    let to = ran.out.find("Assumptions").unwrap();
    ran.out[from..to].to_owned()
}

#[track_caller]
fn snapshot_of(inputs: &Inputs) -> String {
    let ran = inputs.rollsim("run api.yaml --replications 20");
    assert_eq!(ran.code, 0, "{}", ran.err);
    findings(&ran)
}

/// The article's manifests as they were: nobody labels the pods.
pub fn without_canary_metadata() -> Inputs {
    Inputs::changed(
        "corrected/rollout.yaml",
        "      canaryMetadata:
        labels:
          version: canary
      stableMetadata:
        labels:
          version: stable
",
        "",
    )
}

#[test]
fn without_canary_metadata_every_release_aborts_after_the_fifth_measurement() {
    let inputs = without_canary_metadata();
    let report = all_abort_by_error(&inputs, "success-rate");
    assert_eq!(report["findings"][0]["code"], "reads-no-series");
    insta::assert_snapshot!(snapshot_of(&inputs));
    let trace = inputs.rollsim("trace api.yaml");
    insta::assert_snapshot!(trace.shown());
}

#[test]
fn a_query_that_prometheus_refuses_is_an_error_of_every_measurement() {
    let inputs = Inputs::changed(
        "corrected/latency-p99.yaml",
        "histogram_quantile(0.99,",
        "histogram_quantil(0.99,",
    );
    all_abort_by_error(&inputs, "latency-p99");
    insta::assert_snapshot!(snapshot_of(&inputs));
}

#[test]
fn a_condition_that_the_controller_rejects_is_an_error_of_every_measurement() {
    let inputs = Inputs::changed(
        "corrected/latency-p99.yaml",
        "result[0] < 1.0",
        "result.value < 1.0",
    );
    all_abort_by_error(&inputs, "latency-p99");
    insta::assert_snapshot!(snapshot_of(&inputs));
}

#[test]
fn a_metric_that_nobody_exports_is_named() {
    let inputs = Inputs::changed(
        "corrected/latency-p99.yaml",
        "http_request_duration_seconds_bucket",
        "http_requests_duration_seconds_bucket",
    );
    all_abort_by_error(&inputs, "latency-p99");
    insta::assert_snapshot!(snapshot_of(&inputs));
}

#[test]
fn a_gate_that_always_passes_for_want_of_data_is_told() {
    let inputs = without_canary_metadata();
    inputs.replace(
        "corrected/latency-p99.yaml",
        "result[0] < 1.0",
        "len(result) == 0 || result[0] < 1.0",
    );
    inputs.replace(
        "corrected/success-rate.yaml",
        "result[0] >= 0.99",
        "all(result, {# >= 0.99})",
    );
    let report = inputs.rollsim(RUN).json();
    let arms = report["results"][0]["arms"].as_array().unwrap();
    assert!(arms.iter().all(|arm| arm["outcomes"]["promoted"] == 20));
    insta::assert_snapshot!(snapshot_of(&inputs));
}

#[test]
fn a_query_without_the_version_filter_is_told_to_mix_both() {
    let inputs = Inputs::of_the_article();
    for file in ["corrected/success-rate.yaml", "corrected/latency-p99.yaml"] {
        let text = inputs.read(file);
        let kept = text.lines().filter(|line| !line.contains("version=~"));
        inputs.write(file, kept.collect::<Vec<_>>().join("\n"));
    }
    let ran = inputs.rollsim("run api.yaml --replications 100");
    insta::assert_snapshot!(ran.out);
}

/// Such a server is asked as a Prometheus would be; the finding says what differs.
#[test]
fn servers_that_are_no_prometheus_are_told_at_their_place() {
    let inputs = Inputs::changed(
        "corrected/success-rate.yaml",
        "http://prometheus.monitoring:9090",
        "http://vmselect.monitoring:8481/select/0/prometheus",
    );
    inputs.replace(
        "corrected/latency-p99.yaml",
        "http://prometheus.monitoring:9090",
        "http://mimir-query-frontend.monitoring:8080/prometheus",
    );
    insta::assert_snapshot!("no_prometheus", snapshot_of(&inputs));
}
