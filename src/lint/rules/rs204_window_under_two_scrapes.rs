//! A window is too short to hold the two samples that its function needs.
//!
//! ## What it does
//!
//! Compares windows with the distance of scrapes: the scenario's if one is given, else 15, 30 and 60 s, and says for which of them it holds. `rate`, `irate`, `increase`, `delta` and their like need two samples; other functions need one. A window of less than two scrapes holds two samples only now and then, and one that is as short as the scrape interval, never. Without a scenario, the severity is info where it holds for 60 s only.
//!
//! ## Why it matters
//!
//! `rate` without two samples answers nothing: `result[0]` is an Error then. Prometheus scrapes every minute unless it is told otherwise, and there `[1m]` never has an answer. A window of exactly two scrapes is empty whenever one of them fails; four are the usual advice.
//!
//! ## Example
//!
//! ```yaml
//! query: sum(rate(http_requests_total[30s]))   # scraped every 30 s
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! query: sum(rate(http_requests_total[2m]))
//! ```
//!
//! ## References
//!
//! - Prometheus documentation, `rate()`, and `scrape_interval` (1m by default)
//! - Prometheus 3.0 migration guide, range selectors are open at their older end

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::steps::listed;
use crate::lint::subject::{Metric, Query, Subject};
use crate::lint::windows::{self, Window};
use crate::units::Duration;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS204",
    name: "window-under-two-scrapes",
    severity: Severity::Warning,
    source: include_str!("rs204_window_under_two_scrapes.rs"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (_, metric) in subject.metrics() {
        let Some(query) = &metric.query else {
            continue;
        };
        let mut told = Vec::new();
        for window in windows::windows(query) {
            let key = (window.length, window.least_samples());
            if window.is_subquery || told.contains(&key) {
                continue;
            }
            told.push(key);
            check_window(subject, metric, query, &window, findings);
        }
    }
}

fn check_window(
    subject: &Subject<'_>,
    metric: &Metric<'_>,
    query: &Query<'_>,
    window: &Window,
    findings: &mut Findings,
) {
    let length = window.length;
    let needs = window.least_samples();
    let short = |scrape: &Duration| length.as_nanos() < scrape.as_nanos().saturating_mul(needs);
    let scrapes: Vec<Duration> = subject
        .scrape_intervals()
        .into_iter()
        .filter(short)
        .collect();
    let Some(least) = scrapes.iter().min() else {
        return;
    };
    let (name, function) = (&metric.resolved.name, window.function);
    // The samples of a window as long as the scrape interval: one, since it is open at its older end.
    let (never, seldom): (Vec<Duration>, Vec<Duration>) = scrapes
        .iter()
        .partition(|scrape| needs == 2 && length <= **scrape);
    let what = if needs == 2 {
        "two samples"
    } else {
        "a sample"
    };
    let parts = [(&seldom, "only now and then"), (&never, "never")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(scrapes, _)| !scrapes.is_empty())
        .map(|(scrapes, how)| {
            let names: Vec<String> = scrapes.iter().map(ToString::to_string).collect();
            format!("{how} with a scrape every {}", listed_or(&names))
        })
        .collect();
    let finding = findings.report(
        query.location(&window.span),
        format!(
            "the window of {length} of {name} holds {what} {}",
            parts.join(", and ")
        ),
    );
    finding.label(if needs == 2 {
        format!("{function} needs two samples")
    } else {
        "empty when no scrape falls into it".to_owned()
    });
    let sixty_only = subject.scrape_interval.is_none()
        && scrapes
            .iter()
            .all(|scrape| *scrape >= Duration::from_seconds(60));
    if sixty_only {
        finding.severity(Severity::Info);
    }
    let four = Duration::from_nanos(least.as_nanos().saturating_mul(4));
    finding
        .why(if seldom.is_empty() {
            "without two samples there is no answer: where that is so, every measurement is one of an empty answer"
        } else {
            "without enough samples there is no answer, so measurements of an empty answer come and go"
        })
        .help(format!(
            "make the window four scrapes long: {four} where Prometheus scrapes every {least}"
        ));
}

/// "a", "a or b".
fn listed_or(names: &[String]) -> String {
    listed(names).replace(" and ", " or ")
}
