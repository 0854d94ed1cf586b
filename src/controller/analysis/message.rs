//! Status messages as values; the text is written only when somebody reads it.

use std::fmt;

use super::Verdict;

/// A measurement's message kept by the caller, who alone knows its text. Empty messages have no handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageHandle(pub u32);

/// `message` of a measurement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MeasurementMessage {
    /// No text.
    #[default]
    Empty,
    /// `Metric Terminated`: an unfinished measurement that was stopped with the run.
    MetricTerminated,
    /// What the provider or the condition said.
    Text(MessageHandle),
}

impl MeasurementMessage {
    /// The text; `text_of` resolves handles.
    pub fn render(self, text_of: impl Fn(MessageHandle) -> String) -> String {
        match self {
            Self::Empty => String::new(),
            Self::MetricTerminated => "Metric Terminated".to_owned(),
            Self::Text(handle) => text_of(handle),
        }
    }
}

/// A limit of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// `failureLimit`.
    Failure,
    /// `inconclusiveLimit`.
    Inconclusive,
    /// `consecutiveErrorLimit`.
    ConsecutiveError,
}

/// A limit that was exceeded; prints as the controller's reason, such as `failed (4) > failureLimit (3)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Which limit.
    pub limit: Limit,
    /// The count that exceeded it.
    pub observed: i32,
    /// The limit's value.
    pub allowed: i32,
}

impl Breach {
    /// How a metric ends that exceeds this limit.
    pub const fn verdict(self) -> Verdict {
        match self.limit {
            Limit::Failure => Verdict::Failed,
            Limit::Inconclusive => Verdict::Inconclusive,
            Limit::ConsecutiveError => Verdict::Error,
        }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (observed, limit) = match self.limit {
            Limit::Failure => ("failed", "failureLimit"),
            Limit::Inconclusive => ("inconclusive", "inconclusiveLimit"),
            Limit::ConsecutiveError => ("consecutiveErrors", "consecutiveErrorLimit"),
        };
        write!(
            f,
            "{observed} ({}) > {limit} ({})",
            self.observed, self.allowed
        )
    }
}

/// `message` of a metric result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultMessage {
    /// The message that the last measurement had when the metric's phase last changed.
    LastMeasurement(MeasurementMessage),
    /// Why a dry-run metric ended.
    DryRunAssessed {
        /// How it ended.
        verdict: Verdict,
        /// The limit that it exceeded.
        breach: Breach,
    },
}

impl Default for ResultMessage {
    fn default() -> Self {
        Self::LastMeasurement(MeasurementMessage::Empty)
    }
}

impl ResultMessage {
    /// The text; `text_of` resolves handles.
    pub fn render(self, text_of: impl Fn(MessageHandle) -> String) -> String {
        match self {
            Self::LastMeasurement(message) => message.render(text_of),
            Self::DryRunAssessed { verdict, breach } => {
                format!("Metric assessed {verdict} due to {breach}")
            }
        }
    }
}

/// `status.message` of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunMessage {
    /// No text.
    #[default]
    Empty,
    /// `Run Terminated`.
    RunTerminated,
    /// The metric that decided, or the last one before it that could say why.
    MetricAssessed {
        /// Index into [`super::RunSpec::metrics`].
        metric: usize,
        /// How that metric ended.
        verdict: Verdict,
        /// The limit that it exceeded.
        breach: Breach,
        /// Message of its last measurement.
        error: MeasurementMessage,
    },
    /// The spec was refused; the caller holds the text of the refusal.
    SpecRefused,
}

impl RunMessage {
    /// The text. `name_of` gives a metric's name, `text_of` resolves handles, `refusal` is the text of a refused spec.
    pub fn render<'a>(
        self,
        name_of: impl Fn(usize) -> &'a str,
        text_of: impl Fn(MessageHandle) -> String,
        refusal: &str,
    ) -> String {
        match self {
            Self::Empty => String::new(),
            Self::RunTerminated => "Run Terminated".to_owned(),
            Self::SpecRefused => refusal.to_owned(),
            Self::MetricAssessed {
                metric,
                verdict,
                breach,
                error,
            } => {
                let name = name_of(metric);
                let error = error.render(text_of);
                let mut text = format!("Metric \"{name}\" assessed {verdict} due to {breach}");
                if !error.is_empty() {
                    text.push_str(": \"Error Message: ");
                    text.push_str(&error);
                    text.push('"');
                }
                text
            }
        }
    }
}
