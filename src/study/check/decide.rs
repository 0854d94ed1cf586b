//! Whether a figure is on the right side of its bound.
//!
//! A share is decided by exact one-sided limits (Clopper and Pearson). Probabilities within [`MARGIN`] of the
//! bound may be called either way; farther out a wrong verdict has at most [`ERROR_PROBABILITY`], which is split
//! evenly over the looks (Bonferroni). An expectation is met when the limit towards the bound is beyond
//! bound − margin, and not met when the other limit is on the wrong side of bound + margin. When both hold, the
//! interval is narrower than the margin and the estimate itself decides.
//!
//! Times and numbers are decided by the 95 % interval of the result, without a margin.

use std::num::NonZeroU64;

use crate::report::check::{CheckedExpectation, Verdict};
use crate::report::model::Report;
use crate::scenario::expectation::Comparison;
use crate::stats::Estimate;
use crate::stats::proportion::clopper_pearson;

use super::figures::{Value, value};

/// The most probable that a verdict on a share may be wrong.
pub(super) const ERROR_PROBABILITY: f64 = 0.01;
/// How near to its bound a share may be called either way.
pub(super) const MARGIN: f64 = 0.005;

/// Looks at what a report says of an expectation.
pub(super) fn decide(checked: &mut CheckedExpectation, report: &Report, looks: usize) {
    let Some(arm) = super::arm(report, &checked.rollout, &checked.expectation.arm) else {
        return;
    };
    checked.replications = arm.replications;
    let expectation = &checked.expectation;
    match value(arm, expectation.figure) {
        Value::Count(count) => {
            let Some(n) = NonZeroU64::new(arm.replications) else {
                return;
            };
            let estimate = clopper_pearson(count, n, 1.0 - 2.0 * ERROR_PROBABILITY / looks as f64);
            checked.verdict = share(&estimate, expectation.comparison, expectation.bound);
            checked.estimate = Some(estimate);
        }
        Value::Estimate(None) => {
            checked.verdict = Verdict::NotMet;
            checked.reason = Some("no replication has such a figure".to_owned());
        }
        Value::Estimate(Some(estimate)) => {
            checked.verdict = number(&estimate, expectation.comparison, expectation.bound);
            checked.estimate = Some(estimate);
        }
    }
}

/// As if "at least": everything is mirrored for "at most".
struct Mirrored {
    estimate: f64,
    low: f64,
    high: f64,
    bound: f64,
}

impl Mirrored {
    fn new(estimate: &Estimate, comparison: Comparison, bound: f64) -> Self {
        let low = estimate.low.unwrap_or(f64::NEG_INFINITY);
        let high = estimate.high.unwrap_or(f64::INFINITY);
        match comparison {
            Comparison::AtLeast => Self {
                estimate: estimate.estimate,
                low,
                high,
                bound,
            },
            Comparison::AtMost => Self {
                estimate: -estimate.estimate,
                low: -high,
                high: -low,
                bound: -bound,
            },
        }
    }
}

fn share(estimate: &Estimate, comparison: Comparison, bound: f64) -> Verdict {
    let seen = Mirrored::new(estimate, comparison, bound);
    let may_be_met = seen.low > seen.bound - MARGIN;
    let may_be_missed = seen.high < seen.bound + MARGIN;
    match (may_be_met, may_be_missed) {
        (true, true) if seen.estimate >= seen.bound => Verdict::Met,
        (true, false) => Verdict::Met,
        (_, true) => Verdict::NotMet,
        (false, false) => Verdict::Undecided,
    }
}

fn number(estimate: &Estimate, comparison: Comparison, bound: f64) -> Verdict {
    let seen = Mirrored::new(estimate, comparison, bound);
    if seen.low >= seen.bound {
        Verdict::Met
    } else if seen.high < seen.bound {
        Verdict::NotMet
    } else {
        Verdict::Undecided
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use super::{ERROR_PROBABILITY, MARGIN, number, share};
    use crate::report::check::Verdict;
    use crate::scenario::expectation::Comparison::{AtLeast, AtMost};
    use crate::stats::proportion::clopper_pearson;
    use crate::stats::special::binomial_cdf;
    use crate::stats::{Estimate, Method};

    fn seen(count: u64, n: u64) -> Estimate {
        let level = 1.0 - 2.0 * ERROR_PROBABILITY / 4.0;
        clopper_pearson(count, NonZeroU64::new(n).unwrap(), level)
    }

    #[test]
    fn clear_cases_are_decided_and_close_ones_are_not() {
        assert_eq!(share(&seen(1_000, 1_000), AtLeast, 0.95), Verdict::Met);
        assert_eq!(share(&seen(900, 1_000), AtLeast, 0.95), Verdict::NotMet);
        assert_eq!(share(&seen(950, 1_000), AtLeast, 0.95), Verdict::Undecided);
        assert_eq!(share(&seen(0, 1_000), AtMost, 0.01), Verdict::Met);
        assert_eq!(share(&seen(40, 1_000), AtMost, 0.01), Verdict::NotMet);
    }

    #[test]
    fn an_interval_within_the_margin_leaves_it_to_the_estimate() {
        assert_eq!(
            share(&seen(950_100, 1_000_000), AtLeast, 0.95),
            Verdict::Met
        );
        assert_eq!(
            share(&seen(949_900, 1_000_000), AtLeast, 0.95),
            Verdict::NotMet
        );
    }

    /// By exact summation at one look: just outside the margin a wrong verdict is as rare as promised.
    #[test]
    fn wrong_verdicts_outside_the_margin_are_rare() {
        let (n, bound) = (4_000, 0.9);
        let wrong = |p: f64, verdict: Verdict| -> f64 {
            (0..=n)
                .filter(|count| share(&seen(*count, n), AtLeast, bound) == verdict)
                .map(|count| {
                    let below = count.checked_sub(1).map_or(0.0, |k| binomial_cdf(k, n, p));
                    binomial_cdf(count, n, p) - below
                })
                .sum()
        };
        assert!(wrong(bound - MARGIN, Verdict::Met) <= ERROR_PROBABILITY / 4.0 + 1e-9);
        assert!(wrong(bound + MARGIN, Verdict::NotMet) <= ERROR_PROBABILITY / 4.0 + 1e-9);
    }

    #[test]
    fn times_are_decided_by_their_interval() {
        let time = |low, high| Estimate {
            n: 100,
            estimate: 600.0,
            low: Some(low),
            high: Some(high),
            level: 0.95,
            method: Method::OrderStatistics,
        };
        assert_eq!(number(&time(590.0, 610.0), AtMost, 1_200.0), Verdict::Met);
        assert_eq!(number(&time(590.0, 610.0), AtMost, 300.0), Verdict::NotMet);
        assert_eq!(
            number(&time(590.0, 610.0), AtMost, 600.0),
            Verdict::Undecided
        );
    }
}
