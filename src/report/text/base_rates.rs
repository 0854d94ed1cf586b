//! The base rates in a few lines.

use std::fmt::Write as _;

use comfy_table::Cell;

use super::{plain_table, push_table};
use crate::report::model::BaseRates;
use crate::report::number::{count, percent, proportion};
use crate::stats::Estimate;

pub(super) fn render(text: &mut String, rates: &BaseRates) {
    let _ = writeln!(
        text,
        "With {} releases a week, {} of them bad (95 % intervals)",
        count(rates.deploys_per_week),
        percent(rates.bad_release_share, 4)
    );
    if let Some(pages) = &rates.pages_for_nothing_per_quarter {
        let _ = writeln!(text, "  pages a quarter for nothing: {}", number(pages));
    }
    text.push('\n');
    if rates.bad_releases.is_empty() {
        return;
    }
    let mut table = plain_table();
    table.set_header(vec![
        Cell::new("if bad ones are"),
        Cell::new("bad releases shipped a year"),
        Cell::new("bad if aborted"),
    ]);
    for bad in &rates.bad_releases {
        let or_unknown = |shown: Option<String>| shown.unwrap_or_else(|| "–".to_owned());
        table.add_row(vec![
            bad.arm.clone(),
            or_unknown(bad.shipped_per_year.as_ref().map(number)),
            or_unknown(bad.bad_given_aborted.as_ref().map(proportion)),
        ]);
    }
    push_table(text, &mut table);
}

/// `3.2 (2.9–3.5)`
fn number(estimate: &Estimate) -> String {
    let shown = |value: Option<f64>| value.map_or("?".to_owned(), count);
    format!(
        "{} ({}–{})",
        count(estimate.estimate),
        shown(estimate.low),
        shown(estimate.high)
    )
}
