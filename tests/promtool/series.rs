//! Random series on a grid of whole seconds, as `promtool test rules` takes them.

use rollsim::promql::head::STALE;
use rollsim::promql::labels::Labels;
use rollsim::promql::plain::Series;

use super::random::Random;

/// The last second that has a sample.
const END: usize = 900;

/// Series with births, failed scrapes, restarts and ends.
pub fn random_series(random: &mut Random) -> Vec<Series> {
    let mut series = Vec::new();
    for pod in 0..=random.below(4) {
        add_pod(random, pod, &mut series);
    }
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    series
}

fn add_pod(random: &mut Random, pod: usize, series: &mut Vec<Series>) {
    let version = random.pick(&["stable", "canary"]);
    let times = scrapes(random);
    let failed: Vec<bool> = times.iter().map(|_| random.chance(4)).collect();
    let restarted: Vec<bool> = times.iter().map(|_| random.chance(5)).collect();
    for (name, label) in columns() {
        let mut labels = Labels::new([("__name__", name), ("version", version), ("job", "app")]);
        labels.set("pod", &format!("p{pod}"));
        labels.set(label.0, label.1);
        let born = if random.chance(40) {
            random.below(25)
        } else {
            0
        };
        let rate = random.pick(&[0, 1, 3, 20]);
        let mut value = 0.0;
        let mut samples = Vec::new();
        for (scrape, &time) in times.iter().enumerate() {
            if restarted[scrape] {
                value = 0.0;
            }
            value = if matches!(name, "temp" | "limit") {
                gauge(random)
            } else {
                value + random.below(rate + 1) as f64
            };
            let last = scrape + 1 == times.len();
            let missing = failed[scrape] || (last && time < END as i64 * 1_000 - 60_000);
            if missing && !samples.is_empty() {
                samples.push((time, STALE));
            } else if !missing && scrape >= born && !random.chance(2) {
                samples.push((time, value));
            }
        }
        series.push(Series { labels, samples });
    }
}

fn scrapes(random: &mut Random) -> Vec<i64> {
    let period = random.pick(&[5, 10, 15, 30]);
    let start = random.below(100);
    let end = if random.chance(60) {
        END
    } else {
        start + random.below(END - start)
    };
    (start..end)
        .step_by(period)
        .map(|second| second as i64 * 1_000)
        .collect()
}

fn columns() -> Vec<(&'static str, (&'static str, &'static str))> {
    let statuses = ["200", "404", "500"].map(|status| ("req_total", ("status", status)));
    let bounds = ["0.1", "0.5", "5e-1", "1", "+Inf", "broken"].map(|le| ("lat_bucket", ("le", le)));
    let others = [
        ("err_total", ("status", "500")),
        ("temp", ("zone", "")),
        ("limit", ("zone", "")),
    ];
    statuses.into_iter().chain(bounds).chain(others).collect()
}

/// Multiples of 1/4: sums are exact in any order, and versions of Prometheus differ in how they sum, above all
/// with infinities.
fn gauge(random: &mut Random) -> f64 {
    match random.below(60) {
        0 => f64::NAN,
        number => (number as f64 - 20.0) * 0.25,
    }
}
