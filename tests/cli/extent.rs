//! When a study ends: precise enough, out of time, interrupted; and that `--replications` gives the same again.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::support::{Inputs, Ran};

/// Aborts a healthy release now and then, and a bad one often.
fn inputs() -> Inputs {
    Inputs::changed(
        "api.yaml",
        "error-spike: {errors: 3%}",
        "error-spike: {errors: 1.1%}",
    )
}

fn replications(report: &Value) -> u64 {
    let arms = report["results"][0]["arms"].as_array().unwrap();
    let each: Vec<u64> = arms
        .iter()
        .map(|arm| arm["replications"].as_u64().unwrap())
        .collect();
    assert!(each.iter().all(|n| *n == each[0]), "{each:?}");
    each[0]
}

#[track_caller]
fn assert_reproduced(inputs: &Inputs, stopped: &Ran) -> u64 {
    let report: Value = serde_json::from_str(&stopped.out).unwrap();
    let n = replications(&report);
    let words = format!("run api.yaml {ARMS} --replications {n} --format json");
    let again = inputs.rollsim(&words);
    assert!(again.out == stopped.out, "{n} replications differ");
    n
}

const ARMS: &str = "--arm healthy --arm error-spike";

#[test]
fn a_precision_names_its_replications() {
    let inputs = inputs();
    let ran = inputs.rollsim(&format!("run api.yaml {ARMS} --precision 3% --format json"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let n = assert_reproduced(&inputs, &ran);
    let report = ran.json();
    let detected = &report["results"][0]["arms"][1]["detected"];
    let side = |name: &str| detected[name].as_f64().unwrap();
    assert!((side("high") - side("low")) / 2.0 <= 0.03, "{detected}");
    assert!((1_024..=2_304).contains(&n), "{n}");
    assert!(ran.err.contains("precise to ±3 %"), "{}", ran.err);
    // The same from the scenario.
    inputs.replace(
        "api.yaml",
        "montecarlo: {replications: 10000, seed: 1}",
        "montecarlo: {precision: ±3%}",
    );
    let scenario = inputs.rollsim(&format!("run api.yaml {ARMS} --format json"));
    assert_eq!(replications(&scenario.json()), n);
}

#[test]
fn a_budget_keeps_what_was_computed() {
    let inputs = inputs();
    let ran = inputs.rollsim(&format!("run api.yaml {ARMS} --budget 8s --format json"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("the budget is used up"), "{}", ran.err);
    let n = assert_reproduced(&inputs, &ran);
    assert_eq!(n % 256, 0);
}

#[test]
fn an_impossible_precision_says_what_it_would_need() {
    let inputs = inputs();
    let ran = inputs.rollsim("run api.yaml --precision 0.00001%");
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    insta::assert_snapshot!(ran.err);
    for (words, reason) in [
        ("--precision 0%", "more than 0% and less than 50%"),
        ("--precision 3", "a unit is needed"),
        ("--precision 1% --replications 10", "cannot be used with"),
        ("--budget 0s", "more than 0"),
        ("--budget soon", "write it as"),
    ] {
        let ran = inputs.rollsim(&format!("run api.yaml {words}"));
        assert_eq!(ran.code, 2);
        assert!(ran.err.contains(reason), "{words}: {}", ran.err);
    }
}

#[test]
fn exact_intervals_are_shown_on_request() {
    let inputs = inputs();
    let words = format!("run api.yaml {ARMS} --replications 300 --interval clopper-pearson");
    let report = inputs.rollsim(&format!("{words} --format json")).json();
    for arm in report["results"][0]["arms"].as_array().unwrap() {
        assert_eq!(arm["detected"]["method"], "clopper-pearson");
        assert_eq!(
            arm["intervals"]["outcomes"]["promoted"]["method"],
            "clopper-pearson"
        );
    }
    let text = inputs.rollsim(&words).out;
    assert!(
        text.contains("--replications 300 --interval clopper-pearson --seed"),
        "{text}"
    );
}

/// The first interrupt ends the study with what it has.
#[test]
#[cfg(unix)]
fn an_interrupt_keeps_what_was_computed() {
    let inputs = inputs();
    let words = format!("run api.yaml {ARMS} --replications 100000000 --format json");
    let child = Command::new(env!("CARGO_BIN_EXE_rollsim"))
        .args(words.split_whitespace())
        .current_dir(inputs.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    thread::sleep(Duration::from_secs(3));
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    let ran = Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    assert_eq!(ran.code, 130, "{}", ran.err);
    assert!(
        ran.err.contains("interrupted: the result holds the first"),
        "{}",
        ran.err
    );
    assert_reproduced(&inputs, &ran);
}
