//! `rollsim power`: power over traffic and size of a fault, row by row.
//!
//! Here is the clock: a trial says beforehand how long it will take, and after each row the result so far is
//! in the output file, so that nothing is lost when a later one fails or somebody gets tired of waiting.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::arguments::{Format, PowerArguments};
use super::exit_code::ExitCode;
use super::limits::Interrupt;
use super::output::Target;
use super::progress::while_showing;
use super::run::{input_word, invalid_spec, quoted, unrendered};
use super::streams::Streams;
use crate::diagnostics::Diagnostic;
use crate::montecarlo::progress::Progress;
use crate::report::number::{seconds, thousands};
use crate::report::plot::{self, Picture};
use crate::report::power::{self, PowerReport};
use crate::study::failure::Failure;
use crate::study::power::{Begun, Study, begin};
use crate::study::request::PowerRequest;

/// Longer studies are asked about.
const LONG: Duration = Duration::from_hours(1);
/// Trials grow until they take so long, …
const TRIAL: Duration = Duration::from_millis(200);
/// … from so few releases of each arm …
const FIRST_TRIAL: u64 = 8;
/// … to so many: more would use further threads.
const LAST_TRIAL: u64 = 256;

/// Where everything goes, and in which form.
struct Destination {
    format: Format,
    target: Target,
    /// Pictures of each arm: name of the arm, PNG, SVG.
    plots: Option<std::path::PathBuf>,
    request: PowerRequest,
}

/// Runs the study that the arguments ask for, and writes its report.
pub fn execute(arguments: PowerArguments, streams: &mut Streams<'_>) -> ExitCode {
    let (format, output) = (arguments.format, arguments.io.output.clone());
    let (plots, yes) = (arguments.plot.clone(), arguments.yes);
    let checked = arguments.request().and_then(|request| {
        let target = Target::check(output.as_deref(), &request.inputs)?;
        if let Some(folder) = &plots {
            check_folder(folder)?;
        }
        Ok(Destination {
            format,
            target,
            plots,
            request,
        })
    });
    let destination = match checked {
        Ok(checked) => checked,
        Err(diagnostic) => return streams.complain(&diagnostic),
    };
    match begin(&destination.request) {
        Err(failure) => streams.fail(&failure),
        Ok(Begun::Invalid(report)) => destination.write_invalid(&report, streams),
        Ok(Begun::Ready(study)) => destination.write_study(*study, yes, streams),
    }
}

impl Destination {
    fn write_invalid(&self, report: &PowerReport, streams: &mut Streams<'_>) -> ExitCode {
        let shown = self.format == Format::Text && self.target == Target::Stdout;
        if let Some(invalid) = report.invalid_spec.as_ref().filter(|_| !shown) {
            streams.complain(&invalid_spec(invalid));
        }
        self.write(report, streams, ExitCode::BadInput)
    }

    fn write_study(&self, mut study: Study, yes: bool, streams: &mut Streams<'_>) -> ExitCode {
        let left = match time_needed(&mut study) {
            Ok(left) => left,
            Err(failure) => return streams.fail(&failure),
        };
        if left > LONG && !yes {
            return streams.complain(&too_long(left, &study));
        }
        let progress = Progress::new();
        let interrupt = Interrupt::stopping(&progress);
        progress.expect(study.replications_in_row() * study.rows() as u64);
        while !study.is_complete() && !progress.is_stopped() {
            let outcome = while_showing(streams.watched, &progress, || study.next_row(&progress));
            if let Err(failure) = outcome {
                return self.give_up(&study, &failure, streams);
            }
            // Standard output gets the whole at the end.
            let more = !study.is_complete() && study.done() > 0;
            if more && matches!(self.target, Target::File(_)) {
                let code = self.write(study.report(), streams, ExitCode::Done);
                if code != ExitCode::Done {
                    return code;
                }
            }
        }
        if interrupt.happened() && !study.is_complete() {
            streams.say(&format!("interrupted: {}\n", reached(&study)));
            return match study.done() {
                0 => ExitCode::Interrupted,
                _ => self.write(study.report(), streams, ExitCode::Interrupted),
            };
        }
        let code = self.write(study.report(), streams, ExitCode::Done);
        match code {
            ExitCode::Done => self.draw(study.report(), streams),
            code => code,
        }
    }

    /// Tells why there is no more, and writes what there is.
    fn give_up(&self, study: &Study, failure: &Failure, streams: &mut Streams<'_>) -> ExitCode {
        let code = streams.fail(failure);
        if study.done() == 0 {
            return code;
        }
        streams.complain(&Diagnostic::info(reached(study)));
        self.write(study.report(), streams, code)
    }

    fn write(&self, report: &PowerReport, streams: &mut Streams<'_>, code: ExitCode) -> ExitCode {
        match rendered(report, self.format, &self.request) {
            Ok(bytes) => self.target.write(&bytes, streams, code),
            Err(diagnostic) => streams.complain(&diagnostic),
        }
    }

