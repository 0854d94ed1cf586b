//! Compiles a resolved AnalysisRun spec into the numbers that [`crate::controller::analysis`] runs on.

use thiserror::Error;

use crate::controller::analysis::{
    DEFAULT_CONSECUTIVE_ERROR_LIMIT, DEFAULT_RETAINED_MEASUREMENTS, MetricSpec, ResultSpec, RunSpec,
};
use crate::go::duration;
use crate::manifest::analysis_types::Metric;
use crate::manifest::int_or_string::IntOrString;
use crate::manifest::run_gate::{ResolvedMetric, ResolvedRun};
use crate::units::Duration;

/// What the controller would accept but the simulator does not reproduce.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AnalysisPlanError {
    /// A number beyond 32 bits, which the controller would cut to its low bits.
    #[error(
        "metric \"{metric}\": {field} is {value}, which needs more than 32 bits; the controller would keep its low bits \
         only. Write a smaller number"
    )]
    NumberTooLarge {
        /// Name of the metric.
        metric: String,
        /// The field.
        field: &'static str,
        /// Its value.
        value: i64,
    },
    /// A name that holds a secret and collides with another metric's name.
    #[error(
        "metric \"{metric}\": its name holds a secret and becomes the name of another metric; which result the \
         controller keeps depends on the order of its goroutines. Take the secret out of the name"
    )]
    SecretNameCollides {
        /// Name of the metric, with the text that stands for the secret.
        metric: String,
    },
    /// A duration that the run gate would have refused.
    #[error("metric \"{metric}\": {error}")]
    Duration {
        /// Name of the metric.
        metric: String,
        /// What is wrong with it.
        error: duration::ParseDurationError,
    },
}

/// Compiles a run that has passed [`crate::manifest::run_gate::check`].
///
/// The metrics keep their order, so that an index into [`RunSpec::metrics`] is one into [`ResolvedRun::metrics`].
pub fn compile(run: &ResolvedRun) -> Result<RunSpec, AnalysisPlanError> {
    let mut spec = RunSpec {
        metrics: Vec::with_capacity(run.metrics.len()),
        results: Vec::with_capacity(run.metrics.len()),
        terminate: run.terminate,
    };
    for (index, resolved) in run.metrics.iter().enumerate() {
        spec.metrics.push(compile_metric(resolved, index)?);
        spec.results.push(ResultSpec {
            retained: Some(retained(resolved.retention)),
            dry_run: resolved.dry_run,
        });
    }
    for (index, resolved) in run.metrics.iter().enumerate() {
        if is_stored_elsewhere(resolved) {
            refuse_collision(run, resolved)?;
            spec.metrics[index].stored_as = spec.results.len();
            // No metric has that name, so the controller finds neither a retention nor a dry-run rule for it.
            spec.results.push(ResultSpec {
                retained: None,
                dry_run: false,
            });
        }
    }
    Ok(spec)
}

/// Whether the metric's own name holds a secret, so that its measurements are stored under a name never looked up.
fn is_stored_elsewhere(resolved: &ResolvedMetric) -> bool {
    resolved
        .measured
        .as_ref()
        .is_ok_and(|measured| measured.name != resolved.scheduled.name)
}

fn refuse_collision(run: &ResolvedRun, resolved: &ResolvedMetric) -> Result<(), AnalysisPlanError> {
    let stored_name = |other: &ResolvedMetric| match &other.measured {
        Ok(measured) => measured.name.clone(),
        Err(_) => other.scheduled.name.clone(),
    };
    let name = stored_name(resolved);
    let collides = run
        .metrics
        .iter()
        .filter(|other| other.scheduled.name != resolved.scheduled.name)
        .any(|other| other.scheduled.name == name || stored_name(other) == name);
    if collides {
        return Err(AnalysisPlanError::SecretNameCollides {
            metric: resolved.scheduled.name.clone(),
        });
    }
    Ok(())
}

fn compile_metric(
    resolved: &ResolvedMetric,
    index: usize,
) -> Result<MetricSpec, AnalysisPlanError> {
    let metric = &resolved.scheduled;
    let number = |field: &'static str, value: i64| {
        i32::try_from(value).map_err(|_| AnalysisPlanError::NumberTooLarge {
            metric: metric.name.clone(),
            field,
            value,
        })
    };
    let limit = |field: &'static str, limit: &Option<IntOrString>, default: i32| {
        limit
            .as_ref()
            .map_or(Ok(default), |limit| number(field, limit.int_value()))
    };
    let failure_limit = limit("failureLimit", &metric.failure_limit, 0)?;
    let consecutive_success_limit = limit(
        "consecutiveSuccessLimit",
        &metric.consecutive_success_limit,
        0,
    )?;
    Ok(MetricSpec {
        interval: duration(metric, &metric.interval)?,
        initial_delay: duration(metric, &metric.initial_delay)?,
        effective_count: metric
            .effective_count()
            .map(|count| number("count", count))
            .transpose()?,
        failure_limit: (failure_limit >= 0).then_some(failure_limit),
        inconclusive_limit: limit("inconclusiveLimit", &metric.inconclusive_limit, 0)?,
        consecutive_error_limit: limit(
            "consecutiveErrorLimit",
            &metric.consecutive_error_limit,
            DEFAULT_CONSECUTIVE_ERROR_LIMIT,
        )?,
        consecutive_success_limit: (consecutive_success_limit > 0)
            .then_some(consecutive_success_limit),
        dry_run: resolved.dry_run,
        looked_up_as: index,
        stored_as: index,
    })
}

