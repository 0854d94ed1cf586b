//! `rollsim replay`: one release over recorded series.

use super::arguments::ReplayArguments;
use super::exit_code::ExitCode;
use super::output::Target;
use super::streams::Streams;
use super::trace::show;

/// Replays what the arguments ask for and writes its trace.
pub fn execute(arguments: ReplayArguments, streams: &mut Streams<'_>) -> ExitCode {
    let (format, output) = (arguments.format, arguments.output.clone());
    let checked = arguments.request().and_then(|request| {
        let mut inputs = request.inputs.clone();
        inputs.push(request.series.clone());
        Ok((Target::check(output.as_deref(), &inputs)?, request))
    });
    let (target, request) = match checked {
        Ok(checked) => checked,
        Err(diagnostic) => return streams.complain(&diagnostic),
    };
    match crate::study::replay(&request) {
        Ok(traced) => {
            streams.notices(&traced.notices);
            show(&traced, format, None, &target, streams)
        }
        Err(failure) => streams.fail(&failure),
    }
}
