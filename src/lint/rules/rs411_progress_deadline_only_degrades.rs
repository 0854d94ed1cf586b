//! `progressDeadlineSeconds` is written, but without `progressDeadlineAbort` a stuck update isn't aborted.
//!
//! ## What it does
//!
//! Reports Rollouts that write `progressDeadlineSeconds` and don't say whether `progressDeadlineAbort` is on.
//!
//! ## Why it matters
//!
//! When the deadline passes, the phase becomes Degraded and nothing else happens: the new version's pods stay, keep their share of the requests, and the update goes on as soon as they get ready.
//!
//! ## Example
//!
//! ```yaml
//! spec:
//!   progressDeadlineSeconds: 300
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! spec:
//!   progressDeadlineSeconds: 300
//!   progressDeadlineAbort: true
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `rollout/sync.go`, `calculateRolloutConditions`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps;
use crate::lint::subject::{Subject, key_place};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS411",
    name: "progress-deadline-only-degrades",
    severity: Severity::Info,
    source: include_str!("rs411_progress_deadline_only_degrades.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let spec = rollout.object.node.get("spec");
        let Some(spec) = spec.filter(|_| steps::is_whole(rollout)) else {
            continue;
        };
        let (Some(seconds), None) = (
            rollout.rollout.spec.progress_deadline_seconds,
            spec.get("progressDeadlineAbort"),
        ) else {
            continue;
        };
        findings
            .report(
                key_place(rollout.object, spec, "progressDeadlineSeconds"),
                format!("after {seconds} s without progress the Rollout becomes Degraded, but isn't aborted"),
            )
            .why("the pods of the new version stay and keep their share of the requests")
            .help("add progressDeadlineAbort: true, or false to say that this is meant");
    }
}
