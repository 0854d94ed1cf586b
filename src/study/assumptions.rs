//! What a report assumed, in words: the scenario's models and what they leave out.

use crate::plan::Split;
use crate::plan::build::Built;
use crate::report::number::percent;
use crate::scenario::model::{Latency, Scenario, StartFraction};
use crate::scenario::traffic::{RateShape, Traffic};
use crate::units::Duration;

/// One sentence per assumption that numbers rest on.
pub fn assumptions(scenario: &Scenario, built: &Built) -> Vec<String> {
    let service = &scenario.service;
    let split = match built.plan.world.split {
        Split::Services | Split::Subsets => "split by the router's weights",
        Split::ReadyPods => "split evenly over ready pods, as a Service does",
        Split::StableService => "all to the stable Service, since no router is named",
        Split::ActiveService => "all to the pods behind the active Service",
    };
    let latency = match &service.latency {
        Latency::Constant(value) => format!("always {value}"),
        Latency::Lognormal { p50, p99 } => {
            format!("lognormal with median {p50} and 99th percentile {p99}")
        }
    };
    let start = match scenario.controller.start_fraction {
        StartFraction::Random => "at a random fraction of a second".to_owned(),
        StartFraction::Fixed(fraction) => format!("{fraction} after a whole second"),
    };
    let visible = match scenario.prometheus.visibility_lag {
        Duration::ZERO => "a query sees every sample at once".to_owned(),
        lag => format!("a query sees samples that are at least {lag} old"),
    };
    let mut assumptions = vec![
        format!("Requests arrive {}, {split}.", arrivals(&scenario.traffic)),
        format!(
            "A healthy version fails {} of its requests, independently; response times are {latency}.",
            percent(service.error_share, 6)
        ),
        format!(
            "Prometheus scrapes each pod every {} at a random phase; {visible}.",
            scenario.prometheus.scrape_interval
        ),
        format!(
            "The update starts {start}; a provider call takes {}, the Rollout controller acts {} after a change.",
            scenario.controller.provider_latency, scenario.controller.reconcile_latency
        ),
        format!(
            "A request fails because of a fault if a healthy version would have served it and this one answers \
             with an error, wrong content, or later than {}.",
            service.slow_above
        ),
        format!(
            "A bad release that is missed goes on for {}.",
            scenario.undetected_for
        ),
    ];
    if built.plan.world.split != Split::ReadyPods {
        assumptions.push(
            "Requests sent to a version without a ready pod fail; of those sent to the new version the expected \
             number is counted."
                .to_owned(),
        );
    }
    if !scenario.operators.is_empty() {
        assumptions.push(
            "People act as the scenario says, whatever else happens; a new image is without the fault."
                .to_owned(),
        );
    }
    if scenario.prometheus.scrape_interval > Duration::from_seconds(30) {
        assumptions.push("Windows under two minutes may hold fewer than two samples.".to_owned());
    }
    assumptions
}

/// How requests arrive, and how many.
fn arrivals(traffic: &Traffic) -> String {
    let rate = traffic.rate_per_second;
    let stream = if traffic.overdispersion > 1.0 {
        format!(
            "in bursts (their counts per minute have {} times the variance of a Poisson stream's)",
            traffic.overdispersion
        )
    } else if traffic.shape == RateShape::Constant && traffic.bursts.is_none() {
        "as a Poisson stream of constant rate".to_owned()
    } else {
        "as a Poisson stream".to_owned()
    };
    let start = |at: Option<Duration>| {
        at.map_or("at a random time of it".to_owned(), |at| {
            format!("{at} after its start")
        })
    };
    let mut text = match &traffic.shape {
        RateShape::Constant => format!("{stream}, {rate} a second in all"),
        RateShape::Diurnal(diurnal) => format!(
            "{stream}, {rate} a second in all on average over a day with {} more at its peak; the update starts {}",
            percent(diurnal.amplitude, 4),
            start(diurnal.starts_at)
        ),
        RateShape::Ramp(ramp) => format!(
            "{stream}, {rate} a second in all, from {} after the update on within {} {} a second",
            ramp.at,
            ramp.over,
            rate * ramp.to_factor
        ),
        RateShape::Steps(_) => {
            format!("{stream}, {rate} a second in all at first, then in steps")
        }
        RateShape::Recorded(recording) => format!(
            "{stream} as recorded in {}, {rate} a second in all on average; the update starts {}",
            recording.file,
            start(recording.starts_at)
        ),
    };
    if let Some(bursts) = &traffic.bursts {
        let bursts = format!(
            "; bursts of {} times as much last {} on average, with {} between them",
            bursts.factor, bursts.burst, bursts.calm
        );
        text += &bursts;
    }
    text
}
