//! What a gate means for those who live with it: how often it pages for nothing, what gets past it, and
//! whether an abort is to be believed.

use super::model::{ArmResult, BadReleases, BaseRates};
use crate::plan::ArmKind;
use crate::scenario::model::Releases;
use crate::stats::Estimate;
use crate::stats::ratio::bad_given_aborted;

const WEEKS_PER_QUARTER: f64 = 13.0;
const WEEKS_PER_YEAR: f64 = 52.0;

/// The base rates of one Rollout.
pub fn base_rates(releases: &Releases, arms: &[ArmResult]) -> BaseRates {
    let bad_share = releases.bad_share;
    let healthy = arms.iter().find(|arm| arm.kind == ArmKind::Healthy);
    let healthy_a_quarter = releases.per_week * WEEKS_PER_QUARTER * (1.0 - bad_share);
    let bad_a_year = releases.per_week * WEEKS_PER_YEAR * bad_share;
    let of_a_fault = arms.iter().filter(|arm| arm.kind == ArmKind::Fault);
    BaseRates {
        deploys_per_week: releases.per_week,
        bad_release_share: bad_share,
        pages_for_nothing_per_quarter: healthy
            .and_then(pages)
            .map(|pages| times(pages, healthy_a_quarter)),
        bad_releases: of_a_fault
            .map(|arm| BadReleases {
                arm: arm.name.clone(),
                shipped_per_year: arm
                    .intervals
                    .outcomes
                    .promoted
                    .map(|promoted| times(promoted, bad_a_year)),
                bad_given_aborted: healthy.and_then(|healthy| {
                    let (bad, healthy) = (arm.aborted.as_ref()?, healthy.aborted.as_ref()?);
                    bad_given_aborted(bad_share, bad, healthy)
                }),
            })
            .collect(),
    }
}

/// Pages per release. Where nobody is paged twice it is a probability and has the limits of one, which are
/// right for rare pages too.
fn pages(arm: &ArmResult) -> Option<Estimate> {
    let (mean, any) = (arm.intervals.pages.mean?, arm.intervals.pages.any?);
    if mean.estimate > any.estimate {
        Some(mean)
    } else {
        Some(any)
    }
}

fn times(estimate: Estimate, factor: f64) -> Estimate {
    Estimate {
        estimate: estimate.estimate * factor,
        low: estimate.low.map(|low| low * factor),
        high: estimate.high.map(|high| high * factor),
        ..estimate
    }
}

#[cfg(test)]
mod tests {
    use super::base_rates;
    use crate::report::sample;
    use crate::scenario::model::Releases;

    #[test]
    fn rates_follow_from_the_arms() {
        let releases = Releases {
            per_week: 20.0,
            bad_share: 0.05,
        };
        let found = base_rates(&releases, &sample::report().results[0].arms);
        // Nobody was paged in 1,000 healthy releases: at most 0.3 %, of 247 a quarter.
        let pages = found.pages_for_nothing_per_quarter.unwrap();
        assert!(pages.estimate.abs() < 1e-15);
        assert!((pages.high.unwrap() - 247.0 * 0.002_991).abs() < 1e-3);
        let [spike, empty] = found.bad_releases.as_slice() else {
            panic!("two faults");
        };
        assert_eq!(
            (spike.arm.as_str(), empty.arm.as_str()),
            ("error-spike", "empty-body")
        );
        assert!((spike.shipped_per_year.unwrap().estimate - 52.0 * 0.002).abs() < 1e-12);
        assert!((empty.shipped_per_year.unwrap().estimate - 52.0).abs() < 1e-12);
        assert!((spike.bad_given_aborted.unwrap().estimate - 1.0).abs() < 1e-12);
        assert!(empty.bad_given_aborted.is_none(), "neither is ever aborted");
    }

    #[test]
    fn without_the_healthy_arm_only_shipping_is_known() {
        let releases = Releases {
            per_week: 1.0,
            bad_share: 0.5,
        };
        let found = base_rates(&releases, &sample::report().results[0].arms[1..2]);
        assert!(found.pages_for_nothing_per_quarter.is_none());
        assert!(found.bad_releases[0].shipped_per_year.is_some());
        assert!(found.bad_releases[0].bad_given_aborted.is_none());
    }
}
