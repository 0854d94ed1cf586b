//! `rollsim query`: a query over recorded series.

use super::arguments::{QueryArguments, QueryFormat};
use super::exit_code::ExitCode;
use super::output::Target;
use super::run::unrendered;
use super::streams::Streams;
use crate::report::query::{json, text};

/// Answers the query and writes the answer.
pub fn execute(arguments: QueryArguments, streams: &mut Streams<'_>) -> ExitCode {
    let (format, output) = (arguments.format, arguments.output.clone());
    let request = arguments.request();
    let target = match Target::check(output.as_deref(), std::slice::from_ref(&request.series)) {
        Ok(target) => target,
        Err(diagnostic) => return streams.complain(&diagnostic),
    };
    let answer = match crate::study::query(&request) {
        Ok(answer) => answer,
        Err(failure) => return streams.fail(&failure),
    };
    streams.notices(&answer.notices);
    let bytes = match format {
        QueryFormat::Text => Ok(text(&answer)),
        QueryFormat::Json => json(&answer).map_err(|error| unrendered("JSON", &error.to_string())),
    };
    match bytes {
        Ok(bytes) => target.write(bytes.as_bytes(), streams, ExitCode::Done),
        Err(diagnostic) => streams.complain(&diagnostic),
    }
}
