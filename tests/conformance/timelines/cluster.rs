//! The world around the controllers as the recordings had it: pods that get ready after a fixed time, an
//! analysis provider that answers at once, one reconcile after the other (argo-rollout.md §15.3).

use std::collections::BTreeMap;

use rollsim::controller::analysis::{RunState, Task};
use rollsim::controller::replicaset::{Pod, Pods};
use rollsim::controller::rollout::livelock::{Livelock, fingerprint};
use rollsim::controller::rollout::state::ServiceRole;
use rollsim::controller::rollout::{
    Effects, Event, Inputs, RunId, RunKind, RunPhase, State, Template, Write, reconcile,
};
use rollsim::plan::rollout::CompiledRollout;
use rollsim::units::{Duration, Instant};

use super::provider::{CompiledRun, Measured, Provider};

/// One reconcile took this long.
const TICK: Duration = Duration::from_nanos(10_000);

/// `env` of a recording; times count from the update.
#[derive(Clone, Debug)]
pub struct Environment {
    pub pod_ready: i64,
    pub canary_pod_ready: Option<i64>,
    pub canary_max_ready: Option<usize>,
    pub crash_at: Option<i64>,
    pub crash_leaves: usize,
    pub crash_until: Option<i64>,
    pub weight_unverified_until: Option<i64>,
}

/// An AnalysisRun and its place in the work queue.
pub struct RunningAnalysis {
    pub compiled: CompiledRun,
    pub state: RunState,
    pub name: String,
    due: Option<Instant>,
}

/// The cluster, the clock and the work queues.
pub struct Cluster<'a> {
    pub compiled: &'a CompiledRollout,
    pub environment: &'a Environment,
    provider: &'a Provider,
    /// When the update comes.
    pub update_at: Instant,
    pub now: Instant,
    pub state: State,
    pub effects: Effects,
    pods: BTreeMap<Template, Pods>,
    pub runs: Vec<RunningAnalysis>,
    /// The Rollout's delayed key.
    requeue_at: Option<Instant>,
    /// The Rollout has changed, or something that it watches.
    dirty: bool,
    failures: u32,
    livelock: Livelock,
    pub livelock_at: Option<i64>,
    pub events: Vec<(i64, Event)>,
    pub set_weight_calls: Vec<(i64, i32)>,
    pub measured: Vec<Measured>,
}

impl<'a> Cluster<'a> {
    pub fn new(
        compiled: &'a CompiledRollout,
        environment: &'a Environment,
        provider: &'a Provider,
        start: Instant,
        update_at: Instant,
    ) -> Self {
        let mut state = State::new(compiled.replicas);
        state.desired.paused = compiled.paused;
        Self {
            compiled,
            environment,
            provider,
            update_at,
            now: start,
            state,
            effects: Effects::default(),
            pods: BTreeMap::new(),
            runs: Vec::new(),
            requeue_at: None,
            dirty: true,
            failures: 0,
            livelock: Livelock::default(),
            livelock_at: None,
            events: Vec::new(),
            set_weight_calls: Vec::new(),
            measured: Vec::new(),
        }
    }

    /// Whole seconds since the update.
    pub fn second(&self) -> i64 {
        self.second_of(self.now)
    }

    fn second_of(&self, at: Instant) -> i64 {
        (at - self.update_at).as_nanos().div_euclid(1_000_000_000)
    }

    fn at(&self, second: i64) -> Instant {
        self.update_at + Duration::from_seconds(second)
    }

    /// A user or a resync has touched the Rollout.
    pub fn wake(&mut self) {
        self.dirty = true;
        self.livelock.reset();
    }

    /// The update comes into an empty work queue.
    pub fn forget_delayed_keys(&mut self) {
        self.requeue_at = None;
    }

