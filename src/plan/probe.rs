//! Web and job metrics, compiled: the provider's own rules around the requests of a probe.

use crate::condition::{CompileError, MeasurementConditions};
use crate::go::quote::quote;
use crate::manifest::analysis_types::Metric;
use crate::manifest::providers::{JobMetric, WebMetric};
use crate::provider::OAuth2Settings;
use crate::provider::web::{WebAnswer, WebProvider, WebResult, WebSettings};
use crate::scenario::model::{DurationDistribution, Scenario};
use crate::scenario::probes::{Endpoint, Probe, ProbeTarget};
use crate::units::Duration;
use crate::world::durations::RandomDuration;
use crate::world::latency::Cells;

use super::build::{Place, Unsupported};

/// Attempts of a Job beyond the first, where its manifest doesn't say (Kubernetes `backoffLimit`).
const DEFAULT_BACKOFF_LIMIT: u32 = 6;

/// The wait before a Job's second attempt; it doubles from one to the next (Kubernetes, Job documentation).
pub const FIRST_BACKOFF: Duration = Duration::from_seconds(10);

/// The longest wait between two attempts.
pub const LONGEST_BACKOFF: Duration = Duration::from_seconds(360);

/// How long an attempt of a Job takes, where the scenario doesn't say: its pod has to start, too.
const JOB_TAKES: DurationDistribution = DurationDistribution::Lognormal {
    p50: Duration::from_seconds(20),
    p99: Duration::from_seconds(60),
};

/// The requests of a probe.
#[derive(Clone, Debug)]
pub struct ProbePlan {
    /// Number of the metric: the address of its randomness.
    pub number: u32,
    /// Whom it asks.
    pub target: ProbeTarget,
    /// How many requests.
    pub requests: u32,
    /// How many of them must pass.
    pub needed: u32,
    /// Only a success passes.
    pub sees_status: bool,
    /// Only right content passes.
    pub sees_content: bool,
    /// Cells of response times that pass.
    pub passing_cells: usize,
    /// How long a measurement takes.
    pub takes: Option<RandomDuration>,
    /// Share of measurements that fail for no reason.
    pub flaky_share: f64,
}

impl ProbePlan {
    fn new(probe: &Probe, number: usize, cells: &Cells) -> Self {
        let needed = libm::ceil(f64::from(probe.requests) * probe.needs - 1e-9);
        Self {
            number: number as u32,
            target: probe.target,
            requests: probe.requests,
            needed: needed as u32,
            sees_status: probe.sees_status,
            sees_content: probe.sees_content,
            passing_cells: cells_within(cells, probe.within),
            takes: probe.takes.as_ref().map(RandomDuration::new),
            flaky_share: probe.flaky_share,
        }
    }
}

fn cells_within(cells: &Cells, limit: Option<Duration>) -> usize {
    cells.below(limit.map_or(f64::INFINITY, Duration::as_seconds_f64))
}

/// What an answer of a web endpoint comes to.
#[derive(Clone, Debug)]
pub enum WebOutcome {
    /// It passes the metric's conditions, or doesn't; nobody says what the body is.
    Supposed {
        /// Whether it passes.
        passes: bool,
    },
    /// What the provider reads from the body.
    Read(WebResult),
}

/// A web metric.
#[derive(Clone, Debug)]
pub struct WebMeasure {
    /// Its requests.
    pub probe: ProbePlan,
    /// Who answers.
    pub endpoint: Endpoint,
    /// `Get "URL"`, as Go's errors begin.
    pub request: String,
    /// How long a request may take.
    pub timeout: Duration,
    /// Cells of response times that arrive in time.
    pub timely_cells: usize,
    /// The answer when requests pass.
    pub right: WebOutcome,
    /// The answer when they don't.
    pub wrong: WebOutcome,
    /// `successCondition` and `failureCondition`.
    pub conditions: MeasurementConditions,
    /// Whether there is any condition.
    pub is_judged: bool,
}

/// A job metric: conditions don't count (Argo Rollouts v1.9.1 job.go `Resume`).
#[derive(Clone, Debug)]
pub struct JobMeasure {
    /// The requests of an attempt.
    pub probe: ProbePlan,
    /// How long an attempt takes.
    pub takes: RandomDuration,
    /// Attempts beyond the first.
    pub backoff_limit: u32,
    /// When the Job fails at the latest, from its creation.
    pub deadline: Option<Duration>,
}

/// What a metric that probes is compiled to.
#[derive(Clone, Debug)]
pub enum ProbeMeasure {
    /// A web metric.
    Web(Box<WebMeasure>),
    /// A job metric.
    Job(JobMeasure),
    /// Every measurement ends in this error.
    Error(String),
}

/// The scenario's probes with the timeouts that the manifests give them.
pub fn with_timeouts<'m>(
    scenario: &Scenario,
    metrics: impl Iterator<Item = &'m Metric>,
) -> Vec<Probe> {
    let mut probes = scenario.probes.clone();
    for metric in metrics {
        let Some(web) = &metric.provider.web else {
            continue;
        };
        let Ok(provider) = WebProvider::new(&settings(web)) else {
            continue;
        };
        let of_metric = probes.iter_mut().find(|probe| probe.metric == metric.name);
        if let Some(probe) = of_metric.filter(|probe| probe.endpoint == Endpoint::Pod) {
            probe.timeout = Some(provider.timeout());
        }
    }
    probes
}

/// Whether the scenario's probes stand behind this metric.
pub fn probes(metric: &Metric) -> bool {
    metric.provider.web.is_some() || metric.provider.job.is_some()
}

