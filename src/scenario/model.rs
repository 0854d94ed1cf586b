//! A validated scenario with its defaults filled in.

use std::path::PathBuf;

use super::expectation::Expectation;
use super::probes::Probe;
use super::providers::Mapping;
pub use super::traffic::Traffic;
use crate::manifest::notifications::Triggers;
use crate::units::Duration;

/// Everything that `rollsim/v1` scenario files say.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Files and folders of manifests, resolved against the scenario file's folder.
    pub manifests: Vec<PathBuf>,
    /// Which Rollout, where there are several.
    pub rollout: Option<String>,
    /// The namespace of manifests that name none, `namespace: shop`. Default `default`.
    pub namespace: Option<String>,
    /// Requests that reach the service.
    pub traffic: Traffic,
    /// How a healthy version behaves.
    pub service: Service,
    /// How metrics are collected.
    pub prometheus: Prometheus,
    /// How fast the controllers are.
    pub controller: ControllerTiming,
    /// What the pods export.
    pub metrics: Vec<Metric>,
    /// What can be wrong with a release: one arm each, in the file's order.
    pub faults: Vec<Fault>,
    /// What web and job metrics ask of the service, by metric. Default none.
    pub probes: Vec<Probe>,
    /// What other metrics systems answer, by metric. Default nothing.
    pub providers: Vec<Mapping>,
    /// What people do meanwhile. Default nothing.
    pub operators: Vec<Operator>,
    /// What pages somebody, `pages: [on-rollout-aborted]`. Default that.
    pub pages: Triggers,
    /// Number of replications and the seed.
    pub montecarlo: MonteCarlo,
    /// A replication ends there at the latest, counted from the update. Default 24 h.
    pub horizon: Duration,
    /// How often there are releases and bad ones, `deploys-per-week: 20` and `bad-release-share: 5%`. Default
    /// unknown.
    pub releases: Option<Releases>,
    /// How long a missed bad release goes on failing requests. Default 1 h.
    pub undetected_for: Duration,
    /// What `rollsim check` holds the result to.
    pub expectations: Vec<Expectation>,
}

/// How often there are releases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Releases {
    /// Releases a week, more than 0.
    pub per_week: f64,
    /// The share of bad ones, above 0 and below 1.
    pub bad_share: f64,
}

/// Behaviour of a healthy version.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Share of requests answered with status 500, `errors: 0.1%`. Default 0.1 %.
    pub error_share: f64,
    /// Response times. Default `{lognormal: {p50: 80ms, p99: 400ms}}`.
    pub latency: Latency,
    /// Requests slower than this count as failed when a fault made them so, `slow-above: 1s`. Default 1 s.
    pub slow_above: Duration,
    /// Cold start of each new pod, `warmup: {for: 60s, latency: x3}`. Default none.
    pub warmup: Option<Warmup>,
    /// Resident memory of a pod. Default baseline 300Mi, limit 512Mi.
    pub memory: Memory,
    /// Processor time of a pod. Default idle 1 %, 5 ms a request.
    pub cpu: Cpu,
    /// Life of a pod.
    pub pod: Pod,
}

/// Distribution of response times.
#[derive(Clone, Debug, PartialEq)]
pub enum Latency {
    /// `{lognormal: {p50: 80ms, p99: 400ms}}`
    Lognormal {
        /// Median.
        p50: Duration,
        /// 99th percentile, above the median.
        p99: Duration,
    },
    /// `{constant: 80ms}`
    Constant(Duration),
}

/// What is different while a pod is new.
#[derive(Clone, Debug, PartialEq)]
pub struct Warmup {
    /// Counted from readiness.
    pub duration: Duration,
    /// Response times are multiplied by this (`x3`), at least 1.
    pub latency_factor: f64,
}

/// Resident memory of a pod, as `process_resident_memory_bytes` shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Memory {
    /// Bytes in steady state.
    pub baseline_bytes: f64,
    /// Bytes at which the kernel kills it.
    pub limit_bytes: f64,
    /// Each sample is off by a uniform share of at most this, `noise: 0.5%`. Default 0.5 %.
    pub noise_share: f64,
}

/// Processor time that a pod uses, as `container_cpu_usage_seconds_total` counts it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cpu {
    /// Share of one core that an idle pod uses, `idle: 1%`. Default 1 %.
    pub idle_share: f64,
    /// What a request costs, `per-request: 5ms`. Default 5 ms.
    pub per_request: Duration,
}

/// Life of a pod.
#[derive(Clone, Debug, PartialEq)]
pub struct Pod {
    /// From creation to ready. Default `{lognormal: {p50: 8s, p99: 20s}}`.
    pub ready_after: DurationDistribution,
    /// Age of the stable pods when the update starts, `stable-age: 24h`. Default 24 h.
    pub stable_age: Duration,
}

/// A random length of time.
#[derive(Clone, Debug, PartialEq)]
pub enum DurationDistribution {
    /// `10s`
    Fixed(Duration),
    /// `{uniform: [0s, 5s]}`
    Uniform(Duration, Duration),
    /// `{lognormal: {p50: 8s, p99: 20s}}`
    Lognormal {
        /// Median.
        p50: Duration,
        /// 99th percentile, above the median.
        p99: Duration,
    },
}

