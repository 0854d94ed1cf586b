//! Base rates: what the gates mean a quarter and a year.

use super::support::Inputs;

#[test]
fn base_rates_are_told_in_text_and_json() {
    let inputs = Inputs::changed(
        "api.yaml",
        "error-spike: {errors: 3%}",
        "error-spike: {errors: 1.1%}",
    );
    inputs.replace("api.yaml", "errors: 0.1%", "errors: 0.7%");
    inputs.replace(
        "api.yaml",
        "undetected-for: 1h",
        "undetected-for: 1h\ndeploys-per-week: 20\nbad-release-share: 5%",
    );
    let run = "run api.yaml --arm healthy --arm error-spike --replications 1000";
    let shown = inputs.rollsim(run);
    let from = shown
        .out
        .find("With 20 releases a week")
        .expect("base rates");
    let until = shown.out.find("Findings").unwrap_or(shown.out.len());
    insta::assert_snapshot!(&shown.out[from..until]);
    let report = inputs.rollsim(&format!("{run} --format json")).json();
    let result = &report["results"][0];
    let share = |arm: usize, outcome: &str| {
        result["arms"][arm]["outcomes"][outcome].as_f64().unwrap() / 1_000.0
    };
    let rates = &result["base_rates"];
    let estimate = |value: &serde_json::Value| value["estimate"].as_f64().unwrap();
    let close =
        |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    let (false_aborts, detected) = (share(0, "aborted_failed"), share(1, "aborted_failed"));
    assert!(false_aborts > 0.0 && detected > false_aborts);
    close(
        estimate(&rates["pages_for_nothing_per_quarter"]),
        20.0 * 13.0 * 0.95 * false_aborts,
    );
    let spike = &rates["bad_releases"][0];
    close(
        estimate(&spike["shipped_per_year"]),
        20.0 * 52.0 * 0.05 * share(1, "promoted"),
    );
    let bad = 0.05 * detected;
    close(
        estimate(&spike["bad_given_aborted"]),
        bad / (bad + 0.95 * false_aborts),
    );
}

#[test]
fn one_of_the_two_keys_is_not_enough() {
    for (keys, reason) in [
        (
            "deploys-per-week: 20",
            "the other one of the two is missing",
        ),
        (
            "deploys-per-week: 0\nbad-release-share: 5%",
            "a number above 0 is needed",
        ),
        (
            "deploys-per-week: 20\nbad-release-share: 0%",
            "must be above 0 %",
        ),
        (
            "deploys-per-week: 20\nbad-release-share: 5",
            "a unit is needed",
        ),
    ] {
        let inputs = Inputs::changed("api.yaml", "undetected-for: 1h", keys);
        let ran = inputs.rollsim("run api.yaml --replications 10");
        assert_eq!(ran.code, 2, "{keys}");
        assert!(ran.err.contains(reason), "{keys}: {}", ran.err);
    }
}
