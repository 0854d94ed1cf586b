//! Evaluating compiled queries allocates nothing once the buffers have their size.

#![allow(clippy::unwrap_used, reason = "tests")]

use allocation_counter::measure;
use rollsim::promql::compiled::{Answer, Program};
use rollsim::promql::head::{Head, STALE, SeriesDescriptor, TargetId, TargetSamples, Universe};
use rollsim::promql::labels::Labels;
use rollsim::promql::parse::parse;
use rollsim::promql::settings::Settings;

const PODS: u32 = 12;
const BOUNDS: [&str; 8] = ["0.005", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "+Inf"];

/// Twelve pods with a latency histogram and request counters by status, scraped every 15 s.
fn world() -> (Universe, Head) {
    let mut universe = Universe::default();
    let mut head = Head::default();
    for pod in 0..PODS {
        let mut columns = Vec::new();
        for status in ["200", "404", "500"] {
            columns.push(("http_requests_total", "status", status));
        }
        for bound in BOUNDS {
            columns.push(("http_request_duration_seconds_bucket", "le", bound));
        }
        for (column, (name, label, value)) in (0_u32..).zip(&columns) {
            let pod = format!("api-{pod}");
            let labels = Labels::new([
                ("__name__", *name),
                ("pod", &pod),
                ("service", "api"),
                ("version", "api-canary"),
                (label, value),
            ]);
            universe.series.push(SeriesDescriptor {
                labels,
                target: TargetId(pod_index(&pod)),
                column,
            });
        }
        let width = columns.len();
        universe.widths.push(u32::try_from(width).unwrap());
        let mut target = TargetSamples::new(width);
        for row in 0..60_u32 {
            let cells = (0..u32::try_from(width).unwrap()).map(|column| {
                // Errors begin late.
                let unborn = column == 2 && row < 20;
                let value = f64::from(row * (column + 1 + pod));
                if unborn { STALE } else { value }
            });
            let cells: Vec<f64> = cells.collect();
            target.push(i64::from(row) * 15_000 + i64::from(pod) * 100, &cells);
        }
        head.targets.push(target);
    }
    universe.series.sort_by(|a, b| a.labels.cmp(&b.labels));
    (universe, head)
}

fn pod_index(pod: &str) -> u32 {
    pod.trim_start_matches("api-").parse().unwrap()
}

/// Allocations of evaluations at many times after a first round over the same times.
fn allocations(query: &str) -> u64 {
    let (universe, head) = world();
    let expr = parse(query).unwrap();
    let program = Program::compile(&expr, &universe, &Settings::default()).unwrap();
    let mut scratch = program.scratch();
    let mut results = 0;
    let mut round = || {
        for time in (300_000..900_000).step_by(7_000) {
            match program.evaluate(&head, time, &mut scratch) {
                Ok(Answer::Vector { values, .. }) => results += values.len(),
                Ok(Answer::Scalar(_)) | Err(_) => results += 1,
            }
            results += program.reads(time).count();
        }
    };
    round();
    let allocations = measure(round).count_total;
    assert!(results > 100, "{query} has hardly any results");
    allocations
}

#[test]
fn the_counter_counts() {
    let counted = measure(|| drop(std::hint::black_box(vec![1, 2, 3])));
    assert_eq!(counted.count_total, 1);
}

#[test]
fn success_rate_and_latency_gates_allocate_nothing() {
    let queries = [
        "sum(rate(http_requests_total{service=\"api\",version=~\".*canary.*\",status!~\"5..\"}[2m])) / sum(rate(http_requests_total{service=\"api\",version=~\".*canary.*\"}[2m]))",
        "histogram_quantile(0.99, sum(rate(http_request_duration_seconds_bucket{service=\"api\",version=~\".*canary.*\"}[2m])) by (le))",
    ];
    for query in queries {
        assert_eq!(allocations(query), 0, "{query}");
    }
}

#[test]
fn other_constructs_allocate_nothing() {
    let queries = [
        "scalar(sum(http_requests_total)) > bool time()",
        "topk by (status) (2, rate(http_requests_total[1m]))",
        "sort_desc(http_requests_total)",
        "quantile by (pod) (0.9, increase(http_requests_total[1m]))",
        "max_over_time(sum by (pod) (rate(http_requests_total[1m]))[3m:30s])",
        "quantile_over_time(0.5, http_requests_total[2m])",
        "http_requests_total * on (pod) group_left (service) sum by (pod, service) (http_requests_total)",
        "http_requests_total{status=\"500\"} or http_requests_total{status=\"404\"} unless on (pod) vector(1)",
        "absent(http_requests_total{status=\"503\"})",
        "label_replace(deriv(http_requests_total[2m]), \"x\", \"$1\", \"pod\", \"api-(.*)\")",
        // Fails, and still allocates nothing.
        "http_requests_total / on (pod) http_requests_total",
    ];
    for query in queries {
        assert_eq!(allocations(query), 0, "{query}");
    }
}
