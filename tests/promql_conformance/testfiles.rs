//! `.test` files: those recorded with this project's generator, and Prometheus' own.
//!
//! Prometheus' files aren't part of this repository. They are read from the folder named by the environment
//! variable `PROMQL_TESTDATA`, else from `../shared/promql-testdata`; without either the test passes unless
//! `ROLLSIM_REQUIRE_SHARED=1`. The folder may hold any `.test` and `.jsonl` files, packed or not:
//! `in-scope.json` names the lines of Prometheus' own files that count; files it doesn't name are run whole,
//! with a server's default settings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use regex::Regex;
use rollsim::promql::labels::Labels;
use rollsim::promql::parse::{ParseOptions, parse_with};
use rollsim::promql::plain::{Series, Value as Answer, evaluate_instant, evaluate_range};
use rollsim::promql::series_file::{
    Command, Eval, EvalTime, Expected, ExpectedFailure, parse_series_file,
};
use rollsim::promql::settings::Settings;

use super::compare::{Closeness, same_values};
use super::evaluate::{check_lines, shared_series};
use super::recordings::{Tally, json_lines, own_folder, text};

/// The distance that Prometheus' own test runner allows.
const CLOSENESS: Closeness = Closeness::Relative(1e-6);

fn answer(eval: &Eval, series: &[Series], settings: &Settings) -> Result<Answer, String> {
    let mut options = ParseOptions::default();
    if let EvalTime::Range { start, end, step } = eval.time {
        options.range_millis = end - start;
        options.step_millis = step;
    }
    let expr = parse_with(&eval.query, options).map_err(|error| error.to_string())?;
    match eval.time {
        EvalTime::Instant(time) => evaluate_instant(&expr, series, time, settings),
        EvalTime::Range { start, end, step } => {
            evaluate_range(&expr, series, start, end, step, settings).map(Answer::Matrix)
        }
    }
    .map_err(|error| error.to_string())
}

fn check(eval: &Eval, series: &[Series], settings: &Settings) -> Result<(), String> {
    let result = answer(eval, series, settings);
    match (&eval.expected.failure, result) {
        (None, Ok(answer)) => check_answer(eval, answer),
        (None, Err(error)) => Err(format!("failed: {error}")),
        (Some(_), Ok(answer)) => Err(format!("should fail, got {answer:?}")),
        (Some(ExpectedFailure::Any), Err(_)) => Ok(()),
        (Some(ExpectedFailure::Message(wanted)), Err(got)) if *wanted == got => Ok(()),
        (Some(ExpectedFailure::Pattern(wanted)), Err(got))
            if Regex::new(wanted).unwrap().is_match(&got) =>
        {
            Ok(())
        }
        (Some(wanted), Err(got)) => Err(format!("should fail with {wanted:?}, got {got}")),
    }
}

fn check_answer(eval: &Eval, answer: Answer) -> Result<(), String> {
    let expected = &eval.expected;
    match answer {
        Answer::Scalar(value) => match expected.scalar {
            Some(wanted) => same_values(&[value], &[wanted], CLOSENESS),
            None => Err(format!("unexpected scalar {value}")),
        },
        Answer::String(text) if expected.string.as_ref() == Some(&text) => Ok(()),
        Answer::String(text) => Err(format!("unexpected text {text:?}")),
        Answer::Vector(samples) => {
            let rows = samples
                .into_iter()
                .map(|sample| Series {
                    labels: sample.labels,
                    samples: vec![(0, sample.value)],
                })
                .collect();
            check_rows(expected, rows, &[0], expected.ordered)
        }
        Answer::Matrix(rows) => {
            let times = times(expected.range_vector.unwrap_or(eval.time));
            check_rows(expected, rows, &times, false)
        }
    }
}

fn times(time: EvalTime) -> Vec<i64> {
    match time {
        EvalTime::Instant(time) => vec![time],
        EvalTime::Range { start, end, step } => {
            std::iter::successors(Some(start), |time| time.checked_add(step.max(1)))
                .take_while(|time| *time <= end)
                .collect()
        }
    }
}

