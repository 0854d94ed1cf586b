//! What a canary's steps do and how long they take, for rules: pods that serve a weight, time that passes at least,
//! time that a metric measures.

use crate::controller::rollout::replicas::{Counts, Fleet, Stable, Standing};
use crate::controller::rollout::spec::Strategy;
use crate::manifest::references::StanzaKind;
use crate::manifest::rollout_types::{BlueGreenStrategy, CanaryStrategy};
use crate::plan::rollout::compile;
use crate::units::Duration;

use super::subject::{Metric, RolloutSubject, Setting, Subject};

/// What serves a `setWeight` of a canary without a router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Served {
    /// Index of the step.
    pub step: usize,
    /// The weight that is asked for.
    pub asked: i32,
    /// Pods of the new version.
    pub canary: i32,
    /// Pods of both versions.
    pub total: i32,
}

impl Served {
    /// The share that the pods serve, in percent.
    pub fn percent(&self) -> f64 {
        f64::from(self.canary) * 100.0 / f64::from(self.total.max(1))
    }
}

/// How long a metric measures, from the start of its run to its last measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// Until the run is ended.
    Endless,
    /// That long, unless a limit ends it.
    For(Duration),
    /// It depends on what isn't known.
    Unknown,
}

/// Whether the manifest is a whole Rollout, and not a patch or a snippet: of those nothing can be said to be missing.
pub(super) fn is_whole(rollout: &RolloutSubject<'_>) -> bool {
    let spec = &rollout.rollout.spec;
    spec.selector.is_some() || spec.workload_ref.is_some()
}

/// The canary strategy, if it is the only one.
pub(super) fn canary<'r>(rollout: &'r RolloutSubject<'_>) -> Option<&'r CanaryStrategy> {
    let strategy = &rollout.rollout.spec.strategy;
    let canary = strategy.canary.as_ref();
    canary.filter(|_| strategy.blue_green.is_none())
}

/// The blue-green strategy, if it is the only one.
pub(super) fn blue_green<'r>(rollout: &'r RolloutSubject<'_>) -> Option<&'r BlueGreenStrategy> {
    let strategy = &rollout.rollout.spec.strategy;
    let blue_green = strategy.blue_green.as_ref();
    blue_green.filter(|_| strategy.canary.is_none())
}

/// The path of a step's field: `spec.strategy.canary.steps[1].setWeight`.
pub(super) fn path(step: usize, field: &str) -> String {
    format!("spec.strategy.canary.steps[{step}].{field}")
}

/// The written number of pods; none where it is left out, for an autoscaler perhaps, or where an autoscaler was given.
pub(super) fn replicas(subject: &Subject<'_>, rollout: &RolloutSubject<'_>) -> Option<i32> {
    let kinds = ["HorizontalPodAutoscaler", "ScaledObject"];
    let mut scalers = kinds
        .iter()
        .flat_map(|kind| subject.manifests.of_kind(kind));
    let scales = scalers.any(|scaler| {
        let target = |field: &str| {
            let path = format!("spec.scaleTargetRef.{field}");
            let node = scaler.node.lookup(&path);
            node.and_then(|node| node.as_str()).map(str::to_owned)
        };
        target("kind").as_deref() == Some("Rollout")
            && target("name").as_deref() == Some(&rollout.object.name)
    });
    rollout.rollout.spec.replicas.filter(|_| !scales)
}

