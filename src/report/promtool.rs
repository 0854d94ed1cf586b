//! A replication as a file for `promtool test rules`: its series, and each measurement as a test.

use std::fmt::Write as _;

use crate::promql::head::is_stale;
use crate::promql::labels::Labels;
use crate::promql::plain::{Series, Value};

use super::query::{number, series_name};

/// One measurement as a test.
#[derive(Clone, Debug)]
pub struct Test {
    /// What it is, for a comment.
    pub title: String,
    /// The query.
    pub query: String,
    /// When, in milliseconds of the series' clock.
    pub time: i64,
    /// What it answers.
    pub answer: Value,
}

/// A file.
#[derive(Clone, Debug)]
pub struct TestFile<'a> {
    /// Lines of comment at the top.
    pub comments: Vec<String>,
    /// The series; all times are whole seconds.
    pub series: &'a [Series],
    /// The measurements.
    pub tests: Vec<Test>,
    /// Whether promtool is to forgive differences in the last digits; versions until 3.3 can't.
    pub fuzzy: bool,
    /// The time that promtool calls 0: whole hours, so that steps of subqueries lie as they did.
    pub start: i64,
}

/// The whole hour before a time, both in milliseconds.
pub fn hour_before(time: i64) -> i64 {
    time - time.rem_euclid(3_600_000)
}

/// The file's text.
pub fn text(file: &TestFile<'_>) -> String {
    let mut text = String::new();
    for comment in &file.comments {
        let _ = writeln!(text, "# {comment}");
    }
    if file.fuzzy {
        text.push_str("fuzzy_compare: true # remove this line for a promtool before 3.4\n");
    }
    text.push_str("evaluation_interval: 1s\ntests:\n  - interval: 1s\n    input_series:\n");
    for series in file.series {
        let (name, values) = (
            quoted(&series_name(&series.labels)),
            values(series, file.start),
        );
        let _ = writeln!(
            text,
            "      - series: {name}\n        values: {}",
            quoted(&values)
        );
    }
    text.push_str("    promql_expr_test:\n");
    for test in &file.tests {
        let _ = writeln!(text, "      # {}", test.title);
        write_test(&mut text, test, file.start);
    }
    text
}

fn write_test(text: &mut String, test: &Test, start: i64) {
    let mut samples: Vec<(Labels, f64)> = match &test.answer {
        Value::Scalar(value) => vec![(Labels::default(), *value)],
        Value::Vector(samples) => samples
            .iter()
            .map(|sample| (sample.labels.clone(), sample.value))
            .collect(),
        Value::Matrix(_) | Value::String(_) => return,
    };
    let mut query = with_explicit_steps(test.query.trim());
    if samples.iter().any(|sample| sample.1.is_nan()) {
        // promtool takes no NaN for equal to another: 1 says that there is one.
        query = format!("({query}) != bool ({query})");
        for sample in &mut samples {
            sample.0.drop_metadata();
            sample.1 = f64::from(u8::from(sample.1.is_nan()));
        }
    }
    let seconds = (test.time - start) / 1_000;
    let _ = writeln!(
        text,
        "      - expr: {}\n        eval_time: {seconds}s",
        quoted(&query)
    );
    if samples.is_empty() {
        text.push_str("        exp_samples: []\n");
        return;
    }
    text.push_str("        exp_samples:\n");
    for (labels, value) in samples {
        let _ = writeln!(
            text,
            "          - labels: {}\n            value: {}",
            quoted(&labels.to_string()),
            yaml_number(value)
        );
    }
}

/// A subquery without step takes the server's evaluation interval: a minute by default, but a second here.
fn with_explicit_steps(query: &str) -> String {
    let mut text = String::with_capacity(query.len());
    let mut quote = None;
    let mut escaped = false;
    for c in query.chars() {
        match quote {
            Some(_) if escaped => escaped = false,
            // Backticks know no escapes.
            Some(open) if open != '`' && c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
            None if c == ']' && text.trim_end().ends_with(':') => text.push_str("1m"),
            _ => {}
        }
        text.push(c);
    }
    text
}

/// `_x3 1 _x14 2 stale`: one value a second.
fn values(series: &Series, start: i64) -> String {
    let mut words = Vec::with_capacity(2 * series.samples.len());
    let mut next = 0;
    for &(time, value) in &series.samples {
        let second = (time - start) / 1_000;
        let gap = second - next;
        if gap > 0 {
            words.push(format!("_x{gap}"));
        }
        next = second + 1;
        words.push(if is_stale(value) {
            "stale".to_owned()
        } else {
            number(value).replace('+', "")
        });
    }
    words.join(" ")
}

fn yaml_number(value: f64) -> String {
    match value {
        f64::INFINITY => ".inf".to_owned(),
        f64::NEG_INFINITY => "-.inf".to_owned(),
        value => value.to_string(),
    }
}

/// In double quotes; JSON's escapes are YAML's too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::{Test, TestFile, hour_before, text, with_explicit_steps};
    use crate::promql::head::STALE;
    use crate::promql::labels::Labels;
    use crate::promql::plain::{Sample, Series, Value};

    #[test]
    fn a_file_reads_as_promtool_wants_it() {
        let series = [Series {
            labels: Labels::new([("__name__", "up"), ("pod", "a")]),
            samples: vec![
                (3_605_000, 1.0),
                (3_606_000, 0.25),
                (3_608_000, STALE),
                (3_623_000, f64::INFINITY),
            ],
        }];
        let answer = |value| {
            Value::Vector(vec![Sample {
                labels: Labels::new([("pod", "a")]),
                value,
            }])
        };
        let test = |query: &str, answer| Test {
            title: "availability: Successful".to_owned(),
            query: query.to_owned(),
            time: 3_607_000,
            answer,
        };
        let file = TestFile {
            comments: vec!["a comment".to_owned()],
            series: &series,
            tests: vec![
                test("max by (pod) (up)\n", answer(0.25)),
                test("0 / up", answer(f64::NAN)),
                test("nothing", Value::Vector(Vec::new())),
                test("scalar(up)", Value::Scalar(0.25)),
            ],
            fuzzy: true,
            start: hour_before(3_605_000),
        };
        insta::assert_snapshot!(text(&file));
    }

    #[test]
    fn steps_are_written_out_but_not_in_texts() {
        assert_eq!(
            with_explicit_steps("rate(a[1m:])[5m: ]"),
            "rate(a[1m:1m])[5m: 1m]"
        );
        let texts = r#"a{b=":]", c='\':]', d=`\`}[5m:1s]"#;
        assert_eq!(with_explicit_steps(texts), texts);
    }
}
