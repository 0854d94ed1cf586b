//! One pass: what it sees, and the order of its parts.
//!
//! All decisions use the objects and the status as of the start of the pass, even after the pass itself has
//! written to them (argo-rollout.md §15.2); [`Pass::state`] and [`Pass::old`] are that view. Writes are
//! collected in [`Effects`] and entered into the state when the pass is over.

use std::cell::{OnceCell, RefCell};

use super::clock::{Clock, Questions};
use super::effects::{Effects, Event, Write};
use super::replicas::{Counts, Fleet, Preview, Stable, Standing, Wanted};
use super::spec::{Canary, Spec, Strategy};
use super::state::{ReplicaSet, Router, Services, State};
use super::status::{
    AbortCause, Condition, ConditionMessage, ConditionStatus, ConditionType, Conditions,
    CurrentRuns, PauseReason, Phase, Reason, Status, Weights,
};
use crate::units::{Duration, Instant};

/// How long the informers wait before they show everything again; longer waits are not queued.
pub const RESYNC_PERIOD: Duration = Duration::from_seconds(900);

/// What a pass asks the world.
#[derive(Clone, Copy, Debug)]
pub struct Inputs {
    /// The time; it stands still during the pass.
    pub now: Instant,
    /// What the traffic router says when asked whether the weight is in effect; `None` if it can't tell,
    /// as most can't.
    pub weight_verified: Option<bool>,
}

/// One pass of the Rollout controller over `state` (Argo Rollouts v1.9.1 controller.go syncHandler,
/// context.go reconcile). The spec must be valid: Argo does nothing for one that isn't.
///
/// `effects` is cleared first. Allocates only while its buffers and those of `state` still grow.
pub fn reconcile(spec: &Spec, state: &mut State, inputs: &Inputs, effects: &mut Effects) {
    questioned(spec, state, inputs, effects, None);
}

/// The same, over a state whose times carry marks; `questions` gets to know what the pass asks of the clock.
pub(super) fn questioned(
    spec: &Spec,
    state: &mut State,
    inputs: &Inputs,
    effects: &mut Effects,
    questions: Option<&RefCell<Questions>>,
) {
    effects.clear();
    let clock = Clock::new(inputs.now, questions);
    let new = prepare(state, clock, effects);
    let mut pass = Pass::new(spec, state, new, (clock, inputs.weight_verified), effects);
    pass.run();
    let (early, services, router) = (pass.early, pass.services, pass.router);
    if let Some(early) = early {
        early.store(&mut state.status);
    }
    if effects.status_stored {
        state.status = effects.status;
    }
    // On abort with a router each pass points the canary service at the new ReplicaSet and back again.
    effects.changed |= services != state.services;
    state.services = services;
    state.router = router;
    enter_writes(state, effects);
}

/// Finds the ReplicaSet of the current template, or creates it, and keeps revisions in step (sync.go
/// createDesiredReplicaSet, syncReplicaSetRevision). Gives its place.
fn prepare(state: &mut State, clock: Clock<'_>, effects: &mut Effects) -> usize {
    let template = state.desired.template;
    let found = state
        .replica_sets
        .iter()
        .position(|rs| rs.template == template);
    let newest_other = state
        .replica_sets
        .iter()
        .filter(|rs| rs.template != template)
        .map(|rs| rs.revision)
        .max()
        .unwrap_or(0);
    let index = found.unwrap_or(state.replica_sets.len());
    if found.is_none() {
        state.replica_sets.push(ReplicaSet {
            template,
            revision: newest_other + 1,
            created_at: clock.second(),
            counts: Counts::default(),
            ready: 0,
            desired_replicas: state.desired.replicas,
            deadline: None,
        });
        effects.writes.push(Write::CreateReplicaSet(template));
        effects.changed = true;
        state.status.conditions.set(Condition {
            kind: ConditionType::Progressing,
            status: ConditionStatus::True,
            reason: Reason::NewReplicaSetCreated,
            message: ConditionMessage::Unshown,
            updated_at: clock.second(),
        });
    }
    let new = &mut state.replica_sets[index];
    if new.revision <= newest_other {
        new.revision = newest_other + 1;
        effects.changed = true;
    }
    let revision = new.revision;
    if state.revision != revision {
        state.revision = revision;
        effects.changed = true;
        effects.events.push(Event::Updated { revision });
    }
    if found.is_none() {
        effects
            .events
            .push(Event::ReplicaSetCreated { template, revision });
    }
    index
}

