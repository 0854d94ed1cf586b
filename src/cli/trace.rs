//! `rollsim trace`: replay one release, event by event.

use super::arguments::{TraceArguments, TraceFormat};
use super::exit_code::ExitCode;
use super::output::Target;
use super::run::{invalid_spec, unrendered};
use super::streams::Streams;
use crate::diagnostics::Diagnostic;
use crate::engine::snapshot::Snapshot;
use crate::report::export::Traced;
use crate::report::trace::{self, Trace};
use crate::report::tree;
use crate::study::failure::Failure;
use crate::study::request::TraceRequest;
use crate::units::Duration;

/// Runs `study` on what the arguments ask for, and writes its trace.
pub fn execute(
    arguments: TraceArguments,
    streams: &mut Streams<'_>,
    study: impl FnOnce(&TraceRequest) -> Result<Traced, Failure>,
) -> ExitCode {
    let (format, output) = (arguments.format, arguments.io.output.clone());
    let at = arguments.at;
    let (openmetrics, promtool) = (arguments.openmetrics.clone(), arguments.promtool.clone());
    let checked = arguments.request().and_then(|request| {
        let target = Target::check(output.as_deref(), &request.inputs)?;
        let openmetrics = Target::check(openmetrics.as_deref(), &request.inputs)?;
        let promtool = Target::check(promtool.as_deref(), &request.inputs)?;
        Ok((request, target, openmetrics, promtool))
    });
    let (request, target, openmetrics, promtool) = match checked {
        Ok(checked) => checked,
        Err(diagnostic) => return streams.complain(&diagnostic),
    };
    let traced = match study(&request) {
        Ok(traced) => traced,
        Err(failure) => return streams.fail(&failure),
    };
    streams.notices(&traced.notices);
    for (text, target) in [
        (&traced.openmetrics, openmetrics),
        (&traced.promtool, promtool),
    ] {
        let Some(text) = text else { continue };
        let code = target.write(text.as_bytes(), streams, ExitCode::Done);
        if code != ExitCode::Done {
            return code;
        }
    }
    show(&traced, format, at, &target, streams)
}

/// Writes a trace in one of its forms.
pub(super) fn show(
    traced: &Traced,
    format: TraceFormat,
    at: Option<Duration>,
    target: &Target,
    streams: &mut Streams<'_>,
) -> ExitCode {
    let trace = &traced.trace;
    match rendered(trace, &traced.snapshots, format, at) {
        Ok(bytes) => {
            let shown = format == TraceFormat::Text && *target == Target::Stdout;
            if let Some(invalid) = trace.invalid_spec.as_ref().filter(|_| !shown) {
                streams.complain(&invalid_spec(invalid));
            }
            target.write(&bytes, streams, verdict(trace))
        }
        Err(diagnostic) => streams.complain(&diagnostic),
    }
}

/// As for a run: a Rollout that the controller refuses is bad input.
fn verdict(trace: &Trace) -> ExitCode {
    if trace.invalid_spec.is_some() {
        ExitCode::BadInput
    } else {
        ExitCode::Done
    }
}

fn rendered(
    trace: &Trace,
    snapshots: &[Snapshot],
    format: TraceFormat,
    at: Option<Duration>,
) -> Result<Vec<u8>, Box<Diagnostic>> {
    match format {
        TraceFormat::Text => Ok(trace::text(trace).into_bytes()),
        TraceFormat::Tree => {
            let at_ms = at.map(Duration::as_millis_floor);
            Ok(tree::text(trace, snapshots, at_ms).into_bytes())
        }
        TraceFormat::Json => trace::json(trace)
            .map(String::into_bytes)
            .map_err(|error| unrendered("JSON", &error.to_string())),
        TraceFormat::Csv => {
            trace::csv(trace).map_err(|error| unrendered("CSV", &error.to_string()))
        }
    }
}
