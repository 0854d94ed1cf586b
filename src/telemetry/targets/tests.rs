//! What scrapes keep of a pod's requests.

use super::evidence::{Looks, Reading};
use super::{Role, ScrapePlan, Start, Targets};
use crate::plan::evidence::{EvidencePlan, evidence};
use crate::plan::world::{FaultPlan, KnownRates, cells, fault_plan, scrape_plan};
use crate::promql::head::is_stale;
use crate::scenario::model::{
    ControllerTiming, Cpu, Latency, LatencyUnit, Memory, Pod, Prometheus, Service, Traffic,
};
use crate::scenario::model::{DurationDistribution, PrometheusVersion, StartFraction};
use crate::scenario::model::{Fault, LabelValue, Metric, MetricKind, Onset, Scenario};
use crate::telemetry::exporter::columns;
use crate::units::Duration;
use crate::world::evidence::Evidence;
use crate::world::random::ReplicationKey;

/// Columns: requests 200, requests 500, le 0.1, le 1, le +Inf, count, memory, up.
fn scenario() -> Scenario {
    let metric = |name: &str, kind, labels| Metric {
        name: name.to_owned(),
        kind,
        labels,
        children_from_start: true,
        own_timestamps: None,
    };
    Scenario {
        traffic: Traffic {
            rate_per_second: 50.0,
            ..Traffic::default()
        },
        service: Service {
            error_share: 0.01,
            latency: Latency::Lognormal {
                p50: Duration::from_millis(80),
                p99: Duration::from_millis(400),
            },
            slow_above: Duration::from_seconds(1),
            warmup: None,
            memory: Memory {
                baseline_bytes: 300e6,
                limit_bytes: 512e6,
                noise_share: 0.0,
            },
            cpu: Cpu::default(),
            pod: Pod {
                ready_after: DurationDistribution::Fixed(Duration::from_seconds(10)),
                stable_age: Duration::from_seconds(86_400),
            },
        },
        prometheus: Prometheus {
            version: PrometheusVersion::V3,
            scrape_interval: Duration::from_seconds(15),
            scrape_failure: 0.0,
            scrape_duration: DurationDistribution::Fixed(Duration::ZERO),
            scrape_timeout: Duration::from_seconds(10),
            visibility_lag: Duration::ZERO,
            discovery: DurationDistribution::Fixed(Duration::ZERO),
            rules: Vec::new(),
        },
        controller: ControllerTiming {
            start_fraction: StartFraction::Random,
            provider_latency: Duration::from_millis(20),
            reconcile_latency: Duration::from_millis(50),
            informer_latency: Duration::from_millis(5),
        },
        metrics: vec![
            metric(
                "requests",
                MetricKind::Requests,
                vec![("status".to_owned(), LabelValue::Status)],
            ),
            metric(
                "seconds",
                MetricKind::LatencyHistogram {
                    buckets: vec![0.1, 1.0],
                    unit: LatencyUnit::Seconds,
                },
                Vec::new(),
            ),
            metric("memory", MetricKind::Memory, Vec::new()),
        ],
        ..Scenario::with_defaults(Vec::new())
    }
}

fn plan(scenario: &Scenario) -> ScrapePlan {
    let rates = KnownRates::even_split(scenario.traffic.rate_per_second, 1..=8);
    scrape_plan(
        scenario,
        &columns(&scenario.metrics),
        [Some(120_000), Some(120_000)],
        &rates,
    )
}

fn error_spike() -> Fault {
    Fault {
        name: "error-spike".to_owned(),
        onset: Onset::PodAge(Duration::from_seconds(100)),
        error_share: Some(0.2),
        latency: None,
        broken_content_share: None,
        memory: None,
    }
}

/// One canary pod that serves a seventh of 50 requests a second from 1,000 s on.
fn one_pod<'a>(plan: &'a ScrapePlan, fault: &'a FaultPlan, replication: u64) -> Targets<'a> {
    begin(Targets::new(plan, &fault.stages, 1), fault, replication)
}

/// The same, every scrape of it kept.
fn captured<'a>(plan: &'a ScrapePlan, fault: &'a FaultPlan, replication: u64) -> Targets<'a> {
    let mut targets = Targets::new(plan, &fault.stages, 1);
    targets.capture(false);
    begin(targets, fault, replication)
}

