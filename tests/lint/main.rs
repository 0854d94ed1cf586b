//! `rollsim lint`: each rule on a failing and a passing example, the program from outside, and the public corpus.
//!
//! Adding a rule: one file `rsNNN.rs` here and one line below. See docs/lint.md.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

mod corpus;
mod pages;
mod program;
mod rs000;
mod rs001;
mod rs002;
mod rs003;
mod rs101;
mod rs102;
mod rs103;
mod rs104;
mod rs105;
mod rs106;
mod rs107;
mod rs108;
mod rs109;
mod rs110;
mod rs111;
mod rs112;
mod rs113;
