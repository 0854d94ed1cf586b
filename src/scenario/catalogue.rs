//! Exporters in use in the wild, by name: `metrics: [{use: istio}]`, and which of them a series comes from.
//!
//! Names, labels, units and default buckets are those of the programs named in each entry. Only labels that
//! queries commonly read are listed; a scenario can add others.

use super::model::{Fact, LabelValue, LatencyUnit, MetricKind};

/// Upper bounds of a histogram where nothing else is said, in seconds: those of Prometheus' client libraries.
pub const DEFAULT_BUCKETS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Envoy's bounds, also Istio's, in milliseconds (Envoy `histogram_bucket_settings`).
const ENVOY_MS: [f64; 19] = [
    0.5, 1.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1e3, 2.5e3, 5e3, 1e4, 3e4, 6e4, 3e5, 6e5,
    1.8e6, 3.6e6,
];

/// Linkerd's bounds in milliseconds (linkerd2-proxy `latency::BOUNDS`).
const LINKERD_MS: [f64; 26] = [
    1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 100.0, 200.0, 300.0, 400.0, 500.0, 1e3,
    2e3, 3e3, 4e3, 5e3, 1e4, 2e4, 3e4, 4e4, 5e4, 6e4,
];

/// Bounds that OpenTelemetry advises for durations of HTTP requests, in seconds (semantic conventions).
const OPENTELEMETRY: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// One exporter.
#[derive(Clone, Debug, PartialEq)]
pub struct Exporter {
    /// What `use:` takes.
    pub name: &'static str,
    /// Whose metrics these are.
    pub about: &'static str,
    /// Its metrics.
    pub metrics: Vec<Exported>,
}

/// One metric of an exporter.
#[derive(Clone, Debug, PartialEq)]
pub struct Exported {
    /// Its name; of a histogram without suffix.
    pub name: &'static str,
    /// What it measures.
    pub kind: MetricKind,
    /// Labels that it has unless a scenario says otherwise.
    pub labels: Vec<(&'static str, LabelValue)>,
}

/// All exporters, in the order that help shows them.
pub fn exporters() -> Vec<Exporter> {
    let exporter = |name, about, metrics| Exporter {
        name,
        about,
        metrics,
    };
    vec![
        exporter(
            "http-server",
            "counters and histograms of Prometheus' client libraries",
            vec![
                exported("http_requests_total", MetricKind::Requests, &[]),
                exported(
                    "http_request_duration_seconds",
                    seconds(&DEFAULT_BUCKETS),
                    &[],
                ),
            ],
        ),
        exporter(
            "micrometer",
            "Spring Boot's http.server.requests, with percentile histogram",
            micrometer(),
        ),
        exporter(
            "opentelemetry",
            "http.server.request.duration of OpenTelemetry",
            opentelemetry(),
        ),
        exporter("istio", "Istio's standard metrics", istio()),
        exporter(
            "nginx-ingress",
            "the ingress-nginx controller",
            nginx_ingress(),
        ),
        exporter("envoy", "an Envoy proxy's clusters and listeners", envoy()),
        exporter("linkerd", "the linkerd2 proxy", linkerd()),
        exporter(
            "process",
            "process metrics of the client libraries",
            vec![
                exported("process_resident_memory_bytes", MetricKind::Memory, &[]),
                exported("process_cpu_seconds_total", MetricKind::Cpu, &[]),
            ],
        ),
        exporter("container", "cAdvisor in the kubelet", container()),
        exporter(
            "kube-state",
            "kube-state-metrics, of the Rollout's pods",
            kube_state(),
        ),
        exporter(
            "up",
            "whether a scrape succeeded",
            vec![exported("up", MetricKind::Up, &[])],
        ),
    ]
}

/// The exporter of a name.
pub fn exporter(name: &str) -> Option<Exporter> {
    exporters()
        .into_iter()
        .find(|exporter| exporter.name == name)
}

/// The names that `use:` takes.
pub fn names() -> Vec<&'static str> {
    exporters()
        .into_iter()
        .map(|exporter| exporter.name)
        .collect()
}

/// The metric that a series belongs to, by the series' name: histograms have suffixes.
pub fn metric_of(series: &str) -> Option<Exported> {
    let of_series = |exported: &Exported| match exported.kind {
        MetricKind::LatencyHistogram { .. } => {
            let suffix = series.strip_prefix(exported.name);
            suffix.is_some_and(|suffix| ["", "_bucket", "_count", "_sum"].contains(&suffix))
        }
        _ => exported.name == series,
    };
    let mut all = exporters()
        .into_iter()
        .flat_map(|exporter| exporter.metrics);
    all.find(of_series)
}

