//! The article's scenario: what its templates catch, what they miss, and that the numbers are reproducible.

use rollsim::report::json;
use rollsim::report::model::Report;
use serde_json::Value;

use super::support::{Inputs, rollsim};

const RUN: &str = "run scenarios/article/api.yaml";

/// Enough for every claim below; all of them in a build whose speed allows it.
const REPLICATIONS: u64 = if cfg!(debug_assertions) { 500 } else { 10_000 };

fn arm<'v>(report: &'v Value, name: &str) -> &'v Value {
    let arms = report["results"][0]["arms"].as_array().unwrap();
    arms.iter().find(|arm| arm["name"] == name).unwrap()
}

#[test]
fn the_report_reads_well() {
    insta::assert_snapshot!(rollsim(&format!("{RUN} --replications 100")).shown());
}

#[test]
fn the_json_form_is_stable() {
    let mut ran = rollsim(&format!(
        "{RUN} --replications 50 --arm healthy --arm error-spike --format json"
    ));
    let mut report: Report = serde_json::from_str(&ran.out).unwrap();
    for arm in &mut report.results[0].arms {
        for curve in &mut arm.cumulative_incidence {
            assert!((1..=100).contains(&curve.points.len()));
            // The rest looks like the first one.
            curve.points.truncate(1);
        }
    }
    ran.out = json::render(&report).unwrap();
    insta::assert_snapshot!(ran.shown());
}

#[test]
fn the_csv_form_is_stable() {
    let ran = rollsim(&format!(
        "{RUN} --replications 50 --arm error-spike --format csv"
    ));
    insta::assert_snapshot!(ran.shown());
}

#[test]
fn a_trace_tells_one_release_event_by_event() {
    let ran = rollsim("trace scenarios/article/api.yaml --arm error-spike --replication 7");
    insta::assert_snapshot!(ran.shown());
    let ran = rollsim("trace scenarios/article/api.yaml --replication 7");
    insta::assert_snapshot!(ran.shown());
}

#[test]
fn the_templates_do_what_the_article_says() {
    let ran = rollsim(&format!(
        "{RUN} --replications {REPLICATIONS} --format json"
    ));
    let report = ran.json();
    let all = u64::from(ran.code == 0) * REPLICATIONS;
    for quantile in ["p50", "p95"] {
        let minutes = arm(&report, "healthy")["duration_s"][quantile]
            .as_f64()
            .unwrap()
            / 60.0;
        assert!((27.0..=33.0).contains(&minutes), "{minutes}");
    }
    assert_eq!(arm(&report, "healthy")["outcomes"]["promoted"], all);
    let spike = arm(&report, "error-spike");
    let aborted_at = spike["aborted_at"].as_array().unwrap();
    let first = aborted_at.iter().find(|at| at["step"] == 2).unwrap();
    assert!(
        first["n"].as_u64().unwrap() * 1_000 >= 999 * all,
        "{aborted_at:?}"
    );
    assert_eq!(first["weight"], 10);
    assert!((first["share"].as_f64().unwrap() - 1.0 / 7.0).abs() < 1e-6);
    assert_eq!(spike["decided_by"][0]["metric"], "success-rate");
    assert_eq!(
        arm(&report, "slow-p99")["decided_by"][0]["metric"],
        "latency-p99"
    );
    for missed in ["empty-body", "memory-leak"] {
        assert_eq!(arm(&report, missed)["detected"]["estimate"], 0.0);
        assert_eq!(arm(&report, missed)["outcomes"]["promoted"], all);
    }
    let findings = report["findings"].as_array().unwrap();
    let why = findings
        .iter()
        .find(|finding| finding["code"] == "never-detected" && finding["arm"] == "empty-body")
        .unwrap();
    let message = why["message"].as_str().unwrap();
    assert!(
        message.contains("no metric of the templates reads content"),
        "{message}"
    );
}

#[test]
fn threads_do_not_show_in_the_result() {
    let run = |threads: u8| {
        rollsim(&format!(
            "{RUN} --replications 120 --format json --threads {threads}"
        ))
    };
    let (one, two) = (run(1), run(2));
    assert_eq!(one.code, 0);
    assert!(one.out == two.out, "1 and 2 threads differ");
    let seeded = rollsim(&format!(
        "{RUN} --replications 120 --format json --threads 2 --seed 2"
    ));
    assert_ne!(one.out, seeded.out);
}

#[test]
fn an_arm_alone_has_the_same_numbers() {
    let run = |arms: &str| rollsim(&format!("{RUN} --replications 60 --format json {arms}")).json();
    let all = run("");
    for name in ["healthy", "slow-p99", "memory-leak"] {
        let alone = run(&format!("--arm {name}"));
        assert_eq!(alone["results"][0]["arms"].as_array().unwrap().len(), 1);
        // What compares with the healthy arm is there too: it is replayed, though not shown.
        assert_eq!(arm(&alone, name), arm(&all, name));
    }
}

#[test]
fn fewer_replications_are_a_prefix() {
    let inputs = Inputs::of_the_article();
    let run = |replication: u64| {
        let words = format!("trace api.yaml --arm error-spike --replication {replication}");
        inputs.rollsim(&format!("{words} --format json")).json()
    };
    let last = |trace: &Value| trace["events"].as_array().unwrap().last().unwrap()["at_s"].clone();
    let mut traced: Vec<f64> = (0..3).map(|n| ended(&run(n))).collect();
    traced.sort_by(f64::total_cmp);
    let report = inputs
        .rollsim("run api.yaml --arm error-spike --replications 3 --format json")
        .json();
    let shown = arm(&report, "error-spike")["duration_s"]["p50"]
        .as_f64()
        .unwrap();
    assert!(
        (shown - traced[1]).abs() < 1e-9 + 0.000_5 * shown,
        "{shown} {traced:?}"
    );
    assert!(last(&run(0)).is_number());
}

/// When the outcome was reached.
fn ended(trace: &Value) -> f64 {
    let events = trace["events"].as_array().unwrap();
    let outcome = events
        .iter()
        .find(|event| event["event"]["kind"] == "outcome")
        .unwrap();
    outcome["at_s"].as_f64().unwrap()
}
