//! What happened in one replication, event by event, in the words of the real controllers.
//!
//! Only a traced replication has a [`Recorder`]; texts are rendered here and nowhere in the hot loop.

use serde::Serialize;

use crate::controller::analysis::{MessageHandle, Phase};
use crate::controller::rollout::state::ServiceRole;
use crate::controller::rollout::text::{self, Names};
use crate::controller::rollout::{Run, RunId, State, Template};
use crate::manifest::notifications::Trigger;
use crate::plan::measure::Measure;
use crate::plan::{Plan, RunPlan};
use crate::scenario::model::OperatorAction;
use crate::telemetry::targets::Role;
use crate::units::Instant;

use super::clock::millis;
use super::cluster::{Cluster, PodEvent, role_of};
use super::judge::Judge;
use super::people;
use super::runs::LiveRun;
use super::snapshot::{Scene, Snapshot, hash_of};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Milliseconds since the start of the update.
    pub at_ms: i64,
    /// What.
    pub what: What,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum What {
    /// `status.phase` or its message changed.
    Phase {
        /// `Progressing`, `Paused`, …
        phase: String,
        /// Why.
        message: String,
    },
    /// `status.currentStepIndex` changed.
    Step {
        /// From 0; the number of steps when all are done.
        index: i32,
        /// How many there are.
        of: usize,
        /// The step as Argo writes it.
        text: String,
        /// The weight asked for, in percent.
        weight: u16,
    },
    /// The share of requests that the new version gets changed.
    Weight {
        /// The weight asked for, in percent.
        asked: u16,
        /// The share that it serves, from 0 to 1.
        share: f64,
    },
    /// Pods.
    Replicas {
        /// Of the version in service before.
        stable: PodCounts,
        /// Of the new version.
        canary: PodCounts,
        /// The share of requests that the new version serves, from 0 to 1.
        share: f64,
    },
    /// The fault sets in, or does something.
    Fault {
        /// What.
        text: String,
    },
    /// Somebody did something.
    Operator {
        /// What, as `kubectl argo rollouts` calls it.
        action: String,
        /// Whether it changed anything.
        effect: bool,
    },
    /// Somebody is paged.
    Page {
        /// By what.
        trigger: String,
    },
    /// A subscriber is told of something.
    Notification {
        /// Of what.
        trigger: String,
        /// By what: `slack`, `email`, …
        service: String,
        /// Who.
        recipient: String,
    },
    /// One measurement.
    Measurement(Measured),
    /// An AnalysisRun changed its phase.
    AnalysisRun {
        /// Its name.
        run: String,
        /// `Running`, `Failed`, …
        phase: String,
        /// Why.
        message: String,
    },
}

/// Pods of one ReplicaSet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PodCounts {
    /// Wanted.
    pub spec: i32,
    /// Ready.
    pub ready: i32,
    /// Available.
    pub available: i32,
}

/// One measurement as it was taken.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// The AnalysisRun's name.
    pub run: String,
    /// The metric.
    pub metric: String,
    /// The step of the Rollout that made the run; none for background analysis.
    pub step: Option<u16>,
    /// The query that was sent; none where the provider made none.
    pub query: Option<String>,
    /// The stretch of time that its query read, in milliseconds since the update; none if it read none.
    pub window_ms: Option<(i64, i64)>,
    /// Requests of the new version expected in that stretch.
    pub canary_requests: Option<f64>,
    /// `measurement.value`.
    pub value: String,
    /// `Successful`, `Failed`, …
    pub phase: String,
    /// The measurement's message.
    pub message: String,
}

/// A measurement that was just taken.
#[derive(Debug)]
pub struct Taken<'a> {
    /// The run, which has recorded it.
    pub run: &'a LiveRun,
    /// Index of the metric in the run's spec.
    pub task: usize,
    /// How it was measured.
    pub measure: &'a Measure,
}

/// Notes what happens.
#[derive(Debug, Default)]
pub struct Recorder {
    /// Everything so far.
    pub entries: Vec<Entry>,
    /// The rollout at each change, if asked for.
    pub snapshots: Option<Vec<Snapshot>>,
    update_at: Instant,
    phase: (String, String),
    step: Option<i32>,
    pods: Option<(PodCounts, PodCounts, u64)>,
    weight: Option<(u16, u64)>,
}

