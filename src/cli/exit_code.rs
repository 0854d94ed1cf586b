//! The exit codes, all of them. They are stable; `docs/output.md` repeats this table.

/// What a command tells its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// The command did what it was asked. What a run found, however bad, is no failure.
    Done = 0,
    /// The study ran, and an expectation of the scenario isn't met; or `lint` found an error or a warning.
    ExpectationNotMet = 1,
    /// Wrong arguments, unreadable or wrong input, a Rollout that the controller refuses (`InvalidSpec`),
    /// something not implemented, or an output that can't be written.
    BadInput = 2,
    /// The study ran, and its replications don't suffice to decide.
    Undecided = 3,
    /// Interrupted by the terminal (128 + SIGINT, as shells show it). What a run had computed by then is its
    /// result; where there is nothing yet, no output file is touched.
    Interrupted = 130,
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}
