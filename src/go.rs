//! The parts of Go's standard library whose exact results reach a measurement or a message: numbers and
//! their texts, quoting, durations, time, JSON and regular expressions.
//!
//! Argo Rollouts and Prometheus are Go programs, so a printed float, a rejected duration or a rounding in the
//! last bit is decided by Go's rules. Each child module names the Go package that it follows. It knows
//! nothing of Kubernetes or Prometheus.

pub mod duration;
pub mod json;
pub mod math;
pub mod number;
pub mod quote;
pub mod regex;
pub mod time;
pub mod unicode;
