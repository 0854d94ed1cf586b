//! Each scenario under `scenarios/hazards/` shows what `docs/hazards.md` says of it.

use rollsim::engine::outcome::Outcome;
use rollsim::engine::trace::What;
use rollsim::plan::Plan;

use super::support::{Pods, Story, plan, scenario, trace};

const MINUTE: i64 = 60_000;

fn hazard(name: &str) -> Plan {
    plan(&scenario(&format!("hazards/{name}/scenario.yaml")))
}

/// Replications that each hazard is looked for in.
const LOOKS: u64 = 5;

#[test]
fn blue_green_retry_promotes() {
    let plan = hazard("blue-green-retry-promotes");
    for index in 0..LOOKS {
        let (replication, story) = trace(&plan, "memory-leak", index);
        let retry = story.acted("retry")[0];
        assert_eq!(replication.outcome, Outcome::Promoted);
        assert!(replication.ended_ms - retry < 1_000);
        assert!(story.measured().iter().all(|&at| at < retry));
        let run_phases = story
            .times(|what| matches!(what, What::AnalysisRun { phase, .. } if phase == "Failed"));
        assert_eq!(run_phases.len(), 1);
    }
}

#[test]
fn retry_aborts_again() {
    let plan = hazard("retry-aborts-again");
    for index in 0..LOOKS {
        let (replication, story) = trace(&plan, "error-spike", index);
        let retry = story.acted("retry")[0];
        assert_eq!(
            (replication.outcome, replication.pages),
            (Outcome::AbortedFailed, 2)
        );
        assert!(replication.ended_ms - retry < 1_000);
        assert!(story.measured().iter().all(|&at| at < retry));
    }
}

#[test]
fn abort_stalls() {
    let plan = hazard("abort-stalls");
    for index in 0..LOOKS {
        let (replication, story) = trace(&plan, "error-spike", index);
        assert_eq!(replication.outcome, Outcome::AbortedFailed);
        assert_eq!(replication.safe_ms, None);
        let last = story.pods().last().unwrap();
        assert!(last.serves(0.4), "{last:?}");
        assert_eq!(last.canary, (6, 6));
    }
}

#[test]
fn promote_restarts_countdown() {
    let plan = hazard("promote-restarts-countdown");
    for index in 0..LOOKS {
        let (replication, story) = trace(&plan, "healthy", index);
        let promote = story.acted("promote")[0];
        assert_eq!(replication.outcome, Outcome::Promoted);
        let waited = replication.ended_ms - promote;
        assert!((298_000..302_000).contains(&waited), "{waited}");
    }
}

#[test]
fn background_error_at_start() {
    let plan = hazard("background-error-at-start");
    for index in 0..LOOKS {
        let (replication, story) = trace(&plan, "healthy", index);
        assert_eq!(replication.outcome, Outcome::AbortedError);
        assert!((38_000..42_000).contains(&replication.ended_ms));
        assert_eq!(story.measured().len(), 5);
        assert!(story.pods().all(|pods| pods.canary.0 == 0));
    }
}

#[test]
fn weight_is_whole_pods() {
    let plan = hazard("weight-is-whole-pods");
    let (_, story) = trace(&plan, "healthy", 0);
    assert!(story.pods_at(2 * MINUTE).serves(1.0 / 7.0));
    assert!(story.pods_at(7 * MINUTE).serves(1.0 / 6.0));
}

#[test]
fn skip_all_steps_overloads() {
    let plan = hazard("skip-all-steps-overloads");
    for index in 0..LOOKS {
        let (_, story) = trace(&plan, "healthy", index);
        let skip = story.acted("promote --skip-all-steps")[0];
        let overloaded = story.pods_at(skip + 20_000);
        assert!(overloaded.serves(1.0), "{overloaded:?}");
        assert_eq!(overloaded.canary, (1, 6));
    }
}

#[test]
fn promote_skips_starting_step() {
    let plan = hazard("promote-skips-starting-step");
    for index in 0..LOOKS {
        let (_, story) = trace(&plan, "healthy", index);
        let promote = story.acted("promote")[0];
        let second_weight = story.times(|what| matches!(what, What::Step { index: 2, .. }))[0];
        let waited = second_weight - promote;
        assert!((58_000..62_000).contains(&waited), "{waited}");
        let served = story
            .pods()
            .filter(|pods| pods.at_ms < second_weight && pods.share > 0.0)
            .map(|pods| second_weight - pods.at_ms)
            .max();
        assert!(served < Some(35_000), "{served:?} of a minute");
    }
}

