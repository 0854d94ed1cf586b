//! The text report on a hand-made study.

use super::{WIDTH, paragraph, render};
use crate::report::model::{FindingEntry, InvalidSpec};
use crate::report::sample;

const COMMAND: &str = "rollsim run scenarios/article/api.yaml --replications 1000 --seed 1";

#[test]
fn reads_well_and_fits() {
    let text = render(&sample::report(), COMMAND);
    assert!(
        text.lines().all(|line| line.chars().count() <= WIDTH),
        "{text}"
    );
    insta::assert_snapshot!(text);
}

#[test]
fn an_invalid_rollout_shows_the_controllers_words_first() {
    let mut report = sample::report();
    report.findings.clear();
    let result = &mut report.results[0];
    result.plan = None;
    result.arms.clear();
    result.invalid_spec = Some(InvalidSpec {
        message: "The Rollout \"api\" is invalid: args.service-name was not resolved".to_owned(),
        place: Some("rollout.yaml:33:13".to_owned()),
        help: Some("pass the argument".to_owned()),
        findings: vec![FindingEntry {
            code: "runs-indefinitely".to_owned(),
            rollout: Some("api".to_owned()),
            arm: None,
            place: Some("success-rate.yaml:9:7".to_owned()),
            message: "metric success-rate has an interval and no count".to_owned(),
            help: Some("give it a count".to_owned()),
        }],
    });
    insta::assert_snapshot!(render(&report, COMMAND));
}

#[test]
fn paragraphs_break_between_words_only() {
    let mut text = String::new();
    let long = "x".repeat(120);
    paragraph(&mut text, &format!("a {long} b c"), "- ");
    assert_eq!(text, format!("- a\n  {long}\n  b c\n"));
}
