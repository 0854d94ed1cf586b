//! Compiled queries against the plain evaluator, over the series of seven pods.

use std::fmt;

use divan::{Bencher, black_box};
use rollsim::promql::compiled::Program;
use rollsim::promql::head::{Head, SeriesDescriptor, TargetId, TargetSamples, Universe};
use rollsim::promql::labels::Labels;
use rollsim::promql::parse::parse;
use rollsim::promql::plain::{Series, evaluate_instant};
use rollsim::promql::settings::Settings;

#[path = "support/side_by_side.rs"]
mod side_by_side;

/// A query and what it stands for.
#[derive(Clone, Copy, Debug)]
struct Query {
    name: &'static str,
    text: &'static str,
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name)
    }
}

/// The two queries of `scenarios/article/corrected`, then the ten commonest shapes of public
/// AnalysisTemplates.
const QUERIES: [Query; 12] = [
    Query {
        name: "article: success rate",
        text: r#"sum(rate(http_requests_total{service="api",status!~"5..",version=~".*canary.*"}[2m]))
                 / sum(rate(http_requests_total{service="api",version=~".*canary.*"}[2m]))"#,
    },
    Query {
        name: "article: p99",
        text: r#"histogram_quantile(0.99, sum(rate(
                 http_request_duration_seconds_bucket{service="api",version=~".*canary.*"}[2m])) by (le))"#,
    },
    Query {
        name: "ratio of irate",
        text: r#"sum(irate(http_requests_total{service="api",status!~"5.*"}[2m]))
                 / sum(irate(http_requests_total{service="api"}[2m]))"#,
    },
    Query {
        name: "ratio of rate",
        text: r#"sum(rate(http_requests_total{service="api",status!~"5.*"}[2m]))
                 / sum(rate(http_requests_total{service="api"}[2m]))"#,
    },
    Query {
        name: "quantile",
        text: r#"histogram_quantile(0.95,
                 sum(rate(http_request_duration_seconds_bucket{service="api"}[2m])) by (le))"#,
    },
    Query {
        name: "ratio of irate or 0",
        text: r#"sum(irate(http_requests_total{service="api",status=~"5.."}[2m]))
                 / sum(irate(http_requests_total{service="api"}[2m])) or on() vector(0)"#,
    },
    Query {
        name: "sum of rate",
        text: r#"sum(rate(http_requests_total{service="api",status=~"5.."}[2m]))"#,
    },
    Query {
        name: "sum of irate",
        text: r#"sum(irate(http_requests_total{service="api",status=~"5.."}[2m]))"#,
    },
    Query {
        name: "count",
        text: r#"count(up{service="api"})"#,
    },
    Query {
        name: "sum",
        text: r#"sum(process_resident_memory_bytes{service="api"})"#,
    },
    Query {
        name: "average",
        text: r#"avg(process_resident_memory_bytes{service="api"})"#,
    },
    Query {
        name: "increase or 0",
        text: r#"sum(increase(http_requests_total{service="api",status=~"5.."}[2m])) or vector(0)"#,
    },
];

const PODS: u32 = 7;
const CANARIES: u32 = 2;
/// Ten scrapes in a window of two minutes.
const SCRAPE_INTERVAL_MS: i64 = 12_000;
/// Half an hour.
const SCRAPES: i64 = 150;
const NOW_MS: i64 = SCRAPES * SCRAPE_INTERVAL_MS;
const BOUNDS: [&str; 12] = [
    "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf",
];

fn main() {
    divan::main();
    if side_by_side::wanted() {
        print_ratios();
    }
}

#[divan::bench(args = QUERIES, sample_size = 200)]
fn compiled(bencher: Bencher, query: Query) {
    let world = World::new();
    let mut evaluate = world.compiled(query);
    bencher.bench_local(&mut evaluate);
}

#[divan::bench(args = QUERIES, sample_size = 10)]
fn plain(bencher: Bencher, query: Query) {
    let world = World::new();
    let mut evaluate = world.plain(query);
    bencher.bench_local(&mut evaluate);
}

