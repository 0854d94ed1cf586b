//! Joining templates, and what the Rollout adds, into one spec.

use std::collections::BTreeSet;

use super::collect::FoundTemplate;
use crate::manifest::analysis_types::{AnalysisRunSpec, Argument, DryRun, MeasurementRetention};

/// What keeps templates from being joined, in the controller's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// Two metrics have one name.
    #[error("two metrics have the same name '{0}'")]
    DuplicateMetric(String),
    /// Two dry-run rules have one text.
    #[error("two Dry-Run metric rules have the same name '{0}'")]
    DuplicateDryRun(String),
    /// Two retention rules have one text.
    #[error("two Measurement Retention metric rules have the same name '{0}'")]
    DuplicateRetention(String),
    /// Two templates give an argument different defaults.
    #[error(
        "Argument `{name}` specified multiple times with different values: '{first}', '{second}'"
    )]
    ConflictingArgument {
        /// The argument.
        name: String,
        /// The value that came first.
        first: String,
        /// The other one.
        second: String,
    },
    /// Neither a template nor the Rollout gives an argument a value.
    #[error("args.{0} was not resolved")]
    UnresolvedArgument(String),
}

/// A joined spec and all that is wrong with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Merged {
    /// The spec; complete only without problems.
    pub spec: AnalysisRunSpec,
    /// Problems in the controller's order. It stops at the first one.
    pub problems: Vec<MergeError>,
}

/// Joins `templates` and adds the Rollout's arguments and rules (Argo Rollouts v1.9.1 helpers.go
/// `NewAnalysisRunFromTemplates`).
///
/// Arguments that no template declares are dropped. The Rollout's rules come before the templates'.
pub fn merge(
    templates: &[FoundTemplate<'_>],
    arguments: &[Argument],
    dry_run: &[DryRun],
    retention: &[MeasurementRetention],
) -> Merged {
    let specs = || templates.iter().map(|template| template.spec);
    let mut problems = Vec::new();
    let metrics: Vec<_> = specs().flat_map(|spec| spec.metrics.clone()).collect();
    problems.extend(
        duplicates(metrics.iter().map(|metric| &metric.name)).map(MergeError::DuplicateMetric),
    );
    let template_dry_run: Vec<_> = specs().flat_map(|spec| spec.dry_run.clone()).collect();
    problems.extend(
        duplicates(template_dry_run.iter().map(|rule| &rule.metric_name))
            .map(MergeError::DuplicateDryRun),
    );
    let template_retention: Vec<_> = specs()
        .flat_map(|spec| spec.measurement_retention.clone())
        .collect();
    problems.extend(
        duplicates(template_retention.iter().map(|rule| &rule.metric_name))
            .map(MergeError::DuplicateRetention),
    );

    let mut args = join_arguments(specs().flat_map(|spec| &spec.args), &mut problems);
    supply(&mut args, arguments);
    let unresolved =
        (args.iter()).filter(|argument| argument.value.is_none() && argument.value_from.is_none());
    problems
        .extend(unresolved.map(|argument| MergeError::UnresolvedArgument(argument.name.clone())));

    let dry_run = [dry_run, &template_dry_run].concat();
    let repeated =
        duplicates(dry_run.iter().map(|rule| &rule.metric_name)).map(MergeError::DuplicateDryRun);
    push_new(&mut problems, repeated);
    let measurement_retention = [retention, &template_retention].concat();
    let repeated = duplicates(measurement_retention.iter().map(|rule| &rule.metric_name))
        .map(MergeError::DuplicateRetention);
    push_new(&mut problems, repeated);
    Merged {
        spec: AnalysisRunSpec {
            metrics,
            args,
            dry_run,
            measurement_retention,
            ..AnalysisRunSpec::default()
        },
        problems,
    }
}

/// Each name that occurs more than once, in the order of the second occurrence.
fn duplicates<'a>(names: impl Iterator<Item = &'a String>) -> impl Iterator<Item = String> {
    let mut seen = BTreeSet::new();
    let mut repeated: Vec<String> = Vec::new();
    for name in names {
        if !seen.insert(name) && !repeated.contains(name) {
            repeated.push(name.clone());
        }
    }
    repeated.into_iter()
}

fn push_new(problems: &mut Vec<MergeError>, more: impl Iterator<Item = MergeError>) {
    for problem in more {
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
}

/// One argument per name: the first with a value, else the last one.
fn join_arguments<'a>(
    declared: impl Iterator<Item = &'a Argument>,
    problems: &mut Vec<MergeError>,
) -> Vec<Argument> {
    let mut joined: Vec<Argument> = Vec::new();
    for argument in declared {
        let Some(previous) = joined
            .iter_mut()
            .find(|previous| previous.name == argument.name)
        else {
            joined.push(argument.clone());
            continue;
        };
        match (&previous.value, &argument.value) {
            (Some(first), Some(second)) if first != second => {
                problems.push(MergeError::ConflictingArgument {
                    name: argument.name.clone(),
                    first: first.clone(),
                    second: second.clone(),
                });
            }
            (None, _) => *previous = argument.clone(),
            (Some(_), _) => {}
        }
    }
    joined
}

/// Overrides declared arguments with the Rollout's.
fn supply(declared: &mut [Argument], supplied: &[Argument]) {
    for argument in supplied {
        let Some(target) = declared
            .iter_mut()
            .find(|target| target.name == argument.name)
        else {
            continue;
        };
        if argument.value.is_some() {
            target.value.clone_from(&argument.value);
        } else if argument.value_from.is_some() {
            target.value_from.clone_from(&argument.value_from);
        }
    }
}
