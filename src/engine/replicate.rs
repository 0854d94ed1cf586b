//! One replication from the update to its outcome, event by event.
//!
//! The loop takes the earliest of: pods that become ready or are killed, a pass of the Rollout controller,
//! a reconcile of an AnalysisRun, something that a person does. At equal times pods come first, then the
//! Rollout, then runs in the order of their creation, then people.

mod alone;
mod decision;
mod held_open;
mod jobs;

use crate::controller::analysis::{Outcome as MeasurementOutcome, TaskKind};
use crate::controller::rollout::livelock::{Livelock, fingerprint};
use crate::controller::rollout::status::AbortCause;
use crate::controller::rollout::{
    self, Effects, Event, Memo, RunId, RunPhase, State, Template, Write, actions,
};
use crate::plan::measure::Measure;
use crate::plan::{Arm, Plan, RunPlan, UPDATE_SECOND};
use crate::promql::head::{Head, Universe};
use crate::promql::plain::Series;
use crate::scenario::model::{OperatorAction, StartFraction};
use crate::telemetry::targets::evidence::Looks;
use crate::units::{Duration, Instant};
use crate::world::random::{Purpose, ReplicationKey};

use super::clock::{QUEUE_DELAY, millis};
use super::cluster::{Chance, Cluster};
use super::judge::{Answers, Judge};
use super::outcome::{Outcome, Replication};
use super::people::{self, People};
use super::runs::LiveRun;
use super::trace::{Recorder, Taken};
pub use alone::RunAlone;
use decision::Decision;
use held_open::{look, succeeded};
pub use jobs::Job;

/// The informers show everything again at this period, which wakes the Rollout controller.
const RESYNC_PERIOD: Duration = rollout::RESYNC_PERIOD;

/// So many passes upon each other are nothing special. Only then is it worth its time to ask whether they
/// will ever end.
const ORDINARY_PASSES: u32 = 8;

/// How long a trace of pictures goes on after the end: old pods vanish by then.
const SETTLING: Duration = Duration::from_seconds(120);

/// Replays one arm of a plan again and again; keeps its memory from one replication to the next.
#[derive(Debug)]
pub struct Replicator<'p> {
    plan: &'p Plan,
    arm: &'p Arm,
    seed: u64,
    chance: Chance,
    state: State,
    effects: Effects,
    cluster: Cluster<'p>,
    judge: Judge<'p>,
    people: People<'p>,
    runs: Vec<LiveRun>,
    run_count: usize,
    now: Instant,
    update_at: Instant,
    /// When the Rollout controller is woken by a change, and by what it asked for itself.
    woken: Instant,
    delayed: Instant,
    resync: Instant,
    backoff: Duration,
    livelock: Livelock,
    /// Passes that were made before, unless each is to be made anew.
    memo: Option<Memo>,
    /// Passes that changed something, each at once after the other.
    passes_in_a_row: u32,
    locked: bool,
    abort_cause: Option<AbortCause>,
    /// The abort that stands, while somebody may still turn it round.
    aborted: Option<Decision>,
    /// Somebody has put another image in the place of the version under test.
    superseded: Option<Decision>,
    /// Since when an aborted version serves nothing.
    safe_at: Option<Instant>,
    pages: u32,
    /// Step index and weight as of the start of the latest pass: an abort resets both.
    standing: Standing,
    recorder: Option<Recorder>,
    /// Whether the recorder keeps the rollout at each change.
    pictures: bool,
    /// How far such a trace goes, from the update.
    go_on_until: Option<Duration>,
    /// Measurements are taken at whole seconds.
    whole_seconds: bool,
    /// Gates are held open: what was looked at, for whom every measurement succeeds.
    held_open: Option<Looks>,
}

/// Where the rollout stood before a pass.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    step: Option<u16>,
    weight: u16,
    share: f64,
}

/// A replication with all that Prometheus scraped in it.
#[derive(Debug)]
pub struct Exported {
    /// How it ended.
    pub replication: Replication,
    /// What happened.
    pub recorder: Recorder,
    /// The start of the update, in milliseconds of virtual time.
    pub update_ms: i64,
    /// The series that queries can read, with staleness markers.
    pub series: Vec<Series>,
}

impl<'p> Replicator<'p> {
    /// Replications of `arm` under `seed`.
    pub fn new(plan: &'p Plan, arm: &'p Arm, seed: u64) -> Self {
        Self::with_chance(plan, arm, seed, Chance::Drawn, Answers::Asked)
    }