fn begin<'a>(mut targets: Targets<'a>, fault: &FaultPlan, replication: u64) -> Targets<'a> {
    targets.reset(ReplicationKey::new(1, replication));
    targets.set_rate(1, 0, 50.0 / 1_000.0 / 7.0, Some(6));
    let stages = fault.times(1_000_000, 0).stages;
    let start = Start {
        owner: 9,
        rate_group: 1,
        serving_from_ms: 1_000_000,
        discovered_ms: 1_003_000,
        stage_from_ms: stages,
        leak: None,
    };
    targets.start(0, Role::Canary, start, 0);
    targets
}

#[test]
fn status_counts_and_histogram_count_agree_at_each_scrape() {
    let scenario = scenario();
    let (plan, fault) = (plan(&scenario), FaultPlan::default());
    let mut targets = one_pod(&plan, &fault, 1);
    targets.prepare(1_400_000);
    let samples = &targets.head.targets[0];
    assert_eq!(samples.times.len(), 8);
    for index in 0..8 {
        let row = samples.row(index);
        assert!(
            (row[0] + row[1] - row[4]).abs() < 1e-9 && (row[4] - row[5]).abs() < 1e-9,
            "{row:?}"
        );
        assert!(row[2] <= row[3] && row[3] <= row[4]);
    }
}

#[test]
fn scrapes_keep_to_the_targets_grid_and_start_after_discovery() {
    let scenario = scenario();
    let (plan, fault) = (plan(&scenario), FaultPlan::default());
    let mut targets = one_pod(&plan, &fault, 2);
    targets.prepare(1_060_000);
    let times = &targets.head.targets[0].times;
    assert!((1_003_000..1_018_000).contains(&times[0]), "{times:?}");
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 15_000));
    assert!(
        times
            .last()
            .is_some_and(|&last| last <= 1_060_000 && last > 1_045_000)
    );
}

/// What lies inside a window doesn't depend on which windows were read before.
#[test]
fn increments_do_not_depend_on_earlier_windows() {
    let scenario = scenario();
    let plan = plan(&scenario);
    let fault = fault_plan(&scenario, &error_spike(), &columns(&scenario.metrics));
    let increments = |instants: &[i64]| {
        let mut targets = one_pod(&plan, &fault, 3);
        for &now in instants {
            targets.prepare(now);
        }
        let samples = &targets.head.targets[0];
        let last = samples.times.len() - 1;
        (0..6)
            .map(|column| samples.row(last)[column] - samples.row(last - 7)[column])
            .collect::<Vec<_>>()
    };
    assert_eq!(
        increments(&[2_000_000]),
        increments(&[1_010_000, 1_300_000, 1_950_000, 2_000_000])
    );
}

#[test]
fn a_fault_only_moves_healthy_requests() {
    let scenario = scenario();
    let plan = plan(&scenario);
    let (healthy, fault) = (
        FaultPlan::default(),
        fault_plan(&scenario, &error_spike(), &columns(&scenario.metrics)),
    );
    let mut pairs = [one_pod(&plan, &healthy, 4), one_pod(&plan, &fault, 4)];
    for targets in &mut pairs {
        targets.prepare(1_060_000);
        targets.prepare(1_200_000);
    }
    let [healthy, faulty] = pairs.map(|targets| targets.head.targets[0].clone());
    let before_onset = healthy
        .times
        .iter()
        .filter(|&&time| time <= 1_100_000)
        .count();
    assert!(before_onset > 2);
    for index in 0..healthy.times.len() {
        let (healthy, faulty) = (healthy.row(index), faulty.row(index));
        assert_eq!(healthy[2..], faulty[2..], "response times are the same");
        if index < before_onset {
            assert_eq!(healthy, faulty);
        }
    }
    let last = healthy.times.len() - 1;
    assert!(faulty.row(last)[1] > healthy.row(last)[1]);
}

#[test]
fn failed_requests_have_the_mean_of_the_time_under_the_fault() {
    let scenario = scenario();
    let plan = plan(&scenario);
    let fault = fault_plan(&scenario, &error_spike(), &columns(&scenario.metrics));
    let failed = |replication| {
        let mut targets = one_pod(&plan, &fault, replication);
        targets.prepare(1_250_000);
        targets.stop(0, 1_400_000);
        targets.finish_all(1_500_000);
        targets.failed() as f64
    };
    let mean = (0..2_000).map(failed).sum::<f64>() / 2e3;
    let expected = 300.0 * 50.0 / 7.0 * 0.19;
    assert!(
        (mean - expected).abs() < 5.0 * (expected / 2e3_f64).sqrt(),
        "{mean} {expected}"
    );
}

