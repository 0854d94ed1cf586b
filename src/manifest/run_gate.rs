//! What the analysis controller checks in every reconcile of an AnalysisRun, in its order and its words: a run that
//! fails ends in Error at once, and the rollout aborts (spec §2.2; `analysis.go` `reconcileAnalysisRun`, `factory.go`
//! `ValidateMetrics`, `helpers.go` `GetDryRunMetrics`).

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use super::analysis_types::{AnalysisRunSpec, Argument, DryRun, MeasurementRetention, Metric};
use super::arguments::{SubstitutionError, resolve_metric};
use super::int_or_string::IntOrString;
use crate::go::duration::{self, ParseDurationError};
use crate::go::regex as go_regex;

/// Stands for a secret's value wherever the controller validates, schedules or assesses.
const SECRET_PLACEHOLDER: &str = "temp-for-secret";

/// Values of secrets: name of the secret, key, value.
pub type Secrets = BTreeMap<String, BTreeMap<String, String>>;

/// Why a run ends in Error before it starts; prints as `status.message`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RunGateError {
    /// Arguments can't be resolved.
    #[error("Unable to resolve metric arguments: {0}")]
    Arguments(#[from] ArgumentError),
    /// The resolved spec is invalid.
    #[error("Analysis spec invalid: {0}")]
    Spec(#[from] SpecError),
}

/// Why arguments can't be resolved.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ArgumentError {
    /// In the text of a metric.
    #[error(transparent)]
    Substitution(#[from] SubstitutionError),
    /// The API server has no such secret.
    #[error("secrets \"{0}\" not found")]
    SecretNotFound(String),
    /// The secret has no such key.
    #[error("key '{key}' does not exist in secret '{name}'")]
    SecretKeyNotFound {
        /// Name of the secret.
        name: String,
        /// Key asked for.
        key: String,
    },
}

/// Why a resolved spec is invalid.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SpecError {
    /// The metric list is empty.
    #[error("no metrics specified")]
    NoMetrics,
    /// Two metrics have one name.
    #[error("metrics[{index}]: duplicate name '{name}'")]
    DuplicateName {
        /// Index of the second.
        index: usize,
        /// Their name.
        name: String,
    },
    /// A metric is invalid.
    #[error("metrics[{index}]: {error}")]
    Metric {
        /// Its index.
        index: usize,
        /// What is wrong with it.
        error: MetricError,
    },
    /// A dry-run rule matches no metric, or is no regular expression.
    #[error("dryRun[{0}]: Rule didn't match any metric name(s)")]
    DryRunMatchesNothing(usize),
    /// A retention rule matches no metric, or is no regular expression.
    #[error("measurementRetention[{0}]: Rule didn't match any metric name(s)")]
    RetentionMatchesNothing(usize),
}

/// Why a metric is invalid.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MetricError {
    /// `consecutiveSuccessLimit` is negative.
    #[error("consecutiveSuccessLimit must be >= 0")]
    NegativeConsecutiveSuccessLimit,
    /// `failureLimit` is below -1.
    #[error("failureLimit must be >= 0, or -1 to be disabled")]
    NegativeFailureLimit,
    /// Neither limit can end the metric.
    #[error("failureLimit and consecutiveSuccessLimit cannot both be disabled")]
    BothLimitsDisabled,
    /// `inconclusiveLimit` is negative.
    #[error("inconclusiveLimit must be >= 0")]
    NegativeInconclusiveLimit,
    /// `consecutiveErrorLimit` is negative.
    #[error("consecutiveErrorLimit must be >= 0")]
    NegativeConsecutiveErrorLimit,
    /// `count` leaves no room for both limits.
    #[error(
        "count ({count}) must be >= failureLimit + consecutiveSuccessLimit ({failures} + {successes}) if both >= 0"
    )]
    CountBelowLimits {
        /// `count`.
        count: i64,
        /// `failureLimit`.
        failures: i64,
        /// `consecutiveSuccessLimit`.
        successes: i64,
    },
    /// `count` is below `consecutiveSuccessLimit`.
    #[error("count must be >= consecutiveSuccessLimit")]
    CountBelowConsecutiveSuccessLimit,
    /// `count` is below `inconclusiveLimit`.
    #[error("count must be >= inconclusiveLimit")]
    CountBelowInconclusiveLimit,
    /// Several measurements without interval.
    #[error("interval must be specified when count > 1")]
    NoInterval,
    /// `interval` is no Go duration.
    #[error("invalid interval string: {0}")]
    Interval(ParseDurationError),
    /// `initialDelay` is no Go duration.
    #[error("invalid startDelay string: {0}")]
    InitialDelay(ParseDurationError),
    /// No provider is set.
    #[error("no provider specified")]
    NoProvider,
    /// More than one provider is set.
    #[error("multiple providers specified")]
    MultipleProviders,
}

