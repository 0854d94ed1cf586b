//! What can be typed after `rollsim power`.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::Args;

use super::run::{at_least_one_replication, at_least_one_thread};
use super::{Format, InputOutput, input_paths};
use crate::diagnostics::Diagnostic;
use crate::scenario::decode::typed;
use crate::study::request::PowerRequest;

/// More points than anybody looks at.
const MOST_POINTS: usize = 1_000;

/// `rollsim power`
#[derive(Args, Clone, Debug)]
pub struct PowerArguments {
    #[expect(
        missing_docs,
        reason = "a doc comment would become the help text's heading"
    )]
    #[command(flatten)]
    pub io: InputOutput,
    /// The form of the result.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// The service's traffic, e.g. 0.05..500/s [default: without --fault-size a tenth to 100 times the scenario's].
    #[arg(long, value_name = "LOW..HIGH")]
    pub traffic: Option<String>,
    /// The fault's size, e.g. 0.5%..10%, x1.5..x8, +50ms..+2s or 1Mi/min..50Mi/min [default: the scenario's].
    #[arg(long, value_name = "LOW..HIGH", allow_hyphen_values = true)]
    pub fault_size: Option<String>,
    /// Points of the grid along each of these, evenly spaced in the logarithm [default: 9, or 5 along each of both].
    #[arg(long, value_name = "N", value_parser = at_least_two_points)]
    pub points: Option<usize>,
    /// Only this fault; can be given several times.
    #[arg(long = "arm", value_name = "NAME")]
    pub arms: Vec<String>,
    /// The wanted detection probability.
    #[arg(long, value_name = "PERCENT", default_value = "95%", value_parser = probability)]
    pub want: f64,
    /// The share of aborted healthy releases that is put up with.
    #[arg(long, value_name = "PERCENT", default_value = "1%", value_parser = probability)]
    pub false_aborts: f64,
    /// Replications of each arm at each point [default: the scenario's, else 10000].
    #[arg(long, value_name = "N", value_parser = at_least_one_replication)]
    pub replications: Option<NonZeroU64>,
    /// Draw the curves into this folder, as PNG and SVG; it is made if it isn't there.
    #[arg(long, value_name = "FOLDER")]
    pub plot: Option<PathBuf>,
    /// The Rollout, where there are several.
    #[arg(long, value_name = "NAME")]
    pub rollout: Option<String>,
    /// Threads [default: one per core]; results are the same for any number.
    #[arg(long, value_name = "N", value_parser = at_least_one_thread)]
    pub threads: Option<NonZeroUsize>,
    /// Start even if it will take more than an hour.
    #[arg(long)]
    pub yes: bool,
}

impl PowerArguments {
    /// The request that these arguments make.
    ///
    /// # Errors
    /// Standard input named twice.
    pub fn request(self) -> Result<PowerRequest, Box<Diagnostic>> {
        let mut arms: Vec<String> = Vec::new();
        for arm in self.arms {
            if !arms.contains(&arm) {
                arms.push(arm);
            }
        }
        Ok(PowerRequest {
            inputs: input_paths(self.io.inputs)?,
            rollout: self.rollout,
            arms,
            traffic: self.traffic,
            fault_size: self.fault_size,
            points: self.points,
            replications: self.replications,
            want: self.want,
            false_aborts: self.false_aborts,
            seed: self.io.seed,
            threads: self.threads,
        })
    }
}

fn at_least_two_points(text: &str) -> Result<usize, String> {
    let number: usize = text.parse().map_err(|_| "a whole number is needed")?;
    match number {
        2..=MOST_POINTS => Ok(number),
        _ => Err(format!("from 2 to {MOST_POINTS} points make a grid")),
    }
}

fn probability(text: &str) -> Result<f64, String> {
    let share = typed::share(text)?;
    if share > 0.0 && share < 1.0 {
        Ok(share)
    } else {
        Err("a probability above 0% and below 100% is needed".to_owned())
    }
}
