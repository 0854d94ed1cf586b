//! Notifications: which of them a Rollout subscribes to by annotation, and the triggers that Argo Rollouts has.

use std::collections::BTreeMap;

/// The triggers of Argo Rollouts' notification catalogue (v1.9.1 manifests/notifications). Each belongs to a
/// Kubernetes event of the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trigger {
    /// The update is complete.
    RolloutCompleted,
    /// A step is complete.
    RolloutStepCompleted,
    /// There is a new revision.
    RolloutUpdated,
    /// A ReplicaSet is scaled.
    ScalingReplicaSet,
    /// The update was aborted.
    RolloutAborted,
    /// The update pauses.
    RolloutPaused,
    /// An AnalysisRun has begun to measure.
    AnalysisRunRunning,
    /// An AnalysisRun ended as Error.
    AnalysisRunError,
    /// An AnalysisRun ended as Failed.
    AnalysisRunFailed,
}

impl Trigger {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::RolloutCompleted,
        Self::RolloutStepCompleted,
        Self::RolloutUpdated,
        Self::ScalingReplicaSet,
        Self::RolloutAborted,
        Self::RolloutPaused,
        Self::AnalysisRunRunning,
        Self::AnalysisRunError,
        Self::AnalysisRunFailed,
    ];

    /// As annotations and configuration write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RolloutCompleted => "on-rollout-completed",
            Self::RolloutStepCompleted => "on-rollout-step-completed",
            Self::RolloutUpdated => "on-rollout-updated",
            Self::ScalingReplicaSet => "on-scaling-replica-set",
            Self::RolloutAborted => "on-rollout-aborted",
            Self::RolloutPaused => "on-rollout-paused",
            Self::AnalysisRunRunning => "on-analysis-run-running",
            Self::AnalysisRunError => "on-analysis-run-error",
            Self::AnalysisRunFailed => "on-analysis-run-failed",
        }
    }
}

/// Some triggers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Triggers(u16);

impl Triggers {
    /// Whether `trigger` is among them.
    pub const fn contains(self, trigger: Trigger) -> bool {
        self.0 & (1 << trigger as u16) != 0
    }

    /// Whether all of `others` are among them.
    pub const fn contains_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }
}

impl FromIterator<Trigger> for Triggers {
    fn from_iter<I: IntoIterator<Item = Trigger>>(triggers: I) -> Self {
        let bits = triggers.into_iter().map(|trigger| 1 << trigger as u16);
        Self(bits.fold(0, |all, bit| all | bit))
    }
}

/// Somebody is told when something happens: `notifications.argoproj.io/subscribe.TRIGGER.SERVICE: RECIPIENT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// When.
    pub trigger: Trigger,
    /// By what: `slack`, `email`, …
    pub service: String,
    /// Who; empty for services that need none.
    pub recipient: String,
}

const PREFIX: &str = "notifications.argoproj.io/subscribe.";

/// The subscriptions among a Rollout's annotations, in the order of their names; several recipients are
/// separated by `;`. Triggers that aren't in the catalogue are configured elsewhere: nothing is known of them.
pub fn subscriptions(annotations: &BTreeMap<String, String>) -> Vec<Subscription> {
    let mut subscriptions = Vec::new();
    for (key, recipients) in annotations {
        let Some((trigger, service)) = key
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split_once('.'))
        else {
            continue;
        };
        let known = Trigger::ALL
            .into_iter()
            .find(|known| known.name() == trigger);
        let Some(trigger) = known else { continue };
        subscriptions.extend(recipients.split(';').map(|recipient| Subscription {
            trigger,
            service: service.to_owned(),
            recipient: recipient.trim().to_owned(),
        }));
    }
    subscriptions
}

#[cfg(test)]
mod tests {
    use super::{Trigger, Triggers, subscriptions};

    #[test]
    fn annotations_name_trigger_service_and_recipients() {
        let annotations = [
            (
                "notifications.argoproj.io/subscribe.on-rollout-aborted.slack",
                "ops;dev",
            ),
            (
                "notifications.argoproj.io/subscribe.on-rollout-paused.email",
                "a@example.org",
            ),
            (
                "notifications.argoproj.io/subscribe.on-full-moon.slack",
                "wolves",
            ),
            ("prometheus.io/scrape", "true"),
        ];
        let annotations = annotations
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
        let shown: Vec<_> = subscriptions(&annotations)
            .into_iter()
            .map(|one| (one.trigger, one.service, one.recipient))
            .collect();
        let expected = [
            (Trigger::RolloutAborted, "slack", "ops"),
            (Trigger::RolloutAborted, "slack", "dev"),
            (Trigger::RolloutPaused, "email", "a@example.org"),
        ];
        assert_eq!(
            shown,
            expected.map(|(trigger, service, who)| (trigger, service.to_owned(), who.to_owned()))
        );
    }

    #[test]
    fn sets_of_triggers_hold_what_was_put_in() {
        let some: Triggers = [Trigger::RolloutAborted, Trigger::AnalysisRunFailed]
            .into_iter()
            .collect();
        for trigger in Trigger::ALL {
            let put_in = matches!(
                trigger,
                Trigger::RolloutAborted | Trigger::AnalysisRunFailed
            );
            assert_eq!(some.contains(trigger), put_in);
        }
        let one = [Trigger::RolloutAborted].into_iter().collect();
        assert!(some.contains_all(one) && !one.contains_all(some));
    }
}
