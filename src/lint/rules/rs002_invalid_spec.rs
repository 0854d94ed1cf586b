//! The Rollout controller refuses the Rollout (condition `InvalidSpec`): nothing is deployed.
//!
//! ## What it does
//!
//! Puts each Rollout with its templates and Services through the checks that the Rollout controller of Argo Rollouts v1.9.1 makes in every pass, and reports all that is wrong in the controller's words. The controller shows one mistake at a time; the one that it would show first is marked.
//!
//! ## Why it matters
//!
//! The Rollout becomes Degraded and stays so. The new version isn't deployed, scaling stops, and no AnalysisRun is ever made. Mend one mistake and the next one appears.
//!
//! ## Example
//!
//! ```yaml
//! steps:
//! - setWeight: 10
//! - analysis:
//!     templates:
//!     - templateName: success-rate   # its argument service-name has no value
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! steps:
//! - setWeight: 10
//! - analysis:
//!     templates:
//!     - templateName: success-rate
//!     args:
//!     - name: service-name
//!       value: api
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `pkg/apis/rollouts/validation`
//! - docs/lint.md, "What the real system refuses"

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::{RolloutSubject, Subject};
use crate::manifest::gates::{Consequence, GateFinding};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS002",
    name: "invalid-spec",
    severity: Severity::Error,
    source: include_str!("rs002_invalid_spec.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        for found in &rollout.gates.findings {
            let why = match found.consequence {
                Consequence::InvalidSpec => {
                    "the Rollout becomes Degraded with InvalidSpec, and nothing is deployed"
                }
                Consequence::NeverReconciled => {
                    "the controller panics over this in every pass, and deploys nothing"
                }
                Consequence::ControllerCrash => "the controller's process dies of this",
                Consequence::RunNotCreated => {
                    "the AnalysisRun is never created: the rollout hangs there"
                }
                Consequence::NeverCompletes => {
                    "nothing ever completes this: the rollout hangs there"
                }
                Consequence::RunError => continue,
            };
            report(subject, rollout, found, why, findings);
        }
    }
}

fn report(
    subject: &Subject<'_>,
    rollout: &RolloutSubject<'_>,
    found: &GateFinding,
    why: &str,
    findings: &mut Findings,
) {
    let location = rollout.locate(subject, &found.place);
    let finding = findings.report(location, found.text.clone());
    finding.why(why).shown_first(found.shown_first);
    if !rollout.sees_templates
        && found.text.ends_with("not found")
        && found.text.contains("AnalysisTemplate '")
    {
        finding
            .severity(Severity::Info)
            .shown_first(false)
            .why("no AnalysisTemplate was given, so this is certain only if the cluster has none of this name")
            .help("pass the templates too");
    }
}
