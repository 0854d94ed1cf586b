//! What was asked for, checked as far as it can be without reading a file.
//!
//! `None` means: as the scenario says, else the default.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use crate::lint::rule::Selection;
use crate::promql::settings::Profile;
use crate::report::query::QueryTime;
use crate::stats::proportion::IntervalMethod;
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

impl RolloutChoice {
    /// The one that is named, else all, else the default.
    pub fn new(named: Option<String>, all: bool) -> Self {
        match named {
            Some(name) => Self::Named(name),
            None if all => Self::All,
            None => Self::Default,
        }
    }
}

/// `rollsim run`
#[derive(Clone, Debug, PartialEq)]
pub struct RunRequest {
    /// At least one; standard input at most once.
    pub inputs: Vec<InputPath>,
    /// Which Rollouts.
    pub rollouts: RolloutChoice,
    /// Names of arms without repetition; empty for all.
    pub arms: Vec<String>,
    /// Replications of each arm.
    pub replications: Option<NonZeroU64>,
    /// Instead: until the probability of detection of every arm is known within this, from 0 to 1, exclusive.
    pub precision: Option<f64>,
    /// Real time after which the study is stopped. The caller measures it and stops the study.
    pub budget: Option<std::time::Duration>,
    /// Whether the study is repeated with one assumption changed at a time.
    pub sensitivity: bool,
    /// Which intervals proportions get.
    pub interval: IntervalMethod,
    /// Whether the best possible test is wanted too (`bound`).
    pub best_possible: bool,
    /// The seed.
    pub seed: Option<u64>,
    /// Threads; none for one per core. Never changes a result.
    pub threads: Option<NonZeroUsize>,
}

/// `rollsim power`
#[derive(Clone, Debug, PartialEq)]
pub struct PowerRequest {
    /// At least one; standard input at most once.
    pub inputs: Vec<InputPath>,
    /// The Rollout's name, where there are several.
    pub rollout: Option<String>,
    /// Names of fault arms without repetition; empty for all.
    pub arms: Vec<String>,
    /// The range of the service's traffic as it was typed, `0.05..500/s`.
    pub traffic: Option<String>,
    /// The range of the fault's size as it was typed: its notation depends on the fault.
    pub fault_size: Option<String>,
    /// Points along each axis, at least 2.
    pub points: Option<usize>,
    /// Replications of each arm at each point.
    pub replications: Option<NonZeroU64>,
    /// The wanted detection probability, in (0, 1).
    pub want: f64,
    /// The false-abort probability that is put up with, in (0, 1).
    pub false_aborts: f64,
    /// The seed.
    pub seed: Option<u64>,
    /// Threads; none for one per core. Never changes a result.
    pub threads: Option<NonZeroUsize>,
}

/// `rollsim check`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRequest {
    /// At least one; standard input at most once.
    pub inputs: Vec<InputPath>,
    /// Which Rollouts.
    pub rollouts: RolloutChoice,
    /// The most replications of an arm; none for [`Self::MOST_REPLICATIONS`].
    pub replications: Option<NonZeroU64>,
    /// The seed.
    pub seed: Option<u64>,
    /// Threads; none for one per core. Never changes a result.
    pub threads: Option<NonZeroUsize>,
}

impl CheckRequest {
    /// The most replications of an arm unless asked otherwise.
    pub const MOST_REPLICATIONS: u64 = 64_000;
}

impl RunRequest {
    /// Everything as the scenario says.
    pub fn of(inputs: Vec<InputPath>) -> Self {
        Self {
            inputs,
            rollouts: RolloutChoice::Default,
            arms: Vec::new(),
            replications: None,
            precision: None,
            budget: None,
            sensitivity: false,
            interval: IntervalMethod::default(),
            best_possible: true,
            seed: None,
            threads: None,
        }
    }
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

/// `rollsim lint`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintRequest {
    /// At least one; standard input at most once.
    pub inputs: Vec<InputPath>,
    /// Which rules.
    pub selection: Selection,
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

/// `rollsim replay`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayRequest {
    /// At least one; standard input at most once, the series included.
    pub inputs: Vec<InputPath>,
    /// The recording.
    pub series: InputPath,
    /// When the update starts, or the AnalysisRun: milliseconds since 1970.
    pub at_ms: i64,
    /// The Rollout's name, where there are several.
    pub rollout: Option<String>,
    /// The template whose run is replayed by itself, instead of a Rollout.
    pub template: Option<String>,
    /// Values for arguments, by name.
    pub arguments: Vec<(String, String)>,
    /// As which server.
    pub profile: Option<Profile>,
    /// Whether the rollout at each change is wanted, as `kubectl argo rollouts get rollout` draws it.
    pub tree: bool,
}