/// The pods behind each `setWeight` of a canary without a router, by the controller's own arithmetic: the counts at
/// which it comes to rest when every pod becomes available.
pub(super) fn served(subject: &Subject<'_>, rollout: &RolloutSubject<'_>) -> Option<Vec<Served>> {
    let replicas = replicas(subject, rollout).filter(|_| is_whole(rollout))?;
    canary(rollout).filter(|canary| canary.traffic_routing.is_none())?;
    let mut simplified = rollout.rollout.clone();
    simplified.spec.restart_at = None;
    for step in &mut simplified.spec.strategy.canary.as_mut()?.steps {
        step.experiment = None;
        step.plugin = None;
    }
    let Strategy::Canary(canary) = compile(&simplified).ok()?.spec.strategy else {
        return None;
    };
    let counts = |pods: i32| Counts {
        spec: pods,
        created: pods,
        available: pods,
    };
    let (mut new, mut stable) = (0, replicas);
    let mut served = Vec::new();
    for (step, spec) in canary.steps.iter().enumerate() {
        let Some(asked) = spec.set_weight else {
            continue;
        };
        let standing = Standing {
            replicas,
            step_index: i32::try_from(step).ok(),
            abort: false,
            all_to_new: false,
        };
        // Each round moves a pod at least, so twice as many rounds as pods are enough.
        for _ in 0..=4 * replicas.clamp(0, 1000) {
            let fleet = Fleet {
                new: counts(new),
                stable: Stable::Other(counts(stable)),
                others_spec: 0,
                others_available: 0,
            };
            let wanted = canary.wanted(&standing, &fleet, None);
            if (wanted.new, wanted.stable) == (new, stable) {
                break;
            }
            (new, stable) = (wanted.new, wanted.stable);
        }
        served.push(Served {
            step,
            asked,
            canary: new,
            total: new + stable,
        });
    }
    Some(served)
}

/// The weight that a step sets, if it is one between none and all.
pub(super) fn weights(canary: &CanaryStrategy) -> impl DoubleEndedIterator<Item = (usize, i32)> {
    let steps = canary.steps.iter().enumerate();
    steps.filter_map(|(index, step)| Some((index, step.set_weight?)))
}

/// Whether a step looks at the new version: an analysis, an experiment with analyses, a plugin, or a pause until a
/// person resumes.
pub(super) fn looks(canary: &CanaryStrategy, step: usize) -> bool {
    canary.steps.get(step).is_some_and(|step| {
        step.analysis.is_some()
            || step.plugin.is_some()
            || step
                .experiment
                .as_ref()
                .is_some_and(|experiment| !experiment.analyses.is_empty())
            || step
                .pause
                .as_ref()
                .is_some_and(|pause| pause.duration.is_none())
    })
}

/// The time that a step takes at least: a timed pause, or an analysis of known length.
pub(super) fn least_time(
    subject: &Subject<'_>,
    rollout: &RolloutSubject<'_>,
    step: usize,
) -> Duration {
    let written = canary(rollout).and_then(|canary| canary.steps.get(step));
    let pause = written.and_then(|step| step.pause.as_ref());
    if let Some(pause) = pause {
        return Duration::from_seconds(pause.duration_seconds().max(0).into());
    }
    let Some(stanza) = rollout.stanza(StanzaKind::Step(step)) else {
        return Duration::ZERO;
    };
    let lengths = stanza
        .metrics(subject)
        .filter_map(|found| match length(found.metric) {
            Length::For(length) if found.metric.consecutive_success_limit() == Setting::Absent => {
                Some(length)
            }
            _ => None,
        });
    lengths.max().unwrap_or(Duration::ZERO)
}

/// How long a metric measures: `initialDelay`, then an interval between one measurement and the next.
pub(super) fn length(metric: &Metric<'_>) -> Length {
    let (Some(count), Some(delay)) = (
        metric.count().or_default(0),
        metric.initial_delay().or_default(Duration::ZERO),
    ) else {
        return Length::Unknown;
    };
    match (count, metric.interval()) {
        (0 | 1, Setting::Absent) | (1, _) => Length::For(delay),
        (0, Setting::Known(_)) => Length::Endless,
        (2.., Setting::Known(interval)) => {
            let gaps = interval.as_nanos().saturating_mul(count - 1);
            Length::For(Duration::from_nanos(gaps.saturating_add(delay.as_nanos())))
        }
        _ => Length::Unknown,
    }
}

/// "a", "a and b", "a, b and c".
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
