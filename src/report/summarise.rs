//! From an arm's tally to its part of the report.

use super::incidence::incidences;
use super::model::{
    AbortedAt, ArmResult, DecidedBy, Excess, ExcessPairs, FailedRequests, FailedRequestsEstimates,
    Intervals, MedianAndTail, MedianAndTailEstimates, OutcomeEstimates, Outcomes, Pages,
    PagesEstimates, QuantileEstimates, Quantiles, Unfinished,
};
use crate::engine::outcome::Outcome;
use crate::montecarlo::bins::Bins;
use crate::montecarlo::tally::Tally;
use crate::stats::mean::mean;
use crate::stats::paired::tango;
use crate::stats::proportion::{IntervalMethod, proportion_at};
use crate::stats::quantile::quantile;
use crate::stats::{Estimate, LEVEL};
use std::num::NonZeroU64;

pub(super) const MILLIS_PER_SECOND: f64 = 1_000.0;

/// How an arm's counts become probabilities.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proportions {
    n: NonZeroU64,
    method: IntervalMethod,
}

impl Proportions {
    /// The share of `count` replications in all.
    pub(super) fn of(self, count: u64) -> Estimate {
        proportion_at(self.method, count, self.n, LEVEL)
    }
}

/// The figures of an arm, none before its first replication. `metric_names` are the plan's, by index;
/// proportions get the intervals of `method`.
pub fn summarise(
    name: &str,
    tally: &Tally,
    metric_names: &[String],
    method: IntervalMethod,
) -> Option<ArmResult> {
    let n = NonZeroU64::new(tally.replications())?;
    let share = Proportions { n, method };
    let duration_ms = tally.duration_ms();
    let intervals = Intervals {
        outcomes: outcome_estimates(tally, share),
        time_to_abort_s: time_quantiles(tally.time_to_abort_ms()),
        time_to_abort_from_onset_s: time_quantiles(tally.time_to_abort_from_onset_ms()),
        time_to_safe_s: time_quantiles(tally.time_to_safe_ms()),
        failed_requests: FailedRequestsEstimates {
            mean: mean(tally.failed_requests()),
            p50: quantile(tally.failed_requests(), 50, 1.0),
            p95: quantile(tally.failed_requests(), 95, 1.0),
            before_outcome_mean: mean(tally.failed_before()),
            after_miss_mean: mean(tally.failed_after_miss()),
        },
        pages: PagesEstimates {
            mean: mean(tally.pages()),
            any: Some(share.of(tally.paged())),
        },
        duration_s: MedianAndTailEstimates {
            p50: quantile(&duration_ms, 50, MILLIS_PER_SECOND),
            p95: quantile(&duration_ms, 95, MILLIS_PER_SECOND),
        },
    };
    Some(ArmResult {
        name: name.to_owned(),
        kind: tally.kind(),
        replications: n.get(),
        outcomes: outcomes(tally),
        detected: share.of(tally.detected()),
        excess_over_healthy: excess(tally),
        stopped: share.of(tally.stopped()),
        aborted: Some(share.of(tally.aborted())),
        time_to_abort_s: points(&intervals.time_to_abort_s),
        time_to_abort_from_onset_s: points(&intervals.time_to_abort_from_onset_s),
        time_to_safe_s: points(&intervals.time_to_safe_s),
        aborted_at: aborted_at(tally, share),
        decided_by: decided_by(tally, metric_names, share),
        unfinished: Unfinished {
            repeating: tally.repeating(),
        },
        pages: Pages {
            mean: point(intervals.pages.mean).unwrap_or_default(),
        },
        failed_requests: failed_requests(&intervals.failed_requests),
        duration_s: MedianAndTail {
            p50: point(intervals.duration_s.p50),
            p95: point(intervals.duration_s.p95),
        },
        intervals,
        cumulative_incidence: incidences(tally, share),
        bound: Vec::new(),
    })
}

