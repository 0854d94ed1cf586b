//! rollsim against real Prometheus tools. Ignored unless asked for, since they must be installed:
//! `tests/promtool/run` does that.

#![allow(clippy::unwrap_used, reason = "what can't be run fails the test")]
#![allow(clippy::print_stdout, reason = "how much was compared is of interest")]

mod incident;
mod promtool;
#[path = "../promql_compiled/queries.rs"]
mod queries;
#[path = "../promql_compiled/random.rs"]
mod random;
mod series;
mod server;

use promtool::{Expression, Got};
use random::Random;
use rollsim::promql::parse::parse;
use rollsim::promql::plain::{Series, Value, evaluate_instant};
use rollsim::promql::settings::Settings;
use server::Server;

/// Test groups, and expressions in each.
const GROUPS: u64 = 60;
const EXPRESSIONS: usize = 40;

/// A random expression that has one answer, the same in every version since 2.42.
fn expression(random: &mut Random) -> Expression {
    let text = loop {
        let text = queries::query(random).replace("@ 1790000400", "@ 400");
        if !is_younger(&text) && !depends_on_order(&text) {
            break text;
        }
    };
    let second = 1_000 * (60 + random.below(900) as i64);
    let millis = if random.chance(50) {
        random.below(1_000) as i64
    } else {
        0
    };
    Expression {
        text,
        time: second + millis,
    }
}

/// Functions that 2.42 doesn't have, durations as numbers, `atan2`, which keeps the metric's name there, and
/// deviations: there a group of one sample has deviation 0 even if the sample is NaN or infinite.
fn is_younger(text: &str) -> bool {
    let functions = ["first_over_time", "histogram_fraction", "atan2"];
    let aggregations = ["stddev ", "stddev(", "stdvar ", "stdvar("];
    let bare_duration = text.match_indices("5m").any(|(at, _)| {
        let before = text[..at].chars().next_back();
        before != Some('[') && !text[..at].ends_with("offset ")
    });
    let has = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    // A subquery without steps never saw the pattern.
    let pattern_in_subquery = text.contains("\"(\"") && text.contains(':');
    bare_duration || pattern_in_subquery || has(&functions) || has(&aggregations)
}

/// promtool's storage has its series in random order, and of equals `topk` takes the first.
fn depends_on_order(text: &str) -> bool {
    text[1..].contains("topk") || text[1..].contains("bottomk")
}

/// Until December 2025 (prometheus#17668) series that a comparison filters away didn't count as matches.
fn is_filtered_match(ours: &Got, theirs: &Got) -> bool {
    matches!((ours, theirs), (Got::Error(error), Got::Samples(_)) if error.starts_with("multiple matches for labels"))
}

fn own_answer(expression: &Expression, series: &[Series], settings: &Settings) -> Got {
    let expr = match parse(&expression.text) {
        Ok(expr) => expr,
        Err(error) => return Got::Error(error.to_string()),
    };
    let mut samples = match evaluate_instant(&expr, series, expression.time, settings) {
        Err(error) => return Got::Error(error.to_string()),
        Ok(Value::Scalar(value)) => vec![("{}".to_owned(), value)],
        Ok(Value::Vector(samples)) => samples
            .into_iter()
            .map(|sample| (sample.labels.to_string(), sample.value))
            .collect(),
        Ok(other) => panic!("{}: {other:?}", expression.text),
    };
    samples.sort_by(|a, b| a.0.cmp(&b.0));
    Got::Samples(samples)
}

