//! A derived scenario as text: what `rollsim init` writes, and what `run` reads when nobody wrote one.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::probes::{self, Probed};
use crate::manifest::rollout_types::Rollout;
use crate::scenario::catalogue;
use crate::scenario::decode::API_VERSION;
use crate::scenario::fault_catalogue::FAULTS;
use crate::scenario::model::{Fact, LabelValue, LatencyUnit, MetricKind};

/// How an entry of `metrics` begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Heading {
    /// `use: istio`
    Use(&'static str),
    /// `name:` and `kind:`
    Own(String, MetricKind),
}

/// An entry of `metrics`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) heading: Heading,
    /// Labels that differ from the catalogue's.
    pub(super) labels: Vec<Described>,
    /// What the kind rests on.
    pub(super) because: Option<&'static str>,
}

/// A label and what old and new pods show.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Described {
    pub(super) name: String,
    pub(super) value: LabelValue,
    pub(super) texts: [Vec<String>; 2],
    /// Whether it is there only because a query asks for it.
    pub(super) is_asked_for: bool,
}

/// Everything about a scenario that isn't the same for all Rollouts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Draft {
    pub(super) rollout: String,
    /// Where no manifest names one.
    pub(super) namespace: Option<String>,
    /// As the first container's manifest has it.
    pub(super) memory_limit: Option<String>,
    pub(super) entries: Vec<Entry>,
    pub(super) probes: Vec<Probed>,
}

/// The part of a container's memory limit that a healthy pod is taken to use.
const USED_SHARE: f64 = 0.6;

impl Draft {
    /// The scenario's text, without `manifests`.
    pub(super) fn text(&self) -> String {
        let mut text = format!("apiVersion: {API_VERSION}\n");
        let _ = writeln!(text, "rollout: {}", quoted(&self.rollout));
        if let Some(namespace) = &self.namespace {
            let _ = writeln!(
                text,
                "namespace: {} # no manifest names one; the queries ask for it",
                quoted(namespace)
            );
        }
        let (memory, why) = self.memory();
        let _ = write!(
            text,
            "\
traffic:
  rate: 50/s # requests to the service, both versions together
service: # how a healthy version behaves
  errors: 0.1% # answered with status 500
  latency: {{lognormal: {{p50: 80ms, p99: 400ms}}}}
  slow-above: 1s # what a fault makes slower counts as failed
  memory: {memory} # {why}
  cpu: {{idle: 1%, per-request: 5ms}}
  pod:
    ready-after: {{lognormal: {{p50: 8s, p99: 20s}}}}
prometheus:
  version: 3
  scrape-interval: 30s # of the targets that the queries read
"
        );
        self.write_metrics(&mut text);
        probes::write(&self.probes, &mut text);
        text.push_str("faults: # one arm each; `rollsim faults` explains them\n");
        for fault in FAULTS {
            let _ = writeln!(text, "  {}: {}", fault.name, fault.definition);
        }
        text.push_str(
            "\
montecarlo: {replications: 10000, seed: 1}
horizon: 24h
undetected-for: 1h # how long a missed bad release goes on failing requests
",
        );
        text
    }

    /// Baseline and limit, and where they come from.
    fn memory(&self) -> (String, &'static str) {
        let given = self.memory_limit.as_deref().and_then(|limit| {
            let (number, unit) = memory_quantity(limit)?;
            let used = (number * USED_SHARE * 1e3).round() / 1e3;
            (used > 0.0).then(|| format!("{{baseline: {used}{unit}, limit: {number}{unit}}}"))
        });
        match given {
            Some(memory) => (
                memory,
                "the limit is the container's, 60 % of it are taken to be in use",
            ),
            None => (
                "{baseline: 300Mi, limit: 512Mi}".to_owned(),
                "the container has no limit of its own",
            ),
        }
    }

