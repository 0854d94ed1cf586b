//! `rollsim replay`: one replication whose measurements are answered from a recording: a past incident
//! against today's templates.

use std::sync::Arc;

use crate::controller::analysis::MetricSpec;
use crate::controller::rollout::{RunKind, RunPhase};
use crate::diagnostics::{Diagnostic, SourceMap, did_you_mean};
use crate::engine::replicate::Replicator;
use crate::engine::trace::{Entry, Recorder, What};
use crate::manifest::references::{TemplateId, TemplateScope};
use crate::plan::RunPlan;
use crate::plan::build::Built;
use crate::plan::recorded::RecordedSeries;
use crate::promql::series_file::any::Recording;
use crate::promql::settings::Profile;
use crate::report::export::Traced;
use crate::report::model::{FindingEntry, RNG, VERSION};
use crate::report::query::seconds;
use crate::report::trace::{Replayed, SCHEMA, Trace};
use crate::scenario::model::{DurationDistribution, PrometheusVersion, Scenario, StartFraction};
use crate::units::Duration;
use crate::world::durations::RandomDuration;

use super::coverage::Coverage;
use super::failure::Failure;
use super::input::{self, Inputs};
use super::prepare::{Prepared, Recorded, prepare_recorded, prepare_template};
use super::recording;
use super::request::{InputPath, ReplayRequest, RolloutChoice};
use super::trace::shown_events;

/// What `arm` says in the trace of a replay.
const ARM: &str = "recorded";

/// Times that fit virtual time, in milliseconds from 1970: up to the year 2200.
const TIMES: std::ops::RangeInclusive<i64> = -7_258_118_400_000..=7_258_118_400_000;

/// Answers a request.
pub fn replay(request: &ReplayRequest) -> Result<Traced, Failure> {
    if !TIMES.contains(&request.at_ms) {
        let message = format!("--at {} is no time of a recording", seconds(request.at_ms));
        let help = "give seconds since 1970, or a time such as 2026-03-01T12:00:00Z";
        return Err(Failure::request(Diagnostic::error(message).with_help(help)));
    }
    let mut inputs = input::read(&request.inputs)?;
    let recording = recording::read(&request.series, &mut SourceMap::new())?;
    let (coverage, recorded) = take(recording, request, &inputs.scenario);
    adapt(&mut inputs.scenario, request, &recorded.series);
    let mut traced = Traced::from(empty_trace(&inputs, request));
    match &request.template {
        Some(name) => replay_template(&mut traced, &mut inputs, name, &recorded, &coverage)?,
        None => replay_rollout(&mut traced, &inputs, request, &recorded, &coverage)?,
    }
    traced.notices.extend(coverage.notices);
    Ok(traced)
}

/// The recording, and what is known of it as a whole.
fn take(
    recording: Recording,
    request: &ReplayRequest,
    scenario: &Scenario,
) -> (Coverage, Recorded) {
    let file = match &request.series {
        InputPath::Stdin => "<stdin>".to_owned(),
        InputPath::Path(path) => path.display().to_string(),
    };
    let coverage = Coverage::of(&recording, &file);
    let recorded = Recorded {
        series: Arc::new(RecordedSeries {
            series: recording.series,
            start_ms: request.at_ms,
            visibility_lag_ms: scenario.prometheus.visibility_lag.as_millis_floor(),
        }),
        file,
        arguments: request.arguments.clone(),
    };
    (coverage, recorded)
}

/// Leaves to the scenario what a recording doesn't say: times of controllers and pods, and people.
fn adapt(scenario: &mut Scenario, request: &ReplayRequest, recorded: &RecordedSeries) {
    scenario.metrics.clear();
    scenario.faults.clear();
    scenario.prometheus.rules.clear();
    scenario.controller.start_fraction = StartFraction::Fixed(recorded.start_fraction());
    if let Some(profile) = request.profile {
        scenario.prometheus.version = match profile {
            Profile::V3 => PrometheusVersion::V3,
            Profile::V2_51 => PrometheusVersion::V2_51,
            Profile::V2 => PrometheusVersion::V2,
        };
    }
}

fn empty_trace(inputs: &Inputs, request: &ReplayRequest) -> Trace {
    Trace {
        schema: SCHEMA.to_owned(),
        rollsim: VERSION.to_owned(),
        rng: RNG.to_owned(),
        scenario: inputs.scenario_file.clone(),
        seed: inputs.scenario.montecarlo.seed,
        rollout: String::new(),
        arm: ARM.to_owned(),
        replication: 0,
        replayed: Some(Replayed {
            series: match &request.series {
                InputPath::Stdin => "<stdin>".to_owned(),
                InputPath::Path(path) => path.display().to_string(),
            },
            at_s: request.at_ms as f64 / 1_000.0,
            template: request.template.clone(),
        }),
        invalid_spec: None,
        findings: Vec::new(),
        events: Vec::new(),
    }
}

