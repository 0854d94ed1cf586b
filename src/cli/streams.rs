//! Standard output and standard error, as a command sees them.

use std::io::{ErrorKind, IsTerminal, Write};

use super::exit_code::ExitCode;
use crate::diagnostics::{ColourChoice, Diagnostic, SourceMap, render};
use crate::study::failure::Failure;

/// Where a command writes.
pub struct Streams<'a> {
    /// Results.
    pub out: &'a mut dyn Write,
    /// Diagnostics.
    pub err: &'a mut dyn Write,
    /// Whether diagnostics are coloured.
    pub colours: ColourChoice,
    /// Whether somebody watches standard error: then there is a progress bar.
    pub watched: bool,
}

impl std::fmt::Debug for Streams<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streams")
            .field("colours", &self.colours)
            .field("watched", &self.watched)
            .finish_non_exhaustive()
    }
}

impl<'a> Streams<'a> {
    /// The process's own streams. Colours and the progress bar only on a terminal; `NO_COLOR` is heeded.
    pub fn new(out: &'a mut std::io::Stdout, err: &'a mut std::io::Stderr) -> Self {
        Self {
            colours: ColourChoice::detect(err),
            watched: err.is_terminal(),
            out,
            err,
        }
    }

    /// Shows what `clap` has to say: help and version on standard output, wrong usage on standard error.
    pub fn usage(&mut self, message: &clap::Error) -> ExitCode {
        let text = message.render().to_string();
        if message.use_stderr() {
            self.say(&text);
            ExitCode::BadInput
        } else {
            self.write(text.as_bytes(), ExitCode::Done)
        }
    }

    /// Writes a result to standard output and returns `code`, or [`ExitCode::BadInput`] if that fails. A
    /// reader that went away (`| head`) has read enough.
    pub fn write(&mut self, bytes: &[u8], code: ExitCode) -> ExitCode {
        let written = self.out.write_all(bytes).and_then(|()| self.out.flush());
        match written {
            Ok(()) => code,
            Err(error) if error.kind() == ErrorKind::BrokenPipe => code,
            Err(error) => {
                let diagnostic = Diagnostic::error("can't write to standard output")
                    .with_note(error.to_string());
                self.complain(&diagnostic)
            }
        }
    }

    /// Shows why there is no result.
    pub fn fail(&mut self, failure: &Failure) -> ExitCode {
        match failure {
            Failure::Input {
                diagnostics,
                sources,
            } => {
                self.say(&render(diagnostics, sources, self.colours));
                ExitCode::BadInput
            }
            Failure::Undecided(diagnostic) => {
                self.complain(diagnostic);
                ExitCode::Undecided
            }
        }
    }

    /// Shows one thing that is wrong and in no file.
    pub fn complain(&mut self, diagnostic: &Diagnostic) -> ExitCode {
        let diagnostics = std::slice::from_ref(diagnostic);
        self.say(&render(diagnostics, &SourceMap::new(), self.colours));
        ExitCode::BadInput
    }

    /// Shows what is to be known besides a result.
    pub fn notices(&mut self, notices: &[Diagnostic]) {
        if !notices.is_empty() {
            let shown = render(notices, &SourceMap::new(), self.colours);
            self.say(&shown);
        }
    }

    /// Writes to standard error. That nobody reads it is no reason to fail.
    pub fn say(&mut self, text: &str) {
        let _ = self.err.write_all(text.as_bytes());
    }
}
