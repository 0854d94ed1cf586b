//! What the numbers mean, in words: the findings of a study.
//!
//! A [`Finding`] holds the figures it rests on; its `Display` says what, why and what to do.
//! [`derive()`] draws them from a Rollout's results, its plan and what is known of its queries.

mod wording;

use std::collections::{BTreeMap, BTreeSet};

use super::model::{ArmResult, FindingEntry, PlanMeasurement, PlanSummary, RolloutResult};
use crate::plan::ArmKind;
use crate::stats::Estimate;

/// Below this detection probability an arm is worth a word.
const SELDOM: f64 = 0.5;
/// From this share on healthy releases that aren't promoted are worth a word.
const OFTEN: f64 = 0.01;
/// Below this number of canary requests one failed request moves an error rate by more than 1 %.
const FEW_REQUESTS: f64 = 100.0;
/// From this difference on (in shares of all requests) a weight isn't what was asked.
const OTHER_SHARE: f64 = 0.01;
/// A window that starts this much (in seconds) before the canary serves is worth a word.
const BEFORE_PODS_S: f64 = 1.0;

/// Something of requests or pods that a fault changes and that a query can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// Status codes of responses.
    Errors,
    /// Response times.
    Latency,
    /// What is in the responses.
    Content,
    /// Resident memory.
    Memory,
    /// Processor time.
    Cpu,
    /// How many requests there are.
    Traffic,
    /// Restarts and readiness of pods.
    Restarts,
}

/// What a metric of the templates reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricFacts {
    /// Its name.
    pub name: String,
    /// What its query can see of the canary.
    pub reads: BTreeSet<Signal>,
    /// Whether an earlier finding says why none of its measurements has a usable result.
    pub explained: bool,
}

/// What a fault changes.
#[derive(Clone, Debug, PartialEq)]
pub struct ArmFacts {
    /// The arm's name.
    pub name: String,
    /// What of the canary's requests and pods it changes, and from when on at the earliest: seconds from the
    /// start of the update.
    pub acts_on: BTreeMap<Signal, f64>,
}

/// What is known of a Rollout before the first replication.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// The metrics of all its templates, in the plan's order.
    pub metrics: Vec<MetricFacts>,
    /// Its fault arms.
    pub arms: Vec<ArmFacts>,
    /// Whether a traffic router sets exact weights.
    pub traffic_router: bool,
}

/// A finding with the figures it rests on.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// A bad release is seldom or never detected.
    Missed {
        /// The arm.
        arm: String,
        /// Its detection probability.
        detected: Estimate,
        /// How many were promoted.
        promoted: u64,
        /// Why.
        why: Blindness,
    },
    /// Releases are aborted because measurements end as Error.
    AbortedByError {
        /// The arms in which that happens to at least half of the releases.
        arms: Vec<String>,
        /// How many of the replications of the first of these arms.
        n: u64,
        /// Replications of that arm.
        of: u64,
        /// The metric that most often decided there.
        metric: Option<String>,
        /// Whether an earlier finding says why.
        explained: bool,
    },
    /// Healthy releases are aborted by Failed.
    FalseAborts {
        /// The healthy arm's name.
        arm: String,
        /// The false-abort probability.
        aborted: Estimate,
        /// The metric that most often decided.
        metric: Option<String>,
    },
    /// Healthy releases don't get through for other reasons than aborts.
    HealthyHangs {
        /// The healthy arm's name.
        arm: String,
        /// How many.
        n: u64,
        /// Of how many.
        of: u64,
        /// The most frequent way.
        outcome: crate::engine::outcome::Outcome,
    },
    /// A window holds few requests of the canary.
    FewRequests {
        /// The metric that reads it.
        metric: String,
        /// The step.
        step: Option<u16>,
        /// Expected requests of the canary.
        requests: f64,
    },
    /// A window begins before the canary serves.
    WindowBeforePods {
        /// The metric that reads it.
        metric: String,
        /// The step.
        step: Option<u16>,
        /// How much of the window, in seconds.
        before_s: f64,
        /// The window's length, in seconds.
        window_s: f64,
    },
    /// The canary gets another share of the requests than asked.
    ShareDiffers {
        /// Asked weight in percent and served share, by step.
        weights: Vec<(u16, f64)>,
        /// Whether a traffic router is there to set exact weights.
        traffic_router: bool,
    },
}

/// Why a bad release isn't detected.
#[derive(Clone, Debug, PartialEq)]
pub enum Blindness {
    /// No metric reads what the fault changes.
    NothingReadsIt {
        /// What the fault changes.
        acts_on: BTreeSet<Signal>,
        /// What the metrics read.
        reads: BTreeSet<Signal>,
    },
    /// These metrics read what it changes, and passed all the same.
    Passed {
        /// Their names.
        metrics: Vec<String>,
        /// When the last measurement is taken, in seconds from the update.
        last_measurement_s: Option<f64>,
    },
    /// These metrics read some of what it changes, but it changes that too late.
    TooLate {
        /// Their names.
        metrics: Vec<String>,
        /// What they read of what it changes.
        seen: BTreeSet<Signal>,
        /// From when on it changes that, in seconds from the update.
        from_s: f64,
        /// When the last measurement is taken, in seconds from the update.
        last_measurement_s: f64,
        /// What else it changes, before that.
        earlier: BTreeSet<Signal>,
    },
    /// Nothing is measured at all.
    NoMetrics,
}

