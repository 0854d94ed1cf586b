//! What is measured: Prometheus, the controllers' timing, the metrics that pods export.

use super::super::catalogue;
use super::super::model::{
    ControllerTiming, LabelValue, Metric, MetricKind, Prometheus, PrometheusVersion, StartFraction,
};
use super::context::{Context, Field, Object};
use super::quantity::{DURATION, SHARE};
use super::rules;
use super::service::{above_zero, duration_distribution};
use crate::diagnostics::did_you_mean;
use crate::units::Duration;

/// Labels that scraping gives to every series.
const TARGET_LABELS: [&str; 4] = ["job", "instance", "namespace", "pod"];

pub(super) fn prometheus(context: &mut Context<'_>, parent: &Object<'_>) -> Prometheus {
    let known = [
        "version",
        "scrape-interval",
        "scrape-failure",
        "scrape-duration",
        "scrape-timeout",
        "visibility-lag",
        "discovery",
        "rules",
    ];
    let mut prometheus = Prometheus::default();
    let Some(object) = context.child(parent, "prometheus", &known) else {
        return prometheus;
    };
    if let Some(field) = object.field("version") {
        prometheus.version = version(context, &field).unwrap_or(prometheus.version);
    }
    if let Some(interval) = interval(context, &object, "scrape-interval") {
        prometheus.scrape_interval = interval;
    }
    if let Some(failure) = context.take(&object, "scrape-failure", &SHARE) {
        prometheus.scrape_failure = failure;
    }
    if let Some(field) = object.field("scrape-duration") {
        prometheus.scrape_duration =
            duration_distribution(context, &field).unwrap_or(prometheus.scrape_duration);
    }
    let default = prometheus.scrape_timeout.min(prometheus.scrape_interval);
    prometheus.scrape_timeout = interval(context, &object, "scrape-timeout").unwrap_or(default);
    if let Some(field) = object.field("scrape-timeout")
        && prometheus.scrape_timeout > prometheus.scrape_interval
    {
        // Prometheus 3.14 config/config.go `ScrapeConfig.Validate`.
        let message = "scrape timeout greater than scrape interval";
        let help = "Prometheus refuses this; write a shorter time";
        context.refuse_field(&field, message, help);
    }
    if let Some(lag) = context.take(&object, "visibility-lag", &DURATION) {
        prometheus.visibility_lag = lag;
    }
    if let Some(field) = object.field("discovery") {
        prometheus.discovery =
            duration_distribution(context, &field).unwrap_or(prometheus.discovery);
    }
    prometheus.rules = rules::rules(context, &object);
    prometheus
}

/// How often Prometheus does something.
pub(super) fn interval(
    context: &mut Context<'_>,
    object: &Object<'_>,
    name: &str,
) -> Option<Duration> {
    let field = object.field(name)?;
    let interval = context.quantity(&field, &DURATION)?;
    let whole = interval.as_nanos() % 1_000_000 == 0;
    if whole && interval >= Duration::from_seconds(1) {
        return Some(interval);
    }
    let message = "must be at least 1s and a whole number of milliseconds";
    context.refuse_field(&field, message, "write e.g. `15s`");
    None
}

/// `3`, `2.51` or `2`, or any version in full.
fn version(context: &mut Context<'_>, field: &Field<'_>) -> Option<PrometheusVersion> {
    let text = context.text(field)?;
    let mut parts = text
        .trim_start_matches('v')
        .split('.')
        .map(str::parse::<u32>);
    let known = match (parts.next(), parts.next()) {
        (Some(Ok(3)), None | Some(Ok(_))) => Some(PrometheusVersion::V3),
        (Some(Ok(2)), None | Some(Ok(..51))) => Some(PrometheusVersion::V2),
        (Some(Ok(2)), Some(Ok(51..=55))) => Some(PrometheusVersion::V2_51),
        _ => None,
    };
    if known.is_none() {
        let message = format!("Prometheus {text} is not known");
        context.refuse_field(
            field,
            &message,
            "write `3`, `2.51` (up to 2.55) or `2` (up to 2.50)",
        );
    }
    known
}

pub(super) fn controller(context: &mut Context<'_>, parent: &Object<'_>) -> ControllerTiming {
    let known = [
        "start-fraction",
        "provider-latency",
        "reconcile-latency",
        "informer-latency",
    ];
    let mut timing = ControllerTiming::default();
    let Some(object) = context.child(parent, "controller", &known) else {
        return timing;
    };
    if let Some(field) = object.field("start-fraction") {
        timing.start_fraction = start_fraction(context, &field).unwrap_or(timing.start_fraction);
    }
    for (name, target) in [
        ("provider-latency", &mut timing.provider_latency),
        ("reconcile-latency", &mut timing.reconcile_latency),
        ("informer-latency", &mut timing.informer_latency),
    ] {
        *target = context.take(&object, name, &DURATION).unwrap_or(*target);
    }
    timing
}

