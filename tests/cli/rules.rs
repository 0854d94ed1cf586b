//! Recording rules of the scenario: what they record, who reads it, and what isn't simulated.

use std::collections::BTreeMap;

use rollsim::promql::labels::Labels;
use rollsim::promql::parse::parse;
use rollsim::promql::plain::{Series, Value, evaluate_instant};
use rollsim::promql::series_file::any::parse_any;
use rollsim::promql::settings::Settings;

use crate::support::Inputs;

const RULES: [(&str, &str, i64); 4] = [
    (
        "version:requests:rate1m",
        "sum by (version) (rate(http_requests_total[1m]))",
        15_000,
    ),
    (
        "version:errors:rate1m",
        "sum by (version) (rate(http_requests_total{status=\"500\"}[1m]))",
        15_000,
    ),
    (
        "version:errors:ratio",
        "version:errors:rate1m / version:requests:rate1m",
        15_000,
    ),
    (
        "errors:worst5m",
        "max(max_over_time(version:errors:ratio[5m]))",
        40_000,
    ),
];

/// The article's rollout, whose success rate is read from a rule.
fn article() -> Inputs {
    let inputs = Inputs::of_the_article();
    let rules: Vec<String> = RULES
        .iter()
        .map(|(record, expr, interval)| {
            format!("    - {{record: \"{record}\", expr: '{expr}', interval: {interval}ms}}\n")
        })
        .collect();
    inputs.replace(
        "api.yaml",
        "  scrape-interval: 15s\n",
        &format!("  scrape-interval: 15s\n  rules:\n{}", rules.concat()),
    );
    let template = inputs.read("corrected/success-rate.yaml");
    let query = template.find("          query: |").unwrap();
    inputs.write(
        "corrected/success-rate.yaml",
        format!(
            "{}          query: 1 - (version:errors:ratio{{version=\"canary\"}} or 0 * \
             version:requests:rate1m{{version=\"canary\"}}) + 0 * scalar(errors:worst5m)\n",
            &template[..query]
        ),
    );
    inputs
}

fn exported(inputs: &Inputs, arm: &str) -> Vec<Series> {
    let words = format!("trace api.yaml --arm {arm} --openmetrics {arm}.om");
    let ran = inputs.rollsim(&words);
    assert_eq!(ran.code, 0, "{}", ran.err);
    parse_any(&inputs.read(&format!("{arm}.om")))
        .unwrap()
        .series
}

/// What a rule recorded: at each time its series, whose names are the rule's.
fn recorded(series: &[Series], record: &str) -> BTreeMap<i64, BTreeMap<Labels, f64>> {
    let mut recorded: BTreeMap<i64, BTreeMap<Labels, f64>> = BTreeMap::new();
    for series in series
        .iter()
        .filter(|series| series.labels.get("__name__") == record)
    {
        let labels = series.labels.without(&["none"]);
        for (time, value) in &series.samples {
            let at = recorded.entry(*time).or_default();
            at.insert(labels.clone(), *value);
        }
    }
    recorded
}

/// The plain evaluator over the exported samples, at the instants at which a rule was evaluated, gives what the
/// rule recorded.
#[test]
fn rules_record_what_their_queries_answer() {
    let inputs = article();
    for arm in ["healthy", "error-spike"] {
        let series = exported(&inputs, arm);
        for (record, expr, interval) in RULES {
            let expr = parse(expr).unwrap();
            let recorded = recorded(&series, record);
            let times: Vec<i64> = recorded.keys().copied().collect();
            let first = times[0];
            assert!(times.len() > 5, "{record}: {times:?}");
            assert!(times.iter().all(|time| (time - first) % interval == 0));
            let last = *times.last().unwrap();
            let mut samples = 0;
            for time in (first..=last).step_by(usize::try_from(interval).unwrap()) {
                let answer = evaluate_instant(&expr, &series, time, &Settings::default()).unwrap();
                let Value::Vector(answer) = answer else {
                    unreachable!("{record} is a vector");
                };
                let answer: BTreeMap<Labels, f64> = answer
                    .into_iter()
                    .map(|sample| (sample.labels, sample.value))
                    .collect();
                let expected = recorded.get(&time).cloned().unwrap_or_default();
                assert_eq!(answer, expected, "{arm}: {record} at {time}");
                samples += answer.len();
            }
            assert!(samples > 5, "{record}");
        }
    }
}

