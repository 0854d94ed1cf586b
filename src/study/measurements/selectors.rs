//! Which series a selector finds among those that pods export, and why it finds none.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::Range;

use crate::diagnostics::did_you_mean;
use crate::manifest::rollout_types::Rollout;
use crate::plan::rules;
use crate::plan::series::{PodSlots, universe};
use crate::promql::ast::{Expr, ExprKind, MatchOp, Matcher, VectorSelector};
use crate::promql::head::{SeriesDescriptor, TargetId, Universe};
use crate::promql::labels::{Labels, METRIC_NAME};
use crate::promql::matcher::CompiledMatcher;
use crate::promql::settings::Settings;
use crate::scenario::model::{LabelValue, Metric, MetricKind, Scenario};
use crate::study::prepare::Recorded;
use crate::telemetry::exporter::columns;

/// A selector and its place in the query.
pub(in crate::study) type Found<'e> = (&'e VectorSelector, Range<usize>);

/// The selectors of a query, in the order written.
pub(in crate::study) fn find(expr: &Expr) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    collect(expr, &mut found);
    found
}

fn collect<'e>(expr: &'e Expr, found: &mut Vec<Found<'e>>) {
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::Duration(_) | ExprKind::String(_) => {}
        ExprKind::VectorSelector(selector) => found.push((selector, expr.span.clone())),
        ExprKind::MatrixSelector {
            selector,
            selector_span,
            ..
        } => found.push((selector, selector_span.clone())),
        ExprKind::Subquery { expr, .. } | ExprKind::Paren(expr) | ExprKind::Unary { expr, .. } => {
            collect(expr, found);
        }
        ExprKind::Binary(binary) => {
            collect(&binary.left, found);
            collect(&binary.right, found);
        }
        ExprKind::Aggregate(aggregate) => {
            for expr in aggregate.param.iter().chain([&aggregate.expr]) {
                collect(expr, found);
            }
        }
        ExprKind::Call { args, .. } => {
            for expr in args {
                collect(expr, found);
            }
        }
    }
}

/// Why a selector finds nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unmatched {
    /// The matcher and what stands against it.
    pub(super) why: String,
    /// What to do.
    pub(super) help: String,
    /// The matcher's place in the query.
    pub(super) span: Range<usize>,
}

/// Which versions' series a selector finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Versions {
    pub(super) stable: bool,
    pub(super) canary: bool,
}

/// The series that there are, and what they come from.
#[derive(Debug)]
pub(super) struct Series<'a> {
    metrics: &'a [Metric],
    /// The file, if they were recorded; otherwise they are those of one pod of each version.
    file: Option<&'a str>,
    universe: Universe,
    /// So many targets are pods'; those of rules follow.
    of_pods: u32,
}

const STABLE: TargetId = TargetId(0);
const CANARY: TargetId = TargetId(1);

impl<'a> Series<'a> {
    pub(super) fn new(rollout: &Rollout, scenario: &'a Scenario, settings: &Settings) -> Self {
        let pods = PodSlots::new(rollout, [1, 1]);
        let mut universe = universe(
            &pods,
            &columns(&scenario.metrics),
            &BTreeSet::from([STABLE, CANARY]),
        );
        let of_pods = universe.widths.len() as u32;
        // The plan has been built, so nothing of the rules is refused.
        if let Ok(rules) = rules::parse_all(scenario) {
            let _ = rules::compile(&rules, 0..rules.len(), &mut universe, settings);
        }
        Self {
            metrics: &scenario.metrics,
            file: None,
            universe,
            of_pods,
        }
    }

    /// Whether the selector finds series that a recording rule makes.
    pub(super) fn is_recorded(&self, selector: &VectorSelector) -> bool {
        let matchers = compiled(&selector.matchers);
        let mut series = self.universe.series.iter();
        series.any(|series| series.target.0 >= self.of_pods && all_match(&matchers, &series.labels))
    }

    /// The series of a recording.
    pub(super) fn recorded(recorded: &'a Recorded) -> Self {
        let series = recorded.series.series.iter();
        let descriptor = |series: &crate::promql::plain::Series| SeriesDescriptor {
            labels: series.labels.clone(),
            target: STABLE,
            column: 0,
        };
        Self {
            metrics: &[],
            file: Some(&recorded.file),
            universe: Universe {
                series: series.map(descriptor).collect(),
                widths: Vec::new(),
            },
            of_pods: 1,
        }
    }

