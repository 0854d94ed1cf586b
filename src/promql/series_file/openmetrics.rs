//! Series as OpenMetrics text with a timestamp on every line: what `promtool tsdb dump-openmetrics` and
//! exporters write.
//!
//! ```text
//! # TYPE http_requests counter
//! http_requests_total{code="200"} 12 1700000000.5
//! # EOF
//! ```
//!
//! Timestamps are seconds. Staleness has no notation: a series ends with its last sample.
//! (OpenMetrics 1.0; Prometheus 3.14 model/textparse/openmetricsparse.go.)

use super::SeriesFileError;
use super::problem::Problem;
use super::store::Store;
use crate::promql::kernels::parse_float;
use crate::promql::labels::{Labels, METRIC_NAME};
use crate::promql::plain::Series;

/// Later times, in seconds, don't fit into milliseconds.
const MAX_SECONDS: f64 = 9e15;

/// Reads a file.
pub fn parse_openmetrics(text: &str) -> Result<Vec<Series>, SeriesFileError> {
    let mut store = Store::default();
    let mut ended = false;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        let line = line.trim_end_matches(['\n', '\r']);
        if line.trim().is_empty() {
            continue;
        }
        if ended {
            let problem = Problem::at(line, "there is text after `# EOF`")
                .with_hint("only the last line may be `# EOF`; leave out those in between");
            return Err(problem.locate(text, line));
        }
        if line.starts_with('#') {
            ended = line.trim_end() == "# EOF";
            continue;
        }
        let sample = Cursor { rest: line }
            .sample()
            .map_err(|problem| problem.locate(text, line))?;
        let series = store.series(sample.labels);
        store.add(series, sample.time, sample.value, start);
    }
    if !ended {
        let end = text.trim_end().len();
        let start = text[..end].rfind('\n').map_or(0, |newline| newline + 1);
        let problem = "the file doesn't end with `# EOF`".to_owned();
        let hint = "every OpenMetrics file ends with that line: this one is cut off, or in Prometheus' older text \
                    format, whose timestamps are milliseconds";
        return Err(SeriesFileError::new(text, start..end, problem).with_hint(Some(hint)));
    }
    store.finish().map_err(|conflict| {
        let rest = &text[conflict.offset..];
        let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let span = conflict.offset..conflict.offset + length;
        let hint = "a series has one value at a time; do two sources share all their labels?";
        SeriesFileError::new(text, span, conflict.text).with_hint(Some(hint))
    })
}

struct Sample {
    labels: Labels,
    time: i64,
    value: f64,
}

/// What is left of a line.
struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn sample(mut self) -> Result<Sample, Problem<'a>> {
        let mut labels = Labels::default();
        let name = self.bare_name(true);
        if name.is_empty() && !self.rest.starts_with('{') {
            let problem = "a line is `name{label=\"value\"} value timestamp`, or starts with #";
            return Err(Problem::at(self.rest, problem));
        }
        labels.set(METRIC_NAME, name);
        if self.rest.starts_with('{') {
            self.labels(&mut labels)?;
        }
        if labels.get(METRIC_NAME).is_empty() {
            return Err(Problem::at(self.rest, "the metric has no name"));
        }
        let word = self.word();
        let value = parse_float(word).ok_or_else(|| {
            Problem::at(word, format!("\"{word}\" isn't a value"))
                .with_hint("a value is a number, NaN, +Inf or -Inf")
        })?;
        let word = self.word();
        if word.is_empty() || word.starts_with('#') {
            return Err(
                Problem::at(word, "the sample has no timestamp").with_hint(
                    "write the seconds since 1970 after the value: a sample without time belongs to no instant",
                ),
            );
        }
        let time = seconds(word)?;
        let rest = self.rest.trim_start();
        if !rest.is_empty() && !rest.starts_with('#') {
            return Err(Problem::at(
                rest,
                "nothing may follow the timestamp but an exemplar",
            ));
        }
        Ok(Sample {
            labels,
            time,
            value,
        })
    }

    fn labels(&mut self, labels: &mut Labels) -> Result<(), Problem<'a>> {
        self.rest = &self.rest[1..];
        loop {
            self.rest = self.rest.trim_start();
            if let Some(rest) = self.rest.strip_prefix('}') {
                self.rest = rest;
                return Ok(());
            }
            let start = self.rest;
            let quoted = self.rest.starts_with('"');
            let name = if quoted {
                self.quoted()?
            } else {
                self.bare_name(false).to_owned()
            };
            self.rest = self.rest.trim_start();
            let (name, value) = match self.rest.strip_prefix('=') {
                // `{"a metric's name", label="value"}`
                None if quoted => (METRIC_NAME.to_owned(), name),
                None => return Err(Problem::at(start, "expected `label=\"value\"` or `}`")),
                Some(rest) => {
                    self.rest = rest.trim_start();
                    (name, self.quoted()?)
                }
            };
            if name.is_empty() || !labels.get(&name).is_empty() {
                let problem = format!("label \"{name}\" has no name or is given twice");
                return Err(Problem::at(start, problem));
            }
            labels.set(&name, &value);
            self.rest = self.rest.trim_start();
            match self.rest.strip_prefix(',') {
                Some(rest) => self.rest = rest,
                None if self.rest.starts_with('}') => {}
                None => return Err(Problem::at(start, "expected `,` or `}` after a label")),
            }
        }
    }

    /// A name without quotes, perhaps empty; only metrics may have colons in theirs.
    fn bare_name(&mut self, colons: bool) -> &'a str {
        let belongs = |c: char| c.is_ascii_alphanumeric() || c == '_' || (colons && c == ':');
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let end = if self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            0
        } else {
            end
        };
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name
    }

    /// `"text"` with the escapes `\\`, `\"` and `\n`.
    fn quoted(&mut self) -> Result<String, Problem<'a>> {
        let start = self.rest;
        let Some(rest) = start.strip_prefix('"') else {
            return Err(Problem::at(
                start,
                "a label's value stands in double quotes",
            ));
        };
        let mut text = String::new();
        let mut escaped = false;
        for (index, c) in rest.char_indices() {
            match c {
                'n' if escaped => text.push('\n'),
                '"' if !escaped => {
                    self.rest = &rest[index + 1..];
                    return Ok(text);
                }
                '\\' if !escaped => {
                    escaped = true;
                    continue;
                }
                '"' | '\\' => text.push(c),
                // An unknown escape stands for itself.
                c if escaped => text.extend(['\\', c]),
                c => text.push(c),
            }
            escaped = false;
        }
        Err(Problem::at(start, "the quotes are never closed"))
    }

    fn word(&mut self) -> &'a str {
        let rest = self.rest.trim_start();
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        self.rest = rest;
        word
    }
}

