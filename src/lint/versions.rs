//! Whose series a query reads: the new version's, or both versions' as one. Judged from names and values alone, and in
//! the query's favour where only the data could tell.

use crate::plan::series::{PodSlots, namespace};
use crate::plan::versions::{OF_VERSIONS, VERSION_WORDS, label_behind, speaks_of_a_version};
use crate::promql::ast::{Expr, ExprKind, MatchOp, Matcher, VectorSelector};
use crate::promql::labels::METRIC_NAME;
use crate::promql::matcher::CompiledMatcher;
use crate::telemetry::targets::Role;

use super::shape;
use super::subject::{Query, RolloutSubject};

/// Whose series a query reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    /// Something tells the versions apart, or might.
    ToldApart,
    /// Both versions' as one.
    Both,
    /// Those of the Service of the old version.
    Stable,
}

/// What tells the pods of the two versions apart, by the manifests: `[old, new]`.
#[derive(Debug)]
pub(super) struct Versions {
    labels: [Vec<(String, String)>; 2],
    services: [String; 2],
    namespace: String,
    rollout: String,
}

/// Labels that are the same for both versions, whatever their value.
const OF_NEITHER: [&str; 17] = [
    "le",
    "quantile",
    "method",
    "path",
    "route",
    "uri",
    "handler",
    "endpoint",
    "reporter",
    "direction",
    "container",
    "image",
    "resource",
    "condition",
    "phase",
    "reason",
    "outcome",
];

/// Prefixes that exporters and scrape configurations put before the names of pods' labels.
const PREFIXES: [&str; 5] = [
    "destination_",
    "kubernetes_",
    "pod_label_",
    "label_",
    "exported_",
];

impl Versions {
    /// Of a Rollout; none where its pods aren't known.
    pub fn of(rollout: &RolloutSubject<'_>) -> Option<Self> {
        let typed = &rollout.rollout;
        if !super::steps::is_whole(rollout) || typed.spec.has_unresolved_workload() {
            return None;
        }
        let pods = PodSlots::new(typed, [1, 1]);
        let strategy = &typed.spec.strategy;
        let services = match (&strategy.canary, &strategy.blue_green) {
            (Some(canary), None) => [&canary.stable_service, &canary.canary_service],
            (None, Some(blue_green)) => [&blue_green.active_service, &blue_green.preview_service],
            _ => return None,
        };
        Some(Self {
            labels: [Role::Stable, Role::Canary].map(|role| pods.labels(role).to_vec()),
            services: services.map(Clone::clone),
            namespace: namespace(typed).to_owned(),
            rollout: typed.metadata.name.clone(),
        })
    }

    /// Whose series a query reads.
    pub fn read_by(&self, query: &Query<'_>, expr: &Expr) -> Reads {
        if shape::several_series(expr).is_some() || groups_by_version(expr) {
            return Reads::ToldApart;
        }
        let each: Vec<Reads> = selectors(expr)
            .iter()
            .map(|(selector, span)| self.judge(selector, !query.text.is_known(span)))
            .collect();
        if each.is_empty() || each.contains(&Reads::ToldApart) {
            Reads::ToldApart
        } else if each.contains(&Reads::Stable) {
            Reads::Stable
        } else {
            Reads::Both
        }
    }

    fn judge(&self, selector: &VectorSelector, has_unknown: bool) -> Reads {
        let routed_by_ingress = selector
            .name
            .as_ref()
            .is_some_and(|name| name.starts_with("nginx_ingress"));
        let mut reads = Reads::Both;
        for matcher in &selector.matchers {
            match self.judge_matcher(matcher, has_unknown) {
                Reads::ToldApart => return Reads::ToldApart,
                // ingress-nginx names the Service of the location, also for what the canary answers.
                Reads::Stable if !routed_by_ingress => reads = Reads::Stable,
                Reads::Stable | Reads::Both => {}
            }
        }
        reads
    }

