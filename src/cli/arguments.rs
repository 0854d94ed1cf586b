//! What can be typed. The names of commands and flags are stable.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::diagnostics::Diagnostic;
use crate::go_duration;
use crate::promql::settings::Profile;
use crate::report::query::QueryTime;
use crate::study::request::{InputPath, QueryRequest, RolloutChoice, RunRequest, TraceRequest};

use super::time;
use crate::units::Duration;

/// Replays an Argo Rollouts canary thousands of times offline and tells what its analysis gates are worth.
#[derive(Clone, Debug, Parser)]
#[command(name = "rollsim", version, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Replay a Rollout many times, healthy and with each fault, and report what its gates are worth.
    Run(RunArguments),
    /// Replay one release and tell what happens in it, event by event.
    Trace(TraceArguments),
    /// Evaluate a PromQL query over recorded series, as Prometheus would.
    Query(QueryArguments),
}

/// The forms of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables and words.
    Text,
    /// The stable machine-readable form.
    Json,
    /// One row per figure (run) or event (trace).
    Csv,
    /// What `kubectl argo rollouts get rollout` draws (trace only).
    Tree,
}

/// Where the manifests are and where the result goes.
#[derive(Args, Clone, Debug)]
pub struct InputOutput {
    /// A scenario file, manifests, folders of manifests, or - for standard input.
    #[arg(value_name = "INPUT", required = true)]
    pub inputs: Vec<PathBuf>,
    /// The form of the result.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Write the result to this file, all of it or nothing, instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The seed of the random numbers [default: the scenario's, else 1].
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// `rollsim run`
#[derive(Args, Clone, Debug)]
pub struct RunArguments {
    #[expect(
        missing_docs,
        reason = "a doc comment would become the help text's heading"
    )]
    #[command(flatten)]
    pub io: InputOutput,
    /// Replications of each arm [default: the scenario's, else 10000].
    #[arg(long, value_name = "N", value_parser = at_least_one_replication)]
    pub replications: Option<NonZeroU64>,
    /// Only this arm: `healthy` or a fault's name; can be given several times.
    #[arg(long = "arm", value_name = "NAME")]
    pub arms: Vec<String>,
    /// The Rollout to study, where there are several.
    #[arg(long, value_name = "NAME", conflicts_with = "all_rollouts")]
    pub rollout: Option<String>,
    /// Study every Rollout.
    #[arg(long)]
    pub all_rollouts: bool,
    /// Threads [default: one per core]; results are the same for any number.
    #[arg(long, value_name = "N", value_parser = at_least_one_thread)]
    pub threads: Option<NonZeroUsize>,
}

/// `rollsim trace`
#[derive(Args, Clone, Debug)]
pub struct TraceArguments {
    #[expect(
        missing_docs,
        reason = "a doc comment would become the help text's heading"
    )]
    #[command(flatten)]
    pub io: InputOutput,
    /// The arm: `healthy` or a fault's name.
    #[arg(long, value_name = "NAME", default_value = "healthy")]
    pub arm: String,
    /// Which replication, counted from 0.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub replication: u64,
    /// With --format tree: only as it stands so long after the update [default: at every change].
    #[arg(long, value_name = "DURATION", value_parser = since_update)]
    pub at: Option<Duration>,
    /// Write the series to this file as OpenMetrics text, for `promtool tsdb create-blocks-from openmetrics`.
    #[arg(long, value_name = "FILE")]
    pub openmetrics: Option<PathBuf>,
    /// Write the measurements to this file, for `promtool test rules`; scrapes then happen at whole seconds.
    #[arg(long, value_name = "FILE")]
    pub promtool: Option<PathBuf>,
    /// The Rollout, where there are several.
    #[arg(long, value_name = "NAME")]
    pub rollout: Option<String>,
}

/// The forms of a query's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum QueryFormat {
    /// As `promtool query` prints it.
    Text,
    /// As Prometheus' HTTP API answers.
    Json,
}

/// Versions of Prometheus that evaluate differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PrometheusVersion {
    /// 3.0 and later.
    #[value(name = "3")]
    V3,
    /// 2.51 to 2.55.
    #[value(name = "2.51")]
    V2_51,
    /// 2.50 and earlier.
    #[value(name = "2")]
    V2,
}