    /// Everything that is due now, until it settles.
    pub fn settle(&mut self) {
        self.livelock.reset();
        loop {
            if self.replica_sets() {
                self.wake();
            }
            let due = self.requeue_at.is_some_and(|at| at <= self.now);
            if self.dirty || due {
                if self.pass() {
                    // It would go on like this for ever.
                    if self.livelock_at.is_none() {
                        self.livelock_at = Some(self.second());
                    }
                    self.dirty = false;
                    self.requeue_at = None;
                    return;
                }
                continue;
            }
            let Some(index) = self.first_due_run() else {
                return;
            };
            self.reconcile_run(index);
        }
    }

    /// When something happens next; [`Instant::NEVER`] if nothing does.
    pub fn next_time(&self) -> Instant {
        let pods = self
            .pods
            .values()
            .map(|pods| pods.next_change(self.now, self.compiled.min_ready));
        let crash = [self.environment.crash_at, self.environment.crash_until];
        let crash = crash.into_iter().flatten().map(|second| self.at(second));
        let verify = self.environment.weight_unverified_until;
        let runs = self.runs.iter().filter_map(|run| run.due);
        pods.chain(crash)
            .chain(verify.map(|second| self.at(second)))
            .chain(runs.chain(self.requeue_at).map(|at| at + TICK))
            .filter(|&at| at > self.now)
            .min()
            .unwrap_or(Instant::NEVER)
    }

    /// The ReplicaSet controller. True if any status changed.
    fn replica_sets(&mut self) -> bool {
        let environment = self.environment;
        let (now, min_ready) = (self.now, self.compiled.min_ready);
        let crashed = environment.crash_at.is_some_and(|at| now >= self.at(at))
            && environment
                .crash_until
                .is_none_or(|until| now < self.at(until));
        let mut changed = false;
        for rs in &mut self.state.replica_sets {
            let first = rs.template == Template::FIRST;
            let pods = self.pods.entry(rs.template).or_default();
            let create = |index: usize| {
                let seconds = match environment.canary_pod_ready {
                    Some(seconds) if !first => seconds,
                    _ => environment.pod_ready,
                };
                let never = seconds < 0
                    || (!first && environment.canary_max_ready.is_some_and(|max| index >= max));
                Pod {
                    key: 0,
                    created_at: now,
                    ready_at: if never {
                        Instant::NEVER
                    } else {
                        now + Duration::from_seconds(seconds)
                    },
                    down: false,
                }
            };
            pods.scale(rs.counts.spec, now, create, |_| {});
            for (index, pod) in pods.as_mut_slice().iter_mut().enumerate() {
                pod.down = crashed && !first && index >= environment.crash_leaves;
            }
            changed |= pods.count(rs, now, min_ready);
        }
        changed
    }

    /// One pass of the Rollout controller. True if passes repeat themselves for ever.
    fn pass(&mut self) -> bool {
        if self.requeue_at.is_some_and(|at| at <= self.now) {
            self.requeue_at = None;
        }
        let unverified = self.environment.weight_unverified_until;
        let inputs = Inputs {
            now: self.now,
            weight_verified: Some(unverified.is_none_or(|until| self.now >= self.at(until))),
        };
        reconcile(
            &self.compiled.spec,
            &mut self.state,
            &inputs,
            &mut self.effects,
        );
        self.carry_out();
        self.dirty = self.effects.changed;
        let mut requeue = self.effects.requeue_at;
        if self.effects.failed {
            let backoff = Duration::from_millis(1 << self.failures.min(13));
            self.failures += 1;
            requeue = Some(requeue.map_or(self.now + backoff, |at| at.min(self.now + backoff)));
        } else {
            self.failures = 0;
        }
        self.requeue_at = self.requeue_at.into_iter().chain(requeue).min();
        let again = self.dirty || self.requeue_at.is_some_and(|at| at <= self.now);
        self.now += TICK;
        again && self.livelock.repeats(fingerprint(&self.state))
    }

