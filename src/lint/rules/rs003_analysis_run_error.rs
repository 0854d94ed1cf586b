//! An AnalysisRun ends in Error before its first measurement, and the release is aborted.
//!
//! ## What it does
//!
//! Puts the AnalysisRun of each analysis through the check that the analysis controller of Argo Rollouts v1.9.1 makes before it measures, and reports all that is wrong in its words. Templates that no Rollout given uses are checked by themselves, as if a run had their metrics only: with no argument known, and with their defaults; what is wrong with the defaults only is a warning, since a Rollout may pass other values. Rules of `dryRun` and a missing metric are left out there, since other templates of the run may have the metrics.
//!
//! ## Why it matters
//!
//! The Rollout is accepted and pods are started. Then the run ends in Error at once and the release is aborted, good or bad.
//!
//! ## Example
//!
//! ```yaml
//! metrics:
//! - name: success-rate
//!   interval: 30s
//!   count: 2
//!   failureLimit: 3      # count must be at least as large
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! metrics:
//! - name: success-rate
//!   interval: 30s
//!   count: 10
//!   failureLimit: 3
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `utils/analysis/factory.go`, `ValidateMetrics`

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::Subject;
use crate::manifest::gates::{Consequence, check_template_alone};

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS003",
    name: "analysis-run-error",
    severity: Severity::Error,
    source: include_str!("rs003_analysis_run_error.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        let mut is_first = rollout.gates.invalid_spec.is_none();
        for found in &rollout.gates.findings {
            if found.consequence == Consequence::RunError {
                let location = rollout.locate(subject, &found.place);
                findings
                    .report(location, found.text.clone())
                    .shown_first(is_first && found.found_now)
                    .why("the AnalysisRun ends in Error before it measures, and the release is aborted");
                is_first &= !found.found_now;
            }
        }
    }
    let unused = subject.templates.iter();
    for template in unused.filter(|template| template.uses.is_empty()) {
        for mistake in check_template_alone(&template.spec) {
            let finding = findings.report(
                template.place(&format!("spec.metrics[{}]", mistake.metric)),
                mistake.error.to_string(),
            );
            if mistake.by_default {
                finding
                    .severity(Severity::Warning)
                    .why("with the defaults of the template's arguments, its AnalysisRun ends in Error before it measures, and the release is aborted");
            } else {
                finding.why("an AnalysisRun with this metric ends in Error before it measures, and the release is aborted");
            }
        }
    }
}
