//! Rules that Prometheus' own files hardly test, one test each (`spec/promql.md` §13).

use proptest::prelude::*;
use rollsim::promql::parse::parse;
use rollsim::promql::plain::{EvalError, Series, Value, evaluate_instant, evaluate_range};
use rollsim::promql::series_file::{Command, parse_series_file};
use rollsim::promql::settings::{Profile, Settings};

const NONE: [f64; 0] = [];

/// The series of a `load` command.
fn load(text: &str) -> Vec<Series> {
    let mut series = Vec::new();
    for command in parse_series_file(text).unwrap().commands {
        if let Command::Load(load) = command {
            load.add_to(&mut series);
        }
    }
    series
}

fn profile(profile: Profile) -> Settings {
    Settings {
        profile,
        ..Settings::default()
    }
}

fn evaluate(series: &[Series], seconds: i64, query: &str, settings: Settings) -> Value {
    evaluate_instant(&parse(query).unwrap(), series, seconds * 1000, &settings).unwrap()
}

/// The values of a query's answer.
fn values(series: &[Series], seconds: i64, query: &str) -> Vec<f64> {
    values_with(series, seconds, query, Settings::default())
}

fn values_with(series: &[Series], seconds: i64, query: &str, settings: Settings) -> Vec<f64> {
    match evaluate(series, seconds, query, settings) {
        Value::Scalar(value) => vec![value],
        Value::Vector(samples) => samples.iter().map(|sample| sample.value).collect(),
        Value::Matrix(rows) => rows
            .iter()
            .flat_map(|row| row.samples.iter().map(|sample| sample.1))
            .collect(),
        Value::String(_) => Vec::new(),
    }
}

/// Samples every 10 s from `first` to `last`, rising by 10 from 1000, so that zero is far away.
fn counter(first: i64, last: i64) -> Vec<Series> {
    let steps = (last - first) / 10;
    load(&format!(
        "load 10s\n  c_total _x{} 1000+10x{steps}",
        first / 10
    ))
}

#[test]
fn a_gap_of_exactly_1_1_spacings_is_not_bridged() {
    // Samples at 100 … 150; the window starts 11 s before the first one and ends at the last.
    let series = counter(100, 150);
    let half_a_spacing = 50.0 * ((50.0 + 5.0) / 50.0);
    assert_eq!(
        values(&series, 150, "increase(c_total[61s])"),
        [half_a_spacing]
    );
    assert_eq!(values(&series, 150, "increase(c_total[60s])"), [60.0]);
    // The same at the newer edge; the sample at 100 is outside.
    assert_eq!(values(&series, 161, "increase(c_total[61s])"), [55.0]);
    assert_eq!(values(&series, 160, "increase(c_total[60s])"), [60.0]);
}

#[test]
fn a_gap_between_1_1_and_1_2_spacings_is_not_bridged() {
    let series = load("load 500ms\n  c_total _x200 1000 _x19 1010 _x19 1020");
    // 11.5 s to the start: half a spacing is added.
    let got = values(&series, 120, "increase(c_total[31500ms])");
    assert_eq!(got, [25.0]);
    // 10.5 s: bridged.
    let got = values(&series, 120, "increase(c_total[30500ms])");
    assert_eq!(got, [30.5]);
}

#[test]
fn missing_infinite_bucket_gives_nan() {
    let series = load("load 10s\n  h_bucket{le=\"0.1\"} 5\n  h_bucket{le=\"1\"} 10");
    let got = values(&series, 0, "histogram_quantile(0.5, h_bucket)");
    assert!(matches!(got[..], [value] if value.is_nan()), "{got:?}");
    let got = values(&series, 0, "histogram_fraction(0, 0.5, h_bucket)");
    assert!(matches!(got[..], [value] if value.is_nan()), "{got:?}");
    // A quantile outside of [0, 1] comes before the look at the buckets.
    let got = values(&series, 0, "histogram_quantile(1.5, h_bucket)");
    assert_eq!(got, [f64::INFINITY]);
}

#[test]
fn sum_keeps_what_plain_addition_loses() {
    let series =
        load("load 10s\n  x{i=\"1\"} 1\n  x{i=\"2\"} 1e100\n  x{i=\"3\"} 1\n  x{i=\"4\"} -1e100");
    assert_eq!(values(&series, 0, "sum(x)"), [2.0]);
    assert_eq!(values(&series, 0, "avg(x)"), [0.5]);
    let series = load("load 10s\n  x 1 1e100 1 -1e100");
    assert_eq!(values(&series, 30, "sum_over_time(x[1m])"), [2.0]);
}

#[test]
fn irate_counts_a_reset_from_zero() {
    let series = load("load 10s\n  c_total 80 10");
    assert_eq!(values(&series, 10, "irate(c_total[1m])"), [1.0]);
    assert_eq!(values(&series, 10, "idelta(c_total[1m])"), [-70.0]);
}