    fn write_metrics(&self, text: &mut String) {
        if self.entries.is_empty() {
            return;
        }
        text.push_str("metrics: # what the pods export, as far as the queries ask for it\n");
        for entry in &self.entries {
            match &entry.heading {
                Heading::Use(name) => {
                    let about = catalogue::exporter(name).map_or("", |exporter| exporter.about);
                    let _ = writeln!(text, "  - use: {name} # {about}");
                }
                Heading::Own(name, kind) => {
                    let because = entry.because.unwrap_or("that is its usual meaning");
                    let _ = writeln!(text, "  - name: {name}");
                    let _ = writeln!(text, "    kind: {} # {because}", kind_word(kind));
                    write_details(text, kind);
                }
            }
            if !entry.labels.is_empty() {
                text.push_str("    labels:\n");
                for label in &entry.labels {
                    let (name, value) = (quoted(&label.name), value_text(&label.value));
                    let _ = writeln!(text, "      {name}: {value} # {}", label.phrase());
                }
            }
        }
    }

    /// What was taken for granted, one sentence for each entry.
    pub(super) fn assumptions(&self) -> Vec<String> {
        let mut sentences = vec![
            "No scenario was given: this one is derived from the manifests. `rollsim init` writes it out, to be \
             corrected."
                .to_owned(),
        ];
        if let Some(namespace) = &self.namespace {
            sentences.push(format!(
                "The pods run in the namespace `{namespace}`, which the queries ask for and no manifest names."
            ));
        }
        sentences.extend(self.entries.iter().map(Entry::sentence));
        sentences.extend(self.probes.iter().map(Probed::sentence));
        if self.entries.iter().any(Entry::shows_memory) {
            let (memory, why) = self.memory();
            sentences.push(format!("A healthy pod's memory is `{memory}` ({why})."));
        }
        if self.entries.iter().any(Entry::shows_cpu) {
            sentences.push(
                "A pod uses 1 % of a core when idle and 5 ms of processor time for each request."
                    .to_owned(),
            );
        }
        if self.entries.iter().any(Entry::is_of_other_target) {
            sentences.push(
                "Series of proxies, cAdvisor and kube-state-metrics are collected with each pod, at its own scrape \
                 phase: they begin when Prometheus discovers the pod and end with it."
                    .to_owned(),
            );
        }
        sentences
    }
}

impl Entry {
    /// Whether another process than the pod's own exports it.
    fn is_of_other_target(&self) -> bool {
        match &self.heading {
            Heading::Use(name) => !["micrometer", "opentelemetry", "up"].contains(name),
            Heading::Own(_, kind) => matches!(kind, MetricKind::Constant { .. }),
        }
    }

    fn shows_memory(&self) -> bool {
        let of_memory = matches!(self.heading, Heading::Own(_, MetricKind::Memory));
        of_memory || self.heading == Heading::Use("container")
    }

    fn shows_cpu(&self) -> bool {
        let of_cpu = matches!(self.heading, Heading::Own(_, MetricKind::Cpu));
        of_cpu || self.heading == Heading::Use("container")
    }

    fn sentence(&self) -> String {
        let what = match &self.heading {
            Heading::Use(name) => {
                let about = catalogue::exporter(name).map_or("", |exporter| exporter.about);
                format!("Metrics of `{name}` ({about}) are exported")
            }
            Heading::Own(name, kind) => format!(
                "`{name}` is taken for {} ({})",
                kind_phrase(kind),
                self.because.unwrap_or("that is its usual meaning")
            ),
        };
        if self.labels.is_empty() {
            return format!("{what}.");
        }
        let labels = self.labels.iter();
        let labels: Vec<String> = labels
            .map(|label| format!("`{}` is {}", label.name, label.phrase()))
            .collect();
        format!("{what}; {}.", labels.join(", "))
    }
}

