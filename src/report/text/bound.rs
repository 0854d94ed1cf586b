//! What the best test could have done, beside what the template does.

use crate::report::bound::{Bound, Scope};
use crate::report::model::ArmResult;
use crate::report::number::{count, lower, percent, proportion};
use crate::stats::{Estimate, Method};

/// For the overview: the bound on all requests until promotion.
pub(super) fn in_short(arm: &ArmResult) -> String {
    let all = arm
        .bound
        .iter()
        .find(|bound| bound.scope == Scope::Promotion);
    all.map_or("–".to_owned(), |all| match (&all.bound, &all.reason) {
        (Some(bound), None) => share(bound),
        (Some(_), Some(_)) => "chance only".to_owned(),
        (None, _) => "undefined".to_owned(),
    })
}

/// A number without its interval, which the arm's own table has.
fn share(bound: &Estimate) -> String {
    match bound.method {
        Method::ClopperPearsonLower => "100 %".to_owned(),
        _ => percent(bound.estimate, 1),
    }
}

/// A number with its interval.
fn whole(bound: &Estimate) -> String {
    match (bound.method, bound.low) {
        (Method::ClopperPearsonLower, Some(low)) => format!("100 % (≥ {} %)", lower(low)),
        _ => proportion(bound),
    }
}

/// For the arm's table: each scope with its requests, and what share of it the template reaches.
pub(super) fn rows(bounds: &[Bound]) -> Vec<(&'static str, String)> {
    let Some(first) = bounds.first() else {
        return Vec::new();
    };
    let defined = bounds
        .iter()
        .filter_map(|bound| Some((bound, bound.bound?)));
    let lines = defined.map(|(bound, best)| {
        let requests = bound.requests.map_or("–".to_owned(), count);
        let scope = match bound.scope {
            Scope::Read => "that windows read",
            Scope::LastMeasurement => "until the last measurement",
            Scope::Promotion => "until promotion",
        };
        format!("{} with the {requests} requests {scope}", whole(&best))
    });
    let lines: Vec<String> = lines.collect();
    let common = bounds.iter().all(|bound| bound.reason == first.reason);
    let mut rows = match first.reason.as_ref().filter(|_| common) {
        Some(reason) if lines.is_empty() => vec![("best possible", reason.clone())],
        Some(reason) => vec![("best possible", format!("as good as chance: {reason}"))],
        None => vec![("best possible", lines.join("\n"))],
    };
    let reached = bounds.iter().filter_map(|bound| bound.efficiency);
    let reached: Vec<String> = reached.map(|share| percent(share.estimate, 0)).collect();
    if !reached.is_empty() {
        rows.push(("  of which it reaches", reached.join(", ")));
    }
    rows
}
