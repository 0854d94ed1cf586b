//! A template that no Rollout is known to use: what ends a run with its metrics in Error, whatever Rollout starts it.

use super::lenient;
use super::runs::all_metric_errors;
use crate::manifest::analysis_types::{AnalysisTemplateSpec, Argument};
use crate::manifest::run_gate::{RunGateError, SpecError};

/// Something wrong with a metric of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateMistake {
    /// The metric's index in the template, and in a run of this template alone.
    pub metric: usize,
    /// What the analysis controller says.
    pub error: RunGateError,
    /// Whether other arguments than the defaults could mend it.
    pub by_default: bool,
}

/// Holds each metric to the analysis controller's check (`factory.go` `ValidateMetric`): with no argument known, then
/// with the defaults.
pub fn check_template_alone(spec: &AnalysisTemplateSpec) -> Vec<TemplateMistake> {
    let unknown: Vec<Argument> = (spec.args.iter())
        .map(|argument| Argument {
            name: argument.name.clone(),
            value: Some(lenient::DUMMY.to_owned()),
            value_from: None,
        })
        .collect();
    let defaults: Vec<Argument> = (spec.args.iter())
        .map(|argument| Argument {
            value: argument.value.clone().or(Some(lenient::DUMMY.to_owned())),
            value_from: None,
            name: argument.name.clone(),
        })
        .collect();
    let mut mistakes: Vec<TemplateMistake> = Vec::new();
    for (index, metric) in spec.metrics.iter().enumerate() {
        for (args, by_default) in [(&unknown, false), (&defaults, true)] {
            let resolved = lenient::resolve(metric, args).metric;
            for error in all_metric_errors(lenient::without_unknowns(resolved)) {
                let error = RunGateError::Spec(SpecError::Metric { index, error });
                if !mistakes.iter().any(|known| known.error == error) {
                    mistakes.push(TemplateMistake {
                        metric: index,
                        error,
                        by_default,
                    });
                }
            }
        }
    }
    mistakes
}
