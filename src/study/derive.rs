//! A scenario from manifests alone: what the queries read decides what pods export.
//!
//! The selectors of all queries are read, arguments in place as the controller puts them. Each leads to a metric
//! of the catalogue or to one whose name says what it measures, and each label that it asks for gets a value
//! that pods of this Rollout can have. The result is a scenario file's text ([`draft`]), which is read like any
//! other: `rollsim run` on manifests and on what `rollsim init` writes are the same by construction.

mod draft;
mod families;
mod labels;
mod probes;
mod sample;

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::{Diagnostic, SourceMap};
use crate::manifest::references::StanzaKind;
use crate::manifest::rollout_types::Rollout;
use crate::plan::build::{Place, StanzaRun};
use crate::promql::ast::{Expr, ExprKind, Matcher};
use crate::promql::labels::METRIC_NAME;
use crate::promql::matcher::CompiledMatcher;
use crate::promql::parse::parse;
use crate::scenario::decode::decode_source;
use crate::scenario::model::{Fact, LabelValue, MetricKind, Scenario};

use super::measurements::selectors;
use super::places::Places;
pub(super) use draft::quoted;
use draft::{Described, Draft, Entry, Heading};
use families::{Family, family_of};
use labels::{Choice, Pods, shows_status};
use probes::Probed;

/// A scenario that nobody wrote.
#[derive(Clone, Debug)]
pub struct Derived {
    /// It.
    pub scenario: Scenario,
    /// Its text, with comments; manifests aren't named in it.
    pub text: String,
    /// What was taken for granted about the metrics, in words.
    pub assumptions: Vec<String>,
}

/// What a query asks of one metric.
#[derive(Clone, Debug)]
struct Asked {
    matchers: Vec<Matcher>,
    /// Labels by which the query groups or pairs series.
    grouping: BTreeSet<String>,
}

/// Everything that is asked of one entry of `metrics`.
#[derive(Debug)]
struct Group {
    heading: Heading,
    labels: Vec<(String, LabelValue)>,
    counts_requests: bool,
    because: Option<&'static str>,
    asked: Vec<Asked>,
}

/// Derives the scenario of a Rollout from the queries of its runs. `has_namespace`: whether its manifest says where
/// it is deployed.
///
/// # Errors
/// Series of which nobody can say what they measure, each at its place in the template.
pub fn derive(
    rollout: &Rollout,
    has_namespace: bool,
    runs: &[(StanzaKind, StanzaRun)],
    places: &Places<'_>,
) -> Result<Derived, Vec<Diagnostic>> {
    let mut collected = Collected::default();
    let mut probed: Vec<Probed> = Vec::new();
    for (_, run) in runs {
        let StanzaRun::Resolved(run) = run else {
            continue;
        };
        for metric in run.metrics.iter().filter_map(|m| m.measured.as_ref().ok()) {
            if let Some(probe) = Probed::of(metric)
                && !probed.contains(&probe)
            {
                probed.push(probe);
            }
            if let Some(provider) = &metric.provider.prometheus
                && let Ok(expr) = parse(&provider.query)
            {
                collected.add(&metric.name, &expr, rollout, places);
            }
        }
    }
    if !collected.unknown.is_empty() {
        return Err(collected.unknown);
    }
    let namespace = if has_namespace {
        None
    } else {
        namespace_asked_for(&collected.groups)
    };
    let mut deployed = rollout.clone();
    if let Some(namespace) = &namespace {
        deployed.metadata.namespace.clone_from(namespace);
    }
    let pods = Pods::new(&deployed);
    let router = router_labels(&deployed);
    let mut entries = Vec::new();
    for group in collected.groups.into_values() {
        entries.extend(entry(&pods, group, &router, has_namespace));
    }
    let draft = Draft {
        rollout: deployed.metadata.name.clone(),
        namespace,
        memory_limit: draft::container_resource(rollout, "limits", "memory"),
        entries,
        probes: probed,
    };
    read_back(&draft)
}

/// The draft as the reader of scenario files sees it.
fn read_back(draft: &Draft) -> Result<Derived, Vec<Diagnostic>> {
    let text = draft.text();
    let mut sources = SourceMap::new();
    let source = sources.add("the derived scenario", text.clone());
    let scenario = decode_source(&sources, source, std::path::Path::new("")).map_err(|found| {
        // Places lie in a text that the user doesn't have.
        let plain = |diagnostic: Diagnostic| Diagnostic {
            location: None,
            ..diagnostic
        };
        found.into_iter().map(plain).collect::<Vec<_>>()
    })?;
    Ok(Derived {
        scenario,
        text,
        assumptions: draft.assumptions(),
    })
}

#[derive(Debug, Default)]
struct Collected {
    /// By exporter or metric.
    groups: BTreeMap<String, Group>,
    unknown: Vec<Diagnostic>,
}

