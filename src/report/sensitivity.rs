//! What a changed assumption does to the verdict on each arm.

use super::model::{ArmResult, GateVerdict, Variant, VariedArm};
use crate::plan::ArmKind;
use crate::stats::Estimate;

/// A healthy release may be aborted so often.
const QUIET: f64 = 0.01;
/// A bad release is caught if it is aborted so often, missed if no oftener than the rest.
const CAUGHT: f64 = 0.95;

fn verdict(kind: ArmKind, aborted: &Estimate) -> GateVerdict {
    match kind {
        ArmKind::Healthy if aborted.estimate <= QUIET => GateVerdict::Quiet,
        ArmKind::Healthy => GateVerdict::Noisy,
        ArmKind::Fault if aborted.estimate >= CAUGHT => GateVerdict::Caught,
        ArmKind::Fault if aborted.estimate <= 1.0 - CAUGHT => GateVerdict::Missed,
        ArmKind::Fault => GateVerdict::Uncertain,
    }
}

/// The arms as they were assumed.
pub fn unchanged(arms: &[ArmResult]) -> Vec<VariedArm> {
    arms.iter().filter_map(|arm| of(arm, None)).collect()
}

/// The arms under a changed assumption, beside what they were.
pub fn varied(assumption: &str, text: &str, before: &[ArmResult], after: &[ArmResult]) -> Variant {
    let arms: Vec<VariedArm> = before
        .iter()
        .zip(after)
        .filter_map(|(before, after)| of(after, before.aborted.as_ref()))
        .collect();
    Variant {
        assumption: assumption.to_owned(),
        text: text.to_owned(),
        changes_verdict: arms.iter().any(|arm| arm.changes_verdict),
        arms,
    }
}

fn of(arm: &ArmResult, before: Option<&Estimate>) -> Option<VariedArm> {
    let aborted = arm.aborted?;
    let verdict = verdict(arm.kind, &aborted);
    let changed =
        |before: &Estimate| self::verdict(arm.kind, before) != verdict && apart(before, &aborted);
    Some(VariedArm {
        arm: arm.name.clone(),
        aborted,
        verdict,
        changes_verdict: before.is_some_and(changed),
    })
}

/// A verdict that chance may have changed isn't changed.
fn apart(one: &Estimate, other: &Estimate) -> bool {
    let (low, high) = (
        |estimate: &Estimate| estimate.low.unwrap_or(0.0),
        |estimate: &Estimate| estimate.high.unwrap_or(1.0),
    );
    high(one) < low(other) || high(other) < low(one)
}

#[cfg(test)]
mod tests {
    use super::{unchanged, varied};
    use crate::report::model::{ArmResult, GateVerdict};
    use crate::report::sample;
    use crate::stats::proportion::proportion;
    use std::num::NonZeroU64;

    fn arms(healthy_aborted: u64) -> Vec<ArmResult> {
        let mut arms = sample::report().results[0].arms.clone();
        arms[0].aborted = Some(proportion(healthy_aborted, NonZeroU64::new(1_000).unwrap()));
        arms
    }

    #[test]
    fn verdicts_are_of_the_kind_of_the_arm() {
        let verdicts: Vec<_> = unchanged(&arms(0)).iter().map(|arm| arm.verdict).collect();
        assert_eq!(
            verdicts,
            [GateVerdict::Quiet, GateVerdict::Caught, GateVerdict::Missed]
        );
    }

    #[test]
    fn only_a_change_beyond_chance_changes_a_verdict() {
        let small = varied("errors", "more errors", &arms(9), &arms(12));
        assert_eq!(small.arms[0].verdict, GateVerdict::Noisy);
        assert!(!small.changes_verdict, "1.2 % is hardly more than 0.9 %");
        let large = varied("errors", "more errors", &arms(9), &arms(60));
        assert!(large.changes_verdict && large.arms[0].changes_verdict);
        assert!(!large.arms[1].changes_verdict);
    }
}