fn kind_word(kind: &MetricKind) -> &'static str {
    match kind {
        MetricKind::Requests => "requests",
        MetricKind::FailedRequests => "failed-requests",
        MetricKind::LatencyHistogram { .. } => "latency-histogram",
        MetricKind::Memory => "memory",
        MetricKind::Cpu => "cpu",
        MetricKind::Restarts => "restarts",
        MetricKind::OomKilled => "oom-killed",
        MetricKind::Ready => "ready",
        MetricKind::Constant { .. } => "constant",
        MetricKind::Up => "up",
    }
}

fn kind_phrase(kind: &MetricKind) -> String {
    match kind {
        MetricKind::Requests => "a counter of requests".to_owned(),
        MetricKind::FailedRequests => "a counter of failed requests".to_owned(),
        MetricKind::LatencyHistogram { unit, .. } => {
            let unit = match unit {
                LatencyUnit::Seconds => "seconds",
                LatencyUnit::Milliseconds => "milliseconds",
            };
            format!("a histogram of response times in {unit}")
        }
        MetricKind::Memory => "the resident memory".to_owned(),
        MetricKind::Cpu => "processor seconds".to_owned(),
        MetricKind::Restarts => "a counter of restarts".to_owned(),
        MetricKind::OomKilled => "a mark of containers out of memory".to_owned(),
        MetricKind::Ready => "the pod's readiness".to_owned(),
        MetricKind::Constant { value } => format!("the constant {value}"),
        MetricKind::Up => "whether scrapes succeed".to_owned(),
    }
}

fn write_details(text: &mut String, kind: &MetricKind) {
    match kind {
        MetricKind::LatencyHistogram { buckets, unit } => {
            if *unit == LatencyUnit::Milliseconds {
                text.push_str("    unit: ms\n");
            }
            let _ = writeln!(
                text,
                "    buckets: [{}]",
                buckets
                    .iter()
                    .map(|bound| duration(*bound))
                    .collect::<Vec<_>>()
                    .join(", ")
            );
        }
        MetricKind::Constant { value } => {
            let _ = writeln!(text, "    value: {value}");
        }
        _ => {}
    }
}

/// A bound as scenarios write durations.
fn duration(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{}ms", seconds * 1e3)
    } else {
        format!("{seconds}s")
    }
}

fn fact_word(fact: Fact) -> &'static str {
    let mut all = Fact::ALL.into_iter();
    all.find(|(_, known)| *known == fact)
        .map_or("", |(word, _)| word)
}

/// As the scenario file has it.
fn value_text(value: &LabelValue) -> String {
    match value {
        LabelValue::Literal(text) => quoted(text),
        LabelValue::Role => quoted("{role}"),
        LabelValue::ByRole([stable, canary]) => quoted(&format!("{{role: {stable}|{canary}}}")),
        LabelValue::Status => quoted("{status}"),
        LabelValue::ByStatus([success, failure]) => {
            quoted(&format!("{{status: {success}|{failure}}}"))
        }
        LabelValue::Each(texts) => {
            let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
            format!("[{}]", texts.join(", "))
        }
        LabelValue::PodLabel(label) => quoted(&format!("{{pod.{label}}}")),
        LabelValue::Fact(fact) => quoted(&format!("{{{}}}", fact_word(*fact))),
    }
}

impl Described {
    /// Its values in words, and where they come from.
    fn phrase(&self) -> String {
        let said = |texts: &[String], joint: &str| {
            let texts = texts.iter().map(|text| match text.as_str() {
                "" => "missing".to_owned(),
                _ => format!("`{text}`"),
            });
            texts.collect::<Vec<_>>().join(joint)
        };
        let [old, new] = &self.texts;
        let values = match &self.value {
            LabelValue::Each(texts) => {
                return format!("{}, each with all requests", said(texts, " and "));
            }
            _ if old == new => said(new, " or "),
            _ => format!(
                "{} on old pods and {} on new ones",
                said(old, " or "),
                said(new, " or ")
            ),
        };
        let source = match &self.value {
            LabelValue::PodLabel(label) if *label != self.name => format!(", the pod's `{label}`"),
            LabelValue::PodLabel(_) => ", the pod's label".to_owned(),
            LabelValue::Literal(_) if self.is_asked_for && old == new => {
                ", which the queries ask for".to_owned()
            }
            _ => String::new(),
        };
        format!("{values}{source}")
    }
}

