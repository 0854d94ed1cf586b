//! In words: what keeps a point's power from being what is wanted, and what would help.

use crate::report::bound::Scope;
use crate::report::number::{count, percent, seconds, thousands};
use crate::report::power::{Longer, MetricRemedies, Point, PowerReport, Verdict};
use crate::stats::smoke_test::SmokeTest;

/// The verdict on a point, in a sentence or two.
pub(super) fn verdict(point: &Point, report: &PowerReport) -> String {
    if let Some(reason) = &point.no_verdict_because {
        return format!("No verdict: {reason}.");
    }
    let Some(verdict) = point.verdict else {
        return String::new();
    };
    let false_aborts = percent(point.false_aborts.estimate, 1);
    if point.false_aborts.estimate > report.false_abort_limit {
        let limit = percent(report.false_abort_limit, 2);
        return format!(
            "{}: {false_aborts} of healthy releases are aborted, more than {limit}, so what is detected is no merit. {}",
            named(verdict),
            by_requests(point, verdict)
        );
    }
    if verdict == Verdict::Fine {
        let want = percent(report.want, 1);
        return format!(
            "Fine: at least {want} are detected, and {false_aborts} of healthy releases are aborted."
        );
    }
    format!("{}: {}", named(verdict), losses(point, report))
}

fn named(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fine => "Fine",
        Verdict::Template => "Template",
        Verdict::Steps => "Steps",
        Verdict::Traffic => "Traffic",
    }
}

/// The verdict on a template with too many false aborts.
fn by_requests(point: &Point, verdict: Verdict) -> String {
    let requests = &point.canary_requests;
    let test = point
        .remedies
        .as_ref()
        .and_then(|remedies| remedies.smoke_test);
    let needed = test.map_or(0, |test| test.requests);
    let (read, promoted) = (count(requests.read), count(requests.promoted));
    let needs = format!(
        "A test that holds the limit needs {}",
        requests_in_words(needed)
    );
    match verdict {
        Verdict::Template | Verdict::Fine => format!("{needs}; {read} are read."),
        Verdict::Steps => {
            format!("{needs}; {read} are read, but {promoted} are served until promotion.")
        }
        Verdict::Traffic => format!("{needs}; only {promoted} are served until promotion."),
    }
}

/// Where the power is lost.
fn losses(point: &Point, report: &PowerReport) -> String {
    let Some(losses) = point.losses else {
        return String::new();
    };
    let points = |share: f64| format!("{:.1}", 100.0 * share);
    let best = |scope: Scope| {
        let bound = point.bound_of(scope);
        bound.map_or("?".to_owned(), |bound| percent(bound.estimate, 1))
    };
    let requests = &point.canary_requests;
    format!(
        "of the {} wanted, {} points are missing. The template loses {} (the best test of the {} requests that \
         its queries read detects {}), the steps {} (of the {} until promotion it detects {}), too little \
         traffic {}.",
        percent(report.want, 1),
        points(report.want - point.detected.estimate),
        points(losses.template),
        count(requests.read),
        best(Scope::Read),
        points(losses.steps),
        count(requests.promoted),
        best(Scope::Promotion),
        points(losses.traffic)
    )
}

/// What would help, one item each.
pub(super) fn items(point: &Point) -> Vec<String> {
    let Some(remedies) = &point.remedies else {
        return Vec::new();
    };
    if point.verdict == Some(Verdict::Fine) {
        return Vec::new();
    }
    let mut items = match &remedies.metrics {
        Some(metrics) => of_metrics(metrics, point),
        None => vec![
            "A look at the content: no metric shows it, a smoke test or a web metric does."
                .to_owned(),
        ],
    };
    items.push(match remedies.smoke_test {
        Some(test) => format!(
            "Blue-green with a smoke test before promotion: {}, failing from {} on, {}.",
            requests_in_words(test.requests),
            bad_requests(test.fails_from, &remedies.sign),
            achieves(&test)
        ),
        None => {
            "No smoke test of a sensible size tells such a release from a healthy one.".to_owned()
        }
    });
    items
}

fn of_metrics(metrics: &MetricRemedies, point: &Point) -> Vec<String> {
    let requests = &point.canary_requests;
    let mut items = Vec::new();
    if let Some(test) = metrics.best_of_read {
        items.push(format!(
            "Another template on what is read now: one measurement of all {} that fails from {} on {}.",
            requests_in_words(test.requests),
            bad_requests(test.fails_from, &metrics.sign),
            achieves(&test)
        ));
    }
    if let Some(test) = metrics.best_of_promoted
        && point.verdict == Some(Verdict::Steps)
    {
        items.push(format!(
            "A later analysis: one count of all {} before promotion that fails from {} on {}.",
            requests_in_words(test.requests),
            bad_requests(test.fails_from, &metrics.sign),
            achieves(&test)
        ));
    }
    if let (Some(test), Some(longer)) = (metrics.smallest, metrics.longer)
        && requests.read < test.requests as f64
    {
        items.extend(to_read_more(&test, &longer));
    }
    items
}

fn to_read_more(test: &SmokeTest, longer: &Longer) -> [String; 3] {
    let weight = match longer.share_needed {
        Some(share) => format!(
            "More weight: with the windows as they are, the new version must serve {} at the last analysis.",
            percent(share, 1)
        ),
        None => "More weight alone won't do: with the windows as they are, even all traffic is too little."
            .to_owned(),
    };
    [
        format!(
            "A longer pause: at weight {}, where the new version really serves {}, windows must reach back {} \
             to hold {}; those of the last analysis reach back {}.",
            longer.weight,
            percent(longer.share, 1),
            seconds(longer.stretch_s),
            requests_in_words(test.requests),
            seconds(longer.stretch_now_s)
        ),
        weight,
        format!(
            "Synthetic requests: {} a minute to the new version while windows are as they are.",
            count(longer.synthetic_per_minute)
        ),
    ]
}

fn requests_in_words(n: u64) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} request{plural}", thousands(n))
}

/// `3 errors`
fn bad_requests(n: u64, sign: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    let number = thousands(n);
    if sign == "an error" {
        return format!("{number} error{plural}");
    }
    format!("{number} bad one{plural} ({sign})")
}

fn achieves(test: &SmokeTest) -> String {
    format!(
        "detects {} and stops {} of healthy releases",
        percent(test.power, 1),
        percent(test.false_alarm, 2)
    )
}