    /// The release that is shown as the plan: median times, and every measurement succeeds.
    pub fn nominal(plan: &'p Plan, arm: &'p Arm) -> Self {
        Self::with_chance(plan, arm, 0, Chance::Median, Answers::Supposed)
    }

    /// The release over series that were recorded: median times, since nothing else is left to chance.
    pub fn recorded(plan: &'p Plan, arm: &'p Arm) -> Self {
        Self::with_chance(plan, arm, 0, Chance::Median, Answers::Asked)
    }

    fn with_chance(
        plan: &'p Plan,
        arm: &'p Arm,
        seed: u64,
        chance: Chance,
        answers: Answers,
    ) -> Self {
        Self {
            plan,
            arm,
            seed,
            chance,
            state: plan.deployed.clone(),
            effects: Effects::default(),
            cluster: Cluster::new(plan, arm, chance),
            judge: Judge::new(plan, answers),
            people: People::new(&plan.operators, chance),
            runs: Vec::new(),
            run_count: 0,
            now: Instant::EPOCH,
            update_at: Instant::EPOCH,
            woken: Instant::NEVER,
            delayed: Instant::NEVER,
            resync: Instant::NEVER,
            backoff: QUEUE_DELAY,
            livelock: Livelock::default(),
            memo: Some(Memo::default()),
            passes_in_a_row: 0,
            locked: false,
            abort_cause: None,
            aborted: None,
            superseded: None,
            safe_at: None,
            pages: 0,
            standing: Standing::default(),
            recorder: None,
            pictures: false,
            go_on_until: None,
            whole_seconds: false,
            held_open: None,
        }
    }

    /// Replays replication `index`.
    pub fn run(&mut self, index: u64) -> Replication {
        self.reset(index);
        let horizon = self.update_at + self.plan.timing.horizon;
        let decision = self.until_decided(horizon);
        self.account(decision, horizon)
    }

    /// Replays replication `index` and notes everything that happens.
    pub fn trace(&mut self, index: u64) -> (Replication, Recorder) {
        let recorder = self.recorder.insert(Recorder::default());
        recorder.snapshots = self.pictures.then(Vec::new);
        self.judge.keep_texts();
        let replication = self.run(index);
        if self.pictures {
            let ended = self.now + SETTLING;
            let until = self
                .go_on_until
                .map_or(ended, |until| self.update_at + until);
            while self.step(until).is_some() {}
        }
        let recorder = self.recorder.take().unwrap_or_default();
        (replication, recorder)
    }

    /// Traces from now on keep the rollout at each change, and go on for so long after the update at least.
    pub fn keep_snapshots(&mut self, until: Option<Duration>) {
        self.pictures = true;
        self.go_on_until = until;
    }

    /// Replays replication `index`, notes everything that happens and keeps every scrape. With `whole_seconds`
    /// scrapes and measurements happen at whole seconds.
    pub fn export(&mut self, index: u64, universe: &Universe, whole_seconds: bool) -> Exported {
        self.whole_seconds = whole_seconds;
        self.cluster.targets.capture(whole_seconds);
        let (replication, recorder) = self.trace(index);
        Exported {
            replication,
            recorder,
            update_ms: millis(self.update_at),
            series: self.cluster.targets.captured(millis(self.now), universe),
        }
    }

    /// The samples of the latest replication, as far as its queries read them.
    pub fn samples(&self) -> &Head {
        &self.cluster.targets.head
    }

    fn reset(&mut self, index: u64) {
        let key = ReplicationKey::new(self.seed, index);
        let fraction = match (self.plan.timing.start_fraction, self.chance) {
            (StartFraction::Fixed(fraction), _) => fraction,
            (StartFraction::Random, Chance::Median) => Duration::ZERO,
            (StartFraction::Random, Chance::Drawn) => {
                let nanos = key
                    .stream(Purpose::StartFraction, 0, 0)
                    .next_below(1_000_000_000);
                Duration::from_nanos(nanos as i64)
            }
        };
        self.update_at = UPDATE_SECOND + fraction;
        self.now = self.update_at;
        self.state.copy_from(&self.plan.deployed);
        self.cluster.reset(key, self.update_at, &mut self.state);
        self.run_count = 0;
        self.forget_passes();
        self.locked = false;
        self.abort_cause = None;
        self.aborted = None;
        self.superseded = None;
        self.safe_at = None;
        self.pages = 0;
        self.people.reset(key, self.update_at);
        self.delayed = Instant::NEVER;
        self.resync = self.update_at + RESYNC_PERIOD;
        self.backoff = QUEUE_DELAY;
        actions::set_template(&mut self.state, Template::FIRST.next());
        self.forget_place();
        self.woken = self.update_at + self.plan.timing.reconcile;
        if let Some(recorder) = &mut self.recorder {
            recorder.begin(self.update_at, &self.state, &self.cluster);
        }
        self.snapshot();
    }

