//! `rollsim run`: every arm many times, and what that means.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use crate::diagnostics::{Diagnostic, did_you_mean};
use crate::montecarlo::progress::Progress;
use crate::plan::build::{Built, MetricFacts};
use crate::plan::{Arm, ArmKind, Plan, Split};
use crate::report::base_rates::base_rates;
use crate::report::bound::Bound;
use crate::report::findings::{self, ArmFacts, Facts, Signal};
use crate::report::model::{ArmResult, PlanSummary, RNG, Report, RolloutResult, SCHEMA, VERSION};
use crate::report::summarise::summarise;
use crate::scenario::model::{Fault, Onset, OutOfMemory, Releases, Scenario};

use super::assumptions::assumptions;
use super::bound::{self, BoundSettings, bounds, expected_replications};
use super::failure::Failure;
use super::input::{self, Inputs};
use super::nominal;
use super::prepare::{Prepared, Ready, prepare};
use super::request::RunRequest;
use super::sampling::{self, Extent, Session};
use super::sensitivity::sensitivity;
use super::threads::pool;

/// Answers a request.
pub fn run(request: &RunRequest, progress: &Progress) -> Result<Report, Failure> {
    let inputs = input::read(&request.inputs)?;
    run_on(&inputs, request, progress)
}

/// Answers a request whose inputs are read already; with or without what the best test could have done.
pub(super) fn run_on(
    inputs: &Inputs,
    request: &RunRequest,
    progress: &Progress,
) -> Result<Report, Failure> {
    let scenario = &inputs.scenario;
    let seed = request.seed.unwrap_or(scenario.montecarlo.seed);
    let mut report = Report {
        schema: SCHEMA.to_owned(),
        rollsim: VERSION.to_owned(),
        rng: RNG.to_owned(),
        scenario: inputs.scenario_file.clone(),
        seed,
        inputs: inputs.files(),
        assumptions: Vec::new(),
        findings: inputs.findings(),
        results: Vec::new(),
    };
    let objects = inputs.rollouts(&request.rollouts)?;
    let prepared: Vec<Prepared> = objects
        .iter()
        .map(|object| prepare(inputs, object))
        .collect::<Result<_, _>>()?;
    let mut sessions = sessions(&prepared, request)?;
    let extent = Extent::of(request, &scenario.montecarlo);
    let bounds = on_threads(request.threads, || {
        sampling::replay(&mut sessions, extent, request.interval, seed, progress)?;
        let bounds = sessions.iter().map(|session| {
            if request.best_possible {
                best_possible(session, seed, progress)
            } else {
                Vec::new()
            }
        });
        Ok::<_, Failure>(bounds.collect::<Vec<_>>())
    })??;
    let mut sessions = sessions.into_iter().zip(bounds);
    for (object, prepared) in objects.iter().zip(&prepared) {
        let ready = match prepared {
            Prepared::Invalid(invalid) => {
                report.results.push(RolloutResult {
                    rollout: object.name.clone(),
                    invalid_spec: Some(invalid.clone()),
                    plan: None,
                    arms: Vec::new(),
                    base_rates: None,
                    sensitivity: None,
                });
                continue;
            }
            Prepared::Ready(ready) => ready,
        };
        let Ready {
            built,
            oddities,
            scenario,
            ..
        } = ready.as_ref();
        report.findings.extend(oddities.findings.iter().cloned());
        let Some((session, bounds)) = sessions.next() else {
            continue;
        };
        let releases = scenario.releases.as_ref();
        let mut result = summarised(&session, bounds, request, releases);
        if request.sensitivity && !progress.is_stopped() {
            result.sensitivity = on_threads(request.threads, || {
                let arms = &result.arms;
                sensitivity(inputs, scenario, object, arms, request, seed, progress)
            })??;
        }
        let facts = facts(built, scenario, &oddities.explained, result.plan.as_ref());
        let derived = findings::derive(&result, &facts);
        report
            .findings
            .extend(derived.iter().map(|finding| finding.entry(&result.rollout)));
        report.results.push(result);
        assume(&mut report, ready);
    }
    Ok(report)
}

