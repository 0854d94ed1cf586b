//! Checks of a Prometheus metric's settings, recorded from the real provider
//! (`tests/vectors/analysis/prometheus-provider.jsonl`).

use std::path::Path;

use rollsim::provider::prometheus::{
    ConstructionError, PrometheusProvider, PrometheusQuery, PrometheusSettings, RangeQuerySettings,
};
use rollsim::units::{Duration, Instant};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    id: String,
    prometheus: Metric,
    construction_error: Option<String>,
    measurement_error: Option<String>,
    range_seconds: Option<f64>,
    step_seconds: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metric {
    #[serde(default)]
    address: String,
    timeout: Option<i64>,
    range_query: Option<Range>,
}

#[derive(Deserialize)]
struct Range {
    start: String,
    end: String,
    step: String,
}

fn check(case: Case) {
    let settings = PrometheusSettings {
        address: case.prometheus.address,
        timeout: case.prometheus.timeout,
        range_query: case.prometheus.range_query.map(|range| RangeQuerySettings {
            start: range.start,
            end: range.end,
            step: range.step,
        }),
        ..PrometheusSettings::default()
    };
    let provider = match PrometheusProvider::new(&settings, None) {
        Ok(provider) => provider,
        Err(ConstructionError::Rejected(error)) => {
            assert_eq!(
                Some(error.to_string()),
                case.construction_error,
                "{}",
                case.id
            );
            return;
        }
        Err(error) => panic!("{}: {error}", case.id),
    };
    assert_eq!(case.construction_error, None, "{}", case.id);
    match provider.query(Instant::from_seconds(1_750_000_000)) {
        Err(error) => assert_eq!(
            Some(error.to_string()),
            case.measurement_error,
            "{}",
            case.id
        ),
        Ok(query) => {
            assert_eq!(case.measurement_error, None, "{}", case.id);
            if let PrometheusQuery::Range { start, end, step } = query {
                let seconds = |seconds: f64| {
                    Duration::from_nanos(
                        format!("{:.0}", seconds * 1e9)
                            .parse()
                            .expect("nanoseconds"),
                    )
                };
                assert_eq!(Some(step), case.step_seconds.map(seconds), "{}", case.id);
                if let Some(length) = case.range_seconds {
                    assert_eq!(end - start, seconds(length), "{}", case.id);
                }
            } else {
                assert_eq!(case.step_seconds, None, "{}", case.id);
            }
        }
    }
}

#[test]
fn every_recorded_setting_is_judged_alike() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/vectors/analysis/prometheus-provider.jsonl");
    let text = std::fs::read_to_string(path).expect("the recording");
    let cases: Vec<Case> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    assert!(cases.len() >= 79);
    cases.into_iter().for_each(check);
}
