//! One replication: the controllers, the world and telemetry under one virtual clock.
//!
//! **Invariant:** only the engine knows the time. Controllers are told `now`; the world is asked what happened
//! between two instants.

pub mod clock;
pub mod cluster;
pub mod judge;
pub mod outcome;
pub mod people;
pub mod replicate;
pub mod runs;
pub mod snapshot;
pub mod trace;
pub mod traffic;
