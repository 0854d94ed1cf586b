//! Series and expected answers written as text: Prometheus' `.test` notation.
//!
//! ```text
//! load 30s
//!   http_requests_total{code="200"} 0+300x10 _x2 stale
//!
//! eval instant at 2m10s rate(http_requests_total[1m])
//!   {code="200"} 10
//! ```
//!
//! A paragraph is one command; lines that start with `#` count as empty. `v x n` stands for n + 1 equal
//! values, `v+d x n` for n + 1 rising ones, `_ x n` for n gaps (written without spaces).
//! (`spec/promql.md` §13; Prometheus 3.14 promql/promqltest.)

pub mod any;
pub mod openmetrics;
mod problem;
pub mod query_range;
mod store;
mod values;

use super::ast::{Expr, ExprKind, MatchOp};
use super::labels::Labels;
use super::parse::parse;
use super::plain::Series;
use problem::Problem;
pub use problem::SeriesFileError;
pub use values::expand_values;

/// A file of commands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeriesFile {
    /// The commands in order.
    pub commands: Vec<Command>,
    /// Lines that rollsim can't represent; they are left out of the commands.
    pub unsupported: Vec<Unsupported>,
}

/// A line with something rollsim has no model of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// The line's number, from 1.
    pub line: usize,
    /// What it is.
    pub construct: &'static str,
}

/// One command.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Forget all series.
    Clear,
    /// Add series.
    Load(Load),
    /// Evaluate a query.
    Eval(Eval),
}

/// Series to add.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// The series in order of the file; sample number i lies at i times the step.
    pub series: Vec<Series>,
}

impl Load {
    /// Adds the series to others: new ones at the end, samples of known ones to theirs.
    pub fn add_to(&self, store: &mut Vec<Series>) {
        for series in &self.series {
            match store.iter_mut().find(|known| known.labels == series.labels) {
                Some(known) => {
                    known.samples.extend(&series.samples);
                    known.samples.sort_by_key(|sample| sample.0);
                    known.samples.dedup_by_key(|sample| sample.0);
                }
                None => store.push(series.clone()),
            }
        }
    }
}

/// A query and what it must answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Eval {
    /// The command's line, from 1.
    pub line: usize,
    /// When it is evaluated.
    pub time: EvalTime,
    /// The query.
    pub query: String,
    /// The answer.
    pub expected: Expected,
}

/// When a query is evaluated. Milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvalTime {
    /// Once.
    Instant(i64),
    /// At every step.
    Range {
        /// The first time.
        start: i64,
        /// No time after it.
        end: i64,
        /// The distance.
        step: i64,
    },
}

/// What a query must answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expected {
    /// It must fail.
    pub failure: Option<ExpectedFailure>,
    /// The order of the series counts.
    pub ordered: bool,
    /// The answer is this text.
    pub string: Option<Vec<u8>>,
    /// The answer is this number.
    pub scalar: Option<f64>,
    /// The answer is a range vector whose values lie at these times.
    pub range_vector: Option<EvalTime>,
    /// The series of the answer: their values at each time.
    pub rows: Vec<ExpectedRow>,
}

/// How a query must fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpectedFailure {
    /// With any error.
    Any,
    /// With this text.
    Message(String),
    /// With a text that matches this regular expression.
    Pattern(String),
}

/// A series of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedRow {
    /// Its labels.
    pub labels: Labels,
    /// Its values, `None` for a gap.
    pub values: Vec<Option<f64>>,
}

/// Reads a file.
pub fn parse_series_file(text: &str) -> Result<SeriesFile, SeriesFileError> {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .map(|line| if line.starts_with('#') { "" } else { line })
        .collect();
    let mut reader = Reader {
        lines: &lines,
        next: 0,
        file: SeriesFile::default(),
    };
    while let Some(line) = reader.take() {
        if let Err(problem) = reader.command(line) {
            let last = reader.next.checked_sub(1).and_then(|last| lines.get(last));
            return Err(problem.locate(text, last.unwrap_or(&line)));
        }
    }
    Ok(reader.file)
}

struct Reader<'a> {
    lines: &'a [&'a str],
    next: usize,
    file: SeriesFile,
}

