//! The answer to a query, as `promtool query` and Prometheus' HTTP API write it.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use crate::diagnostics::Diagnostic;
use crate::promql::labels::{Labels, METRIC_NAME};
use crate::promql::plain::Value;

/// When a query is evaluated. Milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryTime {
    /// Once.
    Instant(i64),
    /// At `start` and every `step` after it.
    Range {
        /// The first time.
        start: i64,
        /// No time after it.
        end: i64,
        /// The distance.
        step: i64,
    },
}

/// The answer to a query.
#[derive(Clone, Debug)]
pub struct QueryAnswer {
    /// The answer.
    pub value: Value,
    /// When it was evaluated.
    pub time: QueryTime,
    /// What the user should know besides.
    pub notices: Vec<Diagnostic>,
}

/// Milliseconds as seconds, with the decimals that they need.
pub fn seconds(millis: i64) -> String {
    let (sign, whole, rest) = (
        if millis < 0 { "-" } else { "" },
        millis.unsigned_abs() / 1_000,
        millis.unsigned_abs() % 1_000,
    );
    let text = format!("{sign}{whole}.{rest:03}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A series as queries name it: `up{job="api"}`.
pub fn series_name(labels: &Labels) -> String {
    let mut bare = labels.clone();
    let name = labels.get(METRIC_NAME);
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    if name.is_empty() || !name.chars().all(plain) || name.starts_with(|c: char| c.is_ascii_digit())
    {
        return labels.to_string();
    }
    bare.set(METRIC_NAME, "");
    if bare.is_empty() {
        name.to_owned()
    } else {
        format!("{name}{bare}")
    }
}

/// A number with all its digits: `0.25`, `+Inf`, `NaN`.
pub fn number(value: f64) -> String {
    match value {
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        value => value.to_string(),
    }
}

/// As `promtool query instant` and `promtool query range` print it.
pub fn text(answer: &QueryAnswer) -> String {
    let at = match answer.time {
        QueryTime::Instant(time) | QueryTime::Range { start: time, .. } => seconds(time),
    };
    let mut text = String::new();
    match &answer.value {
        Value::Scalar(value) => {
            let _ = writeln!(text, "scalar: {} @[{at}]", number(*value));
        }
        Value::String(bytes) => {
            let _ = writeln!(text, "{}", String::from_utf8_lossy(bytes));
        }
        Value::Vector(samples) => {
            for sample in samples {
                let (name, value) = (series_name(&sample.labels), number(sample.value));
                let _ = writeln!(text, "{name} => {value} @[{at}]");
            }
        }
        Value::Matrix(series) => {
            for series in series {
                let _ = writeln!(text, "{} =>", series_name(&series.labels));
                for (time, value) in &series.samples {
                    let _ = writeln!(text, "{} @[{}]", number(*value), seconds(*time));
                }
            }
        }
    }
    text
}

/// As Prometheus' HTTP API answers, with a newline at the end.
///
/// # Errors
/// None in practice: there are no numbers but times.
pub fn json(answer: &QueryAnswer) -> serde_json::Result<String> {
    let at = match answer.time {
        QueryTime::Instant(time) | QueryTime::Range { start: time, .. } => time,
    };
    let point = |time: i64, value: f64| json!([time as f64 / 1_000.0, api_number(value)]);
    let (kind, result) = match &answer.value {
        Value::Scalar(value) => ("scalar", point(at, *value)),
        Value::String(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            ("string", json!([at as f64 / 1_000.0, text]))
        }
        Value::Vector(samples) => {
            let row = |labels, value| json!({"metric": metric(labels), "value": point(at, value)});
            let rows = samples
                .iter()
                .map(|sample| row(&sample.labels, sample.value));
            ("vector", Json::Array(rows.collect()))
        }
        Value::Matrix(series) => {
            let rows = series.iter().map(|series| {
                let points = series
                    .samples
                    .iter()
                    .map(|&(time, value)| point(time, value));
                json!({"metric": metric(&series.labels), "values": points.collect::<Json>()})
            });
            ("matrix", Json::Array(rows.collect()))
        }
    };
    let answer = json!({"status": "success", "data": {"resultType": kind, "result": result}});
    let mut text = serde_json::to_string_pretty(&answer)?;
    text.push('\n');
    Ok(text)
}

fn metric(labels: &Labels) -> Json {
    let pairs = labels
        .iter()
        .map(|(name, value)| (name.to_owned(), Json::from(value)));
    Json::Object(pairs.collect())
}

/// `util/jsonutil` `MarshalFloat`: an exponent below 1e-6 and from 1e21.
fn api_number(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 || !magnitude.is_finite() || (1e-6..1e21).contains(&magnitude) {
        return number(value);
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}

#[cfg(test)]
mod tests {
    use super::{QueryAnswer, QueryTime, api_number, json, seconds, series_name, text};
    use crate::promql::labels::Labels;
    use crate::promql::plain::{Sample, Series, Value};

    #[test]
    fn numbers_are_written_as_prometheus_does() {
        let numbers = [1e-7, 1.5e21, 0.25, -0.0, f64::NEG_INFINITY, f64::NAN, 1e20];
        assert_eq!(
            numbers.map(api_number),
            [
                "1e-07",
                "1.5e+21",
                "0.25",
                "-0",
                "-Inf",
                "NaN",
                "100000000000000000000"
            ]
        );
        assert_eq!(
            [1_500, -20, 3_000, 0].map(seconds),
            ["1.5", "-0.02", "3", "0"]
        );
    }

    #[test]
    fn series_are_named_as_queries_do() {
        let name = |pairs: &[(&str, &str)]| series_name(&Labels::new(pairs.iter().copied()));
        assert_eq!(
            name(&[("__name__", "up"), ("job", "a\"b")]),
            r#"up{job="a\"b"}"#
        );
        assert_eq!(name(&[("__name__", "up")]), "up");
        assert_eq!(name(&[("job", "a")]), r#"{job="a"}"#);
        assert_eq!(name(&[("__name__", "a.b")]), r#"{__name__="a.b"}"#);
        assert_eq!(name(&[]), "{}");
    }

    #[test]
    fn the_json_form_can_be_read_back_as_series() {
        let labels = Labels::new([("__name__", "up")]);
        let answer = QueryAnswer {
            value: Value::Matrix(vec![Series {
                labels: labels.clone(),
                samples: vec![(1_500, 0.25), (2_500, f64::INFINITY)],
            }]),
            time: QueryTime::Instant(3_000),
            notices: Vec::new(),
        };
        let json = json(&answer).unwrap();
        let Value::Matrix(expected) = &answer.value else {
            unreachable!("made above")
        };
        assert_eq!(
            crate::promql::series_file::any::parse_any(&json)
                .unwrap()
                .series,
            *expected
        );
        assert_eq!(text(&answer), "up =>\n0.25 @[1.5]\n+Inf @[2.5]\n");
        let vector = QueryAnswer {
            value: Value::Vector(vec![Sample { labels, value: 2.0 }]),
            ..answer
        };
        assert_eq!(text(&vector), "up => 2 @[3]\n");
    }
}
