//! Manifests without a scenario: what `run` derives, what `init` writes, what `faults` lists.

use serde_json::Value as Json;

use super::measurement_errors::without_canary_metadata;
use super::support::{Inputs, rollsim};

/// The numbers of a result, without the names of the files that they come from.
fn numbers(result: &Json) -> String {
    result["results"].to_string()
}

#[test]
fn what_init_writes_gives_the_numbers_of_the_manifests_alone() {
    let inputs = Inputs::of_the_article();
    let derived = inputs
        .rollsim("run corrected --replications 40 --format json")
        .json();
    assert_eq!(derived["scenario"], Json::Null);
    for (init, run) in [
        ("init corrected -o drafted.yaml", "run drafted.yaml"),
        (
            "init corrected -o deep/drafted.yaml",
            "run deep/drafted.yaml",
        ),
    ] {
        std::fs::create_dir_all(inputs.path("deep")).unwrap();
        let written = inputs.rollsim(init);
        assert_eq!(written.code, 0, "{}", written.err);
        let drafted = inputs
            .rollsim(&format!("{run} --replications 40 --format json"))
            .json();
        assert_eq!(numbers(&drafted), numbers(&derived), "{init}");
    }
    let streamed = inputs.rollsim_with("init -", &inputs.stream());
    assert_eq!(streamed.code, 0, "{}", streamed.err);
    inputs.write("streamed.yaml", &streamed.out);
    let run = "run streamed.yaml - --replications 40 --format json";
    let streamed = inputs.rollsim_with(run, &inputs.stream()).json();
    assert_eq!(numbers(&streamed), numbers(&derived));
}

#[test]
fn init_writes_a_scenario_with_comments() {
    let inputs = Inputs::of_the_article();
    insta::assert_snapshot!(inputs.rollsim("init corrected").shown());
}

#[test]
fn init_refuses_a_scenario_and_a_rollout_that_the_controller_refuses() {
    let inputs = Inputs::of_the_article();
    insta::assert_snapshot!(inputs.rollsim("init api.yaml").shown());
    inputs.replace("corrected/latency-p99.yaml", "      count: 5\n", "");
    insta::assert_snapshot!(inputs.rollsim("init corrected").shown());
}

#[test]
fn the_faults_are_listed() {
    insta::assert_snapshot!(rollsim("faults").shown());
}

#[test]
fn a_trace_needs_no_scenario_either() {
    let inputs = Inputs::of_the_article();
    let trace = inputs.rollsim("trace corrected --arm slow-tail --format json");
    assert_eq!(trace.code, 0, "{}", trace.err);
    assert!(trace.out.contains("\"latency-p99\""), "{}", trace.out);
}

/// Each assumption that is changed is one of the derived scenario's.
#[test]
fn sensitivity_varies_the_derived_scenario() {
    let inputs = Inputs::of_the_article();
    inputs.rollsim("init corrected -o drafted.yaml");
    let run = |input: &str| {
        let words = format!("run {input} --replications 20 --arm slow --sensitivity --format json");
        inputs.rollsim(&words).json()
    };
    let (derived, drafted) = (run("corrected"), run("drafted.yaml"));
    assert!(derived["results"][0]["sensitivity"]["variants"].is_array());
    assert_eq!(numbers(&derived), numbers(&drafted));
}

/// Nobody sets `version` on the pods as the article has it: its gates read nothing, and that is said.
#[test]
fn labels_that_no_pod_can_carry_are_told() {
    let result = without_canary_metadata()
        .rollsim("run corrected --replications 5 --format json")
        .json();
    let findings = result["findings"].as_array().unwrap();
    let unread = findings
        .iter()
        .filter(|finding| finding["code"] == "reads-no-series");
    let texts: Vec<String> = unread
        .map(|finding| finding["message"].to_string())
        .collect();
    assert!(!texts.is_empty(), "{findings:?}");
    for text in texts {
        assert!(text.contains("no pod has a label `version`"), "{text}");
    }
}