impl Collected {
    fn add(&mut self, metric: &str, expr: &Expr, rollout: &Rollout, places: &Places<'_>) {
        let mut grouping = BTreeSet::new();
        groupings(expr, &mut grouping);
        for (selector, span) in selectors::find(expr) {
            let asked = Asked {
                matchers: selector.matchers.clone(),
                grouping: grouping.clone(),
            };
            match family_of(selector) {
                Ok(family) => self.file(family, asked, rollout),
                Err(unknown) => {
                    let message = format!("metric `{metric}`: {}", unknown.what);
                    let place = Place::Query(Some(span));
                    let mut diagnostic = Diagnostic::error(message).with_help(unknown.help);
                    if let Some(location) = places.find(metric, &place) {
                        diagnostic = diagnostic.at(location);
                    }
                    if !self.unknown.contains(&diagnostic) {
                        self.unknown.push(diagnostic);
                    }
                }
            }
        }
    }

    fn file(&mut self, family: Family, asked: Asked, rollout: &Rollout) {
        match family {
            Family::None => {}
            Family::Exporter(name) => {
                self.group(name, asked, || Group {
                    heading: Heading::Use(name),
                    labels: families::labels_of(name),
                    counts_requests: !["container", "kube-state", "up"].contains(&name),
                    because: None,
                    asked: Vec::new(),
                });
            }
            Family::Metric(own) => {
                let name = own.name.clone();
                self.group(&name, asked, || Group {
                    counts_requests: matches!(
                        own.kind,
                        MetricKind::Requests
                            | MetricKind::FailedRequests
                            | MetricKind::LatencyHistogram { .. }
                    ),
                    heading: Heading::Own(own.name, own.kind),
                    labels: Vec::new(),
                    because: Some(own.because),
                    asked: Vec::new(),
                });
            }
            Family::Resources { name, field } => {
                for (resource, value) in draft::resources(rollout, field) {
                    if !asks_for(&asked, "resource", resource) {
                        continue;
                    }
                    let of_one = format!("{name} {resource}");
                    self.group(&of_one, asked.clone(), || Group {
                        heading: Heading::Own(name.clone(), MetricKind::Constant { value }),
                        labels: draft::resource_labels(resource),
                        counts_requests: false,
                        because: Some("the manifest says it"),
                        asked: Vec::new(),
                    });
                }
            }
        }
    }

    fn group(&mut self, key: &str, asked: Asked, new: impl FnOnce() -> Group) {
        let group = self.groups.entry(key.to_owned()).or_insert_with(new);
        group.asked.push(asked);
    }
}

/// Whether a selector accepts this text for a label.
fn asks_for(asked: &Asked, label: &str, text: &str) -> bool {
    let mut matchers = asked
        .matchers
        .iter()
        .filter(|matcher| matcher.name == label);
    matchers
        .all(|matcher| CompiledMatcher::new(matcher).is_ok_and(|compiled| compiled.matches(text)))
}

/// All labels by which a query groups or pairs series.
fn groupings(expr: &Expr, found: &mut BTreeSet<String>) {
    match &expr.kind {
        ExprKind::Subquery { expr, .. } | ExprKind::Paren(expr) | ExprKind::Unary { expr, .. } => {
            groupings(expr, found);
        }
        ExprKind::Binary(binary) => {
            if let Some(matching) = &binary.matching {
                found.extend(matching.labels.iter().chain(&matching.include).cloned());
            }
            groupings(&binary.left, found);
            groupings(&binary.right, found);
        }
        ExprKind::Aggregate(aggregate) => {
            found.extend(aggregate.grouping.iter().cloned());
            groupings(&aggregate.expr, found);
        }
        ExprKind::Call { args, .. } => args.iter().for_each(|arg| groupings(arg, found)),
        _ => {}
    }
}

/// The namespace that queries ask for, where the manifest leaves it open.
fn namespace_asked_for(groups: &BTreeMap<String, Group>) -> Option<String> {
    let asked = |(exporter, group): (&String, &Group)| {
        let matchers = group.asked.iter().flat_map(|asked| &asked.matchers);
        let of_app = |matcher: &&Matcher| {
            matcher.name.ends_with("namespace")
                && !(exporter == "nginx-ingress" && matcher.name == "namespace")
        };
        let mut by_label = matchers
            .clone()
            .filter(of_app)
            .filter_map(|matcher| sample::text_for(&[matcher]));
        let in_host = |matcher: &Matcher| {
            let host = sample::text_for(&[matcher])?;
            let (_, rest) = host.split_once('.')?;
            let (namespace, _) = rest.split_once(".svc")?;
            Some(namespace.to_owned())
        };
        by_label
            .find(|namespace| is_namespace(namespace))
            .or_else(|| matchers.clone().find_map(in_host))
            .filter(|namespace| is_namespace(namespace))
    };
    let found = groups.iter().find_map(asked);
    found.filter(|namespace| namespace != "default")
}

