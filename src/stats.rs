//! What counts say about probabilities, times and means, and how sure that is.
//!
//! Everything is computed from integers by IEEE arithmetic and `libm`, so results are the same bytes on
//! every machine. [`proportion`]s carry Wilson or Clopper–Pearson intervals, [`quantile`]s
//! order-statistic intervals, [`mean`]s the normal one, differences of two arms ([`paired`]) Tango's.
//! [`precision`] says when a study may stop.

pub mod crossing;
pub mod likelihood_ratio;
pub mod mean;
pub mod paired;
pub mod precision;
pub mod proportion;
pub mod quantile;
pub mod ratio;
pub mod smoke_test;
pub mod special;

use serde::{Deserialize, Serialize};

/// The confidence level of every interval unless asked otherwise.
pub const LEVEL: f64 = 0.95;

/// An estimate with its confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Observations it rests on.
    pub n: u64,
    /// The point estimate.
    pub estimate: f64,
    /// Lower limit; none when `n` observations give no lower limit at this level.
    pub low: Option<f64>,
    /// Upper limit; none when `n` observations give no upper limit at this level.
    pub high: Option<f64>,
    /// The confidence level: the share of such intervals that hold the true value.
    pub level: f64,
    /// How the interval was made.
    pub method: Method,
}

/// How an interval was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Wilson's score interval of a proportion.
    Wilson,
    /// Clopper and Pearson's exact interval of a proportion.
    ClopperPearson,
    /// Nothing was counted: low is 0, high the one-sided exact limit.
    ClopperPearsonUpper,
    /// Everything was counted: high is 1, low the one-sided exact limit.
    ClopperPearsonLower,
    /// Order statistics around a quantile.
    OrderStatistics,
    /// The normal interval of a mean.
    Normal,
    /// Tango's score interval of a difference of paired proportions.
    Tango,
    /// From the limits of two proportions to those of a function of their ratio.
    MoverRatio,
    /// Percentiles of what resampled observations give.
    Bootstrap,
}

impl Method {
    /// The name in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wilson => "wilson",
            Self::ClopperPearson => "clopper-pearson",
            Self::ClopperPearsonUpper => "clopper-pearson-upper",
            Self::ClopperPearsonLower => "clopper-pearson-lower",
            Self::OrderStatistics => "order-statistics",
            Self::Normal => "normal",
            Self::Tango => "tango",
            Self::MoverRatio => "mover-ratio",
            Self::Bootstrap => "bootstrap",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Method;

    #[test]
    fn serde_and_name_agree() {
        for method in [
            Method::Wilson,
            Method::ClopperPearson,
            Method::ClopperPearsonUpper,
            Method::ClopperPearsonLower,
            Method::OrderStatistics,
            Method::Normal,
            Method::Tango,
            Method::MoverRatio,
            Method::Bootstrap,
        ] {
            assert_eq!(
                serde_json::to_value(method).unwrap(),
                serde_json::Value::from(method.name())
            );
        }
    }
}