/// Seven pods with requests by status, a latency histogram and two gauges.
struct World {
    universe: Universe,
    head: Head,
    /// The same samples for the plain evaluator.
    series: Vec<Series>,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            universe: Universe::default(),
            head: Head::default(),
            series: Vec::new(),
        };
        for pod in 0..PODS {
            world.add_pod(pod);
        }
        let by_labels = |series: &SeriesDescriptor| series.labels.clone();
        world.universe.series.sort_by_key(by_labels);
        world.series = world
            .universe
            .series
            .iter()
            .map(|d| world.samples(d))
            .collect();
        world
    }

    fn add_pod(&mut self, pod: u32) {
        let version = if pod < CANARIES { "canary" } else { "stable" };
        let columns = columns();
        for (column, (name, extra)) in (0..).zip(&columns) {
            let mut labels = Labels::new([
                ("__name__", *name),
                ("pod", &format!("api-{pod}")),
                ("service", "api"),
                ("version", version),
            ]);
            if let Some((label, value)) = extra {
                labels.set(label, value);
            }
            self.universe.series.push(SeriesDescriptor {
                labels,
                target: TargetId(pod),
                column,
            });
        }
        self.universe.widths.push(columns.len() as u32);
        let mut target = TargetSamples::new(columns.len());
        for scrape in 0..SCRAPES {
            let phase = 1_000 * i64::from(pod);
            let value = |column| value(&columns[column], column, scrape);
            let row: Vec<f64> = (0..columns.len()).map(value).collect();
            target.push(scrape * SCRAPE_INTERVAL_MS + phase, &row);
        }
        self.head.targets.push(target);
    }

    fn samples(&self, descriptor: &SeriesDescriptor) -> Series {
        let target = &self.head.targets[descriptor.target.0 as usize];
        let value = |row| target.row(row)[descriptor.column as usize];
        let samples = target.times.iter().enumerate();
        Series {
            labels: descriptor.labels.clone(),
            samples: samples.map(|(row, &time)| (time, value(row))).collect(),
        }
    }

    fn compiled(&self, query: Query) -> impl FnMut() {
        let expr = parse(query.text).expect("it parses");
        let program = Program::compile(&expr, &self.universe, &Settings::default());
        let program = program.expect("it compiles");
        let mut scratch = program.scratch();
        move || {
            let answer = program.evaluate(black_box(&self.head), NOW_MS, &mut scratch);
            black_box(answer).expect("it has an answer");
        }
    }

    fn plain(&self, query: Query) -> impl FnMut() {
        let expr = parse(query.text).expect("it parses");
        move || {
            let series = black_box(&self.series);
            let answer = evaluate_instant(&expr, series, NOW_MS, &Settings::default());
            black_box(answer).expect("it has an answer");
        }
    }
}

/// A metric's name, and the label that tells its series of one pod apart.
type Column = (&'static str, Option<(&'static str, &'static str)>);

fn columns() -> Vec<Column> {
    let requests = ["200", "500"].map(|status| ("http_requests_total", Some(("status", status))));
    let bucket = |bound| ("http_request_duration_seconds_bucket", Some(("le", bound)));
    let gauges = [("process_resident_memory_bytes", None), ("up", None)];
    requests
        .into_iter()
        .chain(BOUNDS.map(bucket))
        .chain(gauges)
        .collect()
}

/// Gauges stand still, counters grow evenly, those of higher buckets faster.
fn value((name, _): &Column, column: usize, scrape: i64) -> f64 {
    match *name {
        "process_resident_memory_bytes" => 3e8,
        "up" => 1.0,
        _ => (scrape * (column as i64 + 1)) as f64,
    }
}

#[expect(clippy::print_stdout, reason = "this is what a benchmark is for")]
fn print_ratios() {
    let world = World::new();
    println!("Side by side, one evaluation   compiled, ns   plain, ns    ratio");
    for query in QUERIES {
        let (mut compiled, mut plain) = (world.compiled(query), world.plain(query));
        let [compiled, plain] = side_by_side::nanoseconds([&mut compiled, &mut plain]);
        let ratio = plain / compiled;
        println!("  {query:<30} {compiled:>10.0} {plain:>11.0} {ratio:>8.1}");
    }
}
