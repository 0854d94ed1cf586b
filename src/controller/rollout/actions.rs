//! What users do to a rollout: the patches of `kubectl argo rollouts` and edits of the spec.
//!
//! Each function changes the state as the API server would and says whether anything changed; a change wakes
//! the controller.

use super::spec::{Canary, Spec, Strategy};
use super::state::{RunPhase, State, Template};
use super::status::Pauses;

/// How far `kubectl argo rollouts promote` goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Promote {
    /// `promote`: resume, or else the next step.
    Next,
    /// `promote --skip-current-step`.
    SkipCurrentStep,
    /// `promote --skip-all-steps`.
    SkipAllSteps,
    /// `promote --full`.
    Full,
}

/// Why a command was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A skip flag on a blue-green rollout.
    #[error("Cannot skip steps of a bluegreen rollout. Run without a flags")]
    SkipWithBlueGreen,
    /// A skip flag on a canary without steps.
    #[error("Cannot skip steps of a rollout without steps")]
    SkipWithoutSteps,
}

/// `abort`.
pub fn abort(state: &mut State) -> bool {
    !std::mem::replace(&mut state.status.abort, true)
}

/// `retry`.
pub fn retry(state: &mut State) -> bool {
    std::mem::replace(&mut state.status.abort, false)
}

/// `promote` (Argo Rollouts v1.9.1 promote.go getPatches). Full promotion and a plain one also take back
/// `spec.paused`.
pub fn promote(spec: &Spec, state: &mut State, how: Promote) -> Result<bool, Refusal> {
    let before = (state.desired, state.status);
    match how {
        Promote::Next => {
            promote_next(spec, state);
            set_paused(state, false);
        }
        Promote::Full => {
            state.status.promote_full |= state.status.current != state.status.stable;
            set_paused(state, false);
        }
        Promote::SkipCurrentStep => advance(steps_of(spec)?, state),
        Promote::SkipAllSteps => {
            let count = steps_of(spec)?.steps.len();
            state.status.step_index = i32::try_from(count).ok();
        }
    }
    Ok(before != (state.desired, state.status))
}

/// The canary whose steps a skip flag means.
fn steps_of(spec: &Spec) -> Result<&Canary, Refusal> {
    match &spec.strategy {
        Strategy::BlueGreen(_) => Err(Refusal::SkipWithBlueGreen),
        Strategy::Canary(canary) if canary.steps.is_empty() => Err(Refusal::SkipWithoutSteps),
        Strategy::Canary(canary) => Ok(canary),
    }
}

fn advance(canary: &Canary, state: &mut State) {
    let index = state.status.step_index.unwrap_or(0);
    let more = usize::try_from(index).is_ok_and(|index| index < canary.steps.len());
    state.status.step_index = Some(index + i32::from(more));
}

fn promote_next(spec: &Spec, state: &mut State) {
    let status = &mut state.status;
    let canary = match &spec.strategy {
        Strategy::Canary(canary) => Some(canary),
        Strategy::BlueGreen(_) => None,
    };
    let inconclusive = canary.is_some()
        && status
            .runs
            .step
            .is_some_and(|run| run.phase == RunPhase::Inconclusive);
    let with_steps = canary.filter(|canary| !canary.steps.is_empty());
    if inconclusive && !status.pauses.is_empty() && status.controller_pause {
        if let Some(canary) = with_steps {
            status.pauses = Pauses::default();
            status.controller_pause = false;
            advance(canary, state);
        }
    } else if !status.pauses.is_empty() {
        status.pauses = Pauses::default();
    } else if let Some(canary) = with_steps {
        status.pauses = Pauses::default();
        advance(canary, state);
    }
}

/// `spec.paused`.
pub fn set_paused(state: &mut State, paused: bool) -> bool {
    edit(state, |desired| desired.paused = paused)
}

/// `spec.replicas`.
pub fn scale(state: &mut State, replicas: i32) -> bool {
    edit(state, |desired| desired.replicas = replicas)
}

/// `spec.template`: a new image, or an old one again.
pub fn set_template(state: &mut State, template: Template) -> bool {
    edit(state, |desired| desired.template = template)
}

/// A change of the spec makes a new generation.
fn edit(state: &mut State, change: impl FnOnce(&mut super::state::Desired)) -> bool {
    let before = state.desired;
    change(&mut state.desired);
    let changed = state.desired != before;
    state.desired.generation += u32::from(changed);
    changed
}
