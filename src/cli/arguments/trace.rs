//! What can be typed after `rollsim trace`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{InputOutput, input_paths};
use crate::diagnostics::Diagnostic;
use crate::go::duration;
use crate::study::request::TraceRequest;
use crate::units::Duration;

/// The forms of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TraceFormat {
    /// Tables and words.
    Text,
    /// The stable machine-readable form.
    Json,
    /// One row per event.
    Csv,
    /// What `kubectl argo rollouts get rollout` draws.
    Tree,
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
    /// The form of the result.
    #[arg(long, value_enum, default_value_t = TraceFormat::Text)]
    pub format: TraceFormat,
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

impl TraceArguments {
    /// The request that these arguments make.
    ///
    /// # Errors
    /// Standard input named twice.
    pub fn request(self) -> Result<TraceRequest, Box<Diagnostic>> {
        let tree = self.format == TraceFormat::Tree;
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

fn since_update(text: &str) -> Result<Duration, String> {
    let duration = duration::parse(text).map_err(|_| "write it as `90s` or `1h30m`")?;
    if duration < Duration::ZERO {
        return Err("nothing is known of the time before the update".to_owned());
    }
    Ok(duration)
}
