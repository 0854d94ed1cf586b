//! Series as OpenMetrics text with timestamps, as `promtool tsdb create-blocks-from openmetrics` loads it.
//!
//! Metrics are sorted by family, a histogram's buckets by their bounds. Staleness markers have no notation
//! and are left out. (OpenMetrics 1.0.)

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::promql::head::is_sample;
use crate::promql::labels::{Labels, METRIC_NAME};
use crate::promql::plain::Series;

use super::query::{number, seconds};

/// The kinds of metric family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Names end in `_total`.
    Counter,
    /// Any value.
    Gauge,
    /// Names end in `_bucket` and `_count`.
    Histogram,
    /// Nothing is known.
    Unknown,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Unknown => "unknown",
        }
    }
}

/// The series as text. `kind` says what a metric is, by its name without suffix.
pub fn text(series: &[Series], kind: impl Fn(&str) -> Kind) -> String {
    let mut families: BTreeMap<String, (Kind, Vec<&Series>)> = BTreeMap::new();
    for series in series {
        let (family, kind) = family(series.labels.get(METRIC_NAME), &kind);
        let entry = families.entry(family).or_insert((kind, Vec::new()));
        entry.1.push(series);
    }
    let mut text = String::new();
    for (family, (kind, members)) in families {
        let _ = writeln!(text, "# TYPE {family} {}", kind.name());
        write_family(&mut text, members);
    }
    text.push_str("# EOF\n");
    text
}

/// The family of a series' name, and its kind.
fn family(name: &str, kind: impl Fn(&str) -> Kind) -> (String, Kind) {
    let suffixes = [
        ("_total", Kind::Counter),
        ("_bucket", Kind::Histogram),
        ("_count", Kind::Histogram),
    ];
    for (suffix, of_suffix) in suffixes {
        let base = name.strip_suffix(suffix);
        if let Some(base) = base.filter(|base| kind(base) == of_suffix) {
            return (base.to_owned(), of_suffix);
        }
    }
    let kind = match kind(name) {
        // A counter's name must have its suffix.
        Kind::Counter | Kind::Histogram => Kind::Unknown,
        kind => kind,
    };
    (name.to_owned(), kind)
}

/// A labelled child of a family, and its samples.
type Child<'a> = (Labels, Vec<&'a Series>);

/// All samples of a labelled child at one time stand together.
fn write_family(text: &mut String, members: Vec<&Series>) {
    let mut children: BTreeMap<Labels, Vec<&Series>> = BTreeMap::new();
    for series in members {
        let mut child = series.labels.without(&["le"]);
        child.set(METRIC_NAME, "");
        children.entry(child).or_default().push(series);
    }
    for child in children {
        write_child(text, child);
    }
}

fn write_child(text: &mut String, (_, mut members): Child<'_>) {
    let bound =
        |series: &Series| -> f64 { series.labels.get("le").parse().unwrap_or(f64::INFINITY) };
    members.sort_by(|a, b| {
        let names = a.labels.get(METRIC_NAME).cmp(b.labels.get(METRIC_NAME));
        names.then(bound(a).total_cmp(&bound(b)))
    });
    let names: Vec<String> = members
        .iter()
        .map(|series| series_text(&series.labels))
        .collect();
    let mut lines: Vec<(i64, usize, f64)> = Vec::new();
    for (index, series) in members.iter().enumerate() {
        let samples = series.samples.iter().filter(|sample| is_sample(sample.1));
        lines.extend(samples.map(|&(time, value)| (time, index, value)));
    }
    lines.sort_by_key(|line| (line.0, line.1));
    for (time, index, value) in lines {
        let _ = writeln!(
            text,
            "{} {} {}",
            names[index],
            number(value),
            timestamp(time)
        );
    }
}

fn series_text(labels: &Labels) -> String {
    let escaped = |value: &str| {
        value
            .replace('\\', r"\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    };
    let pairs = labels.iter().filter(|(name, _)| *name != METRIC_NAME);
    let pairs: Vec<String> = pairs
        .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
        .collect();
    let name = labels.get(METRIC_NAME);
    if pairs.is_empty() {
        name.to_owned()
    } else {
        format!("{name}{{{}}}", pairs.join(","))
    }
}

/// Seconds. Prometheus cuts after the milliseconds of the product with 1000, which can lose one: then a
/// microsecond is added.
fn timestamp(millis: i64) -> String {
    let text = seconds(millis);
    let read = text
        .parse::<f64>()
        .map(|seconds| (seconds * 1_000.0) as i64);
    if read == Ok(millis) {
        return text;
    }
    let (whole, rest) = (millis.div_euclid(1_000), millis.rem_euclid(1_000));
    format!("{whole}.{rest:03}001")
}

#[cfg(test)]
mod tests {
    use super::{Kind, text, timestamp};
    use crate::promql::head::STALE;
    use crate::promql::labels::Labels;
    use crate::promql::plain::Series;
    use crate::promql::series_file::openmetrics::parse_openmetrics;

    fn series(pairs: &[(&str, &str)], samples: &[(i64, f64)]) -> Series {
        Series {
            labels: Labels::new(pairs.iter().copied()),
            samples: samples.to_vec(),
        }
    }

    fn kind(name: &str) -> Kind {
        match name {
            "requests" => Kind::Counter,
            "seconds" => Kind::Histogram,
            "up" => Kind::Gauge,
            _ => Kind::Unknown,
        }
    }

    #[test]
    fn families_are_sorted_and_can_be_read_back() {
        let times = |value: f64| [(1_000, value), (16_001, value + 1.0), (31_000, STALE)];
        let all = [
            series(&[("__name__", "up"), ("pod", "a\"\\\n")], &times(0.5)),
            series(&[("__name__", "seconds_count"), ("pod", "a")], &times(7.0)),
            series(
                &[("__name__", "seconds_bucket"), ("pod", "a"), ("le", "+Inf")],
                &times(7.0),
            ),
            series(
                &[("__name__", "seconds_bucket"), ("pod", "a"), ("le", "10")],
                &times(6.0),
            ),
            series(
                &[("__name__", "seconds_bucket"), ("pod", "a"), ("le", "2.5")],
                &times(5.0),
            ),
            series(&[("__name__", "requests_total")], &times(f64::NAN)),
            series(&[("__name__", "odd_total")], &times(f64::INFINITY)),
        ];
        let text = text(&all, kind);
        insta::assert_snapshot!(text);
        let read = parse_openmetrics(&text).unwrap();
        assert_eq!(read.len(), all.len());
        for series in &read {
            let mut original = all
                .iter()
                .filter(|original| original.labels == series.labels);
            let original = original.next().expect("a series of the input");
            for (read, written) in series.samples.iter().zip(&original.samples[..2]) {
                assert_eq!((read.0, read.1.to_bits()), (written.0, written.1.to_bits()));
            }
            assert_eq!(series.samples.len(), 2, "the marker is left out");
        }
    }

    #[test]
    fn timestamps_survive_cutting() {
        for millis in (10_000_000_000..10_000_020_000).chain(1_700_000_000_000..1_700_000_020_000) {
            let read: f64 = timestamp(millis).parse().unwrap();
            assert_eq!((read * 1_000.0) as i64, millis);
            assert_eq!((read * 1_000.0).round() as i64, millis);
        }
    }
}
