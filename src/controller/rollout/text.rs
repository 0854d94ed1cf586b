//! Renders phases and events in the words of the real controller, for traces and reports; nothing here runs
//! in the hot loop.

use super::effects::{Event, Promotion};
use super::state::{Run, RunId, RunKind, RunPhase, ServiceRole, Template};
use super::status::{AbortCause, ConditionMessage, Phase, Reason, Weights};

/// The names that texts need.
pub trait Names {
    /// `metadata.name` of the Rollout.
    fn rollout(&self) -> &str;
    /// The pod-template hash of a template.
    fn hash(&self, template: Template) -> String;
    /// The name of a service.
    fn service(&self, role: ServiceRole) -> &str;
    /// A step as Argo writes it: `setWeight: 10`, `pause: 5m`, `analysis`.
    fn step(&self, index: i32) -> &str;
    /// An AnalysisRun.
    fn run(&self, id: RunId) -> Run;
    /// `status.message` of an AnalysisRun.
    fn run_message(&self, id: RunId) -> String;
}

/// `status.phase`.
pub const fn phase_name(phase: &Phase) -> &'static str {
    match phase {
        Phase::Unknown => "",
        Phase::Degraded(..) => "Degraded",
        Phase::ManuallyPaused | Phase::Paused(_) => "Paused",
        Phase::Progressing(_) => "Progressing",
        Phase::Healthy => "Healthy",
    }
}

/// `status.message`.
pub fn phase_message(phase: &Phase, names: &dyn Names) -> String {
    match phase {
        Phase::Unknown | Phase::Healthy => String::new(),
        Phase::Degraded(reason, message) => format!(
            "{}: {}",
            degraded_reason(*reason),
            condition_message(*message, names)
        ),
        Phase::ManuallyPaused => "manually paused".to_owned(),
        Phase::Paused(reason) => reason.name().to_owned(),
        Phase::Progressing(waiting) => waiting.message().to_owned(),
    }
}

const fn degraded_reason(reason: Reason) -> &'static str {
    match reason {
        Reason::ProgressDeadlineExceeded => "ProgressDeadlineExceeded",
        _ => "RolloutAborted",
    }
}

fn condition_message(message: ConditionMessage, names: &dyn Names) -> String {
    match message {
        ConditionMessage::Unshown => String::new(),
        ConditionMessage::Aborted { revision, cause } => abort_message(revision, cause, names),
        ConditionMessage::TimedOut { template } => timeout_message(template, names),
    }
}

fn abort_message(revision: u32, cause: Option<AbortCause>, names: &dyn Names) -> String {
    let mut text = format!("Rollout aborted update to revision {revision}");
    let why = match cause {
        None => return text,
        Some(AbortCause::Deadline(template)) => timeout_message(template, names),
        Some(AbortCause::Run(id)) => run_failure(id, names),
    };
    text.push_str(": ");
    text.push_str(&why);
    text
}

fn timeout_message(template: Template, names: &dyn Names) -> String {
    format!(
        "ReplicaSet \"{}\" has timed out progressing.",
        replica_set_name(template, names)
    )
}

fn run_failure(id: RunId, names: &dyn Names) -> String {
    let what = match names.run(id).kind {
        RunKind::Step(_) => "Step-based analysis phase error/failed",
        RunKind::Background => "Background analysis phase error/failed",
        RunKind::PrePromotion => "Blue/green pre-promotion analysis phase error/failed",
        RunKind::PostPromotion => "Blue/green post-promotion analysis phase error/failed",
    };
    match names.run_message(id) {
        message if message.is_empty() => what.to_owned(),
        message => format!("{what}: {message}"),
    }
}

/// The name of a ReplicaSet.
pub fn replica_set_name(template: Template, names: &dyn Names) -> String {
    format!("{}-{}", names.rollout(), names.hash(template))
}

/// The name of an AnalysisRun (argo-analysis.md §6.2).
pub fn run_name(run: &Run, names: &dyn Names) -> String {
    let mut name = format!(
        "{}-{}-{}",
        names.rollout(),
        names.hash(run.template),
        run.revision
    );
    match run.kind {
        RunKind::Step(index) => name = format!("{name}-{index}"),
        RunKind::Background => {}
        RunKind::PrePromotion => name.push_str("-pre"),
        RunKind::PostPromotion => name.push_str("-post"),
    }
    if run.collision > 0 {
        name = format!("{name}.{}", run.collision);
    }
    name
}

/// `status.phase` of an AnalysisRun.
pub const fn run_phase_name(phase: RunPhase) -> &'static str {
    match phase {
        RunPhase::New => "",
        RunPhase::Running => "Running",
        RunPhase::Successful => "Successful",
        RunPhase::Failed => "Failed",
        RunPhase::Error => "Error",
        RunPhase::Inconclusive => "Inconclusive",
    }
}