    fn carry_out(&mut self) {
        let second = self.second();
        self.events
            .extend(self.effects.events.iter().map(|&event| (second, event)));
        for index in 0..self.effects.writes.len() {
            match self.effects.writes[index] {
                Write::SetWeight(weight) => self.set_weight_calls.push((second, weight)),
                Write::CreateRun(id) => self.create_run(id),
                Write::TerminateRun(id) => {
                    let run = &mut self.runs[id.index()];
                    run.state.request_termination();
                    run.due = Some(self.now);
                }
                _ => {}
            }
        }
    }

    fn create_run(&mut self, id: RunId) {
        let run = *self.state.run(id);
        let compiled = self.provider.compile(run.kind);
        let base = run_label(run.kind);
        let earlier = self.state.runs[..id.index()]
            .iter()
            .filter(|earlier| earlier.kind == run.kind)
            .count();
        let name = if earlier == 0 {
            base
        } else {
            format!("{base}#{}", earlier + 1)
        };
        let state = if compiled.refusal.is_some() {
            RunState::refused()
        } else {
            RunState::new(&compiled.spec)
        };
        self.runs.push(RunningAnalysis {
            compiled,
            state,
            name,
            due: Some(self.now),
        });
    }

    /// Runs are reconciled in the order of their names in the cluster.
    fn first_due_run(&self) -> Option<usize> {
        (0..self.runs.len())
            .filter(|&index| self.runs[index].due.is_some_and(|at| at <= self.now))
            .min_by_key(|&index| {
                let run = &self.state.runs[index];
                let suffix = match run.kind {
                    RunKind::Step(step) => format!("-{step}"),
                    RunKind::Background => String::new(),
                    RunKind::PrePromotion => "-pre".to_owned(),
                    RunKind::PostPromotion => "-post".to_owned(),
                };
                (run.template, run.revision, suffix, run.collision)
            })
    }

    fn reconcile_run(&mut self, index: usize) {
        let (now, second) = (self.now, self.second());
        let run = &mut self.runs[index];
        run.due = None;
        if run.compiled.refusal.is_none() {
            let mut tasks: Vec<Task> = Vec::new();
            run.state.begin(&run.compiled.spec, now, &mut tasks);
            for task in tasks {
                let (outcome, measured) =
                    self.provider
                        .measure(&run.compiled, &run.name, task.metric, second, now);
                run.state.record(&run.compiled.spec, task, now, outcome);
                self.measured.push(measured);
            }
            let reconciled = run.state.finish(&run.compiled.spec, now);
            run.due = if reconciled.changed {
                Some(now)
            } else {
                reconciled.next
            };
        }
        let phase = RunPhase::from(run.state.phase());
        let id = RunId(u16::try_from(index).unwrap());
        if self.state.set_run_phase(id, phase) {
            self.wake();
        }
        self.now += TICK;
    }

    pub fn provider_rollout_name(&self) -> &str {
        &self.provider.rollout().metadata.name
    }

    pub fn service_name(&self, role: ServiceRole) -> &str {
        let strategy = &self.provider.rollout().spec.strategy;
        let canary = strategy.canary.as_ref();
        let blue_green = strategy.blue_green.as_ref();
        match role {
            ServiceRole::Stable => canary.map_or("", |canary| &canary.stable_service),
            ServiceRole::Canary => canary.map_or("", |canary| &canary.canary_service),
            ServiceRole::Active => blue_green.map_or("", |strategy| &strategy.active_service),
            ServiceRole::Preview => blue_green.map_or("", |strategy| &strategy.preview_service),
        }
    }

    /// `status.message` of a run.
    pub fn run_message(&self, id: RunId) -> String {
        let run = &self.runs[id.index()];
        run.state.message().render(
            |metric| &run.compiled.metrics[metric].name,
            |handle| self.provider.text(handle),
            run.compiled.refusal.as_deref().unwrap_or_default(),
        )
    }
}

/// How the recordings call a run.
fn run_label(kind: RunKind) -> String {
    match kind {
        RunKind::Step(index) => format!("step-{index}"),
        RunKind::Background => "background".to_owned(),
        RunKind::PrePromotion => "pre".to_owned(),
        RunKind::PostPromotion => "post".to_owned(),
    }
}
