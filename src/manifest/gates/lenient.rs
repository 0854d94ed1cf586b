//! Resolving a metric in spite of tags that nothing answers, so that what else is wrong with it can be told.

use std::collections::BTreeSet;

use crate::manifest::analysis_types::{Argument, Metric};
use crate::manifest::arguments::{SubstitutionError, resolve_metric};
use crate::manifest::go_json::to_go_json;
use crate::manifest::int_or_string::IntOrString;

/// What the rollout controller's check takes for a value that it can't know.
pub(super) const DUMMY: &str = "dummy-value";

/// A metric resolved as far as possible.
pub(super) struct Resolved {
    /// The metric; tags without an answer became [`DUMMY`].
    pub(super) metric: Metric,
    /// Errors, the one that the controller reports first, then those that it hides.
    pub(super) errors: Vec<SubstitutionError>,
}

/// Resolves `metric` with `args`.
pub(super) fn resolve(metric: &Metric, args: &[Argument]) -> Resolved {
    let first = match resolve_metric(metric, args) {
        Ok(metric) => {
            return Resolved {
                metric,
                errors: Vec::new(),
            };
        }
        Err(error) => error,
    };
    let mut errors = vec![first];
    let text = to_go_json(metric).unwrap_or_default();
    let names: BTreeSet<String> = args
        .iter()
        .map(|arg| format!("args.{}", arg.name))
        .collect();
    let unanswered: Vec<&str> = tags(&text)
        .filter(|tag| !names.contains(tag.trim()))
        .collect();
    for tag in unanswered.iter().rev() {
        let error = SubstitutionError::Unresolved((*tag).to_owned());
        if !errors.contains(&error) {
            errors.push(error);
        }
    }
    let patched = unanswered.iter().fold(text.clone(), |text, tag| {
        text.replace(&format!("{{{{{tag}}}}}"), DUMMY)
    });
    let known: Vec<Argument> = (args.iter())
        .map(|arg| Argument {
            value: arg.value.clone().or_else(|| Some(DUMMY.to_owned())),
            ..arg.clone()
        })
        .collect();
    let resolved = serde_json::from_str(&patched)
        .ok()
        .map(|metric| resolve_metric(&metric, &known));
    let metric = match resolved {
        Some(Ok(resolved)) => resolved,
        Some(Err(error)) => {
            if !errors.contains(&error) {
                errors.push(error);
            }
            metric.clone()
        }
        None => metric.clone(),
    };
    Resolved { metric, errors }
}

/// The texts between double braces.
fn tags(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{")
        .skip(1)
        .filter_map(|after| Some(after.split_once("}}")?.0))
}

/// The metric without the numbers and durations that are unknown, because they hold a tag or [`DUMMY`].
pub(super) fn without_unknowns(mut metric: Metric) -> Metric {
    let is_unknown = |text: &str| text.contains(DUMMY) || text.contains("{{");
    for number in [
        &mut metric.count,
        &mut metric.failure_limit,
        &mut metric.inconclusive_limit,
        &mut metric.consecutive_error_limit,
        &mut metric.consecutive_success_limit,
    ] {
        if matches!(number, Some(IntOrString::Text(text)) if is_unknown(text)) {
            *number = None;
        }
    }
    if is_unknown(&metric.interval) {
        "1s".clone_into(&mut metric.interval);
    }
    if is_unknown(&metric.initial_delay) {
        metric.initial_delay.clear();
    }
    metric
}
