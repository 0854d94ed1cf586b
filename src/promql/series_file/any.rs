//! A file of series in whichever notation it is.

use super::openmetrics::parse_openmetrics;
use super::query_range::parse_query_range;
use super::{Command, SeriesFileError, parse_series_file};
use crate::promql::plain::Series;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// Prometheus' `.test` notation.
    Test,
    /// OpenMetrics text.
    OpenMetrics,
    /// An answer of Prometheus' HTTP API.
    QueryRange,
}

/// The series of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// In the order in which the file names them first.
    pub series: Vec<Series>,
    /// How it was written.
    pub notation: Notation,
    /// Number of `eval` commands, which are left out.
    pub evals: usize,
}

/// Which notation a text looks like.
pub fn notation(text: &str) -> Notation {
    let text = text.trim_start();
    if text.starts_with('[') || is_json_object(text) {
        return Notation::QueryRange;
    }
    let is_command = |line: &str| {
        let word = line.split_whitespace().next().unwrap_or_default();
        ["load", "clear", "eval"].contains(&word)
            || word.starts_with("load_")
            || word.starts_with("eval_")
    };
    match text
        .lines()
        .find(|line| !line.trim().is_empty() && !line.starts_with('#'))
    {
        Some(line) if is_command(line) => Notation::Test,
        _ => Notation::OpenMetrics,
    }
}

/// `{"key": …`, unlike the sample `{"quoted.name", label="value"} 1 2`.
fn is_json_object(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('{') else {
        return false;
    };
    let rest = rest.trim_start();
    let Some(rest) = rest.strip_prefix('"') else {
        return rest.starts_with('}');
    };
    let after = rest.split_once('"').map_or("", |parts| parts.1);
    after.trim_start().starts_with(':')
}

/// Reads a file of any notation. `eval` commands of a `.test` file are left out.
pub fn parse_any(text: &str) -> Result<Recording, SeriesFileError> {
    let notation = notation(text);
    let mut evals = 0;
    let series = match notation {
        Notation::QueryRange => parse_query_range(text)?,
        Notation::OpenMetrics => parse_openmetrics(text)?,
        Notation::Test => {
            let file = parse_series_file(text)?;
            if let Some(unsupported) = file.unsupported.first() {
                let start = line_start(text, unsupported.line);
                let line = text[start..].lines().next().unwrap_or_default();
                let problem = format!("{} are not supported", unsupported.construct);
                let span = start..start + line.len();
                return Err(SeriesFileError::new(text, span, problem)
                    .with_hint(Some("leave these series out")));
            }
            let mut series = Vec::new();
            for command in &file.commands {
                match command {
                    Command::Clear => series.clear(),
                    Command::Load(load) => load.add_to(&mut series),
                    Command::Eval(_) => evals += 1,
                }
            }
            series
        }
    };
    Ok(Recording {
        series,
        notation,
        evals,
    })
}

fn line_start(text: &str, line: usize) -> usize {
    text.split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::{Notation, notation, parse_any};

    #[test]
    fn notations_are_told_apart() {
        assert_eq!(notation("\n# a comment\nload 30s\n  up 1"), Notation::Test);
        assert_eq!(
            notation("# TYPE up gauge\nup 1 1\n# EOF"),
            Notation::OpenMetrics
        );
        assert_eq!(
            notation("{\"a.b\", x=\"y\"} 1 1\n# EOF"),
            Notation::OpenMetrics
        );
        assert_eq!(
            notation(" { \"status\" : \"success\"}"),
            Notation::QueryRange
        );
        assert_eq!(notation("{}"), Notation::QueryRange);
        assert_eq!(notation(""), Notation::OpenMetrics);
    }

    #[test]
    fn a_test_file_gives_what_is_loaded_at_its_end() {
        let text = "load 30s\n  up 1 1\n\neval instant at 0 up\n  up 1\n\nclear\n\nload 1m\n  down 0+1x2\n";
        let recording = parse_any(text).unwrap();
        assert_eq!(recording.evals, 1);
        assert_eq!(recording.series.len(), 1);
        assert_eq!(
            recording.series[0].samples,
            [(0, 0.0), (60_000, 1.0), (120_000, 2.0)]
        );
    }

    #[test]
    fn errors_of_test_files_have_a_place() {
        let at = |text: &str, part: &str| {
            let error = parse_any(text).unwrap_err();
            assert_eq!(&text[error.span.clone()], part, "{error}");
        };
        at("load 30s\n  up 1 1y 2\n", "1y");
        at("load fast\n  up 1\n", "fast");
        at("load 30s\n  up{job=~\"a\"} 1\n", "up{job=~\"a\"}");
        at("load 30s\n  up{ 1\n", "up{ 1");
        at("load\n  up 1\n", "load");
        at("load 30s\n\nup 1\n", "up");
        at("load 30s\n  up {{count:1}}\n", "  up {{count:1}}");
    }
}
