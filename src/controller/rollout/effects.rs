//! What a pass did, for the caller to carry out and to show.

use super::state::{Run, RunId, RunPhase, ServiceRole, Template};
use super::status::{AbortCause, PauseReason, Status, Weights};
use crate::units::{Duration, Instant};

/// Buffers for one pass after another; reused, so that a pass allocates nothing after warm-up.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// Writes to the API server and the traffic router in order. [`super::reconcile`] has already entered
    /// them into the state; the caller acts on those that reach beyond it (pods, `AnalysisRuns`, traffic).
    pub writes: Vec<Write>,
    /// Kubernetes events in order.
    pub events: Vec<Event>,
    /// When the pass wants to be repeated at the latest. The work queue keeps the earliest of all that were
    /// asked for until it comes due.
    pub requeue_at: Option<Instant>,
    /// Whether the pass changed any object whose informer wakes the controller again at once.
    pub changed: bool,
    /// The pass ended in an error: repeat it with backoff (1 ms to 10 s).
    pub failed: bool,
    /// The status to store.
    pub(super) status: Status,
    pub(super) status_stored: bool,
    /// All passes that this one asked for, each by itself.
    pub(super) wishes: Vec<Wish>,
    /// Scratch for `ReplicaSets` that are neither new nor stable.
    pub(super) others: Vec<Other>,
    /// Runs made in this pass, until they are entered into the state.
    pub(super) new_runs: Vec<Run>,
}

/// A ReplicaSet that is neither new nor stable, as the pass sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Other {
    pub index: usize,
    /// `spec.replicas`; follows scaling within the pass.
    pub spec: i32,
}

impl Effects {
    /// Forgets the last pass.
    pub fn clear(&mut self) {
        self.writes.clear();
        self.events.clear();
        self.new_runs.clear();
        self.wishes.clear();
        self.requeue_at = None;
        self.changed = false;
        self.failed = false;
        self.status_stored = false;
    }

    /// Asks for another pass at `at`, a time of the state and some more.
    pub(super) fn requeue(&mut self, at: Instant) {
        self.wishes.push(Wish::At(at));
        self.want(at);
    }

    /// Asks for another pass so long after this one, which is at `now`.
    pub(super) fn requeue_after(&mut self, now: Instant, delay: Duration) {
        self.wishes.push(Wish::After(delay));
        self.want(now + delay);
    }

    /// Keeps the earliest of the passes that were asked for.
    pub(super) fn want(&mut self, at: Instant) {
        self.requeue_at = Some(self.requeue_at.map_or(at, |earlier| earlier.min(at)));
    }
}

/// When a pass asks for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// At this time.
    At(Instant),
    /// So long after itself.
    After(Duration),
}

/// One write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// A ReplicaSet with no replicas was created.
    CreateReplicaSet(Template),
    /// A ReplicaSet beyond the history limit was deleted.
    DeleteReplicaSet(Template),
    /// `spec.replicas` and the annotations of a ReplicaSet were replaced.
    UpdateReplicaSet {
        /// Which.
        template: Template,
        /// `spec.replicas`.
        replicas: i32,
        /// The desired-replicas annotation.
        desired_replicas: i32,
        /// The scale-down-deadline annotation.
        deadline: Option<Instant>,
    },
    /// The scale-down-deadline annotation was set or removed.
    SetDeadline {
        /// Of which ReplicaSet.
        template: Template,
        /// In whole seconds.
        deadline: Option<Instant>,
    },
    /// A service selects another ReplicaSet.
    SwitchService {
        /// Which service.
        role: ServiceRole,
        /// The new selector.
        template: Template,
    },
    /// The router was told another weight than before.
    SetWeight(i32),
    /// An AnalysisRun was made; it is in [`super::State::runs`].
    CreateRun(RunId),
    /// `spec.terminate` of an AnalysisRun was set.
    TerminateRun(RunId),
}

/// A Kubernetes event; [`super::text`] renders reason and message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// `RolloutUpdated`.
    Updated {
        /// The revision.
        revision: u32,
    },
    /// `NewReplicaSetCreated`.
    ReplicaSetCreated {
        /// The ReplicaSet's template.
        template: Template,
        /// Its revision.
        revision: u32,
    },
    /// `RolloutNotCompleted`.
    NotCompleted {
        /// The revision.
        revision: u32,
        /// The current template.
        template: Template,
    },
    /// `RolloutCompleted`.
    Completed {
        /// The revision.
        revision: u32,
        /// The promoted template.
        template: Template,
        /// Why it was promoted.
        promotion: Promotion,
    },
    /// `ScalingReplicaSet`.
    Scaled {
        /// The ReplicaSet's template.
        template: Template,
        /// Its revision.
        revision: u32,
        /// `spec.replicas` before.
        from: i32,
        /// `spec.replicas` after.
        to: i32,
    },
    /// `SwitchService`.
    ServiceSwitched {
        /// Which service.
        role: ServiceRole,
        /// The selector before.
        from: Option<Template>,
        /// The selector after.
        to: Template,
    },
    /// `TrafficWeightUpdated`.
    WeightUpdated {
        /// The weights before.
        from: Option<Weights>,
        /// The canary's weight after.
        to: i32,
    },
    /// `RolloutStepCompleted`.
    StepCompleted {
        /// The step that was completed, from 0.
        step: i32,
        /// The new step index.
        index: i32,
        /// How many steps there are.
        count: i32,
    },
    /// `SkipSteps`.
    StepsSkipped {
        /// Back to the stable ReplicaSet, else within the rollback window.
        to_stable: bool,
    },
    /// `RolloutPaused`.
    Paused(PauseReason),
    /// `RolloutResumed`.
    Resumed,
    /// `RolloutAborted`.
    Aborted {
        /// The revision.
        revision: u32,
        /// Why, if known in this pass.
        cause: Option<AbortCause>,
    },
    /// `RolloutAborted` by the progress deadline, in the pass that noticed it.
    AbortedByDeadline(Template),
    /// `AnalysisRunRunning`, `AnalysisRunSuccessful` and so on.
    RunPhase {
        /// Which run.
        run: RunId,
        /// Its phase now.
        phase: RunPhase,
        /// Its phase when last recorded; `None` if it wasn't.
        previous: Option<RunPhase>,
    },
}

/// Why a template became stable (Argo Rollouts v1.9.1 sync.go shouldFullPromote).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promotion {
    /// Nothing was stable before.
    InitialDeploy,
    /// A user asked for it.
    Requested,
    /// The rollback window covers it.
    RollbackWindow,
    /// All canary steps are complete.
    CompletedSteps(i32),
    /// Blue-green: the ReplicaSet still had its scale-down deadline.
    ScaleDownDelay(Template),
    /// Blue-green: done.
    CompletedBlueGreen,
}