impl<'a> Reader<'a> {
    fn take(&mut self) -> Option<&'a str> {
        let line = self.lines.get(self.next).copied()?;
        self.next += 1;
        Some(line)
    }

    /// The next line of the same paragraph.
    fn take_detail(&mut self) -> Option<&'a str> {
        let line = self.lines.get(self.next).copied();
        line.filter(|line| !line.is_empty())?;
        self.take()
    }

    fn refuse(&mut self, construct: &'static str) {
        self.file.unsupported.push(Unsupported {
            line: self.next,
            construct,
        });
    }

    fn command(&mut self, line: &'a str) -> Result<(), Problem<'a>> {
        let (word, rest) = split_word(line);
        let command = match word {
            "" => return Ok(()),
            "clear" => Command::Clear,
            "load" | "load_with_nhcb" => {
                if word == "load_with_nhcb" {
                    self.refuse("native histograms made of classic ones");
                }
                Command::Load(self.load(rest)?)
            }
            "eval" | "eval_fail" | "eval_ordered" | "eval_warn" | "eval_info" => {
                Command::Eval(self.eval(word, rest)?)
            }
            _ => {
                let text = format!("unknown command \"{word}\", expected clear, load or eval");
                return Err(Problem::at(word, text).with_hint(
                    "series stand indented below `load 30s`, without an empty line between",
                ));
            }
        };
        self.file.commands.push(command);
        Ok(())
    }

    fn load(&mut self, step: &'a str) -> Result<Load, Problem<'a>> {
        let step = duration_millis(step)?;
        let mut series: Vec<Series> = Vec::new();
        while let Some(line) = self.take_detail() {
            if let Some((labels, values)) = self.series_line(line)? {
                let timed = values.into_iter().zip(0i64..).filter_map(|(value, index)| {
                    value.map(|value| (index.saturating_mul(step), value))
                });
                // The last of several lines for one series counts.
                series.retain(|known| known.labels != labels);
                series.push(Series {
                    labels,
                    samples: timed.collect(),
                });
            }
        }
        Ok(Load { series })
    }

    /// Labels and values of a line; `None` for what can't be represented.
    #[expect(clippy::type_complexity, reason = "a pair, used twice")]
    fn series_line(
        &mut self,
        line: &'a str,
    ) -> Result<Option<(Labels, Vec<Option<f64>>)>, Problem<'a>> {
        let (metric, values) = split_metric(line);
        if metric.ends_with("@st") {
            self.refuse("start timestamps");
            return Ok(None);
        }
        if values.contains("{{") {
            self.refuse("native histograms");
            return Ok(None);
        }
        Ok(Some((parse_metric(metric)?, expand_values(values)?)))
    }

    fn eval(&mut self, word: &str, rest: &'a str) -> Result<Eval, Problem<'a>> {
        let line = self.next;
        let (kind, rest) = split_word(rest);
        let (time, query) = match kind {
            "instant" => {
                let (time, query) = after_keyword(rest, "at")?;
                (EvalTime::Instant(duration_millis(time)?), query)
            }
            "range" => range_times(rest)?,
            _ => {
                let text = "expected \"eval instant at …\" or \"eval range from …\"";
                return Err(Problem::at(kind, text));
            }
        };
        let mut expected = Expected {
            ordered: word == "eval_ordered",
            failure: (word == "eval_fail").then_some(ExpectedFailure::Any),
            ..Expected::default()
        };
        while let Some(line) = self.take_detail() {
            self.expectation(line, &mut expected)?;
        }
        Ok(Eval {
            line,
            time,
            query: query.to_owned(),
            expected,
        })
    }

    fn expectation(&mut self, line: &'a str, expected: &mut Expected) -> Result<(), Problem<'a>> {
        let (word, rest) = split_word(line);
        match word {
            "expected_fail_message" => {
                expected.failure = Some(ExpectedFailure::Message(rest.to_owned()));
            }
            "expected_fail_regexp" => {
                expected.failure = Some(ExpectedFailure::Pattern(rest.to_owned()));
            }
            "expect" => expect_clause(rest, expected)?,
            _ => {
                if let Some(number) = parse_number(line) {
                    expected.scalar = Some(number);
                } else if let Some((labels, values)) = self.series_line(line)? {
                    expected.rows.push(ExpectedRow { labels, values });
                }
            }
        }
        Ok(())
    }
}

fn expect_clause<'a>(clause: &'a str, expected: &mut Expected) -> Result<(), Problem<'a>> {
    let (word, rest) = split_word(clause);
    match word {
        "ordered" => expected.ordered = true,
        "fail" => {
            expected.failure = Some(if let Some(text) = rest.strip_prefix("msg:") {
                ExpectedFailure::Message(text.trim().to_owned())
            } else if let Some(pattern) = rest.strip_prefix("regex:") {
                ExpectedFailure::Pattern(pattern.trim().to_owned())
            } else {
                ExpectedFailure::Any
            });
        }
        "string" => {
            let Ok(ExprKind::String(text)) = parse(rest).map(|expr| expr.kind) else {
                let text = "expected a quoted string after \"expect string\"";
                return Err(Problem::at(rest, text));
            };
            expected.string = Some(text);
        }
        "range" => {
            let (_, times) = after_word(rest, "vector")?;
            expected.range_vector = Some(range_times(times)?.0);
        }
        // Annotations say nothing about the value.
        "warn" | "no_warn" | "info" | "no_info" => {}
        _ => {
            return Err(Problem::at(word, format!("unknown expectation \"{word}\"")));
        }
    }
    Ok(())
}