/// Whether both are the same but for 1e-12 of the larger; of errors only that there is one, and of `topk`
/// only the values.
fn agree(text: &str, ours: &Got, theirs: &Got) -> bool {
    match (ours, theirs) {
        (Got::Error(_), Got::Error(_)) => true,
        (Got::Samples(ours), Got::Samples(theirs))
            if text.starts_with("topk") || text.starts_with("bottomk") =>
        {
            let values =
                |samples: &[(String, f64)]| samples.iter().map(|sample| sample.1).collect();
            let (ours, theirs) = (values(ours), values(theirs));
            same_numbers(ours, theirs)
        }
        (Got::Samples(ours), Got::Samples(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .zip(theirs)
                    .all(|(a, b)| a.0 == b.0 && close(a.1, b.1))
        }
        _ => false,
    }
}

/// Whether the numbers are the same in any order: with several groups `histogram_quantile` has no fixed one.
fn same_numbers(mut ours: Vec<f64>, mut theirs: Vec<f64>) -> bool {
    ours.sort_by(f64::total_cmp);
    theirs.sort_by(f64::total_cmp);
    ours.len() == theirs.len() && ours.iter().zip(&theirs).all(|(a, b)| close(*a, *b))
}

fn close(a: f64, b: f64) -> bool {
    let equal = a.partial_cmp(&b) == Some(std::cmp::Ordering::Equal);
    equal || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
}

#[test]
#[ignore = "needs promtool; run tests/promtool/run"]
fn random_expressions() {
    let settings = Settings {
        profile: promtool::profile(),
        subquery_default_step_ms: 1_000,
        ..Settings::default()
    };
    let (mut groups, mut cases) = (Vec::new(), Vec::new());
    for seed in 0..GROUPS {
        // Neighbouring seeds give the same numbers, shifted.
        let mut random = Random::new(seed << 32);
        let series = series::random_series(&mut random);
        let mut expressions: Vec<Expression> =
            (0..EXPRESSIONS).map(|_| expression(&mut random)).collect();
        // promtool loads samples up to the last evaluation; a negative offset looks beyond it.
        expressions.push(Expression {
            text: "time()".to_owned(),
            time: 1_100_000,
        });
        groups.push(promtool::group(&series, &expressions));
        for expression in expressions {
            let ours = own_answer(&expression, &series, &settings);
            cases.push((seed, expression, ours));
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let theirs = promtool::run(&groups, &folder.path().join("random.json"));
    assert_eq!(theirs.len(), cases.len());
    let (mut empty, mut errors, mut different, mut filtered) = (0, 0, 0, 0);
    for ((seed, expression, ours), theirs) in cases.iter().zip(&theirs) {
        match theirs {
            Got::Error(_) => errors += 1,
            Got::Samples(samples) if samples.is_empty() => empty += 1,
            Got::Samples(_) => {}
        }
        if is_filtered_match(ours, theirs) {
            filtered += 1;
        } else if !agree(&expression.text, ours, theirs) {
            different += 1;
            println!("group {seed}: {expression:?}\n  ours   {ours:?}\n  theirs {theirs:?}");
        }
    }
    println!(
        "{} expressions: {different} differ, {empty} empty, {errors} errors, {filtered} with filtered matches",
        cases.len()
    );
    assert!(cases.len() >= 1_000);
    assert!(empty * 2 < cases.len() && errors * 4 < cases.len());
    assert!(filtered * 100 < cases.len());
    assert_eq!(different, 0);
}

/// Ten replications: arm and number.
const TRACES: [(&str, u64); 10] = [
    ("healthy", 0),
    ("healthy", 1),
    ("error-spike", 0),
    ("error-spike", 1),
    ("error-spike", 2),
    ("error-spike", 3),
    ("memory-leak", 0),
    ("memory-leak", 1),
    ("memory-leak", 2),
    ("memory-leak", 3),
];

#[test]
#[ignore = "needs prometheus; run tests/promtool/run"]
fn a_real_prometheus_measures_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = incident::write(folder.path(), promtool::profile());
    let (mut compared, mut excused) = (0, 0);
    for (arm, replication) in TRACES {
        let trace = tempfile::tempdir_in(folder.path()).unwrap();
        let file = trace.path().join("series.om");
        let export = ["--openmetrics", &*file.to_string_lossy()];
        incident::trace(&scenario, arm, replication, &export);
        let measurements = incident::measurements(&scenario, arm, replication);
        assert!(measurements.len() > 50, "{arm}: {}", measurements.len());
        let server = Server::start(&file, trace.path());
        for taken in measurements {
            let theirs = server.query(&taken.query, taken.time);
            let ours = if taken.without_markers.is_some() {
                excused += 1;
                &taken.without_markers
            } else {
                compared += 1;
                &taken.values
            };
            let same = match (ours, &theirs) {
                (Some(ours), Ok(theirs)) => same_numbers(ours.clone(), theirs.clone()),
                (None, Ok(_)) => false,
                (_, Err(error)) => taken.message.contains(error.as_str()),
            };
            assert!(same, "{arm} {replication}: {taken:?}\n  theirs {theirs:?}");
        }
    }
    println!("{compared} measurements agree, {excused} more without staleness");
    assert!(compared > 2_000 && excused * 4 < compared);
}

#[test]
#[ignore = "needs promtool; run tests/promtool/run"]
fn exported_tests_pass() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = incident::write(folder.path(), promtool::profile());
    for (arm, replication) in TRACES {
        let said = incident::trace(&scenario, arm, replication, &["--promtool", "tests.yaml"]);
        assert!(
            said.contains("whole seconds") && !said.contains("warning"),
            "{said}"
        );
        let output = std::process::Command::new("promtool")
            .args(["test", "rules", "tests.yaml"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let mut said = String::from_utf8(output.stdout).unwrap();
        said.push_str(&String::from_utf8(output.stderr).unwrap());
        for failure in promtool::failures(&said) {
            // Before 3.0 promtool compares bits, and sums without compensation.
            assert!(
                agree(&failure.query, &failure.expected, &failure.got),
                "{arm} {replication}: {failure:?}"
            );
        }
        let tests = std::fs::read_to_string(folder.path().join("tests.yaml")).unwrap();
        assert!(tests.matches("- expr:").count() > 50);
    }
}
