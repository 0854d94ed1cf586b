//! How many pods an update may add and may miss, and how long a pause is: numbers that are written in several ways.

use super::{CanaryStrategy, Pause};
use crate::go::duration;
use crate::manifest::int_or_string::IntOrString;

/// `maxSurge` and `maxUnavailable` as numbers of pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fenceposts {
    /// Pods above the wanted number.
    pub max_surge: i32,
    /// Pods that may be missing, at most the wanted number.
    pub max_unavailable: i32,
}

impl CanaryStrategy {
    /// Resolves both limits for `replicas` wanted pods (Argo Rollouts v1.9.1 replicaset.go `resolveFenceposts`,
    /// `MaxUnavailable`; spec argo-rollout §3.1).
    ///
    /// - unset is 25 %; in a text the `%` is optional; surge rounds up, unavailable rounds down;
    /// - both 0 after rounding: one pod may be missing;
    /// - a text that is no number makes both 0;
    /// - `max_unavailable` is 0 when no pod is wanted.
    pub fn fenceposts(&self, replicas: i32) -> Fenceposts {
        let resolved = scaled(self.max_surge.as_ref(), replicas, Rounding::Up).zip(scaled(
            self.max_unavailable.as_ref(),
            replicas,
            Rounding::Down,
        ));
        let (max_surge, max_unavailable) = match resolved {
            None => (0, 0),
            Some((0, 0)) => (0, 1),
            Some(both) => both,
        };
        Fenceposts {
            max_surge,
            max_unavailable: if replicas == 0 {
                0
            } else {
                max_unavailable.min(replicas)
            },
        }
    }
}

impl super::BlueGreenStrategy {
    /// Pods that may be missing during a restart, for `replicas` wanted pods; a text that is no number counts as 0.
    pub fn max_unavailable_pods(&self, replicas: i32) -> i32 {
        if replicas == 0 {
            return 0;
        }
        scaled(self.max_unavailable.as_ref(), replicas, Rounding::Down)
            .unwrap_or(0)
            .min(replicas)
    }
}

#[derive(Clone, Copy)]
enum Rounding {
    Up,
    Down,
}

/// The number of pods that `limit` (unset: 25 %) means for `replicas`; nothing when its text is no number
/// (apimachinery v0.34 intstr.go `GetValueFromIntOrPercent`).
fn scaled(limit: Option<&IntOrString>, replicas: i32, rounding: Rounding) -> Option<i32> {
    let percent = match limit {
        None => 25,
        Some(IntOrString::Int(pods)) => return Some(*pods),
        Some(IntOrString::Text(text)) => go_atoi(&text.replace('%', ""))?,
    };
    let pods = percent as f64 * f64::from(replicas) / 100.0;
    let rounded = match rounding {
        Rounding::Up => pods.ceil(),
        Rounding::Down => pods.floor(),
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "counts of pods; out of range saturates"
    )]
    let whole = rounded as i32;
    Some(whole)
}

/// Go's `strconv.Atoi`; nothing on an error.
fn go_atoi(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

impl Pause {
    /// Length in whole seconds: 0 when unset, -1 when the text is neither an integer nor a Go duration
    /// (Argo Rollouts v1.9.1 types.go `DurationSeconds`; spec argo-rollout §2.1).
    ///
    /// A number without a unit is seconds; fractions of a second are cut off, so `500ms` is 0.
    pub fn duration_seconds(&self) -> i32 {
        match &self.duration {
            None => 0,
            Some(IntOrString::Int(seconds)) => *seconds,
            Some(IntOrString::Text(text)) => go_atoi(text)
                .and_then(|seconds| i32::try_from(seconds).ok())
                .or_else(|| go_duration_seconds(text))
                .unwrap_or(-1),
        }
    }
}

/// Whole seconds of a Go duration; more than 32 bits become `i32::MIN`, as the conversion does on amd64.
fn go_duration_seconds(text: &str) -> Option<i32> {
    let seconds = duration::parse(text).ok()?.as_nanos() / 1_000_000_000;
    Some(i32::try_from(seconds).unwrap_or(i32::MIN))
}

#[cfg(test)]
mod tests {
    use super::Fenceposts;
    use crate::manifest::int_or_string::IntOrString;
    use crate::manifest::rollout_types::{BlueGreenStrategy, CanaryStrategy, Pause};

    fn pause(text: &str) -> i32 {
        Pause {
            duration: Some(IntOrString::from(text)),
        }
        .duration_seconds()
    }

    #[test]
    fn pause_durations_are_seconds_or_go_durations() {
        assert_eq!(Pause::default().duration_seconds(), 0);
        assert_eq!(["5", "+7", "-3", "0"].map(pause), [5, 7, -3, 0]);
        assert_eq!(
            [
                "5m", "1.5m", "1h30m", "1500ms", "500ms", ".5m", "-5m", "2m.5s"
            ]
            .map(pause),
            [300, 90, 5400, 1, 0, 30, -300, 120]
        );
        assert_eq!(
            ["", "5 minutes", "5d", "m", ".", ".s", "1..5s", "3000000000"].map(pause),
            [-1; 8],
            "not a duration"
        );
        assert_eq!(pause("600000h"), i32::MIN, "more than 32 bits of seconds");
        assert_eq!(pause("9999999h"), -1, "more than 64 bits of nanoseconds");
    }

    fn fenceposts(surge: Option<&str>, unavailable: Option<&str>, replicas: i32) -> (i32, i32) {
        let limit = |text: Option<&str>| {
            text.map(|text| {
                text.parse()
                    .map_or(IntOrString::from(text), IntOrString::Int)
            })
        };
        let Fenceposts {
            max_surge,
            max_unavailable,
        } = CanaryStrategy {
            max_surge: limit(surge),
            max_unavailable: limit(unavailable),
            ..CanaryStrategy::default()
        }
        .fenceposts(replicas);
        (max_surge, max_unavailable)
    }

    #[test]
    fn surge_rounds_up_and_unavailable_down() {
        assert_eq!(fenceposts(None, None, 6), (2, 1));
        assert_eq!(fenceposts(Some("25%"), Some("0"), 6), (2, 0));
        assert_eq!(
            fenceposts(Some("0"), None, 3),
            (0, 1),
            "both 0 after rounding"
        );
        assert_eq!(fenceposts(Some("abc"), Some("3"), 6), (0, 0));
        assert_eq!(fenceposts(Some("150%"), Some("9"), 4), (6, 4), "capped");
        assert_eq!(fenceposts(Some("3"), Some("2"), 0), (3, 0));
    }

    #[test]
    fn a_percent_sign_is_optional_in_a_text() {
        let strategy = |text: &str| CanaryStrategy {
            max_surge: Some(IntOrString::from(text)),
            ..CanaryStrategy::default()
        };
        assert_eq!(strategy("5").fenceposts(100).max_surge, 5);
        assert_eq!(strategy("5").fenceposts(10).max_surge, 1);
        assert_eq!(strategy("2%5%").fenceposts(4).max_surge, 1);
    }

    #[test]
    fn blue_green_has_no_fencepost() {
        let strategy = BlueGreenStrategy::default();
        assert_eq!(
            [0, 1, 3, 4].map(|n| strategy.max_unavailable_pods(n)),
            [0, 0, 0, 1]
        );
    }
}
