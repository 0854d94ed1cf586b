//! The rollout as `kubectl argo rollouts get rollout` sees it at one moment: only taken for a traced
//! replication that asks for it.

use crate::controller::analysis::Counters;
use crate::controller::rollout::spec::Strategy;
use crate::controller::rollout::text::{self, Names, replica_set_name, run_name};
use crate::controller::rollout::{ReplicaSet, RunPhase, State, Template};
use crate::plan::Plan;
use crate::plan::series::template_hash;
use crate::telemetry::targets::Role;
use crate::units::Instant;

use super::cluster::{Cluster, TESTED};
use super::runs::LiveRun;

/// The rollout at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Milliseconds since the start of the update.
    pub at_ms: i64,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`.
    pub namespace: String,
    /// `status.phase`.
    pub phase: &'static str,
    /// `status.message`.
    pub message: String,
    /// What only a canary has.
    pub canary: Option<CanaryView>,
    /// `spec.replicas` and what the status counts.
    pub replicas: ReplicaCounts,
    /// The ReplicaSets, the latest revision first.
    pub replica_sets: Vec<ReplicaSetView>,
    /// The AnalysisRuns in the order of their creation.
    pub runs: Vec<RunView>,
    /// When the Rollout was created, as [`ReplicaSetView::created_ms`].
    pub created_ms: i64,
}

/// Weights and steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CanaryView {
    /// Step index and number of steps; none without steps.
    pub step: Option<(i32, usize)>,
    /// The weight asked for.
    pub set_weight: i32,
    /// The weight that the status records, or the share of available pods.
    pub actual_weight: i32,
}

/// Numbers of pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplicaCounts {
    /// `spec.replicas`.
    pub desired: i32,
    /// `status.replicas`.
    pub current: i32,
    /// `status.updatedReplicas`.
    pub updated: i32,
    /// `status.readyReplicas`.
    pub ready: i32,
    /// `status.availableReplicas`.
    pub available: i32,
}

/// One ReplicaSet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplicaSetView {
    /// Its name.
    pub name: String,
    /// Its revision.
    pub revision: u32,
    /// Milliseconds since the start of the update, of the whole second.
    pub created_ms: i64,
    /// Its images.
    pub images: Vec<String>,
    /// What it is for: `stable`, `canary`, `active`, `preview`.
    pub tags: Vec<&'static str>,
    /// `spec.replicas`.
    pub spec: i32,
    /// `status.replicas`.
    pub current: i32,
    /// `status.availableReplicas`.
    pub available: i32,
    /// The scale-down deadline, milliseconds since the start of the update.
    pub deadline_ms: Option<i64>,
    /// Its pods, the oldest first.
    pub pods: Vec<PodView>,
}

/// One pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodView {
    /// Its name.
    pub name: String,
    /// As [`ReplicaSetView::created_ms`].
    pub created_ms: i64,
    /// Whether it is ready.
    pub ready: bool,
    /// How many containers it has.
    pub containers: usize,
    /// How often its container started again.
    pub restarts: u32,
}

/// One AnalysisRun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunView {
    /// Its name.
    pub name: String,
    /// The Rollout's revision when it was made.
    pub revision: u32,
    /// As [`ReplicaSetView::created_ms`].
    pub created_ms: i64,
    /// `status.phase`.
    pub phase: &'static str,
    /// Measurements by result: successful, failed, inconclusive, error.
    pub measurements: [i32; 4],
}

/// Everything that a snapshot is taken of.
pub(super) struct Scene<'a> {
    pub plan: &'a Plan,
    pub state: &'a State,
    pub cluster: &'a Cluster<'a>,
    pub runs: &'a [LiveRun],
    pub names: &'a dyn Names,
    pub now: Instant,
    pub update_at: Instant,
}

impl Scene<'_> {
    /// Takes the snapshot.
    pub fn snapshot(&self) -> Snapshot {
        let (plan, state) = (self.plan, self.state);
        let status = &state.status;
        let mut replica_sets: Vec<_> = state
            .replica_sets
            .iter()
            .map(|rs| self.replica_set(rs))
            .collect();
        replica_sets.sort_by_key(|rs| std::cmp::Reverse(rs.revision));
        Snapshot {
            at_ms: self.since_update(self.now),
            name: plan.rollout.clone(),
            namespace: plan.namespace.clone(),
            phase: text::phase_name(&status.phase),
            message: text::phase_message(&status.phase, self.names),
            canary: self.canary(),
            replicas: ReplicaCounts {
                desired: state.desired.replicas,
                current: status.replicas,
                updated: status.updated_replicas,
                ready: status.ready_replicas,
                available: status.available_replicas,
            },
            replica_sets,
            runs: self.runs.iter().map(|run| self.run(run)).collect(),
            created_ms: -plan.world.stable_age_ms,
        }
    }

    fn since_update(&self, at: Instant) -> i64 {
        at.as_millis_floor() - self.update_at.as_millis_floor()
    }

    /// pkg/kubectl-argo-rollouts/info/rollout_info.go `NewRolloutInfo`.
    fn canary(&self) -> Option<CanaryView> {
        let Strategy::Canary(canary) = &self.plan.spec.strategy else {
            return None;
        };
        let status = &self.state.status;
        let steps = canary.steps.len();
        let set_weight = canary.current_set_weight(status.abort, status.step_index);
        let max_weight = self.plan.world.max_weight;
        let at_step = status
            .step_index
            .and_then(|index| usize::try_from(index).ok())
            .is_some_and(|index| index < steps);
        let actual_weight = if !at_step {
            max_weight
        } else if status.available_replicas <= 0 {
            0
        } else if canary.traffic.is_some() {
            status
                .weights
                .map_or(set_weight, |weights| weights.pair.canary)
        } else {
            let canary = status.current.filter(|_| status.current != status.stable);
            let available = canary
                .and_then(|canary| self.state.replica_set(canary))
                .map_or(0, |rs| rs.counts.available);
            available * max_weight / status.available_replicas
        };
        Some(CanaryView {
            step: status
                .step_index
                .filter(|_| steps > 0)
                .map(|index| (index, steps)),
            set_weight,
            actual_weight,
        })
    }

    /// `info/replicaset_info.go` `GetReplicaSetInfo`.
    fn replica_set(&self, rs: &ReplicaSet) -> ReplicaSetView {
        let status = &self.state.status;
        let is = |template: Option<Template>| template == Some(rs.template);
        let mut tags = Vec::new();
        if is(status.stable) {
            tags.push("stable");
        }
        match self.plan.spec.strategy {
            Strategy::Canary(_) if !is(status.stable) && is(status.current) => tags.push("canary"),
            Strategy::BlueGreen(_) if is(status.active) => tags.push("active"),
            Strategy::BlueGreen(_) if is(status.preview) => tags.push("preview"),
            Strategy::Canary(_) | Strategy::BlueGreen(_) => {}
        }
        let created = if rs.template == Template::FIRST {
            -self.plan.world.stable_age_ms
        } else {
            self.since_update(rs.created_at)
        };
        ReplicaSetView {
            name: replica_set_name(rs.template, self.names),
            revision: rs.revision,
            created_ms: created,
            images: self
                .plan
                .images
                .iter()
                .map(|image| image_of(image, rs.template))
                .collect(),
            tags,
            spec: rs.counts.spec,
            current: rs.counts.created,
            available: rs.counts.available,
            deadline_ms: rs.deadline.map(|at| self.since_update(at)),
            pods: self.pods(rs.template),
        }
    }

    fn pods(&self, template: Template) -> Vec<PodView> {
        let containers = self.plan.images.len();
        let view = |pod: super::cluster::PodGlance| PodView {
            name: format!(
                "{}-{:03}",
                replica_set_name(template, self.names),
                pod.number
            ),
            created_ms: self.since_update(pod.created_at.floor_to_second()),
            ready: pod.ready,
            containers,
            restarts: pod.restarts,
        };
        let mut pods: Vec<PodView> = self.cluster.pods(template, self.now).map(view).collect();
        pods.sort_by(|left, right| {
            (left.created_ms, &left.name).cmp(&(right.created_ms, &right.name))
        });
        pods
    }

    /// `info/analysisrun_info.go` `getAnalysisRunInfo`: all metrics, dry runs too.
    fn run(&self, run: &LiveRun) -> RunView {
        let made = self.state.run(run.id);
        let results = run.state.results().iter().flatten();
        let mut measurements = [0; 4];
        for result in results {
            let counters: &Counters = &result.counters;
            let counts = [
                counters.successful,
                counters.failed,
                counters.inconclusive,
                counters.error,
            ];
            for (sum, count) in measurements.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        RunView {
            name: run_name(made, self.names),
            revision: made.revision,
            created_ms: self.since_update(run.created_at.floor_to_second()),
            phase: text::run_phase_name(RunPhase::from(run.state.phase())),
            measurements,
        }
    }
}

/// Stands for the pod-template hash.
pub fn hash_of(template: Template) -> String {
    if template == Template::FIRST {
        template_hash(Role::Stable).to_owned()
    } else if template == TESTED {
        template_hash(Role::Canary).to_owned()
    } else {
        "6b7f5d9c8f".to_owned()
    }
}

/// The manifest has the image under test; of others only the repository is known.
fn image_of(image: &str, template: Template) -> String {
    if template == TESTED {
        return image.to_owned();
    }
    let tag = if template == Template::FIRST {
        "before"
    } else {
        "after"
    };
    let name = image.split_once('@').map_or(image, |(name, _)| name);
    let repository = match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => name,
    };
    format!("{repository}:<{tag}>")
}

#[cfg(test)]
mod tests {
    use super::image_of;
    use crate::controller::rollout::Template;

    #[test]
    fn only_the_image_under_test_has_a_known_tag() {
        let tested = Template::FIRST.next();
        for image in ["a.example:5000/shop:2", "shop", "shop@sha256:00"] {
            assert_eq!(image_of(image, tested), image);
        }
        let before = |image| image_of(image, Template::FIRST);
        assert_eq!(
            before("a.example:5000/shop:2"),
            "a.example:5000/shop:<before>"
        );
        assert_eq!(
            before("a.example:5000/shop"),
            "a.example:5000/shop:<before>"
        );
        assert_eq!(before("shop@sha256:00"), "shop:<before>");
        assert_eq!(image_of("shop:2", tested.next()), "shop:<after>");
    }
}