impl Finding {
    /// The stable name of this kind of finding.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missed { detected, .. } if detected.estimate > 0.0 => "seldom-detected",
            Self::Missed { .. } => "never-detected",
            Self::AbortedByError { .. } => "aborted-by-error",
            Self::FalseAborts { .. } => "false-aborts",
            Self::HealthyHangs { .. } => "healthy-not-promoted",
            Self::FewRequests { .. } => "few-requests",
            Self::WindowBeforePods { .. } => "window-before-pods",
            Self::ShareDiffers { .. } => "share-differs",
        }
    }

    /// The arm it is about, if it is about one.
    pub fn arm(&self) -> Option<&str> {
        match self {
            Self::Missed { arm, .. }
            | Self::FalseAborts { arm, .. }
            | Self::HealthyHangs { arm, .. } => Some(arm),
            Self::AbortedByError { arms, .. } => match arms.as_slice() {
                [only] => Some(only),
                _ => None,
            },
            _ => None,
        }
    }

    /// The entry of the report.
    pub fn entry(&self, rollout: &str) -> FindingEntry {
        FindingEntry {
            code: self.code().to_owned(),
            rollout: Some(rollout.to_owned()),
            arm: self.arm().map(str::to_owned),
            place: None,
            message: self.to_string(),
            help: None,
        }
    }
}

/// All findings about one Rollout: first of its arms in their order, then of its plan.
pub fn derive(result: &RolloutResult, facts: &Facts) -> Vec<Finding> {
    let by_error: Vec<&ArmResult> = result
        .arms
        .iter()
        .filter(|arm| 2 * arm.outcomes.aborted_error >= arm.replications)
        .collect();
    let mut findings = Vec::new();
    findings.extend(aborted_by_error(&by_error, facts));
    for arm in &result.arms {
        match arm.kind {
            ArmKind::Healthy => findings.extend(of_healthy(arm)),
            // An arm that ends by Error wasn't overlooked: nothing was looked at.
            ArmKind::Fault if by_error.iter().any(|other| other.name == arm.name) => {}
            ArmKind::Fault => findings.extend(missed(arm, result.plan.as_ref(), facts)),
        }
    }
    if let Some(plan) = &result.plan {
        findings.extend(share_differs(plan, facts));
        findings.extend(few_requests(plan));
        findings.extend(windows_before_pods(plan));
    }
    findings
}

fn aborted_by_error(arms: &[&ArmResult], facts: &Facts) -> Option<Finding> {
    let first = arms.first()?;
    let metric = deciding_metric(first);
    let mut known = facts.metrics.iter();
    let explained = known.any(|known| known.explained && Some(&known.name) == metric.as_ref());
    Some(Finding::AbortedByError {
        arms: arms.iter().map(|arm| arm.name.clone()).collect(),
        n: first.outcomes.aborted_error,
        of: first.replications,
        metric,
        explained,
    })
}

fn deciding_metric(arm: &ArmResult) -> Option<String> {
    arm.decided_by.first()?.metric.clone()
}

fn of_healthy(arm: &ArmResult) -> Vec<Finding> {
    use crate::engine::outcome::Outcome::{
        AbortedDeadline, Degraded, Paused, PausedInconclusive, Unfinished,
    };
    let mut findings = Vec::new();
    if arm.detected.estimate >= OFTEN {
        findings.push(Finding::FalseAborts {
            arm: arm.name.clone(),
            aborted: arm.detected,
            metric: deciding_metric(arm),
        });
    }
    let hangs = [
        PausedInconclusive,
        Paused,
        AbortedDeadline,
        Degraded,
        Unfinished,
    ];
    let n = hangs.iter().map(|&outcome| arm.outcomes.of(outcome)).sum();
    let most = hangs
        .into_iter()
        .rev()
        .max_by_key(|&outcome| arm.outcomes.of(outcome));
    if let Some(outcome) = most
        && n as f64 >= OFTEN * arm.replications as f64
    {
        findings.push(Finding::HealthyHangs {
            arm: arm.name.clone(),
            n,
            of: arm.replications,
            outcome,
        });
    }
    findings
}

fn missed(arm: &ArmResult, plan: Option<&PlanSummary>, facts: &Facts) -> Option<Finding> {
    if arm.detected.estimate >= SELDOM {
        return None;
    }
    let fault = facts.arms.iter().find(|fault| fault.name == arm.name)?;
    let reads: BTreeSet<Signal> = facts
        .metrics
        .iter()
        .flat_map(|metric| metric.reads.iter().copied())
        .collect();
    Some(Finding::Missed {
        arm: arm.name.clone(),
        detected: arm.detected,
        promoted: arm.outcomes.promoted,
        why: blindness(fault, &reads, plan, facts),
    })
}