/// Compiles a web or job metric.
///
/// # Errors
/// What isn't simulated, or a metric of which the scenario says nothing.
pub fn compile(
    metric: &Metric,
    number: usize,
    scenario: &Scenario,
    cells: &Cells,
) -> Result<ProbeMeasure, Unsupported> {
    let name = &metric.name;
    let refuse = |message: String| Unsupported {
        metric: Some(name.clone()),
        place: Place::Provider,
        message,
    };
    let mut probes = scenario.probes.iter();
    let Some(probe) = probes.find(|probe| probe.metric == *name) else {
        return Err(Unsupported {
            metric: Some(name.clone()),
            place: Place::Unmapped(format!("probes: {{{name}: {{to: canary}}}}")),
            message: format!("metric `{name}`: nothing says what it asks of the service"),
        });
    };
    let plan = ProbePlan::new(probe, number, cells);
    match (&metric.provider.web, &metric.provider.job) {
        (Some(web), _) => web_measure(metric, web, probe, plan, cells),
        (None, Some(job)) => {
            job_measure(job, probe, plan).map_err(|what| refuse(format!("metric `{name}`: {what}")))
        }
        (None, None) => Err(refuse(format!("metric `{name}` has no provider"))),
    }
}

fn settings(web: &WebMetric) -> WebSettings {
    let oauth2 = &web.authentication.oauth2;
    WebSettings {
        method: web.method.clone(),
        url: web.url.clone(),
        body: web.body.clone(),
        has_json_body: web.json_body.is_some(),
        json_path: web.json_path.clone(),
        timeout_seconds: web.timeout_seconds,
        oauth2: OAuth2Settings {
            token_url: oauth2.token_url.clone(),
            client_id: oauth2.client_id.clone(),
            client_secret: oauth2.client_secret.clone(),
        },
    }
}

fn web_measure(
    metric: &Metric,
    web: &WebMetric,
    probe: &Probe,
    plan: ProbePlan,
    cells: &Cells,
) -> Result<ProbeMeasure, Unsupported> {
    let provider = match WebProvider::new(&settings(web)) {
        Ok(provider) => provider,
        Err(text) => return Ok(ProbeMeasure::Error(text)),
    };
    if let Some(text) = provider.request_error() {
        return Ok(ProbeMeasure::Error(text.to_owned()));
    }
    let conditions = conditions(metric)?;
    let read = |body: Option<&String>, passes: bool| match body {
        None => Ok(WebOutcome::Supposed { passes }),
        Some(body) => readable(metric, &provider, body).map(WebOutcome::Read),
    };
    let answers = probe.answers.as_ref();
    let method = match web.method.as_str() {
        "" => "GET",
        method => method,
    };
    let (first, rest) = method.split_at(1);
    Ok(ProbeMeasure::Web(Box::new(WebMeasure {
        probe: plan,
        endpoint: probe.endpoint,
        request: format!(
            "{first}{} {}",
            rest.to_ascii_lowercase(),
            quote(web.url.as_bytes())
        ),
        timeout: provider.timeout(),
        timely_cells: cells_within(cells, probe.timeout),
        right: read(answers.map(|answers| &answers.right), true)?,
        wrong: read(answers.map(|answers| &answers.wrong), false)?,
        conditions,
        is_judged: !metric.success_condition.is_empty() || !metric.failure_condition.is_empty(),
    })))
}

/// What the provider reads from a body, unless the controller dies of it.
fn readable(metric: &Metric, provider: &WebProvider, body: &str) -> Result<WebResult, Unsupported> {
    let answer = WebAnswer {
        status: 200,
        body: body.as_bytes(),
    };
    let refuse = |message: String| Unsupported {
        metric: Some(metric.name.clone()),
        place: Place::Provider,
        message: format!("metric `{}`: {message}", metric.name),
    };
    match provider.read(answer) {
        WebResult::Panic(text) => Err(refuse(format!(
            "the answer `{body}` kills the controller's process ({text}), so there is no measurement to simulate"
        ))),
        WebResult::Unsupported(text) => Err(refuse(text)),
        result => Ok(result),
    }
}

fn conditions(metric: &Metric) -> Result<MeasurementConditions, Unsupported> {
    let (success, failure) = (&metric.success_condition, &metric.failure_condition);
    MeasurementConditions::compile(success, failure).map_err(|error: CompileError| Unsupported {
        metric: Some(metric.name.clone()),
        place: Place::Metric,
        message: format!(
            "metric `{}`: {error} yet, though the controller accepts them; write the condition without it",
            metric.name
        ),
    })
}

fn job_measure(job: &JobMetric, probe: &Probe, plan: ProbePlan) -> Result<ProbeMeasure, String> {
    let number = |field: &str| job.spec.get(field).and_then(serde_json::Value::as_i64);
    if job.spec.get("suspend").and_then(serde_json::Value::as_bool) == Some(true) {
        return Err("a suspended Job never ends, and neither does its measurement".to_owned());
    }
    for field in ["completions", "parallelism"] {
        if number(field).is_some_and(|number| number != 1) {
            return Err(format!(
                "Jobs with several pods (`{field}`) aren't simulated yet; write 1"
            ));
        }
    }
    if job.spec.get("podFailurePolicy").is_some() || job.spec.get("successPolicy").is_some() {
        return Err("policies of Jobs aren't simulated yet; `backoffLimit` is".to_owned());
    }
    let limit = number("backoffLimit").and_then(|limit| u32::try_from(limit).ok());
    Ok(ProbeMeasure::Job(JobMeasure {
        probe: plan,
        takes: RandomDuration::new(probe.takes.as_ref().unwrap_or(&JOB_TAKES)),
        backoff_limit: limit.unwrap_or(DEFAULT_BACKOFF_LIMIT),
        deadline: number("activeDeadlineSeconds").map(Duration::from_seconds),
    }))
}
