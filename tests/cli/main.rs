//! The command line from outside: the built program on real files, what it prints and its exit code.
//!
//! Snapshots hold whole outputs: same input, seed and version give the same bytes, so nothing is left out.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and watches the clock for hangs"
)]

mod article;
mod base_rates;
mod broken_input;
mod check;
mod derived;
mod extent;
mod invalid_spec;
mod measurement_errors;
mod output;
mod power;
mod replay;
mod rules;
mod scenarios;
mod sensitivity;
mod standard_input;
mod support;
