//! Where power is lost: in the template, in the steps, or because there is too little traffic.

use crate::report::bound::{Bound, Scope};
use crate::report::power::{CanaryRequests, Losses, Verdict};
use crate::stats::smoke_test::SmokeTest;

/// What a verdict rests on.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The detection probability.
    pub power: f64,
    /// The share of healthy releases that are aborted.
    pub false_aborts: f64,
    /// The wanted power.
    pub want: f64,
    /// The false aborts that are put up with.
    pub limit: f64,
    /// What the best possible test could do, by scope.
    pub bound: &'a [Bound],
    /// Expected requests of the new version.
    pub requests: CanaryRequests,
    /// The smallest test of what metrics show with the wanted power and no more false aborts than the limit.
    pub smallest_test: Option<SmokeTest>,
}

/// A verdict, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The verdict.
    pub verdict: Result<Verdict, String>,
    /// Where power is lost.
    pub losses: Option<Losses>,
}

/// Judges one point.
///
/// The way from the wanted power to the template's is cut at the best possible tests: what they lose until
/// promotion is the traffic's, what is lost from there to the best test on what queries read is the steps',
/// and the rest is the template's. The largest part is the verdict, of equal ones the one that is easiest to
/// mend.
///
/// Where healthy releases are aborted more often than the limit, power is no merit, and the bounds hold at
/// that many false aborts. Then a test that holds the limit is asked for: whether what is read suffices for
/// it, or what there is until promotion.
pub fn judge(evidence: &Evidence<'_>) -> Judged {
    let excess = evidence.false_aborts > evidence.limit;
    // What no request shows, no number of requests mends.
    let caveat = evidence
        .bound
        .iter()
        .find_map(|bound| bound.reason.as_ref());
    if let Some(reason) = caveat
        && (excess || evidence.power < evidence.want)
    {
        return Judged {
            verdict: Err(reason.clone()),
            losses: None,
        };
    }
    if excess {
        return Judged {
            verdict: by_requests(evidence),
            losses: None,
        };
    }
    if evidence.power >= evidence.want {
        return Judged {
            verdict: Ok(Verdict::Fine),
            losses: Some(Losses::default()),
        };
    }
    match losses(evidence) {
        Ok(losses) => Judged {
            verdict: Ok(largest(losses)),
            losses: Some(losses),
        },
        Err(reason) => Judged {
            verdict: Err(reason),
            losses: None,
        },
    }
}

/// A template that aborts too many healthy releases, judged by what a test within the limit needs.
fn by_requests(evidence: &Evidence<'_>) -> Result<Verdict, String> {
    let Some(test) = evidence.smallest_test else {
        let reason = "too many healthy releases are aborted, and no share of bad requests tells the two apart";
        return Err(reason.to_owned());
    };
    let needed = test.requests as f64;
    Ok(if evidence.requests.read >= needed {
        Verdict::Template
    } else if evidence.requests.promoted >= needed {
        Verdict::Steps
    } else {
        Verdict::Traffic
    })
}

fn losses(evidence: &Evidence<'_>) -> Result<Losses, String> {
    // More than wanted isn't asked for; and a bound below a power is off by chance.
    let want = evidence.want;
    let read = best(evidence.bound, Scope::Read)?.clamp(evidence.power, want);
    let promoted = best(evidence.bound, Scope::Promotion)?.clamp(read, want);
    Ok(Losses {
        template: read - evidence.power,
        steps: promoted - read,
        traffic: want - promoted,
    })
}

/// The power of the best test of a scope.
fn best(bounds: &[Bound], scope: Scope) -> Result<f64, String> {
    let bound = bounds.iter().find(|bound| bound.scope == scope);
    let power = bound.and_then(|bound| bound.bound);
    let power = power.map(|estimate| estimate.estimate);
    power.ok_or_else(|| "what the best possible test could do isn't known".to_owned())
}

fn largest(losses: Losses) -> Verdict {
    if losses.template >= losses.steps.max(losses.traffic) {
        Verdict::Template
    } else if losses.steps >= losses.traffic {
        Verdict::Steps
    } else {
        Verdict::Traffic
    }
}

#[cfg(test)]
mod tests {
    use super::{Evidence, judge};
    use crate::report::bound::{Bound, Scope};
    use crate::report::power::{CanaryRequests, Losses, Verdict};
    use crate::stats::smoke_test::SmokeTest;
    use crate::stats::{Estimate, LEVEL, Method};

    fn estimate(estimate: f64) -> Estimate {
        Estimate {
            n: 1_000,
            estimate,
            low: None,
            high: None,
            level: LEVEL,
            method: Method::Normal,
        }
    }