/// How metrics are collected.
#[derive(Clone, Debug, PartialEq)]
pub struct Prometheus {
    /// Which version's rules decide, `version: 3 | 2.51 | 2`. Default 3.
    pub version: PrometheusVersion,
    /// Default 30 s; whole milliseconds, at least 1 s.
    pub scrape_interval: Duration,
    /// Probability that a scrape fails. Default 0.
    pub scrape_failure: f64,
    /// How long a pod takes to answer a scrape. Default no time.
    pub scrape_duration: DurationDistribution,
    /// A scrape that takes longer has failed. Default 10 s, the interval if that is shorter.
    pub scrape_timeout: Duration,
    /// A query sees only samples at least this old. Default 0.
    pub visibility_lag: Duration,
    /// From a pod's readiness until Prometheus knows it. Default `{uniform: [0s, 5s]}`.
    pub discovery: DurationDistribution,
    /// Queries whose results are stored as series. Default none.
    pub rules: Vec<RecordingRule>,
}

/// `{record: job:errors:rate1m, expr: …, interval: 30s}`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingRule {
    /// The name of the new series.
    pub record: String,
    /// A query that Prometheus accepts.
    pub expr: String,
    /// How often it is evaluated; whole milliseconds, at least 1 s. Default 1 min.
    pub interval: Duration,
    /// Where the query stands, `file:line:column`.
    pub place: String,
}

/// Rule sets of Prometheus versions (spec promql §10.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PrometheusVersion {
    /// 3.0 and later.
    #[default]
    V3,
    /// 2.51 to 2.55.
    V2_51,
    /// Up to 2.50.
    V2,
}

/// How fast the controllers are.
#[derive(Clone, Debug, PartialEq)]
pub struct ControllerTiming {
    /// The fraction of a second at which the update starts: times are persisted in whole seconds.
    pub start_fraction: StartFraction,
    /// How long one provider call takes. Default 20 ms.
    pub provider_latency: Duration,
    /// From a change until the Rollout controller has acted on it. Default 50 ms.
    pub reconcile_latency: Duration,
    /// From an AnalysisRun's change until its controller sees it. Default 5 ms.
    pub informer_latency: Duration,
}

/// `start-fraction: random` or a number in [0, 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StartFraction {
    /// Uniform, drawn for each replication. The default.
    Random,
    /// The same in every replication.
    Fixed(Duration),
}

/// One metric family that each pod exports.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Name without the suffixes of a histogram.
    pub name: String,
    /// What it measures.
    pub kind: MetricKind,
    /// Its labels besides those of the target (`job`, `instance`, `namespace`, `pod`); `job` and `namespace`
    /// replace the target's.
    pub labels: Vec<(String, LabelValue)>,
    /// Whether labelled children exist from the process's start instead of from their first increment.
    pub children_from_start: bool,
    /// The exporter stamps its samples itself, each time it has looked, this often: then a sample has that time
    /// instead of the scrape's. Only for gauges. Default none.
    pub own_timestamps: Option<Duration>,
}

/// What a metric measures.
#[derive(Clone, Debug, PartialEq)]
pub enum MetricKind {
    /// Counter of requests; one child per status if a label is `{status}`.
    Requests,
    /// Counter of requests that are answered with an error.
    FailedRequests,
    /// Classic histogram of response times.
    LatencyHistogram {
        /// Finite upper bounds in seconds, rising.
        buckets: Vec<f64>,
        /// In which unit its bounds are exported.
        unit: LatencyUnit,
    },
    /// Gauge of resident memory in bytes.
    Memory,
    /// Counter of processor seconds.
    Cpu,
    /// Counter of the container's restarts, as kube-state-metrics tells it: a container that is down has it too.
    Restarts,
    /// 1 once a container was killed for want of memory, as kube-state-metrics tells it; missing before.
    OomKilled,
    /// Gauge: whether the pod is ready, as kube-state-metrics tells it.
    Ready,
    /// The same value always, as kube-state-metrics tells it.
    Constant {
        /// The value.
        value: f64,
    },
    /// Whether the target answers a scrape: Prometheus' own `up`, with labels of the target.
    Up,
}

/// In which unit a histogram's bounds are exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LatencyUnit {
    /// `_seconds`
    #[default]
    Seconds,
    /// `_milliseconds`, `_ms`
    Milliseconds,
}

/// Where a label's value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelValue {
    /// The text itself.
    Literal(String),
    /// `{role}`: `canary` or `stable`, whatever the pod's labels say.
    Role,
    /// `{role: A|B}`: the first on pods of the old version, the second on those of the new one.
    ByRole([String; 2]),
    /// `{status}`: the response's status code.
    Status,
    /// `{status: A|B}`: the first for a success, the second for an error.
    ByStatus([String; 2]),
    /// `[A, B]`: the series exists once with each value, and each counts everything.
    Each(Vec<String>),
    /// `{rollout}`, `{service}` and so on.
    Fact(Fact),
    /// `{pod.NAME}`: the pod's label, as the template and canaryMetadata/stableMetadata set it.
    PodLabel(String),
}

