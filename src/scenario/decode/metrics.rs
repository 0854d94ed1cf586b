//! What is measured: Prometheus, the controllers' timing, the metrics that pods export.

use super::super::catalogue;
use super::super::model::{
    ControllerTiming, Fact, LabelValue, LatencyUnit, Metric, MetricKind, Prometheus,
    PrometheusVersion, StartFraction,
};
use super::context::{Context, Field, Object};
use super::quantity::{DURATION, SHARE};
use super::rules;
use super::service::{above_zero, duration_distribution};
use crate::diagnostics::did_you_mean;
use crate::units::Duration;

/// Labels that scraping gives to every series and that tell targets apart.
const TARGET_LABELS: [&str; 2] = ["instance", "pod"];

/// Labels with their values.
type Labels = Vec<(String, LabelValue)>;

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
        let entry = entry(context, &item);
        let is_known = |metric: &&Metric| metrics.iter().any(|other| may_be_one(other, metric));
        let every = entry.iter().find_map(|metric| metric.own_timestamps);
        let other = metrics.iter().find_map(|metric| metric.own_timestamps);
        if let Some(metric) = entry.iter().find(is_known) {
            let message = format!("`{}` is exported twice", metric.name);
            context.refuse_field(&item, &message, "remove one of the two");
        } else if let (Some(every), Some(other)) = (every, other)
            && every != other
        {
            let message = format!("other metrics have timestamps every {other}");
            context.refuse_field(&item, &message, "write the same `own-timestamps`");
        } else {
            metrics.extend(entry);
        }
    }
    metrics
}

/// Whether two metrics can have a series in common: no label tells them apart.
fn may_be_one(one: &Metric, other: &Metric) -> bool {
    let text = |metric: &Metric, name: &str| {
        let mut labels = metric.labels.iter();
        let (_, value) = labels.find(|(label, _)| label == name)?;
        match value {
            LabelValue::Literal(text) => Some(text.clone()),
            _ => None,
        }
    };
    let differs = |(name, _): &(String, LabelValue)| match (text(one, name), text(other, name)) {
        (Some(one), Some(other)) => one != other,
        _ => false,
    };
    one.name == other.name && !one.labels.iter().any(differs)
}

