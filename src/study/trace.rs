//! `rollsim trace`: one replication of one arm, event by event.

use crate::engine::replicate::Replicator;
use crate::engine::trace::{Entry, Recorder, What};
use crate::report::export::Traced;
use crate::report::model::{RNG, VERSION, Window};
use crate::report::trace::{Event, SCHEMA, Trace, TraceEvent};

use super::export;
use super::failure::Failure;
use super::input;
use super::prepare::{Prepared, Ready, prepare};
use super::request::{RolloutChoice, TraceRequest};
use super::run::choose_arms;

/// Answers a request.
pub fn trace(request: &TraceRequest) -> Result<Traced, Failure> {
    let inputs = input::read(&request.inputs)?;
    let seed = request.seed.unwrap_or(inputs.scenario.montecarlo.seed);
    let choice = request
        .rollout
        .clone()
        .map_or(RolloutChoice::Default, RolloutChoice::Named);
    let rollouts = inputs.rollouts(&choice)?;
    let mut traced = Traced::from(Trace {
        schema: SCHEMA.to_owned(),
        rollsim: VERSION.to_owned(),
        rng: RNG.to_owned(),
        scenario: inputs.scenario_file.clone(),
        seed,
        rollout: String::new(),
        arm: request.arm.clone(),
        replication: request.replication,
        replayed: None,
        invalid_spec: None,
        findings: Vec::new(),
        events: Vec::new(),
    });
    for object in rollouts {
        traced.trace.rollout.clone_from(&object.name);
        match prepare(&inputs, object)? {
            Prepared::Invalid(invalid) => traced.trace.invalid_spec = Some(invalid),
            Prepared::Ready(ready) => {
                let Ready {
                    built, scenario, ..
                } = *ready;
                let arms = choose_arms(&built.plan, std::slice::from_ref(&request.arm))?;
                let mut replicator = Replicator::new(&built.plan, arms[0], seed);
                if request.tree {
                    replicator.keep_snapshots(request.at);
                }
                let (replication, recorder) = if request.openmetrics || request.promtool {
                    let scenario = &scenario;
                    let exported = export::replay(&mut replicator, &built, scenario, request)?;
                    export::add_files(&mut traced, &exported, &built, scenario, request);
                    (exported.replication, exported.recorder)
                } else {
                    replicator.trace(request.replication)
                };
                let (outcome, ended_ms) = (replication.outcome.name(), replication.ended_ms);
                traced.trace.events = shown_events(&recorder, outcome, ended_ms);
                traced.snapshots = recorder.snapshots.unwrap_or_default();
            }
        }
    }
    Ok(traced)
}

/// What was recorded, and the outcome, in order.
pub(super) fn shown_events(recorder: &Recorder, outcome: &str, ended_ms: i64) -> Vec<TraceEvent> {
    let mut shown: Vec<TraceEvent> = recorder.entries.iter().flat_map(events).collect();
    mark_returns(&mut shown);
    shown.push(TraceEvent {
        at_s: seconds(ended_ms),
        event: Event::Outcome {
            outcome: outcome.to_owned(),
        },
    });
    shown.sort_by(|left, right| left.at_s.total_cmp(&right.at_s));
    shown
}

/// An abort takes the Rollout back to its first step without doing what that step says.
fn mark_returns(events: &mut [TraceEvent]) {
    let mut furthest = 0;
    for event in events {
        if let Event::Step { step, text } = &mut event.event {
            if *step < furthest {
                "back here, for the next update to start from".clone_into(text);
            }
            furthest = furthest.max(*step);
        }
    }
}

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}

fn events(entry: &Entry) -> Vec<TraceEvent> {
    let at = |event| TraceEvent {
        at_s: seconds(entry.at_ms),
        event,
    };
    match &entry.what {
        What::Phase { phase, message } => {
            vec![at(Event::Rollout {
                phase: phase.clone(),
                message: message.clone(),
            })]
        }
        What::Step { index, text, .. } => match u16::try_from(*index) {
            Ok(step) if !text.is_empty() => vec![at(Event::Step {
                step,
                text: text.clone(),
            })],
            _ => Vec::new(),
        },
        What::Weight { asked, share } => vec![at(Event::Weight {
            asked: *asked,
            share: *share,
        })],
        What::Replicas { stable, canary, .. } => vec![at(Event::Replicas {
            stable: stable.spec.unsigned_abs(),
            stable_ready: stable.ready.unsigned_abs(),
            canary: canary.spec.unsigned_abs(),
            canary_ready: canary.ready.unsigned_abs(),
        })],
        What::Fault { text } => vec![at(Event::Fault { text: text.clone() })],
        What::Operator { action, effect } => vec![at(Event::Operator {
            action: action.clone(),
            effect: *effect,
        })],
        What::Page { trigger } => vec![at(Event::Page {
            trigger: trigger.clone(),
        })],
        What::Notification {
            trigger,
            service,
            recipient,
        } => vec![at(Event::Notification {
            trigger: trigger.clone(),
            service: service.clone(),
            recipient: recipient.clone(),
        })],
        What::Measurement(measured) => vec![at(Event::Measurement {
            metric: measured.metric.clone(),
            window: measured.window_ms.map(|(from, to)| Window {
                from_s: seconds(from),
                to_s: seconds(to),
            }),
            value: (!measured.value.is_empty()).then(|| measured.value.clone()),
            phase: measured.phase.clone(),
            message: measured.message.clone(),
        })],
        What::AnalysisRun {
            run,
            phase,
            message,
        } => {
            let (name, phase, message) = (run.clone(), phase.clone(), message.clone());
            vec![at(Event::AnalysisRun {
                name,
                phase,
                message,
            })]
        }
    }
}
