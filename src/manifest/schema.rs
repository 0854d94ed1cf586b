//! Gate 0: what the API server refuses before any controller sees the object.
//!
//! Structural validation by the custom resource definitions of Argo Rollouts, with strict field
//! validation as `kubectl apply` asks for it, plus the API server's own checks of metadata. The
//! controller's gates come later and are not modelled here. Source: argo-analysis spec §2.1 (G0).

mod defaults;
mod hints;
mod metadata;
mod table;
mod validate;

#[cfg(test)]
mod tests;

pub use defaults::prune_and_default;
pub use validate::validate;

/// The release whose custom resource definitions are embedded.
pub const ARGO_ROLLOUTS_VERSION: &str = "v1.9.1";

/// The resources that have an embedded definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// `kind: Rollout`
    Rollout,
    /// `kind: AnalysisTemplate`
    AnalysisTemplate,
    /// `kind: ClusterAnalysisTemplate`
    ClusterAnalysisTemplate,
}

impl Resource {
    /// Its `kind`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Rollout => "Rollout",
            Self::AnalysisTemplate => "AnalysisTemplate",
            Self::ClusterAnalysisTemplate => "ClusterAnalysisTemplate",
        }
    }

    /// The resource with this `kind`.
    pub fn from_kind(kind: &str) -> Option<Self> {
        [
            Self::Rollout,
            Self::AnalysisTemplate,
            Self::ClusterAnalysisTemplate,
        ]
        .into_iter()
        .find(|resource| resource.kind() == kind)
    }
}

/// What to do about fields that the definition doesn't know: the API server's `fieldValidation`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// Refuse the object; kubectl's default.
    #[default]
    Strict,
    /// Drop the field with a warning; the API server's own default, used by some pipelines.
    Warn,
}
