//! What can be typed after `rollsim run`.

use std::num::{NonZeroU64, NonZeroUsize};

use clap::{Args, ValueEnum};

use super::{InputOutput, input_paths};
use crate::diagnostics::Diagnostic;
use crate::study::request::{RolloutChoice, RunRequest};

/// The forms of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables and words.
    Text,
    /// The stable machine-readable form.
    Json,
    /// One row per figure.
    Csv,
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
    /// The form of the result.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
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

impl RunArguments {
    /// The request that these arguments make.
    ///
    /// # Errors
    /// Standard input named twice.
    pub fn request(self) -> Result<RunRequest, Box<Diagnostic>> {
        let mut arms: Vec<String> = Vec::new();
        for arm in self.arms {
            if !arms.contains(&arm) {
                arms.push(arm);
            }
        }
        Ok(RunRequest {
            inputs: input_paths(self.io.inputs)?,
            rollouts: RolloutChoice::new(self.rollout, self.all_rollouts),
            arms,
            replications: self.replications,
            seed: self.io.seed,
            threads: self.threads,
        })
    }
}

pub(super) fn at_least_one_replication(text: &str) -> Result<NonZeroU64, String> {
    let number: u64 = text.parse().map_err(|_| "a whole number is needed")?;
    NonZeroU64::new(number).ok_or_else(|| "at least one replication is needed".to_owned())
}

pub(super) fn at_least_one_thread(text: &str) -> Result<NonZeroUsize, String> {
    let number: usize = text.parse().map_err(|_| "a whole number is needed")?;
    NonZeroUsize::new(number).ok_or_else(|| "at least one thread is needed".to_owned())
}
