//! The world of a scenario, compiled: samplers for the request rates that can occur, what each fault does
//! to a request, and the rows that scrapes fill.

use crate::scenario::model::{Fault, LatencyFault, Onset, OutOfMemory, Scenario};
use crate::scenario::probes::Probe;
use crate::telemetry::exporter::{ColumnSource, ColumnSpec, RowPlan, atom_count};
use crate::telemetry::targets::{Leak, ScrapePlan, StampedPlan};
use crate::units::Duration;
use crate::world::durations::RandomDuration;
use crate::world::latency::{Cells, Slowdown};
use crate::world::pod::{HealthyClass, LEVELS, RequestPlan, StageTimes};
use crate::world::requests::{
    FaultEffect, FaultParameters, FixedMeanSampler, FreeMeanSampler, healthy_shares,
};
use crate::world::sampler::PoissonDigits;

use super::traffic::modulation;

/// Memory that tables for foreseen rates may take; what doesn't fit is drawn digit by digit.
const TABLE_BYTES: usize = 8 << 20;

/// One arm's fault, compiled. The healthy arm has none of it.
#[derive(Clone, Debug, Default)]
pub struct FaultPlan {
    /// `effects[stage][class of healthy behaviour]`.
    pub stages: Vec<Vec<Option<FaultEffect>>>,
    onset: Option<Onset>,
    memory: Option<MemoryPlan>,
    /// Share of a faulty version's requests that fail because of the fault in its last stage.
    pub failing_share: f64,
}

/// Times in milliseconds.
#[derive(Clone, Copy, Debug)]
struct MemoryPlan {
    /// Bytes per millisecond.
    growth: f64,
    /// From the onset until garbage collection gets in the way.
    pressure_after: Option<i64>,
    /// From the onset until the process is killed.
    killed_after: Option<i64>,
}

/// What a fault means for one process of the new version.
#[derive(Clone, Copy, Debug, Default)]
pub struct FaultTimes {
    /// When its stages begin.
    pub stages: StageTimes,
    /// How its memory grows.
    pub leak: Option<Leak>,
    /// When it is killed.
    pub killed_ms: Option<i64>,
}

impl FaultPlan {
    /// Whether this is an arm with a fault.
    pub fn is_faulty(&self) -> bool {
        self.onset.is_some()
    }

    /// When the fault sets in on a process that serves from `serving_from_ms`.
    pub fn onset_ms(&self, serving_from_ms: i64, update_ms: i64) -> Option<i64> {
        Some(match self.onset? {
            Onset::PodAge(age) => serving_from_ms + age.as_millis_floor(),
            Onset::SinceUpdate(since) => serving_from_ms.max(update_ms + since.as_millis_floor()),
        })
    }

    /// What happens to a process that serves from `serving_from_ms`.
    pub fn times(&self, serving_from_ms: i64, update_ms: i64) -> FaultTimes {
        let Some(onset) = self.onset_ms(serving_from_ms, update_ms) else {
            return FaultTimes::default();
        };
        let Some(memory) = self.memory else {
            return FaultTimes {
                stages: StageTimes::new([onset]),
                leak: None,
                killed_ms: None,
            };
        };
        let pressure = memory.pressure_after.map(|after| onset + after);
        FaultTimes {
            stages: StageTimes::new([onset].into_iter().chain(pressure)),
            leak: Some(Leak {
                from_ms: onset,
                bytes_per_ms: memory.growth,
            }),
            killed_ms: memory.killed_after.map(|after| onset + after),
        }
    }
}

/// The rates that ready pods can get, as far as they are known beforehand, in requests per millisecond.
#[derive(Clone, Debug, Default)]
pub struct KnownRates(Vec<f64>);

impl KnownRates {
    /// The service's rate divided evenly by `pods.start() ..= pods.end()` ready pods.
    pub fn even_split(rate_per_second: f64, pods: std::ops::RangeInclusive<u32>) -> Self {
        Self(
            pods.filter(|&n| n > 0)
                .map(|n| rate_per_second / 1_000.0 / f64::from(n))
                .collect(),
        )
    }

    /// The class of a rate, if it is one of them.
    pub fn class(&self, per_ms: f64) -> Option<u16> {
        self.0
            .iter()
            .position(|known| known.to_bits() == per_ms.to_bits())
            .map(|index| index as u16)
    }
}

