//! A dry-run metric measures longer than the metrics that decide, and holds the rollout up.
//!
//! ## What it does
//!
//! Reports metrics that a `dryRun` rule matches, in an analysis step or a pre- or post-promotion analysis, when they need more time than all metrics that aren't dry.
//!
//! ## Why it matters
//!
//! A dry-run metric has no say in how a run ends, but the run isn't complete before it is: the step waits for a metric that decides nothing.
//!
//! ## Example
//!
//! ```yaml
//! dryRun:
//! - metricName: latency
//! metrics:
//! - name: success-rate   # interval: 1m, count: 5
//! - name: latency        # interval: 1m, count: 60
//! ```
//!
//! ## Instead
//!
//! Give the dry-run metric no more time than the others, or measure it in a background analysis.
//!
//! ## References
//!
//! - Argo Rollouts v1.9.1, `analysis/analysis.go`, `assessRunStatus`

use crate::diagnostics::Severity;
use crate::go::regex;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps::{self, Length};
use crate::lint::subject::Subject;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS409",
    name: "dry-run-holds-completion",
    severity: Severity::Warning,
    source: include_str!("rs409_dry_run_holds_completion.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        for stanza in rollout
            .stanzas
            .iter()
            .filter(|stanza| stanza.kind.must_end())
        {
            let run = rollout
                .gates
                .runs
                .iter()
                .find(|run| run.stanza == stanza.kind);
            let rules: Vec<_> = run
                .iter()
                .flat_map(|run| &run.spec.dry_run)
                .filter_map(|rule| regex::compile(&rule.metric_name).ok())
                .collect();
            let metrics: Vec<_> = stanza.metrics(subject).map(|found| found.metric).collect();
            let (dry, deciding): (Vec<_>, Vec<_>) = metrics.into_iter().partition(|metric| {
                rules
                    .iter()
                    .any(|rule| rule.is_match(&metric.resolved.name))
            });
            let known = |length: Length| match length {
                Length::For(length) => Some(length),
                Length::Endless | Length::Unknown => None,
            };
            let lengths: Option<Vec<_>> = deciding
                .iter()
                .map(|metric| known(steps::length(metric)))
                .collect();
            let Some(decided) = lengths.and_then(|lengths| lengths.into_iter().max()) else {
                continue;
            };
            for metric in dry {
                let Some(length) = known(steps::length(metric)).filter(|length| *length > decided)
                else {
                    continue;
                };
                findings
                    .report(
                        metric.location(),
                        format!(
                            "{} decides nothing, but takes {length}; the metrics that decide take {decided}",
                            metric.resolved.name
                        ),
                    )
                    .label("dry-run")
                    .related(
                        rollout.place(&format!("spec.strategy.{}", stanza.kind)),
                        "this waits for it",
                    )
                    .why("a run isn't complete before its dry-run metrics are")
                    .help("give it no more time than the others, or measure it in a background analysis");
            }
        }
    }
}