    /// Runs until the rollout is decided; at the horizon it is whatever it is.
    fn until_decided(&mut self, horizon: Instant) -> Decision {
        while let Some(at) = self.step(horizon) {
            self.now = at;
            if let Some(decision) = self.decided() {
                return decision;
            }
        }
        self.undecided(horizon)
    }

    /// Handles the next event up to `until` and gives its time.
    fn step(&mut self, until: Instant) -> Option<Instant> {
        let pods = self.cluster.next_change(self.now);
        let rollout = self.woken.min(self.delayed.max(self.now)).min(self.resync);
        let run = (0..self.run_count).min_by_key(|&index| self.runs[index].next());
        let run_at = run.map_or(Instant::NEVER, |index| self.runs[index].next());
        let job = (0..self.run_count).min_by_key(|&index| self.runs[index].next_of_jobs());
        let job_at = job.map_or(Instant::NEVER, |index| self.runs[index].next_of_jobs());
        let person = self.people.next();
        let at = pods.min(rollout).min(run_at).min(job_at).min(person);
        let at = at.max(self.now);
        if at > until || at == Instant::NEVER {
            return None;
        }
        self.now = at;
        if pods <= at {
            self.pods_change();
        } else if rollout <= at {
            self.pass();
        } else if let Some(index) = job.filter(|_| job_at <= at) {
            self.attempt_ends(index);
        } else if let Some(index) = run.filter(|_| run_at <= at) {
            self.reconcile_run(index);
        } else if let Some(action) = self.people.take_due(at) {
            self.act(action);
        }
        self.snapshot();
        Some(at)
    }

