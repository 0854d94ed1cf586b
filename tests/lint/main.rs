//! `rollsim lint`: each rule on a failing and a passing example, the program from outside, and the public corpus.
//!
//! Adding a rule: one file `rsNNN.rs` here and one line below. See docs/lint.md.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

mod article;
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
mod rs114;
mod rs201;
mod rs202;
mod rs203;
mod rs204;
mod rs205;
mod rs206;
mod rs301;
mod rs302;
mod rs303;
mod rs304;
mod rs305;
mod rs306;
mod rs307;
mod rs308;
mod rs309;
mod rs310;
mod rs401;
mod rs402;
mod rs403;
mod rs404;
mod rs405;
mod rs406;
mod rs407;
mod rs408;
mod rs409;
mod rs410;
mod rs411;
mod rs412;
mod rs413;
mod rs414;
mod rs415;
mod rs501;
mod rs502;
mod rs503;
mod rs504;
mod rs505;
mod rs506;
mod rs507;
mod rs508;
mod rs509;
mod rs510;
mod rs511;
mod rs512;
mod rs513;
