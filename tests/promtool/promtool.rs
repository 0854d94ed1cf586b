//! Runs `promtool` and reads what it says.

use std::path::Path;
use std::process::Command;

use rollsim::promql::head::is_stale;
use rollsim::promql::plain::Series;
use rollsim::promql::settings::Profile;
use rollsim::report::query::{number, series_name};
use serde_json::{Value as Json, json};

/// What promtool got from an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Got {
    /// Labels as text and value, sorted by labels.
    Samples(Vec<(String, f64)>),
    /// It failed.
    Error(String),
}

/// The profile of the installed version.
pub fn profile() -> Profile {
    let output = Command::new("promtool").arg("--version").output();
    let output = output.expect("promtool is installed");
    let text = String::from_utf8(output.stdout).unwrap();
    let version = text.split_whitespace().nth(2).expect(&text);
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    match (parts.next(), parts.next()) {
        (Some(2), Some(..=50)) => Profile::V2,
        (Some(2), _) => Profile::V2_51,
        _ => Profile::V3,
    }
}

/// An expression and when it is evaluated, in milliseconds.
#[derive(Clone, Debug)]
pub struct Expression {
    pub text: String,
    pub time: i64,
}

/// One test group with an expectation that never holds, so that promtool tells what it got.
pub fn group(series: &[Series], expressions: &[Expression]) -> Json {
    let input = series
        .iter()
        .map(|series| json!({"series": series_name(&series.labels), "values": values(series)}));
    let wrong = json!([{"labels": "wrong{expectation=\"always\"}", "value": 1}]);
    let tests = expressions.iter().map(|expression| {
        json!({
            "expr": expression.text,
            "eval_time": format!("{}ms", expression.time),
            "exp_samples": wrong,
        })
    });
    json!({"interval": "1s", "input_series": input.collect::<Json>(), "promql_expr_test": tests.collect::<Json>()})
}

fn values(series: &Series) -> String {
    let mut words = Vec::new();
    let mut next = 0;
    for &(time, value) in &series.samples {
        assert_eq!(time % 1_000, 0, "promtool's grid has whole seconds");
        let gap = time / 1_000 - next;
        if gap > 0 {
            words.push(format!("_x{gap}"));
        }
        next += gap + 1;
        words.push(if is_stale(value) {
            "stale".to_owned()
        } else {
            number(value).replace('+', "")
        });
    }
    words.join(" ")
}

/// What promtool got from each expression of all groups, in order.
pub fn run(groups: &[Json], file: &Path) -> Vec<Got> {
    let document = json!({"evaluation_interval": "1s", "tests": groups});
    std::fs::write(file, document.to_string()).unwrap();
    let output = Command::new("promtool")
        .args(["test", "rules"])
        .arg(file)
        .output()
        .unwrap();
    let mut text = String::from_utf8(output.stdout).unwrap();
    text.push_str(&String::from_utf8(output.stderr).unwrap());
    let got: Vec<Got> = failures(&text)
        .into_iter()
        .map(|failure| failure.got)
        .collect();
    assert!(!got.is_empty(), "{text}");
    got
}

/// A test that didn't pass.
#[derive(Clone, Debug)]
pub struct Failure {
    pub query: String,
    pub expected: Got,
    pub got: Got,
}

/// The tests that promtool says didn't pass.
pub fn failures(text: &str) -> Vec<Failure> {
    text.split("    expr: \"").skip(1).map(failure).collect()
}

fn failure(text: &str) -> Failure {
    let line_after = |start: &str| {
        let rest = text.split_once(start)?.1;
        Some(Got::Samples(samples_of(
            rest.lines().next().unwrap_or_default(),
        )))
    };
    let error = || Got::Error(text.split_once("err: ").expect(text).1.trim().to_owned());
    Failure {
        query: text.split_once("\", time: ").expect(text).0.to_owned(),
        expected: line_after("        exp: ").unwrap_or(Got::Samples(Vec::new())),
        got: line_after("        got: ").unwrap_or_else(error),
    }
}

/// `{a="b"} 1E+00, {a="c"} NaN`; no label of the random series holds a brace.
fn samples_of(line: &str) -> Vec<(String, f64)> {
    if line == "nil" {
        return Vec::new();
    }
    let mut samples: Vec<(String, f64)> = line
        .split(", {")
        .map(|sample| {
            let (labels, value) = sample.rsplit_once(' ').expect(line);
            (
                format!("{{{}", labels.trim_start_matches('{')),
                value.parse().expect(line),
            )
        })
        .collect();
    samples.sort_by(|a, b| a.0.cmp(&b.0));
    samples
}