    /// A series by this name that real exporters or Prometheus itself have, and rollsim hasn't.
    pub(super) fn not_exported(&self, selector: &VectorSelector) -> Option<String> {
        let name = exact_name(selector).filter(|_| self.file.is_none())?;
        let is_sum = |metric: &Metric| {
            matches!(metric.kind, MetricKind::LatencyHistogram { .. })
                && name.strip_suffix("_sum") == Some(metric.name.as_str())
        };
        let of_scrape = name.starts_with("scrape_") && !self.has_name(name);
        (of_scrape || self.metrics.iter().any(is_sum)).then(|| name.to_owned())
    }

    fn has_name(&self, name: &str) -> bool {
        let mut series = self.universe.series.iter();
        series.any(|series| series.labels.get(METRIC_NAME) == name)
    }

    /// Whose series the selector finds.
    pub(super) fn versions(&self, selector: &VectorSelector) -> Versions {
        let matchers = compiled(&selector.matchers);
        // Each pod may have a second target, for what has timestamps of its own.
        let finds = |target: TargetId| {
            let mut series = self.universe.series.iter();
            series.any(|series| {
                let of_pod = series.target.0 < self.of_pods && series.target.0 % 2 == target.0;
                of_pod && all_match(&matchers, &series.labels)
            })
        };
        Versions {
            stable: finds(STABLE),
            canary: finds(CANARY),
        }
    }

    /// What keeps the selector from finding a series; nothing if it finds some.
    pub(super) fn why_unmatched(
        &self,
        selector: &VectorSelector,
        span: &Range<usize>,
        query: &str,
    ) -> Option<Unmatched> {
        let matchers = compiled(&selector.matchers);
        let mut candidates: Vec<&Labels> = self.universe.series.iter().map(|s| &s.labels).collect();
        if candidates.iter().any(|labels| all_match(&matchers, labels)) {
            return None;
        }
        let by_name = |(matcher, _): &&(&Matcher, CompiledMatcher)| matcher.name == METRIC_NAME;
        for (matcher, compiled) in matchers.iter().filter(by_name) {
            candidates.retain(|labels| compiled.matches(labels.get(METRIC_NAME)));
            if candidates.is_empty() {
                return Some(self.unknown_name(matcher, span));
            }
        }
        let family = candidates[0].get(METRIC_NAME).to_owned();
        let blamed = matchers.iter().find(|(matcher, compiled)| {
            !candidates
                .iter()
                .any(|labels| compiled.matches(labels.get(&matcher.name)))
        });
        let Some((matcher, _)) = blamed else {
            return Some(Unmatched {
                why: format!("no series of `{family}` has all the labels that it asks for at once"),
                help: match self.file {
                    Some(file) => format!("compare the selector with the labels in {file}"),
                    None => "compare the selector with the labels in the scenario's `metrics`"
                        .to_owned(),
                },
                span: span.clone(),
            });
        };
        let (why, help) = self.why_label(&family, matcher, &candidates);
        Some(Unmatched {
            why: format!("`{}` can't be met: {why}", written(matcher)),
            help,
            span: place_of(&matcher.name, span, query),
        })
    }

    fn unknown_name(&self, matcher: &Matcher, span: &Range<usize>) -> Unmatched {
        let names: BTreeSet<&str> = self
            .universe
            .series
            .iter()
            .map(|series| series.labels.get(METRIC_NAME))
            .collect();
        let help = match (
            did_you_mean(&matcher.value, names.iter().copied()),
            self.file,
        ) {
            (Some(close), _) => format!("did you mean `{close}`?"),
            (None, None) => "add the metric to the scenario's `metrics`".to_owned(),
            (None, Some(file)) => format!("record it into {file} too"),
        };
        let names: Vec<&str> = names.into_iter().collect();
        let what = match (matcher.op, self.file) {
            (MatchOp::Equal, None) => format!("no pod exports `{}`", matcher.value),
            (MatchOp::Equal, Some(file)) => format!("{file} has no `{}`", matcher.value),
            (_, None) => format!("no exported metric meets `{}`", written(matcher)),
            (_, Some(file)) => format!("no metric in {file} meets `{}`", written(matcher)),
        };
        let whose = if self.file.is_some() {
            "it"
        } else {
            "the scenario"
        };
        Unmatched {
            why: format!("{what} ({whose} has {})", some_of(&names, ", ")),
            help,
            span: span.clone(),
        }
    }