fn start_fraction(context: &mut Context<'_>, field: &Field<'_>) -> Option<StartFraction> {
    if field.node.as_str() == Some("random") {
        return Some(StartFraction::Random);
    }
    match field.node.as_f64() {
        Some(fraction) if (0.0..1.0).contains(&fraction) => {
            #[expect(clippy::cast_possible_truncation, reason = "below one second")]
            let nanos = (fraction * 1e9) as i64;
            Some(StartFraction::Fixed(Duration::from_nanos(nanos)))
        }
        _ => {
            let message = "`random` or a number from 0 to less than 1 is needed";
            context.refuse_field(field, message, "write `random`, or e.g. `0.25`");
            None
        }
    }
}

pub(super) fn metrics(context: &mut Context<'_>, parent: &Object<'_>) -> Vec<Metric> {
    let Some(field) = parent.field("metrics") else {
        return Vec::new();
    };
    let mut metrics: Vec<Metric> = Vec::new();
    for item in context.items(&field) {
        for metric in entry(context, &item) {
            if metrics.iter().any(|other| other.name == metric.name) {
                let message = format!("`{}` is exported twice", metric.name);
                context.refuse_field(&item, &message, "remove one of the two");
            } else if let (Some(every), Some(other)) = (
                metric.own_timestamps,
                metrics.iter().find_map(|metric| metric.own_timestamps),
            ) && every != other
            {
                let message = format!("other metrics have timestamps every {other}");
                context.refuse_field(&item, &message, "write the same `own-timestamps`");
            } else {
                metrics.push(metric);
            }
        }
    }
    metrics
}

fn entry(context: &mut Context<'_>, item: &Field<'_>) -> Vec<Metric> {
    let known = [
        "use",
        "name",
        "kind",
        "buckets",
        "labels",
        "children",
        "own-timestamps",
    ];
    let Some(object) = context.object(item, &known) else {
        return Vec::new();
    };
    let labels = labels(context, &object);
    let from_start = object.field("children").and_then(|field| {
        context.word(
            &field,
            &[("from-start", true), ("at-first-increment", false)],
        )
    });
    let own_timestamps = interval(context, &object, "own-timestamps");
    let kinds = match (object.field("use"), object.field("name")) {
        (Some(_), Some(name)) => {
            context.refuse_field(
                &name,
                "either `use` or `name`, not both",
                "remove one of the two",
            );
            Vec::new()
        }
        (Some(field), None) => from_catalogue(context, &object, &field),
        (None, Some(field)) => own(context, &object, &field).into_iter().collect(),
        (None, None) => {
            let message = "`use` or `name` is missing";
            context.refuse_field(item, message, "write e.g. `use: http-server`");
            Vec::new()
        }
    };
    if let Some(field) = object.field("own-timestamps")
        && kinds.iter().any(|(_, kind)| *kind != MetricKind::Memory)
    {
        let message = "only gauges of memory can have timestamps of their own";
        context.refuse_field(
            &field,
            message,
            "remove it, or give them an entry of their own",
        );
    }
    kinds
        .into_iter()
        .map(|(name, kind)| Metric {
            name,
            kind,
            labels: labels.clone(),
            children_from_start: from_start.unwrap_or(false),
            own_timestamps,
        })
        .collect()
}

fn from_catalogue(
    context: &mut Context<'_>,
    object: &Object<'_>,
    field: &Field<'_>,
) -> Vec<(String, MetricKind)> {
    if let Some(kind) = object.field("kind") {
        context.refuse_field(
            &kind,
            "the catalogue decides",
            "remove it, or write `name` for `use`",
        );
    }
    let Some(name) = context.string(field) else {
        return Vec::new();
    };
    let Some(metrics) = catalogue::metrics(&name) else {
        let help = match did_you_mean(&name, catalogue::NAMES) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the catalogue has {}", catalogue::NAMES.join(", ")),
        };
        context.refuse_field(field, &format!("`{name}` is not in the catalogue"), &help);
        return Vec::new();
    };
    let own_buckets = buckets(context, object);
    let has_histogram = metrics
        .iter()
        .any(|(_, kind)| matches!(kind, MetricKind::LatencyHistogram { .. }));
    if let Some(field) = object.field("buckets").filter(|_| !has_histogram) {
        context.refuse_field(&field, "there is no histogram in it", "remove it");
    }
    metrics
        .into_iter()
        .map(|(name, kind)| {
            let kind = match (kind, &own_buckets) {
                (MetricKind::LatencyHistogram { .. }, Some(buckets)) => {
                    MetricKind::LatencyHistogram {
                        buckets: buckets.clone(),
                    }
                }
                (kind, _) => kind,
            };
            (name.to_owned(), kind)
        })
        .collect()
}

