//! Providers whose servers aren't simulated: what each makes of numbers that somebody says it gets (Argo Rollouts
//! v1.9.1, `metricproviders/*`).
//!
//! The numbers are those of the series that a query of the provider would yield, one each and in its order. NaN
//! stands for no data: none of these servers answers it.

use crate::condition::MetricResult;
use crate::go::json::{self, Json};
use crate::go::number::{format_general, format_plain};

/// A provider with a result of its own shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MappedProvider {
    /// `datadog`: the first series' value, or nil (`datadog.go` `parseResponseV1`, `parseResponseV2`).
    Datadog,
    /// `newRelic`: a row as a map, several as a list of maps (`newrelic.go` `processResponse`).
    NewRelic,
    /// `cloudWatch`: a list with one entry for each query, with its `Values` (`cloudwatch.go` `Run`).
    CloudWatch,
    /// `graphite`: the points of the first series (`graphite/api.go` `Query`, `graphite.go` `processResponse`).
    Graphite,
    /// `influxdb`: the values of all records (`influxdb.go` `processResponse`).
    Influxdb,
    /// `wavefront`: the value of the only series, or a list of several (`wavefront.go` `processResponse`).
    Wavefront,
    /// `skywalking`: the answer as it is (`skywalking.go` `processResponse`).
    SkyWalking,
    /// A plugin: it decides, so a number stays a number.
    Plugin,
}

/// What conditions see, and what is stored.
#[derive(Clone, Debug, PartialEq)]
pub enum MappedResult {
    /// A measurement with phase Error and this message.
    Error(&'static str),
    /// No value at all.
    Nil,
    /// A number.
    Scalar(f64),
    /// Numbers.
    Numbers(Vec<f64>),
    /// Anything else.
    Json(Json),
}

impl MappedResult {
    /// The result that conditions see; an Error has none.
    pub fn result(&self) -> Result<MetricResult<'_>, &'static str> {
        match self {
            Self::Error(text) => Err(text),
            Self::Nil | Self::Json(Json::Null) => Ok(MetricResult::Nil),
            Self::Scalar(number) => Ok(MetricResult::Scalar(*number)),
            Self::Numbers(numbers) => Ok(MetricResult::Vector(numbers)),
            Self::Json(json) => Ok(MetricResult::Json(json)),
        }
    }
}

impl MappedProvider {
    /// The name that manifests call it by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Datadog => "datadog",
            Self::NewRelic => "newRelic",
            Self::CloudWatch => "cloudWatch",
            Self::Graphite => "graphite",
            Self::Influxdb => "influxdb",
            Self::Wavefront => "wavefront",
            Self::SkyWalking => "skywalking",
            Self::Plugin => "plugin",
        }
    }

    /// Whether its result names what it holds, so that somebody has to say how.
    pub const fn names_fields(self) -> bool {
        matches!(self, Self::NewRelic | Self::SkyWalking)
    }

    /// The result of series with these values. `field` is what a row calls its value.
    pub fn result(self, values: &[f64], field: &str) -> MappedResult {
        let known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        let several = |texts: &'static str| match known.as_slice() {
            [] => MappedResult::Error(texts),
            [only] => MappedResult::Json(row(field, *only)),
            rows => MappedResult::Json(rows.iter().map(|value| row(field, *value)).collect()),
        };
        match self {
            Self::Datadog => known
                .first()
                .map_or(MappedResult::Nil, |first| MappedResult::Scalar(*first)),
            Self::NewRelic => several("no results returned from NRQL query"),
            Self::SkyWalking => several("no results returned from SkyWalking query"),
            Self::CloudWatch => MappedResult::Json(metric_data(&known)),
            // The points of the first series that have a value, though it be none.
            Self::Graphite => match values.first() {
                None => MappedResult::Error("no values found"),
                Some(first) if first.is_nan() => MappedResult::Numbers(Vec::new()),
                Some(first) => MappedResult::Numbers(vec![*first]),
            },
            Self::Influxdb if known.is_empty() => {
                MappedResult::Error("no results returned from flux query")
            }
            Self::Influxdb => MappedResult::Json(known.into_iter().map(Json::Number).collect()),
            Self::Wavefront | Self::Plugin => match known.as_slice() {
                [] if self == Self::Plugin => MappedResult::Nil,
                [] => MappedResult::Error("No TimeSeries found in response from Wavefront"),
                [only] => MappedResult::Scalar(*only),
                _ => MappedResult::Numbers(known),
            },
        }
    }

    /// `measurement.value` of a result that conditions have judged.
    pub fn stored(self, result: &MappedResult) -> String {
        match (self, result) {
            (Self::Datadog, MappedResult::Nil) => "[]".to_owned(),
            (Self::Wavefront, MappedResult::Scalar(value)) => fixed(*value, 2),
            (Self::Wavefront, MappedResult::Numbers(values)) => {
                listed(values, ",", |v| fixed(v, 2))
            }
            (Self::Graphite, MappedResult::Numbers(values)) => listed(values, ",", |v| fixed(v, 6)),
            (Self::Influxdb, MappedResult::Json(Json::Array(items))) => {
                let numbers: Vec<f64> = items.iter().filter_map(number).collect();
                listed(&numbers, " ", format_general)
            }
            (Self::CloudWatch, MappedResult::Json(Json::Array(items))) => {
                let lists = items.iter().map(|item| {
                    let numbers: Vec<f64> = values_of(item).iter().filter_map(number).collect();
                    listed(&numbers, " ", format_general)
                });
                format!("[{}]", lists.collect::<Vec<_>>().join(" "))
            }
            (_, MappedResult::Scalar(value)) => format_plain(*value),
            (_, MappedResult::Numbers(values)) => listed(values, ",", format_plain),
            (_, MappedResult::Json(value)) => json::encode(value),
            (_, MappedResult::Nil) => "null".to_owned(),
            (_, MappedResult::Error(_)) => String::new(),
        }
    }
}