#[test]
fn threshold_promotes_half() {
    let plan = hazard("threshold-promotes-half");
    for index in 0..LOOKS {
        let (replication, story) = trace(&plan, "healthy", index);
        assert_eq!(replication.outcome, Outcome::Promoted);
        let promoted = story.pods_at(replication.ended_ms);
        assert!(promoted.serves(1.0));
        assert!(promoted.canary.0 < 6, "{promoted:?}");
    }
}

#[test]
fn canary_scale_sticks() {
    let plan = hazard("canary-scale-sticks");
    let (_, story) = trace(&plan, "healthy", 0);
    let late = story.pods_at(3 * MINUTE);
    assert!(late.serves(0.8));
    assert_eq!(late.canary, (1, 1));
}

#[test]
fn retry_shrinks_canary() {
    let plan = hazard("retry-shrinks-canary");
    for index in 0..LOOKS {
        let (_, story) = trace(&plan, "healthy", index);
        let retry = story.acted("retry")[0];
        let shrunk = story.pods_at(retry + 10_000);
        assert!(shrunk.serves(0.6), "{shrunk:?}");
        assert_eq!(shrunk.canary, (1, 1));
    }
}

#[test]
fn post_promotion_inconclusive() {
    let plan = hazard("post-promotion-inconclusive");
    for index in 0..LOOKS {
        let (replication, story) = trace(&plan, "error-spike", index);
        assert_eq!(replication.outcome, Outcome::PausedInconclusive);
        assert!(last(&story).serves(1.0));
    }
}

#[test]
fn auto_promotion_off_wins() {
    let plan = hazard("auto-promotion-off-wins");
    let (replication, story) = trace(&plan, "healthy", 0);
    assert_eq!(replication.outcome, Outcome::Paused);
    assert_eq!(story.phases().last().unwrap(), "Paused: BlueGreenPause");
}

#[test]
fn abort_leaves_crashing_active() {
    let plan = hazard("abort-leaves-crashing-active");
    for index in 0..LOOKS {
        let (replication, story) = trace(&plan, "crashes", index);
        assert_eq!(replication.outcome, Outcome::AbortedFailed);
        assert_eq!(replication.safe_ms, None);
        let outage = last(&story);
        assert!(outage.serves(1.0));
        assert_eq!((outage.stable, outage.canary), ((4, 4), (0, 0)));
        assert!(replication.failed_before > 1_000_000, "{replication:?}");
    }
}

#[test]
fn paused_abort_keeps_serving() {
    let plan = hazard("paused-abort-keeps-serving");
    for index in 0..LOOKS {
        let (replication, story) = trace(&plan, "error-spike", index);
        assert_eq!(replication.outcome, Outcome::AbortedFailed);
        let unpause = story.acted("unpause")[0];
        let safe = replication.safe_ms.unwrap();
        assert!((unpause..unpause + 1_000).contains(&safe));
        assert!(safe - replication.ended_ms > 20 * MINUTE);
    }
}

#[test]
fn no_steps_all_at_once() {
    let plan = hazard("no-steps-all-at-once");
    let (replication, story) = trace(&plan, "error-spike", 0);
    assert_eq!(replication.outcome, Outcome::Promoted);
    let shares: Vec<f64> = story.pods().map(|pods| pods.share).collect();
    assert!(shares.iter().all(|&share| share <= 0.0 || share >= 1.0));
    assert!(last(&story).serves(1.0));
}

fn last(story: &Story) -> Pods {
    story.pods().last().unwrap()
}

/// Each hazard has a test above and a paragraph in the documentation, and each paragraph a scenario.
#[test]
fn all_hazards_are_documented_and_tested() {
    let root = env!("CARGO_MANIFEST_DIR");
    let read = |path: &str| std::fs::read_to_string(format!("{root}/{path}")).unwrap();
    let (documented, tested) = (read("docs/hazards.md"), read("tests/engine/hazards.rs"));
    let folders = std::fs::read_dir(scenario("hazards")).unwrap();
    let mut names: Vec<String> = folders
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    for name in &names {
        let command = format!("rollsim trace scenarios/hazards/{name}/scenario.yaml");
        assert!(documented.contains(&command), "docs/hazards.md: {command}");
        let test = format!("fn {}()", name.replace('-', "_"));
        assert!(tested.contains(&test), "{test}");
    }
    let commands = documented
        .matches("rollsim trace scenarios/hazards/")
        .count();
    assert_eq!(commands, names.len());
}
