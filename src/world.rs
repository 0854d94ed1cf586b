//! What happens in the cluster: requests, their outcomes, and what a fault does to them. The only place
//! with randomness.
//!
//! **Invariant:** a draw depends on the seed, the replication and what the draw is for, never on the order
//! in which things happen ([`random`]). So a replication can be replayed alone, threads don't matter, and
//! two arms see the same healthy requests.
//!
//! **Invariant:** what decides uses integers and tables built before the first replication ([`table`],
//! [`sampler`]); no transcendental function runs in a replication's hot path.

pub mod durations;
pub mod evidence;
pub mod latency;
pub mod modulation;
pub mod pod;
pub mod random;
pub mod requests;
pub mod sampler;
pub mod single;
pub mod table;
