//! Rates that were recorded: a table of times and rates, or what Prometheus' `query_range` answers.
//!
//! Samples must be evenly spaced: a gap would have to be made up, and a rate that is missing is not 0.

use serde_json::Value;

use crate::go::time::{Civil, Time};
use crate::units::Duration;

/// Spacings may differ by so much of the first: clocks and rounding.
const TOLERANCE: f64 = 0.01;

/// Levels of requests per second.
pub(super) struct Found {
    /// Since the first sample.
    pub(super) levels: Vec<(Duration, f64)>,
    /// Until the end of the last level.
    pub(super) length: Duration,
    /// Requests per second over all of it; more than 0.
    pub(super) mean: f64,
}

/// What is wrong with a recording.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// The line, from 1, where there are lines.
    pub(super) line: Option<usize>,
    pub(super) message: String,
    pub(super) help: &'static str,
}

/// Sample with its line.
struct Sample {
    line: Option<usize>,
    seconds: f64,
    rate: f64,
}

/// Lines of `time,rate` under a header that says so; times are Unix seconds or RFC 3339, rates are requests
/// per second.
pub(super) fn csv(text: &str) -> Result<Found, Problem> {
    let mut lines = (1..).zip(text.lines().map(str::trim));
    let mut header = lines.by_ref().filter(|(_, line)| !line.is_empty());
    let header_help = "begin with the line `time,rate`; rates are requests per second";
    match header.next() {
        Some((_, line)) if columns(line) == ["time", "rate"] => {}
        found => {
            return Err(Problem {
                line: found.map(|(line, _)| line),
                message: "the header `time,rate` is missing".to_owned(),
                help: header_help,
            });
        }
    }
    let rows = lines.filter(|(_, line)| !line.is_empty());
    let samples: Result<Vec<Sample>, Problem> = rows.map(|(line, row)| sample(line, row)).collect();
    levels(&samples?)
}

fn columns(line: &str) -> Vec<&str> {
    line.split(',').map(str::trim).collect()
}

fn sample(line: usize, row: &str) -> Result<Sample, Problem> {
    let problem = |message: String| Problem {
        line: Some(line),
        message,
        help: "write e.g. `1700000000,52.5` or `2024-01-31T14:00:00Z,52.5`",
    };
    let [time, rate] = columns(row)[..] else {
        return Err(problem("a time and a rate are needed".to_owned()));
    };
    let number = |text: &str| text.parse().ok().filter(|number: &f64| number.is_finite());
    let seconds = number(time).or_else(|| rfc3339(time));
    let seconds = seconds.ok_or_else(|| problem(format!("`{time}` is no time")))?;
    let rate = number(rate).ok_or_else(|| problem(format!("`{rate}` is no rate")))?;
    Ok(Sample {
        line: Some(line),
        seconds,
        rate,
    })
}

/// `2024-01-31T14:00:00Z` or with an offset, in Unix seconds.
fn rfc3339(text: &str) -> Option<f64> {
    let (date, clock) = text.split_once(['T', 't', ' '])?;
    let (clock, offset) = if let Some(clock) = clock.strip_suffix(['Z', 'z']) {
        (clock, 0)
    } else {
        let at = clock.rfind(['+', '-'])?;
        let (hours, minutes) = clock[at + 1..].split_once(':')?;
        let offset = 3_600 * whole(hours)? + 60 * whole(minutes)?;
        let negative = clock[at..].starts_with('-');
        (&clock[..at], if negative { -offset } else { offset })
    };
    let numbers =
        |text: &str, by: char| -> Option<Vec<i64>> { text.split(by).map(whole).collect() };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [year, month, day] = numbers(date, '-')?[..] else {
        return None;
    };
    let [hour, minute, second] = numbers(clock, ':')?[..] else {
        return None;
    };
    let days = 1..=31;
    if !(1..=12).contains(&month) || !days.contains(&day) || hour > 23 || minute > 59 || second > 60
    {
        return None;
    }
    let civil = Civil {
        year,
        month,
        day,
        hour,
        minute,
        second,
    };
    let fraction: f64 = format!("0.{}", whole(fraction).map(|_| fraction)?)
        .parse()
        .ok()?;
    Some((Time::from_civil(civil, 0).seconds - offset) as f64 + fraction)
}

fn whole(digits: &str) -> Option<i64> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

