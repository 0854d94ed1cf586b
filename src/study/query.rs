//! `rollsim query`: a query over recorded series, as Prometheus would answer it.

use crate::diagnostics::{Diagnostic, SourceMap, Span};
use crate::promql::ast::Expr;
use crate::promql::parse::{ParseError, ParseOptions, parse_with};
use crate::promql::plain::{EvalError, Value, evaluate_instant, evaluate_range};
use crate::promql::series_file::any::Recording;
use crate::promql::settings::{Profile, Settings};
use crate::report::query::{QueryAnswer, QueryTime, seconds};

use super::failure::Failure;
use super::recording::{self, extent, failure};
use super::request::QueryRequest;

/// Most steps of a range query (Prometheus 3.14 web/api/v1 `queryRange`).
const MAX_STEPS: i64 = 11_000;

/// Answers a request. Prometheus' own errors come in its words.
pub fn query(request: &QueryRequest) -> Result<QueryAnswer, Failure> {
    check_time(request.time).map_err(|diagnostic| Failure::request(*diagnostic))?;
    let expr = parse_query(request)?;
    let mut sources = SourceMap::new();
    let recording = recording::read(&request.series, &mut sources)?;
    let settings = Settings {
        profile: request.profile,
        ..Settings::default()
    };
    let series = &recording.series;
    let value = match request.time {
        QueryTime::Instant(time) => evaluate_instant(&expr, series, time, &settings),
        QueryTime::Range { start, end, step } => {
            evaluate_range(&expr, series, start, end, step, &settings).map(Value::Matrix)
        }
    }
    .map_err(|error| Failure::request(evaluation_error(&error)))?;
    let notices = notices(&recording, &value);
    Ok(QueryAnswer {
        value,
        time: request.time,
        notices,
    })
}

/// What Prometheus' API checks before it parses the query.
fn check_time(time: QueryTime) -> Result<(), Box<Diagnostic>> {
    let QueryTime::Range { start, end, step } = time else {
        return Ok(());
    };
    if end < start {
        let message = "invalid parameter \"end\": end timestamp must not be before start time";
        let diagnostic = Diagnostic::error(message);
        return Err(Box::new(
            diagnostic.with_help("--at is the start, --range-end the end"),
        ));
    }
    if step <= 0 {
        let message = format!("invalid parameter \"step\": {}", EvalError::StepNotPositive);
        return Err(Box::new(Diagnostic::error(message)));
    }
    if end.saturating_sub(start) / step > MAX_STEPS {
        let message = "exceeded maximum resolution of 11,000 points per timeseries. \
                       Try decreasing the query resolution (?step=XX)";
        let diagnostic = Diagnostic::error(message);
        return Err(Box::new(
            diagnostic.with_help("give a longer --step or an earlier --range-end"),
        ));
    }
    Ok(())
}

fn parse_query(request: &QueryRequest) -> Result<Expr, Failure> {
    let mut options = ParseOptions {
        // Only since 3.14; no version 2 knows arithmetic on durations.
        duration_expressions: request.profile == Profile::V3,
        ..ParseOptions::default()
    };
    if let QueryTime::Range { start, end, step } = request.time {
        options.range_millis = end - start;
        options.step_millis = step;
    }
    parse_with(&request.query, options).map_err(|error| {
        let mut sources = SourceMap::new();
        let id = sources.add("<query>", request.query.clone());
        let span = underlined(&request.query, &error);
        let diagnostic = match &error {
            ParseError::Unsupported { construct, .. } => {
                Diagnostic::error(format!("{construct} is not supported"))
                    .with_note("Prometheus accepts it, rollsim doesn't evaluate it")
                    .with_help("write the query without it")
            }
            error => Diagnostic::error(format!("invalid parameter \"query\": {error}"))
                .with_note("Prometheus refuses this query with these words"),
        };
        failure(diagnostic.at(span.in_source(id)), &sources)
    })
}

/// Prometheus only says where an error starts: the word that stands there is underlined.
fn underlined(query: &str, error: &ParseError) -> Span {
    let span = error.span();
    if !span.is_empty() {
        return Span::new(span.start, span.end);
    }
    let start = query.floor_char_boundary(span.start);
    let rest = &query[start..];
    let word = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    let first = rest.chars().next().map_or(0, char::len_utf8);
    Span::new(start, start + word.max(first))
}

fn evaluation_error(error: &EvalError) -> Diagnostic {
    let diagnostic = Diagnostic::error(error.to_string());
    match error {
        EvalError::InvalidUtf8 | EvalError::UnsupportedFunction(_) => {
            diagnostic.with_note("Prometheus accepts it, rollsim doesn't evaluate it")
        }
        _ => diagnostic.with_note("Prometheus answers this query with this error (`execution: …`)"),
    }
}

/// What the user should know besides the answer.
fn notices(recording: &Recording, value: &Value) -> Vec<Diagnostic> {
    let mut notices = Vec::new();
    if recording.evals > 0 {
        let message = format!("{} eval commands of the file are left out", recording.evals);
        notices.push(Diagnostic::warning(message).with_note("only what it loads is read"));
    }
    let empty = match value {
        Value::Vector(samples) => samples.is_empty(),
        Value::Matrix(series) => series.is_empty(),
        Value::Scalar(_) | Value::String(_) => false,
    };
    if empty {
        let message = match extent(recording) {
            None => "the result is empty: the file holds no samples".to_owned(),
            Some((first, last)) => format!(
                "the result is empty; the file has {} series with samples from {} to {}",
                recording.series.len(),
                seconds(first),
                seconds(last)
            ),
        };
        notices.push(Diagnostic::info(message));
    }
    notices
}
