//! The cumulative incidence of each outcome: the probability that a release has ended so by some time.
//!
//! All replications count, also those that ended otherwise: a promotion isn't a release whose abort nobody
//! waited for. So a curve rises to the probability of its outcome and stays there.

use super::model::{Incidence, IncidencePoint, QuantileEstimates};
use super::summarise::{MILLIS_PER_SECOND, Proportions};
use crate::engine::outcome::Outcome;
use crate::montecarlo::bins::Bins;
use crate::montecarlo::tally::Tally;
use crate::stats::quantile::incidence_quantile;

/// A curve has at most so many points.
const MOST_POINTS: u64 = 100;

/// One entry per outcome that happened.
pub(super) fn incidences(tally: &Tally, share: Proportions) -> Vec<Incidence> {
    let happened = |outcome: &Outcome| tally.outcome(*outcome) > 0;
    Outcome::ALL
        .into_iter()
        .filter(happened)
        .map(|outcome| incidence(outcome, tally, share))
        .collect()
}

fn incidence(outcome: Outcome, tally: &Tally, share: Proportions) -> Incidence {
    let (ended_ms, all) = (tally.ended_ms(outcome), tally.replications());
    let at = |percent| incidence_quantile(ended_ms, all, percent, MILLIS_PER_SECOND);
    let points = steps(ended_ms).map(|(at_ms, count)| IncidencePoint {
        at_s: at_ms as f64 / MILLIS_PER_SECOND,
        probability: share.of(count),
    });
    Incidence {
        outcome: outcome.name().to_owned(),
        plateau: share.of(ended_ms.count()),
        quantiles_s: QuantileEstimates {
            p50: at(50),
            p90: at(90),
            p95: at(95),
            p99: at(99),
        },
        points: points.collect(),
    }
}

/// Times, and how many values are at or below them: every bin where these are few, else the first one and
/// those at which another hundredth of the values is reached. The last one is always there.
fn steps(values: &Bins) -> impl Iterator<Item = (u64, u64)> + '_ {
    let all = values.count();
    let few = values.cumulative().count() as u64 <= MOST_POINTS;
    let mut reached = None;
    values.cumulative().filter(move |&(_, count)| {
        let part = count * (MOST_POINTS - 1) / all;
        let further = reached.is_none_or(|before| part > before);
        if further {
            reached = Some(part);
        }
        few || further
    })
}

#[cfg(test)]
mod tests {
    use super::{MOST_POINTS, steps};
    use crate::montecarlo::bins::Bins;

    fn of(values: impl Iterator<Item = u64>) -> Vec<(u64, u64)> {
        let mut bins = Bins::new();
        for value in values {
            bins.add(value);
        }
        steps(&bins).collect()
    }

    #[test]
    fn few_times_are_all_there() {
        assert_eq!(of([7, 9, 7, 12].into_iter()), [(7, 2), (9, 3), (12, 4)]);
        assert_eq!(of(std::iter::empty()), []);
    }

    #[test]
    fn many_times_are_thinned_evenly_and_end_at_the_last() {
        let points = of((0..5_000).map(|value| value * value % 7_919));
        assert!(points.len() as u64 <= MOST_POINTS, "{}", points.len());
        assert_eq!(points.last().unwrap().1, 5_000);
        let gaps = points.windows(2).map(|pair| pair[1].1 - pair[0].1);
        assert!(gaps.max().unwrap() <= 5_000 / 99 + 8);
        assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