    fn judge_matcher(&self, matcher: &Matcher, has_unknown: bool) -> Reads {
        let name = matcher.name.as_str();
        if name == METRIC_NAME {
            return if matcher.op != MatchOp::Equal || speaks_of_a_version(&matcher.value) {
                Reads::ToldApart
            } else {
                Reads::Both
            };
        }
        if OF_NEITHER.contains(&name) || name.ends_with("namespace") || is_status(name) {
            return Reads::Both;
        }
        let Ok(compiled) = CompiledMatcher::new(matcher) else {
            return Reads::ToldApart;
        };
        if has_unknown && matcher.value.contains("argument") {
            return Reads::ToldApart;
        }
        match self.by_service(&compiled) {
            [true, false] => return Reads::Stable,
            [false, true] => return Reads::ToldApart,
            _ => {}
        }
        if let Some([old, new]) = self.by_pod_label(name) {
            let same = compiled.matches(&old) && compiled.matches(&new);
            let about_versions = is_of_versions(name) && old == new;
            return if same && !about_versions {
                Reads::Both
            } else {
                Reads::ToldApart
            };
        }
        if name == "pod" || name.ends_with("_pod") || name == "pod_name" {
            let pod = |role: Role| {
                let hash = crate::plan::series::template_hash(role);
                format!("{}-{hash}-x2k4p", self.rollout)
            };
            let both = compiled.matches(&pod(Role::Stable)) && compiled.matches(&pod(Role::Canary));
            return if both { Reads::Both } else { Reads::ToldApart };
        }
        let tells = is_of_versions(name)
            || name == "instance"
            || name == "canary"
            || matcher.value.contains("-hash")
            || speaks_of_a_version(&matcher.value)
            || names_a_number(&matcher.value);
        if tells { Reads::ToldApart } else { Reads::Both }
    }

    /// Whether a matcher finds the Service of the old version, and that of the new one, as exporters write them.
    fn by_service(&self, matcher: &CompiledMatcher) -> [bool; 2] {
        let [old, new] = &self.services;
        if old.is_empty() || new.is_empty() || old == new {
            return [false, false];
        }
        self.services.each_ref().map(|service| {
            let namespace = &self.namespace;
            let forms = [
                service.clone(),
                format!("{service}.{namespace}"),
                format!("{service}.{namespace}.svc"),
                format!("{service}.{namespace}.svc.cluster.local"),
                format!("{namespace}-{service}-80"),
                format!("{namespace}/{service}"),
            ];
            forms.iter().any(|form| matcher.matches(form))
        })
    }

    /// What pods of the two versions show under a label, if it comes from their labels.
    fn by_pod_label(&self, label: &str) -> Option<[String; 2]> {
        let names = || self.labels.iter().flatten().map(|(name, _)| name.as_str());
        let found = spellings(label).find_map(|label| label_behind(names(), label))?;
        Some(self.labels.each_ref().map(|labels| {
            let mut labels = labels.iter();
            labels
                .find(|(name, _)| name == found)
                .map_or_else(String::new, |(_, value)| value.clone())
        }))
    }

    /// What keeps a selector from ever finding a pod: a matcher on a label that only pods' labels can give.
    pub fn unmatched<'m>(
        &self,
        selector: &'m VectorSelector,
        has_unknown: bool,
    ) -> Option<Unmatched<'m>> {
        selector.matchers.iter().find_map(|matcher| {
            let positive = matches!(matcher.op, MatchOp::Equal | MatchOp::Regex);
            let label = spellings(&matcher.name).find(|label| OF_VERSIONS.contains(label))?;
            let says = VERSION_WORDS
                .iter()
                .any(|word| matcher.value.to_ascii_lowercase().contains(word));
            if !positive || !says || (has_unknown && matcher.value.contains("argument")) {
                return None;
            }
            let compiled = CompiledMatcher::new(matcher).ok()?;
            if compiled.matches("") {
                return None;
            }
            let values = self.by_pod_label(&matcher.name);
            let finds = |values: &[String; 2]| values.iter().any(|value| compiled.matches(value));
            if values.as_ref().is_some_and(finds) {
                return None;
            }
            Some(Unmatched {
                matcher,
                label,
                values: values.map_or_else(Vec::new, |mut values| {
                    values.sort();
                    let mut values = values.to_vec();
                    values.retain(|value| !value.is_empty());
                    values.dedup();
                    values
                }),
            })
        })
    }
}

