//! `rollsim power`: numbers that agree with a run's, verdicts that follow from them, and what is refused.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::support::{Inputs, repository, rollsim};

const LOW_TRAFFIC: &str = "scenarios/low-traffic";

fn low_traffic(scenario: &str, flags: &str) -> Value {
    rollsim(&format!(
        "power {LOW_TRAFFIC}/{scenario}.yaml --format json {flags}"
    ))
    .json()
}

/// The point that is as the scenario says.
fn scenarios_point(report: &Value) -> &Value {
    let points = report["arms"][0]["points"].as_array().unwrap();
    points
        .iter()
        .find(|point| point["as_in_scenario"] == true)
        .unwrap()
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn the_report_on_three_requests_a_minute_reads_well() {
    let ran = rollsim(&format!(
        "power {LOW_TRAFFIC}/three-per-minute.yaml --replications 400 --points 4"
    ));
    insta::assert_snapshot!(ran.shown());
}

#[test]
fn the_csv_form_is_stable() {
    let words = "power scenarios/low-traffic/three-per-minute.yaml --replications 50 --points 2 \
                 --traffic 1..10/s --format csv";
    insta::assert_snapshot!(rollsim(words).shown());
}

#[test]
fn the_json_form_is_stable() {
    let words = "power scenarios/low-traffic/three-per-minute.yaml --replications 50 --points 2 \
                 --fault-size 1%..3% --format json";
    insta::assert_snapshot!(rollsim(words).shown());
}

#[test]
fn the_verdict_on_three_requests_a_minute_follows_from_its_numbers() {
    let report = low_traffic("three-per-minute", "--replications 2000 --points 2");
    let point = scenarios_point(&report);
    let requests = &point["canary_requests"];
    // 10 % of half a request a second for 420 s, 25 % for 720 s, 50 % for 600 s are 21, 90 and 150; of the
    // two gates four minutes less a scrape interval each are read: 11.25 and 28.125.
    for (name, expected) in [("read", 39.4), ("measured", 111.0), ("promoted", 261.0)] {
        let found = number(&requests[name]);
        assert!(
            (found / expected - 1.0).abs() < 0.04,
            "{name}: {found} for {expected}"
        );
    }
    let bound = |scope: usize| number(&point["bound"][scope]["bound"]["estimate"]);
    let detected = number(&point["detected"]["estimate"]);
    assert!(detected < bound(0) && bound(0) < bound(1) && bound(1) < bound(2));
    assert_eq!(point["verdict"], "steps");
    let losses = &point["losses"];
    let lost = |name: &str| number(&losses[name]);
    let missing = number(&report["want"]) - detected;
    let sum = lost("template") + lost("steps") + lost("traffic");
    assert!((sum - missing).abs() < 1e-9);
    assert!(lost("steps") >= lost("template").max(lost("traffic")));
    assert_eq!(point["remedies"]["smoke_test"]["requests"], 208);
}

#[test]
fn each_verdict_has_its_scenario() {
    for verdict in ["template", "steps", "traffic"] {
        let report = low_traffic(
            &format!("verdict-{verdict}"),
            "--replications 500 --points 2",
        );
        assert_eq!(scenarios_point(&report)["verdict"], verdict);
    }
}

#[test]
fn the_same_traffic_suffices_for_a_gate_that_counts_all_of_it() {
    let report = low_traffic("three-per-minute-counted", "--replications 2000 --points 2");
    let point = scenarios_point(&report);
    assert_eq!(point["verdict"], "fine");
    // Three or more of a Poisson number of errors: 7.7 of about 256 requests that are counted.
    let counted = number(&point["canary_requests"]["read"]);
    let at_least_three = |mean: f64| 1.0 - (-mean).exp() * (1.0 + mean + mean * mean / 2.0);
    for (figure, share) in [("detected", 0.03), ("false_aborts", 0.001)] {
        let (estimate, expected) = (&point[figure], at_least_three(share * counted));
        let (low, high) = (number(&estimate["low"]), number(&estimate["high"]));
        let slack = 2.0 * (high - low);
        assert!(
            low - slack < expected && expected < high + slack,
            "{figure}: {expected}, {estimate}"
        );
    }
}

#[test]
fn other_services_with_little_traffic_are_judged_too() {
    for scenario in ["one-user", "night", "single-replica"] {
        let report = low_traffic(scenario, "--replications 100 --points 2");
        let point = scenarios_point(&report);
        assert!(
            number(&point["false_aborts"]["estimate"]) > 0.01,
            "{scenario}"
        );
        assert!(
            point["verdict"].is_string() && point["losses"].is_null(),
            "{scenario}"
        );
    }
}

#[test]
fn the_scenarios_point_has_the_numbers_of_a_run() {
    let flags = "--replications 300 --seed 5 --format json";
    let run = rollsim(&format!("run {LOW_TRAFFIC}/three-per-minute.yaml {flags}")).json();
    let power = rollsim(&format!(
        "power {LOW_TRAFFIC}/three-per-minute.yaml --fault-size 2%..8% --points 2 {flags}"
    ))
    .json();
    let point = scenarios_point(&power);
    assert_eq!(point["size_text"], "3%");
    assert_eq!(point["detected"], run["results"][0]["arms"][1]["detected"]);
    assert_eq!(point["detected"]["n"], 300);
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let words = "power scenarios/low-traffic/three-per-minute.yaml --replications 600 --points 2 --format json";
    let one = rollsim(&format!("{words} --threads 1"));
    assert_eq!(one.out, rollsim(&format!("{words} --threads 3")).out);
}

#[test]
fn both_axes_make_a_grid_with_a_minimum_along_each() {
    let report = low_traffic(
        "three-per-minute",
        "--replications 100 --points 3 --traffic 0.5..50/s --fault-size 1%..50%",
    );
    let arm = &report["arms"][0];
    // The scenario's 3 % lies between two points, its traffic at one.
    assert_eq!(arm["points"].as_array().unwrap().len(), 3 * 4);
    assert_eq!(arm["minimum_traffic"].as_array().unwrap().len(), 4);
    let effects = arm["minimum_effect"].as_array().unwrap();
    assert_eq!(effects.len(), 3);
    let least = |effect: &Value| number(&effect["size"]["value"]);
    assert!(
        least(&effects[0]) > least(&effects[1]),
        "more traffic shows smaller faults"
    );
}

#[test]
fn faults_that_no_request_shows_have_numbers_and_no_verdict() {
    let words = "power scenarios/article/api.yaml --arm empty-body --arm memory-leak --replications 20 \
                 --traffic 5..50/s --points 2 --format json";
    let report = rollsim(words).json();
    for arm in report["arms"].as_array().unwrap() {
        let point = &arm["points"][0];
        assert!(point["verdict"].is_null());
        assert!(point["no_verdict_because"].is_string());
        assert_eq!(
            arm["minimum_traffic"][0]["traffic_per_s"]["state"],
            "not-reached"
        );
        assert!(arm["minimum_traffic"][0]["traffic_per_s"]["value"].is_null());
    }
    // A smoke test that looks at the content needs one request.
    let content = &report["arms"][0]["points"][0]["remedies"]["smoke_test"];
    assert_eq!(content["requests"], 1);
}

#[test]
fn what_makes_no_grid_is_refused_before_anything_is_replayed() {
    let inputs = Inputs::of_the_article();
    let shown = [
        "--traffic 5/s",
        "--traffic 500..5/s",
        "--traffic 1..5",
        "--traffic 0..5/s",
        "--fault-size 0.5%..10%",
        "--arm empty-body --fault-size 0.5%..10%",
        "--arm error-spike --fault-size 0.01%..10%",
        "--arm error-spike --fault-size 3..200%",
        "--arm error-spike --fault-size x2..x4",
        "--arm slow-p99 --fault-size 5Mi/min..10Mi/min",
        "--arm healthy",
        "--arm nobody",
        "--points 1",
        "--want 0%",
        "--want 95",
        "--false-aborts 100%",
    ]
    .map(|flags| {
        let ran = inputs.rollsim(&format!("power api.yaml --replications 1000000000 {flags}"));
        format!("$ rollsim power api.yaml {flags}\n{}", ran.shown())
    });
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn a_scenario_without_faults_has_nothing_to_detect() {
    let inputs = Inputs::of_the_article();
    let scenario = inputs.read("api.yaml");
    let (head, _) = scenario.split_once("faults:").unwrap();
    inputs.write("api.yaml", head);
    insta::assert_snapshot!(inputs.rollsim("power api.yaml").shown());
}

#[test]
fn a_grid_that_would_take_hours_says_how_long_before_it_starts() {
    let inputs = Inputs::of_the_article();
    let ran = inputs.rollsim("power api.yaml --replications 1000000000 -o result.txt");
    assert_eq!(ran.code, 2);
    let first = ran.err.lines().next().unwrap();
    assert!(
        first.starts_with("error: this grid would take about "),
        "{first}"
    );
    assert!(first.ends_with(" replications"), "{first}");
    assert!(ran.err.contains("--yes"), "{}", ran.err);
    assert_eq!(inputs.names(), ["api.yaml", "corrected"]);
}

#[test]
fn an_invalid_rollout_is_reported_in_the_controllers_words() {
    let ran = rollsim("power scenarios/article/as-written");
    assert_eq!(ran.code, 2);
    assert!(
        ran.out
            .contains("InvalidSpec: the controller deploys nothing"),
        "{}",
        ran.out
    );
}

#[test]
fn what_was_reached_is_in_the_file_when_somebody_interrupts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("power.json");
    let words = "power scenarios/low-traffic/three-per-minute.yaml --replications 3000 --points 200 \
                 --format json --yes -o";
    let mut child = Command::new(env!("CARGO_BIN_EXE_rollsim"))
        .args(words.split_whitespace())
        .arg(&file)
        .current_dir(repository())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while !file.exists() && started.elapsed() < Duration::from_mins(5) {
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let report: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(report["complete"], false);
    let points = report["arms"][0]["points"].as_array().unwrap();
    assert!(!points.is_empty() && points.len() < 200, "{}", points.len());
    assert_eq!(points[0]["detected"]["n"], 3_000);
}

#[test]
fn pictures_are_drawn_in_both_formats() {
    let folder = tempfile::tempdir().unwrap();
    let plots = folder.path().join("new/plots");
    let words = format!(
        "power {LOW_TRAFFIC}/three-per-minute.yaml --replications 20 --points 2 --plot {}",
        plots.display()
    );
    assert_eq!(rollsim(&words).code, 0);
    let png = std::fs::read(plots.join("power-error-spike.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    let svg = std::fs::read_to_string(plots.join("power-error-spike.svg")).unwrap();
    assert!(svg.contains("How often Rollout api detects error-spike"));
    let refused = rollsim(&format!(
        "power {LOW_TRAFFIC}/night.yaml --plot README.md/plots"
    ));
    assert_eq!(refused.code, 2);
    assert!(
        refused.err.contains("can't make the folder"),
        "{}",
        refused.err
    );
}