fn blindness(
    fault: &ArmFacts,
    reads: &BTreeSet<Signal>,
    plan: Option<&PlanSummary>,
    facts: &Facts,
) -> Blindness {
    if facts.metrics.is_empty() {
        return Blindness::NoMetrics;
    }
    let seen = |(signal, _): &(&Signal, &f64)| reads.contains(signal);
    let from_s = fault.acts_on.iter().filter(seen).map(|(_, from_s)| *from_s);
    let Some(from_s) = from_s.reduce(f64::min) else {
        return Blindness::NothingReadsIt {
            acts_on: fault.acts_on.keys().copied().collect(),
            reads: reads.clone(),
        };
    };
    let sees = |metric: &&MetricFacts| {
        let mut signals = metric.reads.iter();
        signals.any(|signal| fault.acts_on.contains_key(signal))
    };
    let metrics = facts.metrics.iter().filter(sees);
    let metrics = metrics.map(|metric| metric.name.clone()).collect();
    let last_measurement_s = plan.and_then(last_measurement);
    match last_measurement_s {
        Some(last_measurement_s) if last_measurement_s <= from_s => {
            let (seen, others): (Vec<_>, Vec<_>) = fault.acts_on.iter().partition(seen);
            let earlier = others
                .into_iter()
                .filter(|(_, from_s)| **from_s < last_measurement_s);
            Blindness::TooLate {
                metrics,
                seen: seen.into_iter().map(|(signal, _)| *signal).collect(),
                from_s,
                last_measurement_s,
                earlier: earlier.map(|(signal, _)| *signal).collect(),
            }
        }
        _ => Blindness::Passed {
            metrics,
            last_measurement_s,
        },
    }
}

fn last_measurement(plan: &PlanSummary) -> Option<f64> {
    plan.measurements
        .iter()
        .map(|taken| taken.at_s)
        .reduce(f64::max)
}

fn share_differs(plan: &PlanSummary, facts: &Facts) -> Option<Finding> {
    let mut weights: Vec<(u16, f64)> = Vec::new();
    // The last step of a weight shows the share it settles at.
    for pair in plan.steps.chunk_by(|one, next| one.weight == next.weight) {
        if let Some(step) = pair.last()
            && (step.share - f64::from(step.weight) / 100.0).abs() >= OTHER_SHARE
        {
            weights.push((step.weight, step.share));
        }
    }
    (!weights.is_empty()).then_some(Finding::ShareDiffers {
        weights,
        traffic_router: facts.traffic_router,
    })
}

/// One measurement per metric and step: the one that is worst by `badness`.
fn worst_per_step(
    plan: &PlanSummary,
    badness: impl Fn(&PlanMeasurement) -> Option<f64>,
) -> Vec<(&PlanMeasurement, f64)> {
    let mut worst: Vec<(&PlanMeasurement, f64)> = Vec::new();
    for taken in &plan.measurements {
        let Some(bad) = badness(taken) else { continue };
        let same = |(other, _): &&mut (&PlanMeasurement, f64)| {
            other.metric == taken.metric && other.step == taken.step
        };
        match worst.iter_mut().find(same) {
            Some(entry) if entry.1 < bad => *entry = (taken, bad),
            Some(_) => {}
            None => worst.push((taken, bad)),
        }
    }
    worst
}

fn few_requests(plan: &PlanSummary) -> Vec<Finding> {
    let few = |taken: &PlanMeasurement| {
        let requests = taken.canary_requests?;
        (requests < FEW_REQUESTS).then_some(-requests)
    };
    let finding = |(taken, negative): (&PlanMeasurement, f64)| Finding::FewRequests {
        metric: taken.metric.clone(),
        step: taken.step,
        requests: -negative,
    };
    worst_per_step(plan, few).into_iter().map(finding).collect()
}

fn windows_before_pods(plan: &PlanSummary) -> Vec<Finding> {
    let Some(serves_from) = plan.canary_serves_from_s else {
        return Vec::new();
    };
    let before = |taken: &PlanMeasurement| {
        taken.canary_requests?;
        let before = serves_from - taken.window?.from_s;
        (before >= BEFORE_PODS_S).then_some(before)
    };
    let finding = |(taken, before_s): (&PlanMeasurement, f64)| {
        let window = taken.window?;
        let window_s = window.to_s - window.from_s;
        Some(Finding::WindowBeforePods {
            metric: taken.metric.clone(),
            step: taken.step,
            before_s: before_s.min(window_s),
            window_s,
        })
    };
    worst_per_step(plan, before)
        .into_iter()
        .filter_map(finding)
        .collect()
}

#[cfg(test)]
mod tests;
