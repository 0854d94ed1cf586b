//! The rollout controller's check of templates (Argo Rollouts v1.9.1 `validation_references.go`,
//! `ValidateAnalysisTemplatesWithType`; spec argo-analysis §2.3, rows a to j).

use super::lenient::{self, DUMMY};
use super::{Consequence, Findings, Place};
use crate::manifest::analysis_types::{AnalysisTemplateSpec, Argument};
use crate::manifest::field_error::FieldError;
use crate::manifest::field_ref::FieldRefError;
use crate::manifest::int_or_string::IntOrString;
use crate::manifest::references::arguments::{BuiltArguments, PodHashes, build_arguments};
use crate::manifest::references::collect::{CollectProblem, Collected, FoundTemplate, collect};
use crate::manifest::references::merge::{MergeError, Merged, merge};
use crate::manifest::references::{StanzaKind, TemplateSet, stanzas};
use crate::manifest::rollout_types::{CanaryStep, Rollout, RolloutAnalysis};

/// One analysis with its templates.
pub(super) struct Stanza<'a> {
    pub(super) kind: StanzaKind,
    pub(super) analysis: &'a RolloutAnalysis,
    pub(super) templates: Vec<FoundTemplate<'a>>,
    /// Whether all templates were found.
    pub(super) is_complete: bool,
}

/// Looks up the templates of all analyses (row a). The controller stops at the first that is missing.
pub(super) fn look_up<'a>(
    rollout: &'a Rollout,
    templates: &'a TemplateSet,
    findings: &mut Findings,
) -> Vec<Stanza<'a>> {
    let mut is_first = true;
    let mut found = Vec::new();
    for (kind, analysis) in stanzas(rollout) {
        let Collected {
            templates,
            problems,
        } = collect(&analysis.templates, templates);
        let is_complete = problems.is_empty();
        for problem in problems {
            report_lookup(kind, problem, is_first, findings);
            is_first = false;
        }
        found.push(Stanza {
            kind,
            analysis,
            templates,
            is_complete,
        });
    }
    found
}

fn report_lookup(
    kind: StanzaKind,
    problem: CollectProblem,
    found_now: bool,
    findings: &mut Findings,
) {
    match problem {
        CollectProblem::Missing(missing) => {
            let (field, place) = match &missing.referrer {
                None => (
                    kind.templates_field(),
                    Place::rollout(format!(
                        "{}/templates/{}/templateName",
                        kind.pointer(),
                        missing.index
                    )),
                ),
                Some(referrer) => (
                    "spec.templates".to_owned(),
                    Place::template(
                        referrer,
                        format!("/spec/templates/{}/templateName", missing.index),
                    ),
                ),
            };
            let error =
                FieldError::invalid(field, &missing.id.name, format!("{} not found", missing.id));
            findings.push(
                place,
                error.to_string(),
                Consequence::InvalidSpec,
                found_now,
            );
        }
        CollectProblem::Cycle(cycle) => {
            let referrer = cycle.path.iter().rev().nth(1).or(cycle.path.first());
            let pointer = format!("/spec/templates/{}/templateName", cycle.index);
            let place = match referrer {
                Some(id) => Place::template(id, pointer),
                None => Place::rollout(kind.pointer()),
            };
            findings.push(
                place,
                cycle.to_string(),
                Consequence::ControllerCrash,
                found_now,
            );
        }
    }
}