fn excess(tally: &Tally) -> Option<Excess> {
    let pairs = tally.pairs();
    Some(Excess {
        difference: tango(pairs, LEVEL)?,
        pairs: ExcessPairs {
            both: pairs.both,
            only_this: pairs.only_first,
            only_healthy: pairs.only_second,
            neither: pairs.neither,
        },
    })
}

fn time_quantiles(millis: &Bins) -> QuantileEstimates {
    let at = |percent| quantile(millis, percent, MILLIS_PER_SECOND);
    QuantileEstimates {
        p50: at(50),
        p90: at(90),
        p95: at(95),
        p99: at(99),
    }
}

fn point(estimate: Option<Estimate>) -> Option<f64> {
    estimate.map(|estimate| estimate.estimate)
}

fn points(estimates: &QuantileEstimates) -> Quantiles {
    Quantiles {
        p50: point(estimates.p50),
        p90: point(estimates.p90),
        p95: point(estimates.p95),
        p99: point(estimates.p99),
    }
}

/// There is at least one replication, so every figure exists.
fn failed_requests(estimates: &FailedRequestsEstimates) -> FailedRequests {
    let value = |estimate| point(estimate).unwrap_or_default();
    FailedRequests {
        mean: value(estimates.mean),
        p50: value(estimates.p50),
        p95: value(estimates.p95),
        before_outcome_mean: value(estimates.before_outcome_mean),
        after_miss_mean: value(estimates.after_miss_mean),
    }
}

fn outcomes(tally: &Tally) -> Outcomes {
    Outcomes {
        promoted: tally.outcome(Outcome::Promoted),
        aborted_failed: tally.outcome(Outcome::AbortedFailed),
        aborted_error: tally.outcome(Outcome::AbortedError),
        aborted_deadline: tally.outcome(Outcome::AbortedDeadline),
        aborted_operator: tally.outcome(Outcome::AbortedOperator),
        aborted_other: tally.outcome(Outcome::AbortedOther),
        paused_inconclusive: tally.outcome(Outcome::PausedInconclusive),
        paused: tally.outcome(Outcome::Paused),
        degraded: tally.outcome(Outcome::Degraded),
        unfinished: tally.outcome(Outcome::Unfinished),
    }
}

fn outcome_estimates(tally: &Tally, share: Proportions) -> OutcomeEstimates {
    let of = |outcome| Some(share.of(tally.outcome(outcome)));
    OutcomeEstimates {
        promoted: of(Outcome::Promoted),
        aborted_failed: of(Outcome::AbortedFailed),
        aborted_error: of(Outcome::AbortedError),
        aborted_deadline: of(Outcome::AbortedDeadline),
        aborted_operator: of(Outcome::AbortedOperator),
        aborted_other: of(Outcome::AbortedOther),
        paused_inconclusive: of(Outcome::PausedInconclusive),
        paused: of(Outcome::Paused),
        degraded: of(Outcome::Degraded),
        unfinished: of(Outcome::Unfinished),
    }
}

fn aborted_at(tally: &Tally, share: Proportions) -> Vec<AbortedAt> {
    tally
        .aborted_at()
        .map(|(place, n)| AbortedAt {
            step: place.step,
            weight: place.weight,
            share: f64::from(place.share_ppm) / 1e6,
            n,
            probability: Some(share.of(n)),
        })
        .collect()
}

fn decided_by(tally: &Tally, metric_names: &[String], share: Proportions) -> Vec<DecidedBy> {
    let name = |metric: Option<u16>| metric_names.get(usize::from(metric?)).cloned();
    let mut decided: Vec<_> = tally
        .decided_by()
        .map(|(metric, n)| DecidedBy {
            metric: name(metric),
            n,
            probability: Some(share.of(n)),
        })
        .collect();
    // Stable: equals stay in the plan's order.
    decided.sort_by_key(|decided| std::cmp::Reverse(decided.n));
    decided
}