fn is_namespace(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(letter)
}

/// What an nginx router makes of the labels: `canary` is the name of the canary's upstream.
fn router_labels(rollout: &Rollout) -> Vec<(String, LabelValue)> {
    let canary = rollout.spec.strategy.canary.as_ref();
    let nginx = canary.and_then(|canary| canary.traffic_routing.as_ref()?.nginx.as_ref());
    let (Some(canary), Some(nginx)) = (canary, nginx) else {
        return Vec::new();
    };
    let namespace = crate::plan::series::namespace(rollout);
    let upstream = format!("{namespace}-{}-80", canary.canary_service);
    vec![
        (
            "ingress".to_owned(),
            LabelValue::Literal(nginx.stable_ingress.clone()),
        ),
        (
            "canary".to_owned(),
            LabelValue::ByRole([String::new(), upstream]),
        ),
    ]
}

/// An entry of `metrics`; none where Prometheus has the series anyway.
fn entry(
    pods: &Pods,
    mut group: Group,
    router: &[(String, LabelValue)],
    namespace_is_given: bool,
) -> Option<Entry> {
    let proxied = matches!(group.heading, Heading::Use("nginx-ingress"));
    let in_mesh = matches!(group.heading, Heading::Use("istio"));
    let mut overrides: Vec<(String, LabelValue)> = Vec::new();
    if proxied {
        overrides.extend(router.iter().cloned());
        group.labels.extend(router.iter().cloned());
    }
    for label in asked_labels(&group) {
        let selectors = group.selectors(&label);
        let default = group.labels.iter().find(|(name, _)| *name == label);
        let default = default.map(|(_, value)| value).cloned();
        let target = match label.as_str() {
            "job" => Some(LabelValue::Fact(Fact::Rollout)),
            "namespace" => Some(LabelValue::Fact(Fact::Namespace)),
            _ => None,
        };
        let value = if group.counts_requests && shows_status(&label) {
            Some(labels::status_texts(&selectors, default.as_ref()))
        } else if label.ends_with("namespace") && namespace_is_given && !proxied {
            None
        } else if in_mesh && label.starts_with("destination_service") && pods.name_services() {
            // A route's destination is one of these Services, whatever the query asks for.
            None
        } else if selectors.is_empty() {
            pods.label_behind(&label)
                .filter(|_| default.is_none())
                .map(|name| LabelValue::PodLabel(name.to_owned()))
        } else {
            match pods.choose(&label, &selectors, default.as_ref().or(target.as_ref())) {
                Choice::AsItIs => None,
                Choice::Set(value) => Some(value),
            }
        };
        if let Some(value) = value.filter(|value| default.as_ref() != Some(value)) {
            overrides.retain(|(name, _)| *name != label);
            overrides.push((label, value));
        }
    }
    let asked = overrides.len();
    if let Heading::Own(..) = group.heading {
        let given = |name: &String| overrides.iter().any(|(other, _)| other == name);
        group.labels.retain(|(name, _)| !given(name));
        overrides.append(&mut group.labels);
    }
    let needless = matches!(group.heading, Heading::Use("up")) && overrides.is_empty();
    let described = overrides.into_iter().enumerate();
    let described = described.map(|(index, (name, value))| Described {
        texts: [0, 1].map(|version| pods.shown(&value, version)),
        is_asked_for: index < asked,
        name,
        value,
    });
    let labels = described.collect();
    (!needless).then_some(Entry {
        heading: group.heading,
        labels,
        because: group.because,
    })
}

/// Labels that queries ask for or group by, except those that tell targets and buckets apart.
fn asked_labels(group: &Group) -> BTreeSet<String> {
    let of_itself = [METRIC_NAME, "le", "pod", "instance", "quantile"];
    let asked = group.asked.iter();
    let names = asked.flat_map(|asked| {
        let matched = asked.matchers.iter().map(|matcher| matcher.name.clone());
        let wanted = asked
            .grouping
            .iter()
            .filter(|label| (group.counts_requests && shows_status(label)) || !shows_status(label));
        matched.chain(wanted.cloned())
    });
    names
        .filter(|name| !of_itself.contains(&name.as_str()))
        .collect()
}

impl Group {
    /// Of each selector with matchers on the label those matchers.
    fn selectors(&self, label: &str) -> Vec<Vec<&Matcher>> {
        let each = self.asked.iter().map(|asked| {
            let matchers = asked.matchers.iter();
            matchers.filter(|matcher| matcher.name == label).collect()
        });
        each.filter(|matchers: &Vec<&Matcher>| !matchers.is_empty())
            .collect()
    }
}
