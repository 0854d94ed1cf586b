//! PromQL as Prometheus 3 evaluates it. Knows nothing of rollouts or of simulation.
//!
//! Text → [`ast`] (parser, with a span on every node) → either the plain evaluator over label sets, or a
//! program compiled against a fixed universe of series ([`head`]) that the hot loop runs without
//! allocating.

pub mod ast;
pub mod compiled;
pub mod functions;
pub mod head;
pub mod kernels;
pub mod labels;
mod lex;
pub mod matcher;
mod notation;
pub mod parse;
pub mod plain;
pub mod print;
pub mod reads;
pub mod series_file;
pub mod settings;
