//! The Prometheus provider (Argo Rollouts v1.9.1, `metricproviders/prometheus`).

use std::fmt;

use super::{Measurement, OAUTH2_INCOMPLETE, OAuth2Settings, url};
use crate::condition::{CompileError, MeasurementConditions, MetricResult, TimeExpression};
use crate::go::duration;
use crate::units::{Duration, Instant};

/// Seconds that a query may take if the metric doesn't say.
const DEFAULT_TIMEOUT: Duration = Duration::from_seconds(30);

/// What a metric says about its Prometheus server and query, apart from the query itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrometheusSettings {
    /// The server's URL; empty means that the controller's environment names it.
    pub address: String,
    /// Seconds that a query may take.
    pub timeout: Option<i64>,
    /// Set for a range query.
    pub range_query: Option<RangeQuerySettings>,
    /// `OAuth2` credentials.
    pub oauth2: OAuth2Settings,
}

/// Ends and step of a range query, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RangeQuerySettings {
    /// Expression that yields the first time.
    pub start: String,
    /// Expression that yields the last time.
    pub end: String,
    /// Go duration between two points.
    pub step: String,
}

/// Why no query is made or answered; the text is the measurement's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrometheusError {
    /// Neither the metric nor the environment has an address.
    AddressMissing,
    /// The address is no URL with a scheme and a host.
    AddressNotUrl,
    /// `OAuth2` lacks the client's name or secret.
    OAuth2Incomplete,
    /// The timeout is below 0.
    NegativeTimeout,
    /// The timeout is 0 (or overflows), so the query has no time at all.
    DeadlineExceeded,
    /// An end of the range is no time.
    RangeEnd {
        /// `start` or `end`.
        field: &'static str,
        /// What the expression language says.
        reason: Box<str>,
    },
    /// The step is no duration.
    RangeStep(duration::ParseDurationError),
    /// The answer is a string, which no condition takes.
    UnsupportedAnswer,
}

impl fmt::Display for PrometheusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddressMissing => f.write_str("prometheus address is not configured"),
            Self::AddressNotUrl => f.write_str("prometheus address is not is url format"),
            Self::OAuth2Incomplete => f.write_str(OAUTH2_INCOMPLETE),
            Self::NegativeTimeout => f.write_str("prometheus timeout should not be negative"),
            Self::DeadlineExceeded => f.write_str("context deadline exceeded"),
            Self::RangeEnd { field, reason } => {
                write!(f, "failed to parse rangeQuery.{field} as time: {reason}")
            }
            Self::RangeStep(error) => {
                write!(f, "failed to parse rangeQuery.step as duration: {error}")
            }
            Self::UnsupportedAnswer => f.write_str("Prometheus metric type not supported"),
        }
    }
}

impl std::error::Error for PrometheusError {}

/// An expression for an end of a range, or why it never yields a time.
#[derive(Clone, Debug)]
enum RangeEnd {
    Ready(TimeExpression),
    Rejected(Box<str>),
}

impl RangeEnd {
    fn compile(text: &str) -> Result<Self, CompileError> {
        match TimeExpression::compile(text) {
            Ok(expression) => Ok(Self::Ready(expression)),
            Err(CompileError::Rejected { message, .. }) => Ok(Self::Rejected(message.into())),
            Err(unsupported @ CompileError::Unsupported { .. }) => Err(unsupported),
        }
    }

    fn evaluate(&self, field: &'static str, now: Instant) -> Result<Instant, PrometheusError> {
        let reason = match self {
            Self::Ready(expression) => match expression.evaluate(now) {
                Ok(time) => return Ok(time),
                Err(error) => error.to_string().into(),
            },
            Self::Rejected(text) => text.clone(),
        };
        Err(PrometheusError::RangeEnd { field, reason })
    }
}

#[derive(Clone, Debug)]
struct Range {
    start: RangeEnd,
    end: RangeEnd,
    step: Result<Duration, duration::ParseDurationError>,
}

/// A provider ready to be asked.
#[derive(Clone, Debug)]
pub struct PrometheusProvider {
    timeout: Duration,
    range: Option<Range>,
}

