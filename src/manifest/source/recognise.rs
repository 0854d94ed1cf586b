//! What a document is.

use std::sync::OnceLock;

use regex::Regex;

use super::SkipReason;
use crate::diagnostics::{Diagnostic, SourceId};
use crate::manifest::yaml::Node;

/// The group and version of Argo Rollouts' resources.
const ARGO_VERSION: &str = "argoproj.io/v1alpha1";

/// What can matter to a rollout besides Argo's own resources: traffic routing, referenced workloads,
/// scaling, values that arguments are taken from.
const USED: [&str; 16] = [
    "AnalysisTemplate",
    "ClusterAnalysisTemplate",
    "ConfigMap",
    "Deployment",
    "DestinationRule",
    "HTTPRoute",
    "HorizontalPodAutoscaler",
    "Ingress",
    "Kustomization",
    "PodDisruptionBudget",
    "Rollout",
    "ScaledObject",
    "Secret",
    "Service",
    "TrafficSplit",
    "VirtualService",
];

/// What to do with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Recognised {
    /// A Kubernetes object.
    Object,
    /// Broken YAML: report it.
    Broken,
    /// Something else.
    Skip(SkipReason),
}

/// Whether rollsim uses objects of this kind.
pub(super) fn is_used(kind: &str) -> bool {
    USED.contains(&kind)
}

/// The kind of an object that names none: kustomize lets its own file do so.
pub(super) fn kind_by_name(file: &str) -> String {
    let name = file.rsplit('/').next().unwrap_or_default();
    match name {
        "kustomization.yaml" | "kustomization.yml" => "Kustomization".to_owned(),
        _ => String::new(),
    }
}

/// Tells objects from templates and other files; `root` is missing when the YAML is broken.
pub(super) fn document(file: &str, root: Option<&Node>, body: &str) -> Recognised {
    let Some(root) = root else {
        return match template_in_broken(body) {
            Some(what) => Recognised::Skip(SkipReason::Template(what)),
            None => Recognised::Broken,
        };
    };
    let field = |name: &str| root.get(name).and_then(Node::as_str);
    let kind = field("kind");
    if kind.is_some_and(|kind| !is_used(kind) && !kind.ends_with("List"))
        && field("apiVersion").is_some()
    {
        return Recognised::Object;
    }
    if helm_code().is_match(body) {
        return Recognised::Skip(SkipReason::Template("Helm"));
    }
    if root.as_mapping().is_none() {
        return Recognised::Skip(SkipReason::NotKubernetes("no fields at the top"));
    }
    match (kind, field("apiVersion")) {
        // A known kind without a version is a mistake worth an error, not another kind of file.
        (Some(kind), _) if is_argo(kind) => Recognised::Object,
        (Some(_), Some(_)) => Recognised::Object,
        (None, _) if !kind_by_name(file).is_empty() => Recognised::Object,
        (None, None) => Recognised::Skip(SkipReason::NotKubernetes("no apiVersion and no kind")),
        (None, _) => Recognised::Skip(SkipReason::NotKubernetes("no kind")),
        (_, None) => Recognised::Skip(SkipReason::NotKubernetes("no apiVersion")),
    }
}

fn is_argo(kind: &str) -> bool {
    matches!(
        kind,
        "Rollout" | "AnalysisTemplate" | "ClusterAnalysisTemplate"
    )
}

/// What is wrong with an item of a list, if it is no object.
pub(super) fn list_item(item: &Node) -> Option<String> {
    if item.as_mapping().is_none() {
        return Some(format!(
            "an item of a list must be an object, not {}",
            item.type_name()
        ));
    }
    ["apiVersion", "kind"]
        .into_iter()
        .find(|field| item.get(field).and_then(Node::as_str).is_none())
        .map(|field| format!("Object '{field}' is missing"))
}

/// What the API server says about Argo's kinds in other versions.
pub(super) fn version_problem(
    kind: &str,
    api_version: &str,
    root: &Node,
    source: SourceId,
) -> Option<Diagnostic> {
    if api_version == ARGO_VERSION {
        return None;
    }
    let help = format!("write `apiVersion: {ARGO_VERSION}`");
    let version = root.get("apiVersion");
    let diagnostic = if api_version.is_empty() {
        let place = root
            .as_mapping()
            .and_then(|mapping| mapping.entry("kind"))
            .map_or(root.span, |(key, _)| key.span);
        Diagnostic::error("error validating data: apiVersion not set").at(place.in_source(source))
    } else {
        let place = version.map_or(root.span, |version| version.span);
        Diagnostic::error(format!(
            "no matches for kind {kind:?} in version {api_version:?}"
        ))
        .at(place.in_source(source))
    };
    Some(diagnostic.with_help(help))
}

/// Helm's own words inside `{{ }}`: Argo's `{{args.x}}` and PromQL's braces are none.
fn helm_code() -> &'static Regex {
    static PATTERN: OnceLock<Regex> = OnceLock::new();
    PATTERN.get_or_init(|| {
        Regex::new(concat!(
            r"\{\{-?\s*(",
            r"[^{}]*\.(Values|Release|Chart|Capabilities|Files)\b",
            r"|(include|template|define|tpl|toYaml|toJson|end|else)\b",
            r"|\$[A-Za-z_]\w*\s*:?=",
            r#"|["`]\s*\{\{"#,
            r")",
        ))
        .expect("a constant pattern")
    })
}

/// Template code that keeps a text from being YAML.
fn template_in_broken(body: &str) -> Option<&'static str> {
    if helm_code().is_match(body) {
        return Some("Helm");
    }
    if body.contains("{%") {
        return Some("Jinja");
    }
    body.match_indices("{{")
        .any(|(at, _)| {
            let code = body[at + 2..].trim_start_matches('-').trim_start();
            // Argo's own arguments, unquoted by mistake, are worth the parse error.
            !code.starts_with("args.") && !code.starts_with("inputs.")
        })
        .then_some("`{{ … }}`")
}
