//! What happens to the `AnalysisRuns` of a Rollout that passes the first gate: can they be created, and do they get
//! past the analysis controller's own check (spec argo-analysis §2.2)?

use std::collections::BTreeSet;

use super::lenient::{self, DUMMY};
use super::references::{Stanza, place_of_merge_problem, readable_arguments};
use super::{Consequence, Findings, Place, StanzaRun};
use crate::manifest::analysis_types::{AnalysisRunSpec, Argument, Metric};
use crate::manifest::arguments::SubstitutionError;
use crate::manifest::int_or_string::IntOrString;
use crate::manifest::references::arguments::{PodHashes, build_arguments};
use crate::manifest::references::merge::{MergeError, merge};
use crate::manifest::references::{RunCreationError, StanzaKind};
use crate::manifest::rollout_types::{Rollout, RolloutAnalysis};
use crate::manifest::run_gate::{
    self, ArgumentError, MetricError, RunGateError, Secrets, SpecError, validate_metric,
};

/// An analysis without templates: a step, or blue-green's switch, waits for a run that is never created.
pub(super) fn report_empty(stanza: StanzaKind, findings: &mut Findings) {
    if stanza.must_end() {
        findings.push(
            Place::rollout(format!("{}/templates", stanza.pointer())),
            format!("{stanza} names no templates: no AnalysisRun is ever created, and the rollout waits for it for ever"),
            Consequence::NeverCompletes,
            true,
        );
    }
}

/// Why a run can't be created, unless the first gate has said so.
pub(super) fn report_creation_error(
    rollout: &Rollout,
    stanza: StanzaKind,
    analysis: &RolloutAnalysis,
    error: &RunCreationError,
    findings: &mut Findings,
) {
    match error {
        RunCreationError::Argument(first) => {
            for (index, argument) in analysis.args().iter().enumerate() {
                let place = Place::rollout(format!(
                    "{}/args/{index}/valueFrom/fieldRef/fieldPath",
                    stanza.pointer()
                ));
                let alone = build_arguments(
                    std::slice::from_ref(argument),
                    &PodHashes::default(),
                    rollout,
                );
                let error = alone.map_or_else(Some, |built| built.error);
                if let Some(error) = error {
                    let found_now = error == *first;
                    findings.push(
                        place,
                        error.to_string(),
                        Consequence::RunNotCreated,
                        found_now,
                    );
                }
            }
        }
        // Reported by the first gate, rules of this analysis apart.
        RunCreationError::NotFound(_) | RunCreationError::Cycle(_) => {}
        RunCreationError::Merge(problem) => {
            let is_known = findings
                .list
                .iter()
                .any(|finding| finding.text.ends_with(&problem.to_string()));
            if !is_known {
                findings.push(
                    Place::rollout(stanza.pointer()),
                    problem.to_string(),
                    Consequence::RunNotCreated,
                    true,
                );
            }
        }
    }
}

