//! `rollsim check`: are the scenario's expectations met?

use super::arguments::{CheckArguments, CheckFormat};
use super::exit_code::ExitCode;
use super::output::Target;
use super::progress::while_showing;
use super::run::unrendered;
use super::streams::Streams;
use crate::montecarlo::progress::Progress;
use crate::report::check::{CheckReport, Verdict, json, text};

/// Checks the expectations and writes the verdicts.
pub fn execute(arguments: CheckArguments, streams: &mut Streams<'_>) -> ExitCode {
    let (format, output) = (arguments.format, arguments.io.output.clone());
    let checked = arguments.request().and_then(|request| {
        let target = Target::check(output.as_deref(), &request.inputs)?;
        Ok((request, target))
    });
    let (request, target) = match checked {
        Ok(checked) => checked,
        Err(diagnostic) => return streams.complain(&diagnostic),
    };
    let progress = Progress::new();
    let study = || crate::study::check(&request, &progress);
    let report = match while_showing(streams.watched, &progress, study) {
        Ok(report) => report,
        Err(failure) => return streams.fail(&failure),
    };
    let bytes = match format {
        CheckFormat::Text => Ok(text(&report)),
        CheckFormat::Json => json(&report).map_err(|error| unrendered("JSON", &error.to_string())),
    };
    match bytes {
        Ok(bytes) => target.write(bytes.as_bytes(), streams, verdict(&report)),
        Err(diagnostic) => streams.complain(&diagnostic),
    }
}

/// One expectation that isn't met outweighs any that are undecided.
fn verdict(report: &CheckReport) -> ExitCode {
    if report.with(Verdict::NotMet).next().is_some() {
        ExitCode::ExpectationNotMet
    } else if report.with(Verdict::Undecided).next().is_some() {
        ExitCode::Undecided
    } else {
        ExitCode::Done
    }
}