#[test]
fn a_pod_that_is_gone_leaves_one_row_of_markers() {
    let scenario = scenario();
    let (plan, fault) = (plan(&scenario), FaultPlan::default());
    let mut targets = one_pod(&plan, &fault, 5);
    targets.stop(0, 1_100_000);
    targets.prepare(1_110_000);
    targets.prepare(1_160_000);
    let samples = &targets.head.targets[0];
    let last = samples.times.len() - 1;
    assert!(samples.times[last] > 1_100_000 && samples.times[last] <= 1_115_000);
    assert!(samples.row(last).iter().all(|cell| is_stale(*cell)));
    assert!(samples.row(last - 1).iter().all(|cell| !is_stale(*cell)));
}

#[test]
fn a_restart_sets_counters_to_zero_and_fails_the_scrapes_meanwhile() {
    let scenario = scenario();
    let plan = plan(&scenario);
    let fault = fault_plan(&scenario, &error_spike(), &columns(&scenario.metrics));
    let mut targets = one_pod(&plan, &fault, 6);
    targets.prepare(1_190_000);
    let start = Start {
        owner: 10,
        rate_group: 1,
        serving_from_ms: 1_220_000,
        discovered_ms: 1_220_000,
        ..Start::default()
    };
    targets.restart(0, 1_200_000, start);
    targets.prepare(1_260_000);
    let samples = &targets.head.targets[0];
    let up: Vec<f64> = (0..samples.times.len())
        .map(|index| samples.row(index)[7])
        .collect();
    for (index, up) in up.iter().enumerate() {
        let down = (1_200_000..1_220_000).contains(&samples.times[index]);
        assert_eq!(*up > 0.5, !down, "{:?}", samples.times);
    }
    let last = samples.times.len() - 1;
    let (complete, rising) = samples.steady(0..last + 1);
    assert_eq!((complete >> 7, rising >> 7), (1, 0), "`up` falls and rises");
    assert!(samples.row(last)[4] < samples.row(0)[4]);
}

#[test]
fn a_stable_pod_has_counted_for_a_day() {
    let scenario = scenario();
    let (plan, fault) = (plan(&scenario), FaultPlan::default());
    let mut targets = Targets::new(&plan, &fault.stages, 1);
    targets.reset(ReplicationKey::new(1, 1));
    targets.set_rate(0, i64::MIN, 50.0 / 1_000.0 / 6.0, Some(5));
    let age = 86_400_000;
    let start = Start {
        owner: 1,
        serving_from_ms: -age,
        discovered_ms: -age,
        ..Start::default()
    };
    targets.start(0, Role::Stable, start, -200_000);
    targets.prepare(0);
    let samples = &targets.head.targets[0];
    let expected = 50.0 / 6.0 * 86_400.0;
    assert!((samples.row(samples.times.len() - 1)[4] - expected).abs() < 6.0 * expected.sqrt());
}

#[test]
fn cells_are_only_cut_where_something_reads() {
    let scenario = scenario();
    assert_eq!(cells(&scenario, &columns(&scenario.metrics)).count(), 3);
    assert_eq!(
        cells(&scenario, &columns(&scenario.metrics[..1])).count(),
        1
    );
}

/// The cluster's view of a pod goes on while its process is down; processor time starts again with it.
#[test]
fn restarts_and_readiness_are_told_while_a_process_is_down() {
    let mut scenario = scenario();
    let kinds = [
        ("requests", MetricKind::Requests),
        ("restarts", MetricKind::Restarts),
        ("killed", MetricKind::OomKilled),
        ("ready", MetricKind::Ready),
        ("limit", MetricKind::Constant { value: 7.0 }),
        ("cpu", MetricKind::Cpu),
    ];
    scenario.metrics = kinds
        .map(|(name, kind)| Metric {
            name: name.to_owned(),
            kind,
            labels: Vec::new(),
            children_from_start: true,
            own_timestamps: None,
        })
        .to_vec();
    let (plan, fault) = (plan(&scenario), FaultPlan::default());
    let mut targets = one_pod(&plan, &fault, 6);
    targets.prepare(1_190_000);
    let start = Start {
        owner: 10,
        rate_group: 1,
        serving_from_ms: 1_220_000,
        discovered_ms: 1_220_000,
        ..Start::default()
    };
    targets.restart(0, 1_200_000, start);
    targets.prepare(1_260_000);
    let samples = &targets.head.targets[0];
    let mut seen_down = false;
    for (index, at) in samples.times.iter().enumerate() {
        let row = samples.row(index);
        let (restarted, down) = (*at >= 1_200_000, (1_200_000..1_220_000).contains(at));
        seen_down |= down;
        assert_eq!(row[1..2], [f64::from(u8::from(restarted))]);
        assert_eq!(is_stale(row[2]), !restarted);
        assert_eq!(row[3..5], [f64::from(u8::from(!down)), 7.0]);
        assert_eq!(is_stale(row[5]), down);
        if !down {
            let since = if restarted { 1_220_000 } else { 1_000_000 };
            let expected = 0.01 * (at - since) as f64 / 1_000.0 + 0.005 * row[0];
            assert!((row[5] - expected).abs() < 1e-9, "{row:?}");
        }
    }
    assert!(seen_down);
}

