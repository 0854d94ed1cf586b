//! Everything that can be decided before the first replication, compiled once.
//!
//! **Invariant:** a replication works on integers and dense arrays only; texts, label sets and numbers of
//! the manifest's and the scenario's own notations end here.

pub mod analysis;
pub mod rollout;
pub mod world;