/// `from a to b step s`, then the rest.
fn range_times(text: &str) -> Result<(EvalTime, &str), Problem<'_>> {
    let (start, rest) = after_keyword(text, "from")?;
    let (end, rest) = after_keyword(rest, "to")?;
    let (step, rest) = after_keyword(rest, "step")?;
    let time = EvalTime::Range {
        start: duration_millis(start)?,
        end: duration_millis(end)?,
        step: duration_millis(step)?,
    };
    Ok((time, rest))
}

fn split_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

fn after_word<'a>(text: &'a str, word: &str) -> Result<(&'a str, &'a str), Problem<'a>> {
    let (found, rest) = split_word(text);
    if found == word {
        Ok((found, rest))
    } else {
        let problem = format!("expected \"{word}\", got \"{found}\"");
        Err(Problem::at(found, problem))
    }
}

/// The word that follows a keyword, then the rest.
fn after_keyword<'a>(text: &'a str, keyword: &str) -> Result<(&'a str, &'a str), Problem<'a>> {
    after_word(text, keyword).map(|(_, rest)| split_word(rest))
}

/// A number on a line of its own.
fn parse_number(text: &str) -> Option<f64> {
    let starts_like_number = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
        || ["nan", "inf"].contains(&text.to_ascii_lowercase().as_str());
    starts_like_number.then(|| parse(text).ok().and_then(|expr| constant(&expr)))?
}

/// A duration such as `1h30m`, or a number of seconds, in milliseconds.
#[expect(
    clippy::cast_possible_truncation,
    reason = "durations are whole milliseconds within 292 years"
)]
fn duration_millis(text: &str) -> Result<i64, Problem<'_>> {
    parse(text.trim())
        .ok()
        .and_then(|expr| constant(&expr))
        .filter(|seconds| seconds.abs() < 1e15)
        .map(|seconds| (seconds * 1000.0).round() as i64)
        .ok_or_else(|| {
            let problem = format!("\"{text}\" isn't a duration such as 30s or 1h30m");
            Problem::at(text, problem)
        })
}

/// A duration such as `1h30m`, or a number of seconds, in milliseconds; `None` for anything else.
pub fn parse_duration(text: &str) -> Option<i64> {
    duration_millis(text).ok()
}

fn constant(expr: &Expr) -> Option<f64> {
    match &expr.kind {
        ExprKind::Number(number) | ExprKind::Duration(number) => Some(*number),
        ExprKind::Unary { negative, expr } => {
            let number = constant(expr)?;
            Some(if *negative { -number } else { number })
        }
        _ => None,
    }
}

/// Splits `name{labels}` from the values after it.
fn split_metric(line: &str) -> (&str, &str) {
    let mut quote = None;
    let mut escaped = false;
    let mut in_braces = false;
    for (index, c) in line.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(open) => {
                escaped = c == '\\' && open != '`';
                if c == open {
                    quote = None;
                }
            }
            None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
            None if c == '{' => in_braces = true,
            None if c == '}' => in_braces = false,
            None if c.is_whitespace() && !in_braces => {
                let rest = line[index..].trim_start();
                if !rest.starts_with('{') || rest.starts_with("{{") {
                    return (&line[..index], rest);
                }
            }
            None => {}
        }
    }
    (line, "")
}

/// The labels of a series: a selector with equalities only, or nothing in braces.
fn parse_metric(text: &str) -> Result<Labels, Problem<'_>> {
    if text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .map(str::trim)
        == Some("")
    {
        return Ok(Labels::default());
    }
    let expr = parse(text)
        .map_err(|error| Problem::at(text, format!("\"{text}\" isn't a series: {error}")))?;
    let ExprKind::VectorSelector(selector) = expr.kind else {
        let problem = format!("\"{text}\" isn't a series such as up{{job=\"api\"}}");
        return Err(Problem::at(text, problem));
    };
    if selector
        .matchers
        .iter()
        .any(|matcher| matcher.op != MatchOp::Equal)
    {
        let problem = format!("\"{text}\": labels of a series are written with =");
        return Err(Problem::at(text, problem));
    }
    let pairs = selector
        .matchers
        .into_iter()
        .map(|matcher| (matcher.name, matcher.value));
    Ok(Labels::new(pairs))
}
