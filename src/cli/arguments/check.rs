//! What can be typed after `rollsim check`.

use std::num::{NonZeroU64, NonZeroUsize};

use clap::{Args, ValueEnum};

use super::run::{at_least_one_replication, at_least_one_thread};
use super::{InputOutput, input_paths};
use crate::diagnostics::Diagnostic;
use crate::study::request::{CheckRequest, RolloutChoice};

/// The forms of a check's verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// A table and a sentence.
    Text,
    /// The stable machine-readable form.
    Json,
}

/// `rollsim check`
#[derive(Args, Clone, Debug)]
pub struct CheckArguments {
    #[expect(
        missing_docs,
        reason = "a doc comment would become the help text's heading"
    )]
    #[command(flatten)]
    pub io: InputOutput,
    /// The form of the result.
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub format: CheckFormat,
    /// The most replications of each arm [default: 64000]; fewer are run where they decide.
    #[arg(long, value_name = "N", value_parser = at_least_one_replication)]
    pub replications: Option<NonZeroU64>,
    /// The Rollout to check, where there are several.
    #[arg(long, value_name = "NAME", conflicts_with = "all_rollouts")]
    pub rollout: Option<String>,
    /// Check every Rollout.
    #[arg(long)]
    pub all_rollouts: bool,
    /// Threads [default: one per core]; results are the same for any number.
    #[arg(long, value_name = "N", value_parser = at_least_one_thread)]
    pub threads: Option<NonZeroUsize>,
}

impl CheckArguments {
    /// The request that these arguments make.
    ///
    /// # Errors
    /// Standard input named twice.
    pub fn request(self) -> Result<CheckRequest, Box<Diagnostic>> {
        Ok(CheckRequest {
            inputs: input_paths(self.io.inputs)?,
            rollouts: RolloutChoice::new(self.rollout, self.all_rollouts),
            replications: self.replications,
            seed: self.io.seed,
            threads: self.threads,
        })
    }
}
