//! `rollsim replay`: a rollout or a template judged on recorded series.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::Inputs;

/// The article's rollout with nothing left to chance but the traffic.
fn article() -> Inputs {
    let inputs = Inputs::of_the_article();
    inputs.replace("api.yaml", "start-fraction: random", "start-fraction: 0.25");
    inputs.replace(
        "api.yaml",
        "ready-after: {lognormal: {p50: 8s, p99: 20s}}",
        "ready-after: 8s",
    );
    inputs
}

/// Start of the update in exported series.
const START: &str = "10000000.25";

fn measurements(trace: &Value) -> Vec<&Value> {
    let events = trace["events"].as_array().unwrap().iter();
    events
        .filter(|event| {
            let kind = event["event"]["kind"].as_str().unwrap();
            ["measurement", "analysis_run", "outcome"].contains(&kind)
        })
        .collect()
}

#[track_caller]
fn round_trip(inputs: &Inputs, arm: &str, outcome: &str) {
    let words = format!("trace api.yaml --arm {arm} --format json --openmetrics {arm}.om");
    let traced = inputs.rollsim(&words).json();
    let words = format!("replay api.yaml --series {arm}.om --at {START} --format json");
    let replayed = inputs.rollsim(&words).json();
    assert_eq!(measurements(&traced), measurements(&replayed));
    let events = replayed["events"].as_array().unwrap();
    let taken = events.iter().filter(|event| {
        let event = &event["event"];
        event["kind"] == "measurement" && event["value"].is_string()
    });
    assert!(taken.count() > 0);
    assert!(
        events
            .iter()
            .any(|event| event["event"]["outcome"] == outcome)
    );
    assert_eq!(replayed["findings"], Value::Null);
    assert_eq!(replayed["arm"], "recorded");
    assert_eq!(replayed["replayed"]["series"], format!("{arm}.om"));
}

#[test]
fn an_exported_replication_is_judged_as_it_was() {
    let inputs = article();
    round_trip(&inputs, "healthy", "promoted");
    round_trip(&inputs, "error-spike", "aborted_failed");
    round_trip(&inputs, "slow-p99", "aborted_failed");
}

/// As the kubelet's memory of containers (a while ago, since a file doesn't say when a sample was scraped): also where a killed container starts again and a pod is gone.
#[test]
fn samples_with_timestamps_of_their_own_are_exported_as_they_are_judged() {
    let inputs = article();
    inputs.replace(
        "api.yaml",
        "  - use: process # process_resident_memory_bytes\n",
        "  - use: container\n    own-timestamps: 10s\n",
    );
    let template = inputs.read("corrected/success-rate.yaml");
    let query = template.find("          query: |").unwrap();
    inputs.write(
        "corrected/success-rate.yaml",
        format!(
            "{}          query: max(max_over_time(container_memory_working_set_bytes{{version=\"canary\"}}[1m] \
             offset 30s)) + max(timestamp(container_memory_working_set_bytes offset 30s))\n",
            &template[..query]
        ),
    );
    inputs.replace(
        "corrected/success-rate.yaml",
        "result[0] >= 0.99",
        "result[0] > 0",
    );
    round_trip(&inputs, "healthy", "promoted");
    round_trip(&inputs, "memory-leak", "promoted");
    let text = inputs.read("healthy.om");
    assert!(text.contains("# TYPE container_memory_working_set_bytes gauge"));
    assert!(!text.contains("http_requests_total"), "nobody reads it");
    let ran = inputs.rollsim("trace api.yaml --promtool tests.yaml");
    assert!(ran.err.contains("timestamps of their own"), "{}", ran.err);
}

/// An export shows the very replication that is judged without it.
#[test]
fn an_export_changes_nothing() {
    let inputs = Inputs::of_the_article();
    for arm in ["healthy", "error-spike", "slow-p99", "memory-leak"] {
        let words = format!("trace api.yaml --arm {arm} --replication 3 --format json");
        let plain = inputs.rollsim(&words);
        let exported = inputs.rollsim(&format!("{words} --openmetrics {arm}.om"));
        assert_eq!((plain.code, plain.out), (0, exported.out), "{arm}");
    }
}

#[test]
fn so_it_is_with_a_visibility_lag_and_an_older_server() {
    let inputs = article();
    inputs.replace(
        "api.yaml",
        "  version: 3\n",
        "  version: 2\n  visibility-lag: 20s\n",
    );
    round_trip(&inputs, "error-spike", "aborted_failed");
}

#[test]
fn a_template_is_tried_by_itself() {
    let inputs = article();
    inputs.rollsim("trace api.yaml --arm error-spike --openmetrics spike.om");
    let words = "replay corrected --series spike.om --at 10000330.5 --template success-rate";
    let ran = inputs.rollsim(&format!("{words} --arg service-name=api"));
    insta::assert_snapshot!("template", ran.shown());
    insta::assert_snapshot!("template_argument_missing", inputs.rollsim(words).shown());
    let ran = inputs.rollsim(&format!("{words} --arg service-nam=api"));
    assert_eq!(ran.code, 2);
    let ran = inputs.rollsim(&format!("{words} --arg service-name=api --arg service=x"));
    insta::assert_snapshot!("template_argument_unknown", ran.shown());
    let words = words.replace("success-rate", "sucess-rate");
    insta::assert_snapshot!("template_unknown", inputs.rollsim(&words).shown());
    let ran = inputs.rollsim(&format!("{words} --format tree"));
    assert!(ran.err.contains("--template has none"), "{}", ran.err);
}