#[test]
fn rate_adds_what_was_counted_before_a_reset() {
    let series = load("load 10s\n  c_total 50 80 10 40");
    // 40 - 50 + 80 between the outer samples; the window ends at the last one and starts 10 s before the
    // first, where the counter would not have been below zero.
    assert_eq!(
        values(&series, 30, "increase(c_total[40s])"),
        [70.0 * (30.0 + 10.0) / 30.0]
    );
    assert_eq!(values(&series, 30, "resets(c_total[40s])"), [1.0]);
}

#[test]
fn counters_are_not_extended_below_zero() {
    let series = load("load 30s\n  c_total _x3 0 6");
    assert_eq!(values(&series, 130, "increase(c_total[1m])"), [8.0]);
    assert_eq!(values(&series, 130, "delta(c_total[1m])"), [12.0]);
}

#[test]
fn zero_clamp_comes_after_the_threshold_since_2_51() {
    // 25 s to the window's start, spacing 15 s; the line reaches zero 10 s before the first sample.
    let series = load("load 5s\n  c_total _x5 10 _x2 25 _x2 40");
    let query = "increase(c_total[55s])";
    let extended = |left: f64| vec![30.0 * ((30.0 + left + 0.0) / 30.0)];
    for (version, left) in [
        (Profile::V3, 7.5),
        (Profile::V2_51, 7.5),
        (Profile::V2, 10.0),
    ] {
        let got = values_with(&series, 55, query, profile(version));
        assert_eq!(got, extended(left), "{version:?}");
    }
}

#[test]
fn older_edge_is_outside_since_3_0() {
    let series = load("load 30s\n  x 1 2 3");
    for (version, inside) in [
        (Profile::V3, 2.0),
        (Profile::V2_51, 3.0),
        (Profile::V2, 3.0),
    ] {
        let count = |query: &str| values_with(&series, 60, query, profile(version));
        assert_eq!(count("count_over_time(x[1m])"), [inside], "{version:?}");
        assert_eq!(count("count_over_time(x[1m:30s])"), [inside], "{version:?}");
    }
    let lookback = |seconds, version| values_with(&series, seconds, "x", profile(version));
    assert_eq!(lookback(359, Profile::V3), [3.0]);
    assert_eq!(lookback(360, Profile::V3), NONE);
    assert_eq!(lookback(360, Profile::V2_51), [3.0]);
    assert_eq!(lookback(361, Profile::V2_51), NONE);
}

#[test]
fn selectors_sort_by_labels_up_to_2_50() {
    let series = load("load 30s\n  x{i=\"b\"} 1\n  x{i=\"a\"} 2");
    assert_eq!(values(&series, 0, "x"), [1.0, 2.0]);
    assert_eq!(
        values_with(&series, 0, "x", profile(Profile::V2)),
        [2.0, 1.0]
    );
}

#[test]
fn falling_buckets_are_raised_and_equal_bounds_added() {
    let series = load(
        "load 10s\n  h_bucket{le=\"0.1\"} 4\n  h_bucket{le=\"1\"} 2\n  h_bucket{le=\"1e0\"} 1\n  h_bucket{le=\"+Inf\"} 8",
    );
    // The bucket of 1 holds 3 and is raised to 4, so half of all lies at 0.1.
    assert_eq!(
        values(&series, 0, "histogram_quantile(0.5, h_bucket)"),
        [0.1]
    );
    // The last bucket answers with the bound below it.
    assert_eq!(
        values(&series, 0, "histogram_quantile(0.9, h_bucket)"),
        [1.0]
    );
}

#[test]
fn rounding_errors_between_buckets_are_ignored() {
    let series = load(
        "load 10s\n  h_bucket{le=\"1\"} 1000\n  h_bucket{le=\"2\"} 1000.0000000001\n  h_bucket{le=\"+Inf\"} 1000.0000000001",
    );
    assert_eq!(values(&series, 0, "histogram_quantile(1, h_bucket)"), [1.0]);
}

#[test]
fn max_and_min_pass_over_nan() {
    let series = load("load 10s\n  x{i=\"1\"} NaN\n  x{i=\"2\"} 3\n  x{i=\"3\"} NaN");
    assert_eq!(values(&series, 0, "max(x)"), [3.0]);
    assert_eq!(values(&series, 0, "min(x)"), [3.0]);
    let series = load("load 10s\n  x NaN 3 NaN");
    assert_eq!(values(&series, 20, "max_over_time(x[1m])"), [3.0]);
}

#[test]
fn duplicates_on_the_one_side_fail_even_unmatched() {
    let series = load("load 10s\n  a{k=\"1\"} 1\n  b{k=\"2\",i=\"1\"} 1\n  b{k=\"2\",i=\"2\"} 1");
    let expr = parse("a + on(k) b").unwrap();
    let error = evaluate_instant(&expr, &series, 0, &Settings::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "found duplicate series for the match group {k=\"2\"} on the right hand-side of the operation: \
         [{__name__=\"b\", i=\"1\", k=\"2\"}, {__name__=\"b\", i=\"2\", k=\"2\"}];many-to-many matching not \
         allowed: matching labels must be unique on one side"
    );
    // An empty side is no error.
    assert_eq!(values(&series, 0, "nothing + on(k) b"), NONE);
}