/// Something that the manifests say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// `{rollout}`: the Rollout's name.
    Rollout,
    /// `{namespace}`: where it is deployed.
    Namespace,
    /// `{service}`: the Service that leads to the version: `stableService` or `canaryService`, `activeService` or
    /// `previewService`; the Rollout's name where none is named.
    Service,
    /// `{service.host}`: that Service's name in the cluster, `NAME.NAMESPACE.svc.cluster.local`.
    ServiceHost,
    /// `{service.stable}`: the Service of the old version, for both.
    StableService,
    /// `{container}`: the first container's name.
    Container,
    /// `{image}`: the first container's image.
    Image,
}

impl Fact {
    /// All of them, with the words in braces.
    pub const ALL: [(&'static str, Self); 7] = [
        ("rollout", Self::Rollout),
        ("namespace", Self::Namespace),
        ("service", Self::Service),
        ("service.host", Self::ServiceHost),
        ("service.stable", Self::StableService),
        ("container", Self::Container),
        ("image", Self::Image),
    ];
}

/// Something wrong with the new version; parts combine.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The arm's name.
    pub name: String,
    /// When it starts.
    pub onset: Onset,
    /// Share of requests answered with status 500, `errors: 3%`; at least the healthy share.
    pub error_share: Option<f64>,
    /// Slower responses.
    pub latency: Option<LatencyFault>,
    /// Share of successful responses with wrong content, `content: 100% broken`.
    pub broken_content_share: Option<f64>,
    /// Growing memory.
    pub memory: Option<MemoryLeak>,
}

/// When a fault starts: `from: 2m` (counted from each pod's readiness) or `from: {update: 10m}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onset {
    /// This long after each pod's readiness.
    PodAge(Duration),
    /// This long after the update started.
    SinceUpdate(Duration),
}

/// How responses get slower.
#[derive(Clone, Debug, PartialEq)]
pub enum LatencyFault {
    /// `latency: x4`: multiplied; at least 1.
    Factor(f64),
    /// `latency: +200ms`
    Shift(Duration),
    /// `latency: {tail: {share: 2%, to: 2s}}`: this share takes at least that long.
    Tail {
        /// Share of requests.
        share: f64,
        /// How long they take at least.
        to: Duration,
    },
}

/// Memory that grows: `memory: {leak: 5Mi/min}, gc-pressure: {from: 80%, latency: x4}, oom: restart`.
#[derive(Clone, Debug, PartialEq)]
pub struct MemoryLeak {
    /// Growth from the onset on, bytes per second.
    pub bytes_per_second: f64,
    /// Responses get slower when memory is short.
    pub gc_pressure: Option<GcPressure>,
    /// What happens at the limit.
    pub oom: OutOfMemory,
}

/// Garbage collection gets in the way.
#[derive(Clone, Debug, PartialEq)]
pub struct GcPressure {
    /// From this share of the limit on.
    pub from_share: f64,
    /// Response times are multiplied by this.
    pub latency_factor: f64,
}

/// What happens when memory reaches the limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutOfMemory {
    /// The container is killed and starts again: counters at zero, ready again after `ready-after`.
    #[default]
    Restart,
    /// Memory stays at the limit.
    Ignore,
}

/// Something that somebody does: `retry: {after-page: 5m, times: 2}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Operator {
    /// What.
    pub action: OperatorAction,
    /// On which occasion.
    pub when: OperatorWhen,
    /// How long after the occasion.
    pub after: DurationDistribution,
    /// How often at most; no limit if none.
    pub times: Option<u64>,
    /// What must have paged, for [`OperatorWhen::AfterPage`]. Default all that pages.
    pub on: Triggers,
}

/// What people do, in the words of `kubectl argo rollouts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorAction {
    /// `promote`
    Promote,
    /// `promote --full`
    PromoteFull,
    /// `promote --skip-current-step`
    SkipCurrentStep,
    /// `promote --skip-all-steps`
    SkipAllSteps,
    /// `abort`
    Abort,
    /// `retry rollout`
    Retry,
    /// `pause`: `spec.paused: true`
    Pause,
    /// `spec.paused: false`
    Unpause,
    /// `spec.replicas`
    Scale(i32),
    /// Another image, taken to be without the fault.
    NewImage,
    /// The image in service before the update.
    ImageBack,
}

/// The occasions on which people act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorWhen {
    /// The update.
    AfterUpdate,
    /// A page.
    AfterPage,
    /// A pause that only a person ends.
    AfterPause,
}

/// Number of replications and the seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MonteCarlo {
    /// Replications of each arm. Default 10,000.
    pub replications: u64,
    /// Instead: until the probability of detection of every arm is known within this, `precision: ±0.5%`.
    pub precision: Option<f64>,
    /// Default 1.
    pub seed: u64,
}

impl Default for MonteCarlo {
    fn default() -> Self {
        Self {
            replications: 10_000,
            precision: None,
            seed: 1,
        }
    }
}
