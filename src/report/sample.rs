//! A hand-made study for the exporters' tests.

use super::bound::{Bound, Scope};
use super::findings::{ArmFacts, Facts, MetricFacts, Signal, derive};
use super::model::{
    ArmResult, Input, PlanMeasurement, PlanStep, PlanSummary, RNG, Report, RolloutResult, SCHEMA,
    Window,
};
use super::summarise::summarise;
use super::trace::{Event, Trace, TraceEvent};
use crate::engine::outcome::{Abort, Outcome, Replication};
use crate::montecarlo::tally::{Tally, detects};
use crate::plan::ArmKind;
use crate::stats::proportion::IntervalMethod;
use crate::stats::{Estimate, Method};

/// What the sample's templates read and its faults change.
pub(crate) fn facts() -> Facts {
    let metric = |name: &str, signal| MetricFacts {
        name: name.to_owned(),
        reads: [signal].into(),
        explained: false,
    };
    let arm = |name: &str, signal| ArmFacts {
        name: name.to_owned(),
        acts_on: [(signal, 9.2)].into(),
    };
    Facts {
        metrics: vec![
            metric("success-rate", Signal::Errors),
            metric("latency-p99", Signal::Latency),
        ],
        arms: vec![
            arm("error-spike", Signal::Errors),
            arm("empty-body", Signal::Content),
        ],
        traffic_router: false,
    }
}

fn step(step: u16, text: &str, weight: u16, share: f64, start_s: f64, end_s: f64) -> PlanStep {
    PlanStep {
        step,
        text: text.to_owned(),
        weight,
        share,
        start_s,
        end_s,
    }
}

/// One analysis at 10 %, then all.
pub(crate) fn plan() -> PlanSummary {
    let taken = |metric: &str, at_s: f64| PlanMeasurement {
        metric: metric.to_owned(),
        step: Some(2),
        at_s,
        window: Some(Window {
            from_s: at_s - 120.0,
            to_s: at_s,
        }),
        canary_requests: Some(857.1),
    };
    let times = [315.0, 345.0, 375.0, 405.0, 435.0];
    PlanSummary {
        duration_s: 1_644.0,
        canary_serves_from_s: Some(9.2),
        steps: vec![
            step(0, "setWeight 10", 10, 1.0 / 7.0, 0.0, 15.0),
            step(1, "pause 5m", 10, 1.0 / 7.0, 15.0, 315.0),
            step(
                2,
                "analysis success-rate, latency-p99",
                10,
                1.0 / 7.0,
                315.0,
                436.0,
            ),
            step(3, "setWeight 100", 100, 1.0, 436.0, 1_644.0),
        ],
        measurements: times
            .iter()
            .flat_map(|&at_s| [taken("success-rate", at_s), taken("latency-p99", at_s)])
            .collect(),
    }
}

fn promoted(failed_before: u64, failed_after_miss: u64) -> Replication {
    Replication {
        outcome: Outcome::Promoted,
        ended_ms: 1_644_000,
        onset_ms: None,
        safe_ms: None,
        abort: None,
        repeating: false,
        pages: 0,
        failed_before,
        failed_after_miss,
    }
}

fn aborted(index: i64) -> Replication {
    Replication {
        outcome: Outcome::AbortedFailed,
        ended_ms: 405_000 + 30 * index,
        onset_ms: Some(9_000),
        safe_ms: Some(450_000 + 30 * index),
        abort: Some(Abort {
            step: Some(2),
            weight: 10,
            share_ppm: 142_857,
            metric: Some(0),
        }),
        repeating: false,
        pages: 1,
        failed_before: 85,
        failed_after_miss: 0,
    }
}

fn tally(kind: ArmKind, replications: impl Iterator<Item = Replication>) -> Tally {
    let mut tally = Tally::new(kind);
    for replication in replications {
        tally.add(&replication);
        // The healthy release of the same number goes through.
        if kind == ArmKind::Fault {
            tally.add_pair(detects(kind, &replication), false);
        }
    }
    tally
}

