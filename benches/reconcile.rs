//! Both controllers alone: reconciles of an AnalysisRun, and passes over Rollouts whose pods become ready.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use rollsim::controller::analysis::{
    MeasurementMessage, MetricSpec, Outcome, ResultSpec, RunSpec, RunState, Task, Verdict,
};
use rollsim::controller::replicaset::{Pod, Pods};
use rollsim::controller::rollout::{
    Effects, Inputs, RunId, RunPhase, State, Template, Write, actions, reconcile,
};
use rollsim::plan::{Plan, UPDATE_SECOND};
use rollsim::units::{Duration, Instant};

#[path = "support/scenario.rs"]
mod scenario;

/// From a change to the reconcile that it causes.
const RECONCILE_LATENCY: Duration = Duration::from_millis(50);
const PROVIDER_LATENCY: Duration = Duration::from_millis(20);
/// What comes due in a work queue is handed out this much later.
const QUEUE_DELAY: Duration = Duration::from_millis(1);
const POD_READY_AFTER: Duration = Duration::from_seconds(8);
const RUN_TAKES: Duration = Duration::from_seconds(125);

fn main() {
    divan::main();
}

/// A run of two metrics, five measurements each, from its creation to its end; an item is a reconcile.
#[divan::bench(sample_size = 100)]
fn analysis(bencher: Bencher) {
    let spec = two_metrics();
    let mut run = RunState::new(&spec);
    let mut tasks = Vec::new();
    let reconciles = whole_run(&spec, &mut run, &mut tasks);
    assert_eq!(run.verdict(), Some(Verdict::Successful));
    bencher
        .counter(ItemsCount::new(reconciles))
        .bench_local(|| whole_run(black_box(&spec), &mut run, &mut tasks));
}

fn two_metrics() -> RunSpec {
    let metric = |index| MetricSpec {
        interval: Some(Duration::from_seconds(30)),
        effective_count: Some(5),
        failure_limit: Some(3),
        looked_up_as: index,
        stored_as: index,
        ..MetricSpec::default()
    };
    RunSpec {
        metrics: vec![metric(0), metric(1)],
        results: vec![ResultSpec::default(); 2],
        terminate: false,
    }
}

/// Drives a run to its end and gives the number of reconciles.
fn whole_run(spec: &RunSpec, run: &mut RunState, tasks: &mut Vec<Task>) -> u32 {
    run.reset(spec);
    let mut now = Instant::from_millis(600);
    let mut reconciles = 0;
    loop {
        run.begin(spec, now, tasks);
        let end = if tasks.is_empty() {
            now
        } else {
            now + PROVIDER_LATENCY
        };
        for task in tasks.iter() {
            let outcome = Outcome::Completed {
                verdict: Verdict::Successful,
                at: end,
                message: MeasurementMessage::Empty,
            };
            run.record(spec, *task, now, outcome);
        }
        let reconciled = run.finish(spec, end);
        reconciles += 1;
        now = match reconciled.next {
            // What the reconcile has changed causes another one.
            _ if reconciled.changed => end + RECONCILE_LATENCY,
            Some(next) => next.max(end) + QUEUE_DELAY,
            None => return reconciles,
        };
    }
}

/// An update from the new template to its promotion; an item is a pass.
#[divan::bench(args = ["article", "nginx-canary", "blue-green"], sample_size = 20)]
fn rollout(bencher: Bencher, scenario: &str) {
    let plan = scenario::built(scenario, None).plan;
    let mut update = Update::new(&plan);
    let passes = update.replay();
    bencher
        .counter(ItemsCount::new(passes))
        .bench_local(|| update.replay());
}

/// One update among pods that take eight seconds to become ready, and runs that all succeed.
struct Update<'p> {
    plan: &'p Plan,
    state: State,
    effects: Effects,
    fleets: Vec<Pods>,
    now: Instant,
    /// When the controller is woken by a change, and by what it asked for itself.
    woken: Instant,
    delayed: Instant,
    /// The run under way and its end.
    run: Option<(RunId, Instant)>,
}

impl<'p> Update<'p> {
    const NEW: Template = Template::FIRST.next();

    fn new(plan: &'p Plan) -> Self {
        Self {
            plan,
            state: plan.deployed.clone(),
            effects: Effects::default(),
            fleets: vec![Pods::default(); 2],
            now: UPDATE_SECOND,
            woken: Instant::NEVER,
            delayed: Instant::NEVER,
            run: None,
        }
    }

    /// Gives the number of passes.
    fn replay(&mut self) -> u32 {
        self.reset();
        let mut passes = 0;
        while self.state.status.stable != Some(Self::NEW) {
            self.now = self.next();
            assert!(self.now != Instant::NEVER, "the update is promoted");
            if let Some((id, end)) = self.run
                && end <= self.now
            {
                self.run = None;
                if self.state.set_run_phase(id, RunPhase::Successful) {
                    self.wake();
                }
            }
            if self.woken.min(self.delayed) <= self.now {
                self.pass();
                passes += 1;
            }
            self.replica_sets();
        }
        passes
    }

    fn reset(&mut self) {
        self.state.copy_from(&self.plan.deployed);
        self.now = UPDATE_SECOND - Duration::from_seconds(86_400);
        self.fleets.iter_mut().for_each(Pods::clear);
        self.replica_sets();
        self.now = UPDATE_SECOND;
        self.run = None;
        self.delayed = Instant::NEVER;
        actions::set_template(&mut self.state, Self::NEW);
        self.woken = self.now + RECONCILE_LATENCY;
    }

    fn next(&self) -> Instant {
        let pods = self
            .fleets
            .iter()
            .map(|pods| pods.next_change(self.now, self.plan.min_ready));
        let run = self.run.map(|(_, end)| end);
        pods.chain(run)
            .chain([self.woken, self.delayed])
            .min()
            .unwrap_or(Instant::NEVER)
    }

    fn wake(&mut self) {
        self.woken = self.woken.min(self.now + RECONCILE_LATENCY);
    }

    fn pass(&mut self) {
        self.woken = Instant::NEVER;
        if self.delayed <= self.now {
            self.delayed = Instant::NEVER;
        }
        let inputs = Inputs {
            now: self.now,
            weight_verified: None,
        };
        reconcile(&self.plan.spec, &mut self.state, &inputs, &mut self.effects);
        if self.effects.changed {
            self.wake();
        }
        if let Some(at) = self.effects.requeue_at {
            self.delayed = self.delayed.min(at + QUEUE_DELAY);
        }
        for write in &self.effects.writes {
            if let Write::CreateRun(id) = *write {
                self.run = Some((id, self.now + RUN_TAKES));
            }
        }
    }

    fn replica_sets(&mut self) {
        let now = self.now;
        let mut changed = false;
        for (rs, pods) in self.state.replica_sets.iter_mut().zip(&mut self.fleets) {
            let create = |_| Pod {
                key: 0,
                created_at: now,
                ready_at: now + POD_READY_AFTER,
                down: false,
            };
            pods.scale(rs.counts.spec, now, create, |_| {});
            changed |= pods.count(rs, now, self.plan.min_ready);
        }
        if changed {
            self.wake();
        }
    }
}
