//! Compiles a Rollout manifest into the numbers that the controller's passes read.

use crate::controller::rollout::spec::{
    AbortScaleDownDelay, BackgroundAnalysis, BlueGreen, Canary, IntOrPercent, Pause,
    SetCanaryScale, Spec, Step, StepAnalysis, Strategy, Threshold, TrafficRouting,
};
use crate::manifest::int_or_string::IntOrString;
use crate::manifest::rollout_types::{
    BlueGreenStrategy, CanaryStep, CanaryStrategy, Rollout, RolloutAnalysis,
};
use crate::units::Duration;

/// A Rollout ready to be run.
#[derive(Clone, Debug, PartialEq)]
pub struct CompiledRollout {
    /// What passes read.
    pub spec: Spec,
    /// `spec.replicas`.
    pub replicas: i32,
    /// `spec.paused`.
    pub paused: bool,
    /// `spec.minReadySeconds`.
    pub min_ready: Duration,
    /// The canary steps in the words of the controller's events, by index.
    pub step_texts: Vec<String>,
}

/// A valid Rollout that isn't simulated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsupportedRollout {
    /// A step that the simulator doesn't have.
    #[error(
        "spec.strategy.canary.steps[{index}]: {kind} steps are not simulated; remove the step to simulate the others"
    )]
    Step {
        /// Which step, from 0.
        index: usize,
        /// `experiment` or `plugin`.
        kind: &'static str,
    },
    /// `spec.restartAt`.
    #[error("spec.restartAt: restarts of pods are not simulated; remove the field")]
    RestartAt,
    /// `maxTrafficWeight` that makes the controller divide by zero.
    #[error(
        "spec.strategy.canary.trafficRouting.maxTrafficWeight: {0} makes the controller crash; set it to 1 or more"
    )]
    MaxTrafficWeight(i32),
    /// Not exactly one strategy: an invalid spec, which validation refuses.
    #[error("spec.strategy: exactly one of canary and blueGreen must be set")]
    Strategy,
}

/// Compiles a Rollout that has passed [`crate::manifest::validate_rollout`].
pub fn compile(rollout: &Rollout) -> Result<CompiledRollout, UnsupportedRollout> {
    let spec = &rollout.spec;
    if spec.restart_at.is_some() {
        return Err(UnsupportedRollout::RestartAt);
    }
    let mut step_texts = Vec::new();
    let strategy = match (&spec.strategy.canary, &spec.strategy.blue_green) {
        (Some(canary), None) => {
            step_texts.extend(canary.steps.iter().map(step_text));
            Strategy::Canary(compile_canary(canary)?)
        }
        (None, Some(strategy)) => Strategy::BlueGreen(compile_blue_green(strategy)),
        _ => return Err(UnsupportedRollout::Strategy),
    };
    let window = spec.rollback_window.as_ref();
    Ok(CompiledRollout {
        spec: Spec {
            progress_deadline: seconds(spec.progress_deadline_seconds_or_default()),
            progress_deadline_abort: spec.progress_deadline_abort,
            revision_history_limit: to_count(spec.revision_history_limit_or_default()),
            rollback_window: window.map_or(0, |window| to_count(window.revisions)),
            strategy,
        },
        replicas: spec.replicas_or_default(),
        paused: spec.paused,
        min_ready: seconds(spec.min_ready_seconds),
        step_texts,
    })
}