/// The cells in which response times are counted: the bounds of every bucket that is read, and where
/// responses become too slow if a fault can make them so.
pub fn cells(scenario: &Scenario, columns: &[ColumnSpec]) -> Cells {
    let mut bounds: Vec<f64> = columns
        .iter()
        .filter_map(|column| match column.source {
            ColumnSource::Requests { up_to_seconds, .. } => Some(up_to_seconds),
            _ => None,
        })
        .filter(|bound| bound.is_finite())
        .collect();
    let slows = |fault: &Fault| {
        fault.latency.is_some()
            || fault
                .memory
                .as_ref()
                .is_some_and(|memory| memory.gc_pressure.is_some())
    };
    if scenario.faults.iter().any(slows) {
        bounds.push(scenario.service.slow_above.as_seconds_f64());
    }
    let limits = scenario.probes.iter().flat_map(Probe::limits);
    bounds.extend(limits.map(Duration::as_seconds_f64));
    Cells::new(bounds)
}

/// How long a scrape takes and may take, if it can take too long.
fn timeout(scenario: &Scenario) -> Option<(RandomDuration, Duration)> {
    let prometheus = &scenario.prometheus;
    let duration = RandomDuration::new(&prometheus.scrape_duration);
    let longest = match duration {
        RandomDuration::Fixed(longest) | RandomDuration::Uniform(_, longest) => Some(longest),
        RandomDuration::Lognormal { .. } => None,
    };
    let timeout = prometheus.scrape_timeout.min(prometheus.scrape_interval);
    longest
        .is_none_or(|longest| longest > timeout)
        .then_some((duration, timeout))
}

/// Compiles what is the same for all arms.
pub fn scrape_plan(
    scenario: &Scenario,
    columns: &[ColumnSpec],
    reads_ms: [Option<i64>; 2],
    rates: &KnownRates,
) -> ScrapePlan {
    let cells = cells(scenario, columns);
    let interval_ms = scenario.prometheus.scrape_interval.as_millis_floor();
    let service = &scenario.service;
    let mut bytes = 0;
    let healthy = warmup_factors(scenario)
        .map(|factor| {
            let shares = healthy_shares(&cells, &service.latency, factor, service.error_share);
            let fixed = rates
                .0
                .iter()
                .map(|rate| fixed_samplers(rate * interval_ms as f64, &shares, &mut bytes));
            HealthyClass {
                fixed: fixed.collect(),
                free: FreeMeanSampler::new(&shares),
            }
        })
        .collect();
    ScrapePlan {
        requests: RequestPlan {
            atoms: atom_count(&cells),
            scrape_interval_ms: interval_ms,
            warmup_ms: service
                .warmup
                .as_ref()
                .map_or(0, |warmup| warmup.duration.as_millis_floor()),
            healthy,
            digits: PoissonDigits::new(),
            modulation: modulation(&scenario.traffic),
        },
        row: RowPlan::new(columns, &cells),
        stamped: StampedPlan::new(columns),
        reads_ms,
        failure_share: scenario.prometheus.scrape_failure,
        timeout: timeout(scenario),
        lag_ms: scenario.prometheus.visibility_lag.as_millis_floor(),
        memory: service.memory.clone(),
        cpu: service.cpu,
        rules: Vec::new(),
    }
}

/// Factors of response times for the classes of healthy behaviour: warm, then cold.
pub(super) fn warmup_factors(scenario: &Scenario) -> impl Iterator<Item = f64> {
    let cold = scenario
        .service
        .warmup
        .as_ref()
        .map(|warmup| warmup.latency_factor);
    [1.0].into_iter().chain(cold)
}

/// Samplers for blocks of 1, 2, 4, … scrape intervals, while the memory lasts.
fn fixed_samplers(mean: f64, shares: &[f64], bytes: &mut usize) -> Vec<FixedMeanSampler> {
    let mut samplers = Vec::with_capacity(LEVELS);
    for level in 0..LEVELS {
        let level_mean = mean * f64::from(1_u32 << level);
        // A table spans about 20 standard deviations; its aliases have 16 bits.
        if level_mean > 5e6 || *bytes > TABLE_BYTES {
            break;
        }
        let sampler = FixedMeanSampler::new(level_mean, shares);
        *bytes += sampler.bytes();
        samplers.push(sampler);
    }
    samplers
}

