//! The command line: the process's arguments and streams in, an exit code out.

use std::process::ExitCode;

use rollsim::cli::streams::Streams;
use rollsim::cli::{self, Studies};

fn main() -> ExitCode {
    let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
    let mut streams = Streams::new(&mut out, &mut err);
    let studies = Studies {
        run: rollsim::study::run,
        trace: rollsim::study::trace,
    };
    cli::main(std::env::args_os(), &mut streams, studies).into()
}
