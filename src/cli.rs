//! The command line: what was typed becomes a checked request, and a result becomes bytes and an exit code.
//!
//! `clap` types hold what was typed ([`arguments`]); [`crate::study::request`] holds what is valid. A
//! command checks its output target, runs its study, writes the result and returns an [`ExitCode`]. Only
//! this module prints, and only it knows the wall clock.

pub mod arguments;
pub mod check;
pub mod exit_code;
pub mod faults;
pub mod init;
pub mod limits;
pub mod lint;
pub mod output;
pub mod power;
pub mod progress;
pub mod query;
pub mod replay;
pub mod run;
pub mod streams;
pub mod time;
pub mod trace;

use std::ffi::OsString;

use clap::Parser as _;

use arguments::{Arguments, Command};
use exit_code::ExitCode;
use streams::Streams;

use crate::montecarlo::progress::Progress;
use crate::report::export::Traced;
use crate::report::model::Report;
use crate::study::failure::Failure;
use crate::study::request::{RunRequest, TraceRequest};

/// The studies behind the commands.
pub struct Studies<Run, Trace> {
    /// Behind `rollsim run`.
    pub run: Run,
    /// Behind `rollsim trace`.
    pub trace: Trace,
}

impl<Run, Trace> std::fmt::Debug for Studies<Run, Trace> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Studies").finish_non_exhaustive()
    }
}

/// Parses `arguments` (the program's name first) and runs the command that they name.
pub fn main<R, T>(
    arguments: impl IntoIterator<Item = OsString>,
    streams: &mut Streams<'_>,
    studies: Studies<R, T>,
) -> ExitCode
where
    R: FnOnce(&RunRequest, &Progress) -> Result<Report, Failure>,
    T: FnOnce(&TraceRequest) -> Result<Traced, Failure>,
{
    let parsed = match Arguments::try_parse_from(arguments) {
        Ok(parsed) => parsed,
        Err(message) => return streams.usage(&message),
    };
    match parsed.command {
        Command::Run(arguments) => run::execute(arguments, streams, studies.run),
        Command::Trace(arguments) => trace::execute(arguments, streams, studies.trace),
        Command::Power(arguments) => power::execute(arguments, streams),
        Command::Check(arguments) => check::execute(arguments, streams),
        Command::Replay(arguments) => replay::execute(arguments, streams),
        Command::Lint(arguments) => lint::execute(arguments, streams),
        Command::Query(arguments) => query::execute(arguments, streams),
        Command::Init(arguments) => init::execute(arguments, streams),
        Command::Faults => faults::execute(streams),
    }
}

#[cfg(test)]
mod tests;