/// What a Rollout's numbers rest on.
pub(super) fn assumed(ready: &Ready) -> Vec<String> {
    let derived = ready.derived.iter();
    let sentences = derived.flat_map(|derived| derived.assumptions.clone());
    let general = assumptions(&ready.scenario, &ready.built);
    sentences.chain(general).collect()
}

/// Adds what a Rollout's numbers rest on, each sentence once.
fn assume(report: &mut Report, ready: &Ready) {
    for sentence in assumed(ready) {
        if !report.assumptions.contains(&sentence) {
            report.assumptions.push(sentence);
        }
    }
}

/// One session for each Rollout that isn't refused.
fn sessions<'p>(
    prepared: &'p [Prepared],
    request: &RunRequest,
) -> Result<Vec<Session<'p>>, Failure> {
    let ready = prepared.iter().filter_map(|prepared| match prepared {
        Prepared::Ready(ready) => Some(&ready.built.plan),
        Prepared::Invalid(_) => None,
    });
    ready
        .map(|plan| {
            let arms = choose_arms(plan, &request.arms)?;
            Ok(Session::new(
                plan,
                if request.best_possible {
                    with_healthy(plan, &arms)
                } else {
                    arms
                },
            ))
        })
        .collect()
}

/// Does `work` on a pool of so many threads; one per core if none are named.
fn on_threads<T: Send>(
    threads: Option<NonZeroUsize>,
    work: impl FnOnce() -> T + Send,
) -> Result<T, Failure> {
    let pool = pool(threads)?;
    Ok(pool.install(work))
}

/// The bounds of each arm of a session.
fn best_possible(session: &Session<'_>, seed: u64, progress: &Progress) -> Vec<Vec<Bound>> {
    let replications = session.replayed.until.min(bound::REPLICATIONS);
    let settings = BoundSettings { replications, seed };
    progress.expect(expected_replications(&session.arms, settings));
    let tallies = &session.replayed.tallies;
    bounds(session.plan, &session.arms, tallies, settings, progress)
}

pub(super) fn summarised(
    session: &Session<'_>,
    bounds: Vec<Vec<Bound>>,
    request: &RunRequest,
    releases: Option<&Releases>,
) -> RolloutResult {
    let plan = session.plan;
    let arms = session.arms.iter().zip(&session.replayed.tallies);
    let bounds = bounds.into_iter().chain(std::iter::repeat_with(Vec::new));
    let arms: Vec<ArmResult> = arms
        .zip(bounds)
        .filter(|((arm, _), _)| request.arms.is_empty() || request.arms.contains(&arm.name))
        .filter_map(|((arm, tally), bound)| {
            let result = summarise(&arm.name, tally, &plan.metrics, request.interval)?;
            Some(ArmResult { bound, ..result })
        })
        .collect();
    RolloutResult {
        rollout: plan.rollout.clone(),
        invalid_spec: None,
        plan: nominal::summary(plan),
        base_rates: releases.map(|releases| base_rates(releases, &arms)),
        arms,
        sensitivity: None,
    }
}

/// These arms, and last the healthy one if it isn't among them: the level of the best test is its.
fn with_healthy<'p>(plan: &'p Plan, arms: &[&'p Arm]) -> Vec<&'p Arm> {
    let mut arms = arms.to_vec();
    if !arms.iter().any(|arm| arm.kind == ArmKind::Healthy) {
        let mut all = plan.arms.iter();
        arms.extend(all.find(|arm| arm.kind == ArmKind::Healthy));
    }
    arms
}

/// The arms that a request names, or all, in the plan's order.
pub(super) fn choose_arms<'p>(plan: &'p Plan, names: &[String]) -> Result<Vec<&'p Arm>, Failure> {
    for name in names {
        if !plan.arms.iter().any(|arm| arm.name == *name) {
            return Err(Failure::request(unknown_arm(plan, name)));
        }
    }
    let wanted = |arm: &&Arm| names.is_empty() || names.contains(&arm.name);
    Ok(plan.arms.iter().filter(wanted).collect())
}

