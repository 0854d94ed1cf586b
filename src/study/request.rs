//! What was asked for, checked as far as it can be without reading a file.
//!
//! `None` means: as the scenario says, else the default.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use crate::promql::settings::Profile;
use crate::report::query::QueryTime;
use crate::units::Duration;

/// Where manifests or a scenario come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputPath {
    /// Standard input: a stream of YAML documents.
    Stdin,
    /// A scenario file, a manifest or a folder of manifests.
    Path(PathBuf),
}

/// Which Rollouts to study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RolloutChoice {
    /// The one that the scenario names, else the only one there is.
    Default,
    /// The one of this name.
    Named(String),
    /// Each of them.
    All,
}

/// `rollsim run`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRequest {
    /// At least one; standard input at most once.
    pub inputs: Vec<InputPath>,
    /// Which Rollouts.
    pub rollouts: RolloutChoice,
    /// Names of arms without repetition; empty for all.
    pub arms: Vec<String>,
    /// Replications of each arm.
    pub replications: Option<NonZeroU64>,
    /// The seed.
    pub seed: Option<u64>,
    /// Threads; none for one per core. Never changes a result.
    pub threads: Option<NonZeroUsize>,
}

/// `rollsim trace`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceRequest {
    /// At least one; standard input at most once.
    pub inputs: Vec<InputPath>,
    /// The Rollout's name, where there are several.
    pub rollout: Option<String>,
    /// The arm's name.
    pub arm: String,
    /// The replication's number, from 0.
    pub replication: u64,
    /// The seed.
    pub seed: Option<u64>,
    /// Whether the rollout at each change is wanted, as `kubectl argo rollouts get rollout` draws it.
    pub tree: bool,
    /// How long after the update it is wanted; none for every change.
    pub at: Option<Duration>,
    /// Whether its series are wanted as OpenMetrics text.
    pub openmetrics: bool,
    /// Whether its measurements are wanted as a file for `promtool test rules`.
    pub promtool: bool,
}

/// `rollsim init`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitRequest {
    /// At least one; standard input at most once.
    pub inputs: Vec<InputPath>,
    /// The folder that the scenario's paths are relative to; empty for the working folder.
    pub folder: PathBuf,
    /// The Rollout's name, where there are several.
    pub rollout: Option<String>,
}

/// `rollsim query`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryRequest {
    /// The query.
    pub query: String,
    /// The file of series.
    pub series: InputPath,
    /// When it is evaluated.
    pub time: QueryTime,
    /// As which server.
    pub profile: Profile,
}