/// An AnalysisRun spec that has passed: metrics with their arguments in place.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedRun {
    /// One entry a metric, in the order of the spec.
    pub metrics: Vec<ResolvedMetric>,
    /// Whether the run is created terminating.
    pub terminate: bool,
    /// Values of secrets that measurement messages must not show, see [`Self::redact`].
    pub secrets: BTreeSet<String>,
}

/// A metric with its arguments in place.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedMetric {
    /// The metric by which the controller validates, schedules and assesses: secrets are replaced by a fixed text.
    pub scheduled: Metric,
    /// The metric that the provider gets. An error ends the run in the first reconcile that wants to measure it.
    pub measured: Result<Metric, SubstitutionError>,
    /// Whether a dry-run rule matches.
    pub dry_run: bool,
    /// Limit of the last retention rule that matches.
    pub retention: Option<i32>,
}

impl ResolvedRun {
    /// Replaces secrets in a measurement's message (`analysis.go` `runMeasurements`).
    pub fn redact(&self, message: &str) -> String {
        self.secrets
            .iter()
            .filter(|secret| !secret.is_empty())
            .fold(message.to_owned(), |text, secret| {
                text.replace(secret.as_str(), "*****")
            })
    }
}

/// Checks a run's spec as the controller does at the start of each reconcile.
pub fn check(spec: &AnalysisRunSpec, secrets: &Secrets) -> Result<ResolvedRun, RunGateError> {
    let scheduled = resolve_all(&spec.metrics, &without_secrets(&spec.args))?;
    validate_metrics(&scheduled)?;
    let dry_run = match_dry_run(&spec.dry_run, &scheduled)?;
    let retention = match_retention(&spec.measurement_retention, &scheduled)?;
    let (args, secret_values) = with_secrets(&spec.args, secrets)?;
    let metrics = scheduled
        .into_iter()
        .zip(&spec.metrics)
        .zip(dry_run.into_iter().zip(retention))
        .map(|((scheduled, raw), (dry_run, retention))| ResolvedMetric {
            measured: resolve_metric(raw, &args),
            scheduled,
            dry_run,
            retention,
        })
        .collect();
    Ok(ResolvedRun {
        metrics,
        terminate: spec.terminate,
        secrets: secret_values,
    })
}

fn resolve_all(metrics: &[Metric], args: &[Argument]) -> Result<Vec<Metric>, ArgumentError> {
    metrics
        .iter()
        .map(|metric| resolve_metric(metric, args).map_err(ArgumentError::from))
        .collect()
}

/// Arguments with a fixed text for each secret (`analysis.go` `getResolvedMetricsWithoutSecrets`).
fn without_secrets(args: &[Argument]) -> Vec<Argument> {
    args.iter()
        .map(|arg| match arg.secret_key_ref() {
            Some(_) => Argument {
                name: arg.name.clone(),
                value: Some(SECRET_PLACEHOLDER.to_owned()),
                value_from: None,
            },
            None => arg.clone(),
        })
        .collect()
}

/// Arguments with the values of their secrets, and those values (`analysis.go` `resolveArgs`).
fn with_secrets(
    args: &[Argument],
    secrets: &Secrets,
) -> Result<(Vec<Argument>, BTreeSet<String>), ArgumentError> {
    let mut values = BTreeSet::new();
    let mut resolved = Vec::with_capacity(args.len());
    for arg in args {
        let mut arg = arg.clone();
        if let Some(reference) = arg.secret_key_ref() {
            let secret = secrets
                .get(&reference.name)
                .ok_or_else(|| ArgumentError::SecretNotFound(reference.name.clone()))?;
            let value = secret
                .get(&reference.key)
                .ok_or_else(|| ArgumentError::SecretKeyNotFound {
                    name: reference.name.clone(),
                    key: reference.key.clone(),
                })?
                .clone();
            values.insert(value.clone());
            arg.value = Some(value);
        }
        resolved.push(arg);
    }
    Ok((resolved, values))
}

