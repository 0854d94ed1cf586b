//! A `dryRun` rule of a template matches none of its metrics.
//!
//! ## What it does
//!
//! Reports rules in `dryRun` of a template whose `metricName` matches no metric of the template. Templates that a Rollout uses are left to RS003, which sees all templates of the run together, and so are templates that include others.
//!
//! ## Why it matters
//!
//! The AnalysisRun ends in Error with `dryRun[0]: Rule didn't match any metric name(s)` before it measures, and the release is aborted, good or bad. `metricName` is a regular expression: `*` alone is none, and matches nothing.
//!
//! ## Example
//!
//! ```yaml
//! dryRun:
//! - metricName: "*"
//! metrics:
//! - name: success-rate
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! dryRun:
//! - metricName: .*
//! metrics:
//! - name: success-rate
//! ```
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `utils/analysis/helpers.go`, `GetDryRunMetrics`

use crate::diagnostics::Severity;
use crate::go::regex;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::Subject;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS408",
    name: "dry-run-matches-nothing",
    severity: Severity::Error,
    source: include_str!("rs408_dry_run_matches_nothing.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let alone = subject
        .templates
        .iter()
        .filter(|template| template.uses.is_empty() && template.spec.templates.is_empty());
    for template in alone {
        let names = template.metrics.iter().map(|metric| &metric.resolved.name);
        if names.clone().any(|name| name.contains("{{")) {
            continue;
        }
        for (index, rule) in template.spec.dry_run.iter().enumerate() {
            let pattern = &rule.metric_name;
            let compiled = regex::compile(pattern);
            if compiled
                .as_ref()
                .is_ok_and(|regex| names.clone().any(|name| regex.is_match(name)))
            {
                continue;
            }
            let finding = findings.report(
                template.place(&format!("spec.dryRun[{index}].metricName")),
                format!("dryRun[{index}]: Rule didn't match any metric name(s)"),
            );
            finding.why(
                "the AnalysisRun ends in Error before it measures, and the release is aborted",
            );
            match compiled {
                Err(error) => finding
                    .label(error)
                    .help("metricName is a regular expression; for all metrics write `.*`"),
                Ok(_) => finding.help(format!(
                    "`{pattern}` is a regular expression that must occur in a metric's name"
                )),
            };
        }
    }
}