/// `reason` of a Kubernetes event.
pub const fn event_reason(event: &Event) -> &'static str {
    match event {
        Event::Updated { .. } => "RolloutUpdated",
        Event::ReplicaSetCreated { .. } => "NewReplicaSetCreated",
        Event::NotCompleted { .. } => "RolloutNotCompleted",
        Event::Completed { .. } => "RolloutCompleted",
        Event::Scaled { .. } => "ScalingReplicaSet",
        Event::ServiceSwitched { .. } => "SwitchService",
        Event::WeightUpdated { .. } => "TrafficWeightUpdated",
        Event::StepCompleted { .. } => "RolloutStepCompleted",
        Event::StepsSkipped { .. } => "SkipSteps",
        Event::Paused(_) => "RolloutPaused",
        Event::Resumed => "RolloutResumed",
        Event::Aborted { .. } | Event::AbortedByDeadline(_) => "RolloutAborted",
        Event::RunPhase { phase, .. } => match phase {
            RunPhase::New => "AnalysisRun",
            RunPhase::Running => "AnalysisRunRunning",
            RunPhase::Successful => "AnalysisRunSuccessful",
            RunPhase::Failed => "AnalysisRunFailed",
            RunPhase::Error => "AnalysisRunError",
            RunPhase::Inconclusive => "AnalysisRunInconclusive",
        },
    }
}

/// `message` of a Kubernetes event.
pub fn event_message(event: &Event, names: &dyn Names) -> String {
    match event {
        Event::Updated { revision } => format!("Rollout updated to revision {revision}"),
        Event::ReplicaSetCreated { template, revision } => format!(
            "Created ReplicaSet {} (revision {revision})",
            replica_set_name(*template, names)
        ),
        Event::NotCompleted { revision, template } => format!(
            "Rollout not completed, started update to revision {revision} ({})",
            names.hash(*template)
        ),
        Event::Completed {
            revision,
            template,
            promotion,
        } => format!(
            "Rollout completed update to revision {revision} ({}): {}",
            names.hash(*template),
            promotion_reason(*promotion, names)
        ),
        Event::Scaled {
            template,
            revision,
            from,
            to,
        } => format!(
            "Scaled {} ReplicaSet {} (revision {revision}) from {from} to {to}",
            if from < to { "up" } else { "down" },
            replica_set_name(*template, names)
        ),
        Event::ServiceSwitched { role, from, to } => format!(
            "Switched selector for service '{}' from '{}' to '{}'",
            names.service(*role),
            from.map(|template| names.hash(template))
                .unwrap_or_default(),
            names.hash(*to)
        ),
        Event::WeightUpdated { from, to } => {
            format!(
                "Traffic weight updated {}",
                weight_change(from.as_ref(), *to)
            )
        }
        Event::StepCompleted { step, index, count } => format!(
            "Rollout step {index}/{count} completed ({})",
            names.step(*step)
        ),
        Event::StepsSkipped { to_stable: true } => "Rollback to stable ReplicaSets".to_owned(),
        Event::StepsSkipped { to_stable: false } => {
            "Rollback to active ReplicaSets within RollbackWindow".to_owned()
        }
        Event::Paused(reason) => format!("Rollout is paused ({})", reason.name()),
        Event::Resumed => "Rollout is resumed".to_owned(),
        Event::Aborted { revision, cause } => abort_message(*revision, *cause, names),
        Event::AbortedByDeadline(template) => timeout_message(*template, names),
        Event::RunPhase {
            run,
            phase,
            previous,
        } => run_message(*run, *phase, *previous, names),
    }
}

fn run_message(
    id: RunId,
    phase: RunPhase,
    previous: Option<RunPhase>,
    names: &dyn Names,
) -> String {
    let run = names.run(id);
    let kind = match run.kind {
        RunKind::Step(_) => "Step",
        RunKind::Background => "Background",
        RunKind::PrePromotion => "PrePromotion",
        RunKind::PostPromotion => "PostPromotion",
    };
    format!(
        "{kind} Analysis Run '{}' Status New: '{}' Previous: '{}'",
        run_name(&run, names),
        run_phase_name(phase),
        previous.map_or("NoPreviousStatus", run_phase_name)
    )
}

fn weight_change(from: Option<&Weights>, to: i32) -> String {
    match from {
        None => format!("to {to}"),
        Some(from) if from.pair.canary != to => format!("from {} to {to}", from.pair.canary),
        Some(_) => String::new(),
    }
}

fn promotion_reason(promotion: Promotion, names: &dyn Names) -> String {
    match promotion {
        Promotion::InitialDeploy => "Initial deploy".to_owned(),
        Promotion::Requested => "Full promotion requested".to_owned(),
        Promotion::RollbackWindow => "Rollback within window".to_owned(),
        Promotion::CompletedSteps(count) => format!("Completed all {count} canary steps"),
        Promotion::ScaleDownDelay(template) => format!(
            "Rollback to '{}' within scaleDownDelay",
            replica_set_name(template, names)
        ),
        Promotion::CompletedBlueGreen => "Completed blue-green update".to_owned(),
    }
}
