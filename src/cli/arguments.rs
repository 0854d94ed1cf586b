//! What can be typed. The names of commands and flags are stable.

mod check;
mod init;
mod lint;
mod power;
mod query;
mod replay;
mod run;
mod trace;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use check::{CheckArguments, CheckFormat};
pub use init::InitArguments;
pub use lint::{LintArguments, LintFormat};
pub use power::PowerArguments;
pub use query::{PrometheusVersion, QueryArguments, QueryFormat};
pub use replay::ReplayArguments;
pub use run::{Format, RunArguments};
pub use trace::{TraceArguments, TraceFormat};

use crate::diagnostics::Diagnostic;
use crate::study::request::InputPath;

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
    /// Say how much traffic the gates need to detect a bad release, and what no gate could do.
    Power(PowerArguments),
    /// Tell whether a scenario's expectations are met; the exit code says so too.
    Check(CheckArguments),
    /// Replay one release, or one AnalysisTemplate, over recorded series and tell what happens in it.
    Replay(ReplayArguments),
    /// Tell what is wrong with manifests, without simulating anything.
    Lint(LintArguments),
    /// Evaluate a PromQL query over recorded series, as Prometheus would.
    Query(QueryArguments),
    /// Draft a scenario from the manifests' own queries.
    Init(InitArguments),
    /// Show the faults that run tries when no scenario names any.
    Faults,
}

/// Where the manifests are and where the result goes.
#[derive(Args, Clone, Debug)]
pub struct InputOutput {
    /// A scenario file, manifests, folders of manifests, or - for standard input.
    #[arg(value_name = "INPUT", required = true)]
    pub inputs: Vec<PathBuf>,
    /// Write the result to this file, all of it or nothing, instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The seed of the random numbers [default: the scenario's, else 1].
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
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