/// The answer of `/api/v1/query_range` with one series.
pub(super) fn query_range(text: &str) -> Result<Found, Problem> {
    let problem = |message: String| Problem {
        line: None,
        message,
        help: "save what `/api/v1/query_range?query=sum(rate(http_requests_total[5m]))&start=…&end=…&step=5m` \
               answers",
    };
    let answer: Value = serde_json::from_str(text).map_err(|error| Problem {
        line: Some(error.line()),
        ..problem(format!("this is no JSON: {error}"))
    })?;
    if let Some(status) = answer.get("status").and_then(Value::as_str)
        && status != "success"
    {
        return Err(problem(format!("Prometheus answered with `{status}`")));
    }
    let data = answer.get("data").unwrap_or(&answer);
    let kind = data.get("resultType").and_then(Value::as_str);
    if kind.is_some_and(|kind| kind != "matrix") {
        let kind = kind.unwrap_or_default();
        return Err(problem(format!("the result is a {kind}, not a matrix")));
    }
    let series = data.get("result").and_then(Value::as_array);
    let series = series.ok_or_else(|| problem("`data.result` is missing".to_owned()))?;
    let [series] = series.as_slice() else {
        let message = format!("one series is needed, not {}", series.len());
        return Err(Problem {
            help: "sum over all labels: `sum(rate(http_requests_total[5m]))`",
            ..problem(message)
        });
    };
    let values = series.get("values").and_then(Value::as_array);
    let values = values.ok_or_else(|| problem("`values` is missing".to_owned()))?;
    let read = |(index, value): (usize, &Value)| {
        let pair = value.as_array().map_or(&[][..], Vec::as_slice);
        let [time, rate] = pair else {
            return Err(problem(format!("value {} is no pair", index + 1)));
        };
        let rate = rate.as_str().and_then(|rate| rate.parse().ok());
        match (time.as_f64(), rate.filter(|rate: &f64| rate.is_finite())) {
            (Some(seconds), Some(rate)) => Ok(Sample {
                line: None,
                seconds,
                rate,
            }),
            _ => Err(problem(format!("value {} is no rate at a time", index + 1))),
        }
    };
    let samples: Result<Vec<Sample>, Problem> = values.iter().enumerate().map(read).collect();
    levels(&samples?)
}

/// Each sample's rate lasts until the next; the last one as long as the others.
fn levels(samples: &[Sample]) -> Result<Found, Problem> {
    let [first, second, ..] = samples else {
        return Err(Problem {
            line: None,
            message: "two samples are needed at least".to_owned(),
            help: "record for as long as a rollout takes, better for a day",
        });
    };
    if let Some(negative) = samples.iter().find(|sample| sample.rate < 0.0) {
        return Err(Problem {
            line: negative.line,
            message: format!("{} is less than no requests", negative.rate),
            help: "rates are requests per second, 0 or more",
        });
    }
    let spacing = second.seconds - first.seconds;
    for pair in samples.windows(2) {
        let step = pair[1].seconds - pair[0].seconds;
        if step <= 0.0 {
            return Err(Problem {
                line: pair[1].line,
                message: "this sample doesn't come after the one before".to_owned(),
                help: "sort the samples by time, and keep one for each",
            });
        }
        if (step - spacing).abs() > TOLERANCE * spacing {
            return Err(Problem {
                line: pair[1].line,
                message: format!(
                    "{step} s after the sample before, though the first two are {spacing} s apart"
                ),
                help: "samples must be evenly spaced: fill gaps with what you know of them, or record without",
            });
        }
    }
    let sum: f64 = samples.iter().map(|sample| sample.rate).sum();
    let mean = sum / samples.len() as f64;
    if mean <= 0.0 {
        return Err(Problem {
            line: None,
            message: "there are no requests in it".to_owned(),
            help: "record a service with traffic",
        });
    }
    let millis = |seconds: f64| (seconds * 1e3).round() as i64;
    // Evenly, so that the mean of the levels is that of the samples.
    let last = samples[samples.len() - 1].seconds;
    let spacing = (last - first.seconds) / (samples.len() - 1) as f64;
    let at = |index: usize| Duration::from_millis(millis(spacing * index as f64));
    let levels = samples.iter().enumerate();
    Ok(Found {
        levels: levels
            .map(|(index, sample)| (at(index), sample.rate))
            .collect(),
        length: at(samples.len()),
        mean,
    })
}