/// Wrong content can't be seen; errors nearly always could.
fn bound(arm: &ArmResult) -> Vec<Bound> {
    if arm.kind == ArmKind::Healthy {
        return Vec::new();
    }
    let hidden = arm.name == "empty-body";
    let level = 0.003;
    let estimate = |n: u64, estimate: f64, method| Estimate {
        n,
        estimate,
        low: Some(estimate - 0.002),
        high: Some(estimate.midpoint(1.0)),
        level: 0.95,
        method,
    };
    let power = [0.999, 1.0, 1.0].map(|power| if hidden { level } else { power });
    let of = |scope: Scope| {
        let best = power[scope as usize];
        let method = if best < 1.0 {
            Method::Bootstrap
        } else {
            Method::ClopperPearsonLower
        };
        Bound {
            scope,
            requests: Some(4_800.0 * (1.0 + f64::from(scope as u8))),
            alpha: Some(estimate(1_000, 0.0, Method::ClopperPearsonUpper)),
            level: Some(level),
            power: arm.detected,
            bound: Some(estimate(400, best, method)),
            reason: hidden.then(|| "nothing that is exported shows the fault".to_owned()),
            efficiency: (!hidden).then(|| estimate(400, 0.998, Method::Bootstrap)),
        }
    };
    Scope::ALL.map(of).to_vec()
}

/// Three arms of 1,000: all well, nearly always detected, never detected.
pub(crate) fn report() -> Report {
    let names = ["success-rate", "latency-p99"].map(String::from);
    let spike = (0..998)
        .map(aborted)
        .chain((0..2).map(|_| promoted(300, 5_400)));
    let tallies = [
        (
            "healthy",
            tally(ArmKind::Healthy, (0..1_000).map(|_| promoted(0, 0))),
        ),
        ("error-spike", tally(ArmKind::Fault, spike)),
        (
            "empty-body",
            tally(
                ArmKind::Fault,
                (0..1_000).map(|_| promoted(21_000, 180_000)),
            ),
        ),
    ];
    let result = RolloutResult {
        rollout: "api".to_owned(),
        invalid_spec: None,
        plan: Some(plan()),
        arms: tallies
            .iter()
            .filter_map(|(name, tally)| summarise(name, tally, &names, IntervalMethod::Wilson))
            .map(|arm| ArmResult {
                bound: bound(&arm),
                ..arm
            })
            .collect(),
        base_rates: None,
        sensitivity: None,
    };
    let findings = derive(&result, &facts());
    Report {
        schema: SCHEMA.to_owned(),
        rollsim: "0.1.0".to_owned(),
        rng: RNG.to_owned(),
        scenario: Some("scenarios/article/api.yaml".to_owned()),
        seed: 1,
        inputs: vec![Input {
            file: "scenarios/article/api.yaml".to_owned(),
            sha256: "ab".repeat(32),
        }],
        assumptions: vec!["traffic is 50 requests a second, the default".to_owned()],
        findings: findings
            .iter()
            .map(|finding| finding.entry("api"))
            .collect(),
        results: vec![result],
    }
}

/// The first moments and the end of an aborted release.
pub(crate) fn trace() -> Trace {
    Trace {
        schema: super::trace::SCHEMA.to_owned(),
        rollsim: "0.1.0".to_owned(),
        rng: RNG.to_owned(),
        scenario: None,
        seed: 1,
        rollout: "api".to_owned(),
        arm: "error-spike".to_owned(),
        replication: 417,
        replayed: None,
        invalid_spec: None,
        findings: Vec::new(),
        events: trace_events(),
    }
}

fn trace_events() -> Vec<TraceEvent> {
    let at = |at_s, event| TraceEvent { at_s, event };
    let text = |text: &str| text.to_owned();
    vec![
        at(
            0.0,
            Event::Rollout {
                phase: text("Progressing"),
                message: text("more replicas need to be updated"),
            },
        ),
        at(
            0.05,
            Event::Step {
                step: 0,
                text: text("setWeight 10"),
            },
        ),
        at(
            0.05,
            Event::Replicas {
                stable: 6,
                stable_ready: 6,
                canary: 1,
                canary_ready: 0,
            },
        ),
        at(
            9.213,
            Event::Weight {
                asked: 10,
                share: 1.0 / 7.0,
            },
        ),
        at(
            9.213,
            Event::Fault {
                text: text("errors 3 %"),
            },
        ),
        at(
            315.02,
            Event::Measurement {
                metric: text("success-rate"),
                window: Some(Window {
                    from_s: 195.02,
                    to_s: 315.02,
                }),
                value: Some(text("[0.9683]")),
                phase: text("Failed"),
                message: String::new(),
            },
        ),
        at(
            405.0,
            Event::AnalysisRun {
                name: text("step 2"),
                phase: text("Failed"),
                message: text(
                    "Metric \"success-rate\" assessed Failed due to failed (4) > failureLimit (3)",
                ),
            },
        ),
        at(
            405.05,
            Event::Outcome {
                outcome: text(Outcome::AbortedFailed.name()),
            },
        ),
    ]
}