    fn draw(&self, report: &PowerReport, streams: &mut Streams<'_>) -> ExitCode {
        let Some(folder) = &self.plots else {
            return ExitCode::Done;
        };
        for arm in &report.arms {
            let picture = match plot::power::picture(arm, report) {
                Ok(picture) => picture,
                Err(error) => {
                    let message = format!("can't draw the power of `{}`", arm.name);
                    return streams
                        .complain(&Diagnostic::error(message).with_note(error.to_string()));
                }
            };
            let code = write_picture(folder, &arm.name, &picture, streams);
            if code != ExitCode::Done {
                return code;
            }
        }
        ExitCode::Done
    }
}

/// What the result of a study that ended early holds.
fn reached(study: &Study) -> String {
    format!(
        "the result holds {} of the grid's {} rows",
        study.done().min(study.rows()),
        study.rows()
    )
}

fn write_picture(
    folder: &Path,
    arm: &str,
    picture: &Picture,
    streams: &mut Streams<'_>,
) -> ExitCode {
    // A fault's name may hold anything; a file's may not.
    let plain = |letter: char| letter.is_alphanumeric() || "-_.".contains(letter);
    let name: String = arm
        .chars()
        .map(|letter| if plain(letter) { letter } else { '_' })
        .collect();
    for (ending, bytes) in [
        ("png", picture.png.as_slice()),
        ("svg", picture.svg.as_bytes()),
    ] {
        let path = folder.join(format!("power-{name}.{ending}"));
        let written = Target::check(Some(&path), &[])
            .map(|target| target.write(bytes, streams, ExitCode::Done));
        match written {
            Ok(ExitCode::Done) => {}
            Ok(code) => return code,
            Err(diagnostic) => return streams.complain(&diagnostic),
        }
    }
    ExitCode::Done
}

/// Makes the folder of pictures before anything takes time.
fn check_folder(folder: &Path) -> Result<(), Box<Diagnostic>> {
    fs::create_dir_all(folder)
        .map_err(|error| {
            let message = format!("can't make the folder `{}`", folder.display());
            let diagnostic = Diagnostic::error(message).with_note(error.to_string());
            Box::new(diagnostic.with_help("choose another folder for --plot"))
        })
        .and_then(|()| Target::check(Some(&folder.join("power.png")), &[]).map(drop))
}

/// How long the study will take, by a trial at its highest rate.
#[expect(
    clippy::disallowed_methods,
    reason = "how long it takes is told to people and decides no result"
)]
fn time_needed(study: &mut Study) -> Result<Duration, Failure> {
    let replications = study.replications_in_row() as f64;
    let (rows, threads) = (study.rows() as f64, study.threads() as f64);
    let mut size = FIRST_TRIAL;
    loop {
        let started = Instant::now();
        let trial = study.trial(size)?;
        let built = started.elapsed().as_secs_f64();
        let started = Instant::now();
        let done = trial.run();
        let taken = started.elapsed();
        let row = built + replications * taken.as_secs_f64() / done as f64 / threads;
        let needed = Duration::try_from_secs_f64(rows * row).unwrap_or(Duration::MAX);
        // The first releases of a thread cost more; where that doesn't matter they are enough.
        if needed < LONG / 10 || taken > TRIAL || size >= LAST_TRIAL {
            return Ok(needed);
        }
        size *= 4;
    }
}

fn too_long(left: Duration, study: &Study) -> Diagnostic {
    let replications = study.replications_in_row() * study.rows() as u64;
    let message = format!(
        "this grid would take about {}: {} replications",
        seconds(left.as_secs_f64()),
        thousands(replications)
    );
    Diagnostic::error(message)
        .with_note("measured by a short trial at its highest rate")
        .with_help("give fewer --points or --replications, name one --arm, or start it all the same with --yes")
}

fn rendered(
    report: &PowerReport,
    format: Format,
    request: &PowerRequest,
) -> Result<Vec<u8>, Box<Diagnostic>> {
    match format {
        Format::Text => Ok(power::text(report, &command(request, report)).into_bytes()),
        Format::Json => power::json(report)
            .map(String::into_bytes)
            .map_err(|error| unrendered("JSON", &error.to_string())),
        Format::Csv => power::csv(report).map_err(|error| unrendered("CSV", &error.to_string())),
    }
}

/// The command line that reproduces a report.
fn command(request: &PowerRequest, report: &PowerReport) -> String {
    let mut words = vec!["rollsim".to_owned(), "power".to_owned()];
    words.extend(request.inputs.iter().map(input_word));
    let mut flag = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            words.extend([name.to_owned(), quoted(&value)]);
        }
    };
    flag("--rollout", request.rollout.clone());
    for arm in &request.arms {
        flag("--arm", Some(arm.clone()));
    }
    flag("--traffic", request.traffic.clone());
    flag("--fault-size", request.fault_size.clone());
    flag("--points", request.points.map(|points| points.to_string()));
    let percent = |share: f64| {
        let text = format!("{:.9}", 100.0 * share);
        format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
    };
    flag("--want", Some(percent(report.want)));
    flag("--false-aborts", Some(percent(report.false_abort_limit)));
    flag("--replications", Some(report.replications.to_string()));
    flag("--seed", Some(report.seed.to_string()));
    words.join(" ")
}
