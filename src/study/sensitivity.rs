//! `run --sensitivity`: the same study with one assumption changed at a time, and which of them matters.

use crate::diagnostics::Diagnostic;
use crate::manifest::source::Object;
use crate::montecarlo::progress::Progress;
use crate::report::model::{ArmResult, Sensitivity, Variant};
use crate::report::sensitivity::{unchanged, varied};
use crate::scenario::model::{DurationDistribution, Scenario};
use crate::units::Duration;

use super::failure::Failure;
use super::input::Inputs;
use super::prepare::{Prepared, prepare};
use super::request::RunRequest;
use super::run::{choose_arms, summarised};
use super::sampling::{self, Extent, Session};

/// Traffic with so many times the overdispersion.
const BURSTIER: f64 = 4.0;
/// So many times the errors of a healthy version.
const MORE_ERRORS: f64 = 3.0;
/// New pods are ready so much later.
const LATER: Duration = Duration::from_seconds(60);
/// Scrape intervals that Prometheus is often run with, seconds.
const SCRAPE_INTERVALS: [i64; 3] = [15, 30, 60];

/// One assumption, changed.
struct Change {
    assumption: &'static str,
    text: String,
    scenario: Scenario,
}

/// Replays a Rollout under each change of `scenario`, on the current rayon pool. None if it is stopped on the way.
pub(super) fn sensitivity(
    inputs: &Inputs,
    scenario: &Scenario,
    object: &Object,
    arms: &[ArmResult],
    request: &RunRequest,
    seed: u64,
    progress: &Progress,
) -> Result<Option<Sensitivity>, Failure> {
    let Some(replications) = arms.first().map(|arm| arm.replications) else {
        return Ok(None);
    };
    let mut variants: Vec<Variant> = Vec::new();
    for change in changes(scenario) {
        let mut inputs = inputs.clone();
        inputs.give_scenario(change.scenario);
        let Prepared::Ready(ready) = prepare(&inputs, object)? else {
            let message = format!("with {} the Rollout would be refused", change.text);
            return Err(Failure::request(Diagnostic::error(message)));
        };
        let built = &ready.built;
        let chosen = choose_arms(&built.plan, &request.arms)?;
        let mut sessions = [Session::new(&built.plan, chosen)];
        let extent = Extent::Replications(replications);
        sampling::replay(&mut sessions, extent, request.interval, seed, progress)?;
        if sessions[0].replayed.until < replications {
            return Ok(None);
        }
        let result = summarised(&sessions[0], Vec::new(), request, None);
        variants.push(varied(change.assumption, &change.text, arms, &result.arms));
    }
    let changing = variants.iter().filter(|variant| variant.changes_verdict);
    Ok(Some(Sensitivity {
        as_assumed: unchanged(arms),
        hangs_on: changing.map(|variant| variant.assumption.clone()).collect(),
        variants,
    }))
}

fn changes(scenario: &Scenario) -> Vec<Change> {
    let mut changes = vec![burstier(scenario)];
    if scenario.service.error_share > 0.0 {
        changes.push(more_errors(scenario));
    }
    for seconds in SCRAPE_INTERVALS {
        let interval = Duration::from_seconds(seconds);
        if interval != scenario.prometheus.scrape_interval {
            let mut scenario = scenario.clone();
            scenario.prometheus.scrape_interval = interval;
            changes.push(Change {
                assumption: "scrape-interval",
                text: format!("a scrape interval of {interval}"),
                scenario,
            });
        }
    }
    changes.push(later(scenario));
    changes
}

fn burstier(scenario: &Scenario) -> Change {
    let mut scenario = scenario.clone();
    scenario.traffic.overdispersion *= BURSTIER;
    Change {
        assumption: "overdispersion",
        text: format!("overdispersion {}", scenario.traffic.overdispersion),
        scenario,
    }
}

/// A fault's own share of errors stays, but isn't below the healthy one.
fn more_errors(scenario: &Scenario) -> Change {
    let mut scenario = scenario.clone();
    let share = (scenario.service.error_share * MORE_ERRORS).min(1.0);
    scenario.service.error_share = share;
    for fault in &mut scenario.faults {
        fault.error_share = fault.error_share.map(|errors| errors.max(share));
    }
    Change {
        assumption: "errors",
        text: format!("healthy errors times {MORE_ERRORS}"),
        scenario,
    }
}

/// Pods of the old version have been ready for long, so this is felt by the new ones.
fn later(scenario: &Scenario) -> Change {
    let mut scenario = scenario.clone();
    let ready = &mut scenario.service.pod.ready_after;
    *ready = match ready.clone() {
        DurationDistribution::Fixed(after) => DurationDistribution::Fixed(after + LATER),
        DurationDistribution::Uniform(low, high) => {
            DurationDistribution::Uniform(low + LATER, high + LATER)
        }
        DurationDistribution::Lognormal { p50, p99 } => DurationDistribution::Lognormal {
            p50: p50 + LATER,
            p99: p99 + LATER,
        },
    };
    Change {
        assumption: "ready-after",
        text: format!("new pods ready {LATER} later"),
        scenario,
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Scenario, changes};

    #[test]
    fn every_change_is_of_one_assumption() {
        let base = Scenario::with_defaults(Vec::new());
        let changes = changes(&base);
        let names: Vec<_> = changes.iter().map(|change| change.assumption).collect();
        // The default scrape interval, 30 s, is no change.
        let expected = [
            "overdispersion",
            "errors",
            "scrape-interval",
            "scrape-interval",
            "ready-after",
        ];
        assert_eq!(names, expected);
        assert!((changes[0].scenario.traffic.overdispersion - 4.0).abs() < 1e-12);
        assert!((changes[1].scenario.service.error_share - 0.003).abs() < 1e-12);
        let interval = changes[3].scenario.prometheus.scrape_interval;
        assert_eq!(interval, Duration::from_seconds(60));
        assert_ne!(changes[4].scenario.service.pod, base.service.pod);
    }
}
