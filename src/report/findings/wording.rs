//! The words of the findings: number, reason, what to do.

use std::collections::BTreeSet;
use std::fmt;

use super::{Blindness, Finding, Signal};
use crate::engine::outcome::Outcome;
use crate::report::number::{count, percent, proportion, seconds, thousands};
use crate::stats::Estimate;

impl Signal {
    fn words(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::Latency => "latency",
            Self::Content => "content",
            Self::Memory => "memory",
            Self::Cpu => "processor time",
            Self::Traffic => "traffic",
            Self::Restarts => "restarts",
        }
    }

    /// A measurement that would see it.
    fn remedy(self) -> &'static str {
        match self {
            Self::Errors => "the canary's share of failed requests",
            Self::Latency => "a quantile of the canary's response times",
            Self::Content => {
                "the content itself: a web or job metric that requests a page and checks what is in it"
            }
            Self::Memory => "the canary's memory, for instance its growth by `deriv`",
            Self::Cpu => "processor time of the canary's containers",
            Self::Traffic => "the canary's request rate",
            Self::Restarts => "restarts of the canary's containers",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missed {
                arm,
                detected,
                promoted,
                why,
            } => missed(f, arm, detected, *promoted, why),
            Self::AbortedByError {
                arms,
                n,
                of,
                metric,
                explained,
            } => {
                aborted_by_error(f, arms, *n, *of)?;
                no_usable_result(f, arms, metric.as_deref(), *explained)
            }
            Self::FalseAborts {
                aborted, metric, ..
            } => false_aborts(f, aborted, metric.as_deref()),
            Self::HealthyHangs { n, of, outcome, .. } => hangs(f, *n, *of, *outcome),
            Self::FewRequests {
                metric,
                step,
                requests,
            } => few_requests(f, metric, *step, *requests),
            Self::WindowBeforePods {
                metric,
                step,
                before_s,
                window_s,
            } => write!(
                f,
                "`{metric}`{} reads a window of {} of which the first {} lie before the canary serves: the \
                 measurement rests on less than it seems. Let the first measurement come later (a longer \
                 pause before the analysis, or initialDelay).",
                at_step(*step),
                seconds(*window_s),
                seconds(*before_s),
            ),
            Self::ShareDiffers {
                weights,
                traffic_router,
            } => share_differs(f, weights, *traffic_router),
        }
    }
}

fn missed(
    f: &mut fmt::Formatter<'_>,
    arm: &str,
    detected: &Estimate,
    promoted: u64,
    why: &Blindness,
) -> fmt::Result {
    let share = proportion(detected);
    if promoted == detected.n {
        write!(f, "`{arm}` is promoted every time, detected in {share}")?;
    } else if detected.estimate > 0.0 {
        write!(f, "`{arm}` is detected in {share} only")?;
    } else {
        write!(f, "`{arm}` is never detected: {share}")?;
    }
    match why {
        Blindness::NoMetrics => f.write_str(": the Rollout has no analysis. Add an analysis step."),
        Blindness::NothingReadsIt { acts_on, reads } => {
            let sees = if reads.is_empty() {
                "they read nothing of the canary".to_owned()
            } else {
                format!("they read {}", list(reads, "and"))
            };
            write!(
                f,
                ": it changes {}, and no metric of the templates reads {} ({sees}).",
                list(acts_on, "and"),
                list(acts_on, "or"),
            )?;
            let remedies: Vec<_> = acts_on.iter().map(|signal| signal.remedy()).collect();
            if remedies.is_empty() {
                return Ok(());
            }
            write!(f, " Measure {}.", remedies.join("; or "))
        }
        Blindness::TooLate { .. } => too_late(f, why),
        Blindness::Passed {
            metrics,
            last_measurement_s,
        } => {
            let names = quoted(metrics);
            let (verb, pronoun) = match metrics.len() {
                1 => ("reads", "its"),
                _ => ("read", "their"),
            };
            write!(
                f,
                ": {names} {verb} what it changes, but {pronoun} measurements succeed more often than \
                 failureLimit allows, because the fault is too small for the threshold, too diluted or too late"
            )?;
            if let Some(last) = last_measurement_s {
                write!(f, " (the last measurement is taken at {})", seconds(*last))?;
            }
            f.write_str(". Compare one release: `rollsim trace … --arm ")?;
            write!(f, "{arm}`.")
        }
    }
}

fn too_late(f: &mut fmt::Formatter<'_>, why: &Blindness) -> fmt::Result {
    let Blindness::TooLate {
        metrics,
        seen,
        from_s,
        last_measurement_s,
        earlier,
    } = why
    else {
        return Ok(());
    };
    let verb = if metrics.len() == 1 { "reads" } else { "read" };
    write!(
        f,
        ": {} {verb} {}, which it changes from {} on at the earliest, but the last measurement is taken at {}. \
         Measure longer (a later analysis step or a background analysis)",
        quoted(metrics),
        list(seen, "and"),
        seconds(*from_s),
        seconds(*last_measurement_s),
    )?;
    let remedies: Vec<_> = earlier.iter().map(|signal| signal.remedy()).collect();
    if !remedies.is_empty() {
        write!(f, ", or measure {}", remedies.join("; or "))?;
    }
    f.write_str(".")
}

