//! What can be typed after `rollsim run`.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{InputOutput, input_paths};
use crate::diagnostics::Diagnostic;
use crate::go::duration;
use crate::scenario::decode::parse_precision;
use crate::stats::proportion::IntervalMethod;
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

/// The intervals of proportions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Interval {
    /// Wilson's score interval.
    Wilson,
    /// Clopper and Pearson's exact interval.
    ClopperPearson,
}

impl From<Interval> for IntervalMethod {
    fn from(interval: Interval) -> Self {
        match interval {
            Interval::Wilson => Self::Wilson,
            Interval::ClopperPearson => Self::ClopperPearson,
        }
    }
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
    /// Go on until the probability of detection of every arm is known within this, e.g. 0.5% [default: the
    /// scenario's, else --replications].
    #[arg(long, value_name = "SHARE", value_parser = parse_precision, conflicts_with = "replications")]
    pub precision: Option<f64>,
    /// Stop after so much real time, e.g. 30s; without --replications and --precision go on until then.
    #[arg(long, value_name = "DURATION", value_parser = real_time)]
    pub budget: Option<Duration>,
    /// Repeat the study with one assumption changed at a time (bursts, errors, scrape interval, slow starts) and
    /// say which the verdict hangs on.
    #[arg(long, conflicts_with = "budget")]
    pub sensitivity: bool,
    /// Which intervals proportions get.
    #[arg(long, value_enum, default_value_t = Interval::Wilson)]
    pub interval: Interval,
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
            precision: self.precision,
            budget: self.budget,
            sensitivity: self.sensitivity,
            interval: self.interval.into(),
            best_possible: true,
            seed: self.io.seed,
            threads: self.threads,
        })
    }
}

pub(super) fn at_least_one_replication(text: &str) -> Result<NonZeroU64, String> {
    let number: u64 = text.parse().map_err(|_| "a whole number is needed")?;
    NonZeroU64::new(number).ok_or_else(|| "at least one replication is needed".to_owned())
}

fn real_time(text: &str) -> Result<Duration, String> {
    let wrong = || "write it as `90s` or `1h30m`, more than 0".to_owned();
    let nanos = duration::parse(text).map_err(|_| wrong())?.as_nanos();
    let nanos = u64::try_from(nanos).map_err(|_| wrong())?;
    match nanos {
        0 => Err(wrong()),
        _ => Ok(Duration::from_nanos(nanos)),
    }
}

pub(super) fn at_least_one_thread(text: &str) -> Result<NonZeroUsize, String> {
    let number: usize = text.parse().map_err(|_| "a whole number is needed")?;
    NonZeroUsize::new(number).ok_or_else(|| "at least one thread is needed".to_owned())
}
