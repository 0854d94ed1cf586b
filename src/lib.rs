//! rollsim replays an Argo Rollouts canary thousands of times in virtual time and tells what its analysis
//! gates are worth.

pub mod cli;
pub mod condition;
pub mod controller;
pub mod diagnostics;
pub mod engine;
pub mod go;
pub mod lint;
pub mod manifest;
pub mod montecarlo;
pub mod plan;
pub mod promql;
pub mod provider;
pub mod report;
pub mod scenario;
pub mod stats;
pub mod study;
pub mod telemetry;
pub mod units;
pub mod world;
