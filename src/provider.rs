//! How a provider's answer becomes a measurement: its result, its phase and the value that is stored.
//!
//! A provider is made from the metric's settings, which can fail; then it answers a query, which can fail;
//! then the conditions decide. Each failure is a measurement with phase Error and the text given here.
//!
//! Knows nothing of manifests or simulation: settings are plain structs, time is an argument.

pub mod jsonpath;
pub mod mapped;
pub mod prometheus;
pub mod url;
pub mod web;

use std::fmt;

use crate::condition::{Assessment, MeasurementConditions, MetricResult, Phase};
use crate::go::json;
use crate::go::number::{format_plain, push_plain};
use crate::units::Instant;

/// `OAuth2` client credentials, which both providers take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OAuth2Settings {
    /// Where tokens come from; empty if there is no `OAuth2`.
    pub token_url: String,
    /// The client's name.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: String,
}

impl OAuth2Settings {
    /// Whether `OAuth2` is wanted and something that it needs is missing.
    fn is_incomplete(&self) -> bool {
        !self.token_url.is_empty() && (self.client_id.is_empty() || self.client_secret.is_empty())
    }
}

const OAUTH2_INCOMPLETE: &str = "missing mandatory parameter in metric for OAuth2 setup";

/// A finished measurement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measurement {
    /// Its phase.
    pub phase: Phase,
    /// Why it is an error.
    pub message: Option<String>,
    /// The value that is stored; empty for errors.
    pub value: String,
}

impl Measurement {
    /// A measurement that failed with this text.
    pub fn error(message: impl Into<String>) -> Self {
        Self {
            phase: Phase::Error,
            message: Some(message.into()),
            value: String::new(),
        }
    }

    /// What the conditions make of a result, with the value that is stored then.
    pub fn of(result: MetricResult<'_>, conditions: &MeasurementConditions, now: Instant) -> Self {
        match conditions.assess(result, now) {
            Assessment::Decided(phase) => Self {
                phase,
                message: None,
                value: StoredValue(result).to_string(),
            },
            error => Self::error(error.message().unwrap_or_default()),
        }
    }
}

/// A result as `measurement.value` stores it: plain decimals, `[a,b]`, JSON; `null` for no value at all.
#[derive(Clone, Copy, Debug)]
pub struct StoredValue<'r>(pub MetricResult<'r>);

impl fmt::Display for StoredValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            MetricResult::Nil => f.write_str("null"),
            MetricResult::Scalar(number) => f.write_str(&format_plain(number)),
            MetricResult::Vector(samples) => {
                let mut text = String::from("[");
                for (index, sample) in samples.iter().enumerate() {
                    if index > 0 {
                        text.push(',');
                    }
                    push_plain(&mut text, *sample);
                }
                text.push(']');
                f.write_str(&text)
            }
            MetricResult::Json(json) => f.write_str(&json::encode(json)),
            MetricResult::Int(number) => write!(f, "{number}"),
            MetricResult::Byte(byte) => write!(f, "{byte}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::StoredValue;
    use crate::condition::MetricResult;

    #[test]
    fn values_are_stored_without_exponents_and_blanks() {
        let samples = [1e21, 0.1, f64::NAN, f64::INFINITY, -0.0];
        let stored = StoredValue(MetricResult::Vector(&samples)).to_string();
        assert_eq!(stored, "[1000000000000000000000,0.1,NaN,+Inf,-0]");
        assert_eq!(StoredValue(MetricResult::Vector(&[])).to_string(), "[]");
    }
}
