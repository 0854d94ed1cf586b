//! A `retry` after a failed analysis aborts again without a new measurement.
//!
//! ## What it does
//!
//! Reports canaries behind a router with a background analysis without `startingStep`, or with an analysis as their first step, whose aborted pods are scaled down after a delay (`abortScaleDownDelaySeconds`, 30 s unless set). Blue-green is told of by RS501.
//!
//! ## Why it matters
//!
//! When the delay has run out, the new ReplicaSet keeps the mark of it. The first pass after `retry` therefore makes no new AnalysisRun, and the next pass finds the old, failed one: the update is aborted again, and somebody is paged twice for one failure. With a `startingStep` above 0 the old run is forgotten on the way there.
//!
//! ## Example
//!
//! ```yaml
//! canary:
//!   trafficRouting:
//!     nginx: {stableIngress: api}
//!   analysis:
//!     templates:
//!     - templateName: success-rate
//! ```
//!
//! ## Instead
//!
//! Update again, by any change of the pod template, instead of `retry`; or set `abortScaleDownDelaySeconds: 0`: the aborted pods go at once, and `retry` measures again.
//!
//! ## References
//!
//! - docs/hazards.md, "A retry aborts again from the old result"; `scenarios/hazards/retry-aborts-again`
//! - Argo Rollouts issues #2824 and #2897

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps;
use crate::lint::subject::Subject;
use crate::manifest::references::StanzaKind;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS414",
    name: "retry-aborts-again",
    severity: Severity::Info,
    source: include_str!("rs414_retry_aborts_again.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let Some(canary) = steps::canary(rollout) else {
            continue;
        };
        let delay = canary.abort_scale_down_delay_seconds.unwrap_or(30);
        let is_delayed = delay > 0
            && !(canary.dynamic_stable_scale && canary.abort_scale_down_delay_seconds.is_none());
        let starting = canary.analysis.as_ref().and_then(|run| run.starting_step);
        let background = starting.is_none_or(|step| step <= 0);
        let kinds = [
            background.then_some(StanzaKind::Background),
            Some(StanzaKind::Step(0)),
        ];
        let mut kinds = kinds.into_iter().flatten();
        let Some(stanza) = kinds.find_map(|kind| rollout.stanza(kind)) else {
            continue;
        };
        if canary.traffic_routing.is_some() && is_delayed {
            findings
                .report(
                    rollout.place(&format!("spec.strategy.{}.templates[0]", stanza.kind)),
                    format!("a retry later than {delay} s after this analysis has failed aborts again, without a measurement"),
                )
                .why("the scaled-down ReplicaSet keeps the mark of the delay, so the old run's result is taken again")
                .help("update again instead of retry, or set abortScaleDownDelaySeconds: 0");
        }
    }
}