fn seconds(word: &str) -> Result<i64, Problem<'_>> {
    let Some(seconds) = parse_float(word).filter(|seconds| seconds.is_finite()) else {
        let problem = format!("\"{word}\" isn't a timestamp");
        return Err(
            Problem::at(word, problem).with_hint("a timestamp is the number of seconds since 1970")
        );
    };
    if seconds.abs() > MAX_SECONDS {
        return Err(Problem::at(
            word,
            format!("timestamp {word} is out of range"),
        ));
    }
    // Prometheus cuts after the milliseconds and so moves some timestamps by one; the nearest is meant.
    Ok((seconds * 1_000.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::parse_openmetrics;

    fn error(text: &str) -> (String, String) {
        let error = parse_openmetrics(text).expect_err(text);
        (error.to_string(), text[error.span].to_owned())
    }

    #[test]
    fn lines_become_series_in_order_of_time() {
        let text = "# HELP up Whether it is.\n# TYPE up gauge\nup{job=\"a b\",le=\"\\\\\\\"\\n\"} 1 20.5\n\
                    up{le=\"\\\\\\\"\\n\" , job=\"a b\",} NaN 10 # {trace_id=\"x\"} 1 2\n{\"a.b\", x=\"y\"} +Inf 1\r\n# EOF\n";
        let series = parse_openmetrics(text).unwrap();
        assert_eq!(series.len(), 2);
        assert_eq!(
            series[0].labels.to_string(),
            r#"{__name__="up", job="a b", le="\\\"\n"}"#
        );
        assert_eq!(series[0].samples.len(), 2);
        assert!(series[0].samples[0].0 == 10_000 && series[0].samples[0].1.is_nan());
        assert_eq!(series[0].samples[1], (20_500, 1.0));
        assert_eq!(series[1].labels.to_string(), r#"{__name__="a.b", x="y"}"#);
        assert_eq!(series[1].samples, [(1_000, f64::INFINITY)]);
    }

    #[test]
    fn errors_name_the_part_that_is_wrong() {
        let at = |text: &str, problem: &str, part: &str| {
            let (found, place) = error(text);
            assert!(found.contains(problem), "{found}");
            assert_eq!(place, part, "{found}");
        };
        at("up 1 1\nup 1 2\n", "line 2: the file doesn't end", "up 1 2");
        at("up x 1\n# EOF", "line 1: \"x\" isn't a value", "x");
        at("up 1\n# EOF", "no timestamp", "up 1");
        at("up 1 yesterday\n# EOF", "isn't a timestamp", "yesterday");
        at("up 1 1e300\n# EOF", "out of range", "1e300");
        at("up 1 1 2\n# EOF", "nothing may follow", "2");
        at("up{a=1} 1 1\n# EOF", "double quotes", "1} 1 1");
        at("up{a=\"1} 1 1\n# EOF", "never closed", "\"1} 1 1");
        at(
            "up{a=\"1\"b=\"2\"} 1 1\n# EOF",
            "expected `,`",
            "a=\"1\"b=\"2\"} 1 1",
        );
        at(
            "up{a=\"1\",a=\"2\"} 1 1\n# EOF",
            "given twice",
            "a=\"2\"} 1 1",
        );
        at("up{a} 1 1\n# EOF", "expected `label=", "a} 1 1");
        at("{a=\"b\"} 1 1\n# EOF", "no name", " 1 1");
        at("# EOF\nup 1 1", "after `# EOF`", "up 1 1");
        at("9up 1 1\n# EOF", "a line is", "9up 1 1");
        at(
            "up 1 1\nup 2 1\nx 1 1\n# EOF\n",
            "line 2: {__name__=\"up\"} has a second value at 1",
            "up 2 1",
        );
    }
}