impl Recorder {
    fn note(&mut self, now: Instant, what: What) {
        self.entries.push(Entry {
            at_ms: millis(now) - millis(self.update_at),
            what,
        });
    }

    /// Keeps the rollout as it stands now, if that is asked for and anything can be seen to have changed.
    pub fn snapshot(
        &mut self,
        now: Instant,
        plan: &Plan,
        state: &State,
        runs: &[LiveRun],
        texts: &[String],
        cluster: &Cluster<'_>,
    ) {
        let Some(snapshots) = &mut self.snapshots else {
            return;
        };
        let names = PlanNames {
            plan,
            state,
            runs,
            texts,
        };
        let scene = Scene {
            plan,
            state,
            cluster,
            runs,
            names: &names,
            now,
            update_at: self.update_at,
        };
        let snapshot = scene.snapshot();
        let seen = snapshots.last().is_some_and(|last| {
            let at_ms = snapshot.at_ms;
            Snapshot {
                at_ms,
                ..last.clone()
            } == snapshot
        });
        if !seen {
            snapshots.push(snapshot);
        }
    }

    /// The update starts.
    pub fn begin(&mut self, update_at: Instant, state: &State, cluster: &Cluster<'_>) {
        self.update_at = update_at;
        self.pods(update_at, 0, state, cluster);
    }

    /// Notes what of the state is new.
    pub fn state(
        &mut self,
        now: Instant,
        plan: &Plan,
        state: &State,
        runs: &[LiveRun],
        texts: &[String],
        cluster: &Cluster<'_>,
    ) {
        let index = state.status.step_index;
        if index != self.step {
            self.step = index;
            if let Some(index) = index {
                let text = usize::try_from(index)
                    .ok()
                    .and_then(|index| plan.step_texts.get(index));
                let what = What::Step {
                    index,
                    of: plan.step_texts.len(),
                    text: text.cloned().unwrap_or_default(),
                    weight: plan.weight_at(Some(index)),
                };
                self.note(now, what);
            }
        }
        // While aborted the weight asked for is 0, whatever the steps say.
        let asked = if state.status.abort {
            0
        } else {
            plan.weight_at(index)
        };
        self.pods(now, asked, state, cluster);
        let names = PlanNames {
            plan,
            state,
            runs,
            texts,
        };
        let phase = state.status.phase;
        let shown = (
            text::phase_name(&phase).to_owned(),
            text::phase_message(&phase, &names),
        );
        if shown != self.phase {
            self.phase.clone_from(&shown);
            self.note(
                now,
                What::Phase {
                    phase: shown.0,
                    message: shown.1,
                },
            );
        }
    }

    fn pods(&mut self, now: Instant, asked: u16, state: &State, cluster: &Cluster<'_>) {
        let mut counts = [PodCounts::default(); 2];
        for rs in &state.replica_sets {
            let of_role = &mut counts[role_of(rs.template) as usize];
            of_role.spec += rs.counts.spec;
            of_role.ready += rs.ready;
            of_role.available += rs.counts.available;
        }
        let [stable, canary] = counts;
        let share = cluster.canary_share();
        let pods = Some((stable, canary, share.to_bits()));
        if pods != self.pods {
            self.pods = pods;
            self.note(
                now,
                What::Replicas {
                    stable,
                    canary,
                    share,
                },
            );
        }
        let weight = Some((asked, share.to_bits()));
        if weight != self.weight {
            self.weight = weight;
            self.note(now, What::Weight { asked, share });
        }
    }

    /// Notes what somebody did.
    pub fn operator(&mut self, now: Instant, action: OperatorAction, effect: bool) {
        let action = people::describe(action);
        self.note(now, What::Operator { action, effect });
    }

    /// Notes who is told of an event.
    pub fn notify(&mut self, now: Instant, plan: &Plan, trigger: Trigger) {
        let name = trigger.name().to_owned();
        for subscription in &plan.subscriptions {
            if subscription.trigger == trigger {
                let what = What::Notification {
                    trigger: name.clone(),
                    service: subscription.service.clone(),
                    recipient: subscription.recipient.clone(),
                };
                self.note(now, what);
            }
        }
        if plan.pages.contains(trigger) {
            self.note(now, What::Page { trigger: name });
        }
    }

