//! The API server refuses the object, or the file can't be read as YAML.
//!
//! ## What it does
//!
//! Checks Rollouts, AnalysisTemplates and `ClusterAnalysisTemplates` against the schema of Argo Rollouts v1.9.1, as `kubectl apply` with strict field validation does. It reports everything that is wrong at once and marks what would be shown first.
//!
//! ## Why it matters
//!
//! `kubectl apply` fails, and the cluster keeps the old object. Tools that apply without strict validation drop unknown fields without a word.
//!
//! ## Example
//!
//! ```yaml
//! metrics:
//! - name: success-rate
//!   failurelimit: 3        # unknown field
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! metrics:
//! - name: success-rate
//!   failureLimit: 3
//! ```
//!
//! ## References
//!
//! - Kubernetes, "Server-side field validation"
//! - The `CustomResourceDefinitions` of Argo Rollouts v1.9.1

use crate::diagnostics::{Diagnostic, Severity};
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::Subject;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS001",
    name: "api-server",
    severity: Severity::Error,
    source: include_str!("rs001_api_server.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let mut objects_shown = Vec::new();
    let mut diagnostics: Vec<&Diagnostic> = subject.manifests.diagnostics.iter().collect();
    // Strict decoding comes before validation.
    diagnostics.sort_by_key(|diagnostic| !diagnostic.message.contains("strict decoding error"));
    for diagnostic in diagnostics {
        let Some(location) = diagnostic.location else {
            continue;
        };
        let object = subject.manifests.objects.iter().position(|object| {
            let span = object.node.span;
            object.source == location.source
                && span.start <= location.span.start
                && location.span.start < span.end
        });
        let is_first = diagnostic.is_error() && !objects_shown.contains(&(location.source, object));
        if is_first {
            objects_shown.push((location.source, object));
        }
        report(diagnostic, is_first, findings);
    }
}

fn report(diagnostic: &Diagnostic, is_first: bool, findings: &mut Findings) {
    let Some(location) = diagnostic.location else {
        return;
    };
    let finding = findings.report(location, diagnostic.message.clone());
    finding
        .severity(diagnostic.severity)
        .shown_first(is_first)
        .label(diagnostic.label.clone())
        .why(diagnostic.notes.join("; "));
    finding.related.clone_from(&diagnostic.related);
    finding.help.clone_from(&diagnostic.help);
}