    fn bounds(read: f64, promotion: f64) -> Vec<Bound> {
        let between = f64::midpoint(read, promotion);
        let of = |(scope, bound): (Scope, f64)| Bound {
            scope,
            requests: None,
            alpha: Some(estimate(0.001)),
            level: Some(0.001),
            power: estimate(0.1),
            bound: Some(estimate(bound)),
            reason: None,
            efficiency: None,
        };
        let scopes = Scope::ALL.into_iter().zip([read, between, promotion]);
        scopes.map(of).collect()
    }

    fn evidence(power: f64, bound: &[Bound]) -> Evidence<'_> {
        Evidence {
            power,
            false_aborts: 0.001,
            want: 0.95,
            limit: 0.01,
            bound,
            requests: CanaryRequests {
                read: 40.0,
                promoted: 260.0,
                ..CanaryRequests::default()
            },
            smallest_test: SmokeTest::fewest(0.001, 0.03, 0.95, 0.01),
        }
    }

    #[track_caller]
    fn assert_losses(found: Option<Losses>, template: f64, steps: f64, traffic: f64) {
        let found = found.unwrap();
        for (found, expected) in [
            (found.template, template),
            (found.steps, steps),
            (found.traffic, traffic),
        ] {
            assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
        }
    }

    #[test]
    fn the_largest_loss_is_the_verdict() {
        for (read, promoted, verdict) in [
            (0.90, 0.99, Verdict::Template),
            (0.30, 0.99, Verdict::Steps),
            (0.12, 0.20, Verdict::Traffic),
        ] {
            let bound = bounds(read, promoted);
            assert_eq!(judge(&evidence(0.1, &bound)).verdict, Ok(verdict));
        }
    }

    #[test]
    fn losses_add_up_to_what_is_missing() {
        let bound = bounds(0.4, 0.99);
        let judged = judge(&evidence(0.1, &bound));
        assert_losses(judged.losses, 0.3, 0.55, 0.0);
        let bound = bounds(0.4, 0.7);
        let judged = judge(&evidence(0.1, &bound));
        assert_losses(judged.losses, 0.3, 0.3, 0.25);
        assert_eq!(
            judged.verdict,
            Ok(Verdict::Template),
            "of equal ones the first"
        );
    }

    #[test]
    fn a_bound_below_the_power_is_chance() {
        let bound = bounds(0.48, 0.49);
        let judged = judge(&evidence(0.5, &bound));
        assert_losses(judged.losses, 0.0, 0.0, 0.45);
        assert_eq!(judged.verdict, Ok(Verdict::Traffic));
    }

    #[test]
    fn enough_power_is_fine_whatever_the_bounds() {
        assert_eq!(judge(&evidence(0.95, &[])).verdict, Ok(Verdict::Fine));
    }

    #[test]
    fn without_bounds_there_is_no_verdict_but_a_reason() {
        let judged = judge(&evidence(0.1, &[]));
        assert!(judged.verdict.is_err() && judged.losses.is_none());
        let mut bound = bounds(0.1, 0.1);
        for bound in &mut bound {
            bound.reason = Some("memory is no request".to_owned());
        }
        let judged = judge(&evidence(0.1, &bound));
        assert_eq!(judged.verdict, Err("memory is no request".to_owned()));
    }

    #[test]
    fn what_no_request_shows_is_not_judged_by_requests() {
        let mut bound = bounds(0.1, 0.1);
        for bound in &mut bound {
            bound.reason = Some("nothing shows it".to_owned());
        }
        let judged = judge(&Evidence {
            false_aborts: 0.3,
            ..evidence(0.99, &bound)
        });
        assert_eq!(judged.verdict, Err("nothing shows it".to_owned()));
        let judged = judge(&evidence(0.99, &bound));
        assert_eq!(judged.verdict, Ok(Verdict::Fine));
    }

    #[test]
    fn power_bought_with_false_aborts_is_judged_by_the_requests_there_are() {
        // The smallest test within the limit takes 208 requests.
        for (read, promoted, verdict) in [
            (300.0, 400.0, Verdict::Template),
            (40.0, 260.0, Verdict::Steps),
            (4.0, 26.0, Verdict::Traffic),
        ] {
            let requests = CanaryRequests {
                read,
                promoted,
                ..CanaryRequests::default()
            };
            let judged = judge(&Evidence {
                false_aborts: 0.3,
                requests,
                ..evidence(0.99, &[])
            });
            assert_eq!(judged.verdict, Ok(verdict));
        }
    }
}