/// What is asked of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrometheusQuery {
    /// The value at one time.
    Instant(Instant),
    /// Values from `start` to `end`. Whether the server accepts them is its decision: `end` may lie before
    /// `start`, and the step may be 0 or negative.
    Range {
        /// First time.
        start: Instant,
        /// Last time.
        end: Instant,
        /// Distance of the points.
        step: Duration,
    },
}

/// Why a provider can't be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConstructionError {
    /// The controller fails too: each measurement is an Error with this message.
    #[error("{0}")]
    Rejected(PrometheusError),
    /// An expression that the controller accepts and this crate doesn't; the caller must refuse the manifest.
    #[error("rangeQuery.{field}: {error}")]
    Unsupported {
        /// `start` or `end`.
        field: &'static str,
        /// What is not supported, and where.
        error: CompileError,
    },
}

impl PrometheusProvider {
    /// Makes a provider; `environment_address` is the controller's `ARGO_ROLLOUTS_PROMETHEUS_ADDRESS`.
    pub fn new(
        settings: &PrometheusSettings,
        environment_address: Option<&str>,
    ) -> Result<Self, ConstructionError> {
        check_address(&settings.address, environment_address.unwrap_or_default())
            .map_err(ConstructionError::Rejected)?;
        if settings.oauth2.is_incomplete() {
            return Err(ConstructionError::Rejected(
                PrometheusError::OAuth2Incomplete,
            ));
        }
        let timeout = match settings.timeout {
            None => DEFAULT_TIMEOUT,
            Some(seconds) if seconds < 0 => {
                return Err(ConstructionError::Rejected(
                    PrometheusError::NegativeTimeout,
                ));
            }
            // The controller's multiplication wraps as well.
            Some(seconds) => Duration::from_nanos(seconds.wrapping_mul(1_000_000_000)),
        };
        let compile = |text: &str, field: &'static str| {
            RangeEnd::compile(text).map_err(|error| ConstructionError::Unsupported { field, error })
        };
        let range = match &settings.range_query {
            None => None,
            Some(range) => Some(Range {
                start: compile(&range.start, "start")?,
                end: compile(&range.end, "end")?,
                step: duration::parse(&range.step),
            }),
        };
        Ok(Self { timeout, range })
    }

    /// How long a query may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The query that a measurement at the time `now` makes.
    pub fn query(&self, now: Instant) -> Result<PrometheusQuery, PrometheusError> {
        let query = match &self.range {
            None => PrometheusQuery::Instant(now),
            Some(range) => PrometheusQuery::Range {
                start: range.start.evaluate("start", now)?,
                end: range.end.evaluate("end", now)?,
                step: range.step.clone().map_err(PrometheusError::RangeStep)?,
            },
        };
        if self.timeout <= Duration::ZERO {
            return Err(PrometheusError::DeadlineExceeded);
        }
        Ok(query)
    }
}

fn check_address(address: &str, environment_address: &str) -> Result<(), PrometheusError> {
    let used = if address.is_empty() {
        environment_address
    } else {
        address
    };
    if used.is_empty() {
        return Err(PrometheusError::AddressMissing);
    }
    match url::parse(used) {
        Ok(url) if !url.scheme.is_empty() && !url.host.is_empty() => Ok(()),
        _ => Err(PrometheusError::AddressNotUrl),
    }
}

/// What the server answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PrometheusAnswer<'r> {
    /// A scalar.
    Scalar(f64),
    /// The samples of a vector in the answer's order; of a matrix, all samples of all series in order. A
    /// native histogram counts as 0.
    Samples(&'r [f64]),
    /// A string.
    String,
}

impl<'r> PrometheusAnswer<'r> {
    /// The result that conditions see.
    pub fn result(self) -> Result<MetricResult<'r>, PrometheusError> {
        match self {
            Self::Scalar(number) => Ok(MetricResult::Scalar(number)),
            Self::Samples(samples) => Ok(MetricResult::Vector(samples)),
            Self::String => Err(PrometheusError::UnsupportedAnswer),
        }
    }

    /// The measurement with its texts; [`MeasurementConditions::assess`] alone decides without them.
    pub fn measure(self, conditions: &MeasurementConditions, now: Instant) -> Measurement {
        match self.result() {
            Ok(result) => Measurement::of(result, conditions, now),
            Err(error) => Measurement::error(error.to_string()),
        }
    }
}