fn exported(
    name: &'static str,
    kind: MetricKind,
    labels: &[(&'static str, LabelValue)],
) -> Exported {
    Exported {
        name,
        kind,
        labels: labels.to_vec(),
    }
}

fn text(value: &str) -> LabelValue {
    LabelValue::Literal(value.to_owned())
}

fn by_status(success: &str, failure: &str) -> LabelValue {
    LabelValue::ByStatus([success.to_owned(), failure.to_owned()])
}

fn each(values: &[&str]) -> LabelValue {
    LabelValue::Each(values.iter().map(|value| (*value).to_owned()).collect())
}

fn seconds(buckets: &[f64]) -> MetricKind {
    MetricKind::LatencyHistogram {
        buckets: buckets.to_vec(),
        unit: LatencyUnit::Seconds,
    }
}

fn milliseconds(buckets: &[f64]) -> MetricKind {
    MetricKind::LatencyHistogram {
        buckets: buckets.iter().map(|bound| bound / 1e3).collect(),
        unit: LatencyUnit::Milliseconds,
    }
}

/// Micrometer's percentile histogram between 1 ms and 30 s: thirds of each power of four nanoseconds
/// (Micrometer `PercentileHistogramBuckets`, Spring Boot's limits for HTTP).
fn micrometer_buckets() -> Vec<f64> {
    const LEAST: u64 = 1_000_000;
    const MOST: u64 = 30_000_000_000;
    let mut bounds = vec![LEAST];
    for power in (2..64).step_by(2) {
        let (mut at, third) = (1_u64 << power, (1_u64 << power) / 3);
        let end = (1_u128 << (power + 2)) - u128::from(third);
        while u128::from(at) < end && at < MOST {
            bounds.extend((at > LEAST).then_some(at));
            at += third;
        }
    }
    bounds.push(MOST);
    bounds.iter().map(|bound| *bound as f64 / 1e9).collect()
}

fn micrometer() -> Vec<Exported> {
    vec![exported(
        "http_server_requests_seconds",
        seconds(&micrometer_buckets()),
        &[
            ("application", LabelValue::Fact(Fact::Rollout)),
            ("error", text("none")),
            ("exception", text("none")),
            ("method", text("GET")),
            ("outcome", by_status("SUCCESS", "SERVER_ERROR")),
            ("status", LabelValue::Status),
            ("uri", text("/")),
        ],
    )]
}

fn opentelemetry() -> Vec<Exported> {
    vec![exported(
        "http_server_request_duration_seconds",
        seconds(&OPENTELEMETRY),
        &[
            ("http_request_method", text("GET")),
            ("http_response_status_code", LabelValue::Status),
            ("http_route", text("/")),
            ("url_scheme", text("http")),
        ],
    )]
}

/// Both sidecars report a request: the caller's as `source`, the callee's as `destination`.
fn istio() -> Vec<Exported> {
    let labels = [
        ("reporter", each(&["source", "destination"])),
        ("destination_service", LabelValue::Fact(Fact::ServiceHost)),
        ("destination_service_name", LabelValue::Fact(Fact::Service)),
        (
            "destination_service_namespace",
            LabelValue::Fact(Fact::Namespace),
        ),
        ("destination_workload", LabelValue::Fact(Fact::Rollout)),
        (
            "destination_workload_namespace",
            LabelValue::Fact(Fact::Namespace),
        ),
        ("destination_app", LabelValue::PodLabel("app".to_owned())),
        (
            "destination_version",
            LabelValue::PodLabel("version".to_owned()),
        ),
        ("request_protocol", text("http")),
        ("response_code", LabelValue::Status),
    ];
    vec![
        exported("istio_requests_total", MetricKind::Requests, &labels),
        exported(
            "istio_request_duration_milliseconds",
            milliseconds(&ENVOY_MS),
            &labels,
        ),
    ]
}

/// `ingress` and `service` are those of the location, also for requests that the canary answers; only `canary`
/// tells them apart (ingress-nginx `monitor.lua`).
fn nginx_ingress() -> Vec<Exported> {
    let labels = [
        ("exported_namespace", LabelValue::Fact(Fact::Namespace)),
        ("exported_service", LabelValue::Fact(Fact::StableService)),
        ("service", LabelValue::Fact(Fact::StableService)),
        ("method", text("GET")),
        ("path", text("/")),
        ("status", LabelValue::Status),
    ];
    vec![
        exported(
            "nginx_ingress_controller_requests",
            MetricKind::Requests,
            &labels,
        ),
        exported(
            "nginx_ingress_controller_request_duration_seconds",
            seconds(&DEFAULT_BUCKETS),
            &labels,
        ),
        exported(
            "nginx_ingress_controller_response_duration_seconds",
            seconds(&DEFAULT_BUCKETS),
            &labels,
        ),
    ]
}

fn envoy() -> Vec<Exported> {
    let cluster = ("envoy_cluster_name", LabelValue::Fact(Fact::Service));
    let class = ("envoy_response_code_class", by_status("2", "5"));
    let listener = ("envoy_http_conn_manager_prefix", text("ingress"));
    vec![
        exported(
            "envoy_cluster_upstream_rq_xx",
            MetricKind::Requests,
            &[cluster.clone(), class.clone()],
        ),
        exported(
            "envoy_cluster_upstream_rq",
            MetricKind::Requests,
            &[cluster.clone(), ("envoy_response_code", LabelValue::Status)],
        ),
        exported(
            "envoy_cluster_upstream_rq_time",
            milliseconds(&ENVOY_MS),
            &[cluster],
        ),
        exported(
            "envoy_http_downstream_rq_xx",
            MetricKind::Requests,
            &[listener.clone(), class],
        ),
        exported(
            "envoy_http_downstream_rq_time",
            milliseconds(&ENVOY_MS),
            &[listener],
        ),
    ]
}

fn linkerd() -> Vec<Exported> {
    let labels = [
        ("direction", each(&["inbound", "outbound"])),
        ("deployment", LabelValue::Fact(Fact::Rollout)),
        ("dst_service", LabelValue::Fact(Fact::Service)),
        ("dst_namespace", LabelValue::Fact(Fact::Namespace)),
        ("status_code", LabelValue::Status),
        ("classification", by_status("success", "failure")),
    ];
    vec![
        exported("response_total", MetricKind::Requests, &labels),
        exported(
            "response_latency_ms",
            milliseconds(&LINKERD_MS),
            &labels[..5],
        ),
        exported("request_total", MetricKind::Requests, &labels[..4]),
    ]
}

fn container() -> Vec<Exported> {
    let labels = [
        ("container", LabelValue::Fact(Fact::Container)),
        ("image", LabelValue::Fact(Fact::Image)),
    ];
    vec![
        exported(
            "container_memory_working_set_bytes",
            MetricKind::Memory,
            &labels,
        ),
        exported("container_memory_usage_bytes", MetricKind::Memory, &labels),
        exported("container_memory_rss", MetricKind::Memory, &labels),
        exported(
            "container_cpu_usage_seconds_total",
            MetricKind::Cpu,
            &labels,
        ),
    ]
}

fn kube_state() -> Vec<Exported> {
    let container = ("container", LabelValue::Fact(Fact::Container));
    let one = MetricKind::Constant { value: 1.0 };
    vec![
        exported(
            "kube_pod_info",
            one.clone(),
            &[("created_by_kind", text("ReplicaSet"))],
        ),
        exported(
            "kube_pod_status_phase",
            one.clone(),
            &[("phase", text("Running"))],
        ),
        exported(
            "kube_pod_status_ready",
            MetricKind::Ready,
            &[("condition", text("true"))],
        ),
        exported(
            "kube_pod_container_status_ready",
            MetricKind::Ready,
            std::slice::from_ref(&container),
        ),
        exported(
            "kube_pod_container_status_running",
            MetricKind::Ready,
            std::slice::from_ref(&container),
        ),
        exported(
            "kube_pod_container_status_restarts_total",
            MetricKind::Restarts,
            std::slice::from_ref(&container),
        ),
        exported(
            "kube_pod_container_status_last_terminated_reason",
            MetricKind::OomKilled,
            &[container, ("reason", text("OOMKilled"))],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::{exporters, metric_of, micrometer_buckets};
    use crate::scenario::model::MetricKind;

    #[test]
    fn series_lead_to_their_metric() {
        for (series, metric) in [
            ("http_requests_total", Some("http_requests_total")),
            (
                "istio_request_duration_milliseconds_bucket",
                Some("istio_request_duration_milliseconds"),
            ),
            (
                "http_server_requests_seconds_count",
                Some("http_server_requests_seconds"),
            ),
            ("http_server_requests_seconds_max", None),
            (
                "envoy_cluster_upstream_rq",
                Some("envoy_cluster_upstream_rq"),
            ),
            ("http_requests_total_bucket", None),
        ] {
            assert_eq!(
                metric_of(series).map(|found| found.name),
                metric,
                "{series}"
            );
        }
    }

    /// The first bounds as Micrometer's documentation lists them.
    #[test]
    fn micrometer_s_bounds_are_thirds_of_powers_of_four() {
        let bounds = micrometer_buckets();
        let first = [
            0.001,
            0.001_048_576,
            0.001_398_101,
            0.001_747_626,
            0.002_097_151,
        ];
        assert_eq!(bounds[..5], first);
        assert_eq!(bounds.last(), Some(&30.0));
    }

    #[test]
    fn bounds_rise_and_names_are_unique() {
        let mut names = Vec::new();
        for metric in exporters()
            .into_iter()
            .flat_map(|exporter| exporter.metrics)
        {
            if let MetricKind::LatencyHistogram { buckets, .. } = &metric.kind {
                assert!(
                    buckets.windows(2).all(|pair| pair[0] < pair[1]),
                    "{}",
                    metric.name
                );
            }
            assert!(!names.contains(&metric.name), "{}", metric.name);
            names.push(metric.name);
        }
    }
}