#[test]
fn infinity_wins_over_nan_in_clamps() {
    let series = load("load 10s\n  x NaN");
    assert_eq!(
        values(&series, 0, "clamp_max(x, -Inf)"),
        [f64::NEG_INFINITY]
    );
    assert_eq!(values(&series, 0, "clamp_min(x, +Inf)"), [f64::INFINITY]);
    assert!(values(&series, 0, "clamp(x, 0, 1)")[0].is_nan());
}

#[test]
fn zero_minus_keeps_its_sign() {
    let series = load("load 10s\n  x -0.4");
    let bits = |query: &str| values(&series, 0, query)[0].to_bits();
    assert_eq!(bits("ceil(x)"), (-0.0f64).to_bits());
    assert_eq!(bits("-(x * 0)"), 0.0f64.to_bits());
}

#[test]
fn too_many_steps_are_refused_as_the_server_does() {
    let expr = parse("max_over_time(vector(1)[200y:1ms])").unwrap();
    let error = evaluate_instant(&expr, &[], 0, &Settings::default()).unwrap_err();
    assert_eq!(error, EvalError::TooManySamples);
    assert_eq!(
        error.to_string(),
        "query processing would load too many samples into memory in query execution"
    );
}

#[test]
fn a_range_query_needs_a_step_and_a_type() {
    let range = |query: &str, step| {
        evaluate_range(
            &parse(query).unwrap(),
            &[],
            0,
            10,
            step,
            &Settings::default(),
        )
        .map_err(|error| error.to_string())
    };
    assert_eq!(
        range("x[5m]", 1).unwrap_err(),
        "invalid expression type \"range vector\" for range query, must be Scalar or instant Vector"
    );
    assert!(range("x", 0).is_err());
    assert_eq!(
        range("1", 4).unwrap()[0].samples,
        [(0, 1.0), (4, 1.0), (8, 1.0)]
    );
}

const QUERIES: [&str; 18] = [
    "x",
    "rate(x[LENGTH])",
    "increase(x[LENGTH] offset OFFSET)",
    "deriv(x[LENGTH] @ AT)",
    "predict_linear(x[LENGTH], 1e300)",
    "irate(x[LENGTH] offset -OFFSET)",
    "quantile_over_time(0.5, x[LENGTH])",
    "max_over_time(x[LENGTH:OFFSET])",
    "rate(x[LENGTH:] offset OFFSET)",
    "absent_over_time(x[LENGTH])",
    "avg by (le) (x offset OFFSET @ AT)",
    "histogram_quantile(0.9, x)",
    "topk(3, x) or bottomk(1e18, x)",
    "count_values(\"v\", x)",
    "x / on() group_left sum(x)",
    "year(x) + days_in_month(timestamp(x))",
    "round(x, 0) % x ^ x",
    "x[LENGTH]",
];

proptest! {
    /// No query panics or overflows, whatever the times, windows and values; nothing comes from nothing.
    #[test]
    fn absurd_windows_and_values(
        query in prop::sample::select(&QUERIES[..]),
        length in prop::sample::select(vec!["1ms", "5m", "290y", "17y3w2h1ms"]),
        offset in prop::sample::select(vec!["1ms", "7m", "250y"]),
        at in prop::sample::select(vec!["0", "-9e15", "9e15", "1700000000.5"]),
        time in prop_oneof![Just(0), Just(1_700_000_000_000), any::<i64>()],
        times in prop::collection::btree_set(prop_oneof![-1_000_000i64..1_000_000, any::<i64>()], 0..20),
        samples in prop::collection::vec(any::<f64>(), 20),
        version in prop::sample::select(&[Profile::V3, Profile::V2_51, Profile::V2][..]),
        span in prop_oneof![Just(0i64), 0..100_000i64, Just(i64::MAX)],
    ) {
        let query = query.replace("LENGTH", length).replace("OFFSET", offset).replace("AT", at);
        let expr = parse(&query).unwrap();
        let mut series = load("load 1s\n  x{le=\"1\"}\n  x{le=\"+Inf\"}");
        for (index, one) in series.iter_mut().enumerate() {
            one.samples = times.iter().copied().zip(samples.iter().copied().skip(index)).collect();
        }
        let settings = Settings { max_samples: 20_000, ..profile(version) };
        let _ = evaluate_instant(&expr, &series, time, &settings);
        let _ = evaluate_range(&expr, &series, time, time.saturating_add(span), 1000, &settings);
        if !query.starts_with("absent") {
            let empty = evaluate_instant(&expr, &[], time, &settings);
            prop_assert!(
                matches!(&empty, Ok(Value::Vector(samples)) if samples.is_empty())
                    || matches!(&empty, Ok(Value::Matrix(rows)) if rows.is_empty())
                    || empty == Err(EvalError::TooManySamples),
                "{empty:?}"
            );
        }
    }
}
