//! People: when they act, and what they do to the rollout.
//!
//! Each rule of the scenario waits for its occasion (the update, a page, a pause that only a person ends),
//! then for as long as the person takes, then acts. One person does one thing at a time: an occasion that
//! comes while the rule is already on its way changes nothing.

use crate::controller::rollout::actions::{self, Promote};
use crate::controller::rollout::spec::{Pause, Spec, Strategy};
use crate::controller::rollout::status::PauseReason;
use crate::controller::rollout::{Event, RunPhase, State, Template};
use crate::manifest::notifications::Trigger;
use crate::plan::OperatorPlan;
use crate::scenario::model::{OperatorAction, OperatorWhen};
use crate::units::{Duration, Instant};
use crate::world::random::{Purpose, ReplicationKey};

use super::cluster::Chance;

/// A pause that lasts until somebody ends it: why, since when, and at which step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    reason: PauseReason,
    since: Instant,
    step: Option<i32>,
}

/// One rule's state.
#[derive(Clone, Copy, Debug)]
struct Rule {
    /// When the person acts.
    due: Instant,
    /// Occasions so far.
    occasions: u64,
}

/// The people of one replication.
#[derive(Debug)]
pub struct People<'p> {
    plan: &'p [OperatorPlan],
    chance: Chance,
    key: ReplicationKey,
    rules: Vec<Rule>,
    /// The pause that waits for a person, and when it was first seen.
    waiting: Option<(Waiting, Instant)>,
}

impl<'p> People<'p> {
    /// People who follow these rules.
    pub fn new(plan: &'p [OperatorPlan], chance: Chance) -> Self {
        let idle = Rule {
            due: Instant::NEVER,
            occasions: 0,
        };
        Self {
            plan,
            chance,
            key: ReplicationKey::new(0, 0),
            rules: vec![idle; plan.len()],
            waiting: None,
        }
    }

    /// The update starts.
    pub fn reset(&mut self, key: ReplicationKey, update_at: Instant) {
        self.key = key;
        self.waiting = None;
        for index in 0..self.rules.len() {
            self.rules[index] = Rule {
                due: Instant::NEVER,
                occasions: 0,
            };
            if self.plan[index].when == OperatorWhen::AfterUpdate {
                self.occasion(index, update_at);
            }
        }
    }

    /// When somebody acts next.
    pub fn next(&self) -> Instant {
        let due = self.rules.iter().map(|rule| rule.due);
        due.min().unwrap_or(Instant::NEVER)
    }

    /// Whether somebody is about to do what can still turn an aborted update round.
    pub fn may_turn_abort(&self) -> bool {
        self.rules.iter().zip(self.plan).any(|(rule, plan)| {
            let turns = matches!(
                plan.action,
                OperatorAction::Retry | OperatorAction::PromoteFull
            );
            turns && rule.due != Instant::NEVER
        })
    }

    /// Something pages at `now`.
    pub fn paged(&mut self, trigger: Trigger, now: Instant) {
        for index in 0..self.rules.len() {
            let plan = &self.plan[index];
            if plan.when == OperatorWhen::AfterPage && plan.on.contains(trigger) {
                self.occasion(index, now);
            }
        }
    }

    /// Looks at the rollout: a pause that waits for a person is an occasion once, and none any more when it is
    /// over.
    pub fn look(&mut self, spec: &Spec, state: &State, now: Instant) {
        if state.status.pauses.is_empty() && self.waiting.is_none() {
            return;
        }
        let waiting = waits_for_person(spec, state);
        if waiting == self.waiting.map(|(waiting, _)| waiting) {
            return;
        }
        self.waiting = waiting.map(|waiting| (waiting, now));
        for index in 0..self.rules.len() {
            if self.plan[index].when != OperatorWhen::AfterPause {
                continue;
            }
            self.rules[index].due = Instant::NEVER;
            if waiting.is_some() {
                self.occasion(index, now);
            }
        }
    }

    /// Since when the rollout has been waiting for a person.
    pub fn waiting_since(&self) -> Option<Instant> {
        self.waiting.map(|(_, since)| since)
    }

    fn occasion(&mut self, index: usize, now: Instant) {
        let (rule, plan) = (&mut self.rules[index], &self.plan[index]);
        if rule.due != Instant::NEVER || rule.occasions >= plan.times {
            return;
        }
        let after: Duration = match self.chance {
            Chance::Median => plan.after.median(),
            Chance::Drawn => {
                let owner = index as u32;
                let occasion = rule.occasions.cast_signed();
                let mut stream = self.key.stream(Purpose::Reaction, owner, occasion);
                plan.after.draw(&mut stream)
            }
        };
        rule.due = now + after;
        rule.occasions += 1;
    }