fn entry(context: &mut Context<'_>, item: &Field<'_>) -> Vec<Metric> {
    let known = [
        "use",
        "name",
        "kind",
        "buckets",
        "unit",
        "value",
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
        && kinds.iter().any(|(_, kind, _)| *kind != MetricKind::Memory)
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
        .map(|(name, kind, defaults)| Metric {
            name,
            kind,
            labels: merged(defaults, &labels),
            children_from_start: from_start.unwrap_or(false),
            own_timestamps,
        })
        .collect()
}

/// Labels of the catalogue, replaced and added to by those of the scenario; an empty text removes one.
fn merged(defaults: Labels, given: &Labels) -> Labels {
    let is_given = |name: &str| given.iter().any(|(other, _)| other == name);
    let kept = defaults.into_iter().filter(|(name, _)| !is_given(name));
    kept.chain(given.iter().cloned()).collect()
}

fn from_catalogue(
    context: &mut Context<'_>,
    object: &Object<'_>,
    field: &Field<'_>,
) -> Vec<(String, MetricKind, Labels)> {
    for decided in ["kind", "unit", "value"] {
        if let Some(field) = object.field(decided) {
            let help = "remove it, or write `name` for `use`";
            context.refuse_field(&field, "the catalogue decides", help);
        }
    }
    let Some(name) = context.string(field) else {
        return Vec::new();
    };
    let Some(exporter) = catalogue::exporter(&name) else {
        let names = catalogue::names();
        let help = match did_you_mean(&name, names.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the catalogue has {}", names.join(", ")),
        };
        context.refuse_field(field, &format!("`{name}` is not in the catalogue"), &help);
        return Vec::new();
    };
    let own_buckets = buckets(context, object);
    let metrics = exporter.metrics;
    let has_histogram = metrics
        .iter()
        .any(|metric| matches!(metric.kind, MetricKind::LatencyHistogram { .. }));
    if let Some(field) = object.field("buckets").filter(|_| !has_histogram) {
        context.refuse_field(&field, "there is no histogram in it", "remove it");
    }
    let with_buckets = |kind| match (kind, &own_buckets) {
        (MetricKind::LatencyHistogram { unit, .. }, Some(buckets)) => {
            MetricKind::LatencyHistogram {
                buckets: buckets.clone(),
                unit,
            }
        }
        (kind, _) => kind,
    };
    let owned = |(name, value): (&str, LabelValue)| (name.to_owned(), value);
    metrics
        .into_iter()
        .map(|metric| {
            let labels = metric.labels.into_iter().map(owned).collect();
            (metric.name.to_owned(), with_buckets(metric.kind), labels)
        })
        .collect()
}

#[derive(Clone, Copy, PartialEq)]
enum KindWord {
    Requests,
    FailedRequests,
    Histogram,
    Memory,
    Cpu,
    Restarts,
    OomKilled,
    Ready,
    Constant,
    Up,
}

const KINDS: [(&str, KindWord); 10] = [
    ("requests", KindWord::Requests),
    ("failed-requests", KindWord::FailedRequests),
    ("latency-histogram", KindWord::Histogram),
    ("memory", KindWord::Memory),
    ("cpu", KindWord::Cpu),
    ("restarts", KindWord::Restarts),
    ("oom-killed", KindWord::OomKilled),
    ("ready", KindWord::Ready),
    ("constant", KindWord::Constant),
    ("up", KindWord::Up),
];

fn own(
    context: &mut Context<'_>,
    object: &Object<'_>,
    field: &Field<'_>,
) -> Option<(String, MetricKind, Labels)> {
    let name = context.string(field)?;
    if !is_name(&name, true) {
        let message = format!("`{name}` is no name of a metric");
        context.refuse_field(field, &message, "use letters, digits, `_` and `:`");
    }
    let Some(kind_field) = object.field("kind") else {
        let help = format!(
            "add `kind: requests`; the kinds are {}",
            KINDS.map(|(word, _)| word).join(", ")
        );
        context.refuse(&object.path, object.span, "`kind` is missing", &help);
        return None;
    };
    let word = context.word(&kind_field, &KINDS)?;
    let own_buckets = buckets(context, object);
    for (name, only) in [
        ("buckets", KindWord::Histogram),
        ("unit", KindWord::Histogram),
        ("value", KindWord::Constant),
    ] {
        if let Some(field) = object.field(name).filter(|_| word != only) {
            let message = match only {
                KindWord::Constant => "only a constant has a value",
                _ => "only a histogram has buckets",
            };
            context.refuse_field(&field, message, "remove it");
        }
    }
    let kind = match word {
        KindWord::Requests => MetricKind::Requests,
        KindWord::FailedRequests => MetricKind::FailedRequests,
        KindWord::Memory => MetricKind::Memory,
        KindWord::Cpu => MetricKind::Cpu,
        KindWord::Restarts => MetricKind::Restarts,
        KindWord::OomKilled => MetricKind::OomKilled,
        KindWord::Ready => MetricKind::Ready,
        KindWord::Up => MetricKind::Up,
        KindWord::Constant => MetricKind::Constant {
            value: constant(context, object)?,
        },
        KindWord::Histogram => MetricKind::LatencyHistogram {
            buckets: own_buckets.unwrap_or(catalogue::DEFAULT_BUCKETS.to_vec()),
            unit: unit(context, object),
        },
    };
    Some((name, kind, Labels::new()))
}

fn constant(context: &mut Context<'_>, object: &Object<'_>) -> Option<f64> {
    let help = "write e.g. `value: 1`";
    let Some(field) = object.field("value") else {
        context.refuse(&object.path, object.span, "`value` is missing", help);
        return None;
    };
    let value = field.node.as_f64().filter(|value| value.is_finite());
    if value.is_none() {
        context.refuse_field(&field, "a number is needed", help);
    }
    value
}

/// In which unit the bounds are exported; they are written as durations whatever it is.
fn unit(context: &mut Context<'_>, object: &Object<'_>) -> LatencyUnit {
    let words = [
        ("s", LatencyUnit::Seconds),
        ("ms", LatencyUnit::Milliseconds),
    ];
    let field = object.field("unit");
    let unit = field.and_then(|field| context.word(&field, &words));
    unit.unwrap_or_default()
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
    if field.node.as_sequence().is_some() {
        let items = context.items(field);
        let texts: Vec<String> = items
            .iter()
            .filter_map(|item| context.string(item))
            .collect();
        let repeats = |index: usize| texts[..index].contains(&texts[index]);
        if (0..texts.len()).any(repeats) || items.is_empty() {
            let help = "write e.g. `[source, destination]`";
            context.refuse_field(field, "values that differ are needed", help);
            return None;
        }
        return Some(LabelValue::Each(texts));
    }
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
    let value = placeholder(inner);
    if value.is_none() {
        let known = ["role", "status"].into_iter();
        let known = known.chain(Fact::ALL.map(|(word, _)| word));
        let help = match did_you_mean(inner, known) {
            Some(meant) => format!("did you mean `{{{meant}}}`?"),
            None => "write `{role}`, `{status}`, `{status: A|B}`, `{pod.NAME}` or `{service}`"
                .to_owned(),
        };
        context.refuse_field(field, &format!("`{text}` is not known"), &help);
    }
    value
}

/// What stands between braces.
fn placeholder(inner: &str) -> Option<LabelValue> {
    if let Some((word, texts)) = inner.split_once(':') {
        let (first, second) = texts.split_once('|')?;
        let texts = [first.trim().to_owned(), second.trim().to_owned()];
        return match word.trim() {
            "role" => Some(LabelValue::ByRole(texts)),
            "status" => Some(LabelValue::ByStatus(texts)),
            _ => None,
        };
    }
    if let Some(label) = inner.strip_prefix("pod.") {
        return (!label.is_empty()).then(|| LabelValue::PodLabel(label.to_owned()));
    }
    match inner {
        "role" => Some(LabelValue::Role),
        "status" => Some(LabelValue::Status),
        _ => {
            let mut facts = Fact::ALL.into_iter();
            let fact = facts.find(|(word, _)| *word == inner);
            fact.map(|(_, fact)| LabelValue::Fact(fact))
        }
    }
}

/// Prometheus' names: letters, digits and `_`, for metrics `:` too, no digit in front.
pub(super) fn is_name(text: &str, metric: bool) -> bool {
    let allowed =
        |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || (metric && letter == ':');
    !text.is_empty() && text.chars().all(allowed) && !text.starts_with(|c: char| c.is_ascii_digit())
}