/// Both error counters rise; the recording lasts six minutes.
const COUNTERS: &str = r#"load 15s
  http_requests_total{service="api",version="canary",status="200"} 0+97x24
  http_requests_total{service="api",version="canary",status="500"} 0+3x24
"#;

#[test]
fn a_recording_that_ends_early_is_told() {
    let inputs = article();
    inputs.write("six-minutes.test", COUNTERS);
    let words = "replay corrected --series six-minutes.test --template success-rate \
                 --arg service-name=api --at";
    insta::assert_snapshot!(
        "ends_early",
        inputs.rollsim(&format!("{words} 5m30s")).shown()
    );
    insta::assert_snapshot!(
        "begins_late",
        inputs.rollsim(&format!("{words} 1m")).shown()
    );
    for outside in ["2h", "-3600"] {
        let ran = inputs
            .rollsim(&format!("{words} {outside} --format json"))
            .json();
        assert_eq!(
            ran["findings"][0]["code"], "start-outside-recording",
            "{ran}"
        );
        assert_eq!(ran["events"].as_array().unwrap().len(), 1 + 5 + 2, "{ran}");
    }
    let inside = inputs.rollsim(&format!("{words} 3m --format json")).json();
    assert_eq!(inside["findings"], Value::Null);
}

#[test]
fn a_metric_without_end_stops_with_the_recording() {
    let inputs = article();
    inputs.write("six-minutes.test", COUNTERS);
    inputs.replace("corrected/success-rate.yaml", "      count: 5\n", "");
    inputs.replace("corrected/success-rate.yaml", ">= 0.99", ">= 0.9");
    let words = "replay corrected --series six-minutes.test --template success-rate \
                 --arg service-name=api --at 3m --format json";
    let trace = inputs.rollsim(words).json();
    let events = trace["events"].as_array().unwrap();
    let last = events.last().unwrap();
    assert_eq!(last["event"]["outcome"], "unfinished");
    assert_eq!(last["at_s"], 180.0);
    assert_eq!(events.len(), 6 + 1 + 1, "{trace}");
}

#[test]
fn series_that_the_recording_lacks_are_named() {
    let inputs = article();
    let other = COUNTERS.replace("version=\"canary\"", "version=\"stable\"");
    inputs.write("other.test", other);
    let ran = inputs.rollsim("replay corrected --series other.test --at 1m");
    insta::assert_snapshot!("lacks_series", ran.shown());
}

#[test]
fn answers_of_query_range_are_recordings_too() {
    let inputs = article();
    let values = |step: u32| {
        let values = (0..25).map(|n| format!("[{},\"{}\"]", 1_700_000_000 + 15 * n, n * step));
        values.collect::<Vec<_>>().join(",")
    };
    let series = |status: u32, step: u32| {
        format!(
            r#"{{"metric":{{"__name__":"http_requests_total","service":"api","version":"canary","status":"{status}"}},"values":[{}]}}"#,
            values(step)
        )
    };
    let json = format!(
        r#"{{"status":"success","data":{{"resultType":"matrix","result":[{},{}]}}}}"#,
        series(200, 97),
        series(500, 3)
    );
    inputs.write("range.json", json);
    let words = "replay corrected --series range.json --template success-rate --arg service-name=api \
                 --at 2023-11-14T22:16:20Z --format json";
    let trace = inputs.rollsim(words).json();
    let values: Vec<&Value> = measurements(&trace)
        .into_iter()
        .map(|event| &event["event"]["value"])
        .filter(|value| value.is_string())
        .collect();
    assert_eq!(values, vec!["[0.97]"; 4]);
}

#[test]
fn hashes_that_the_cluster_made_up_are_told() {
    let inputs = article();
    inputs.write("six-minutes.test", COUNTERS);
    inputs.replace(
        "corrected/rollout.yaml",
        "- name: service-name",
        "- {name: hash, valueFrom: {podTemplateHashValue: Latest}}\n              - name: service-name",
    );
    let ran = inputs.rollsim("replay corrected --series six-minutes.test --at 1m --format json");
    let places = ran.json()["findings"].clone();
    let stand_in = places
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["code"] == "stand-in-hash")
        .unwrap();
    let place = stand_in["place"].as_str().unwrap();
    assert!(place.starts_with("corrected/rollout.yaml:"), "{place}");
}

