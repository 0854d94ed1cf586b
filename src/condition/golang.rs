//! The parts of Go's standard library whose exact results reach a measurement: numbers and their texts,
//! quoting, time, JSON and regular expressions.
//!
//! Conditions and providers run inside a Go program, so a printed float, a rejected duration or a
//! rounding in the last bit is decided by Go's rules. Each child module names the Go package it follows.

pub mod duration;
pub mod json;
pub mod math;
pub mod number;
pub mod quote;
pub mod regexp;
pub mod time;