    /// What somebody does at `now`, in the order of the rules; one thing a call.
    pub fn take_due(&mut self, now: Instant) -> Option<OperatorAction> {
        let index = self.rules.iter().position(|rule| rule.due <= now)?;
        self.rules[index].due = Instant::NEVER;
        Some(self.plan[index].action)
    }
}

/// The pause that nothing but a person ends.
fn waits_for_person(spec: &Spec, state: &State) -> Option<Waiting> {
    let status = &state.status;
    let ends_by_itself = |reason| match (reason, &spec.strategy) {
        (PauseReason::CanaryPauseStep, Strategy::Canary(canary)) => {
            let step = status
                .step_index
                .and_then(|index| canary.steps.get(usize::try_from(index).ok()?));
            !matches!(step.and_then(|step| step.pause), Some(Pause::Indefinite))
        }
        (PauseReason::BlueGreenPause, Strategy::BlueGreen(strategy)) => {
            strategy.auto_promotion && strategy.auto_promotion_after > Duration::ZERO
        }
        _ => false,
    };
    let pause = status
        .pauses
        .iter()
        .find(|pause| !ends_by_itself(pause.reason))?;
    Some(Waiting {
        reason: pause.reason,
        since: pause.start,
        step: status.step_index,
    })
}

/// Does it. False if it has no effect or is refused.
pub fn act(action: OperatorAction, spec: &Spec, state: &mut State) -> bool {
    let promote =
        |state: &mut State, how| actions::promote(spec, state, how).is_ok_and(|changed| changed);
    match action {
        OperatorAction::Promote => promote(state, Promote::Next),
        OperatorAction::PromoteFull => promote(state, Promote::Full),
        OperatorAction::SkipCurrentStep => promote(state, Promote::SkipCurrentStep),
        OperatorAction::SkipAllSteps => promote(state, Promote::SkipAllSteps),
        OperatorAction::Abort => actions::abort(state),
        OperatorAction::Retry => actions::retry(state),
        OperatorAction::Pause => actions::set_paused(state, true),
        OperatorAction::Unpause => actions::set_paused(state, false),
        OperatorAction::Scale(replicas) => actions::scale(state, replicas),
        OperatorAction::NewImage => actions::set_template(state, Template::FIRST.next().next()),
        OperatorAction::ImageBack => actions::set_template(state, Template::FIRST),
    }
}

/// What somebody did, in words.
pub fn describe(action: OperatorAction) -> String {
    match action {
        OperatorAction::Promote => "promote".to_owned(),
        OperatorAction::PromoteFull => "promote --full".to_owned(),
        OperatorAction::SkipCurrentStep => "promote --skip-current-step".to_owned(),
        OperatorAction::SkipAllSteps => "promote --skip-all-steps".to_owned(),
        OperatorAction::Abort => "abort".to_owned(),
        OperatorAction::Retry => "retry".to_owned(),
        OperatorAction::Pause => "pause".to_owned(),
        OperatorAction::Unpause => "unpause".to_owned(),
        OperatorAction::Scale(replicas) => format!("scale to {replicas}"),
        OperatorAction::NewImage => "new image".to_owned(),
        OperatorAction::ImageBack => "image back".to_owned(),
    }
}

/// The trigger that belongs to an event of the controller.
pub fn trigger_of(event: &Event) -> Option<Trigger> {
    Some(match event {
        Event::Completed { .. } => Trigger::RolloutCompleted,
        Event::StepCompleted { .. } => Trigger::RolloutStepCompleted,
        Event::Updated { .. } => Trigger::RolloutUpdated,
        Event::Scaled { .. } => Trigger::ScalingReplicaSet,
        Event::Aborted { .. } | Event::AbortedByDeadline(_) => Trigger::RolloutAborted,
        Event::Paused(_) => Trigger::RolloutPaused,
        Event::RunPhase { phase, .. } => match phase {
            RunPhase::Running => Trigger::AnalysisRunRunning,
            RunPhase::Error => Trigger::AnalysisRunError,
            RunPhase::Failed => Trigger::AnalysisRunFailed,
            RunPhase::New | RunPhase::Successful | RunPhase::Inconclusive => return None,
        },
        Event::ReplicaSetCreated { .. }
        | Event::NotCompleted { .. }
        | Event::ServiceSwitched { .. }
        | Event::WeightUpdated { .. }
        | Event::StepsSkipped { .. }
        | Event::Resumed => return None,
    })
}