/// What a release with held-open gates sees in its windows is, request by request, what an ordinary one
/// would have measured there.
#[test]
fn held_open_gates_do_not_change_what_windows_hold() {
    let scenario = scenario();
    let all = columns(&scenario.metrics);
    let (plan, spike) = (plan(&scenario), error_spike());
    let fault = fault_plan(&scenario, &spike, &all);
    let EvidencePlan::Requests(evidence) = evidence(&scenario, &spike, &all, &all) else {
        panic!("the fault acts on requests");
    };
    let times = [1_400_000, 1_430_000, 1_900_000];
    let looks = Looks {
        at_ms: times.to_vec(),
        readings: times.map(|now| reading(now - 120_000, now, false)).to_vec(),
    };
    for replication in 0..50 {
        let mut ordinary = one_pod(&plan, &fault, replication);
        for now in times {
            ordinary.prepare(now);
        }
        let samples = &ordinary.head.targets[0];
        let [mut fine, mut failed] = [0.0; 2];
        for row in 1..samples.times.len() {
            if samples.times[row] - samples.times[row - 1] == 15_000 {
                let added = |column: usize| samples.row(row)[column] - samples.row(row - 1)[column];
                (fine, failed) = (fine + added(0), failed + added(1));
            }
        }
        let mut held_open = one_pod(&plan, &fault, replication);
        let seen = held_open.seen(1, &evidence, &looks, 2_000_000);
        assert!((seen.requests[0] as f64 - (fine + failed)).abs() < 1e-9);
        let expected = fine * libm::log(0.8 / 0.99) + failed * libm::log(0.2 / 0.01);
        assert!(
            (seen.log_ratio[0] - expected).abs() < 1e-6 * fine,
            "{seen:?}"
        );
        assert!(seen.requests[0] < seen.requests[1] && seen.requests[1] < seen.requests[2]);
    }
}

fn reading(after_ms: i64, until_ms: i64, totals: bool) -> Reading {
    Reading {
        slot: 0,
        after_ms,
        until_ms,
        totals,
    }
}

/// 7.14 requests a second from 1,000 s on: each scope has its stretch of time, whatever the windows.
#[test]
fn each_scope_holds_the_requests_of_its_time() {
    let scenario = scenario();
    let all = columns(&scenario.metrics);
    let (plan, spike) = (plan(&scenario), error_spike());
    let fault = fault_plan(&scenario, &spike, &all);
    let evidence = Evidence::default();
    // A counter's own value tells all since the start, about half an interval less at its last scrape.
    let cases = [
        (vec![reading(1_200_000, 1_320_000, false)], 105.0),
        (vec![reading(1_200_000, 1_320_000, true)], 312.5),
        (vec![reading(900_000, 1_003_000, false)], 0.0),
        (Vec::new(), 0.0),
    ];
    for (readings, read_seconds) in cases {
        let looks = Looks {
            at_ms: vec![1_100_000, 1_320_000],
            readings,
        };
        let mut sums = [0; 3];
        for replication in 0..300 {
            let mut targets = one_pod(&plan, &fault, replication);
            targets.stop(0, 1_600_000);
            let seen = targets.seen(1, &evidence, &looks, 1_500_000);
            for (sum, requests) in sums.iter_mut().zip(seen.requests) {
                *sum += requests;
            }
        }
        for (sum, seconds) in sums.iter().zip([read_seconds, 320.0, 500.0]) {
            let expected = 300.0 * seconds * 50.0 / 7.0;
            let error = libm::sqrt(expected) + 300.0 * 0.3 * 50.0 / 7.0;
            assert!(
                (*sum as f64 - expected).abs() < 4.0 * error,
                "{sums:?} {seconds}"
            );
        }
    }
}

