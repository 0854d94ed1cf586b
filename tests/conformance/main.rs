//! Decisions recorded from the real Argo Rollouts controllers, replayed against ours.
//!
//! `tests/vectors/` holds the recordings; each module here reads one kind of them.

mod conditions;
mod corpus;
mod derivation;
mod gates;
mod go;
mod provider;
mod replicas;
mod runs;
mod templates;
mod timelines;
mod validation;
