//! What a server's version and flags change about the evaluation of queries.

use super::kernels::ClampOrder;

/// The generations of Prometheus that evaluate differently (`spec/promql.md` §10.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// 3.0 and later: windows leave out their older edge.
    #[default]
    V3,
    /// 2.51 to 2.55: windows include both edges.
    V2_51,
    /// 2.50 and earlier: as 2.51, and the zero clamp of `rate` comes before the threshold; series are
    /// returned in label order.
    V2,
}

impl Profile {
    /// Whether windows and the lookback include their older edge.
    pub fn includes_older_edge(self) -> bool {
        self != Self::V3
    }

    /// Which bound on the left extrapolation of `rate` comes first.
    pub fn clamp_order(self) -> ClampOrder {
        match self {
            Self::V3 | Self::V2_51 => ClampOrder::ThresholdThenZero,
            Self::V2 => ClampOrder::ZeroThenThreshold,
        }
    }

    /// Whether selectors return series in label order rather than in order of creation.
    pub fn sorts_series(self) -> bool {
        self == Self::V2
    }
}

/// A server's version and flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The server's generation.
    pub profile: Profile,
    /// `--query.lookback-delta`: how old a sample may be for an instant selector, in milliseconds.
    pub lookback_ms: i64,
    /// The global `evaluation_interval`: step of a subquery that names none, in milliseconds.
    pub subquery_default_step_ms: i64,
    /// The feature flag `promql-delayed-name-removal`: metric names go at the end of the evaluation. Off on
    /// every default server; Prometheus' own test files need it.
    pub delayed_name_removal: bool,
    /// `--query.max-samples`: a query that would hold more samples fails.
    pub max_samples: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profile: Profile::default(),
            lookback_ms: 5 * 60 * 1000,
            subquery_default_step_ms: 60 * 1000,
            delayed_name_removal: false,
            max_samples: 50_000_000,
        }
    }
}
