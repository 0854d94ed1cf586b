//! What Prometheus sees of the world: what pods export ([`exporter`]) and what scrapes keep of it
//! ([`targets`]).
//!
//! **Invariant:** only what some query reads is drawn. Samples outside every window exist only as the sums
//! that later samples contain.

mod capture;
pub mod exporter;
pub mod rules;
pub mod targets;
