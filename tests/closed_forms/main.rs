//! The whole simulator against probabilities that can be written down.
//!
//! Each closed form is computed here from the case's own numbers; published figures only check that it is the
//! right one. Each check is a two-sided exact binomial test at a fixed seed, against another simulation one of
//! two shares. With the environment variable `ROLLSIM_NIGHTLY` there are a million replications of each case,
//! and more cases.

mod coverage;
mod exact;
mod idioms;
mod machine;
mod model;
mod windows;
