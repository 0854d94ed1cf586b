//! From a Rollout to the templates it names, and from those to the specs of its `AnalysisRuns`.
//!
//! Three layers: [`mod@collect`] looks templates up, [`arguments`] reads the Rollout's values, [`mod@merge`] joins both into
//! one spec. The same functions serve the check that the rollout controller makes on each pass and the creation of
//! runs (spec argo-analysis §5.1–5.4; Argo Rollouts v1.9.1 controller.go, helpers.go, factory.go, rollout/analysis.go).

pub mod arguments;
pub mod collect;
pub mod merge;

use std::collections::BTreeMap;
use std::fmt;

use super::analysis_types::{AnalysisRunSpec, AnalysisTemplateSpec};
use super::field_ref::FieldRefError;
use super::rollout_types::{Rollout, RolloutAnalysis};
use arguments::{PodHashes, build_arguments};
use collect::{CollectProblem, collect};
use merge::{MergeError, merge};

/// Where a template lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TemplateScope {
    /// An `AnalysisTemplate` in the Rollout's namespace.
    Namespace,
    /// A `ClusterAnalysisTemplate`.
    Cluster,
}

impl TemplateScope {
    /// The kind of the templates there.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Namespace => "AnalysisTemplate",
            Self::Cluster => "ClusterAnalysisTemplate",
        }
    }

    /// The API resource, as "not found" errors name it.
    fn resource(self) -> &'static str {
        match self {
            Self::Namespace => "analysistemplates.argoproj.io",
            Self::Cluster => "clusteranalysistemplates.argoproj.io",
        }
    }
}

/// One template.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TemplateId {
    /// Where it lives.
    pub scope: TemplateScope,
    /// Its name.
    pub name: String,
}

impl fmt::Display for TemplateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} '{}'", self.scope.kind(), self.name)
    }
}

/// All templates that exist, as far as the Rollout can see.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TemplateSet {
    templates: BTreeMap<TemplateId, AnalysisTemplateSpec>,
}

impl TemplateSet {
    /// Adds a template and returns the one that had the same scope and name.
    pub fn insert(
        &mut self,
        id: TemplateId,
        spec: AnalysisTemplateSpec,
    ) -> Option<AnalysisTemplateSpec> {
        self.templates.insert(id, spec)
    }

    /// The template, if it exists.
    pub fn get(&self, id: &TemplateId) -> Option<&AnalysisTemplateSpec> {
        self.templates.get(id)
    }

    /// All templates, those of the namespace first.
    pub fn iter(&self) -> impl Iterator<Item = (&TemplateId, &AnalysisTemplateSpec)> {
        self.templates.iter()
    }
}

/// A place where a Rollout asks for analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StanzaKind {
    /// The analysis step with this index.
    Step(usize),
    /// The analysis beside the steps.
    Background,
    /// The analysis before blue-green's switch.
    PrePromotion,
    /// The analysis after blue-green's switch.
    PostPromotion,
}

impl StanzaKind {
    /// JSON pointer to it in the Rollout.
    pub fn pointer(self) -> String {
        format!("/spec/strategy/{}", self.path('/', "/", ""))
    }

    /// How the controller names its list of templates.
    pub fn templates_field(self) -> String {
        format!("spec.strategy.{self}.templates")
    }

    /// Whether every metric must come to an end by itself.
    pub fn must_end(self) -> bool {
        self != Self::Background
    }

    fn path(self, dot: char, open: &str, close: &str) -> String {
        match self {
            Self::Step(index) => format!("canary{dot}steps{open}{index}{close}{dot}analysis"),
            Self::Background => format!("canary{dot}analysis"),
            Self::PrePromotion => format!("blueGreen{dot}prePromotionAnalysis"),
            Self::PostPromotion => format!("blueGreen{dot}postPromotionAnalysis"),
        }
    }
}

/// Such as `canary.steps[1].analysis`.
impl fmt::Display for StanzaKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path('.', "[", "]"))
    }
}