    /// Lets a recorder take a picture.
    fn snapshot(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.snapshot(
                self.now,
                self.plan,
                &self.state,
                &self.runs[..self.run_count],
                self.judge.texts(),
                &self.cluster,
            );
        }
    }

    fn pods_change(&mut self) {
        let Self {
            cluster,
            recorder,
            now,
            ..
        } = self;
        cluster.kill_due(*now, |event| {
            if let Some(recorder) = recorder {
                recorder.pod(*now, event);
            }
        });
        self.sync_pods();
    }

    /// Lets the ReplicaSet controller act; what it does wakes the Rollout controller.
    fn sync_pods(&mut self) {
        if self.cluster.sync(&mut self.state, self.now) {
            self.wake();
        }
        if let Some(recorder) = &mut self.recorder {
            let runs = &self.runs[..self.run_count];
            recorder.state(
                self.now,
                self.plan,
                &self.state,
                runs,
                self.judge.texts(),
                &self.cluster,
            );
        }
    }

    /// Somebody else than the controllers has changed the state.
    fn forget_place(&mut self) {
        if let Some(memo) = &mut self.memo {
            memo.forget_place();
        }
    }

    /// Makes every pass anew, though it was made before: the results are the same.
    #[must_use]
    pub fn without_memory(mut self) -> Self {
        self.memo = None;
        self
    }

    fn wake(&mut self) {
        self.forget_passes();
        self.locked = false;
        self.woken = self.woken.min(self.now + self.plan.timing.reconcile);
    }

    /// Somebody does something.
    fn act(&mut self, action: OperatorAction) {
        let standing = self.standing();
        let changed = people::act(action, &self.plan.spec, &mut self.state);
        self.forget_place();
        if let Some(recorder) = &mut self.recorder {
            recorder.operator(self.now, action, changed);
        }
        if !changed {
            return;
        }
        match action {
            OperatorAction::NewImage | OperatorAction::ImageBack => {
                self.standing = standing;
                let abort = self.aborted_now(Outcome::AbortedOperator);
                self.superseded = Some(self.aborted.unwrap_or(abort));
            }
            OperatorAction::Retry => self.abort_cause = None,
            _ => {}
        }
        self.wake();
    }

    /// One pass of the Rollout controller.
    fn pass(&mut self) {
        self.woken = Instant::NEVER;
        if self.delayed <= self.now {
            self.delayed = Instant::NEVER;
        }
        if self.resync <= self.now {
            self.resync = self.now + RESYNC_PERIOD;
        }
        self.standing = self.standing();
        let inputs = rollout::Inputs {
            now: self.now,
            weight_verified: None,
        };
        let (spec, state, effects) = (&self.plan.spec, &mut self.state, &mut self.effects);
        let router = state.router;
        match &mut self.memo {
            Some(memo) => memo.reconcile(spec, state, &inputs, effects),
            None => rollout::reconcile(spec, state, &inputs, effects),
        }
        if let Some(at) = self.effects.requeue_at {
            self.delayed = self.delayed.min(at + QUEUE_DELAY);
        }
        for index in 0..self.effects.writes.len() {
            match self.effects.writes[index] {
                Write::CreateRun(id) => self.create_run(id),
                Write::TerminateRun(id) => self.terminate_run(id),
                _ => {}
            }
        }
        for event in &self.effects.events {
            if let Event::Aborted { cause, .. } = event {
                self.abort_cause = self.abort_cause.or(*cause);
            }
            if let Event::AbortedByDeadline(template) = event {
                self.abort_cause = self.abort_cause.or(Some(AbortCause::Deadline(*template)));
            }
            if let Some(trigger) = people::trigger_of(event) {
                if self.plan.pages.contains(trigger) {
                    self.pages += 1;
                    self.people.paged(trigger, self.now);
                }
                if let Some(recorder) = &mut self.recorder {
                    recorder.notify(self.now, self.plan, trigger);
                }
            }
        }
        self.people.look(&self.plan.spec, &self.state, self.now);
        self.requeue();
        let told = self.state.router != router || !self.effects.writes.is_empty();
        let silent = !self.effects.changed && !told;
        if !silent || self.recorder.is_some() || !self.cluster.is_settled(self.now) {
            self.sync_pods();
        }
    }

    fn requeue(&mut self) {
        if self.effects.failed {
            self.woken = self.woken.min(self.now + self.backoff);
            self.backoff = Duration::from_nanos((self.backoff.as_nanos() * 2).min(10_000_000_000));
            return;
        }
        self.backoff = QUEUE_DELAY;
        if !self.effects.changed {
            self.forget_passes();
        } else if self.spins() {
            // The real controller does so for ever; nothing comes of it.
            self.locked = true;
        } else if !self.locked {
            self.woken = self.woken.min(self.now + self.plan.timing.reconcile);
        }
    }

    /// Whether passes only cause each other, after one more that changed something.
    fn spins(&mut self) -> bool {
        self.passes_in_a_row += 1;
        self.passes_in_a_row > ORDINARY_PASSES && self.livelock.repeats(fingerprint(&self.state))
    }

    fn forget_passes(&mut self) {
        self.livelock.reset();
        self.passes_in_a_row = 0;
    }

    fn create_run(&mut self, id: RunId) {
        let kind = self.state.run(id).kind;
        let Some(stanza) = self.plan.stanza(kind) else {
            return;
        };
        if self.run_count == self.runs.len() {
            self.runs.push(LiveRun::vacant());
        }
        let run = &mut self.runs[self.run_count];
        self.run_count += 1;
        run.reset(id, stanza, self.now, self.plan.timing.informer);
        if let RunPlan::Measured { spec, .. } = &self.plan.stanzas[stanza].run {
            run.state.reset(spec);
        } else {
            run.state
                .reset(&crate::controller::analysis::RunSpec::default());
        }
    }

    fn terminate_run(&mut self, id: RunId) {
        let at = self.now + self.plan.timing.informer;
        if let Some(run) = self.runs[..self.run_count]
            .iter_mut()
            .find(|run| run.id == id)
        {
            run.state.request_termination();
            run.inform(at);
        }
    }

    /// Begins or ends one reconcile of an AnalysisRun.
    fn reconcile_run(&mut self, index: usize) {
        let plan = self.plan;
        let run = &mut self.runs[index];
        match &plan.stanzas[run.stanza].run {
            RunPlan::Refused { .. } => {
                run.take(self.now);
                if run.state.verdict().is_none() {
                    run.state.refuse();
                }
                self.run_changed(index);
            }
            RunPlan::Measured { spec, .. } => {
                if run.batch.take().is_none() {
                    run.take(self.now);
                    let mut tasks = std::mem::take(&mut run.tasks);
                    run.state.begin(spec, self.now, &mut tasks);
                    run.tasks = tasks;
                    if !run.tasks.is_empty() {
                        self.measure(index);
                        return;
                    }
                }
                let run = &mut self.runs[index];
                let reconciled = run.state.finish(spec, self.now);
                run.ended(
                    self.now,
                    reconciled.changed,
                    reconciled.next,
                    plan.timing.informer,
                );
                self.run_changed(index);
            }
        }
    }

    /// Makes the provider calls of a batch; the reconcile ends when the slowest has.
    fn measure(&mut self, index: usize) {
        let plan = self.plan;
        let called = self.now + plan.timing.provider;
        let at = if self.whole_seconds {
            self.now.floor_to_second()
        } else {
            self.now
        };
        let run = &self.runs[index];
        let RunPlan::Measured { spec, measures, .. } = &plan.stanzas[run.stanza].run else {
            return;
        };
        if self.held_open.is_none() {
            self.cluster.targets.prepare(millis(at));
        }
        let mut ends = self.now;
        for task in 0..self.runs[index].tasks.len() {
            let task = self.runs[index].tasks[task];
            let measure = &measures[task.metric];
            let outcome = match measure {
                Measure::Job(job) => self.call_job(index, task, job, called),
                _ => self.call(measure, at, called),
            };
            let ended = match outcome {
                MeasurementOutcome::Completed { at, .. } => Some(at),
                MeasurementOutcome::InFlight { .. } => None,
            };
            let created = (task.kind == TaskKind::Run).then_some(called);
            ends = ends.max(ended.or(created).unwrap_or(self.now));
            self.runs[index].state.record(spec, task, self.now, outcome);
            if let (Some(recorder), Some(_)) = (&mut self.recorder, ended) {
                let taken = Taken {
                    run: &self.runs[index],
                    task: task.metric,
                    measure,
                };
                recorder.measurement(at, plan, &self.state, &taken, &self.cluster, &self.judge);
            }
        }
        self.runs[index].batch = Some((self.now, ends));
    }

    /// Takes a measurement that its provider call ends.
    fn call(&mut self, measure: &Measure, at: Instant, called: Instant) -> MeasurementOutcome {
        if let Some(looks) = &mut self.held_open {
            look(self.plan, measure, millis(at), looks);
            let Measure::Web(web) = measure else {
                return succeeded(called);
            };
            let ordinarily = self.plan.timing.provider;
            let targets = &self.cluster.targets;
            return succeeded(self.now + self.judge.web_takes(web, targets, at, ordinarily));
        }
        let ordinarily = self.plan.timing.provider;
        let targets = &mut self.cluster.targets;
        let (judged, takes) = match measure {
            Measure::Query(query) => (self.judge.ask(query, &targets.head, at), ordinarily),
            Measure::Constant(constant) => (self.judge.constant(constant, at), ordinarily),
            Measure::Web(web) => self.judge.web(web, targets, at, ordinarily),
            Measure::Error { text } => (self.judge.refused(text), ordinarily),
            Measure::Job(_) => (self.judge.refused(""), ordinarily),
        };
        MeasurementOutcome::Completed {
            verdict: judged.verdict,
            at: self.now + takes,
            message: judged.message,
        }
    }

    /// The Rollout controller hears of an AnalysisRun only when its phase changes.
    fn run_changed(&mut self, index: usize) {
        let run = &self.runs[index];
        let phase = match run.phase() {
            RunPhase::Failed | RunPhase::Error | RunPhase::Inconclusive
                if self.held_open.is_some() =>
            {
                RunPhase::Successful
            }
            phase => phase,
        };
        let changed = self.state.set_run_phase(run.id, phase);
        if changed {
            self.wake();
            if let Some(recorder) = &mut self.recorder {
                recorder.run_phase(
                    self.now,
                    self.plan,
                    &self.state,
                    &self.runs[index],
                    self.judge.texts(),
                );
            }
        }
    }

    fn standing(&self) -> Standing {
        let index = self.state.status.step_index;
        Standing {
            step: index.and_then(|index| u16::try_from(index).ok()),
            weight: self.plan.weight_at(index),
            share: self.cluster.canary_share(),
        }
    }
}