    /// Notes what happened to a pod.
    pub fn pod(&mut self, now: Instant, event: PodEvent) {
        let PodEvent::Killed { role, ordinal } = event;
        let role = if role == Role::Canary {
            "canary"
        } else {
            "stable"
        };
        let text = format!("{role} pod {ordinal} is out of memory; its container starts again");
        self.note(now, What::Fault { text });
    }

    /// Notes the measurement that `run` has just taken of a metric.
    pub fn measurement(
        &mut self,
        now: Instant,
        plan: &Plan,
        state: &State,
        taken: &Taken<'_>,
        cluster: &Cluster<'_>,
        judge: &Judge<'_>,
    ) {
        let Taken { run, task, measure } = *taken;
        let RunPlan::Measured { spec, metrics, .. } = &plan.stanzas[run.stanza].run else {
            return;
        };
        let stored = &run.state.results()[spec.metrics[task].stored_as];
        let Some(result) = stored else { return };
        let made = state.run(run.id);
        let window = measure.window_ms(millis(now));
        let update = millis(self.update_at);
        let names = PlanNames {
            plan,
            state,
            runs: &[],
            texts: judge.texts(),
        };
        let measured = Measured {
            run: text::run_name(made, &names),
            metric: plan.metrics[usize::from(metrics[task])].clone(),
            step: match made.kind {
                crate::controller::rollout::RunKind::Step(step) => Some(step),
                _ => None,
            },
            query: measure.query().map(str::to_owned),
            window_ms: window.map(|(from, to)| (from - update, to - update)),
            canary_requests: window
                .filter(|_| measure.reads_canary_requests())
                .map(|(from, to)| cluster.expected_canary_requests(from, to)),
            value: judge.value().to_owned(),
            phase: result.last.phase.as_str().to_owned(),
            message: result.last.message.render(|handle| judge.text(handle)),
        };
        self.note(now, What::Measurement(measured));
    }

    /// Notes the phase of a run.
    pub fn run_phase(
        &mut self,
        now: Instant,
        plan: &Plan,
        state: &State,
        run: &LiveRun,
        texts: &[String],
    ) {
        let runs = std::slice::from_ref(run);
        let names = PlanNames {
            plan,
            state,
            runs,
            texts,
        };
        let phase = run.state.phase().map_or("", Phase::as_str);
        let what = What::AnalysisRun {
            run: text::run_name(state.run(run.id), &names),
            phase: phase.to_owned(),
            message: names.run_message(run.id),
        };
        self.note(now, what);
    }
}

/// The names in a plan, for the controller's texts.
struct PlanNames<'a> {
    plan: &'a Plan,
    state: &'a State,
    runs: &'a [LiveRun],
    texts: &'a [String],
}

impl Names for PlanNames<'_> {
    fn rollout(&self) -> &str {
        &self.plan.rollout
    }

    fn hash(&self, template: Template) -> String {
        hash_of(template)
    }

    fn service(&self, role: ServiceRole) -> &str {
        match role {
            ServiceRole::Stable => "stable service",
            ServiceRole::Canary => "canary service",
            ServiceRole::Active => "active service",
            ServiceRole::Preview => "preview service",
        }
    }

    fn step(&self, index: i32) -> &str {
        usize::try_from(index)
            .ok()
            .and_then(|index| self.plan.step_texts.get(index))
            .map_or("", String::as_str)
    }

    fn run(&self, id: RunId) -> Run {
        *self.state.run(id)
    }

    fn run_message(&self, id: RunId) -> String {
        let Some(run) = self.runs.iter().find(|run| run.id == id) else {
            return String::new();
        };
        let text_of = |handle: MessageHandle| {
            self.texts
                .get(handle.0 as usize)
                .cloned()
                .unwrap_or_default()
        };
        match &self.plan.stanzas[run.stanza].run {
            RunPlan::Refused { message } => run.state.message().render(|_| "", text_of, message),
            RunPlan::Measured { metrics, .. } => {
                let name_of =
                    |index: usize| self.plan.metrics[usize::from(metrics[index])].as_str();
                run.state.message().render(name_of, text_of, "")
            }
        }
    }
}