/// Compiles one fault.
pub fn fault_plan(scenario: &Scenario, fault: &Fault, columns: &[ColumnSpec]) -> FaultPlan {
    let cells = cells(scenario, columns);
    let slowdowns = slowdowns(fault);
    let expected_requests =
        scenario.traffic.rate_per_second * scenario.prometheus.scrape_interval.as_seconds_f64();
    let parameters = |warmup_factor: f64, slowdown: Slowdown| FaultParameters {
        cells: &cells,
        latency: &scenario.service.latency,
        warmup_factor,
        healthy_error_share: scenario.service.error_share,
        error_share: fault.error_share.unwrap_or(scenario.service.error_share),
        slowdown,
        broken_share: fault.broken_content_share.unwrap_or(0.0),
        slow_above_seconds: if slowdown.is_none() {
            f64::INFINITY
        } else {
            scenario.service.slow_above.as_seconds_f64()
        },
        expected_requests,
    };
    let stage = |slowdown: &Slowdown| {
        warmup_factors(scenario)
            .map(|factor| FaultEffect::new(parameters(factor, *slowdown)))
            .collect()
    };
    FaultPlan {
        stages: slowdowns.iter().map(stage).collect(),
        onset: Some(fault.onset),
        memory: fault
            .memory
            .as_ref()
            .map(|leak| memory_plan(scenario, leak)),
        failing_share: failing_share(scenario, fault),
    }
}

/// What happens to response times in each stage of a fault.
pub(super) fn slowdowns(fault: &Fault) -> Vec<Slowdown> {
    let slowdown = fault.latency.as_ref().map_or(Slowdown::NONE, Slowdown::of);
    let pressure = fault
        .memory
        .as_ref()
        .and_then(|memory| memory.gc_pressure.as_ref());
    let mut slowdowns = vec![slowdown];
    slowdowns.extend(pressure.map(|pressure| slowdown.times(pressure.latency_factor)));
    slowdowns
}

fn memory_plan(scenario: &Scenario, leak: &crate::scenario::model::MemoryLeak) -> MemoryPlan {
    let memory = &scenario.service.memory;
    let bytes_per_ms = leak.bytes_per_second / 1_000.0;
    let reached_after =
        |bytes: f64| ((bytes - memory.baseline_bytes) / bytes_per_ms).max(0.0) as i64;
    MemoryPlan {
        growth: bytes_per_ms,
        pressure_after: leak
            .gc_pressure
            .as_ref()
            .map(|pressure| reached_after(pressure.from_share * memory.limit_bytes)),
        killed_after: match leak.oom {
            OutOfMemory::Restart => Some(reached_after(memory.limit_bytes)),
            OutOfMemory::Ignore => None,
        },
    }
}

/// The share of requests that fail because of a fault of full strength on a warm pod.
fn failing_share(scenario: &Scenario, fault: &Fault) -> f64 {
    let service = &scenario.service;
    let errors = fault.error_share.unwrap_or(service.error_share);
    let slow_above = service.slow_above.as_seconds_f64();
    let pressure = fault
        .memory
        .as_ref()
        .and_then(|memory| memory.gc_pressure.as_ref())
        .map_or(1.0, |p| p.latency_factor);
    let slow_healthy = 1.0 - crate::world::latency::cumulative(&service.latency, slow_above);
    let slow = match &fault.latency {
        None => slow_share(scenario, pressure, Duration::ZERO),
        Some(LatencyFault::Factor(factor)) => {
            slow_share(scenario, factor * pressure, Duration::ZERO)
        }
        Some(LatencyFault::Shift(shift)) => slow_share(scenario, pressure, *shift),
        Some(LatencyFault::Tail { share, to }) => {
            let rest = slow_share(scenario, pressure, Duration::ZERO);
            if to.as_seconds_f64() > slow_above {
                rest + share * (1.0 - rest)
            } else {
                rest
            }
        }
    };
    let became_slow = if fault.latency.is_some() || pressure > 1.0 {
        slow - slow_healthy
    } else {
        0.0
    };
    let fine = (1.0 - errors) * (1.0 - if became_slow > 0.0 { slow } else { 0.0 });
    (errors - service.error_share)
        + (1.0 - errors) * became_slow
        + fine * fault.broken_content_share.unwrap_or(0.0)
}

fn slow_share(scenario: &Scenario, factor: f64, shift: Duration) -> f64 {
    let service = &scenario.service;
    let limit = (service.slow_above.as_seconds_f64() - shift.as_seconds_f64()) / factor;
    1.0 - crate::world::latency::cumulative(&service.latency, limit)
}