fn enter_writes(state: &mut State, effects: &Effects) {
    state.runs.extend_from_slice(&effects.new_runs);
    for write in &effects.writes {
        match *write {
            Write::UpdateReplicaSet {
                template,
                replicas,
                desired_replicas,
                deadline,
            } => {
                if let Some(rs) = state.replica_set_mut(template) {
                    rs.counts.spec = replicas;
                    rs.desired_replicas = desired_replicas;
                    rs.deadline = deadline;
                }
            }
            Write::SetDeadline { template, deadline } => {
                if let Some(rs) = state.replica_set_mut(template) {
                    rs.deadline = deadline;
                }
            }
            Write::DeleteReplicaSet(template) => {
                state.replica_sets.retain(|rs| rs.template != template);
            }
            Write::TerminateRun(id) => state.runs[id.index()].terminate = true,
            // Already in the state, or not part of it.
            Write::CreateReplicaSet(_)
            | Write::SwitchService { .. }
            | Write::SetWeight(_)
            | Write::CreateRun(_) => {}
        }
    }
}

/// Pauses and aborts decided during a pass (pause.go pauseContext).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PauseContext {
    /// Reasons to add; a step and a background run can add the same.
    pub add: [Option<PauseReason>; 3],
    /// The reason to remove.
    pub remove: Option<PauseReason>,
    /// Drop all conditions.
    pub clear: bool,
    /// Abort, and why.
    pub add_abort: Option<AbortCause>,
    /// Take an abort back.
    pub remove_abort: bool,
}

impl PauseContext {
    pub fn add_pause(&mut self, reason: PauseReason) {
        if let Some(slot) = self.add.iter_mut().find(|slot| slot.is_none()) {
            *slot = Some(reason);
        }
    }

    pub fn has_add_pause(&self) -> bool {
        self.add[0].is_some()
    }
}

/// Conditions that the pass stores before it looks at anything else (sync.go `patchCondition`).
#[derive(Clone, Copy, Debug)]
pub(super) struct Early {
    pub conditions: Conditions,
    pub phase: Phase,
    pub observed_generation: u32,
}

impl Early {
    fn store(&self, status: &mut Status) {
        status.conditions = self.conditions;
        status.phase = self.phase;
        status.observed_generation = self.observed_generation;
    }
}

/// A pass under way.
pub(super) struct Pass<'a> {
    pub spec: &'a Spec,
    /// The objects as of the start.
    pub state: &'a State,
    /// The status as of the start.
    pub old: &'a Status,
    /// What the pass has stored before its end.
    pub early: Option<Early>,
    pub clock: Clock<'a>,
    pub weight_verified: Option<bool>,
    /// Place of the new ReplicaSet.
    new: usize,
    /// Place of the stable ReplicaSet.
    stable: Option<usize>,
    /// The services, with this pass's switches.
    pub services: Services,
    /// The router, with this pass's writes.
    pub router: Option<Router>,
    /// All counts as of the start.
    pub fleet: Fleet,
    /// What a basic canary should have; the same all through the pass.
    basic: OnceCell<Wanted>,
    /// `canary.weights` of the new status.
    pub weights: Option<Weights>,
    /// The new weights are the old object: changes to it are in the old status, too.
    pub weights_shared: bool,
    /// The current runs: those recorded at the start, then those of the new status.
    pub current: CurrentRuns,
    /// The runs of the new status; empty until analysis was looked at.
    pub runs: CurrentRuns,
    pub pause: PauseContext,
    pub effects: &'a mut Effects,
}

