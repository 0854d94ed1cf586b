//! Requests go where services and weights say.

use rollsim::engine::outcome::Outcome;
use rollsim::plan::Split;

use super::support::{plan, scenario, trace};

#[test]
fn a_router_gives_the_weights_asked_for() {
    let plan = plan(&scenario("nginx-canary/api.yaml"));
    assert_eq!(plan.world.split, Split::Services);
    let (replication, story) = trace(&plan, "healthy", 0);
    assert_eq!(replication.outcome, Outcome::Promoted);
    let mut shares: Vec<f64> = story.pods().map(|pods| pods.share).collect();
    shares.dedup();
    assert_eq!(shares, [0.0, 0.1, 0.3, 0.6, 1.0]);
}

#[test]
fn an_abort_behind_a_router_is_safe_in_the_same_second() {
    let plan = plan(&scenario("nginx-canary/api.yaml"));
    for index in 0..10 {
        let (replication, story) = trace(&plan, "error-spike", index);
        assert_eq!(replication.outcome, Outcome::AbortedFailed);
        assert!(replication.safe_ms.unwrap() - replication.ended_ms < 1_000);
        let abort = replication.abort.unwrap();
        assert_eq!((abort.step, abort.weight), (Some(1), 10));
        assert!(
            story.measured()[0] > 60_000,
            "startingStep and initialDelay"
        );
    }
}

#[test]
fn the_preview_gets_no_requests_and_the_active_service_all() {
    let plan = plan(&scenario("blue-green/api.yaml"));
    assert_eq!(plan.world.split, Split::ActiveService);
    let (replication, story) = trace(&plan, "error-spike", 0);
    assert_eq!(replication.outcome, Outcome::AbortedFailed);
    let shares: Vec<f64> = story.pods().map(|pods| pods.share).collect();
    assert!(shares.iter().all(|&share| share <= 0.0 || share >= 1.0));
    assert!(story.pods().last().unwrap().serves(0.0), "switched back");
    assert!(replication.safe_ms.unwrap() - replication.ended_ms < 1_000);
    let (leak, _) = trace(&plan, "memory-leak", 0);
    assert_eq!(
        (leak.outcome, leak.failed_before),
        (Outcome::AbortedFailed, 0),
        "found before the switch"
    );
    let (healthy, _) = trace(&plan, "healthy", 0);
    assert_eq!(healthy.outcome, Outcome::Promoted);
}