fn compile_canary(canary: &CanaryStrategy) -> Result<Canary, UnsupportedRollout> {
    let steps = canary.steps.iter().enumerate();
    let traffic = canary
        .traffic_routing
        .as_ref()
        .map(|routing| {
            let max_weight = canary.max_traffic_weight();
            if max_weight <= 0 {
                return Err(UnsupportedRollout::MaxTrafficWeight(max_weight));
            }
            Ok(TrafficRouting {
                has_router: !routing.routers().is_empty(),
                max_weight,
                dynamic_stable_scale: canary.dynamic_stable_scale,
                min_pods: canary.min_pods_per_replica_set,
                scale_down_delay: seconds(canary.scale_down_delay_seconds.unwrap_or(30)),
                abort_scale_down_delay: abort_delay(canary.abort_scale_down_delay_seconds),
            })
        })
        .transpose()?;
    let threshold = canary.replica_progress_threshold.as_ref();
    Ok(Canary {
        steps: steps.map(compile_step).collect::<Result<_, _>>()?,
        max_surge: int_or_percent(canary.max_surge.as_ref()),
        max_unavailable: int_or_percent(canary.max_unavailable.as_ref()),
        threshold: threshold
            .filter(|threshold| threshold.value >= 0)
            .map(|threshold| match threshold.kind.as_str() {
                "Percent" => Threshold::Percent(threshold.value),
                _ => Threshold::Pods(threshold.value),
            }),
        scale_down_delay_revision_limit: canary.scale_down_delay_revision_limit.unwrap_or(i32::MAX),
        traffic,
        background: canary
            .analysis
            .as_ref()
            .filter(|background| !background.analysis.templates.is_empty())
            .map(|background| BackgroundAnalysis {
                starting_step: background.starting_step,
            }),
        stable_service: !canary.stable_service.is_empty(),
        canary_service: !canary.canary_service.is_empty(),
    })
}

fn compile_step((index, step): (usize, &CanaryStep)) -> Result<Step, UnsupportedRollout> {
    if step.experiment.is_some() {
        let kind = "experiment";
        return Err(UnsupportedRollout::Step { index, kind });
    }
    if step.plugin.is_some() {
        let kind = "plugin";
        return Err(UnsupportedRollout::Step { index, kind });
    }
    Ok(Step {
        set_weight: step.set_weight,
        pause: step.pause.as_ref().map(|pause| match pause.duration {
            None => Pause::Indefinite,
            Some(_) => Pause::For(seconds(pause.duration_seconds())),
        }),
        set_canary_scale: step.set_canary_scale.as_ref().map(|scale| SetCanaryScale {
            replicas: scale.replicas,
            weight: scale.weight,
            match_traffic_weight: scale.match_traffic_weight,
        }),
        analysis: step.analysis.as_ref().map(step_analysis),
        route: step.set_header_route.is_some() || step.set_mirror_route.is_some(),
    })
}

fn compile_blue_green(strategy: &BlueGreenStrategy) -> BlueGreen {
    BlueGreen {
        preview_service: !strategy.preview_service.is_empty(),
        preview_replicas: strategy.preview_replica_count,
        auto_promotion: strategy.auto_promotion_enabled.unwrap_or(true),
        auto_promotion_after: seconds(strategy.auto_promotion_seconds),
        scale_down_delay: strategy.scale_down_delay_seconds.map(seconds),
        scale_down_delay_revision_limit: strategy
            .scale_down_delay_revision_limit
            .unwrap_or(i32::MAX),
        abort_scale_down_delay: abort_delay(strategy.abort_scale_down_delay_seconds),
        pre_promotion: strategy.pre_promotion_analysis.as_ref().map(step_analysis),
        post_promotion: strategy.post_promotion_analysis.as_ref().map(step_analysis),
    }
}

fn step_analysis(analysis: &RolloutAnalysis) -> StepAnalysis {
    if analysis.templates.is_empty() {
        StepAnalysis::WithoutTemplates
    } else {
        StepAnalysis::Run
    }
}

fn int_or_percent(value: Option<&IntOrString>) -> IntOrPercent {
    match value {
        None => IntOrPercent::DEFAULT,
        Some(IntOrString::Int(count)) => IntOrPercent::Count(*count),
        Some(IntOrString::Text(text)) => IntOrPercent::from_text(text),
    }
}

fn abort_delay(value: Option<i32>) -> AbortScaleDownDelay {
    match value {
        None => AbortScaleDownDelay::Default,
        Some(0) => AbortScaleDownDelay::Never,
        Some(delay) => AbortScaleDownDelay::Explicit(seconds(delay)),
    }
}