/// A plain word as it is, anything else in double quotes, whose escapes JSON and YAML share.
pub(in crate::study) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_word = !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        .contains(&text.to_ascii_lowercase().as_str());
    if starts_well && is_word && text.chars().all(plain) {
        return text.to_owned();
    }
    Json::from(text).to_string()
}

/// `limits.memory` of the first container, as it is written.
pub(super) fn container_resource(rollout: &Rollout, field: &str, resource: &str) -> Option<String> {
    let containers = rollout.spec.template.spec.get("containers")?;
    let value = containers
        .get(0)?
        .get("resources")?
        .get(field)?
        .get(resource)?;
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The first container's resources as kube-state-metrics shows them: bytes and cores.
pub(super) fn resources(rollout: &Rollout, field: &str) -> Vec<(&'static str, f64)> {
    let memory = container_resource(rollout, field, "memory")
        .and_then(|text| Some(("memory", bytes(&text)?)));
    let cpu =
        container_resource(rollout, field, "cpu").and_then(|text| Some(("cpu", cores(&text)?)));
    memory.into_iter().chain(cpu).collect()
}

pub(super) fn resource_labels(resource: &str) -> Vec<(String, LabelValue)> {
    let literal = |text: &str| LabelValue::Literal(text.to_owned());
    let unit = if resource == "memory" { "byte" } else { "core" };
    vec![
        ("container".to_owned(), LabelValue::Fact(Fact::Container)),
        ("resource".to_owned(), literal(resource)),
        ("unit".to_owned(), literal(unit)),
    ]
}

const UNITS: [(&str, f64); 7] = [
    ("Ki", 1_024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("", 1.0),
];

/// A quantity of memory as a scenario writes it: plain bytes have a unit there.
fn memory_quantity(text: &str) -> Option<(f64, &'static str)> {
    let (unit, _) = UNITS.into_iter().find(|(unit, _)| text.ends_with(unit))?;
    let number: f64 = text.strip_suffix(unit)?.parse().ok()?;
    let plausible = number.is_finite() && number > 0.0;
    plausible.then_some((number, if unit.is_empty() { "B" } else { unit }))
}

fn bytes(text: &str) -> Option<f64> {
    let (unit, size) = UNITS.into_iter().find(|(unit, _)| text.ends_with(unit))?;
    let number: f64 = text.strip_suffix(unit)?.parse().ok()?;
    Some(number * size)
}

fn cores(text: &str) -> Option<f64> {
    match text.strip_suffix('m') {
        Some(thousandths) => Some(thousandths.parse::<f64>().ok()? / 1e3),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Draft, memory_quantity};
    use crate::diagnostics::SourceMap;
    use crate::scenario::decode::decode_source;
    use crate::scenario::model::Scenario;

    #[test]
    fn what_the_draft_spells_out_are_the_defaults() {
        let draft = Draft {
            rollout: "api".to_owned(),
            namespace: None,
            memory_limit: None,
            entries: Vec::new(),
            probes: Vec::new(),
        };
        let mut sources = SourceMap::new();
        let source = sources.add("draft", draft.text());
        let scenario = decode_source(&sources, source, Path::new("")).unwrap();
        let mut expected = Scenario::with_defaults(Vec::new());
        expected.rollout = Some("api".to_owned());
        expected.faults.clone_from(&scenario.faults);
        assert_eq!(scenario, expected);
        assert_eq!(scenario.faults.len(), super::FAULTS.len());
    }

    #[test]
    fn memory_is_written_with_a_unit() {
        assert_eq!(memory_quantity("128Mi"), Some((128.0, "Mi")));
        assert_eq!(memory_quantity("134217728"), Some((134_217_728.0, "B")));
        assert_eq!(memory_quantity("1e3m"), None);
    }
}