#[test]
fn templates_read_what_rules_record() {
    let inputs = article();
    let report = inputs
        .rollsim("run api.yaml --replications 30 --format json --arm healthy --arm error-spike")
        .json();
    let arms = report["results"][0]["arms"].as_array().unwrap();
    assert!(
        arms[0]["outcomes"]["promoted"].as_u64().unwrap() > 25,
        "{}",
        arms[0]["outcomes"]
    );
    assert!(
        arms[1]["outcomes"]["aborted_failed"].as_u64().unwrap() > 25,
        "{}",
        arms[1]["outcomes"]
    );
    assert_eq!(arms[1]["decided_by"][0]["metric"], "success-rate");
    let findings = report["findings"].to_string();
    assert!(!findings.contains("reads-no-series"), "{findings}");
    assert!(!findings.contains("reads-old-version-only"), "{findings}");
}

#[test]
fn an_export_with_rules_changes_nothing_and_is_judged_as_it_was() {
    let inputs = article();
    inputs.replace("api.yaml", "start-fraction: random", "start-fraction: 0.25");
    inputs.replace(
        "api.yaml",
        "ready-after: {lognormal: {p50: 8s, p99: 20s}}",
        "ready-after: 8s",
    );
    for arm in ["healthy", "error-spike", "memory-leak"] {
        let words = format!("trace api.yaml --arm {arm} --format json");
        let plain = inputs.rollsim(&words);
        let exported = inputs.rollsim(&format!("{words} --openmetrics {arm}.om"));
        assert!((plain.code, &plain.out) == (0, &exported.out), "{arm}");
        let words = format!("replay api.yaml --series {arm}.om --at 10000000.25 --format json");
        let replayed = inputs.rollsim(&words).json();
        let values = |trace: &serde_json::Value| {
            let events = trace["events"].as_array().unwrap().iter();
            let measured = events.filter(|event| event["event"]["kind"] == "measurement");
            let value = |event: &serde_json::Value| {
                (
                    event["at_s"].to_string(),
                    event["event"]["value"].to_string(),
                )
            };
            measured.map(value).collect::<Vec<_>>()
        };
        let traced: serde_json::Value = serde_json::from_str(&plain.out).unwrap();
        assert_eq!(values(&traced), values(&replayed), "{arm}");
    }
}

/// A retry after an abort brings new pods, whose series have the names of those before.
#[test]
fn rules_see_the_pods_of_a_retry() {
    let inputs = article();
    inputs.replace(
        "api.yaml",
        "faults:\n",
        "operators:\n  - retry: {after-page: 20m, times: 2}\nfaults:\n",
    );
    let words = "trace api.yaml --arm error-spike --format json";
    let plain = inputs.rollsim(words);
    let exported = inputs.rollsim(&format!("{words} --openmetrics spike.om"));
    assert!((plain.code, &plain.out) == (0, &exported.out));
    assert!(
        plain.out.matches("\"Failed\"").count() > 10,
        "{}",
        plain.out
    );
}

#[test]
fn rules_that_are_not_simulated_are_refused_at_their_place() {
    let refused = |rule: &str| {
        let inputs = Inputs::changed(
            "api.yaml",
            "  scrape-interval: 15s\n",
            &format!("  scrape-interval: 15s\n  rules:\n    - {rule}\n"),
        );
        let ran = inputs.rollsim("run api.yaml --replications 1");
        assert_eq!(ran.code, 2, "{rule}");
        ran.err
    };
    let shown: Vec<String> = [
        "{record: a, expr: sum(rate(up[5m]}",
        "{record: a, expr: 'sum(rate(up[5m])'}",
        "{record: a-b, expr: up}",
        "{record: a, expr: 'up[5m]'}",
        "{record: a}",
        "{record: a, expr: up, interval: 10ms}",
        "{record: a, expr: a offset 1m}",
        "{record: a, expr: 'up @ 1'}",
        "{record: a, expr: 'count_values(\"x\", up)'}",
        "{record: up, expr: 'up'}",
        "{record: a, expr: '{pod=~\".+\"}'}",
        "{record: a, expr: up, labels: {x: y}}",
    ]
    .into_iter()
    .map(|rule| format!("{rule}\n{}", refused(rule)))
    .collect();
    insta::assert_snapshot!("refused", shown.join("\n"));
}