fn seconds(value: i32) -> Duration {
    Duration::from_seconds(value.into())
}

fn to_count(value: i32) -> usize {
    usize::try_from(value).unwrap_or(0)
}

/// A step as the controller's events write it (Argo Rollouts v1.9.1 rolloututil.go `CanaryStepString`).
fn step_text(step: &CanaryStep) -> String {
    if let Some(weight) = step.set_weight {
        return format!("setWeight: {weight}");
    }
    if let Some(pause) = &step.pause {
        return match &pause.duration {
            None => "pause".to_owned(),
            Some(IntOrString::Int(duration)) => format!("pause: {duration}"),
            Some(IntOrString::Text(duration)) => format!("pause: {duration}"),
        };
    }
    if step.experiment.is_some() {
        return "experiment".to_owned();
    }
    if step.analysis.is_some() {
        return "analysis".to_owned();
    }
    if let Some(scale) = &step.set_canary_scale {
        let what = match (scale.weight, scale.match_traffic_weight, scale.replicas) {
            (Some(weight), ..) => Some(format!("weight: {weight}")),
            (None, true, _) => Some("matchTrafficWeight: true".to_owned()),
            (None, false, replicas) => replicas.map(|replicas| format!("replicas: {replicas}")),
        };
        if let Some(what) = what {
            return format!("setCanaryScale{{{what}}}");
        }
    }
    if let Some(plugin) = &step.plugin {
        return format!("plugin: {}", plugin.name);
    }
    if let Some(route) = &step.set_header_route {
        return format!("setHeaderRoute: {}", route.name);
    }
    step.set_mirror_route.as_ref().map_or_else(
        || "invalid".to_owned(),
        |route| format!("setMirrorRoute: {}", route.name),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{CompiledRollout, UnsupportedRollout, compile};
    use crate::manifest::rollout_types::Rollout;

    fn compiled(canary: &Value) -> Result<CompiledRollout, UnsupportedRollout> {
        let object = json!({"spec": {"strategy": {"canary": canary}}});
        compile(&Rollout::from_json(&object).expect("a Rollout"))
    }

    #[test]
    fn steps_that_are_not_simulated_are_refused_by_name_and_place() {
        let refusal = |step: Value| {
            let canary = json!({"steps": [{"setWeight": 5}, step]});
            compiled(&canary).expect_err("refused").to_string()
        };
        let experiment = refusal(json!({"experiment": {"templates": []}}));
        assert!(experiment.starts_with("spec.strategy.canary.steps[1]: experiment steps"));
        let plugin = refusal(json!({"plugin": {"name": "acme/wait"}}));
        assert!(plugin.starts_with("spec.strategy.canary.steps[1]: plugin steps"));
    }

    #[test]
    fn steps_read_as_in_the_controllers_events() {
        let steps = json!([
            {"setWeight": 5},
            {"pause": {}},
            {"pause": {"duration": "1m30s"}},
            {"pause": {"duration": 40}},
            {"setCanaryScale": {"replicas": 3}},
            {"setCanaryScale": {"matchTrafficWeight": true}},
            {"analysis": {"templates": [{"templateName": "t"}]}},
            {"setHeaderRoute": {"name": "beta"}},
        ]);
        let compiled = compiled(&json!({"steps": steps})).expect("supported");
        assert_eq!(
            compiled.step_texts,
            [
                "setWeight: 5",
                "pause",
                "pause: 1m30s",
                "pause: 40",
                "setCanaryScale{replicas: 3}",
                "setCanaryScale{matchTrafficWeight: true}",
                "analysis",
                "setHeaderRoute: beta",
            ]
        );
    }

    #[test]
    fn a_weight_of_nothing_that_would_crash_the_controller_is_refused() {
        let canary = json!({"trafficRouting": {"nginx": {}, "maxTrafficWeight": 0}});
        assert_eq!(
            compiled(&canary),
            Err(UnsupportedRollout::MaxTrafficWeight(0))
        );
    }
}
