//! Which metric a query's series belongs to, and what it is taken to measure.

use crate::promql::ast::{MatchOp, VectorSelector};
use crate::promql::labels::METRIC_NAME;
use crate::scenario::catalogue;
use crate::scenario::model::{LabelValue, LatencyUnit, MetricKind};

/// What a name of a series leads to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Family {
    /// An exporter of the catalogue with labels of its own.
    Exporter(&'static str),
    /// One metric.
    Metric(Own),
    /// Limits or requests of containers, which the manifests say.
    Resources {
        /// The series' name.
        name: String,
        /// `limits` or `requests`.
        field: &'static str,
    },
    /// Prometheus adds it itself, or nobody can say.
    None,
}

/// A metric with the labels that its application gives it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Own {
    /// Its name; of a histogram without suffix.
    pub(super) name: String,
    /// What it measures.
    pub(super) kind: MetricKind,
    /// What the kind rests on.
    pub(super) because: &'static str,
}

/// Why nobody can say what a series measures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unknown {
    /// What it is.
    pub(super) what: String,
    /// What to do.
    pub(super) help: String,
}

/// The family of a selector.
pub(super) fn family_of(selector: &VectorSelector) -> Result<Family, Unknown> {
    let mut matchers = selector.matchers.iter();
    let by_name =
        matchers.find(|matcher| matcher.name == METRIC_NAME && matcher.op == MatchOp::Equal);
    let Some(name) = by_name.map(|matcher| matcher.value.as_str()) else {
        return Ok(Family::None);
    };
    let of_summary = selector
        .matchers
        .iter()
        .any(|matcher| matcher.name == "quantile");
    if of_summary {
        return Err(Unknown {
            what: format!("`{name}` is a summary, which isn't simulated yet"),
            help: "read a histogram's `_bucket` with histogram_quantile instead".to_owned(),
        });
    }
    of_name(name)
}

fn of_name(name: &str) -> Result<Family, Unknown> {
    match name {
        "kube_pod_container_resource_limits" => return Ok(resources(name, "limits")),
        "kube_pod_container_resource_requests" => return Ok(resources(name, "requests")),
        _ if name.starts_with("scrape_") => return Ok(Family::None),
        _ => {}
    }
    if let Some(family) = in_catalogue(name) {
        return Ok(family);
    }
    if name.contains(':') {
        return Err(Unknown {
            what: format!(
                "`{name}` is the name of a recording rule, and nothing says what it records"
            ),
            help: "write the rule's own query into the template, or a scenario (`rollsim init`) with the rule under \
                   `prometheus.rules`"
                .to_owned(),
        });
    }
    match guess(name) {
        Some((metric, kind, because)) => Ok(Family::Metric(Own {
            name: metric.to_owned(),
            kind,
            because,
        })),
        None => Err(Unknown {
            what: format!("what `{name}` measures can't be read from the manifests"),
            help: format!(
                "write a scenario (`rollsim init` drafts one) that says it under `metrics`, e.g. `- {{name: {name}, \
                 kind: memory}}`; the kinds are in docs/scenario.md"
            ),
        }),
    }
}

fn resources(name: &str, field: &'static str) -> Family {
    Family::Resources {
        name: name.to_owned(),
        field,
    }
}

fn in_catalogue(series: &str) -> Option<Family> {
    let metric = catalogue::metric_of(series)?;
    let mut exporters = catalogue::exporters().into_iter();
    let exporter = exporters.find(|exporter| exporter.metrics.contains(&metric))?;
    let labelled = exporter
        .metrics
        .iter()
        .any(|metric| !metric.labels.is_empty());
    if labelled || metric.kind == MetricKind::Up {
        return Some(Family::Exporter(exporter.name));
    }
    Some(Family::Metric(Own {
        name: metric.name.to_owned(),
        kind: metric.kind,
        because: "that is its usual meaning",
    }))
}

/// What the conventions for names say (Prometheus' naming practices).
fn guess(name: &str) -> Option<(&str, MetricKind, &'static str)> {
    const OTHER_COUNTERS: [&str; 3] = ["_seconds_total", "_bytes_total", "_restarts_total"];
    let is = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let histogram = |base: &str| MetricKind::LatencyHistogram {
        buckets: catalogue::DEFAULT_BUCKETS.to_vec(),
        unit: unit_of(base),
    };
    for suffix in ["_bucket", "_count", "_sum"] {
        if let Some(base) = name.strip_suffix(suffix) {
            return Some((base, histogram(base), "its name ends like a histogram's"));
        }
    }
    if OTHER_COUNTERS.iter().any(|suffix| name.ends_with(suffix)) {
        return None;
    }
    if name.ends_with("_total") {
        return if is(&["error", "fail", "5xx", "exception"]) {
            Some((
                name,
                MetricKind::FailedRequests,
                "its name speaks of errors",
            ))
        } else {
            Some((name, MetricKind::Requests, "its name ends in _total"))
        };
    }
    let unit = ["_seconds", "_milliseconds", "_ms"];
    if unit.iter().any(|unit| name.ends_with(unit)) && is(&["duration", "latency", "time"]) {
        return Some((name, histogram(name), "its name is a histogram's"));
    }
    if name.ends_with("_bytes") && is(&["memory", "memstats", "rss", "heap"]) {
        return Some((name, MetricKind::Memory, "its name speaks of memory"));
    }
    None
}

fn unit_of(base: &str) -> LatencyUnit {
    if base.contains("millis") || base.ends_with("_ms") {
        LatencyUnit::Milliseconds
    } else {
        LatencyUnit::Seconds
    }
}

/// The labels that an exporter of the catalogue gives its metrics, each once.
pub(super) fn labels_of(exporter: &str) -> Vec<(String, LabelValue)> {
    let mut labels: Vec<(String, LabelValue)> = Vec::new();
    let exporter = catalogue::exporter(exporter);
    for metric in exporter.into_iter().flat_map(|exporter| exporter.metrics) {
        for (name, value) in metric.labels {
            if !labels.iter().any(|(known, _)| known == name) {
                labels.push((name.to_owned(), value));
            }
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::{Family, Own, of_name};
    use crate::scenario::model::{LatencyUnit, MetricKind};

    #[test]
    fn names_say_what_is_measured() {
        let kind = |name: &str| match of_name(name).unwrap() {
            Family::Metric(Own { name, kind, .. }) => (name, kind),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            kind("shop_orders_total"),
            ("shop_orders_total".to_owned(), MetricKind::Requests)
        );
        assert_eq!(kind("http_errors_total").1, MetricKind::FailedRequests);
        let (name, histogram) = kind("request_latency_ms_bucket");
        assert_eq!(name, "request_latency_ms");
        let MetricKind::LatencyHistogram { unit, .. } = histogram else {
            panic!("{histogram:?}");
        };
        assert_eq!(unit, LatencyUnit::Milliseconds);
        assert_eq!(
            of_name("istio_requests_total"),
            Ok(Family::Exporter("istio"))
        );
        for unknown in [
            "queue_depth",
            "job:errors:rate5m",
            "node_network_receive_bytes_total",
        ] {
            assert!(of_name(unknown).is_err(), "{unknown}");
        }
    }
}
