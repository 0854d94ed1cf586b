//! People act when the scenario says so, and releases end accordingly.

use rollsim::engine::outcome::Outcome;
use rollsim::engine::replicate::Replicator;
use rollsim::engine::trace::What;
use rollsim::plan::Plan;

use super::support::{arm, plan_of, trace};

const ROLLOUT: &str = "
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: shop
  annotations:
    notifications.argoproj.io/subscribe.on-rollout-aborted.slack: ops
    notifications.argoproj.io/subscribe.on-rollout-step-completed.email: dev@example.org
spec:
  replicas: 4
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: shop}]}
  strategy:
    canary:
      maxSurge: 1
      maxUnavailable: 0
      steps:
        - setWeight: 25
        - pause: {}
        - setWeight: 50
        - pause: {}
";

fn with(operators: &str) -> Plan {
    let scenario = format!(
        "apiVersion: rollsim/v1\nmanifests: [manifests.yaml]\n\
         service: {{pod: {{ready-after: 10s}}}}\nhorizon: 3h\nfaults: {{errors: {{errors: 5%}}}}\n{operators}"
    );
    plan_of(&scenario, ROLLOUT)
}

fn outcome(operators: &str) -> (Outcome, i64) {
    let plan = with(operators);
    let replication = Replicator::new(&plan, arm(&plan, "errors"), 1).run(0);
    (replication.outcome, replication.ended_ms)
}

fn about(minutes: i64, ms: i64) -> bool {
    (minutes * 60_000 - 2_000..minutes * 60_000 + 30_000).contains(&ms)
}

#[test]
fn without_people_an_indefinite_pause_is_the_end() {
    let (outcome, at) = outcome("");
    assert_eq!(outcome, Outcome::Paused);
    assert!(at < 60_000, "the beginning of the pause, not {at}");
}

#[test]
fn a_promote_ends_each_pause() {
    let plan = with("operators: [{promote: {after-pause: 10m}}]");
    let (replication, story) = trace(&plan, "errors", 0);
    assert_eq!(replication.outcome, Outcome::Promoted);
    assert_eq!(story.acted("promote").len(), 2);
    assert!((20 * 60_000..23 * 60_000).contains(&replication.ended_ms));
}

#[test]
fn a_limit_of_times_is_kept() {
    let (outcome, at) = outcome("operators: [{promote: {after-pause: 10m, times: 1}}]");
    assert_eq!(outcome, Outcome::Paused);
    assert!(about(10, at), "{at}");
}

#[test]
fn an_abort_by_hand_is_the_operators() {
    let plan = with("operators: [{abort: {after-update: 5m}}]");
    let (replication, story) = trace(&plan, "errors", 0);
    assert_eq!(replication.outcome, Outcome::AbortedOperator);
    assert!(about(5, replication.ended_ms));
    assert_eq!(replication.abort.unwrap().step, Some(1));
    assert_eq!(replication.abort.unwrap().weight, 25);
    assert_eq!(
        replication.pages, 1,
        "the controller says so in its next pass"
    );
    assert!(replication.safe_ms.unwrap() > replication.ended_ms);
    let told = story
        .times(|what| matches!(what, What::Notification { recipient, .. } if recipient == "ops"));
    assert_eq!(told.len(), 1);
}

#[test]
fn a_retry_after_the_page_goes_on_from_the_first_step() {
    let plan = with("operators: [{abort: {after-update: 5m}}, {retry: {after-page: 5m}}]");
    let (replication, story) = trace(&plan, "errors", 0);
    assert_eq!(replication.outcome, Outcome::Paused);
    assert!(about(10, story.acted("retry")[0]));
    assert!(about(10, replication.ended_ms), "{}", replication.ended_ms);
    assert_eq!((replication.pages, replication.safe_ms), (1, None));
}

#[test]
fn an_abort_that_nobody_turns_round_ends_when_it_happened() {
    // The second person would turn it round but comes after the horizon.
    let operators = "operators: [{abort: {after-update: 5m}}, {retry: {after-page: 5h}}]";
    let plan = with(operators);
    let (replication, _) = trace(&plan, "errors", 0);
    assert_eq!(replication.outcome, Outcome::AbortedOperator);
    assert!(about(5, replication.ended_ms));
    assert!(replication.safe_ms.unwrap() < 6 * 60_000, "{replication:?}");
}

#[test]
fn another_image_ends_the_update_under_test() {
    for action in ["new-image", "image-back"] {
        let plan = with(&format!("operators: [{{{action}: {{after-update: 5m}}}}]"));
        let (replication, _) = trace(&plan, "errors", 0);
        assert_eq!(replication.outcome, Outcome::AbortedOperator, "{action}");
        assert_eq!(replication.ended_ms, 5 * 60_000);
        let safe = replication.safe_ms.unwrap();
        assert!(safe < 6 * 60_000, "{action}: {safe}");
    }
}

#[test]
fn scaling_changes_the_size_and_nothing_else() {
    let plan = with(
        "operators: [{scale: {after-update: 2m, replicas: 8}}, {promote: {after-pause: 10m}}]",
    );
    let (replication, story) = trace(&plan, "errors", 0);
    assert_eq!(replication.outcome, Outcome::Promoted);
    let scaled = story.pods_at(5 * 60_000);
    assert_eq!((scaled.stable, scaled.canary), ((6, 6), (2, 2)));
}

#[test]
fn full_promotion_works_from_any_state() {
    let (outcome, at) =
        outcome("operators: [{abort: {after-update: 5m}}, {promote-full: {after-update: 8m}}]");
    assert_eq!(outcome, Outcome::Promoted);
    assert!((8 * 60_000..10 * 60_000).contains(&at));
}

#[test]
fn reactions_are_drawn_for_each_replication_and_not_by_arm() {
    let plan = with("operators: [{abort: {after-update: {uniform: [1m, 20m]}}}]");
    let ended = |name: &str, index| {
        let mut replicator = Replicator::new(&plan, arm(&plan, name), 1);
        replicator.run(index).ended_ms
    };
    for index in 0..5 {
        assert_eq!(ended("healthy", index), ended("errors", index));
    }
    assert_ne!(ended("healthy", 0), ended("healthy", 1));
}
