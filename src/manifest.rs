//! The user's YAML as the controllers see it: reading it as Kubernetes does and keeping every value's place,
//! types, argument substitution, and the gates that refuse it.
//!
//! This is where data enters: what leaves here is a resolved spec that `plan` compiles.

pub mod analysis_types;
pub mod arguments;
pub mod field_error;
pub mod field_ref;
pub mod gates;
pub mod go_json;
pub mod int_or_string;
mod job_order;
pub mod notifications;
pub mod providers;
pub mod references;
pub mod rollout_types;
pub mod run_gate;
pub mod schema;
pub mod source;
pub mod validate_rollout;
pub mod yaml;