fn check_rows(
    expected: &Expected,
    rows: Vec<Series>,
    times: &[i64],
    ordered: bool,
) -> Result<(), String> {
    if expected.scalar.is_some() {
        return Err(format!("should be a scalar, got {rows:?}"));
    }
    let mut wanted: Vec<(Labels, Vec<(i64, f64)>)> = Vec::new();
    for row in &expected.rows {
        let points = times
            .iter()
            .zip(&row.values)
            .filter_map(|(time, value)| value.map(|value| (*time, value)))
            .collect();
        if row.values.len() > times.len() {
            return Err("more values expected than steps".to_owned());
        }
        wanted.push((row.labels.clone(), points));
    }
    let mut got: Vec<(Labels, Vec<(i64, f64)>)> = rows
        .into_iter()
        .map(|row| (row.labels, row.samples))
        .collect();
    if !ordered {
        wanted.sort_by(|a, b| a.0.cmp(&b.0));
        got.sort_by(|a, b| a.0.cmp(&b.0));
    }
    let shape = |rows: &[(Labels, Vec<(i64, f64)>)]| -> Vec<String> {
        rows.iter()
            .map(|row| {
                let times: Vec<i64> = row.1.iter().map(|point| point.0).collect();
                format!("{} {times:?}", row.0)
            })
            .collect()
    };
    if shape(&got) != shape(&wanted) {
        return Err(format!("wanted {wanted:?}\n  got    {got:?}"));
    }
    let values = |rows: &[(Labels, Vec<(i64, f64)>)]| -> Vec<f64> {
        rows.iter()
            .flat_map(|row| row.1.iter().map(|point| point.1))
            .collect()
    };
    same_values(&values(&got), &values(&wanted), CLOSENESS)
}

/// Runs the evaluations of a file that `counts` selects by their line.
fn run(name: &str, text: &str, settings: &Settings, counts: impl Fn(usize) -> bool) -> Tally {
    let mut tally = Tally::default();
    let file = match parse_series_file(text) {
        Ok(file) => file,
        Err(error) => {
            tally.failures.push(format!("{name}: {error}"));
            return tally;
        }
    };
    let mut series = Vec::new();
    for command in &file.commands {
        match command {
            Command::Clear => series.clear(),
            Command::Load(load) => load.add_to(&mut series),
            Command::Eval(eval) if counts(eval.line) => tally.count(
                || format!("{name}:{}: {}", eval.line, eval.query),
                check(eval, &series, settings),
            ),
            Command::Eval(_) => {}
        }
    }
    tally
}

fn run_own(file: &str) -> Tally {
    let text = text(&own_folder().join(file));
    run(file, &text, &Settings::default(), |_| true)
}

#[test]
fn random_instant_file() {
    run_own("random.test.gz").assert_clean(2053);
}

#[test]
fn random_range_file() {
    run_own("range.test.gz").assert_clean(238);
}

fn folder() -> Option<PathBuf> {
    if let Ok(folder) = std::env::var("PROMQL_TESTDATA") {
        return Some(PathBuf::from(folder));
    }
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/promql-testdata");
    let required = std::env::var("ROLLSIM_REQUIRE_SHARED").is_ok_and(|value| value == "1");
    (shared.is_dir() || required).then_some(shared)
}

/// Prometheus' own files, and whatever else lies in the folder.
#[test]
fn files_of_a_folder() {
    let Some(folder) = folder() else {
        return;
    };
    let in_scope: BTreeMap<String, Vec<usize>> = match std::fs::read(folder.join("in-scope.json")) {
        Ok(bytes) => serde_json::from_slice(&bytes).unwrap(),
        Err(_) => BTreeMap::new(),
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut tally = Tally::default();
    for path in &files {
        tally.add(run_any(path, &in_scope));
    }
    let lines: usize = in_scope.values().map(Vec::len).sum();
    tally.assert_clean(lines);
}

fn run_any(path: &Path, in_scope: &BTreeMap<String, Vec<usize>>) -> Tally {
    let name = path.file_name().unwrap().to_string_lossy();
    let is = |kind: &str| name.trim_end_matches(".gz").ends_with(kind);
    if is(".jsonl") {
        return check_lines(&json_lines(path), &shared_series_beside(path));
    }
    if !is(".test") {
        return Tally::default();
    }
    let Some(lines) = in_scope.get(name.as_ref()) else {
        return run(&name, &text(path), &Settings::default(), |_| true);
    };
    let settings = Settings {
        delayed_name_removal: true,
        ..Settings::default()
    };
    let mut tally = run(&name, &text(path), &settings, |line| lines.contains(&line));
    let found = tally.passed + tally.failures.len();
    if found != lines.len() {
        let problem = format!("{name}: {found} of {} lines found", lines.len());
        tally.failures.push(problem);
    }
    tally
}

/// The series of recorded errors in the same folder, else this project's.
fn shared_series_beside(path: &Path) -> Vec<Series> {
    let beside = path.with_file_name("errors-series.json");
    if !beside.is_file() {
        return shared_series();
    }
    super::recordings::series(&serde_json::from_str(&text(&beside)).unwrap())
}
