//! `rollsim faults`: the faults that `run` tries when no scenario names any.

use super::exit_code::ExitCode;
use super::streams::Streams;

/// Writes the catalogue.
pub fn execute(streams: &mut Streams<'_>) -> ExitCode {
    streams.write(crate::report::faults::text().as_bytes(), ExitCode::Done)
}
