//! `rollsim lint`: each rule on a failing and a passing example, the program from outside, and the public corpus.
//!
//! Adding a rule: one file `rsNNN.rs` here and one line below. See docs/lint.md.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

mod pages;
mod rs000;
mod rs001;
mod rs002;
mod rs003;
mod rs101;
