//! The Rollout controller: one pass over a Rollout and its `ReplicaSets`, services and `AnalysisRuns`.
//!
//! [`reconcile`] is level triggered: it looks at a [`State`] and moves it one pass nearer to what the
//! [`Spec`] wants. The caller owns time and the work queue: it repeats passes while [`Effects::changed`] is
//! set, whenever a ReplicaSet's status, a service or the phase of an AnalysisRun has changed, and when
//! [`Effects::requeue_at`] comes due. Pods are the business of [`super::replicaset`], measurements that of
//! `analysis`.

pub mod actions;
mod analysis;
mod blue_green;
mod canary;
mod clock;
mod conditions;
pub mod effects;
pub mod livelock;
pub mod memo;
mod pass;
#[cfg(test)]
mod properties;
pub mod replicas;
mod scaling;
pub mod spec;
pub mod state;
pub mod status;
pub mod text;
mod traffic;

pub use conditions::phase;
pub use effects::{Effects, Event, Write};
pub use memo::Memo;
pub use pass::{Inputs, RESYNC_PERIOD, reconcile};
pub use spec::Spec;
pub use state::{ReplicaSet, Run, RunId, RunKind, RunPhase, State, Template};
pub use status::{Phase, Status};
