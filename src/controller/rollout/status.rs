//! `status` of a Rollout, as small copyable values.
//!
//! All times are in whole seconds, because that is how they come back from the API server.

use super::replicas::WeightPair;
use super::state::{RunId, RunPhase, Template};
use crate::units::Instant;

/// `status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent flags of the real status"
)]
pub struct Status {
    /// `currentStepIndex`.
    pub step_index: Option<i32>,
    /// `currentPodHash`.
    pub current: Option<Template>,
    /// `stableRS`.
    pub stable: Option<Template>,
    /// Whether `currentStepHash` was recorded; steps never change, so that is all there is to know.
    pub steps_recorded: bool,
    /// `abort`.
    pub abort: bool,
    /// `abortedAt`.
    pub aborted_at: Option<Instant>,
    /// `controllerPause`.
    pub controller_pause: bool,
    /// `pauseConditions`.
    pub pauses: Pauses,
    /// `promoteFull`.
    pub promote_full: bool,
    /// `observedGeneration`.
    pub observed_generation: u32,
    /// `replicas`: pods of all `ReplicaSets`.
    pub replicas: i32,
    /// `updatedReplicas`: pods of the new one.
    pub updated_replicas: i32,
    /// `readyReplicas`.
    pub ready_replicas: i32,
    /// `availableReplicas`.
    pub available_replicas: i32,
    /// `HPAReplicas`.
    pub hpa_replicas: i32,
    /// `canary.weights`; only with traffic routing.
    pub weights: Option<Weights>,
    /// The `AnalysisRuns` that count now.
    pub runs: CurrentRuns,
    /// `blueGreen.activeSelector`.
    pub active: Option<Template>,
    /// `blueGreen.previewSelector`.
    pub preview: Option<Template>,
    /// `blueGreen.scaleUpPreviewCheckPoint`.
    pub preview_checkpoint: bool,
    /// `conditions`, in order.
    pub conditions: Conditions,
    /// `phase` and `message`.
    pub phase: Phase,
}

impl Status {
    /// Whether the current template is the stable one. True for a Rollout without either
    /// (Argo Rollouts v1.9.1 rolloututil.go `IsFullyPromoted`).
    pub fn fully_promoted(&self) -> bool {
        self.stable == self.current
    }

    /// Whether an update is complete (conditions.go `RolloutCompleted`).
    pub fn completed(&self) -> bool {
        self.stable.is_some() && self.stable == self.current
    }
}

/// `status.canary.weights`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weights {
    /// The two weights.
    pub pair: WeightPair,
    /// The template behind the canary side.
    pub canary: Template,
    /// The template behind the stable side.
    pub stable: Template,
    /// `verified`: what the router said when asked whether the weight is in effect.
    pub verified: Option<bool>,
}

/// Why a rollout is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PauseReason {
    /// A pause step.
    CanaryPauseStep,
    /// Waiting for promotion of a blue-green update.
    BlueGreenPause,
    /// An AnalysisRun was Inconclusive.
    InconclusiveAnalysisRun,
}

impl PauseReason {
    /// As Argo writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CanaryPauseStep => "CanaryPauseStep",
            Self::BlueGreenPause => "BlueGreenPause",
            Self::InconclusiveAnalysisRun => "InconclusiveAnalysisRun",
        }
    }
}

/// One of `status.pauseConditions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PauseCondition {
    /// Why.
    pub reason: PauseReason,
    /// Since when.
    pub start: Instant,
}

/// `status.pauseConditions` in the order in which they were added. A reason is added only if no condition
/// had it before the pass, but a step and a background run that end Inconclusive in the same pass add theirs
/// twice, so four is the most there can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pauses([Option<PauseCondition>; 4]);

impl Pauses {
    /// The conditions in order.
    pub fn iter(&self) -> impl Iterator<Item = PauseCondition> {
        self.0.iter().map_while(|slot| *slot)
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0[0].is_none()
    }

    /// The condition with this reason.
    pub fn get(&self, reason: PauseReason) -> Option<PauseCondition> {
        self.iter().find(|pause| pause.reason == reason)
    }

    /// Whether a condition has this reason.
    pub fn has(&self, reason: PauseReason) -> bool {
        self.get(reason).is_some()
    }

    /// Number of times in [`Self::time_mut`].
    pub(super) const TIMES: usize = 4;

