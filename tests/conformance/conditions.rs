//! Measurements recorded from the real providers and the real condition evaluator: phase, exact error text and
//! stored value (`tests/vectors/analysis/conditions.jsonl.gz`).

use std::io::Read as _;
use std::path::Path;

use flate2::read::GzDecoder;
use rollsim::condition::{MeasurementConditions, MetricResult};
use rollsim::go::json::{self, Json};
use rollsim::provider::Measurement;
use rollsim::provider::prometheus::PrometheusAnswer;
use rollsim::provider::web::{WebAnswer, WebMeasurement, WebProvider, WebSettings};
use rollsim::units::Instant;

/// A member of a recorded object. (The recordings are read by the crate's own reader, which is exact in every bit.)
fn member<'j>(json: &'j Json, name: &str) -> Option<&'j Json> {
    match json {
        Json::Object(members) => members
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value),
        _ => None,
    }
}

fn text(json: &Json, name: &str) -> Option<String> {
    match member(json, name) {
        Some(Json::String(text)) => Some(text.clone()),
        _ => None,
    }
}

/// Phase, error text and stored value.
#[derive(Debug, PartialEq)]
struct Outcome(String, Option<String>, String);

impl From<Measurement> for Outcome {
    fn from(measurement: Measurement) -> Self {
        Self(
            measurement.phase.to_string(),
            measurement.message,
            measurement.value,
        )
    }
}

fn samples(values: Option<&Json>) -> Vec<f64> {
    match values {
        Some(Json::Array(values)) => values
            .iter()
            .flat_map(|value| samples(Some(value)))
            .collect(),
        Some(Json::Number(number)) => vec![*number],
        Some(Json::String(text)) => vec![text.parse().expect("NaN or an infinity")],
        _ => Vec::new(),
    }
}

fn measure(case: &Json) -> Outcome {
    let now = Instant::from_seconds(1_750_000_000);
    let result = member(case, "result").expect("a result");
    let condition = |name| text(case, name).expect("a condition");
    let conditions = MeasurementConditions::compile(
        &condition("successCondition"),
        &condition("failureCondition"),
    )
    .expect("nothing recorded is unsupported");
    let samples = samples(member(result, "values"));
    match text(result, "kind").expect("a kind").as_str() {
        "nil" => Measurement::of(MetricResult::Nil, &conditions, now).into(),
        "scalar" => PrometheusAnswer::Scalar(samples[0])
            .measure(&conditions, now)
            .into(),
        "vector" | "matrix" => PrometheusAnswer::Samples(&samples)
            .measure(&conditions, now)
            .into(),
        "string" => PrometheusAnswer::String.measure(&conditions, now).into(),
        "error" => Measurement::error(text(result, "error").expect("a text")).into(),
        "json" => measure_web(result, &conditions, now),
        other => panic!("unknown result {other}"),
    }
}

fn measure_web(result: &Json, conditions: &MeasurementConditions, now: Instant) -> Outcome {
    let settings = WebSettings {
        url: "http://example.com".to_owned(),
        json_path: text(result, "jsonPath").unwrap_or_default(),
        ..WebSettings::default()
    };
    let provider = match WebProvider::new(&settings) {
        Ok(provider) => provider,
        Err(error) => return Measurement::error(error).into(),
    };
    let body = text(result, "body")
        .unwrap_or_else(|| json::encode(member(result, "json").unwrap_or(&Json::Null)));
    let status = match member(result, "status") {
        Some(Json::Number(status)) => format!("{status}").parse().expect("a status"),
        _ => 200,
    };
    let answer = WebAnswer {
        status,
        body: body.as_bytes(),
    };
    match provider.measure(answer, conditions, now) {
        WebMeasurement::Finished(measurement) => measurement.into(),
        WebMeasurement::Panic(text) => {
            Outcome("PANIC".to_owned(), Some(text.to_owned()), String::new())
        }
        WebMeasurement::Unsupported(text) => panic!("{text}"),
    }
}

#[test]
fn every_recorded_measurement_is_reproduced() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/analysis/conditions.jsonl.gz");
    let mut lines = String::new();
    GzDecoder::new(std::fs::File::open(path).expect("the recording"))
        .read_to_string(&mut lines)
        .expect("text");
    let mut count = 0;
    let mut differences = Vec::new();
    for line in lines.lines() {
        let case = json::decode(line.as_bytes()).expect(line);
        count += 1;
        let found = measure(&case);
        let phase = text(&case, "phase").expect("a phase");
        // No provider stores a value for nil, so none is recorded there.
        let value = text(&case, "value").unwrap_or_else(|| found.2.clone());
        let wanted = Outcome(phase, text(&case, "error"), value);
        if found != wanted {
            differences.push(format!("{line}\n  wanted {wanted:?}\n  found  {found:?}"));
        }
    }
    assert!(count >= 4_698, "{count} cases");
    let shown = differences
        .iter()
        .take(30)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        differences.is_empty(),
        "{} of {count} differ:\n{shown}",
        differences.len()
    );
}
