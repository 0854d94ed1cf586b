//! The evaluator against recorded answers and run-time errors.

use rollsim::promql::labels::Labels;
use rollsim::promql::parse::{ParseError, ParseOptions, parse, parse_with};
use rollsim::promql::plain::{Series, Value as Answer, evaluate_instant, evaluate_range};
use rollsim::promql::settings::Settings;
use serde_json::Value;

use super::compare::{Closeness, same_values};
use super::recordings::{Tally, json_lines, labels, number, own_folder, series, text};

fn flag(eval: &Value, name: &str) -> bool {
    eval.get(name).and_then(Value::as_bool) == Some(true)
}

pub fn query(eval: &Value) -> &str {
    eval["q"].as_str().unwrap()
}

/// Answers one recorded query, as an instant or a range query.
fn answer(eval: &Value, series: &[Series]) -> Result<Answer, String> {
    let settings = Settings::default();
    let time = eval["t"].as_i64().unwrap();
    let (Some(end), Some(step)) = (eval["end"].as_i64(), eval["step"].as_i64()) else {
        let expr = parse(query(eval)).map_err(|error| error.to_string())?;
        return evaluate_instant(&expr, series, time, &settings).map_err(|error| error.to_string());
    };
    let options = ParseOptions {
        range_millis: end - time,
        step_millis: step,
        ..ParseOptions::default()
    };
    let expr = parse_with(query(eval), options).map_err(|error| error.to_string())?;
    evaluate_range(&expr, series, time, end, step, &settings)
        .map(Answer::Matrix)
        .map_err(|error| error.to_string())
}

/// Rows of labels, times and values.
type Table = Vec<(Labels, Vec<i64>, Vec<f64>)>;

fn recorded_table(eval: &Value) -> Table {
    let rows = eval.get("vector").or(eval.get("matrix"));
    let row = |row: &Value| {
        let points: Vec<(i64, f64)> = match row.get("points") {
            Some(points) => points
                .as_array()
                .unwrap()
                .iter()
                .map(|point| {
                    (
                        point[0].as_i64().unwrap(),
                        number(point[1].as_str().unwrap()),
                    )
                })
                .collect(),
            None => vec![(0, number(row["v"].as_str().unwrap()))],
        };
        let (times, values) = points.into_iter().unzip();
        (labels(&row["labels"]), times, values)
    };
    rows.map(|rows| rows.as_array().unwrap().iter().map(row).collect())
        .unwrap_or_default()
}

fn table(answer: Answer) -> (&'static str, Table) {
    match answer {
        Answer::Scalar(value) => ("scalar", vec![(Labels::default(), vec![0], vec![value])]),
        Answer::String(_) => ("string", Vec::new()),
        Answer::Vector(samples) => {
            let rows = samples
                .into_iter()
                .map(|sample| (sample.labels, vec![0], vec![sample.value]))
                .collect();
            ("vector", rows)
        }
        Answer::Matrix(rows) => {
            let rows = rows
                .into_iter()
                .map(|row| {
                    let (times, values) = row.samples.into_iter().unzip();
                    (row.labels, times, values)
                })
                .collect();
            ("matrix", rows)
        }
    }
}

/// Compares one answer with its recording.
pub fn check(eval: &Value, answer: Result<Answer, String>) -> Result<(), String> {
    let got = match (answer, eval.get("error")) {
        (Ok(answer), None) => answer,
        (Err(got), Some(wanted)) if got == wanted.as_str().unwrap() => return Ok(()),
        (got, wanted) => return Err(format!("wanted error {wanted:?}\n  got    {got:?}")),
    };
    if let Answer::String(text) = &got {
        let wanted = eval["value"].as_str().unwrap();
        return if wanted == String::from_utf8_lossy(text) {
            Ok(())
        } else {
            Err(format!("wanted {wanted:?}\n  got    {text:?}"))
        };
    }
    let (kind, mut got) = table(got);
    if kind != eval["type"].as_str().unwrap() {
        return Err(format!("wanted a {}, got a {kind}", eval["type"]));
    }
    let closeness = if flag(eval, "libm") {
        Closeness::Relative(1e-9)
    } else {
        Closeness::Bits
    };
    if kind == "scalar" {
        let wanted = number(eval["value"].as_str().unwrap());
        return same_values(&got[0].2, &[wanted], closeness);
    }
    let mut wanted = recorded_table(eval);
    // The real engine walks over these results in random order, even where the recording saw only one.
    let random = ["count_values", "histogram_"]
        .iter()
        .any(|name| query(eval).contains(name));
    if flag(eval, "unstable_order") || random && !flag(eval, "ordered") {
        got.sort_by(|a, b| a.0.cmp(&b.0));
        wanted.sort_by(|a, b| a.0.cmp(&b.0));
    }
    compare_tables(&got, &wanted, closeness)
}