impl<'a> Pass<'a> {
    fn new(
        spec: &'a Spec,
        state: &'a State,
        new: usize,
        (clock, weight_verified): (Clock<'a>, Option<bool>),
        effects: &'a mut Effects,
    ) -> Self {
        let old = &state.status;
        let stable = old.stable.and_then(|template| {
            state
                .replica_sets
                .iter()
                .position(|rs| rs.template == template)
        });
        let mut pass = Self {
            spec,
            state,
            old,
            early: None,
            clock,
            weight_verified,
            new,
            stable,
            services: state.services,
            router: state.router,
            fleet: Fleet::default(),
            basic: OnceCell::new(),
            weights: old.weights,
            weights_shared: false,
            current: old.runs,
            runs: CurrentRuns::default(),
            pause: PauseContext::default(),
            effects,
        };
        pass.fleet = pass.count_fleet();
        // What the status recorded of the runs may be old news.
        pass.refresh_runs();
        // An abort means nothing once everything is promoted.
        pass.pause.remove_abort = old.abort && old.fully_promoted();
        pass
    }

    fn run(&mut self) {
        self.check_paused_conditions();
        if self.is_scaling_event() {
            self.sync_replicas_only();
            return;
        }
        match &self.spec.strategy {
            Strategy::Canary(canary) => self.run_canary(canary),
            Strategy::BlueGreen(strategy) => self.run_blue_green(strategy),
        }
    }

    /// The new ReplicaSet.
    pub fn new_rs(&self) -> &'a ReplicaSet {
        &self.state.replica_sets[self.new]
    }

