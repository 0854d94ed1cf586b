//! Each finding, from figures to words.

use super::{Blindness, Finding, Signal, derive};
use crate::engine::outcome::Outcome;
use crate::report::model::{ArmResult, RolloutResult};
use crate::report::sample;
use crate::stats::proportion::proportion;
use std::num::NonZeroU64;

fn result() -> RolloutResult {
    sample::report().results.remove(0)
}

fn codes(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(Finding::code).collect()
}

fn arm<'a>(result: &'a mut RolloutResult, name: &str) -> &'a mut ArmResult {
    result.arms.iter_mut().find(|arm| arm.name == name).unwrap()
}

#[test]
fn a_fault_that_nothing_reads_is_named_with_the_reason() {
    let findings = derive(&result(), &sample::facts());
    assert_eq!(codes(&findings), ["never-detected", "share-differs"]);
    assert_eq!(findings[0].arm(), Some("empty-body"));
    assert_eq!(
        findings[0].to_string(),
        "`empty-body` is promoted every time, detected in 0 of 1,000 (≤ 0.3 %): it changes content, and no \
         metric of the templates reads content (they read errors and latency). Measure the content itself: \
         a web or job metric that requests a page and checks what is in it."
    );
    assert_eq!(
        findings[1].to_string(),
        "The canary really serves 14.3 % at setWeight 10: without a traffic router requests follow the \
         number of ready pods. More replicas or a trafficRouting section come closer."
    );
}

#[test]
fn a_fault_that_is_read_but_passes_says_by_whom_and_until_when() {
    let mut facts = sample::facts();
    facts.arms[1].acts_on = [(Signal::Latency, 9.2)].into();
    let findings = derive(&result(), &facts);
    let Finding::Missed { why, .. } = &findings[0] else {
        panic!("{findings:?}");
    };
    let passed = Blindness::Passed {
        metrics: vec!["latency-p99".to_owned()],
        last_measurement_s: Some(435.0),
    };
    assert_eq!(why, &passed);
    let text = findings[0].to_string();
    assert!(
        text.contains("`latency-p99` reads what it changes"),
        "{text}"
    );
    assert!(
        text.contains("the last measurement is taken at 7.2 m"),
        "{text}"
    );
}

#[test]
fn a_fault_that_shows_too_late_says_when_and_what_would_show_earlier() {
    let mut facts = sample::facts();
    facts.arms[1].acts_on = [(Signal::Latency, 1_336.0), (Signal::Memory, 9.2)].into();
    let findings = derive(&result(), &facts);
    assert_eq!(
        findings[0].to_string(),
        "`empty-body` is promoted every time, detected in 0 of 1,000 (≤ 0.3 %): `latency-p99` reads latency, \
         which it changes from 22.3 m on at the earliest, but the last measurement is taken at 7.2 m. Measure \
         longer (a later analysis step or a background analysis), or measure the canary's memory, for \
         instance its growth by `deriv`."
    );
}

#[test]
fn without_metrics_it_says_so() {
    let mut facts = sample::facts();
    facts.metrics.clear();
    let findings = derive(&result(), &facts);
    assert!(
        findings[0]
            .to_string()
            .ends_with("the Rollout has no analysis. Add an analysis step.")
    );
}

#[test]
fn seldom_isn_t_never() {
    let mut result = result();
    let empty_body = arm(&mut result, "empty-body");
    empty_body.detected = proportion(400, NonZeroU64::new(1_000).unwrap());
    empty_body.outcomes.promoted = 600;
    let findings = derive(&result, &sample::facts());
    assert_eq!(findings[0].code(), "seldom-detected");
    assert!(
        findings[0]
            .to_string()
            .starts_with("`empty-body` is detected in 40.0 % (37.0–43.1 %) only: ")
    );
    arm(&mut result, "empty-body").detected = proportion(500, NonZeroU64::new(1_000).unwrap());
    assert_eq!(codes(&derive(&result, &sample::facts())), ["share-differs"]);
}

#[test]
fn aborts_by_error_are_told_once_and_hide_missed_faults() {
    let mut result = result();
    for arm in &mut result.arms {
        arm.outcomes.aborted_error = 1_000;
        arm.outcomes.promoted = 0;
    }
    let findings = derive(&result, &sample::facts());
    assert_eq!(codes(&findings), ["aborted-by-error", "share-differs"]);
    assert_eq!(findings[0].arm(), None);
    let text = findings[0].to_string();
    assert!(
        text.starts_with(
            "In `healthy`, `error-spike` and `empty-body` every release is aborted by Error"
        ),
        "{text}"
    );
    assert!(text.contains("check that the query's labels"), "{text}");
    let mut facts = sample::facts();
    let metric = result.arms[0].decided_by.first();
    assert!(metric.is_none(), "{metric:?}");
    result.arms[0].decided_by = result.arms[1].decided_by.clone();
    facts.metrics[0].explained = true;
    let text = derive(&result, &facts)[0].to_string();
    assert!(
        text.contains("`success-rate` gets no usable result, for the reason above"),
        "{text}"
    );
}

#[test]
fn healthy_releases_that_are_aborted_or_hang_are_worth_a_word_from_one_percent() {
    let mut result = result();
    let n = NonZeroU64::new(1_000).unwrap();
    arm(&mut result, "healthy").detected = proportion(9, n);
    arm(&mut result, "healthy").outcomes.paused_inconclusive = 9;
    assert!(!codes(&derive(&result, &sample::facts())).contains(&"false-aborts"));
    arm(&mut result, "healthy").detected = proportion(10, n);
    arm(&mut result, "healthy").outcomes.unfinished = 1;
    let findings = derive(&result, &sample::facts());
    assert_eq!(
        codes(&findings)[..2],
        ["false-aborts", "healthy-not-promoted"]
    );
    assert!(
        findings[0]
            .to_string()
            .starts_with("1.0 % (0.5–1.8 %) of healthy releases are aborted: ")
    );
    let Finding::HealthyHangs { n, outcome, .. } = &findings[1] else {
        panic!("{findings:?}");
    };
    assert_eq!((*n, *outcome), (10, Outcome::PausedInconclusive));
}

#[test]
fn thin_and_early_windows_are_told_once_per_metric_and_step() {
    let mut result = result();
    let plan = result.plan.as_mut().unwrap();
    plan.canary_serves_from_s = Some(225.0);
    for (index, taken) in (0_u8..).zip(&mut plan.measurements) {
        taken.canary_requests = Some(3.0 + f64::from(index));
    }
    let findings = derive(&result, &sample::facts());
    assert_eq!(
        codes(&findings)[2..],
        [
            "few-requests",
            "few-requests",
            "window-before-pods",
            "window-before-pods"
        ]
    );
    assert!(
        findings[2]
            .to_string()
            .starts_with("`success-rate` at step 2 reads about 3.0 requests of the canary per window: one failed request more is 33.3 %"),
        "{}",
        findings[2]
    );
    assert!(
        findings[4]
            .to_string()
            .contains("a window of 2 m of which the first 30 s lie before"),
        "{}",
        findings[4]
    );
}
