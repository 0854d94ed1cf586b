//! Series as Prometheus' HTTP API answers them, to `query_range` or to `query` with a range selector.
//!
//! ```text
//! {"status":"success","data":{"resultType":"matrix","result":[
//!   {"metric":{"__name__":"up"},"values":[[1700000000.5,"1"]]}]}}
//! ```
//!
//! The values of `query_range` are what an expression came to at each step, repeated for up to five minutes
//! after a scrape; `query` with `up[1h]` answers the samples themselves. (Prometheus 3.14 web/api/v1.)

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::SeriesFileError;
use super::store::Store;
use crate::promql::kernels::parse_float;
use crate::promql::labels::Labels;
use crate::promql::plain::Series;

/// A whole answer, or its `data` alone.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status: Option<String>,
    error: Option<String>,
    data: Option<Data>,
    result_type: Option<ResultType>,
    result: Option<Vec<Row>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: ResultType,
    result: Vec<Row>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ResultType {
    Matrix,
    Vector,
}

#[derive(Debug, Deserialize)]
struct Row {
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<Point>,
    value: Option<Point>,
    #[serde(default, deserialize_with = "no_histogram")]
    #[expect(dead_code, reason = "native histograms are refused where they stand")]
    histograms: (),
    #[serde(default, deserialize_with = "no_histogram")]
    #[expect(dead_code, reason = "native histograms are refused where they stand")]
    histogram: (),
}

/// `[seconds, "value"]`
#[derive(Clone, Copy, Debug)]
struct Point {
    time: i64,
    value: f64,
}

impl<'de> Deserialize<'de> for Point {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PointVisitor;
        impl<'de> Visitor<'de> for PointVisitor {
            type Value = Point;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("[seconds, \"value\"]")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Point, A::Error> {
                let seconds: f64 = items
                    .next_element()?
                    .ok_or_else(|| de::Error::invalid_length(0, &self))?;
                let text: String = items
                    .next_element()?
                    .ok_or_else(|| de::Error::invalid_length(1, &self))?;
                if items.next_element::<IgnoredAny>()?.is_some() {
                    return Err(de::Error::invalid_length(3, &self));
                }
                if seconds.abs() > 9e15 {
                    return Err(de::Error::custom(format!(
                        "timestamp {seconds} is out of range"
                    )));
                }
                let value = parse_float(&text)
                    .ok_or_else(|| de::Error::custom(format!("\"{text}\" isn't a value")))?;
                Ok(Point {
                    time: (seconds * 1_000.0).round() as i64,
                    value,
                })
            }
        }
        deserializer.deserialize_seq(PointVisitor)
    }
}

fn no_histogram<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    let items = Vec::<IgnoredAny>::deserialize(deserializer)?;
    if items.is_empty() {
        return Ok(());
    }
    Err(de::Error::custom("native histograms are not supported"))
}

/// Reads a file.
pub fn parse_query_range(text: &str) -> Result<Vec<Series>, SeriesFileError> {
    let answer: Answer = serde_json::from_str(text).map_err(|error| json_error(text, &error))?;
    let whole = || {
        let start = text.find('{').unwrap_or(0);
        start..text.len().min(start + 1)
    };
    if answer.status.as_deref() == Some("error") {
        let problem = format!(
            "the answer is an error: {}",
            answer.error.as_deref().unwrap_or("without text")
        );
        return Err(
            SeriesFileError::new(text, whole(), problem).with_hint(Some("ask Prometheus again"))
        );
    }
    let rows = match (answer.data, answer.result_type.zip(answer.result)) {
        (Some(data), _) => (data.result_type, data.result),
        (None, Some(data)) => data,
        (None, None) => {
            let problem = "there is no `data` with `resultType` and `result`".to_owned();
            let hint = "save the answer of /api/v1/query_range, or of /api/v1/query with a range selector such as up[1h]";
            return Err(SeriesFileError::new(text, whole(), problem).with_hint(Some(hint)));
        }
    };
    series_of(rows).map_err(|problem| SeriesFileError::new(text, whole(), problem))
}

fn series_of((kind, rows): (ResultType, Vec<Row>)) -> Result<Vec<Series>, String> {
    let mut store = Store::default();
    for row in rows {
        let series = store.series(Labels::new(row.metric));
        let points = match kind {
            ResultType::Matrix => row.values,
            ResultType::Vector => row.value.into_iter().collect(),
        };
        for point in points {
            store.add(series, point.time, point.value, 0);
        }
    }
    store.finish().map_err(|conflict| conflict.text)
}

/// An error of the JSON reader, whose place is a line and a column in bytes.
fn json_error(text: &str, error: &serde_json::Error) -> SeriesFileError {
    let line_start: usize = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    let at = text.floor_char_boundary(line_start + error.column().saturating_sub(1));
    let full = error.to_string();
    let problem = full
        .rsplit_once(" at line ")
        .map_or(full.as_str(), |parts| parts.0);
    let hint = "the file should hold the answer of /api/v1/query_range, or of /api/v1/query with a range selector \
                such as up[1h]";
    SeriesFileError::new(text, at..at, problem.to_owned()).with_hint(Some(hint))
}

#[cfg(test)]
mod tests {
    use super::parse_query_range;

    const ROW: &str =
        r#"{"metric":{"__name__":"up","job":"a"},"values":[[20.5,"NaN"],[10,"+Inf"]]}"#;

    #[test]
    fn whole_answers_and_their_data_are_read() {
        for text in [
            format!(
                r#"{{"status":"success","data":{{"resultType":"matrix","result":[{ROW}]}},"warnings":["x"]}}"#
            ),
            format!(r#"{{"resultType":"matrix","result":[{ROW}]}}"#),
        ] {
            let series = parse_query_range(&text).unwrap();
            assert_eq!(series.len(), 1);
            assert_eq!(series[0].labels.to_string(), r#"{__name__="up", job="a"}"#);
            assert_eq!(series[0].samples[0], (10_000, f64::INFINITY));
            assert!(series[0].samples[1].1.is_nan() && series[0].samples[1].0 == 20_500);
        }
        let vector = r#"{"resultType":"vector","result":[{"metric":{},"value":[1.001,"2"]}]}"#;
        assert_eq!(
            parse_query_range(vector).unwrap()[0].samples,
            [(1_001, 2.0)]
        );
    }

    #[test]
    fn errors_have_a_place() {
        let error = |text: &str| parse_query_range(text).unwrap_err();
        let text =
            "{\"status\":\"success\",\n \"data\":{\"resultType\":\"matrix\",\"result\":[{]}}";
        let broken = error(text);
        assert_eq!(&text[broken.span.start..], "]}}", "{broken}");
        assert_eq!(broken.line, 2);
        let text = r#"{"resultType":"matrix","result":[{"metric":{},"values":[[1,"x"]]}]}"#;
        assert!(error(text).to_string().contains("\"x\" isn't a value"));
        let text = r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#;
        assert!(error(text).problem.contains("parse error"));
        assert!(error("{}").problem.contains("no `data`"));
        let text = r#"{"resultType":"scalar","result":[1,"2"]}"#;
        assert!(error(text).problem.contains("scalar"), "{}", error(text));
        let text = r#"{"resultType":"matrix","result":[{"metric":{},"histograms":[[1,{}]]}]}"#;
        assert!(error(text).problem.contains("native histograms"));
        let text = r#"{"resultType":"matrix","result":[{"metric":{},"values":[[1,"2"],[1,"3"]]}]}"#;
        assert!(error(text).problem.contains("second value at 1"));
    }
}