    /// The time of the pause in this place, if there is one.
    pub(super) fn time(&self, place: usize) -> Option<Instant> {
        self.0[place].map(|pause| pause.start)
    }

    /// The same, to change.
    pub(super) fn time_mut(&mut self, place: usize) -> Option<&mut Instant> {
        Some(&mut self.0.get_mut(place)?.as_mut()?.start)
    }

    /// Adds a condition at the end.
    pub(super) fn push(&mut self, pause: PauseCondition) {
        if let Some(slot) = self.0.iter_mut().find(|slot| slot.is_none()) {
            *slot = Some(pause);
        }
    }
}

/// An AnalysisRun as the status records it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentRun {
    /// Which.
    pub id: RunId,
    /// Its phase when it was last looked at.
    pub phase: RunPhase,
}

/// The `AnalysisRuns` that count now, one of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CurrentRuns {
    /// `canary.currentStepAnalysisRunStatus`.
    pub step: Option<CurrentRun>,
    /// `canary.currentBackgroundAnalysisRunStatus`.
    pub background: Option<CurrentRun>,
    /// `blueGreen.prePromotionAnalysisRunStatus`.
    pub pre_promotion: Option<CurrentRun>,
    /// `blueGreen.postPromotionAnalysisRunStatus`.
    pub post_promotion: Option<CurrentRun>,
}

impl CurrentRuns {
    /// Whether `id` is one of them.
    pub fn contains(&self, id: RunId) -> bool {
        [
            self.step,
            self.background,
            self.pre_promotion,
            self.post_promotion,
        ]
        .iter()
        .flatten()
        .any(|run| run.id == id)
    }
}

/// `type` of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConditionType {
    /// Progress is made, or not.
    Progressing,
    /// The rollout is paused.
    Paused,
    /// Enough pods are available.
    Available,
    /// Everything wanted is there.
    Healthy,
    /// The current template is the stable one.
    Completed,
}

impl ConditionType {
    /// Number of types.
    const COUNT: usize = 5;
}

/// `status` of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConditionStatus {
    /// `True`.
    True,
    /// `False`.
    False,
    /// `Unknown`.
    Unknown,
}

/// `reason` of a condition, with what its message needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A ReplicaSet was created.
    NewReplicaSetCreated,
    /// Something moved.
    ReplicaSetUpdated,
    /// A promoted rollout lost pods.
    ReplicaSetNotAvailable,
    /// All pods of the new ReplicaSet are there.
    NewReplicaSetAvailable,
    /// Paused.
    RolloutPaused,
    /// No longer paused.
    RolloutResumed,
    /// Tried again after an abort.
    RolloutRetry,
    /// Aborted.
    RolloutAborted,
    /// No progress for `progressDeadlineSeconds`.
    ProgressDeadlineExceeded,
    /// For [`ConditionType::Available`].
    Available,
    /// For [`ConditionType::Healthy`].
    RolloutHealthy,
    /// For [`ConditionType::Completed`].
    RolloutCompleted,
}

/// `message` of a condition, as far as it is ever shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConditionMessage {
    /// A fixed text that nobody sees.
    #[default]
    Unshown,
    /// `Rollout aborted update to revision N`, and why.
    Aborted {
        /// The revision.
        revision: u32,
        /// Why, if it was known in the pass that aborted.
        cause: Option<AbortCause>,
    },
    /// `ReplicaSet "…" has timed out progressing.`
    TimedOut {
        /// The ReplicaSet's template.
        template: Template,
    },
}

/// What aborted a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbortCause {
    /// An AnalysisRun ended Failed or Error.
    Run(RunId),
    /// `progressDeadlineAbort`.
    Deadline(Template),
}

/// One of `status.conditions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `type`.
    pub kind: ConditionType,
    /// `status`.
    pub status: ConditionStatus,
    /// `reason`.
    pub reason: Reason,
    /// `message`.
    pub message: ConditionMessage,
    /// `lastUpdateTime`.
    pub updated_at: Instant,
}

/// `status.conditions`: each type at most once, last changed last.
///
/// Conditions are looked up and compared far more often than they change, so each type has its place and
/// the order is kept beside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    places: [Option<Place>; ConditionType::COUNT],
    order: [Option<ConditionType>; ConditionType::COUNT],
    /// The message of the Progressing condition; no other message is ever shown.
    message: ConditionMessage,
}

