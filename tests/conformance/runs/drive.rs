//! A virtual clock around the AnalysisRun machine, with the four timing rules under which the runs were recorded:
//!
//! 1. after each reconcile the status keeps whole seconds (the machine's own part);
//! 2. a changed status causes the next reconcile 5 ms later and none earlier; an unchanged one with an immediate
//!    re-queue causes it 1 ms later;
//! 3. a delayed re-queue keeps the earliest due time and acts 1 ms after it;
//! 4. a request to terminate acts at once, or right after the batch under way.

use std::collections::BTreeMap;

use rollsim::controller::analysis::{
    MeasurementMessage, MessageHandle, Outcome, Phase, RunSpec, RunState, Task, TaskKind,
};
use rollsim::manifest::run_gate::{ResolvedRun, RunGateError, check};
use rollsim::plan::analysis::compile;
use rollsim::units::{Duration, Instant};

use super::case::{Case, Entry, Latency, Running, nth_or_last};
use super::measure::{Source, entry, measure, verdict};

/// 2024-01-01T00:00:00Z, before which no run is created.
pub const DAY: Instant = Instant::from_seconds(1_704_067_200);
const INFORMER: Duration = Duration::from_millis(5);
const QUEUE: Duration = Duration::from_millis(1);

/// One provider call as it went.
#[derive(Clone, Debug)]
pub struct Call {
    pub started: Instant,
    pub finished: Option<Instant>,
    pub phase: Phase,
    pub message: String,
    pub value: String,
}

/// A run as it went.
#[derive(Debug, Default)]
pub struct Replayed {
    pub state: RunState,
    pub refusal: Option<RunGateError>,
    /// Names that messages print.
    pub scheduled_names: Vec<String>,
    /// Measured names of the metrics, and the result each is stored in.
    pub names: Vec<(String, usize)>,
    /// Whether the result stored under a name is marked as dry-run.
    pub dry_run: BTreeMap<String, bool>,
    pub calls: BTreeMap<String, Vec<Call>>,
    pub texts: Vec<String>,
    pub reconciles: usize,
    /// Before the API server cut it off.
    pub started_at: Option<Instant>,
    pub completed_at: Option<Instant>,
    pub capped_at_calls: Option<usize>,
}

/// Lives the run of `case` from its creation to its end or horizon.
pub fn replay(case: &Case, source: Source) -> Replayed {
    let resolved = match check(&case.spec, &case.secrets) {
        Ok(resolved) => resolved,
        Err(refusal) => {
            return Replayed {
                state: RunState::refused(),
                refusal: Some(refusal),
                reconciles: 1,
                ..Replayed::default()
            };
        }
    };
    let spec = compile(&resolved).expect("a spec that can be simulated");
    let mut driver = Driver::new(case, &resolved, &spec, source);
    driver.live();
    driver.replayed
}

struct Driver<'a> {
    case: &'a Case,
    resolved: &'a ResolvedRun,
    spec: &'a RunSpec,
    source: Source,
    replayed: Replayed,
    queue: Queue,
}

/// When to reconcile next.
struct Queue {
    /// The informer's event, before which nothing happens.
    event: Option<Instant>,
    /// Nothing happens before this.
    idle_from: Instant,
    due: Option<Instant>,
    terminate: Option<Instant>,
    wakes: Vec<Instant>,
}

impl Queue {
    /// The next reconcile, and whether termination was requested by then. What is due by then is done with it.
    fn pop(&mut self) -> Option<(Instant, bool)> {
        let earliest = self.event.unwrap_or(self.idle_from);
        let now = [self.event, self.due.map(|due| due + QUEUE), self.terminate]
            .into_iter()
            .flatten()
            .chain(self.wakes.iter().copied())
            .map(|at| at.max(earliest))
            .min()?;
        let passed = |at: &Instant| *at <= now;
        self.event = self.event.filter(|at| !passed(at));
        self.due = self.due.filter(|due| !passed(&(*due + QUEUE)));
        self.wakes.retain(|at| !passed(at));
        let terminate = self.terminate.is_some_and(|at| passed(&at));
        if terminate {
            self.terminate = None;
        }
        Some((now, terminate))
    }