    /// Why no series of the family has a label like this, and what to do.
    fn why_label(
        &self,
        family: &str,
        matcher: &Matcher,
        candidates: &[&Labels],
    ) -> (String, String) {
        let name = &matcher.name;
        let values: BTreeSet<&str> = candidates.iter().map(|labels| labels.get(name)).collect();
        let values: Vec<String> = values
            .into_iter()
            .filter(|value| !value.is_empty())
            .map(|value| format!("`{value}`"))
            .collect();
        let from_pod = self.pod_label_behind(family, name);
        match (values.as_slice(), from_pod) {
            ([], Some(label)) => (
                format!(
                    "no pod has a label `{label}`, since neither the pod template nor canaryMetadata or \
                     stableMetadata sets it"
                ),
                format!(
                    "set it on the new version's pods: `canaryMetadata: {{labels: {{{label}: canary}}}}` under \
                     spec.strategy.canary"
                ),
            ),
            ([], None) => (
                format!("`{family}` has no label `{name}`"),
                if self.file.is_some() {
                    "leave it out of the query".to_owned()
                } else {
                    "add it to the scenario's `metrics`, or leave it out of the query".to_owned()
                },
            ),
            (values, from_pod) => {
                let help = match from_pod {
                    _ if self.file.is_some() => "change the query".to_owned(),
                    Some(label) => format!(
                        "change the query, or the pods' label `{label}` (the pod template, canaryMetadata and \
                         stableMetadata set it)"
                    ),
                    None => "change the query, or the label in the scenario's `metrics`".to_owned(),
                };
                let why = format!(
                    "the label `{name}` of `{family}` is {}",
                    some_of(values, " or ")
                );
                (why, help)
            }
        }
    }

    /// The pods' label that a label of a metric shows.
    fn pod_label_behind(&self, family: &str, label: &str) -> Option<&str> {
        let of_family = |metric: &&Metric| {
            let suffix = family.strip_prefix(metric.name.as_str());
            suffix.is_some_and(|suffix| ["", "_bucket", "_count"].contains(&suffix))
        };
        let metric = self.metrics.iter().find(of_family)?;
        let (_, value) = metric.labels.iter().find(|(name, _)| name == label)?;
        match value {
            LabelValue::PodLabel(label) => Some(label),
            _ => None,
        }
    }
}

/// The first of many words, and how many more there are.
fn some_of<T: AsRef<str>>(words: &[T], separator: &str) -> String {
    const MOST: usize = 10;
    let first: Vec<&str> = words.iter().take(MOST).map(AsRef::as_ref).collect();
    let mut text = first.join(separator);
    if words.len() > MOST {
        let _ = write!(text, " and {} more", words.len() - MOST);
    }
    text
}

/// The name that a selector asks for, if it asks for one.
fn exact_name(selector: &VectorSelector) -> Option<&str> {
    let mut matchers = selector.matchers.iter();
    let by_name = matchers.find(|matcher| matcher.name == METRIC_NAME)?;
    (by_name.op == MatchOp::Equal).then_some(by_name.value.as_str())
}

/// Matchers ready to run. The parser has refused bad regular expressions.
fn compiled(matchers: &[Matcher]) -> Vec<(&Matcher, CompiledMatcher)> {
    matchers
        .iter()
        .filter_map(|matcher| Some((matcher, CompiledMatcher::new(matcher).ok()?)))
        .collect()
}

fn all_match(matchers: &[(&Matcher, CompiledMatcher)], labels: &Labels) -> bool {
    let mut each = matchers.iter();
    each.all(|(matcher, compiled)| compiled.matches(labels.get(&matcher.name)))
}

fn written(matcher: &Matcher) -> String {
    format!("{}{}{:?}", matcher.name, matcher.op.as_str(), matcher.value)
}