fn duration(metric: &Metric, text: &str) -> Result<Option<Duration>, AnalysisPlanError> {
    if text.is_empty() {
        return Ok(None);
    }
    duration::parse(text)
        .map(Some)
        .map_err(|error| AnalysisPlanError::Duration {
            metric: metric.name.clone(),
            error,
        })
}

fn retained(retention: Option<i32>) -> u32 {
    retention
        .and_then(|limit| u32::try_from(limit).ok())
        .filter(|limit| *limit > 0)
        .unwrap_or(DEFAULT_RETAINED_MEASUREMENTS)
}

#[cfg(test)]
mod tests {
    use super::{AnalysisPlanError, compile};
    use crate::controller::analysis::{MetricSpec, ResultSpec};
    use crate::manifest::analysis_types::AnalysisRunSpec;
    use crate::manifest::run_gate::{Secrets, check};
    use crate::units::Duration;

    fn secrets(value: &str) -> Secrets {
        let key = ("k".to_owned(), value.to_owned());
        Secrets::from([("s".to_owned(), [key].into())])
    }

    fn spec(yaml: &str) -> AnalysisRunSpec {
        serde_yaml::from_str(yaml).expect("a run spec")
    }

    #[test]
    fn numbers_and_durations_are_read_and_defaults_filled_in() {
        let run = spec(
            "
            metrics:
            - {name: a, provider: {web: {url: u}}}
            - {name: b, provider: {web: {url: u}}, interval: 1.5s, initialDelay: 0s, count: '7', failureLimit: -1,
               consecutiveSuccessLimit: 2, consecutiveErrorLimit: x, inconclusiveLimit: 3}
            dryRun: [{metricName: b}]
            measurementRetention: [{metricName: ., limit: 3}, {metricName: a, limit: -1}]
            ",
        );
        let compiled = compile(&check(&run, &Secrets::new()).expect("valid")).expect("compiled");
        assert_eq!(compiled.metrics[0], MetricSpec::default());
        assert_eq!(
            compiled.metrics[1],
            MetricSpec {
                interval: Some(Duration::from_millis(1_500)),
                initial_delay: Some(Duration::ZERO),
                effective_count: Some(7),
                failure_limit: None,
                inconclusive_limit: 3,
                consecutive_error_limit: 0,
                consecutive_success_limit: Some(2),
                dry_run: true,
                looked_up_as: 1,
                stored_as: 1,
            }
        );
        let retained = [Some(10), Some(3)];
        let dry_run = [false, true];
        for (index, result) in compiled.results.iter().enumerate() {
            let expected = ResultSpec {
                retained: retained[index],
                dry_run: dry_run[index],
            };
            assert_eq!(*result, expected);
        }
    }

    #[test]
    fn numbers_beyond_32_bits_are_refused() {
        let run = spec(
            "metrics: [{name: a, provider: {web: {url: u}}, interval: 1s, count: '3000000000'}]",
        );
        let error = compile(&check(&run, &Secrets::new()).expect("valid")).expect_err("refused");
        assert!(matches!(
            error,
            AnalysisPlanError::NumberTooLarge {
                value: 3_000_000_000,
                ..
            }
        ));
    }

    #[test]
    fn a_secret_in_a_name_stores_results_where_nobody_looks() {
        let run = spec(
            "
            metrics: [{name: 'm{{args.n}}', provider: {web: {url: u}}}, {name: mz, provider: {web: {url: u}}}]
            args: [{name: n, valueFrom: {secretKeyRef: {name: s, key: k}}}]
            ",
        );
        let compiled = compile(&check(&run, &secrets("y")).expect("valid")).expect("compiled");
        assert_eq!(compiled.metrics[0].looked_up_as, 0);
        assert_eq!(compiled.metrics[0].stored_as, 2);
        assert_eq!(compiled.results[2].retained, None);
        let colliding = check(&run, &secrets("z")).expect("valid");
        assert!(matches!(
            compile(&colliding),
            Err(AnalysisPlanError::SecretNameCollides { .. })
        ));
    }
}
