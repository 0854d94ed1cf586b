//! What the answers of a faulty version say about its fault, compiled for the best possible test.

use crate::scenario::model::{Fault, Scenario};
use crate::telemetry::exporter::{ColumnSource, ColumnSpec};
use crate::world::evidence::{Behaviours, Evidence, LogRatios};
use crate::world::latency::Cells;

use super::world::{cells, slowdowns, warmup_factors};

/// What the requests of an arm can tell.
#[derive(Clone, Debug, PartialEq)]
pub enum EvidencePlan {
    /// Nothing is wrong.
    Healthy,
    /// The fault acts on requests alone; they tell this.
    Requests(Evidence),
    /// It acts on requests alone, but on nothing of them that is exported.
    Hidden(Evidence),
    /// It acts on something else too, so that requests don't tell all.
    Undefined(&'static str),
}

/// Compiles one fault. `columns` are those that queries read, `exported` all that pods export.
pub fn evidence(
    scenario: &Scenario,
    fault: &Fault,
    columns: &[ColumnSpec],
    exported: &[ColumnSpec],
) -> EvidencePlan {
    // Every part of a fault is named, so that a new one can't be forgotten here.
    let Fault {
        name: _,
        onset: _,
        error_share,
        latency,
        broken_content_share,
        memory,
    } = fault;
    if memory.is_some() {
        return EvidencePlan::Undefined("the fault acts on memory, not only on requests");
    }
    let (drawn, exported) = (cells(scenario, columns), exported_cells(exported));
    let service = &scenario.service;
    let ratios = |slowdown, warmup_factor| {
        LogRatios::new(&Behaviours {
            drawn: &drawn,
            exported: &exported,
            latency: &service.latency,
            warmup_factor,
            healthy_error_share: service.error_share,
            error_share: error_share.unwrap_or(service.error_share),
            slowdown,
        })
    };
    let stage = |slowdown| {
        let classes = warmup_factors(scenario);
        classes.map(|factor| ratios(slowdown, factor)).collect()
    };
    let evidence = Evidence {
        stages: slowdowns(fault).into_iter().map(stage).collect(),
    };
    let content_only = broken_content_share.is_some() && error_share.is_none() && latency.is_none();
    if content_only {
        EvidencePlan::Hidden(evidence)
    } else {
        EvidencePlan::Requests(evidence)
    }
}

/// The cells between the bounds of all exported buckets.
fn exported_cells(exported: &[ColumnSpec]) -> Cells {
    let bounds = exported.iter().filter_map(|column| match column.source {
        ColumnSource::Requests { up_to_seconds, .. } => Some(up_to_seconds),
        _ => None,
    });
    Cells::new(bounds.filter(|bound| bound.is_finite()).collect())
}
