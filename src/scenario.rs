//! The scenario: what the manifests can't know. Traffic, how the service behaves when healthy, what can be
//! wrong with a release, what Prometheus scrapes, and how the study is run.
//!
//! [`model`] holds the validated form with all defaults filled in; [`decode`] makes it from a file and checks
//! everything, so nothing below this module meets an impossible scenario.

pub mod catalogue;
pub mod decode;
mod defaults;
pub mod expectation;
pub mod fault_catalogue;
pub mod model;
pub mod probes;
pub mod providers;
pub mod size;
pub mod traffic;