#[test]
fn other_providers_are_refused_at_their_place() {
    let inputs = article();
    inputs.write("six-minutes.test", COUNTERS);
    inputs.write(
        "page.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: ClusterAnalysisTemplate\nmetadata: {name: page}\nspec:\n  \
         metrics:\n    - name: page\n      successCondition: result.ok\n      provider:\n        \
         web: {url: 'http://page'}\n",
    );
    let ran = inputs.rollsim("replay page.yaml --series six-minutes.test --at 1m --template page");
    insta::assert_snapshot!("other_provider", ran.shown());
}

#[test]
fn wrong_words_are_refused() {
    let inputs = article();
    inputs.write("six-minutes.test", COUNTERS);
    for (words, expected) in [
        (
            "replay corrected --series none --at 1m",
            "can't read `none`",
        ),
        ("replay - --series - --at 1m", "is given twice"),
        (
            "replay corrected --series six-minutes.test --at 1e11",
            "no time of a recording",
        ),
        (
            "replay corrected --series six-minutes.test --at 1m --arg x",
            "name=value",
        ),
        (
            "replay corrected --series six-minutes.test --at 1m --rollout a --template b",
            "cannot be used with",
        ),
        (
            "replay corrected --series six-minutes.test --at 1m -o six-minutes.test",
            "it is one of the inputs",
        ),
    ] {
        let ran = inputs.rollsim(words);
        assert_eq!(ran.code, 2, "{words}");
        assert!(ran.err.contains(expected), "{words}: {}", ran.err);
    }
}

/// Each ends in the error that it is, soon and without a panic (which `rollsim` checks).
#[test]
fn absurd_queries_end_in_an_error() {
    let inputs = article();
    inputs.write("six-minutes.test", COUNTERS);
    let replay = |query: &str| {
        let template = serde_json::json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AnalysisTemplate",
            "metadata": {"name": "absurd"},
            "spec": {"metrics": [{
                "name": "absurd",
                "successCondition": "len(result) > 0",
                "provider": {"prometheus": {"address": "http://prometheus:9090", "query": query}},
            }]},
        });
        inputs.write("absurd.json", template.to_string());
        let started = Instant::now();
        let ran = inputs.rollsim(
            "replay absurd.json --series six-minutes.test --at 3m --template absurd --format json",
        );
        let took = started.elapsed();
        assert!(took < Duration::from_secs(20), "{query}: {took:?}");
        ran
    };
    for (query, message) in [
        (
            "rate(up[1000y])",
            "bad_data: invalid parameter \"query\": 1:",
        ),
        ("rate(up[0s])", "bad_data: invalid parameter \"query\": 1:"),
        (
            "rate(up[5m:0s])",
            "bad_data: invalid parameter \"query\": 1:",
        ),
        (
            "sum(rate(up[5m])",
            "bad_data: invalid parameter \"query\": 1:",
        ),
        ("\u{0}", "bad_data: invalid parameter \"query\": 1:"),
        (
            "up{pod=~\"(((a{1000}){1000}){1000}){1000}\"}",
            "bad_data: invalid parameter \"query\": 1:",
        ),
        (
            "count_over_time(http_requests_total[200y:1ms])",
            "execution: query processing would load too many samples",
        ),
    ] {
        let trace = replay(query).json();
        let measured = &measurements(&trace)[0]["event"];
        assert_eq!(measured["phase"], "Error", "{query}: {trace}");
        let text = measured["message"].as_str().unwrap();
        assert!(text.starts_with(message), "{query}: {text}");
    }
    let deep = format!("{}up{}", "(".repeat(10_000), ")".repeat(10_000));
    for query in [
        deep.as_str(),
        &format!("up{}", " + up".repeat(10_000)),
        &format!("{}up", "-".repeat(10_000)),
    ] {
        let ran = replay(query);
        assert_eq!(ran.code, 2, "{}", ran.out);
        assert!(ran.err.len() < 30_000, "{} bytes", ran.err.len());
        assert!(ran.err.contains("isn't simulated yet"), "{}", ran.err);
    }
}

#[test]
fn malformed_recordings_are_refused_at_their_place() {
    let inputs = article();
    let long = format!("x{{a=\"{}", "b".repeat(1_000_000));
    for (text, expected) in [
        ("", "there is nothing in this file"),
        ("up 1\n# EOF\n", "bad:1:"),
        ("up 1 5\n", "bad:"),
        ("load 30s\n  up 1x99999999999\n", "bad:2:"),
        ("load 1000y\n  up 1\n", "bad:1:"),
        ("{\"data\":", "bad:1:"),
        ("[[[[[[[[", "bad:1:"),
        (&"[".repeat(100_000), "bad:1:"),
        (&long, "bad:1:"),
        ("up 1 1e400\n# EOF\n", "bad:1:"),
    ] {
        inputs.write("bad", text);
        let ran = inputs.rollsim("replay corrected --series bad --at 1m");
        let start = &text[..text.len().min(40)];
        assert_eq!(ran.code, 2, "{start}");
        assert!(ran.err.contains(expected), "{start}: {}", ran.err);
    }
    inputs.write("bad", b"\xff\xfe up 1");
    let ran = inputs.rollsim("replay corrected --series bad --at 1m");
    assert!(ran.err.contains("isn't text"), "{}", ran.err);
}