#[test]
fn what_a_series_measures_must_be_said_where_its_name_doesn_t() {
    for unknown in [
        "queue_depth",
        "job:request_errors:rate5m",
        "http_request_duration_seconds",
    ] {
        let inputs = Inputs::changed(
            "corrected/success-rate.yaml",
            "http_requests_total",
            unknown,
        );
        if unknown == "http_request_duration_seconds" {
            inputs.replace(
                "corrected/success-rate.yaml",
                "http_request_duration_seconds{",
                "http_request_duration_seconds{quantile=\"0.9\", ",
            );
        }
        let ran = inputs.rollsim("run corrected --replications 5");
        assert_eq!(ran.code, 2, "{unknown}: {}", ran.out);
        assert!(ran.err.contains(unknown), "{}", ran.err);
        assert!(ran.err.contains("help: "), "{}", ran.err);
        assert!(ran.err.contains("success-rate.yaml:"), "{}", ran.err);
    }
}

/// A label from the arguments leads to the pods that carry it.
#[test]
fn hashes_services_and_codes_are_found_in_the_queries() {
    let inputs = Inputs::of_the_article();
    inputs.write("rollout.yaml", ROLLOUT);
    let result = inputs
        .rollsim("run rollout.yaml --replications 200 --format json")
        .json();
    let assumptions = result["assumptions"].to_string();
    for part in [
        "`rs_hash` is `5c8f9d7b64` on old pods and `7d4b6f98c5` on new ones, the pod's `rollouts-pod-template-hash`",
        "`code` is `2xx` or `5xx`",
        "namespace `shop`",
        "Istio's standard metrics",
    ] {
        assert!(assumptions.contains(part), "{part}: {assumptions}");
    }
    let arms = result["results"][0]["arms"].as_array().unwrap();
    let arm = |name: &str| arms.iter().find(|arm| arm["name"] == name).unwrap();
    assert_eq!(arm("outage")["detected"]["estimate"], 1.0);
    assert_eq!(arm("wrong-content")["detected"]["estimate"], 0.0);
    for code in ["reads-no-series", "versions-mixed"] {
        let findings = result["findings"].as_array().unwrap();
        assert!(
            findings.iter().all(|finding| finding["code"] != code),
            "{findings:?}"
        );
    }
}

const ROLLOUT: &str = r#"
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  replicas: 5
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers: [{name: shop, image: "shop:2"}]
  strategy:
    canary:
      canaryService: shop-canary
      stableService: shop-stable
      trafficRouting: {istio: {virtualService: {name: shop, routes: [primary]}}}
      steps:
        - setWeight: 20
        - pause: {duration: 5m}
        - analysis:
            templates: [{templateName: errors}]
            args:
              - {name: service, value: shop-canary}
              - name: hash
                valueFrom: {podTemplateHashValue: Latest}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: errors}
spec:
  args: [{name: service}, {name: hash}]
  metrics:
    - name: mesh
      interval: 30s
      count: 3
      failureLimit: 1
      successCondition: result[0] >= 0.95
      provider:
        prometheus:
          address: http://prometheus
          query: |
            sum(rate(istio_requests_total{reporter="destination", destination_service="{{args.service}}.shop.svc.cluster.local", response_code!~"5.*"}[2m]))
            / sum(rate(istio_requests_total{reporter="destination", destination_service="{{args.service}}.shop.svc.cluster.local"}[2m]))
    - name: own
      interval: 30s
      count: 3
      failureLimit: 1
      successCondition: result[0] >= 0.95
      provider:
        prometheus:
          address: http://prometheus
          query: |
            sum(rate(shop_orders_total{rs_hash="{{args.hash}}", code="2xx"}[2m]))
            / sum(rate(shop_orders_total{rs_hash="{{args.hash}}"}[2m]))
"#;