    /// Notes what a reconcile that ended at `end` asked for.
    fn push(&mut self, end: Instant, changed: bool, next: Option<Instant>) {
        self.idle_from = end;
        if changed {
            self.event = Some(end + INFORMER);
        }
        if let Some(next) = next {
            let next = next.max(end);
            self.due = Some(self.due.map_or(next, |due| due.min(next)));
        }
    }
}

impl<'a> Driver<'a> {
    fn new(case: &'a Case, resolved: &'a ResolvedRun, spec: &'a RunSpec, source: Source) -> Self {
        let created = created(case);
        let name = |metric: &rollsim::manifest::run_gate::ResolvedMetric| match &metric.measured {
            Ok(measured) => measured.name.clone(),
            Err(_) => metric.scheduled.name.clone(),
        };
        let names: Vec<_> = resolved
            .metrics
            .iter()
            .zip(&spec.metrics)
            .map(|(resolved, metric)| (name(resolved), metric.stored_as))
            .collect();
        Self {
            case,
            resolved,
            spec,
            source,
            replayed: Replayed {
                state: RunState::new(spec),
                scheduled_names: resolved
                    .metrics
                    .iter()
                    .map(|metric| metric.scheduled.name.clone())
                    .collect(),
                dry_run: names
                    .iter()
                    .map(|(name, slot): &(String, usize)| {
                        (name.clone(), spec.results[*slot].dry_run)
                    })
                    .collect(),
                names,
                ..Replayed::default()
            },
            queue: Queue {
                event: Some(created),
                idle_from: created,
                due: None,
                terminate: case.terminate_at.map(|at| created + seconds(at)),
                wakes: Vec::new(),
            },
        }
    }

    fn live(&mut self) {
        let horizon = created(self.case) + Duration::from_seconds(self.case.horizon_sec);
        let mut tasks = Vec::new();
        while let Some((now, terminate)) = self.queue.pop() {
            if now > horizon {
                break;
            }
            if terminate {
                self.replayed.state.request_termination();
            }
            self.reconcile(now, &mut tasks);
            if self.replayed.state.verdict().is_some() {
                break;
            }
            let calls: usize = self.replayed.calls.values().map(Vec::len).sum();
            if self.case.max_calls.is_some_and(|limit| calls >= limit) {
                self.replayed.capped_at_calls = Some(calls);
                break;
            }
        }
    }

    fn reconcile(&mut self, now: Instant, tasks: &mut Vec<Task>) {
        self.replayed.reconciles += 1;
        self.replayed.state.begin(self.spec, now, tasks);
        let unmeasurable = tasks
            .iter()
            .find_map(|task| self.resolved.metrics[task.metric].measured.clone().err());
        if let Some(error) = unmeasurable {
            self.replayed.state.refuse();
            self.replayed.refusal = Some(RunGateError::Arguments(error.into()));
            return;
        }
        let mut end = now;
        for task in tasks.iter() {
            let outcome = self.call(*task, now);
            if let Outcome::Completed { at, .. } = outcome {
                end = end.max(at);
            }
            self.replayed.state.record(self.spec, *task, now, outcome);
        }
        let reconciled = self.replayed.state.finish(self.spec, end);
        let state = &self.replayed.state;
        self.replayed.started_at = self.replayed.started_at.or(state.started_at());
        self.replayed.completed_at = self.replayed.completed_at.or(state.completed_at());
        self.queue.push(end, reconciled.changed, reconciled.next);
    }