    /// The stable ReplicaSet; may be the new one.
    pub fn stable_rs(&self) -> Option<&'a ReplicaSet> {
        self.stable.map(|index| &self.state.replica_sets[index])
    }

    /// Whether there is a stable ReplicaSet other than the new one.
    pub fn stable_differs(&self) -> bool {
        self.stable.is_some_and(|stable| stable != self.new)
    }

    /// Whether there are `ReplicaSets` that are neither new nor stable.
    pub fn has_others(&self) -> bool {
        self.state.replica_sets.len() > 1 + usize::from(self.stable_differs())
    }

    /// Places of the `ReplicaSets` that are neither new nor stable.
    pub fn others(&self) -> impl Iterator<Item = usize> + use<> {
        let (new, stable) = (self.new, self.stable);
        (0..self.state.replica_sets.len())
            .filter(move |&index| index != new && Some(index) != stable)
    }

    pub fn replicas(&self) -> i32 {
        self.state.desired.replicas
    }

    pub fn is_aborted(&self) -> bool {
        !self.pause.remove_abort && (self.pause.add_abort.is_some() || self.old.abort)
    }

    /// Whether changes to `ReplicaSets` rest (context.go haltProgress).
    pub fn halted(&self) -> bool {
        self.state.desired.paused || self.old.pauses.has(PauseReason::InconclusiveAnalysisRun)
    }

    /// Whether the template or the steps are not those that the status knows
    /// (replicaset.go `PodTemplateOrStepsChanged`, `CheckPodSpecChange`).
    pub fn template_changed(&self) -> bool {
        self.old
            .current
            .is_some_and(|current| current != self.new_rs().template)
    }

    fn count_fleet(&self) -> Fleet {
        let mut fleet = Fleet {
            new: self.new_rs().counts,
            stable: match self.stable {
                None => Stable::Missing,
                Some(index) if index == self.new => Stable::New,
                Some(index) => Stable::Other(self.state.replica_sets[index].counts),
            },
            others_spec: 0,
            others_available: 0,
        };
        for index in self.others() {
            let counts = self.state.replica_sets[index].counts;
            fleet.others_spec += counts.spec;
            fleet.others_available += counts.available;
        }
        fleet
    }

    pub fn standing(&self) -> Standing {
        Standing {
            replicas: self.replicas(),
            step_index: self.old.step_index,
            abort: self.old.abort,
            all_to_new: self.old.promote_full
                || self.old.stable.is_none()
                || self.old.fully_promoted(),
        }
    }

    pub fn preview(&self) -> Preview {
        let new = self.new_rs().template;
        Preview {
            other_active: self
                .old
                .active
                .is_some_and(|active| active != new && self.state.replica_set(active).is_some()),
            promote_full: self.old.promote_full,
            new_template: self.old.current != Some(new),
            paused: self.state.desired.paused || !self.old.pauses.is_empty(),
            checkpoint: self.old.preview_checkpoint,
        }
    }

    /// Pods, available pods and ready pods of all `ReplicaSets`.
    pub fn totals(&self) -> (i32, i32, i32) {
        self.state
            .replica_sets
            .iter()
            .fold((0, 0, 0), |(created, available, ready), rs| {
                (
                    created + rs.counts.created,
                    available + rs.counts.available,
                    ready + rs.ready,
                )
            })
    }

    /// Whether `rs` has all pods of the Rollout, and all available (annotations.go `IsSaturated`).
    pub fn saturated(&self, rs: &ReplicaSet) -> bool {
        let replicas = self.replicas();
        rs.counts.spec == replicas
            && rs.desired_replicas == replicas
            && rs.counts.available == replicas
    }

    /// Whether this goes back to a revision so recent that steps and analysis are skipped
    /// (sync.go isRollbackWithinWindow).
    pub fn rollback_within_window(&self) -> bool {
        let Some(stable) = self.stable_rs() else {
            return false;
        };
        let new = self.new_rs();
        if self.spec.rollback_window == 0 || new.created_at >= stable.created_at {
            return false;
        }
        let between = self
            .state
            .replica_sets
            .iter()
            .filter(|rs| rs.created_at < stable.created_at && new.created_at < rs.created_at);
        between.count() < self.spec.rollback_window
    }

    /// Whether the status knows the template and the steps (canary); else this pass only resets it.
    pub fn needs_reset(&self) -> bool {
        let steps_changed = match self.spec.strategy {
            Strategy::Canary(_) => !self.old.steps_recorded,
            Strategy::BlueGreen(_) => false,
        };
        steps_changed || self.template_changed()
    }

    /// A change of `spec.replicas` is carried out on its own (sync.go isScalingEvent).
    fn is_scaling_event(&self) -> bool {
        [Some(self.new_rs()), self.stable_rs()]
            .into_iter()
            .flatten()
            .any(|rs| rs.counts.spec > 0 && rs.desired_replicas != self.replicas())
    }

    /// Scales and recounts, nothing else (sync.go syncReplicasOnly).
    fn sync_replicas_only(&mut self) {
        let mut status = *self.old;
        let (created, available, _) = self.totals();
        (status.hpa_replicas, status.available_replicas) = (created, available);
        match &self.spec.strategy {
            Strategy::Canary(canary) => {
                self.scale_canary(canary);
            }
            Strategy::BlueGreen(strategy) => {
                self.scale_blue_green(strategy);
                if let Some(rs) = status
                    .active
                    .and_then(|active| self.state.replica_set(active))
                {
                    status.hpa_replicas = rs.counts.created;
                    status.available_replicas = rs.counts.available;
                }
            }
        }
        self.persist(&mut status);
    }

    /// What the new and the stable ReplicaSet of a canary should have.
    pub fn wanted(&self, canary: &Canary, weights: Option<Weights>) -> Wanted {
        let pair = weights.map(|weights| weights.pair);
        let count = || canary.wanted(&self.standing(), &self.fleet, pair);
        if canary.traffic.is_some() {
            count()
        } else {
            *self.basic.get_or_init(count)
        }
    }

    /// The pods of the current canary step are there.
    pub fn at_desired_counts(&self, canary: &Canary, weights: Option<Weights>) -> bool {
        canary.at_desired_counts(&self.fleet, self.wanted(canary, weights))
    }
}