fn unknown_arm(plan: &Plan, name: &str) -> Diagnostic {
    let known: Vec<&str> = plan.arms.iter().map(|arm| arm.name.as_str()).collect();
    let diagnostic = Diagnostic::error(format!("there is no arm `{name}`"))
        .with_note(format!("the arms are {}", known.join(", ")));
    match did_you_mean(name, known.iter().copied()) {
        Some(close) => diagnostic.with_help(format!("did you mean `{close}`?")),
        None => diagnostic.with_help("arms are `healthy` and the scenario's faults"),
    }
}

fn facts(
    built: &Built,
    scenario: &Scenario,
    explained: &BTreeSet<String>,
    plan: Option<&PlanSummary>,
) -> Facts {
    let serves_from_s = plan.and_then(|plan| plan.canary_serves_from_s);
    let metrics = built.facts.iter();
    let arms = scenario.faults.iter();
    Facts {
        metrics: metrics
            .map(|facts| metric_facts(facts, explained.contains(&facts.name)))
            .collect(),
        arms: arms
            .map(|fault| arm_facts(fault, scenario, serves_from_s.unwrap_or(0.0)))
            .collect(),
        traffic_router: built.plan.world.split != Split::ReadyPods,
    }
}

fn metric_facts(facts: &MetricFacts, explained: bool) -> findings::MetricFacts {
    let signals = facts.signals;
    let reads = [
        (signals.status, Signal::Errors),
        (signals.latency, Signal::Latency),
        (signals.memory, Signal::Memory),
        (signals.content, Signal::Content),
        (signals.requests, Signal::Traffic),
        (signals.cpu, Signal::Cpu),
        (signals.up || signals.state, Signal::Restarts),
    ];
    let reads = reads
        .into_iter()
        .filter(|(seen, _)| *seen && facts.reads_canary);
    findings::MetricFacts {
        name: facts.name.clone(),
        reads: reads.map(|(_, signal)| signal).collect(),
        explained,
    }
}

/// What a fault changes from when on, if the first pod of the new version serves from `serves_from_s`.
fn arm_facts(fault: &Fault, scenario: &Scenario, serves_from_s: f64) -> ArmFacts {
    let onset_s = match fault.onset {
        Onset::PodAge(age) => serves_from_s + age.as_seconds_f64(),
        Onset::SinceUpdate(since) => serves_from_s.max(since.as_seconds_f64()),
    };
    let parts = [
        (fault.error_share.is_some(), Signal::Errors),
        (fault.latency.is_some(), Signal::Latency),
        (fault.broken_content_share.is_some(), Signal::Content),
        (fault.memory.is_some(), Signal::Memory),
    ];
    let parts = parts.into_iter().filter(|(acts, _)| *acts);
    let mut acts_on: BTreeMap<Signal, f64> = parts.map(|(_, signal)| (signal, onset_s)).collect();
    if let Some(leak) = &fault.memory {
        let memory = &scenario.service.memory;
        let reached_s = |bytes: f64| {
            onset_s + ((bytes - memory.baseline_bytes) / leak.bytes_per_second).max(0.0)
        };
        if let Some(pressure) = &leak.gc_pressure {
            let from_s = reached_s(pressure.from_share * memory.limit_bytes);
            acts_on.entry(Signal::Latency).or_insert(from_s);
        }
        if leak.oom == OutOfMemory::Restart {
            acts_on.insert(Signal::Restarts, reached_s(memory.limit_bytes));
        }
    }
    ArmFacts {
        name: fault.name.clone(),
        acts_on,
    }
}
