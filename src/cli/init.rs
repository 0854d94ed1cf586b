//! `rollsim init`: a scenario drafted from the manifests' own queries.

use super::arguments::InitArguments;
use super::exit_code::ExitCode;
use super::output::Target;
use super::streams::Streams;

/// Drafts the scenario and writes it.
pub fn execute(arguments: InitArguments, streams: &mut Streams<'_>) -> ExitCode {
    let output = arguments.output.clone();
    let checked = arguments.request().and_then(|request| {
        let target = Target::check(output.as_deref(), &request.inputs)?;
        Ok((request, target))
    });
    let (request, target) = match checked {
        Ok(checked) => checked,
        Err(diagnostic) => return streams.complain(&diagnostic),
    };
    match crate::study::init(&request) {
        Ok(text) => target.write(text.as_bytes(), streams, ExitCode::Done),
        Err(failure) => streams.fail(&failure),
    }
}