/// A condition without what its place tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    status: ConditionStatus,
    reason: Reason,
    updated_at: Instant,
}

impl Conditions {
    /// The conditions in order.
    pub fn iter(&self) -> impl Iterator<Item = Condition> {
        self.order
            .iter()
            .map_while(|kind| *kind)
            .filter_map(|kind| self.get(kind))
    }

    /// The condition of this type.
    pub fn get(&self, kind: ConditionType) -> Option<Condition> {
        self.places[kind as usize].map(|place| Condition {
            kind,
            status: place.status,
            reason: place.reason,
            message: match kind {
                ConditionType::Progressing => self.message,
                _ => ConditionMessage::Unshown,
            },
            updated_at: place.updated_at,
        })
    }

    /// Whether these are the same conditions in the same order, whenever they were last changed.
    pub(super) fn same_but_for_times(&self, other: &Self) -> bool {
        let timeless = |place: Option<Place>| place.map(|place| (place.status, place.reason));
        self.order == other.order
            && self.message == other.message
            && self.places.map(timeless) == other.places.map(timeless)
    }

    /// Number of times in [`Self::time_mut`].
    pub(super) const TIMES: usize = ConditionType::COUNT;

    /// The time of the condition with this number, if there is one.
    pub(super) fn time(&self, number: usize) -> Option<Instant> {
        self.places[number].map(|place| place.updated_at)
    }

    /// The same, to change.
    pub(super) fn time_mut(&mut self, number: usize) -> Option<&mut Instant> {
        let place = self.places.get_mut(number)?.as_mut()?;
        Some(&mut place.updated_at)
    }

    /// Sets a condition: the same status and reason leave all as it is, message and time included; anything
    /// else moves the condition to the end. True if it changed (conditions.go `SetRolloutCondition`).
    pub(super) fn set(&mut self, condition: Condition) -> bool {
        let unchanged = self.places[condition.kind as usize].is_some_and(|place| {
            place.status == condition.status && place.reason == condition.reason
        });
        if !unchanged {
            self.replace(condition);
        }
        !unchanged
    }

    /// Sets a condition in any case and moves it to the end.
    pub(super) fn replace(&mut self, condition: Condition) {
        let kind = condition.kind;
        self.places[kind as usize] = Some(Place {
            status: condition.status,
            reason: condition.reason,
            updated_at: condition.updated_at,
        });
        if kind == ConditionType::Progressing {
            self.message = condition.message;
        }
        // To the end of those there are.
        let taken = self.order.iter().position(|&slot| slot == Some(kind));
        let free = self.order.iter().position(Option::is_none);
        let end = free.unwrap_or(self.order.len());
        match (taken, free) {
            (Some(index), _) => self.order[index..end].rotate_left(1),
            (None, Some(index)) => self.order[index] = Some(kind),
            (None, None) => {}
        }
    }
}

/// `status.phase` with what its message needs; [`super::text`] renders both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// No pass yet.
    #[default]
    Unknown,
    /// `Degraded`, `RolloutAborted: …` or `ProgressDeadlineExceeded: …`.
    Degraded(Reason, ConditionMessage),
    /// `Paused`, `manually paused`.
    ManuallyPaused,
    /// `Paused` with the reason.
    Paused(PauseReason),
    /// `Progressing`.
    Progressing(Waiting),
    /// `Healthy`.
    Healthy,
}

/// What a progressing rollout waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Waiting {
    /// Pods of the new ReplicaSet to be created.
    Update,
    /// Pods to become available.
    Available,
    /// The active service to switch.
    Cutover,
    /// Post-promotion analysis.
    Analysis,
    /// Post-promotion verification.
    Verification,
    /// Old pods to go.
    Termination,
    /// The steps.
    Steps,
}

impl Waiting {
    /// `status.message`.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Update => "more replicas need to be updated",
            Self::Available => "updated replicas are still becoming available",
            Self::Cutover => "active service cutover pending",
            Self::Analysis => "waiting for analysis to complete",
            Self::Verification => "waiting for post-promotion verification to complete",
            Self::Termination => "old replicas are pending termination",
            Self::Steps => "waiting for all steps to complete",
        }
    }
}
