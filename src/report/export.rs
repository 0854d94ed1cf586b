//! A trace and what other tools get of it.

use crate::diagnostics::Diagnostic;
use crate::engine::snapshot::Snapshot;

use super::trace::Trace;

/// One traced replication.
#[derive(Clone, Debug)]
pub struct Traced {
    /// What happened.
    pub trace: Trace,
    /// The rollout at each change, if asked for.
    pub snapshots: Vec<Snapshot>,
    /// Its series as OpenMetrics text, if asked for.
    pub openmetrics: Option<String>,
    /// Its measurements as a file for `promtool test rules`, if asked for.
    pub promtool: Option<String>,
    /// What these files can't carry.
    pub notices: Vec<Diagnostic>,
}

impl From<Trace> for Traced {
    fn from(trace: Trace) -> Self {
        Self {
            trace,
            snapshots: Vec::new(),
            openmetrics: None,
            promtool: None,
            notices: Vec::new(),
        }
    }
}
