//! `spec.strategy.blueGreen` (Argo Rollouts v1.9.1 validation.go `ValidateRolloutStrategyBlueGreen`).

use super::validate_anti_affinity;
use crate::manifest::field_error::FieldError;
use crate::manifest::rollout_types::BlueGreenStrategy;

pub(super) fn validate(
    blue_green: &BlueGreenStrategy,
    revision_history_limit: i32,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if blue_green.active_service == blue_green.preview_service {
        errors.push(FieldError::invalid(
            "spec.strategy.activeService",
            &blue_green.active_service,
            "This rollout uses the same service for the active and preview services, but two different services are required.",
        ));
    }
    if let Some(limit) = blue_green.scale_down_delay_revision_limit
        && revision_history_limit < limit
    {
        errors.push(FieldError::invalid(
            "spec.strategy.scaleDownDelayRevisionLimit",
            limit,
            "This rollout's revision history limit can not be smaller than the rollout's scale down limit",
        ));
    }
    errors.extend(validate_anti_affinity(blue_green.anti_affinity.as_ref()));
    errors
}
