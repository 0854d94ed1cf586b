//! Standard exporters by name: `metrics: [{use: http-server}]`.

use super::model::MetricKind;

/// Upper bounds of a histogram where nothing else is said, in seconds: those of Prometheus' client libraries.
pub const DEFAULT_BUCKETS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// The names that `use:` takes, in the order that help shows them.
pub const NAMES: [&str; 3] = ["http-server", "process", "container"];

/// The metrics behind a name, without labels; nothing for unknown names.
pub fn metrics(name: &str) -> Option<Vec<(&'static str, MetricKind)>> {
    let histogram = || MetricKind::LatencyHistogram {
        buckets: DEFAULT_BUCKETS.to_vec(),
    };
    let metrics = match name {
        "http-server" => vec![
            ("http_requests_total", MetricKind::Requests),
            ("http_request_duration_seconds", histogram()),
        ],
        "process" => vec![("process_resident_memory_bytes", MetricKind::Memory)],
        "container" => vec![("container_memory_working_set_bytes", MetricKind::Memory)],
        _ => return None,
    };
    Some(metrics)
}
