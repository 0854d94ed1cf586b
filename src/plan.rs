//! Everything that can be decided before the first replication, compiled once.
//!
//! **Invariant:** a replication works on integers and dense arrays only; texts, label sets and numbers of
//! the manifest's and the scenario's own notations end here.

use serde::{Deserialize, Serialize};

use crate::controller::analysis::RunSpec;
use crate::controller::rollout::spec::Strategy;
use crate::controller::rollout::{RunKind, Spec, State};
use crate::manifest::notifications::{Subscription, Triggers};
use crate::scenario::model::{OperatorAction, OperatorWhen, StartFraction};
use crate::telemetry::targets::ScrapePlan;
use crate::units::{Duration, Instant};
use crate::world::durations::RandomDuration;

use evidence::EvidencePlan;
use measure::Measure;
use world::{FaultPlan, KnownRates};

pub mod analysis;
pub mod build;
pub mod evidence;
pub mod mapping;
pub mod measure;
pub mod probe;
pub mod recorded;
pub mod rollout;
pub mod rules;
pub mod series;
pub mod traffic;
pub mod versions;
pub mod world;

/// The whole second in which every update starts; far enough from the epoch for stable pods to have lived.
pub const UPDATE_SECOND: Instant = Instant::from_seconds(10_000_000);

/// One Rollout in one scenario, ready to be replayed.
#[derive(Debug)]
pub struct Plan {
    /// The Rollout's name.
    pub rollout: String,
    /// Its namespace.
    pub namespace: String,
    /// The images of its containers.
    pub images: Vec<String>,
    /// Its spec.
    pub spec: Spec,
    /// `minReadySeconds`.
    pub min_ready: Duration,
    /// The Rollout before the update: the first revision fully deployed.
    pub deployed: State,
    /// The steps in the words of the controller's events.
    pub step_texts: Vec<String>,
    /// The AnalysisRuns that it can make.
    pub stanzas: Vec<Stanza>,
    /// Names of all metrics, in the order of their numbers.
    pub metrics: Vec<String>,
    /// What is exported and scraped.
    pub scrape: ScrapePlan,
    /// Traffic and pods.
    pub world: WorldPlan,
    /// How many pods of each role can be told apart at a time.
    pub slots: [usize; 2],
    /// Latencies.
    pub timing: Timing,
    /// What people do meanwhile.
    pub operators: Vec<OperatorPlan>,
    /// What pages somebody.
    pub pages: Triggers,
    /// Who is told of what.
    pub subscriptions: Vec<Subscription>,
    /// The healthy arm, then one per fault.
    pub arms: Vec<Arm>,
}

/// One healthy or bad release.
#[derive(Debug)]
pub struct Arm {
    /// `healthy` or the fault's name.
    pub name: String,
    /// Which of the two.
    pub kind: ArmKind,
    /// What is wrong with it.
    pub fault: FaultPlan,
    /// What its requests say about that.
    pub evidence: EvidencePlan,
}

/// What an arm simulates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArmKind {
    /// A healthy release: whatever is aborted is aborted falsely.
    Healthy,
    /// A bad release: an abort counts as a detection from the fault's onset on.
    Fault,
}

/// Something that somebody does.
#[derive(Clone, Copy, Debug)]
pub struct OperatorPlan {
    /// What.
    pub action: OperatorAction,
    /// On which occasion.
    pub when: OperatorWhen,
    /// How long after it.
    pub after: RandomDuration,
    /// How often at most.
    pub times: u64,
    /// What must have paged.
    pub on: Triggers,
}

/// Traffic and pods.
#[derive(Debug)]
pub struct WorldPlan {
    /// Requests to the service.
    pub rate_per_second: f64,
    /// Who splits them over the versions.
    pub split: Split,
    /// The weight of all traffic.
    pub max_weight: i32,
    /// From a router's new weight until requests follow it; none if they do at once.
    pub propagation_delay: Option<RandomDuration>,
    /// Rates for which samplers exist.
    pub known_rates: KnownRates,
    /// From a pod's creation to its readiness.
    pub ready_after: RandomDuration,
    /// From readiness until Prometheus knows the pod.
    pub discovery: RandomDuration,
    /// Age of stable pods at the update.
    pub stable_age_ms: i64,
}

/// Who splits the requests over the versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// Nobody: they follow the ready pods, as behind one Service.
    ReadyPods,
    /// A router, by weight between the canary Service and the stable Service.
    Services,
    /// A router, by weight between two sets of pods by their template's hash.
    Subsets,
    /// Nobody: `trafficRouting` names no router, and everything reaches the stable Service.
    StableService,
    /// Nobody: everything reaches the active Service of a blue-green update.
    ActiveService,
}

impl Split {
    /// Whether requests are split by weight.
    pub const fn by_weight(self) -> bool {
        matches!(self, Self::Services | Self::Subsets)
    }
}

/// Latencies and limits of a replication.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// The fraction of a second in which the update starts.
    pub start_fraction: StartFraction,
    /// One provider call.
    pub provider: Duration,
    /// From a change to the Rollout controller's pass.
    pub reconcile: Duration,
    /// From an AnalysisRun's change to its controller.
    pub informer: Duration,
    /// The end of every replication, from the update.
    pub horizon: Duration,
    /// How long a missed release goes on.
    pub undetected_for: Duration,
}

/// One place of the Rollout that makes AnalysisRuns.
#[derive(Debug)]
pub struct Stanza {
    /// Which.
    pub kind: RunKind,
    /// What its runs do.
    pub run: RunPlan,
}

/// What the runs of a stanza do.
#[derive(Debug)]
pub enum RunPlan {
    /// They measure.
    Measured {
        /// Limits and intervals.
        spec: RunSpec,
        /// How each metric is measured, by its index in the spec.
        measures: Vec<Measure>,
        /// Number of each metric in [`Plan::metrics`].
        metrics: Vec<u16>,
    },
    /// Their controller refuses the spec: Error at once, with this message.
    Refused {
        /// `status.message`.
        message: String,
    },
}

impl Plan {
    /// The weight that the steps up to index `step` ask for, in percent of all traffic.
    pub fn weight_at(&self, step: Option<i32>) -> u16 {
        let Strategy::Canary(canary) = &self.spec.strategy else {
            return 0;
        };
        let Some(index) = step.and_then(|step| usize::try_from(step).ok()) else {
            return 0;
        };
        if index >= canary.steps.len() {
            return 100;
        }
        let weight = canary.steps[..=index]
            .iter()
            .rev()
            .find_map(|step| step.set_weight)
            .unwrap_or(0);
        (f64::from(weight) * 100.0 / f64::from(self.world.max_weight)).round() as u16
    }

    /// The stanza that makes runs of this kind.
    pub fn stanza(&self, kind: RunKind) -> Option<usize> {
        self.stanzas.iter().position(|stanza| stanza.kind == kind)
    }
}
