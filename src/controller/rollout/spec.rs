//! What a pass needs to know of a Rollout manifest, as numbers and enums.
//!
//! `plan` compiles it once from the manifest; a pass only reads it. Replicas and `spec.paused` are not here:
//! users change them while a rollout runs, so they live in the state.

use crate::units::Duration;

/// A compiled Rollout. Defaults are already filled in (argo-rollout.md §12).
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// `spec.progressDeadlineSeconds`.
    pub progress_deadline: Duration,
    /// `spec.progressDeadlineAbort`.
    pub progress_deadline_abort: bool,
    /// `spec.revisionHistoryLimit`: how many `ReplicaSets` that are neither new nor stable are kept.
    pub revision_history_limit: usize,
    /// `spec.rollbackWindow.revisions`; 0 when there is no window.
    pub rollback_window: usize,
    /// Canary or blue-green.
    pub strategy: Strategy,
}

/// How a Rollout replaces its stable ReplicaSet.
#[derive(Clone, Debug, PartialEq)]
pub enum Strategy {
    /// `spec.strategy.canary`.
    Canary(Canary),
    /// `spec.strategy.blueGreen`.
    BlueGreen(BlueGreen),
}

/// `spec.strategy.canary`.
#[derive(Clone, Debug, PartialEq)]
pub struct Canary {
    /// The steps in order; may be empty.
    pub steps: Box<[Step]>,
    /// `maxSurge`.
    pub max_surge: IntOrPercent,
    /// `maxUnavailable`.
    pub max_unavailable: IntOrPercent,
    /// `replicaProgressThreshold`, without negative values (they count as unset).
    pub threshold: Option<Threshold>,
    /// `scaleDownDelayRevisionLimit`.
    pub scale_down_delay_revision_limit: i32,
    /// `trafficRouting`; `None` is a basic canary, whose traffic follows the pods.
    pub traffic: Option<TrafficRouting>,
    /// `analysis`, when it names at least one template.
    pub background: Option<BackgroundAnalysis>,
    /// Whether `stableService` is set.
    pub stable_service: bool,
    /// Whether `canaryService` is set.
    pub canary_service: bool,
}

/// `spec.strategy.canary.trafficRouting` and the canary fields that only count with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrafficRouting {
    /// Whether any router is named; `trafficRouting: {}` names none, and then no weights are set.
    pub has_router: bool,
    /// `maxTrafficWeight`: the weight of all traffic.
    pub max_weight: i32,
    /// `dynamicStableScale`.
    pub dynamic_stable_scale: bool,
    /// `minPodsPerReplicaSet`.
    pub min_pods: Option<i32>,
    /// `scaleDownDelaySeconds`.
    pub scale_down_delay: Duration,
    /// `abortScaleDownDelaySeconds`.
    pub abort_scale_down_delay: AbortScaleDownDelay,
}

/// How long the new ReplicaSet outlives an abort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbortScaleDownDelay {
    /// `abortScaleDownDelaySeconds: 0`: no delay logic at all.
    Never,
    /// Unset: the default applies, but not to `dynamicStableScale`.
    Default,
    /// Set by the user.
    Explicit(Duration),
}

impl AbortScaleDownDelay {
    /// The delay, or `None` for [`AbortScaleDownDelay::Never`].
    pub const fn delay(self) -> Option<Duration> {
        match self {
            Self::Never => None,
            Self::Default => Some(Duration::from_seconds(30)),
            Self::Explicit(delay) => Some(delay),
        }
    }
}

/// One canary step. Argo tells steps apart by which fields are set and lets some go together, so they are
/// all here; [`Step::is_indefinite`] and the completion rule look at them in Argo's order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// `setWeight`.
    pub set_weight: Option<i32>,
    /// `pause`.
    pub pause: Option<Pause>,
    /// `setCanaryScale`.
    pub set_canary_scale: Option<SetCanaryScale>,
    /// `analysis`.
    pub analysis: Option<StepAnalysis>,
    /// `setHeaderRoute` or `setMirrorRoute`: both complete at once.
    pub route: bool,
}

impl Step {
    /// Whether the progress deadline rests at this step (Argo Rollouts v1.9.1 sync.go isIndefiniteStep).
    pub const fn is_indefinite(&self) -> bool {
        self.analysis.is_some() || self.pause.is_some()
    }
}

/// How long a pause step lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// `pause: {}`: until a human resumes.
    Indefinite,
    /// `pause: {duration: …}` in whole seconds.
    For(Duration),
}

/// `setCanaryScale`; replicas win over weight, and matching wins over both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetCanaryScale {
    /// `replicas`.
    pub replicas: Option<i32>,
    /// `weight`.
    pub weight: Option<i32>,
    /// `matchTrafficWeight`.
    pub match_traffic_weight: bool,
}

/// An analysis step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepAnalysis {
    /// Names templates, so a run is made.
    Run,
    /// Names none: nothing is run and the step never completes.
    WithoutTemplates,
}

/// `spec.strategy.canary.analysis`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackgroundAnalysis {
    /// `startingStep`.
    pub starting_step: Option<i32>,
}

/// `spec.strategy.blueGreen`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlueGreen {
    /// Whether `previewService` is set.
    pub preview_service: bool,
    /// `previewReplicaCount`.
    pub preview_replicas: Option<i32>,
    /// `autoPromotionEnabled`.
    pub auto_promotion: bool,
    /// `autoPromotionSeconds`; zero when unset.
    pub auto_promotion_after: Duration,
    /// `scaleDownDelaySeconds`, `None` when unset (then 30 s, and post-promotion analysis holds it back).
    pub scale_down_delay: Option<Duration>,
    /// `scaleDownDelayRevisionLimit`.
    pub scale_down_delay_revision_limit: i32,
    /// `abortScaleDownDelaySeconds`.
    pub abort_scale_down_delay: AbortScaleDownDelay,
    /// `prePromotionAnalysis`.
    pub pre_promotion: Option<StepAnalysis>,
    /// `postPromotionAnalysis`.
    pub post_promotion: Option<StepAnalysis>,
}

/// A count or a share of the replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntOrPercent {
    /// A YAML integer.
    Count(i32),
    /// A YAML string, with or without `%`.
    Percent(i32),
    /// A string that is no number: Argo swallows the error and takes 0.
    Unparsable,
}

impl IntOrPercent {
    /// The default of `maxSurge` and `maxUnavailable`.
    pub const DEFAULT: Self = Self::Percent(25);

    /// Reads a YAML string as Kubernetes does: every `%` is dropped, the rest must be a number.
    pub fn from_text(text: &str) -> Self {
        text.replace('%', "")
            .parse()
            .map_or(Self::Unparsable, Self::Percent)
    }
}

/// `replicaProgressThreshold`: how many of the wanted pods are enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// Percent of the wanted pods.
    Percent(i32),
    /// Pods, whatever is wanted.
    Pods(i32),
}