/// Capturing shows the very replication that is judged otherwise: the rows that queries read and the failed
/// requests are the same, and there is a row for each scrape.
#[test]
fn capturing_changes_nothing_and_leaves_no_gap() {
    let scenario = scenario();
    let plan = plan(&scenario);
    let fault = fault_plan(&scenario, &error_spike(), &columns(&scenario.metrics));
    for replication in 0..20 {
        let mut pair = [
            one_pod(&plan, &fault, replication),
            captured(&plan, &fault, replication),
        ];
        for targets in &mut pair {
            targets.prepare(1_200_000);
            targets.prepare(1_950_000);
            targets.stop(0, 2_100_000);
            targets.finish_all(2_200_000);
        }
        assert_eq!(pair[0].failed(), pair[1].failed());
        assert!(pair[0].failed() > 0);
        let [plain, kept] = pair.map(|targets| targets.head.targets[0].clone());
        for (index, time) in plain.times.iter().enumerate() {
            let same = kept.times.binary_search(time).unwrap();
            assert_eq!(plain.row(index), kept.row(same), "{time}");
        }
        assert!(kept.times.len() > 2 * plain.times.len());
        let steps = kept.times.windows(2);
        assert!({ steps }.all(|pair| pair[1] - pair[0] == 15_000));
        // The last row holds the markers.
        for index in 1..kept.times.len() - 1 {
            let (before, row) = (kept.row(index - 1), kept.row(index));
            assert!((0..6).all(|column| before[column] <= row[column]));
            assert!((row[0] + row[1] - row[4]).abs() < 1e-9);
        }
    }
}

/// What was drawn for a gap spreads over its scrapes as requests of a constant rate do, errors from the fault's
/// onset on.
#[test]
fn rows_between_windows_share_out_what_was_drawn() {
    const REPLICATIONS: u64 = 400;
    let scenario = scenario();
    let plan = plan(&scenario);
    let fault = fault_plan(&scenario, &error_spike(), &columns(&scenario.metrics));
    let per_scrape = 15.0 * 50.0 / 7.0;
    let mut sums: Vec<[f64; 3]> = Vec::new();
    for replication in 0..REPLICATIONS {
        let mut targets = captured(&plan, &fault, replication);
        targets.prepare(2_000_000);
        let samples = &targets.head.targets[0];
        // Scrapes 10 to 50 after the first lie before the window and after the onset.
        for scrape in 10..50 {
            let (before, row) = (samples.row(scrape - 1), samples.row(scrape));
            let [all, failed] = [4, 1].map(|column| row[column] - before[column]);
            sums.resize(sums.len().max(scrape - 9), [0.0; 3]);
            let sum = &mut sums[scrape - 10];
            *sum = [sum[0] + all, sum[1] + all * all, sum[2] + failed];
        }
    }
    let n = REPLICATIONS as f64;
    for (scrape, [all, squares, failed]) in sums.into_iter().enumerate() {
        let (mean, failed) = (all / n, failed / n);
        let variance = squares / n - mean * mean;
        let tolerance = 5.0 * (per_scrape / n).sqrt();
        assert!((mean - per_scrape).abs() < tolerance, "{scrape}: {mean}");
        assert!(
            (failed - 0.2 * per_scrape).abs() < tolerance,
            "{scrape}: {failed}"
        );
        assert!(
            (variance / per_scrape - 1.0).abs() < 0.5,
            "{scrape}: {variance}"
        );
    }
}

/// A pod that answers too late has failed the scrape: `up` is 0 and everything else stale at that instant.
#[test]
fn slow_scrapes_time_out() {
    let mut scenario = scenario();
    scenario.prometheus.scrape_duration =
        DurationDistribution::Uniform(Duration::from_seconds(5), Duration::from_seconds(9));
    scenario.prometheus.scrape_timeout = Duration::from_seconds(8);
    let (plan, fault) = (plan(&scenario), FaultPlan::default());
    let (mut scrapes, mut failed) = (0, 0);
    for replication in 0..400 {
        let mut targets = one_pod(&plan, &fault, replication);
        targets.prepare(1_400_000);
        let samples = &targets.head.targets[0];
        for index in 0..samples.times.len() {
            let row = samples.row(index);
            scrapes += 1;
            if row[7] < 0.5 {
                failed += 1;
                assert!(row[..7].iter().all(|cell| is_stale(*cell)), "{row:?}");
            }
        }
    }
    let share = f64::from(failed) / f64::from(scrapes);
    assert!((share - 0.25).abs() < 0.04, "{failed} of {scrapes}");
    scenario.prometheus.scrape_timeout = Duration::from_seconds(9);
    let plan = self::plan(&scenario);
    let mut targets = one_pod(&plan, &fault, 1);
    targets.prepare(1_400_000);
    let samples = &targets.head.targets[0];
    assert!((0..samples.times.len()).all(|index| samples.row(index)[7] > 0.5));
}

