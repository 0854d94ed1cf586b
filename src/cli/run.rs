//! `rollsim run`: replay many times and report.

use std::path::Path;

use super::arguments::{Format, RunArguments};
use super::exit_code::ExitCode;
use super::limits::{Interrupt, within};
use super::output::Target;
use super::progress::while_showing;
use super::streams::Streams;
use crate::diagnostics::Diagnostic;
use crate::montecarlo::progress::Progress;
use crate::report::model::{InvalidSpec, Report};
use crate::report::number::{percent, thousands};
use crate::report::{csv, json, text};
use crate::stats::proportion::IntervalMethod;
use crate::study::failure::Failure;
use crate::study::request::{InputPath, RolloutChoice, RunRequest};

/// Runs `study` on what the arguments ask for, and writes its report.
pub fn execute(
    arguments: RunArguments,
    streams: &mut Streams<'_>,
    study: impl FnOnce(&RunRequest, &Progress) -> Result<Report, Failure>,
) -> ExitCode {
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
    let interrupt = Interrupt::stopping(&progress);
    let outcome = while_showing(streams.watched, &progress, || {
        within(request.budget, &progress, || study(&request, &progress))
    });
    let report = match outcome {
        Ok(report) => report,
        Err(Failure::Undecided(_)) if interrupt.happened() => {
            streams.say("interrupted before the first replications were done\n");
            return ExitCode::Interrupted;
        }
        Err(failure) => return streams.fail(&failure),
    };
    if let Some(how) = ending(&request, &report, &progress, &interrupt) {
        streams.say(&how);
    }
    match rendered(&report, format, &request) {
        Ok(bytes) => {
            let results = report.results.iter();
            let refused = results.filter_map(|result| result.invalid_spec.as_ref());
            for invalid in refused.filter(|_| format != Format::Text || target != Target::Stdout) {
                streams.complain(&invalid_spec(invalid));
            }
            let code = if interrupt.happened() {
                ExitCode::Interrupted
            } else {
                verdict(&report)
            };
            target.write(&bytes, streams, code)
        }
        Err(diagnostic) => streams.complain(&diagnostic),
    }
}

/// Why a study ended where it did, unless that was said beforehand. Not part of the result, since
/// `--replications` gives the same result again.
fn ending(
    request: &RunRequest,
    report: &Report,
    progress: &Progress,
    interrupt: &Interrupt,
) -> Option<String> {
    let arms = report.results.iter().flat_map(|result| &result.arms);
    let replications = thousands(arms.map(|arm| arm.replications).max()?);
    let why = if interrupt.happened() {
        "interrupted".to_owned()
    } else if progress.is_stopped() {
        "the budget is used up".to_owned()
    } else if let Some(precision) = request.precision {
        format!("precise to ±{}", percent(precision, 12))
    } else {
        return None;
    };
    Some(format!(
        "{why}: the result holds the first {replications} replications of each arm\n"
    ))
}

/// For those who don't read the result: why nothing was simulated.
pub(super) fn invalid_spec(invalid: &InvalidSpec) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(format!("InvalidSpec: {}", invalid.message));
    if let Some(place) = &invalid.place {
        diagnostic = diagnostic.with_note(format!("at {place}"));
    }
    diagnostic = diagnostic
        .with_note("the controller deploys nothing, so nothing was simulated; the result says what else is wrong");
    match &invalid.help {
        Some(help) => diagnostic.with_help(help),
        None => diagnostic,
    }
}

/// A Rollout that the controller refuses is bad input, even though its report is written.
fn verdict(report: &Report) -> ExitCode {
    let refused = |result: &crate::report::model::RolloutResult| result.invalid_spec.is_some();
    if report.results.iter().any(refused) {
        ExitCode::BadInput
    } else {
        ExitCode::Done
    }
}

fn rendered(
    report: &Report,
    format: Format,
    request: &RunRequest,
) -> Result<Vec<u8>, Box<Diagnostic>> {
    match format {
        Format::Text => Ok(text::render(report, &command(request, report)).into_bytes()),
        Format::Json => json::render(report)
            .map(String::into_bytes)
            .map_err(|error| unrendered("JSON", &error.to_string())),
        Format::Csv => csv::render(report).map_err(|error| unrendered("CSV", &error.to_string())),
    }
}

pub(super) fn unrendered(format: &str, reason: &str) -> Box<Diagnostic> {
    let message = format!("can't write the result as {format}");
    Box::new(Diagnostic::error(message).with_note(reason))
}

/// The command line that reproduces a report: with the seed and the replications that it really used.
fn command(request: &RunRequest, report: &Report) -> String {
    let mut words = vec!["rollsim".to_owned(), "run".to_owned()];
    words.extend(request.inputs.iter().map(input_word));
    match &request.rollouts {
        RolloutChoice::Default => {}
        RolloutChoice::Named(name) => words.extend(["--rollout".to_owned(), quoted(name)]),
        RolloutChoice::All => words.push("--all-rollouts".to_owned()),
    }
    for arm in &request.arms {
        words.extend(["--arm".to_owned(), quoted(arm)]);
    }
    let arms = report.results.iter().flat_map(|result| &result.arms);
    if let Some(replications) = arms.map(|arm| arm.replications).max() {
        words.extend(["--replications".to_owned(), replications.to_string()]);
    }
    if request.sensitivity {
        words.push("--sensitivity".to_owned());
    }
    if request.interval == IntervalMethod::ClopperPearson {
        words.extend(["--interval", "clopper-pearson"].map(str::to_owned));
    }
    words.extend(["--seed".to_owned(), report.seed.to_string()]);
    words.join(" ")
}

pub(super) fn input_word(input: &InputPath) -> String {
    match input {
        InputPath::Stdin => "-".to_owned(),
        InputPath::Path(path) => quoted_path(path),
    }
}

fn quoted_path(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

/// As a POSIX shell needs it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
