//! How one replication ended: all that the tally of many replications keeps of it.
//!
//! The engine writes one [`Replication`] per arm; [`crate::montecarlo::tally`] folds it into integer
//! accumulators and forgets it. Everything is an integer and nothing is allocated.

/// How a simulated rollout ended. Outcomes are never lumped together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The new version is the stable one.
    Promoted,
    /// An `AnalysisRun` ended as Failed and the controller aborted.
    AbortedFailed,
    /// An `AnalysisRun` ended as Error (no data, a condition that can't be evaluated) and the controller aborted.
    AbortedError,
    /// `progressDeadlineAbort` aborted the update.
    AbortedDeadline,
    /// Somebody aborted by hand.
    AbortedOperator,
    /// Aborted for another reason (an experiment, a step plugin).
    AbortedOther,
    /// An `AnalysisRun` ended as Inconclusive: paused until a human decides.
    PausedInconclusive,
    /// A pause without a duration: waiting for a human.
    Paused,
    /// Degraded at the horizon (progress deadline exceeded without abort).
    Degraded,
    /// Still under way at the horizon.
    Unfinished,
}

impl Outcome {
    /// Number of outcomes.
    pub const COUNT: usize = 10;

    /// All outcomes, in the order in which reports list them; `ALL[o.index()] == o`.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Promoted,
        Self::AbortedFailed,
        Self::AbortedError,
        Self::AbortedDeadline,
        Self::AbortedOperator,
        Self::AbortedOther,
        Self::PausedInconclusive,
        Self::Paused,
        Self::Degraded,
        Self::Unfinished,
    ];

    /// The stable name in results: `promoted`, `aborted_failed`, …
    pub const fn name(self) -> &'static str {
        match self {
            Self::Promoted => "promoted",
            Self::AbortedFailed => "aborted_failed",
            Self::AbortedError => "aborted_error",
            Self::AbortedDeadline => "aborted_deadline",
            Self::AbortedOperator => "aborted_operator",
            Self::AbortedOther => "aborted_other",
            Self::PausedInconclusive => "paused_inconclusive",
            Self::Paused => "paused",
            Self::Degraded => "degraded",
            Self::Unfinished => "unfinished",
        }
    }

    /// Position in [`Outcome::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Whether the controller aborted, for whatever reason.
    pub const fn is_abort(self) -> bool {
        matches!(
            self,
            Self::AbortedFailed
                | Self::AbortedError
                | Self::AbortedDeadline
                | Self::AbortedOperator
                | Self::AbortedOther
        )
    }
}

/// Where the rollout stood when the controller aborted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Abort {
    /// Index into `spec.strategy.canary.steps` at the abort; none when it happened outside the steps.
    pub step: Option<u16>,
    /// The weight asked for, in percent.
    pub weight: u16,
    /// Requests really served by the canary at that moment, in millionths of all requests.
    pub share_ppm: u32,
    /// The metric that decided: index into the plan's metric names; none when no metric did (a deadline).
    pub metric: Option<u16>,
}

/// What one replication of one arm came to. Times are milliseconds from the start of the update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replication {
    /// How it ended.
    pub outcome: Outcome,
    /// When it ended: the moment of promotion, abort or pause, or the horizon.
    pub ended_ms: i64,
    /// When the fault set in; none in the healthy arm, or when the rollout ended first.
    pub onset_ms: Option<i64>,
    /// When the bad version served nothing any more; none when it went on serving.
    pub safe_ms: Option<i64>,
    /// Where it stood at the abort; some exactly when `outcome` is an abort.
    pub abort: Option<Abort>,
    /// Whether the real controller repeats the same passes for ever, with nothing else to come.
    pub repeating: bool,
    /// How often somebody was paged until the outcome.
    pub pages: u32,
    /// Requests that failed because of the fault until the outcome.
    pub failed_before: u64,
    /// Requests that failed because of the fault after a miss, for the scenario's `undetected-for`.
    pub failed_after_miss: u64,
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Replication};

    #[test]
    fn the_index_is_the_position_in_all() {
        for (position, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome.index(), position);
        }
    }

    #[test]
    fn aborts_are_those_whose_name_says_so() {
        for outcome in Outcome::ALL {
            assert_eq!(outcome.is_abort(), outcome.name().starts_with("aborted_"));
        }
    }

    #[test]
    fn a_replication_stays_small() {
        assert!(size_of::<Replication>() <= 96);
    }
}