#[derive(Clone, Copy)]
enum KindWord {
    Requests,
    Histogram,
    Memory,
}

fn own(
    context: &mut Context<'_>,
    object: &Object<'_>,
    field: &Field<'_>,
) -> Option<(String, MetricKind)> {
    let name = context.string(field)?;
    if !is_name(&name, true) {
        let message = format!("`{name}` is no name of a metric");
        context.refuse_field(field, &message, "use letters, digits, `_` and `:`");
    }
    let Some(kind_field) = object.field("kind") else {
        let message = "`kind` is missing";
        let help = "add `kind: requests`, `latency-histogram` or `memory`";
        context.refuse(&object.path, object.span, message, help);
        return None;
    };
    let words = [
        ("requests", KindWord::Requests),
        ("latency-histogram", KindWord::Histogram),
        ("memory", KindWord::Memory),
    ];
    let word = context.word(&kind_field, &words)?;
    let own_buckets = buckets(context, object);
    let kind = match word {
        KindWord::Requests => MetricKind::Requests,
        KindWord::Memory => MetricKind::Memory,
        KindWord::Histogram => MetricKind::LatencyHistogram {
            buckets: own_buckets.unwrap_or(catalogue::DEFAULT_BUCKETS.to_vec()),
        },
    };
    if let Some(field) = object.field("buckets")
        && !matches!(kind, MetricKind::LatencyHistogram { .. })
    {
        context.refuse_field(&field, "only a histogram has buckets", "remove it");
    }
    Some((name, kind))
}

/// Rising upper bounds, in seconds.
fn buckets(context: &mut Context<'_>, object: &Object<'_>) -> Option<Vec<f64>> {
    let field = object.field("buckets")?;
    let items = context.items(&field);
    let bounds: Vec<Duration> = items
        .iter()
        .filter_map(|item| above_zero(context, item))
        .collect();
    let rising = bounds.windows(2).all(|pair| pair[0] < pair[1]);
    if bounds.len() == items.len() && (bounds.is_empty() || !rising) {
        let help = "write e.g. `[100ms, 500ms, 1s]`; +Inf is added";
        context.refuse_field(&field, "upper bounds must rise from each to the next", help);
        return None;
    }
    Some(bounds.iter().map(|bound| bound.as_seconds_f64()).collect())
}

fn labels(context: &mut Context<'_>, object: &Object<'_>) -> Vec<(String, LabelValue)> {
    let mut labels = Vec::new();
    let Some(object) = object
        .field("labels")
        .and_then(|field| context.open_object(&field))
    else {
        return labels;
    };
    for (name, key, field) in object.fields() {
        if TARGET_LABELS.contains(&name) {
            let message = format!("`{name}` is set by scraping");
            context.refuse(
                "",
                key,
                &message,
                "remove it; rollsim gives it to every series",
            );
        } else if name == "le" || name.starts_with("__") || !is_name(name, false) {
            let message = format!("`{name}` can't be the name of a label here");
            context.refuse(
                "",
                key,
                &message,
                "use letters, digits and `_`; `le` is the histogram's own",
            );
        } else if let Some(value) = label_value(context, &field) {
            labels.push((name.to_owned(), value));
        }
    }
    labels
}

fn label_value(context: &mut Context<'_>, field: &Field<'_>) -> Option<LabelValue> {
    let text = match field.node.as_str() {
        Some("") => String::new(),
        _ => context.string(field)?,
    };
    let Some(inner) = text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
    else {
        return Some(LabelValue::Literal(text));
    };
    match inner {
        "role" => Some(LabelValue::Role),
        "status" => Some(LabelValue::Status),
        _ => match inner.strip_prefix("pod.") {
            Some(label) if !label.is_empty() => Some(LabelValue::PodLabel(label.to_owned())),
            _ => {
                let help = match did_you_mean(inner, ["role", "status"]) {
                    Some(meant) => format!("did you mean `{{{meant}}}`?"),
                    None => "write `{role}`, `{status}` or `{pod.NAME}`".to_owned(),
                };
                context.refuse_field(field, &format!("`{text}` is not known"), &help);
                None
            }
        },
    }
}

/// Prometheus' names: letters, digits and `_`, for metrics `:` too, no digit in front.
pub(super) fn is_name(text: &str, metric: bool) -> bool {
    let allowed =
        |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || (metric && letter == ':');
    !text.is_empty() && text.chars().all(allowed) && !text.starts_with(|c: char| c.is_ascii_digit())
}
