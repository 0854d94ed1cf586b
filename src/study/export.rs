//! A traced replication for other tools: its series as OpenMetrics text, its measurements as tests.

use std::collections::BTreeMap;

use crate::diagnostics::Diagnostic;
use crate::engine::replicate::{Exported, Replicator};
use crate::engine::trace::{Measured, What};
use crate::plan::build::Built;
use crate::promql::head::is_stale;
use crate::promql::parse::parse;
use crate::promql::plain::{Series, Value, evaluate_instant};
use crate::promql::settings::Profile;
use crate::report::export::Traced;
use crate::report::openmetrics::{self, Kind};
use crate::report::promtool::{self, Test, TestFile, hour_before};
use crate::report::query::{number, seconds};
use crate::scenario::model::{Metric, MetricKind, Scenario};
use crate::units::Duration;

use super::failure::Failure;
use super::request::TraceRequest;

/// Replays the request's replication, keeping every scrape.
pub(super) fn replay(
    replicator: &mut Replicator<'_>,
    built: &Built,
    scenario: &Scenario,
    request: &TraceRequest,
) -> Result<Exported, Failure> {
    if request.promtool {
        refuse_for_promtool(scenario).map_err(|diagnostic| Failure::request(*diagnostic))?;
    }
    Ok(replicator.export(request.replication, &built.universe, request.promtool))
}

fn refuse_for_promtool(scenario: &Scenario) -> Result<(), Box<Diagnostic>> {
    let interval = scenario.prometheus.scrape_interval;
    if interval.as_millis_floor() % 1_000 != 0 {
        let message = format!(
            "--promtool needs a scrape interval of whole seconds, the scenario's is {interval}"
        );
        let diagnostic = Diagnostic::error(message)
            .with_note("a file for `promtool test rules` has one value a second")
            .with_help("round prometheus.scrape-interval");
        return Err(Box::new(diagnostic));
    }
    let lag = scenario.prometheus.visibility_lag;
    if lag != Duration::ZERO {
        let message = format!("--promtool can't show a visibility lag, the scenario's is {lag}");
        let diagnostic = Diagnostic::error(message)
            .with_note("a test sees every sample up to its time")
            .with_help("leave prometheus.visibility-lag out");
        return Err(Box::new(diagnostic));
    }
    if scenario
        .metrics
        .iter()
        .any(|metric| metric.own_timestamps.is_some())
    {
        let message = "--promtool can't show samples with timestamps of their own";
        let diagnostic = Diagnostic::error(message)
            .with_note("a test sees every sample from its timestamp on, and has one value a second")
            .with_help("leave `own-timestamps` out");
        return Err(Box::new(diagnostic));
    }
    Ok(())
}

/// Adds the files that a request asks for, and what they can't carry.
pub(super) fn add_files(
    traced: &mut Traced,
    exported: &Exported,
    built: &Built,
    scenario: &Scenario,
    request: &TraceRequest,
) {
    let update = exported.update_ms;
    let start = format!(
        "the update starts at {} ({}) of the exported series; only series that queries read are in them",
        seconds(update),
        utc(update)
    );
    traced.notices.push(Diagnostic::info(start));
    if request.openmetrics {
        let kind = |name: &str| kind_of(name, &scenario.metrics);
        traced.openmetrics = Some(openmetrics::text(&exported.series, kind));
        traced.notices.extend(staleness(&exported.series, update));
        if scenario.prometheus.visibility_lag != Duration::ZERO {
            let message = "the visibility lag isn't in the exported series: a Prometheus that has them sees newer samples";
            traced.notices.push(Diagnostic::warning(message));
        }
    }
    let stamped = |metric: &Metric| metric.own_timestamps.is_some();
    if scenario.metrics.iter().any(stamped) {
        let message = "samples with timestamps of their own are there from those on, not from their scrapes on: a \
                       Prometheus that has the exported series sees them some seconds earlier";
        traced.notices.push(Diagnostic::warning(message));
    }
    if request.promtool {
        let rounded = "scrapes and measurements of this replication happen at whole seconds, since promtool's do";
        traced.notices.push(Diagnostic::info(rounded));
        let file = test_file(traced, exported, built, scenario);
        traced.promtool = Some(promtool::text(&file));
    }
}

