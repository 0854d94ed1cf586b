//! What a scripted provider call makes of a measurement.

use rollsim::condition::{self, MeasurementConditions, MetricResult};
use rollsim::controller::analysis::Verdict;
use rollsim::manifest::analysis_types::Metric;
use rollsim::units::Instant;
use serde_json::Value;

use super::case::{Case, Entry, nth_or_last};

/// Where a measurement's phase, message and value come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The recording itself, so that only the machine is tested.
    Recorded,
    /// The metric's conditions on the scripted value. Web answers and Prometheus strings, of which there are few, are
    /// taken from the recording.
    Evaluated,
}

/// A finished measurement.
#[derive(Clone, Debug)]
pub struct Measured {
    pub verdict: Verdict,
    pub message: String,
    pub value: String,
}

pub fn verdict(phase: &str) -> Verdict {
    match phase {
        "Successful" => Verdict::Successful,
        "Failed" => Verdict::Failed,
        "Inconclusive" => Verdict::Inconclusive,
        "Error" => Verdict::Error,
        other => panic!("no completed phase: {other}"),
    }
}

/// The script entry of the call with this index.
pub fn entry<'a>(case: &'a Case, metric: &str, call: usize) -> &'a Entry {
    nth_or_last(&case.script[metric], call).expect("a script entry")
}

/// The outcome of the call with this index at the time `now`.
pub fn measure(
    case: &Case,
    metric: &Metric,
    call: usize,
    now: Instant,
    source: Source,
) -> Measured {
    match (source, entry(case, &metric.name, call)) {
        (Source::Recorded, _) | (_, Entry::Result(_)) => recorded(case, &metric.name, call),
        (Source::Evaluated, Entry::Value(value)) => evaluated(metric, value, now),
        (Source::Evaluated, Entry::Error(text) | Entry::ProviderError(text)) => Measured {
            verdict: Verdict::Error,
            message: text.clone(),
            value: String::new(),
        },
        (Source::Evaluated, Entry::Running(_)) => panic!("an unfinished call has no value"),
    }
}

fn recorded(case: &Case, metric: &str, call: usize) -> Measured {
    // A call beyond the recording is an error of the machine that the comparison reports.
    let measurements = &case.expect.metrics[metric].measurements;
    let recorded = nth_or_last(measurements, call).expect("a recorded measurement");
    Measured {
        verdict: verdict(&recorded.phase),
        message: recorded.message.clone(),
        value: recorded.value.clone(),
    }
}

fn evaluated(metric: &Metric, value: &Value, now: Instant) -> Measured {
    let conditions =
        MeasurementConditions::compile(&metric.success_condition, &metric.failure_condition)
            .expect("supported conditions");
    let (assessment, text) = if let Value::Array(samples) = value {
        let samples: Vec<f64> = samples.iter().map(number).collect();
        let texts: Vec<String> = samples.iter().map(|sample| shown(*sample)).collect();
        let result = MetricResult::Vector(&samples);
        (
            conditions.assess(result, now),
            format!("[{}]", texts.join(",")),
        )
    } else {
        let sample = number(value);
        (
            conditions.assess(MetricResult::Scalar(sample), now),
            shown(sample),
        )
    };
    let verdict = match assessment.phase() {
        condition::Phase::Successful => Verdict::Successful,
        condition::Phase::Failed => Verdict::Failed,
        condition::Phase::Inconclusive => Verdict::Inconclusive,
        condition::Phase::Error => Verdict::Error,
    };
    Measured {
        verdict,
        message: assessment.message().unwrap_or_default(),
        value: match verdict {
            Verdict::Error => String::new(),
            _ => text,
        },
    }
}

fn number(value: &Value) -> f64 {
    match value {
        Value::String(text) => text.parse().expect("NaN or an infinity"),
        other => other.as_f64().expect("a number"),
    }
}

/// A number as the Prometheus provider stores it: plain digits.
fn shown(value: f64) -> String {
    if value == f64::INFINITY {
        "+Inf".to_owned()
    } else if value == f64::NEG_INFINITY {
        "-Inf".to_owned()
    } else {
        value.to_string()
    }
}