#[cfg(test)]
mod tests {
    use super::summarise;
    use crate::engine::outcome::{Abort, Outcome, Replication};
    use crate::montecarlo::tally::Tally;
    use crate::plan::ArmKind;
    use crate::stats::Method;
    use crate::stats::proportion::IntervalMethod;

    /// 30 aborts by `slow` at 400 s, 60 by `errors` from 300 s on, 10 promotions.
    fn tally() -> Tally {
        let mut tally = Tally::new(ArmKind::Fault);
        for index in 0..100 {
            let (outcome, metric, ended_ms) = match index {
                0..30 => (Outcome::AbortedFailed, Some(0), 400_000),
                30..90 => (Outcome::AbortedFailed, Some(1), 300_000 + index),
                _ => (Outcome::Promoted, None, 1_800_000),
            };
            tally.add(&Replication {
                outcome,
                ended_ms,
                onset_ms: Some(10_000),
                safe_ms: outcome.is_abort().then_some(ended_ms + 20_000),
                abort: outcome.is_abort().then_some(Abort {
                    step: Some(2),
                    weight: 10,
                    share_ppm: 142_857,
                    metric,
                }),
                repeating: false,
                pages: 0,
                failed_before: 10,
                failed_after_miss: if outcome == Outcome::Promoted {
                    1_000
                } else {
                    0
                },
            });
        }
        tally
    }

    #[test]
    fn every_figure_comes_from_the_tally() {
        let names = ["slow", "errors"].map(String::from);
        let arm = summarise("spike", &tally(), &names, IntervalMethod::Wilson).unwrap();
        assert_eq!(arm.replications, 100);
        assert_eq!(arm.outcomes.of(Outcome::AbortedFailed), 90);
        assert_eq!(arm.detected.method, Method::Wilson);
        assert!((arm.detected.estimate - 0.9).abs() < 1e-15);
        assert_eq!(arm.time_to_abort_s.p95, Some(400.0));
        assert_eq!(arm.time_to_abort_from_onset_s.p95, Some(390.0));
        assert!(
            (arm.time_to_safe_s.p99.unwrap() - 420.0).abs() < 0.21,
            "within 0.05 %"
        );
        assert!(
            (arm.duration_s.p95.unwrap() - 1_800.0).abs() < 0.9,
            "within 0.05 %"
        );
        let decided: Vec<_> = arm
            .decided_by
            .iter()
            .map(|decided| (decided.metric.as_deref(), decided.n))
            .collect();
        assert_eq!(decided, [(Some("errors"), 60), (Some("slow"), 30)]);
        assert_eq!((arm.aborted_at.len(), arm.aborted_at[0].n), (1, 90));
        assert!((arm.aborted_at[0].share - 0.142_857).abs() < 1e-15);
        assert!((arm.failed_requests.mean - 110.0).abs() < 1e-12);
        assert!((arm.failed_requests.after_miss_mean - 100.0).abs() < 1e-12);
        assert!((arm.failed_requests.p95 - 1_010.0).abs() < 1e-12);
    }

    #[test]
    fn without_aborts_the_times_are_null() {
        let mut tally = Tally::new(ArmKind::Healthy);
        assert_eq!(
            summarise("healthy", &tally, &[], IntervalMethod::Wilson),
            None
        );
        tally.add(&Replication {
            outcome: Outcome::Promoted,
            ended_ms: 1_800_000,
            onset_ms: None,
            safe_ms: None,
            abort: None,
            repeating: false,
            pages: 0,
            failed_before: 0,
            failed_after_miss: 0,
        });
        let arm = summarise("healthy", &tally, &[], IntervalMethod::Wilson).unwrap();
        assert_eq!(arm.time_to_abort_s.p50, None);
        assert_eq!(arm.detected.method, Method::ClopperPearsonUpper);
        assert_eq!(arm.duration_s.p50, Some(1_800.0));
    }
}