fn kind_of(name: &str, metrics: &[Metric]) -> Kind {
    if name == "up" {
        return Kind::Gauge;
    }
    let of_metric = |metric: &Metric| match metric.kind {
        MetricKind::Requests
        | MetricKind::FailedRequests
        | MetricKind::Cpu
        | MetricKind::Restarts => {
            (metric.name.strip_suffix("_total") == Some(name)).then_some(Kind::Counter)
        }
        MetricKind::LatencyHistogram { .. } => (metric.name == name).then_some(Kind::Histogram),
        MetricKind::Memory
        | MetricKind::OomKilled
        | MetricKind::Ready
        | MetricKind::Constant { .. }
        | MetricKind::Up => (metric.name == name).then_some(Kind::Gauge),
    };
    metrics.iter().find_map(of_metric).unwrap_or(Kind::Unknown)
}

/// What the markers say that are left out: which pods' series end, and which are interrupted.
fn staleness(series: &[Series], update_ms: i64) -> Option<Diagnostic> {
    let mut ends: BTreeMap<(&str, i64), usize> = BTreeMap::new();
    let mut interruptions: BTreeMap<&str, usize> = BTreeMap::new();
    for series in series {
        let pod = series.labels.get("pod");
        let markers = series.samples.iter().filter(|sample| is_stale(sample.1));
        let all = markers.count();
        let last = series.samples.last().filter(|last| is_stale(last.1));
        if let Some(last) = last {
            *ends.entry((pod, last.0)).or_default() += 1;
        }
        let interrupted = all - usize::from(last.is_some());
        if interrupted > 0 {
            *interruptions.entry(pod).or_default() += interrupted;
        }
    }
    if ends.is_empty() && interruptions.is_empty() {
        return None;
    }
    let message = "these series end or are interrupted by staleness, which OpenMetrics can't carry";
    let mut diagnostic = Diagnostic::warning(message).with_help(
        "there, instant selectors go on for up to 5 minutes after the last sample; range functions see no difference",
    );
    for ((pod, at), count) in ends {
        let at = seconds(at - update_ms);
        let note = format!("pod {pod}: {count} series end {at} s after the update's start");
        diagnostic = diagnostic.with_note(note);
    }
    for (pod, count) in interruptions {
        diagnostic = diagnostic.with_note(format!(
            "pod {pod}: {count} interruptions (scrapes that failed)"
        ));
    }
    Some(diagnostic)
}

fn test_file<'a>(
    traced: &mut Traced,
    exported: &'a Exported,
    built: &Built,
    scenario: &Scenario,
) -> TestFile<'a> {
    let first = exported
        .series
        .iter()
        .filter_map(|series| series.samples.first());
    let first = first
        .map(|sample| sample.0)
        .min()
        .unwrap_or(exported.update_ms);
    let start = hour_before(first.min(exported.update_ms));
    let shifted: Vec<Series> = exported
        .series
        .iter()
        .map(|series| Series {
            labels: series.labels.clone(),
            samples: series
                .samples
                .iter()
                .map(|&(time, value)| (time - start, value))
                .collect(),
        })
        .collect();
    let mut tests = Vec::new();
    for entry in &exported.recorder.entries {
        let What::Measurement(measured) = &entry.what else {
            continue;
        };
        let at = exported.update_ms + entry.at_ms;
        let title = format!(
            "{} {} s after the update's start: {}",
            measured.metric,
            seconds(entry.at_ms),
            measured.phase
        );
        match test(measured, &shifted, at - start, built) {
            Ok((query, answer)) => {
                if !measured.value.is_empty() && measured.value != value_text(&answer) {
                    let message = format!(
                        "{title}: the query depends on absolute time, which the test's isn't"
                    );
                    traced.notices.push(Diagnostic::warning(message));
                }
                tests.push(Test {
                    title,
                    query,
                    time: at,
                    answer,
                });
            }
            Err(reason) => {
                let message = format!("{title}: left out of the tests");
                traced
                    .notices
                    .push(Diagnostic::warning(message).with_note(reason));
            }
        }
    }
    TestFile {
        comments: comments(traced, exported, scenario, start, built.settings.profile),
        series: &exported.series,
        tests,
        fuzzy: built.settings.profile == Profile::V3,
        start,
    }
}

