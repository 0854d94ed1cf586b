//! What a result means for a measurement (Argo Rollouts v1.9.1, `evaluate.EvaluateResult`).

use std::fmt;

use super::{CompileError, Condition, EvalError, MetricResult, ResultType};
use crate::units::Instant;

/// Phase of a finished measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The success condition holds, or the failure condition doesn't.
    Successful,
    /// The failure condition holds, or the success condition doesn't.
    Failed,
    /// There are two conditions and neither holds.
    Inconclusive,
    /// A condition has no answer.
    Error,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Successful => "Successful",
            Self::Failed => "Failed",
            Self::Inconclusive => "Inconclusive",
            Self::Error => "Error",
        })
    }
}

/// A phase, and for [`Phase::Error`] the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assessment {
    /// The conditions have an answer.
    Decided(Phase),
    /// A condition doesn't compile; the text is the measurement's message.
    Rejected(Box<str>),
    /// A condition fails.
    Failure(EvalError),
}

impl Assessment {
    /// The measurement's phase.
    pub fn phase(&self) -> Phase {
        match self {
            Self::Decided(phase) => *phase,
            Self::Rejected(_) | Self::Failure(_) => Phase::Error,
        }
    }

    /// The measurement's message, if it is an error.
    pub fn message(&self) -> Option<String> {
        match self {
            Self::Decided(_) => None,
            Self::Rejected(text) => Some(text.to_string()),
            Self::Failure(error) => Some(error.to_string()),
        }
    }
}

/// Decides a measurement. A condition whose text is empty counts as absent; without any, every result is
/// successful. The success condition is evaluated first, and its error hides the failure condition.
pub fn assess(
    success: Option<&Condition>,
    failure: Option<&Condition>,
    result: MetricResult<'_>,
    now: Instant,
) -> Assessment {
    let evaluate = |condition: Option<&Condition>| {
        condition
            .map(|condition| condition.evaluate(result, now))
            .transpose()
    };
    let outcome = evaluate(success).and_then(|success| Ok((success, evaluate(failure)?)));
    match outcome {
        Ok((success, failure)) => Assessment::Decided(decide(success, failure)),
        Err(error) => Assessment::Failure(error),
    }
}

fn decide(success: Option<bool>, failure: Option<bool>) -> Phase {
    match (success, failure) {
        (_, Some(true)) | (Some(false), None) => Phase::Failed,
        (Some(false), Some(false)) => Phase::Inconclusive,
        (Some(true) | None, Some(false) | None) => Phase::Successful,
    }
}

/// A condition for one type of result: compiled, absent, or rejected with the message of every measurement.
#[derive(Clone, Debug)]
enum Compiled {
    Absent,
    Ready(Condition),
    Rejected(Box<str>),
}

/// Both conditions of a metric, compiled for every type of result.
#[derive(Clone, Debug)]
pub struct MeasurementConditions {
    /// In the order of [`ResultType::ALL`].
    by_type: Vec<(Compiled, Compiled)>,
}

impl MeasurementConditions {
    /// Compiles both texts, of which each may be empty. Fails only for what this crate doesn't support; a
    /// text that the controller rejects makes error measurements.
    pub fn compile(success: &str, failure: &str) -> Result<Self, CompileError> {
        let compile = |text: &str, result: ResultType| {
            if text.is_empty() {
                return Ok(Compiled::Absent);
            }
            match Condition::compile(text, result) {
                Ok(condition) => Ok(Compiled::Ready(condition)),
                Err(CompileError::Rejected { message, .. }) => {
                    Ok(Compiled::Rejected(message.into()))
                }
                Err(unsupported @ CompileError::Unsupported { .. }) => Err(unsupported),
            }
        };
        let both = |result| Ok((compile(success, result)?, compile(failure, result)?));
        let by_type = ResultType::ALL
            .into_iter()
            .map(both)
            .collect::<Result<_, CompileError>>()?;
        Ok(Self { by_type })
    }

    /// Decides a measurement with this result at the time `now`.
    pub fn assess(&self, result: MetricResult<'_>, now: Instant) -> Assessment {
        // The types are numbered in the order of `ResultType::ALL`.
        let index = result.result_type() as usize;
        let Some((success, failure)) = self.by_type.get(index) else {
            return Assessment::Decided(Phase::Successful);
        };
        let success = match success {
            Compiled::Rejected(text) => return Assessment::Rejected(text.clone()),
            Compiled::Absent => None,
            Compiled::Ready(condition) => Some(condition),
        };
        match failure {
            // The success condition has been evaluated by then, and its error goes first.
            Compiled::Rejected(text) => match assess(success, None, result, now) {
                error @ Assessment::Failure(_) => error,
                _ => Assessment::Rejected(text.clone()),
            },
            Compiled::Absent => assess(success, None, result, now),
            Compiled::Ready(condition) => assess(success, Some(condition), result, now),
        }
    }
}