/// All analyses of a Rollout in the order in which the controller looks at them; blue-green's hide a canary's.
pub fn stanzas(rollout: &Rollout) -> Vec<(StanzaKind, &RolloutAnalysis)> {
    let strategy = &rollout.spec.strategy;
    if let Some(blue_green) = &strategy.blue_green {
        let before = (blue_green.pre_promotion_analysis.as_ref())
            .map(|analysis| (StanzaKind::PrePromotion, analysis));
        let after = (blue_green.post_promotion_analysis.as_ref())
            .map(|analysis| (StanzaKind::PostPromotion, analysis));
        return before.into_iter().chain(after).collect();
    }
    let Some(canary) = &strategy.canary else {
        return Vec::new();
    };
    let steps = canary.steps.iter().enumerate();
    let steps =
        steps.filter_map(|(index, step)| Some((StanzaKind::Step(index), step.analysis.as_ref()?)));
    let background =
        (canary.analysis.as_ref()).map(|background| (StanzaKind::Background, &background.analysis));
    steps.chain(background).collect()
}

/// Why the controller can't create an `AnalysisRun`. It tries again for ever; the rollout neither goes on nor aborts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunCreationError {
    /// A value can't be read from the Rollout.
    #[error(transparent)]
    Argument(#[from] FieldRefError),
    /// A template doesn't exist.
    #[error("{} \"{}\" not found", .0.scope.resource(), .0.name)]
    NotFound(TemplateId),
    /// Templates nest in a circle.
    #[error(transparent)]
    Cycle(#[from] collect::TemplateCycle),
    /// The templates contradict each other, or lack a value.
    #[error(transparent)]
    Merge(#[from] MergeError),
}

/// The spec of the run that the controller creates for one analysis, placeholders kept (Argo Rollouts v1.9.1
/// rollout/analysis.go `newAnalysisRunFromRollout`).
pub fn run_spec(
    rollout: &Rollout,
    analysis: &RolloutAnalysis,
    templates: &TemplateSet,
    hashes: &PodHashes,
) -> Result<AnalysisRunSpec, RunCreationError> {
    let built = build_arguments(analysis.args(), hashes, rollout)?;
    if let Some(error) = built.error {
        return Err(error.into());
    }
    let collected = collect(&analysis.templates, templates);
    if let Some(problem) = collected.problems.into_iter().next() {
        return Err(match problem {
            CollectProblem::Missing(missing) => RunCreationError::NotFound(missing.id),
            CollectProblem::Cycle(cycle) => RunCreationError::Cycle(cycle),
        });
    }
    let merged = merge(
        &collected.templates,
        &built.arguments,
        &analysis.dry_run,
        &analysis.measurement_retention,
    );
    match merged.problems.into_iter().next() {
        Some(problem) => Err(problem.into()),
        None => Ok(merged.spec),
    }
}

/// Labels and annotations of the run that the controller creates for one analysis (Argo Rollouts v1.9.1 factory.go
/// `StepLabels` and the others). Each layer overrides the one before.
pub fn run_metadata(
    rollout: &Rollout,
    kind: StanzaKind,
    analysis: &RolloutAnalysis,
    hashes: &PodHashes,
) -> RunMetadata {
    let mut labels = BTreeMap::from([
        (
            "rollouts-pod-template-hash".to_owned(),
            hashes.latest.clone(),
        ),
        ("rollout-type".to_owned(), rollout_type(kind).to_owned()),
    ]);
    if let StanzaKind::Step(index) = kind {
        labels.insert("step-index".to_owned(), index.to_string());
    }
    let instance = "argo-rollouts.argoproj.io/controller-instance-id";
    if let Some(id) = rollout
        .metadata
        .labels
        .get(instance)
        .filter(|id| !id.is_empty())
    {
        labels.insert(instance.to_owned(), id.clone());
    }
    let revision = "rollout.argoproj.io/revision";
    let written_revision = rollout.metadata.annotations.get(revision).cloned();
    let mut annotations =
        BTreeMap::from([(revision.to_owned(), written_revision.unwrap_or_default())]);
    if let Some(extra) = &analysis.analysis_run_metadata {
        labels.extend(extra.labels.clone());
        annotations.extend(extra.annotations.clone());
    }
    if let Some(selector) = &rollout.spec.selector {
        labels.extend(selector.match_labels.clone());
    }
    RunMetadata {
        labels,
        annotations,
    }
}

/// Labels and annotations of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunMetadata {
    /// Labels by key.
    pub labels: BTreeMap<String, String>,
    /// Annotations by key.
    pub annotations: BTreeMap<String, String>,
}

fn rollout_type(kind: StanzaKind) -> &'static str {
    match kind {
        StanzaKind::Step(_) => "Step",
        StanzaKind::Background => "Background",
        StanzaKind::PrePromotion => "PrePromotion",
        StanzaKind::PostPromotion => "PostPromotion",
    }
}