/// A measurement's query and its answer; the reason where there is none.
fn test(
    measured: &Measured,
    series: &[Series],
    time: i64,
    built: &Built,
) -> Result<(String, Value), String> {
    let query = measured.query.as_deref().ok_or(&*measured.message)?;
    let expr = parse(query).map_err(|error| error.to_string())?;
    let answer = evaluate_instant(&expr, series, time, &built.settings);
    Ok((query.to_owned(), answer.map_err(|error| error.to_string())?))
}

fn comments(
    traced: &Traced,
    exported: &Exported,
    scenario: &Scenario,
    start: i64,
    profile: Profile,
) -> Vec<String> {
    let trace = &traced.trace;
    let versions = match profile {
        Profile::V3 => "3.0 and later",
        Profile::V2_51 => "2.51 to 2.55",
        Profile::V2 => "2.50 and earlier",
    };
    vec![
        format!(
            "Rollout {}, arm {}, replication {}, seed {}: run `promtool test rules` on this file.",
            trace.rollout, trace.arm, trace.replication, trace.seed
        ),
        format!("The answers are those of Prometheus {versions}, as the scenario says."),
        format!(
            "Scrapes every {} and measurements happen at whole seconds; the update starts at {} s.",
            scenario.prometheus.scrape_interval,
            seconds(exported.update_ms - start)
        ),
    ]
}

/// As `measurement.value` has it.
fn value_text(answer: &Value) -> String {
    match answer {
        Value::Scalar(value) => number(*value),
        Value::Vector(samples) => {
            let values: Vec<String> = samples.iter().map(|sample| number(sample.value)).collect();
            format!("[{}]", values.join(","))
        }
        Value::Matrix(_) | Value::String(_) => String::new(),
    }
}

/// `1970-04-26T17:46:40.25Z`
fn utc(millis: i64) -> String {
    let (day, of_day) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    // Days since 0000-03-01: leap days come last in such a year.
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let (hour, minute) = (of_day / 3_600_000, of_day / 60_000 % 60);
    let (second, rest) = (of_day / 1_000 % 60, of_day % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{rest:03}Z")
}

#[cfg(test)]
mod tests {
    use super::{kind_of, staleness, utc};
    use crate::promql::head::STALE;
    use crate::promql::labels::Labels;
    use crate::promql::plain::Series;
    use crate::report::openmetrics::Kind;

    #[test]
    fn dates() {
        assert_eq!(utc(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(utc(10_000_000_417), "1970-04-26T17:46:40.417Z");
        assert_eq!(utc(1_709_164_800_000), "2024-02-29T00:00:00.000Z");
        assert_eq!(utc(1_735_689_599_999), "2024-12-31T23:59:59.999Z");
    }

    #[test]
    fn markers_are_told_pod_by_pod() {
        let series = |pod: &str, samples: &[(i64, f64)]| Series {
            labels: Labels::new([("__name__", "up"), ("pod", pod)]),
            samples: samples.to_vec(),
        };
        let all = [
            series(
                "a",
                &[(1_000, 1.0), (2_000, STALE), (3_000, 1.0), (4_000, STALE)],
            ),
            series("a", &[(3_000, 1.0), (4_000, STALE)]),
            series("b", &[(1_000, 1.0)]),
        ];
        let diagnostic = staleness(&all, 500).unwrap();
        assert_eq!(
            diagnostic.notes,
            [
                "pod a: 2 series end 3.5 s after the update's start",
                "pod a: 1 interruptions (scrapes that failed)"
            ]
        );
        assert!(staleness(&all[2..], 0).is_none());
    }

    #[test]
    fn unknown_metrics_have_no_kind() {
        assert_eq!(kind_of("up", &[]), Kind::Gauge);
        assert_eq!(kind_of("x", &[]), Kind::Unknown);
    }
}
