//! `run --sensitivity`: which assumption the verdict hangs on.

use super::support::Inputs;

/// A healthy version near the threshold: three times its errors fail every release.
#[test]
fn the_assumption_that_matters_is_named() {
    let inputs = Inputs::changed("api.yaml", "errors: 0.1%", "errors: 0.4%");
    let run = "run api.yaml --arm healthy --arm error-spike --replications 300 --sensitivity";
    let ran = inputs.rollsim(run);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let from = ran.out.find("Sensitivity:").expect("a sensitivity");
    let until = ran.out.find("Findings").unwrap_or(ran.out.len());
    insta::assert_snapshot!(&ran.out[from..until]);
    assert!(ran.out.contains("--replications 300 --sensitivity --seed"));
    let report = inputs.rollsim(&format!("{run} --format json")).json();
    let found = &report["results"][0]["sensitivity"];
    let hangs_on = found["hangs_on"].as_array().unwrap();
    assert!(hangs_on.contains(&"errors".into()), "{hangs_on:?}");
    assert_eq!(found["as_assumed"][0]["verdict"], "quiet");
    let errors = &found["variants"][1];
    assert_eq!(errors["assumption"], "errors");
    assert_eq!(errors["arms"][0]["verdict"], "noisy");
    assert_eq!(errors["arms"][0]["changes_verdict"], true);
}

#[test]
fn overdispersion_is_a_number_from_one_on() {
    let inputs = Inputs::changed("api.yaml", "rate: 50/s", "rate: 50/s\n  overdispersion: 4");
    let text = inputs
        .rollsim("run api.yaml --arm healthy --replications 50")
        .out;
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("4 times the variance"), "{text}");
    let inputs = Inputs::changed(
        "api.yaml",
        "rate: 50/s",
        "rate: 50/s\n  overdispersion: 0.5",
    );
    let ran = inputs.rollsim("run api.yaml --replications 5");
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("a number from 1 to a million"),
        "{}",
        ran.err
    );
}
