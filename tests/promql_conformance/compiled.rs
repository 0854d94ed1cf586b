//! Compiled queries against recorded answers. Every recorded series becomes a target of its own.

use rollsim::promql::compiled::{Answer as Compiled, CompileRefusal, Program, Scratch};
use rollsim::promql::head::{Head, SeriesDescriptor, TargetId, TargetSamples, Universe};
use rollsim::promql::labels::Labels;
use rollsim::promql::parse::{ParseError, ParseOptions, parse_with};
use rollsim::promql::plain::{Sample, Series, Value as Answer};
use rollsim::promql::settings::Settings;
use serde_json::Value;

use super::evaluate::{check, is_arbitrary, query, shared_series};
use super::recordings::{Tally, json_lines, own_folder, series};

/// Recorded series as the compiled evaluator reads them, in order of creation.
fn world(series: &[Series]) -> (Universe, Head) {
    let mut universe = Universe::default();
    let mut head = Head::default();
    for (index, series) in (0_u32..).zip(series) {
        universe.series.push(SeriesDescriptor {
            labels: series.labels.clone(),
            target: TargetId(index),
            column: 0,
        });
        universe.widths.push(1);
        let mut target = TargetSamples::new(1);
        for &(time, value) in &series.samples {
            target.push(time, &[value]);
        }
        head.targets.push(target);
    }
    (universe, head)
}

/// One evaluation in the plain evaluator's form.
fn evaluate(
    program: &Program,
    head: &Head,
    time: i64,
    scratch: &mut Scratch,
) -> Result<Answer, String> {
    match program.evaluate(head, time, scratch) {
        Err(error) => Err(program.explain(error).to_string()),
        Ok(Compiled::Scalar(value)) => Ok(Answer::Scalar(value)),
        Ok(Compiled::Vector { values, slots }) => {
            let samples = slots.iter().zip(values).map(|(&slot, &value)| Sample {
                labels: program.labels()[slot as usize].clone(),
                value,
            });
            Ok(Answer::Vector(samples.collect()))
        }
    }
}

/// A range query: one evaluation per step.
fn evaluate_steps(
    program: &Program,
    head: &Head,
    (start, end, step): (i64, i64, i64),
    scratch: &mut Scratch,
) -> Result<Answer, String> {
    let mut rows: Vec<Series> = Vec::new();
    let mut time = start;
    while time <= end {
        let samples = match evaluate(program, head, time, scratch)? {
            Answer::Vector(samples) => samples,
            Answer::Scalar(value) => vec![Sample {
                labels: Labels::default(),
                value,
            }],
            other => panic!("{other:?}"),
        };
        for sample in samples {
            match rows.iter_mut().find(|row| row.labels == sample.labels) {
                Some(row) => row.samples.push((time, sample.value)),
                None => rows.push(Series {
                    labels: sample.labels,
                    samples: vec![(time, sample.value)],
                }),
            }
        }
        time += step;
    }
    rows.sort_by(|a, b| a.labels.cmp(&b.labels));
    Ok(Answer::Matrix(rows))
}

/// The answer to a recorded query; `None` if it isn't compiled.
fn answer(eval: &Value, universe: &Universe, head: &Head) -> Option<Result<Answer, String>> {
    let settings = Settings::default();
    let time = eval["t"].as_i64().unwrap();
    let range = eval["end"].as_i64().zip(eval["step"].as_i64());
    let options = ParseOptions {
        range_millis: range.map_or(0, |(end, _)| end - time),
        step_millis: range.map_or(0, |(_, step)| step),
        ..ParseOptions::default()
    };
    let expr = match parse_with(query(eval), options) {
        Ok(expr) => expr,
        Err(ParseError::Unsupported { .. }) => return None,
        Err(error) => return Some(Err(error.to_string())),
    };
    let program = match Program::compile(&expr, universe, &settings) {
        Ok(program) => program,
        Err(CompileRefusal::AlwaysFails(error)) => return Some(Err(error.to_string())),
        Err(CompileRefusal::Construct { .. }) => return None,
    };
    let mut scratch = program.scratch();
    Some(match range {
        Some(_) if program.depends_on_query_bounds() => return None,
        Some((end, step)) => evaluate_steps(&program, head, (time, end, step), &mut scratch),
        None => evaluate(&program, head, time, &mut scratch),
    })
}

fn replay(file: &str) -> Tally {
    let mut tally = Tally::default();
    let shared = world(&shared_series());
    for line in json_lines(&own_folder().join(file)) {
        let own = line.get("series").map(|list| world(&series(list)));
        let (universe, head) = own.as_ref().unwrap_or(&shared);
        let single = [line.clone()];
        let evals = line
            .get("evals")
            .map_or(&single[..], |evals| evals.as_array().unwrap());
        for eval in evals {
            let Some(answer) = answer(eval, universe, head) else {
                tally.refused += 1;
                continue;
            };
            let result = check(eval, answer);
            if is_arbitrary(eval) && result.is_err() {
                tally.skipped += 1;
                continue;
            }
            tally.count(
                || format!("{} @ {}: {}", line["id"], eval["t"], query(eval)),
                result,
            );
        }
    }
    tally
}

#[test]
fn random_instant_queries() {
    let tally = replay("random.jsonl.gz");
    // Refused: count_values, and results that are range vectors or strings.
    tally.assert_clean(3802 - tally.skipped - tally.refused);
    assert!(tally.skipped <= 36 && tally.refused <= 150, "{tally:?}");
}

#[test]
fn random_range_queries_step_by_step() {
    let tally = replay("range.jsonl.gz");
    tally.assert_clean(432 - tally.skipped - tally.refused);
    assert!(tally.skipped <= 4 && tally.refused <= 30, "{tally:?}");
}

#[test]
fn errors_and_odd_queries() {
    for file in ["errors.jsonl", "tricky-valid.jsonl"] {
        let tally = replay(file);
        tally.assert_clean(if file == "errors.jsonl" { 320 } else { 41 });
    }
}
