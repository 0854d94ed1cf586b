//! The controllers of Argo Rollouts v1.9.1 as pure state machines: callers pass the instant, nothing here reads
//! a clock or draws a random number.

pub mod analysis;
pub mod replicaset;
pub mod rollout;