/// Checks the templates of all analyses (rows b to j).
pub(super) fn check(rollout: &Rollout, stanzas: &[Stanza<'_>], findings: &mut Findings) {
    let hashes = PodHashes {
        stable: "dummy-stable-hash".to_owned(),
        latest: "dummy-new-hash".to_owned(),
    };
    for stanza in stanzas {
        let readable = readable_arguments(rollout, stanza.analysis, &hashes);
        match build_arguments(stanza.analysis.args(), &hashes, rollout) {
            Ok(built) => check_stanza(rollout, stanza, &built.arguments, &readable, findings),
            Err(error) => {
                report_panic(stanza, &error, findings);
                check_stanza(rollout, stanza, &readable, &readable, findings);
            }
        }
    }
}

/// The arguments that can be read, one by one: a bad reference takes no others with it here.
pub(super) fn readable_arguments(
    rollout: &Rollout,
    analysis: &RolloutAnalysis,
    hashes: &PodHashes,
) -> Vec<Argument> {
    let one_by_one = analysis.args().iter().map(|argument| {
        match build_arguments(std::slice::from_ref(argument), hashes, rollout) {
            Ok(BuiltArguments {
                mut arguments,
                error: None,
            }) => arguments.pop(),
            _ => None,
        }
    });
    let named = analysis.args().iter().zip(one_by_one);
    named
        .map(|(argument, readable)| {
            readable.unwrap_or_else(|| Argument {
                name: argument.name.clone(),
                value: Some(DUMMY.to_owned()),
                value_from: None,
            })
        })
        .collect()
}

fn report_panic(stanza: &Stanza<'_>, error: &FieldRefError, findings: &mut Findings) {
    let place = Place::rollout(format!("{}/args", stanza.kind.pointer()));
    findings.push(place, error.to_string(), Consequence::NeverReconciled, true);
}

/// Checks one analysis with its `arguments` as the controller has them; `readable` are those that it would have if all
/// references were good.
fn check_stanza(
    rollout: &Rollout,
    stanza: &Stanza<'_>,
    arguments: &[Argument],
    readable: &[Argument],
    findings: &mut Findings,
) {
    let mut found_now = stanza.is_complete;
    let mut report = |problem: &MergeError, place: Place, findings: &mut Findings| {
        let names: Vec<&str> = (stanza.templates.iter())
            .map(|template| template.id.name.as_str())
            .collect();
        let value = format!("templateNames: [{}]", names.join(" "));
        let error = FieldError::invalid(stanza.kind.templates_field(), &value, problem.to_string());
        findings.push(
            place,
            error.to_string(),
            Consequence::InvalidSpec,
            found_now,
        );
        found_now = false;
    };
    let seen = merge(&stanza.templates, arguments, &[], &[]);
    let joined = merge(&stanza.templates, readable, &[], &[]);
    let first = seen.problems.first();
    let further = joined
        .problems
        .iter()
        .filter(|problem| Some(*problem) != first);
    for problem in first.into_iter().chain(further) {
        report(problem, place_of_merge_problem(problem, stanza), findings);
    }
    for (index, analysis) in analysis_steps(rollout) {
        let with_rules = merge(
            &stanza.templates,
            readable,
            &analysis.dry_run,
            &analysis.measurement_retention,
        );
        for problem in added_problems(&with_rules, &joined) {
            let rules = match problem {
                MergeError::DuplicateRetention(_) => "measurementRetention",
                _ => "dryRun",
            };
            let pointer = format!("{}/{rules}", StanzaKind::Step(index).pointer());
            report(problem, Place::rollout(pointer), findings);
        }
    }
    for template in &stanza.templates {
        if stanza.kind.must_end() {
            check_template(stanza.kind, template, found_now, findings);
        } else {
            check_background_arguments(rollout, stanza, template, found_now, findings);
        }
    }
}

/// Steps with an analysis, whatever the strategy in force: the controller looks at these for every analysis (row f).
fn analysis_steps(rollout: &Rollout) -> impl Iterator<Item = (usize, &RolloutAnalysis)> {
    let steps: &[CanaryStep] =
        (rollout.spec.strategy.canary.as_ref()).map_or(&[], |canary| &canary.steps);
    (steps.iter().enumerate()).filter_map(|(index, step)| Some((index, step.analysis.as_ref()?)))
}

fn added_problems<'a>(
    with_rules: &'a Merged,
    without: &'a Merged,
) -> impl Iterator<Item = &'a MergeError> {
    (with_rules.problems.iter()).filter(|problem| !without.problems.contains(problem))
}

/// Where a problem of joining can be mended: the later of two that collide, or the Rollout's missing argument.
pub(super) fn place_of_merge_problem(problem: &MergeError, stanza: &Stanza<'_>) -> Place {
    let last = |pointer_in: &dyn Fn(&AnalysisTemplateSpec) -> Option<String>| {
        let mut places = (stanza.templates.iter().rev())
            .filter_map(|template| Some(Place::template(template.id, pointer_in(template.spec)?)));
        places
            .next()
            .unwrap_or_else(|| Place::rollout(stanza.kind.pointer()))
    };
    match problem {
        MergeError::DuplicateMetric(name) => last(&|spec| {
            let index = spec
                .metrics
                .iter()
                .rposition(|metric| metric.name == *name)?;
            Some(format!("/spec/metrics/{index}/name"))
        }),
        MergeError::DuplicateDryRun(rule) => last(&|spec| {
            let index = spec
                .dry_run
                .iter()
                .rposition(|dry_run| dry_run.metric_name == *rule)?;
            Some(format!("/spec/dryRun/{index}/metricName"))
        }),
        MergeError::DuplicateRetention(rule) => last(&|spec| {
            let rules = &spec.measurement_retention;
            let index = rules
                .iter()
                .rposition(|retention| retention.metric_name == *rule)?;
            Some(format!("/spec/measurementRetention/{index}/metricName"))
        }),
        MergeError::ConflictingArgument { name, second, .. } => last(&|spec| {
            let is_second =
                |arg: &Argument| arg.name == *name && arg.value.as_ref() == Some(second);
            Some(format!(
                "/spec/args/{}/value",
                spec.args.iter().rposition(is_second)?
            ))
        }),
        MergeError::UnresolvedArgument(_) => {
            Place::rollout(format!("{}/args", stanza.kind.pointer()))
        }
    }
}

