//! What a scenario file doesn't say.

use std::path::PathBuf;

use super::model::{
    ControllerTiming, Cpu, DurationDistribution, Latency, Memory, MonteCarlo, Pod, Prometheus,
    PrometheusVersion, Scenario, Service, StartFraction, Traffic,
};
use crate::manifest::notifications::Trigger;
use crate::units::Duration;

const MEBIBYTE: f64 = 1_048_576.0;

impl Scenario {
    /// The scenario of a file that names its manifests and nothing else: no metrics, no faults.
    pub fn with_defaults(manifests: Vec<PathBuf>) -> Self {
        Self {
            manifests,
            rollout: None,
            namespace: None,
            traffic: Traffic::default(),
            service: Service::default(),
            prometheus: Prometheus::default(),
            controller: ControllerTiming::default(),
            metrics: Vec::new(),
            faults: Vec::new(),
            probes: Vec::new(),
            providers: Vec::new(),
            operators: Vec::new(),
            pages: [Trigger::RolloutAborted].into_iter().collect(),
            montecarlo: MonteCarlo::default(),
            horizon: Duration::from_seconds(24 * 3_600),
            releases: None,
            undetected_for: Duration::from_seconds(3_600),
            expectations: Vec::new(),
        }
    }
}

impl Default for Service {
    fn default() -> Self {
        Self {
            error_share: 0.001,
            latency: Latency::default(),
            slow_above: Duration::from_seconds(1),
            warmup: None,
            memory: Memory::default(),
            cpu: Cpu::default(),
            pod: Pod::default(),
        }
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self::Lognormal {
            p50: Duration::from_millis(80),
            p99: Duration::from_millis(400),
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            baseline_bytes: 300.0 * MEBIBYTE,
            limit_bytes: 512.0 * MEBIBYTE,
            noise_share: 0.005,
        }
    }
}

impl Default for Cpu {
    fn default() -> Self {
        Self {
            idle_share: 0.01,
            per_request: Duration::from_millis(5),
        }
    }
}

impl Default for Pod {
    fn default() -> Self {
        Self {
            ready_after: DurationDistribution::Lognormal {
                p50: Duration::from_seconds(8),
                p99: Duration::from_seconds(20),
            },
            stable_age: Duration::from_seconds(24 * 3_600),
        }
    }
}

impl Default for Prometheus {
    fn default() -> Self {
        Self {
            version: PrometheusVersion::V3,
            scrape_interval: Duration::from_seconds(30),
            scrape_failure: 0.0,
            scrape_duration: DurationDistribution::Fixed(Duration::ZERO),
            scrape_timeout: Duration::from_seconds(10),
            visibility_lag: Duration::ZERO,
            discovery: DurationDistribution::Uniform(Duration::ZERO, Duration::from_seconds(5)),
            rules: Vec::new(),
        }
    }
}

impl Default for ControllerTiming {
    fn default() -> Self {
        Self {
            start_fraction: StartFraction::Random,
            provider_latency: Duration::from_millis(20),
            reconcile_latency: Duration::from_millis(50),
            informer_latency: Duration::from_millis(5),
        }
    }
}