fn replay_rollout(
    traced: &mut Traced,
    inputs: &Inputs,
    request: &ReplayRequest,
    recorded: &Recorded,
    coverage: &Coverage,
) -> Result<(), Failure> {
    let choice = request
        .rollout
        .clone()
        .map_or(RolloutChoice::Default, RolloutChoice::Named);
    for object in inputs.rollouts(&choice)? {
        traced.trace.rollout.clone_from(&object.name);
        let built = match prepare_recorded(inputs, object, recorded)? {
            Prepared::Invalid(invalid) => {
                traced.trace.invalid_spec = Some(invalid);
                continue;
            }
            Prepared::Ready(ready) => {
                traced.trace.findings.extend(ready.oddities.findings);
                ready.built
            }
        };
        let Some(arm) = built.plan.arms.first() else {
            continue;
        };
        let mut replicator = Replicator::recorded(&built.plan, arm);
        if request.tree {
            replicator.keep_snapshots(None);
        }
        let (replication, mut recorder) = replicator.trace(0);
        traced.snapshots = recorder.snapshots.take().unwrap_or_default();
        let findings = coverage.of_measurements(&built.plan, &recorder, request.at_ms);
        traced.trace.findings.extend(findings);
        traced.trace.events =
            shown_events(&recorder, replication.outcome.name(), replication.ended_ms);
        traced.notices.push(assumed(&inputs.scenario));
    }
    Ok(())
}

fn replay_template(
    traced: &mut Traced,
    inputs: &mut Inputs,
    name: &str,
    recorded: &Recorded,
    coverage: &Coverage,
) -> Result<(), Failure> {
    let template = find_template(inputs, name)?;
    let (built, oddities) = prepare_template(inputs, &template, recorded)?;
    let of_template = oddities.findings.into_iter().map(|finding| FindingEntry {
        rollout: None,
        ..finding
    });
    traced.trace.findings.extend(of_template);
    let start_ms = recorded.series.start_ms;
    let until = longest(&built, coverage, start_ms, inputs.scenario.horizon);
    let Some(arm) = built.plan.arms.first() else {
        return Ok(());
    };
    let mut replicator = Replicator::recorded(&built.plan, arm);
    let mut run = replicator.trace_run(RunKind::Step(0), until);
    keep_analysis(&mut run.recorder, name);
    let findings = coverage.of_measurements(&built.plan, &run.recorder, start_ms);
    let of_template = findings.into_iter().map(|finding| FindingEntry {
        rollout: None,
        ..finding
    });
    traced.trace.findings.extend(of_template);
    let ended_ms = if run.phase.completed() {
        run.ended_ms
    } else {
        until.as_millis_floor()
    };
    traced.trace.events = shown_events(&run.recorder, outcome_of(run.phase), ended_ms);
    Ok(())
}

/// The template of a name: that of the namespace goes before that of the cluster.
fn find_template(inputs: &Inputs, name: &str) -> Result<TemplateId, Failure> {
    let manifests = &inputs.manifests;
    for scope in [TemplateScope::Namespace, TemplateScope::Cluster] {
        if manifests.find(scope.kind(), None, name).is_some() {
            return Ok(TemplateId {
                scope,
                name: name.to_owned(),
            });
        }
    }
    let templates = manifests
        .objects
        .iter()
        .filter(|object| object.kind.ends_with("AnalysisTemplate"));
    let known: Vec<&str> = templates.map(|object| object.name.as_str()).collect();
    let diagnostic = Diagnostic::error(format!("there is no template `{name}`"));
    let diagnostic = match did_you_mean(name, known.iter().copied()) {
        Some(close) => diagnostic.with_help(format!("did you mean `{close}`?")),
        None if known.is_empty() => {
            diagnostic.with_help("pass the file or folder that holds the AnalysisTemplate")
        }
        None => diagnostic.with_note(format!("the manifests have {}", known.join(", "))),
    };
    Err(inputs.failure(vec![diagnostic]))
}

/// How far a run goes at most: one that never ends by itself, until the recording does.
fn longest(built: &Built, coverage: &Coverage, start_ms: i64, horizon: Duration) -> Duration {
    let endless = |spec: &MetricSpec| spec.effective_count.is_none();
    let metrics = built
        .plan
        .stanzas
        .iter()
        .flat_map(|stanza| match &stanza.run {
            RunPlan::Measured { spec, .. } => spec.metrics.as_slice(),
            RunPlan::Refused { .. } => &[],
        });
    let rest = coverage.last().map_or(0, |last| last - start_ms).max(0);
    if metrics.into_iter().any(endless) {
        horizon.min(Duration::from_millis(rest))
    } else {
        horizon
    }
}

/// Only what the run did; it has the template's name, since no Rollout made it.
fn keep_analysis(recorder: &mut Recorder, name: &str) {
    recorder
        .entries
        .retain_mut(|Entry { what, .. }| match what {
            What::Measurement(measured) => {
                name.clone_into(&mut measured.run);
                true
            }
            What::AnalysisRun { run, .. } => {
                name.clone_into(run);
                true
            }
            _ => false,
        });
}

fn outcome_of(phase: RunPhase) -> &'static str {
    match phase {
        RunPhase::Successful => "successful",
        RunPhase::Failed => "failed",
        RunPhase::Error => "error",
        RunPhase::Inconclusive => "inconclusive",
        _ => "unfinished",
    }
}

/// What the recording doesn't say.
fn assumed(scenario: &Scenario) -> Diagnostic {
    let ready = RandomDuration::new(&scenario.service.pod.ready_after).median();
    let median = match scenario.service.pod.ready_after {
        DurationDistribution::Fixed(_) => "",
        _ => ", the median",
    };
    let controller = &scenario.controller;
    let message = format!(
        "assumed: a pod is ready {} after its creation{median}; the Rollout controller acts {} after a change, a \
         provider call takes {}",
        ready, controller.reconcile_latency, controller.provider_latency
    );
    Diagnostic::info(message).with_help("a scenario file can say otherwise, see docs/query.md")
}