fn aborted_by_error(f: &mut fmt::Formatter<'_>, arms: &[String], n: u64, of: u64) -> fmt::Result {
    let first = arms.first().map_or("", String::as_str);
    let who = match (arms.len(), n == of) {
        (1, true) => format!("Every release of `{first}` is aborted"),
        (1, false) => format!(
            "{} of {} releases of `{first}` are aborted",
            thousands(n),
            thousands(of)
        ),
        (_, true) => format!("In {} every release is aborted", quoted(arms)),
        (_, false) => format!(
            "In {} most releases are aborted ({} of {} in `{first}`)",
            quoted(arms),
            thousands(n),
            thousands(of)
        ),
    };
    write!(f, "{who} by Error, not by a verdict: ")
}

fn no_usable_result(
    f: &mut fmt::Formatter<'_>,
    arms: &[String],
    metric: Option<&str>,
    explained: bool,
) -> fmt::Result {
    let metric = metric.map_or("a metric".to_owned(), |metric| format!("`{metric}`"));
    if explained {
        return write!(f, "{metric} gets no usable result, for the reason above.");
    }
    let first = arms.first().map_or("", String::as_str);
    write!(
        f,
        "{metric} gets no usable result (a query that matches no series, or a query or condition that fails). \
         Look at one with `rollsim trace … --arm {first}`, and check that the query's labels are labels that \
         the pods have (canaryMetadata sets them)."
    )
}

fn false_aborts(
    f: &mut fmt::Formatter<'_>,
    aborted: &Estimate,
    metric: Option<&str>,
) -> fmt::Result {
    write!(f, "{} of healthy releases are aborted", proportion(aborted))?;
    if let Some(metric) = metric {
        write!(f, ", mostly by `{metric}`")?;
    }
    f.write_str(
        ": its threshold is too near to what a healthy service does by chance. A longer window, a lower \
         threshold or a higher failureLimit would help.",
    )
}

fn hangs(f: &mut fmt::Formatter<'_>, n: u64, of: u64, outcome: Outcome) -> fmt::Result {
    let how = match outcome {
        Outcome::PausedInconclusive => {
            "they pause as Inconclusive: a measurement meets neither the success nor the failure condition"
        }
        Outcome::Paused => "they wait at a pause without a duration until somebody promotes them",
        Outcome::AbortedDeadline | Outcome::Degraded => {
            "they exceed the progress deadline: pods become ready too late"
        }
        _ => "they are still under way at the horizon",
    };
    write!(
        f,
        "{} of {} healthy releases aren't promoted, and not because they are aborted by an analysis: \
         mostly {how}.",
        thousands(n),
        thousands(of)
    )
}

fn few_requests(
    f: &mut fmt::Formatter<'_>,
    metric: &str,
    step: Option<u16>,
    requests: f64,
) -> fmt::Result {
    write!(
        f,
        "`{metric}`{} reads about {} requests of the canary per window",
        at_step(step),
        count(requests)
    )?;
    if requests >= 1.0 {
        write!(
            f,
            ": one failed request more is {} more of them",
            percent(1.0 / requests, 1)
        )?;
    } else {
        f.write_str(": most windows hold none, and a rate of none is NaN or no data")?;
    }
    f.write_str(". A longer window, a higher weight or synthetic requests would help.")
}

fn share_differs(
    f: &mut fmt::Formatter<'_>,
    weights: &[(u16, f64)],
    traffic_router: bool,
) -> fmt::Result {
    let each: Vec<_> = weights
        .iter()
        .map(|(asked, share)| format!("{} at setWeight {asked}", percent(*share, 1)))
        .collect();
    write!(f, "The canary really serves {}", each.join(", "))?;
    if traffic_router {
        f.write_str(": the router's weights lag behind the step or are rounded.")
    } else {
        f.write_str(
            ": without a traffic router requests follow the number of ready pods. More replicas or a \
             trafficRouting section come closer.",
        )
    }
}

fn at_step(step: Option<u16>) -> String {
    step.map_or(" (background)".to_owned(), |step| {
        format!(" at step {step}")
    })
}

fn list(signals: &BTreeSet<Signal>, conjunction: &str) -> String {
    let words: Vec<_> = signals
        .iter()
        .map(|signal| signal.words().to_owned())
        .collect();
    join(&words, conjunction)
}

fn quoted(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    join(&names, "and")
}

fn join(words: &[String], conjunction: &str) -> String {
    match words {
        [] => "nothing".to_owned(),
        [only] => only.clone(),
        [front @ .., last] => format!("{} {conjunction} {last}", front.join(", ")),
    }
}
