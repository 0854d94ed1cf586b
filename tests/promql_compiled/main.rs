//! Compiled queries against the plain evaluator: same labels, same order, same bits, same errors.
//!
//! Random worlds (births, restarts, failed scrapes, gaps, ends) and random queries over all constructs.

#![allow(
    clippy::unwrap_used,
    reason = "generated numbers and queries are valid"
)]

mod queries;
mod random;
mod world;

use random::Random;
use rollsim::promql::compiled::{Answer, CompileRefusal, Program};
use rollsim::promql::labels::Labels;
use rollsim::promql::parse::parse;
use rollsim::promql::plain::{EvalError, Value, evaluate_instant};
use rollsim::promql::settings::{Profile, Settings};
use world::World;

/// A result in a form that compares NaN and -0 exactly.
#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    Scalar(u64),
    Vector(Vec<(Labels, u64)>),
    Error(EvalError),
}

fn bits(value: f64) -> u64 {
    if value.is_nan() {
        f64::NAN.to_bits()
    } else {
        value.to_bits()
    }
}

fn plain(query: &str, world: &World, time: i64, settings: &Settings) -> Outcome {
    let expr = parse(query).unwrap();
    match evaluate_instant(&expr, &world.series, time, settings) {
        Err(error) => Outcome::Error(error),
        Ok(Value::Scalar(value)) => Outcome::Scalar(bits(value)),
        Ok(Value::Vector(samples)) => Outcome::Vector(
            samples
                .into_iter()
                .map(|sample| (sample.labels, bits(sample.value)))
                .collect(),
        ),
        Ok(other) => panic!("{query}: {other:?}"),
    }
}

fn compiled(
    program: &Program,
    world: &World,
    time: i64,
    scratch: &mut rollsim::promql::compiled::Scratch,
) -> Outcome {
    match program.evaluate(&world.head, time, scratch) {
        Err(error) => Outcome::Error(program.explain(error)),
        Ok(Answer::Scalar(value)) => Outcome::Scalar(bits(value)),
        Ok(Answer::Vector { values, slots }) => Outcome::Vector(
            slots
                .iter()
                .zip(values)
                .map(|(&slot, &value)| (program.labels()[slot as usize].clone(), bits(value)))
                .collect(),
        ),
    }
}

/// Inside a subquery the plain evaluator orders series by their first step, the compiled one by labels;
/// sums over them may then differ in the last bits.
fn same_in_any_order(a: &Outcome, b: &Outcome) -> bool {
    let close = |a: u64, b: u64| {
        let (x, y) = (f64::from_bits(a), f64::from_bits(b));
        a == b || (x - y).abs() <= 1e-9 * (x.abs() + y.abs())
    };
    match (a, b) {
        (Outcome::Scalar(a), Outcome::Scalar(b)) => close(*a, *b),
        (Outcome::Vector(a), Outcome::Vector(b)) => {
            let (mut a, mut b) = (a.clone(), b.clone());
            a.sort();
            b.sort();
            a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.0 == b.0 && close(a.1, b.1))
        }
        (Outcome::Error(_), Outcome::Error(_)) => true,
        _ => false,
    }
}

/// What a run has met, so that an empty generator can't pass.
#[derive(Debug, Default)]
struct Counts {
    compared: usize,
    refused: usize,
    errors: usize,
    empty: usize,
    loosely: usize,
}

fn compare(random: &mut Random, world: &World, settings: &Settings, counts: &mut Counts) {
    let query = queries::query(random);
    let expr = parse(&query).unwrap_or_else(|error| panic!("{query}: {error}"));
    let program = match Program::compile(&expr, &world.universe, settings) {
        Ok(program) => program,
        Err(CompileRefusal::AlwaysFails(error)) => {
            let time = world.time(random);
            assert_eq!(
                plain(&query, world, time, settings),
                Outcome::Error(error),
                "{query}"
            );
            counts.errors += 1;
            return;
        }
        Err(CompileRefusal::Construct { .. }) => {
            counts.refused += 1;
            return;
        }
    };
    let mut scratch = program.scratch();
    for _ in 0..3 {
        let time = world.time(random);
        let expected = plain(&query, world, time, settings);
        let got = compiled(&program, world, time, &mut scratch);
        counts.compared += 1;
        match &expected {
            Outcome::Error(_) => counts.errors += 1,
            Outcome::Vector(samples) if samples.is_empty() => counts.empty += 1,
            _ => {}
        }
        if got != expected && query.contains(':') && same_in_any_order(&got, &expected) {
            counts.loosely += 1;
            continue;
        }
        assert_eq!(got, expected, "{query} at {time}");
        check_reads(&program, world, time, &expected);
    }
}

/// Samples outside of the announced reads don't matter.
fn check_reads(program: &Program, world: &World, time: i64, expected: &Outcome) {
    let trimmed = world.only(program.reads(time));
    let mut scratch = program.scratch();
    let got = compiled(program, &trimmed, time, &mut scratch);
    if !matches!(expected, Outcome::Error(_)) {
        let full = compiled(program, world, time, &mut program.scratch());
        assert_eq!(
            got,
            full,
            "reads at {time}: {:?}",
            program.reads(time).collect::<Vec<_>>()
        );
    }
}

#[test]
fn compiled_queries_answer_like_the_plain_evaluator() {
    let worlds: u64 = std::env::var("ROLLSIM_WORLDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(120);
    let mut counts = Counts::default();
    for seed in 0..worlds {
        let mut random = Random::new(seed);
        let world = World::random(&mut random);
        for _ in 0..40 {
            let settings = Settings {
                profile: random.pick(&[Profile::V3, Profile::V3, Profile::V2_51, Profile::V2]),
                lookback_ms: random.pick(&[300_000, 60_000, 20_000]),
                subquery_default_step_ms: 30_000,
                ..Settings::default()
            };
            compare(&mut random, &world, &settings, &mut counts);
        }
    }
    assert!(counts.compared > 2 * counts.refused, "{counts:?}");
    assert!(
        counts.errors > 0 && counts.errors * 5 < counts.compared,
        "{counts:?}"
    );
    assert!(counts.empty * 2 < counts.compared, "{counts:?}");
    assert!(counts.loosely * 20 < counts.compared, "{counts:?}");
}