/// Where in a selector a label is named.
fn place_of(label: &str, selector: &Range<usize>, query: &str) -> Range<usize> {
    let text = query.get(selector.clone()).unwrap_or_default();
    let braces = text.find('{').unwrap_or_default();
    match text[braces..].find(label) {
        Some(at) => {
            let start = selector.start + braces + at;
            start..start + label.len()
        }
        None => selector.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Series, find};
    use crate::manifest::rollout_types::Rollout;
    use crate::promql::parse::parse;
    use crate::promql::settings::Settings;
    use crate::scenario::model::{LabelValue, LatencyUnit, Metric, MetricKind, Scenario};

    fn scenario() -> Scenario {
        let label = |name: &str, value| (name.to_owned(), value);
        let metric = |name: &str, kind| Metric {
            name: name.to_owned(),
            kind,
            labels: vec![
                label("service", LabelValue::Literal("api".to_owned())),
                label("version", LabelValue::PodLabel("version".to_owned())),
                label("app", LabelValue::PodLabel("app".to_owned())),
            ],
            children_from_start: false,
            own_timestamps: None,
        };
        let mut scenario = Scenario::with_defaults(Vec::new());
        scenario.metrics = vec![
            metric("requests_total", MetricKind::Requests),
            metric(
                "duration_seconds",
                MetricKind::LatencyHistogram {
                    buckets: vec![1.0],
                    unit: LatencyUnit::Seconds,
                },
            ),
        ];
        scenario
    }

    fn rollout() -> Rollout {
        Rollout::from_json(&serde_json::json!({
            "metadata": {"name": "api"},
            "spec": {
                "template": {"metadata": {"labels": {"app": "api"}}},
                "strategy": {"canary": {}},
            },
        }))
        .unwrap()
    }

    fn why(query: &str) -> Option<(String, String)> {
        let (scenario, expr) = (scenario(), parse(query).unwrap());
        let series = Series::new(&rollout(), &scenario, &Settings::default());
        find(&expr).iter().find_map(|(selector, span)| {
            let unmatched = series.why_unmatched(selector, span, query)?;
            Some((unmatched.why, query[unmatched.span].to_owned()))
        })
    }

    #[test]
    fn what_finds_series_is_left_alone() {
        assert_eq!(
            why(r#"sum(rate(requests_total{service="api"}[2m])) or vector(0)"#),
            None
        );
        assert_eq!(why("up == 1"), None);
        assert_eq!(why(r#"duration_seconds_bucket{le="1", app=~"a.+"}"#), None);
    }

    #[test]
    fn the_matcher_that_no_series_meets_is_named() {
        let (text, place) =
            why(r#"rate(requests_total{service="api", version=~".*canary.*"}[2m])"#).unwrap();
        assert!(
            text.starts_with(
                r#"`version=~".*canary.*"` can't be met: no pod has a label `version`"#
            ),
            "{text}"
        );
        assert_eq!(place, "version");
        let (text, _) = why(r#"requests_total{app="web"}"#).unwrap();
        assert_eq!(
            text,
            r#"`app="web"` can't be met: the label `app` of `requests_total` is `api`"#
        );
        let (text, place) = why(r#"requests_total{team="a"}"#).unwrap();
        assert_eq!(
            (
                text.contains("`requests_total` has no label `team`"),
                place.as_str()
            ),
            (true, "team")
        );
        let (text, place) = why("sum(request_total)").unwrap();
        assert_eq!(
            (
                text.contains("no pod exports `request_total`"),
                place.as_str()
            ),
            (true, "request_total")
        );
    }

    #[test]
    fn series_that_rollsim_lacks_are_not_taken_for_missing() {
        let scenario = scenario();
        let series = Series::new(&rollout(), &scenario, &Settings::default());
        for (query, lacking) in [
            ("duration_seconds_sum", true),
            ("scrape_duration_seconds", true),
            ("duration_seconds_count", false),
            ("other_sum", false),
        ] {
            let expr = parse(query).unwrap();
            let (selector, _) = find(&expr)[0].clone();
            assert_eq!(series.not_exported(selector).is_some(), lacking, "{query}");
        }
    }
}
