//! Where in the user's objects a mistake is.

use std::fmt;

use crate::manifest::references::TemplateId;
use crate::manifest::rollout_types::Rollout;

/// A value of an object. The pointers are JSON pointers; the value may be missing, then its nearest parent is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the Rollout.
    Rollout {
        /// Such as `/spec/strategy/canary/steps/0/setWeight`.
        pointer: String,
    },
    /// In a template.
    Template {
        /// Which one.
        id: TemplateId,
        /// Such as `/spec/metrics/0/count`.
        pointer: String,
    },
    /// In a Service.
    Service {
        /// Its name.
        name: String,
        /// Such as `/spec/selector/app`.
        pointer: String,
    },
}

impl Place {
    /// A place in the Rollout.
    pub(super) fn rollout(pointer: impl Into<String>) -> Self {
        Self::Rollout {
            pointer: pointer.into(),
        }
    }

    /// A place in a template.
    pub(super) fn template(id: &TemplateId, pointer: impl Into<String>) -> Self {
        Self::Template {
            id: id.clone(),
            pointer: pointer.into(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rollout { pointer } => write!(f, "Rollout {pointer}"),
            Self::Template { id, pointer } => write!(f, "{id} {pointer}"),
            Self::Service { name, pointer } => write!(f, "Service '{name}' {pointer}"),
        }
    }
}

/// The place of a field as `ValidateRollout` names it. It leaves out the strategy's name, among others.
pub(super) fn of_field(field: &str, rollout: &Rollout) -> Place {
    let strategy = if rollout.spec.strategy.canary.is_some() {
        "canary"
    } else {
        "blueGreen"
    };
    let field = field
        .replace("spec.strategy.strategy", "spec.strategy")
        .replace("spec.strategy.", &format!("spec.strategy.{strategy}."))
        .replace("spec.template.labels", "spec.template.metadata.labels")
        .replace(
            "spec.template.annotations",
            "spec.template.metadata.annotations",
        )
        .replace(
            "antiAffinity.weight",
            "antiAffinity.preferredDuringSchedulingIgnoredDuringExecution.weight",
        );
    // References of steps are checked under a name that no step has.
    let field = field.strip_suffix(".analyses").unwrap_or(&field);
    let keys = field.split(['.', '[', ']']).filter(|key| !key.is_empty());
    Place::rollout(keys.fold(String::new(), |pointer, key| pointer + "/" + key))
}

/// A key as part of a JSON pointer.
pub(super) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::of_field;
    use crate::manifest::rollout_types::Rollout;

    #[test]
    fn fields_of_the_controller_become_pointers() {
        let mut rollout = Rollout::default();
        rollout.spec.strategy.canary =
            Some(crate::manifest::rollout_types::CanaryStrategy::default());
        let pointer = |field: &str| of_field(field, &rollout).to_string();
        assert_eq!(
            pointer("spec.strategy.steps[2].pause.duration"),
            "Rollout /spec/strategy/canary/steps/2/pause/duration"
        );
        assert_eq!(pointer("spec.strategy.strategy"), "Rollout /spec/strategy");
        assert_eq!(
            pointer("spec.strategy.steps[0].analyses"),
            "Rollout /spec/strategy/canary/steps/0"
        );
        assert_eq!(
            pointer("spec.template.labels"),
            "Rollout /spec/template/metadata/labels"
        );
    }
}