    fn call(&mut self, task: Task, now: Instant) -> Outcome {
        let name = self.replayed.names[task.metric].0.clone();
        let made = self.replayed.calls.get(&name).map_or(0, Vec::len);
        let index = match task.kind {
            TaskKind::Run => made,
            TaskKind::Resume | TaskKind::Terminate => made - 1,
        };
        let case = self.case;
        let outcome = match (task.kind, entry(case, &name, index)) {
            (TaskKind::Terminate, _) => Outcome::Completed {
                verdict: verdict("Successful"),
                at: now,
                message: MeasurementMessage::Empty,
            },
            (kind, Entry::Running(running)) => self.ask(running, kind, &name, now),
            (_, scripted) => {
                let metric = &self.resolved.metrics[task.metric].measured;
                let metric = metric.as_ref().expect("a metric that can be measured");
                let measured = measure(case, metric, index, now, self.source);
                let at = match scripted {
                    Entry::ProviderError(_) => now,
                    _ => now + latency(case, &name, index),
                };
                let message = self.keep(&self.resolved.redact(&measured.message));
                self.note(&name, now, Phase::Running, &measured.value);
                Outcome::Completed {
                    verdict: measured.verdict,
                    at,
                    message,
                }
            }
        };
        self.note_outcome(&name, task.kind, outcome);
        outcome
    }

    /// Starts or polls a provider that answers later.
    fn ask(&mut self, running: &Running, kind: TaskKind, name: &str, now: Instant) -> Outcome {
        if kind == TaskKind::Run {
            self.note(name, now, Phase::Running, "");
        }
        let started = self.replayed.calls[name].last().expect("a call").started;
        let done = started + seconds(running.done_after);
        if kind == TaskKind::Resume && now >= done {
            return Outcome::Completed {
                verdict: verdict(&running.phase),
                at: now,
                message: self.keep(&running.message),
            };
        }
        let resume_at = running.resume_after.map(|after| now + seconds(after));
        if resume_at.is_none() && kind == TaskKind::Run {
            self.queue.wakes.push(done + QUEUE);
        }
        Outcome::InFlight {
            resume_at,
            message: MeasurementMessage::Empty,
        }
    }

    fn keep(&mut self, text: &str) -> MeasurementMessage {
        if text.is_empty() {
            return MeasurementMessage::Empty;
        }
        self.replayed.texts.push(text.to_owned());
        let index = self.replayed.texts.len() - 1;
        MeasurementMessage::Text(MessageHandle(u32::try_from(index).expect("few texts")))
    }

    fn note(&mut self, name: &str, started: Instant, phase: Phase, value: &str) {
        let call = Call {
            started,
            finished: None,
            phase,
            message: String::new(),
            value: value.to_owned(),
        };
        self.replayed
            .calls
            .entry(name.to_owned())
            .or_default()
            .push(call);
    }

    fn note_outcome(&mut self, name: &str, kind: TaskKind, outcome: Outcome) {
        let texts = &self.replayed.texts;
        let calls = self.replayed.calls.get_mut(name).expect("a call");
        let call = calls.last_mut().expect("a call");
        if let Outcome::Completed {
            verdict,
            at,
            message,
        } = outcome
        {
            call.phase = Phase::Completed(verdict);
            call.finished = Some(at);
            call.message = match kind {
                TaskKind::Terminate => "Metric Terminated".to_owned(),
                _ => message.render(|handle| texts[handle.0 as usize].clone()),
            };
        }
    }
}

pub fn created(case: &Case) -> Instant {
    DAY + Duration::from_millis(case.start_offset_ms)
}

fn latency(case: &Case, metric: &str, call: usize) -> Duration {
    match case.latency.get(metric) {
        None => Duration::ZERO,
        Some(Latency::Always(latency)) => seconds(*latency),
        Some(Latency::PerCall(list)) => seconds(*nth_or_last(list, call).unwrap_or(&0.0)),
    }
}

/// Seconds with at most three decimals.
#[expect(
    clippy::cast_possible_truncation,
    reason = "recorded times are a few hours"
)]
pub fn seconds(value: f64) -> Duration {
    Duration::from_millis((value * 1000.0).round() as i64)
}
