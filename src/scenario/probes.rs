//! Probes: what web and job metrics ask of the service, and what becomes of their requests.

use crate::units::Duration;

use super::model::DurationDistribution;

/// What stands behind one web or job metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// The metric's name in its AnalysisRuns.
    pub metric: String,
    /// Whom it asks, `to: canary | stable | service`. Default canary.
    pub target: ProbeTarget,
    /// How many requests a measurement (of a Job: an attempt) makes. Default 1.
    pub requests: u32,
    /// Which share of them must pass, `needs: 95%`. Default all.
    pub needs: f64,
    /// A request passes only if its status is a success, `sees: [status]`. Default yes.
    pub sees_status: bool,
    /// A request passes only if its content is right, `sees: [content]`. Default no.
    pub sees_content: bool,
    /// A request passes only if it takes no longer, `within: 500ms`. Default any time.
    pub within: Option<Duration>,
    /// How long a measurement takes. Default: of a web metric as long as any provider call, of a Job
    /// `{lognormal: {p50: 20s, p99: 60s}}`.
    pub takes: Option<DurationDistribution>,
    /// Share of measurements that fail for no reason, `flaky: 0.5%`. Default none.
    pub flaky_share: f64,
    /// What a web endpoint answers. Default a value that passes the metric's conditions, and one that doesn't.
    pub answers: Option<Answers>,
    /// Who answers a web metric's request. Default the pod itself, if there is one request.
    pub endpoint: Endpoint,
    /// How long a request may take; the manifest says it.
    pub timeout: Option<Duration>,
}

/// Where a probe sends its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeTarget {
    /// To pods of the new version.
    Canary,
    /// To pods of the version in service before.
    Stable,
    /// To the service, as users do: the version follows the traffic's split.
    Service,
}

/// Bodies of a web metric's responses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// While requests pass, `right: {status: ok}`.
    pub right: String,
    /// When they don't and there is an answer all the same, `wrong: {status: bad}`.
    pub wrong: String,
}

/// Who answers a web metric's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A pod: its status and its slowness are those of the measurement's own request.
    Pod,
    /// A service that makes requests of its own and then always answers 200: a load tester, a test runner.
    Tester,
}

impl Probe {
    /// Response times that make a difference to it.
    pub fn limits(&self) -> impl Iterator<Item = Duration> {
        self.within.into_iter().chain(self.timeout)
    }

    /// A probe of which nothing is said.
    pub fn of(metric: String) -> Self {
        Self {
            metric,
            target: ProbeTarget::Canary,
            requests: 1,
            needs: 1.0,
            sees_status: true,
            sees_content: false,
            within: None,
            takes: None,
            flaky_share: 0.0,
            answers: None,
            endpoint: Endpoint::Pod,
            timeout: None,
        }
    }
}