/// One template with its own arguments only (rows g to i).
fn check_template(
    kind: StanzaKind,
    template: &FoundTemplate<'_>,
    found_now: bool,
    findings: &mut Findings,
) {
    let name = &template.id.name;
    let mut is_first = true;
    let mut report = |detail: String, place: Place, findings: &mut Findings| {
        let error = FieldError::invalid(kind.templates_field(), name, detail);
        findings.push(
            place,
            error.to_string(),
            Consequence::InvalidSpec,
            found_now && is_first,
        );
        is_first = false;
    };
    for (index, arg) in template.spec.args.iter().enumerate() {
        if arg.value.is_some() && arg.value_from.is_some() {
            let detail = format!(
                "AnalysisTemplate {name}: arg '{}' has both Value and ValueFrom fields",
                arg.name
            );
            report(
                detail,
                Place::template(template.id, format!("/spec/args/{index}")),
                findings,
            );
        }
    }
    let args: Vec<Argument> = (template.spec.args.iter())
        .map(|arg| Argument {
            name: arg.name.clone(),
            value: arg.value.clone().or_else(|| Some(DUMMY.to_owned())),
            value_from: None,
        })
        .collect();
    let mut resolved = Vec::new();
    for (index, metric) in template.spec.metrics.iter().enumerate() {
        let lenient::Resolved { metric, errors } = lenient::resolve(metric, &args);
        for error in errors {
            let place = Place::template(template.id, format!("/spec/metrics/{index}"));
            report(format!("AnalysisTemplate {name}: {error}"), place, findings);
        }
        resolved.push(metric);
    }
    // Endless metrics are all reported at once, but only if nothing else is wrong with the template.
    let found_now = found_now && is_first;
    for (index, metric) in resolved.iter().enumerate() {
        if metric.effective_count().is_none() {
            let count =
                (metric.count.as_ref()).map_or_else(|| "<nil>".to_owned(), IntOrString::to_string);
            let detail = format!(
                "AnalysisTemplate {name} has metric {} which runs indefinitely. Invalid value for count: {count}",
                metric.name
            );
            let error = FieldError::invalid(kind.templates_field(), name, detail);
            let place = Place::template(template.id, format!("/spec/metrics/{index}/count"));
            findings.push(
                place,
                error.to_string(),
                Consequence::InvalidSpec,
                found_now,
            );
        }
    }
}

/// A background analysis must name the arguments that a template leaves open, even if another template doesn't
/// (row j).
fn check_background_arguments(
    rollout: &Rollout,
    stanza: &Stanza<'_>,
    template: &FoundTemplate<'_>,
    found_now: bool,
    findings: &mut Findings,
) {
    let has_canary = rollout.spec.strategy.canary.is_some();
    let supplied = stanza.analysis.args.as_ref().filter(|_| has_canary);
    let mut report = |detail: &str, place: Place, found_now: bool| {
        let error = FieldError::invalid(stanza.kind.templates_field(), &template.id.name, detail);
        findings.push(
            place,
            error.to_string(),
            Consequence::InvalidSpec,
            found_now,
        );
    };
    for (index, arg) in template.spec.args.iter().enumerate() {
        let is_open = arg.value.is_none() && arg.value_from.is_none();
        let is_supplied = (supplied.iter().copied().flatten()).any(|given| given.name == arg.name);
        if !is_open || is_supplied {
            continue;
        }
        if supplied.is_none() {
            // The first argument that is given turns this message into the next.
            let place = Place::template(template.id, format!("/spec/args/{index}"));
            report(
                "missing analysis arguments in rollout spec",
                place,
                found_now,
            );
        }
        let place = Place::rollout(format!("{}/args", stanza.kind.pointer()));
        report(&arg.name, place, found_now && supplied.is_some());
    }
}
