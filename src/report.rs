//! What a study found, in the forms that people and programs read.
//!
//! [`model::Report`] is the only thing that the exporters see, and the stable JSON form. [`summarise`]
//! makes an arm's part of it from a tally, [`findings`] puts into words what the numbers mean.
//! Exporters are pure functions from a report to text; `cli` decides where it goes.

pub mod base_rates;
pub mod bound;
pub mod check;
pub mod csv;
pub mod export;
pub mod faults;
pub mod findings;
mod incidence;
pub mod json;
pub mod lint;
pub mod model;
pub mod number;
pub mod openmetrics;
pub mod plot;
pub mod power;
pub mod promtool;
pub mod query;
pub mod sarif;
pub mod sensitivity;
pub mod summarise;
pub mod text;
pub mod trace;
pub mod tree;

#[cfg(test)]
pub(crate) mod sample;