fn compare_tables(got: &Table, wanted: &Table, closeness: Closeness) -> Result<(), String> {
    let keys = |table: &Table| -> Vec<String> {
        table
            .iter()
            .map(|row| format!("{} {:?}", row.0, row.1))
            .collect()
    };
    if keys(got) != keys(wanted) {
        return Err(format!("wanted {wanted:?}\n  got    {got:?}"));
    }
    for (got, wanted) in got.iter().zip(wanted) {
        same_values(&got.2, &wanted.2, closeness)
            .map_err(|difference| format!("{}: {difference}", got.0))?;
    }
    Ok(())
}

/// Whether the answer hangs on choices that the real engine makes arbitrarily.
pub fn is_arbitrary(eval: &Value) -> bool {
    flag(eval, "order_sensitive") || flag(eval, "unstable_value")
}

fn check_into(tally: &mut Tally, id: &str, eval: &Value, series: &[Series]) {
    let unsupported = matches!(parse(query(eval)), Err(ParseError::Unsupported { .. }));
    if unsupported && eval.get("error").is_none() {
        tally.refused += 1;
        return;
    }
    let result = check(eval, answer(eval, series));
    if is_arbitrary(eval) && result.is_err() {
        tally.skipped += 1;
        return;
    }
    tally.count(|| format!("{id} @ {}: {}", eval["t"], query(eval)), result);
}

/// Replays lines of any of the recorded kinds: scenarios with their own series, or single queries over
/// `shared`. Other lines (queries without a time) aren't about answers.
pub fn check_lines(lines: &[Value], shared: &[Series]) -> Tally {
    let mut tally = Tally::default();
    for line in lines {
        let id = line["id"].as_str().unwrap_or_default();
        if let Some(evals) = line.get("evals") {
            let series = series(&line["series"]);
            for eval in evals.as_array().unwrap() {
                check_into(&mut tally, id, eval, &series);
            }
        } else if line.get("q").is_some() && line.get("t").is_some() {
            check_into(&mut tally, id, line, shared);
        }
    }
    tally
}

/// The series that the recorded errors and odd queries are about.
pub fn shared_series() -> Vec<Series> {
    let text = text(&own_folder().join("errors-series.json"));
    series(&serde_json::from_str(&text).unwrap())
}

fn check_own(file: &str) -> Tally {
    check_lines(&json_lines(&own_folder().join(file)), &shared_series())
}

#[test]
fn random_instant_queries() {
    let tally = check_own("random.jsonl.gz");
    tally.assert_clean(3802 - tally.skipped);
    assert!(tally.skipped <= 36, "{} skipped", tally.skipped);
}

#[test]
fn random_range_queries() {
    let tally = check_own("range.jsonl.gz");
    tally.assert_clean(432 - tally.skipped);
    assert!(tally.skipped <= 4, "{} skipped", tally.skipped);
}

#[test]
fn errors_at_any_stage() {
    check_own("errors.jsonl").assert_clean(327);
}

#[test]
fn odd_valid_queries() {
    let tally = check_own("tricky-valid.jsonl");
    // Seven are about native histograms.
    tally.assert_clean(52);
    assert_eq!(tally.refused, 7);
}

/// The small cases of the specification; their times are seconds, and the metric's name is left out.
#[test]
fn golden_cases() {
    let text = text(&own_folder().join("promql-golden.json")).replace("NaN", "null");
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mut tally = Tally::default();
    for case in &cases {
        let series: Vec<Series> = case["series"]
            .as_array()
            .unwrap()
            .iter()
            .map(golden_series)
            .collect();
        let expr = parse(case["query"].as_str().unwrap()).unwrap();
        let time = case["ts"].as_i64().unwrap() * 1000;
        let answer = evaluate_instant(&expr, &series, time, &Settings::default()).unwrap();
        let got: Vec<f64> = table(answer).1.into_iter().flat_map(|row| row.2).collect();
        let wanted: Vec<f64> = case["expect"]
            .as_object()
            .unwrap()
            .values()
            .map(|value| value.as_f64().unwrap_or(f64::NAN))
            .collect();
        // The reader of JSON numbers may miss the last bit.
        let result = same_values(&got, &wanted, Closeness::Relative(1e-15));
        tally.count(|| case["name"].to_string(), result);
    }
    tally.assert_clean(24);
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the cases' times are whole seconds"
)]
fn golden_series(pair: &Value) -> Series {
    let mut labels = labels(&pair[0]);
    let name = if labels.get("le").is_empty() {
        "c_total"
    } else {
        "h_bucket"
    };
    labels.set("__name__", name);
    let samples = pair[1].as_array().unwrap().iter().map(|sample| {
        let time = sample[0].as_f64().unwrap() * 1000.0;
        (time as i64, sample[1].as_f64().unwrap())
    });
    Series {
        labels,
        samples: samples.collect(),
    }
}
