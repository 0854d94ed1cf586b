//! Queries recorded from the real Prometheus engine (3.14), replayed against ours.
//!
//! `tests/vectors/promql/` holds the recordings: errors with their texts, odd-looking valid queries, the
//! queries of published templates, and random queries with answers.

#![allow(
    clippy::unwrap_used,
    reason = "a recording that can't be read fails the test"
)]

mod compare;
mod compiled;
mod evaluate;
mod parse;
mod recordings;
mod testfiles;
mod weak_spots;