/// A query sees no sample younger than the lag, those before a restart and after included.
#[test]
fn a_restart_shows_nothing_before_its_time() {
    let mut scenario = scenario();
    scenario.prometheus.visibility_lag = Duration::from_seconds(60);
    let plan = plan(&scenario);
    let fault = fault_plan(&scenario, &error_spike(), &columns(&scenario.metrics));
    for mut targets in [one_pod(&plan, &fault, 6), captured(&plan, &fault, 6)] {
        targets.prepare(1_190_000);
        let start = |owner, at_ms| Start {
            owner,
            rate_group: 1,
            serving_from_ms: at_ms,
            discovered_ms: at_ms,
            ..Start::default()
        };
        targets.restart(0, 1_200_000, start(10, 1_205_000));
        for now in [1_200_000, 1_215_000, 1_230_000, 1_245_000] {
            if now == 1_230_000 {
                targets.restart(0, 1_220_000, start(11, 1_225_000));
            }
            targets.prepare(now);
            let last = targets.head.targets[0].times.last().unwrap();
            assert!((now - 75_000..=now - 60_000).contains(last), "{now} {last}");
        }
        targets.prepare(1_400_000);
        let samples = &targets.head.targets[0];
        assert_eq!(samples.cells.len(), samples.times.len() * samples.width);
        assert!(samples.times.is_sorted_by(|before, after| before < after));
    }
}

/// An exporter with timestamps of its own: samples have the time at which it last looked, what was scraped before
/// is dropped, and nothing becomes stale.
#[test]
fn own_timestamps_are_those_of_the_last_look() {
    for (every_s, fewest, most) in [(10, 8, 9), (40, 3, 4)] {
        let mut scenario = scenario();
        scenario.metrics[2].own_timestamps = Some(Duration::from_seconds(every_s));
        scenario.prometheus.scrape_failure = 0.2;
        let (plan, fault) = (plan(&scenario), FaultPlan::default());
        assert_eq!(plan.row.width(), 7);
        let mut looks = std::collections::BTreeSet::new();
        for replication in 0..20 {
            let mut targets = one_pod(&plan, &fault, replication);
            targets.prepare(1_400_000);
            let [scraped, stamped] = [0, 1].map(|target| targets.head.targets[target].clone());
            assert_eq!(stamped.times.len(), stamped.cells.len());
            assert!(
                stamped
                    .cells
                    .iter()
                    .all(|cell| cell.to_bits() == 300e6_f64.to_bits())
            );
            let up = |index: usize| scraped.row(index)[6] > 0.5;
            let scrapes: Vec<i64> = (0..scraped.times.len())
                .filter(|&index| up(index))
                .map(|index| scraped.times[index])
                .collect();
            let every = every_s * 1_000;
            looks.insert(stamped.times[0] % every);
            for pair in stamped.times.windows(2) {
                assert!(pair[1] > pair[0] && (pair[1] - pair[0]) % every == 0);
            }
            for &time in &stamped.times {
                let mut ages = scrapes.iter().map(|scrape| scrape - time);
                assert!(ages.any(|age| (0..every).contains(&age)), "{time}");
            }
            if scrapes.len() == scraped.times.len() {
                assert!((fewest..=most).contains(&stamped.times.len()));
            }
            let seen = stamped.times.len();
            targets.stop(0, 1_400_000);
            targets.prepare(1_460_000);
            let [scraped, stamped] = [0, 1].map(|target| &targets.head.targets[target]);
            let last = scraped.row(scraped.times.len() - 1);
            assert!(last.iter().all(|cell| is_stale(*cell)));
            assert_eq!(stamped.times.len(), seen, "no marker");
        }
        assert!(looks.len() > 15, "each pod has its phase");
    }
}