/// `rollsim query`
#[derive(Args, Clone, Debug)]
pub struct QueryArguments {
    /// The query.
    #[arg(value_name = "EXPR")]
    pub query: String,
    /// The series: OpenMetrics text, Prometheus' `.test` notation or the JSON of `query_range`; - for standard input.
    #[arg(long, value_name = "FILE")]
    pub series: PathBuf,
    /// The instant: seconds since 1970, 2026-03-01T12:00:00Z, or 10m from the start of a `.test` file.
    #[arg(long, value_name = "TIME", value_parser = time::instant, allow_negative_numbers = true)]
    pub at: i64,
    /// Evaluate from --at up to this instant, at every --step.
    #[arg(long, value_name = "TIME", value_parser = time::instant, requires = "step", allow_negative_numbers = true)]
    pub range_end: Option<i64>,
    /// The distance between evaluations of a range.
    #[arg(long, value_name = "DURATION", value_parser = time::duration, requires = "range_end", allow_negative_numbers = true)]
    pub step: Option<i64>,
    /// Evaluate as this version of Prometheus.
    #[arg(long, value_name = "VERSION", value_enum, default_value_t = PrometheusVersion::V3)]
    pub prometheus: PrometheusVersion,
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t = QueryFormat::Text)]
    pub format: QueryFormat,
    /// Write the answer to this file, all of it or nothing, instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

impl QueryArguments {
    /// The request that these arguments make.
    pub fn request(self) -> QueryRequest {
        let time = match (self.range_end, self.step) {
            (Some(end), Some(step)) => QueryTime::Range {
                start: self.at,
                end,
                step,
            },
            _ => QueryTime::Instant(self.at),
        };
        let profile = match self.prometheus {
            PrometheusVersion::V3 => Profile::V3,
            PrometheusVersion::V2_51 => Profile::V2_51,
            PrometheusVersion::V2 => Profile::V2,
        };
        QueryRequest {
            query: self.query,
            series: input_path(self.series),
            time,
            profile,
        }
    }
}

fn at_least_one_replication(text: &str) -> Result<NonZeroU64, String> {
    let number: u64 = text.parse().map_err(|_| "a whole number is needed")?;
    NonZeroU64::new(number).ok_or_else(|| "at least one replication is needed".to_owned())
}

fn since_update(text: &str) -> Result<Duration, String> {
    let duration = go_duration::parse(text).map_err(|_| "write it as `90s` or `1h30m`")?;
    if duration < Duration::ZERO {
        return Err("nothing is known of the time before the update".to_owned());
    }
    Ok(duration)
}

fn at_least_one_thread(text: &str) -> Result<NonZeroUsize, String> {
    let number: usize = text.parse().map_err(|_| "a whole number is needed")?;
    NonZeroUsize::new(number).ok_or_else(|| "at least one thread is needed".to_owned())
}

impl RunArguments {
    /// The request that these arguments make.
    ///
    /// # Errors
    /// Standard input named twice.
    pub fn request(self) -> Result<RunRequest, Box<Diagnostic>> {
        if self.io.format == Format::Tree {
            let help = "use `rollsim trace --format tree`, which shows one release";
            let message = "a run has no tree: it is about many releases";
            return Err(Box::new(Diagnostic::error(message).with_help(help)));
        }
        let rollouts = match self.rollout {
            Some(name) => RolloutChoice::Named(name),
            None if self.all_rollouts => RolloutChoice::All,
            None => RolloutChoice::Default,
        };
        let mut arms: Vec<String> = Vec::new();
        for arm in self.arms {
            if !arms.contains(&arm) {
                arms.push(arm);
            }
        }
        Ok(RunRequest {
            inputs: input_paths(self.io.inputs)?,
            rollouts,
            arms,
            replications: self.replications,
            seed: self.io.seed,
            threads: self.threads,
        })
    }
}

impl TraceArguments {
    /// The request that these arguments make.
    ///
    /// # Errors
    /// Standard input named twice.
    pub fn request(self) -> Result<TraceRequest, Box<Diagnostic>> {
        let tree = self.io.format == Format::Tree;
        if self.at.is_some() && !tree {
            let message = "--at is for --format tree";
            let help = "add --format tree, or leave --at out";
            return Err(Box::new(Diagnostic::error(message).with_help(help)));
        }
        Ok(TraceRequest {
            tree,
            at: self.at,
            inputs: input_paths(self.io.inputs)?,
            rollout: self.rollout,
            arm: self.arm,
            replication: self.replication,
            seed: self.io.seed,
            openmetrics: self.openmetrics.is_some(),
            promtool: self.promtool.is_some(),
        })
    }
}

fn input_path(path: PathBuf) -> InputPath {
    if path.as_os_str() == "-" {
        InputPath::Stdin
    } else {
        InputPath::Path(path)
    }
}

fn input_paths(paths: Vec<PathBuf>) -> Result<Vec<InputPath>, Box<Diagnostic>> {
    let inputs: Vec<InputPath> = paths.into_iter().map(input_path).collect();
    let stdin = inputs.iter().filter(|input| **input == InputPath::Stdin);
    if stdin.count() > 1 {
        let twice = Diagnostic::error("standard input (-) is given twice")
            .with_note("it can be read only once")
            .with_help("give - once; the stream may hold any number of documents");
        return Err(Box::new(twice));
    }
    Ok(inputs)
}