/// Puts the runs of all analyses through the analysis controller's check.
pub(super) fn check(
    rollout: &Rollout,
    stanzas: &[Stanza<'_>],
    created: &[StanzaRun],
    hashes: &PodHashes,
    findings: &mut Findings,
) {
    for stanza in stanzas {
        if !stanza.analysis.templates.is_empty() {
            let arguments = readable_arguments(rollout, stanza.analysis, hashes);
            let rules = stanza.analysis;
            let merged = merge(
                &stanza.templates,
                &arguments,
                &rules.dry_run,
                &rules.measurement_retention,
            );
            let created = created.iter().find(|run| run.stanza == stanza.kind);
            let shown =
                created.and_then(|run| run_gate::check(&run.spec, &all_secrets(&run.spec)).err());
            let mut check = RunCheck {
                stanza,
                findings,
                shown: shown.map(|error| error.to_string()),
            };
            check.run(&merged.spec);
            check.report_shown();
        }
    }
}

/// Secrets as the run wants them: only the cluster knows whether they exist.
fn all_secrets(spec: &AnalysisRunSpec) -> Secrets {
    let mut secrets = Secrets::new();
    for reference in spec.args.iter().filter_map(Argument::secret_key_ref) {
        let keys = secrets.entry(reference.name.clone()).or_default();
        keys.insert(reference.key.clone(), DUMMY.to_owned());
    }
    secrets
}

struct RunCheck<'a, 'f> {
    stanza: &'a Stanza<'a>,
    findings: &'f mut Findings,
    /// The message with which the run ends, if it does.
    shown: Option<String>,
}

impl RunCheck<'_, '_> {
    fn run(&mut self, spec: &AnalysisRunSpec) {
        let args = self.known_arguments(&spec.args);
        let mut resolved = Vec::new();
        for (index, metric) in spec.metrics.iter().enumerate() {
            let lenient::Resolved { metric, errors } = lenient::resolve(metric, &args);
            // Where metrics must end, the first gate has looked at tags with fewer arguments than there are now.
            if !self.stanza.kind.must_end() {
                for error in errors {
                    self.report_argument(self.metric_place(index), error);
                }
            }
            resolved.push(metric);
        }
        if resolved.is_empty() && self.stanza.is_complete {
            self.report_spec(
                Place::rollout(format!("{}/templates", self.stanza.kind.pointer())),
                SpecError::NoMetrics,
            );
        }
        self.check_names(&resolved);
        for (index, metric) in resolved.iter().enumerate() {
            for error in all_metric_errors(lenient::without_unknowns(metric.clone())) {
                self.report_spec(self.metric_place(index), SpecError::Metric { index, error });
            }
        }
        let matches = |pattern: &str| {
            let regex = crate::go::regex::compile(pattern);
            regex.is_ok_and(|regex| resolved.iter().any(|metric| regex.is_match(&metric.name)))
        };
        if !self.stanza.is_complete || resolved.is_empty() {
            return;
        }
        for (index, rule) in spec
            .dry_run
            .iter()
            .enumerate()
            .filter(|(_, rule)| !matches(&rule.metric_name))
        {
            let place = self.rule_place("dryRun", index, &rule.metric_name);
            self.report_spec(place, SpecError::DryRunMatchesNothing(index));
        }
        for (index, rule) in (spec.measurement_retention.iter().enumerate())
            .filter(|(_, rule)| !matches(&rule.metric_name))
        {
            let place = self.rule_place("measurementRetention", index, &rule.metric_name);
            self.report_spec(place, SpecError::RetentionMatchesNothing(index));
        }
    }

    /// Arguments with a stand-in for what only the cluster knows. One that can never have a value is reported: the
    /// analysis controller reads secrets only.
    fn known_arguments(&mut self, args: &[Argument]) -> Vec<Argument> {
        let mut known = Vec::new();
        for arg in args {
            let is_secret = arg.secret_key_ref().is_some();
            let mut arg = arg.clone();
            if !is_secret && arg.value.is_none() && arg.value_from.is_some() {
                self.report_argument(
                    self.argument_place(&arg.name),
                    SubstitutionError::NotSupplied(arg.name.clone()),
                );
            }
            if is_secret || arg.value.is_none() {
                arg.value = Some(DUMMY.to_owned());
            }
            arg.value_from = None;
            known.push(arg);
        }
        known
    }

    fn check_names(&mut self, metrics: &[Metric]) {
        let mut names = BTreeSet::new();
        for (index, metric) in metrics.iter().enumerate() {
            let is_unknown = metric.name.contains(DUMMY) || metric.name.contains("{{");
            if !names.insert(&metric.name) && !is_unknown {
                let problem = MergeError::DuplicateMetric(metric.name.clone());
                let is_known = (self.findings.list.iter())
                    .any(|finding| finding.place == place_of_merge_problem(&problem, self.stanza));
                if !is_known {
                    let name = metric.name.clone();
                    self.report_spec(
                        self.metric_place(index),
                        SpecError::DuplicateName { index, name },
                    );
                }
            }
        }
    }

    fn report_argument(&mut self, place: Place, error: SubstitutionError) {
        let error = RunGateError::Arguments(ArgumentError::Substitution(error));
        self.report(place, &error);
    }

    fn report_spec(&mut self, place: Place, error: SpecError) {
        self.report(place, &RunGateError::Spec(error));
    }

    fn report(&mut self, place: Place, error: &RunGateError) {
        let text = error.to_string();
        let found_now = self.shown.as_ref() == Some(&text);
        self.findings
            .push(place, text, Consequence::RunError, found_now);
    }

    /// Adds the run's message, should it not be among what was found.
    fn report_shown(&mut self) {
        if let Some(text) = self.shown.take() {
            let is_known = self
                .findings
                .list
                .iter()
                .any(|finding| finding.text == text);
            if !is_known {
                let place = Place::rollout(self.stanza.kind.pointer());
                self.findings.push(place, text, Consequence::RunError, true);
            }
        }
    }

    /// The template's metric with this index in the run.
    fn metric_place(&self, index: usize) -> Place {
        let mut left = index;
        for template in &self.stanza.templates {
            let here = template.spec.metrics.len();
            if left < here {
                return Place::template(template.id, format!("/spec/metrics/{left}"));
            }
            left -= here;
        }
        Place::rollout(self.stanza.kind.pointer())
    }

    fn argument_place(&self, name: &str) -> Place {
        for template in &self.stanza.templates {
            if let Some(index) = template.spec.args.iter().position(|arg| arg.name == name) {
                return Place::template(template.id, format!("/spec/args/{index}"));
            }
        }
        Place::rollout(format!("{}/args", self.stanza.kind.pointer()))
    }

    /// The rule with this index in the run: the Rollout's rules come first.
    fn rule_place(&self, list: &str, index: usize, pattern: &str) -> Place {
        let analysis = self.stanza.analysis;
        let own = if list == "dryRun" {
            analysis.dry_run.len()
        } else {
            analysis.measurement_retention.len()
        };
        if index < own {
            return Place::rollout(format!(
                "{}/{list}/{index}/metricName",
                self.stanza.kind.pointer()
            ));
        }
        for template in &self.stanza.templates {
            let patterns: Vec<&str> = if list == "dryRun" {
                template
                    .spec
                    .dry_run
                    .iter()
                    .map(|rule| rule.metric_name.as_str())
                    .collect()
            } else {
                let rules = template.spec.measurement_retention.iter();
                rules.map(|rule| rule.metric_name.as_str()).collect()
            };
            if let Some(index) = patterns.iter().position(|here| *here == pattern) {
                return Place::template(template.id, format!("/spec/{list}/{index}/metricName"));
            }
        }
        Place::rollout(self.stanza.kind.pointer())
    }
}

/// All that is wrong with a metric: the first mistake is taken away until nothing is found.
pub(super) fn all_metric_errors(mut metric: Metric) -> Vec<MetricError> {
    let mut errors = Vec::new();
    while let Err(error) = validate_metric(&metric) {
        let is_mended = mend(&mut metric, &error);
        errors.push(error);
        if !is_mended {
            break;
        }
    }
    errors
}

/// Changes what `error` complains about so that it is valid and no other check fails for the change.
fn mend(metric: &mut Metric, error: &MetricError) -> bool {
    match error {
        MetricError::NegativeConsecutiveSuccessLimit => metric.consecutive_success_limit = None,
        MetricError::NegativeFailureLimit | MetricError::BothLimitsDisabled => {
            metric.failure_limit = None;
        }
        MetricError::NegativeInconclusiveLimit | MetricError::CountBelowInconclusiveLimit => {
            metric.inconclusive_limit = None;
        }
        MetricError::NegativeConsecutiveErrorLimit => metric.consecutive_error_limit = None,
        MetricError::CountBelowLimits { .. } | MetricError::CountBelowConsecutiveSuccessLimit => {
            metric.failure_limit = Some(IntOrString::Int(0));
            metric.consecutive_success_limit = None;
        }
        MetricError::NoInterval | MetricError::Interval(_) => "1s".clone_into(&mut metric.interval),
        MetricError::InitialDelay(_) => metric.initial_delay.clear(),
        MetricError::NoProvider | MetricError::MultipleProviders => return false,
    }
    true
}
