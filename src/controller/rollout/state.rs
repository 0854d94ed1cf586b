//! What the API server stores of one rollout: the wishes of its users, its status, and the objects it owns.
//!
//! A pass reads the state as it was at the start and writes to it at the end; nothing else is remembered
//! between passes (argo-rollout.md §15.1). Pod-template hashes are small integers.

use super::replicas::Counts;
use super::status::Status;
use crate::controller::analysis::{self, Verdict};
use crate::units::Instant;

/// A pod template; stands for its hash. Numbered from 1 in the order of first use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Template(std::num::NonZeroU16);

impl Template {
    /// The template of the first deploy.
    pub const FIRST: Self = Self(std::num::NonZeroU16::MIN);

    /// The template after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Its number, from 1.
    pub const fn number(self) -> u16 {
        self.0.get()
    }
}

/// What users asked for: the parts of `spec` that change while a rollout runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Desired {
    /// `spec.replicas`.
    pub replicas: i32,
    /// `spec.paused`.
    pub paused: bool,
    /// `spec.template`.
    pub template: Template,
    /// `metadata.generation`: one more with every change of the spec.
    pub generation: u32,
}

/// A ReplicaSet. Its status is the business of [`crate::controller::replicaset`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicaSet {
    /// The pod template that it runs.
    pub template: Template,
    /// The revision annotation.
    pub revision: u32,
    /// `metadata.creationTimestamp`, in whole seconds.
    pub created_at: Instant,
    /// `spec.replicas`, `status.replicas` and `status.availableReplicas`.
    pub counts: Counts,
    /// `status.readyReplicas`.
    pub ready: i32,
    /// The desired-replicas annotation: the size of the Rollout when this ReplicaSet was last scaled.
    pub desired_replicas: i32,
    /// The scale-down-deadline annotation, in whole seconds.
    pub deadline: Option<Instant>,
}

/// A Service that a Rollout steers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Service {
    /// The pod-template hash in its selector.
    pub selector: Option<Template>,
    /// Whether it carries the managed-by annotation.
    pub managed: bool,
}

/// Which of a Rollout's services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServiceRole {
    /// `canary.stableService`.
    Stable,
    /// `canary.canaryService`.
    Canary,
    /// `blueGreen.activeService`.
    Active,
    /// `blueGreen.previewService`.
    Preview,
}

/// The services of a Rollout; those that the spec doesn't name are never touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Services([Service; 4]);

impl Services {
    /// The service in `role`.
    pub const fn get(&self, role: ServiceRole) -> Service {
        self.0[role as usize]
    }

    /// The service in `role`, to change.
    pub const fn get_mut(&mut self, role: ServiceRole) -> &mut Service {
        &mut self.0[role as usize]
    }
}

/// An AnalysisRun of this rollout: its place in [`State::runs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u16);

impl RunId {
    /// The run's place in [`State::runs`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Why an AnalysisRun was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunKind {
    /// By the analysis step with this index.
    Step(u16),
    /// By `canary.analysis`.
    Background,
    /// By `blueGreen.prePromotionAnalysis`.
    PrePromotion,
    /// By `blueGreen.postPromotionAnalysis`.
    PostPromotion,
}

/// `status.phase` of an AnalysisRun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RunPhase {
    /// Not yet reconciled: the empty string.
    #[default]
    New,
    /// Measuring.
    Running,
    /// Passed.
    Successful,
    /// Failed.
    Failed,
    /// Couldn't be assessed.
    Error,
    /// Neither passed nor failed.
    Inconclusive,
}

impl RunPhase {
    /// Whether the run is over.
    pub const fn completed(self) -> bool {
        !matches!(self, Self::New | Self::Running)
    }
}

impl From<Option<analysis::Phase>> for RunPhase {
    fn from(phase: Option<analysis::Phase>) -> Self {
        match phase {
            None => Self::New,
            Some(analysis::Phase::Running) => Self::Running,
            Some(analysis::Phase::Completed(verdict)) => match verdict {
                Verdict::Successful => Self::Successful,
                Verdict::Failed => Self::Failed,
                Verdict::Error => Self::Error,
                Verdict::Inconclusive => Self::Inconclusive,
            },
        }
    }
}

/// What the Rollout controller sees of an AnalysisRun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Run {
    /// Why it was made.
    pub kind: RunKind,
    /// The pod template under test.
    pub template: Template,
    /// The Rollout's revision when it was made.
    pub revision: u32,
    /// How many runs of the same kind, template and revision came before it: the suffix `.1`, `.2` of its name.
    pub collision: u16,
    /// `status.phase`.
    pub phase: RunPhase,
    /// `spec.terminate`.
    pub terminate: bool,
}

/// What the traffic router was last told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Router {
    /// The weight of the canary side.
    pub weight: i32,
    /// The template behind the canary side (routers that split by subset use it; others follow the service).
    pub canary: Template,
    /// The template behind the stable side.
    pub stable: Template,
}

/// One Rollout with everything it owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// What users asked for.
    pub desired: Desired,
    /// `status`.
    pub status: Status,
    /// The Rollout's revision annotation; 0 before the first pass.
    pub revision: u32,
    /// The `ReplicaSets` in the order of their creation.
    pub replica_sets: Vec<ReplicaSet>,
    /// The services.
    pub services: Services,
    /// All `AnalysisRuns` ever made, by [`RunId`].
    pub runs: Vec<Run>,
    /// The traffic router, once it was told anything.
    pub router: Option<Router>,
}

impl State {
    /// A Rollout that was just created: nothing deployed, no pass yet.
    pub fn new(replicas: i32) -> Self {
        Self {
            desired: Desired {
                replicas,
                paused: false,
                template: Template::FIRST,
                generation: 1,
            },
            status: Status::default(),
            revision: 0,
            replica_sets: Vec::with_capacity(4),
            services: Services::default(),
            runs: Vec::with_capacity(8),
            router: None,
        }
    }

    /// Becomes a copy of `other` without giving up its buffers.
    pub fn copy_from(&mut self, other: &Self) {
        self.desired = other.desired;
        self.status = other.status;
        self.revision = other.revision;
        self.replica_sets.clone_from(&other.replica_sets);
        self.services = other.services;
        self.runs.clone_from(&other.runs);
        self.router = other.router;
    }

    /// The ReplicaSet that runs `template`.
    pub fn replica_set(&self, template: Template) -> Option<&ReplicaSet> {
        self.replica_sets.iter().find(|rs| rs.template == template)
    }

    /// The ReplicaSet that runs `template`, to change.
    pub fn replica_set_mut(&mut self, template: Template) -> Option<&mut ReplicaSet> {
        self.replica_sets
            .iter_mut()
            .find(|rs| rs.template == template)
    }

    /// The AnalysisRun `id`.
    pub fn run(&self, id: RunId) -> &Run {
        &self.runs[id.index()]
    }

    /// Notes a new phase of an AnalysisRun. True if it changed, which wakes the Rollout controller.
    pub fn set_run_phase(&mut self, id: RunId, phase: RunPhase) -> bool {
        let run = &mut self.runs[id.index()];
        let changed = run.phase != phase;
        run.phase = phase;
        changed
    }

    /// The share of traffic sent to the current template through the router, 0 to the maximum weight.
    pub fn recorded_weight(&self) -> i32 {
        self.status.weights.map_or(0, |weights| weights.pair.canary)
    }
}