/// A matcher that no pod meets.
#[derive(Debug)]
pub(super) struct Unmatched<'m> {
    /// The matcher.
    pub matcher: &'m Matcher,
    /// The pods' label that it asks for.
    pub label: &'m str,
    /// What pods have there; empty where no pod has the label.
    pub values: Vec<String>,
}

/// All selectors of a query with their places, ranges left out.
pub(super) fn selectors(expr: &Expr) -> Vec<(&VectorSelector, std::ops::Range<usize>)> {
    let mut found = Vec::new();
    shape::visit(expr, &mut |expr| match &expr.kind {
        ExprKind::VectorSelector(selector) => found.push((selector, expr.span.clone())),
        ExprKind::MatrixSelector {
            selector,
            selector_span,
            ..
        } => found.push((selector, selector_span.clone())),
        _ => {}
    });
    found
}

/// A label's name, and what it is without the prefixes of exporters.
fn spellings(label: &str) -> impl Iterator<Item = &str> {
    let stripped = PREFIXES
        .iter()
        .filter_map(move |prefix| label.strip_prefix(prefix));
    std::iter::once(label).chain(stripped)
}

fn is_of_versions(label: &str) -> bool {
    let parts = ["version", "hash", "revision", "subset", "color", "colour"];
    parts.iter().any(|part| label.contains(part))
        || spellings(label).any(|label| OF_VERSIONS.contains(&label))
}

fn is_status(label: &str) -> bool {
    label.contains("status") || label.ends_with("code") || label.contains("classification")
}

/// Whether a value names a version: `api-v2`.
fn names_a_number(value: &str) -> bool {
    let bytes = value.as_bytes();
    bytes.windows(2).enumerate().any(|(at, pair)| {
        let starts = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
        starts && pair[0].eq_ignore_ascii_case(&b'v') && pair[1].is_ascii_digit()
    })
}

/// Whether some aggregation keeps a label that can tell versions apart.
fn groups_by_version(expr: &Expr) -> bool {
    let mut found = false;
    shape::visit(expr, &mut |expr| {
        if let ExprKind::Aggregate(aggregate) = &expr.kind {
            let keeps = |label: &String| {
                !OF_NEITHER.contains(&label.as_str())
                    && !label.ends_with("namespace")
                    && !is_status(label)
                    && !["job", "app", "service"].contains(&label.as_str())
            };
            found |= aggregate.without || aggregate.grouping.iter().any(keeps);
        }
    });
    found
}

/// Whether an expression has no answer at all when the selectors at these places find nothing.
pub(super) fn empty_without(expr: &Expr, unmatched: &[std::ops::Range<usize>]) -> bool {
    use crate::promql::ast::BinaryOp;
    match &expr.kind {
        ExprKind::VectorSelector(_) => unmatched.contains(&expr.span),
        ExprKind::MatrixSelector { selector_span, .. } => unmatched.contains(selector_span),
        ExprKind::Paren(inner)
        | ExprKind::Unary { expr: inner, .. }
        | ExprKind::Subquery { expr: inner, .. } => empty_without(inner, unmatched),
        ExprKind::Aggregate(aggregate) => empty_without(&aggregate.expr, unmatched),
        ExprKind::Binary(binary) => {
            let left = empty_without(&binary.left, unmatched);
            let right = || empty_without(&binary.right, unmatched);
            match binary.op {
                BinaryOp::Or => left && right(),
                BinaryOp::Unless => left,
                _ => left || right(),
            }
        }
        ExprKind::Call { function, args } => {
            !["scalar", "vector", "absent", "absent_over_time"].contains(function)
                && args.iter().any(|arg| empty_without(arg, unmatched))
        }
        ExprKind::Number(_) | ExprKind::Duration(_) | ExprKind::String(_) => false,
    }
}
