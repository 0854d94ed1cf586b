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
    /// Interrupted by the terminal (128 + SIGINT): what shells show when the signal ends the program, since
    /// nothing catches it. No output file is touched.
    Interrupted = 130,
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}