fn row(field: &str, value: f64) -> Json {
    Json::Object(vec![(field.to_owned(), Json::Number(value))])
}

/// One `MetricDataResult` for each series; a query that finds nothing has one without values.
fn metric_data(values: &[f64]) -> Json {
    let entry = |values: &[f64]| {
        let numbers = values.iter().copied().map(Json::Number).collect();
        Json::Object(vec![("Values".to_owned(), numbers)])
    };
    if values.is_empty() {
        Json::Array(vec![entry(&[])])
    } else {
        values.chunks(1).map(entry).collect()
    }
}

fn values_of(entry: &Json) -> &[Json] {
    match entry {
        Json::Object(fields) => match fields.first() {
            Some((_, Json::Array(values))) => values,
            _ => &[],
        },
        _ => &[],
    }
}

fn number(json: &Json) -> Option<f64> {
    match json {
        Json::Number(number) => Some(*number),
        _ => None,
    }
}

/// Go's `%.2f`.
fn fixed(value: f64, digits: usize) -> String {
    if value.is_finite() {
        format!("{value:.digits$}")
    } else {
        format_plain(value)
    }
}

fn listed(values: &[f64], between: &str, text: impl Fn(f64) -> String) -> String {
    let texts: Vec<String> = values.iter().map(|value| text(*value)).collect();
    format!("[{}]", texts.join(between))
}

#[cfg(test)]
mod tests {
    use super::{MappedProvider as Provider, MappedResult};
    use crate::condition::{MeasurementConditions, Phase};
    use crate::units::Instant;

    /// Stored value and phase, or the error's text.
    fn measured(provider: Provider, values: &[f64], condition: &str) -> String {
        let result = provider.result(values, "rate");
        let conditions = MeasurementConditions::compile(condition, "").unwrap();
        match result.result() {
            Err(text) => format!("Error: {text}"),
            Ok(seen) => {
                let assessed = conditions.assess(seen, Instant::EPOCH);
                match assessed.phase() {
                    Phase::Error => format!("Error: {}", assessed.message().unwrap_or_default()),
                    phase => format!("{phase:?} {}", provider.stored(&result)),
                }
            }
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn results_have_the_shape_of_their_provider() {
        let (none, nan): (&[f64], &[f64]) = (&[], &[f64::NAN]);
        let cases: [(Provider, &[f64], &str, &str); 21] = [
            (
                Provider::Datadog,
                &[0.5, 7.0],
                "result < 1",
                "Successful 0.5",
            ),
            (
                Provider::Datadog,
                none,
                "default(result, 0) < 1",
                "Successful []",
            ),
            (Provider::Datadog, nan, "isNil(result)", "Successful []"),
            (
                Provider::Datadog,
                none,
                "result < 1",
                "Error: invalid operation: < (mismatched types <nil> and int)",
            ),
            (
                Provider::NewRelic,
                &[0.5],
                "result.rate < 1",
                "Successful {\"rate\":0.5}",
            ),
            (
                Provider::NewRelic,
                &[0.5, 2.0],
                "all(result, .rate < 1)",
                "Failed [{\"rate\":0.5},{\"rate\":2}]",
            ),
            (
                Provider::NewRelic,
                nan,
                "result.rate < 1",
                "Error: no results returned from NRQL query",
            ),
            (
                Provider::CloudWatch,
                &[0.5, 2.0],
                "len(result[0].Values) > 0 && result[1].Values[0] == 2",
                "Successful [[0.5] [2]]",
            ),
            (
                Provider::CloudWatch,
                none,
                "len(result[0].Values) == 0",
                "Successful [[]]",
            ),
            (
                Provider::Graphite,
                &[10.0, 7.0],
                "result[0] == 10",
                "Successful [10.000000]",
            ),
            (Provider::Graphite, nan, "len(result) == 0", "Successful []"),
            (
                Provider::Graphite,
                none,
                "result[0] < 1",
                "Error: no values found",
            ),
            (
                Provider::Influxdb,
                &[1.0, 0.25],
                "result[1] < 1",
                "Successful [1 0.25]",
            ),
            (
                Provider::Influxdb,
                none,
                "result[0] < 1",
                "Error: no results returned from flux query",
            ),
            (
                Provider::Wavefront,
                &[0.126],
                "result < 1",
                "Successful 0.13",
            ),
            (
                Provider::Wavefront,
                &[1.0, 2.0],
                "all(result, # > 0)",
                "Successful [1.00,2.00]",
            ),
            (
                Provider::Wavefront,
                none,
                "result < 1",
                "Error: No TimeSeries found in response from Wavefront",
            ),
            (
                Provider::SkyWalking,
                &[3.0],
                "result.rate > 2",
                "Successful {\"rate\":3}",
            ),
            (
                Provider::SkyWalking,
                none,
                "result.rate > 2",
                "Error: no results returned from SkyWalking query",
            ),
            (Provider::Plugin, &[3.0], "result > 2", "Successful 3"),
            (Provider::Plugin, none, "isNil(result)", "Successful null"),
        ];
        for (provider, values, condition, expected) in cases {
            let found = measured(provider, values, condition);
            assert_eq!(found, expected, "{} {values:?}", provider.name());
        }
        let unshaped = Provider::Plugin.result(&[1.0, 2.0], "");
        assert_eq!(unshaped, MappedResult::Numbers(vec![1.0, 2.0]));
    }
}