/// Checks resolved metrics and tells the first thing that is wrong (`factory.go` `ValidateMetrics`).
pub fn validate_metrics(metrics: &[Metric]) -> Result<(), SpecError> {
    if metrics.is_empty() {
        return Err(SpecError::NoMetrics);
    }
    let mut names = BTreeSet::new();
    for (index, metric) in metrics.iter().enumerate() {
        if !names.insert(metric.name.as_str()) {
            return Err(SpecError::DuplicateName {
                index,
                name: metric.name.clone(),
            });
        }
        validate_metric(metric).map_err(|error| SpecError::Metric { index, error })?;
    }
    Ok(())
}

/// Checks one resolved metric and tells the first thing that is wrong (`factory.go` `ValidateMetric`).
pub fn validate_metric(metric: &Metric) -> Result<(), MetricError> {
    validate_limits(metric)?;
    if !metric.interval.is_empty() {
        duration::parse(&metric.interval).map_err(MetricError::Interval)?;
    }
    if !metric.initial_delay.is_empty() {
        duration::parse(&metric.initial_delay).map_err(MetricError::InitialDelay)?;
    }
    match metric.provider.len() {
        0 => Err(MetricError::NoProvider),
        1 => Ok(()),
        _ => Err(MetricError::MultipleProviders),
    }
}

fn validate_limits(metric: &Metric) -> Result<(), MetricError> {
    let number = |field: &Option<IntOrString>| field.as_ref().map_or(0, IntOrString::int_value);
    let count = number(&metric.count);
    let failures = number(&metric.failure_limit);
    let successes = number(&metric.consecutive_success_limit);
    let inconclusive = number(&metric.inconclusive_limit);
    if successes < 0 {
        return Err(MetricError::NegativeConsecutiveSuccessLimit);
    }
    if failures < -1 {
        return Err(MetricError::NegativeFailureLimit);
    }
    if successes == 0 && failures == -1 {
        return Err(MetricError::BothLimitsDisabled);
    }
    if inconclusive < 0 {
        return Err(MetricError::NegativeInconclusiveLimit);
    }
    if number(&metric.consecutive_error_limit) < 0 {
        return Err(MetricError::NegativeConsecutiveErrorLimit);
    }
    if count > 0 {
        // Go's sum wraps.
        if failures >= 0 && count < failures.wrapping_add(successes) {
            return Err(MetricError::CountBelowLimits {
                count,
                failures,
                successes,
            });
        }
        if failures < 0 && count < successes {
            return Err(MetricError::CountBelowConsecutiveSuccessLimit);
        }
        if count < inconclusive {
            return Err(MetricError::CountBelowInconclusiveLimit);
        }
    }
    if count > 1 && metric.interval.is_empty() {
        return Err(MetricError::NoInterval);
    }
    Ok(())
}

/// Which metrics dry-run rules match, one entry a metric (`helpers.go` `GetDryRunMetrics`).
fn match_dry_run(rules: &[DryRun], metrics: &[Metric]) -> Result<Vec<bool>, SpecError> {
    let mut matched = vec![false; metrics.len()];
    for (rule_index, rule) in rules.iter().enumerate() {
        let hits = matching(&rule.metric_name, metrics);
        if hits.is_empty() {
            return Err(SpecError::DryRunMatchesNothing(rule_index));
        }
        for metric in hits {
            matched[metric] = true;
        }
    }
    Ok(matched)
}

/// The limit of the last matching retention rule, one entry a metric (`helpers.go`
/// `GetMeasurementRetentionMetrics`).
fn match_retention(
    rules: &[MeasurementRetention],
    metrics: &[Metric],
) -> Result<Vec<Option<i32>>, SpecError> {
    let mut limits = vec![None; metrics.len()];
    for (rule_index, rule) in rules.iter().enumerate() {
        let hits = matching(&rule.metric_name, metrics);
        if hits.is_empty() {
            return Err(SpecError::RetentionMatchesNothing(rule_index));
        }
        for metric in hits {
            limits[metric] = Some(rule.limit);
        }
    }
    Ok(limits)
}

/// Metrics whose name the pattern matches anywhere. A pattern that doesn't compile matches none: the controller drops
/// that error.
fn matching(pattern: &str, metrics: &[Metric]) -> Vec<usize> {
    let Ok(regex) = go_regex::compile(pattern) else {
        return Vec::new();
    };
    (0..metrics.len())
        .filter(|index| regex.is_match(&metrics[*index].name))
        .collect()
}
