//! Whole replications: the engine with plans made from manifests and scenarios.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod hazards;
mod memory;
mod operators;
mod probes;
mod properties;
mod providers;
mod routing;
mod support;
mod traces;
