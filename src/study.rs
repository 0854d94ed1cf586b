//! Questions asked of many replications: from a request to a report.
//!
//! [`input`] reads what the request names, [`prepare`] puts a Rollout through the controller's gates and
//! compiles it, [`run()`], [`trace()`], [`replay()`] and [`query()`] answer the commands.

mod advice;
mod assumptions;
pub mod bound;
mod check;
mod coverage;
pub mod derive;
mod export;
pub mod failure;
mod init;
pub mod input;
mod lint;
mod measurements;
mod nominal;
mod places;
pub mod power;
pub mod prepare;
mod query;
mod recording;
mod replay;
pub mod request;
mod run;
mod sampling;
mod sensitivity;
mod threads;
mod trace;

pub use check::check;
pub use init::init;
pub use lint::{Linted, lint};
pub use query::query;
pub use replay::replay;
pub use run::run;
pub use trace::trace;
