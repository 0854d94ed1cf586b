//! The sensitivity as a table: assumptions down, arms across.

use std::fmt::Write as _;

use comfy_table::Cell;

use super::{paragraph, plain_table, push_table};
use crate::report::model::{Sensitivity, VariedArm};
use crate::report::number::percent;

pub(super) fn render(text: &mut String, sensitivity: &Sensitivity) {
    let _ = writeln!(
        text,
        "Sensitivity: releases aborted if one assumption were different (* changes the verdict)"
    );
    let mut table = plain_table();
    let names = sensitivity.as_assumed.iter().map(|arm| arm.arm.as_str());
    table.set_header(["assumption"].into_iter().chain(names).map(Cell::new));
    let mut row = |label: &str, arms: &[VariedArm]| {
        let shown = arms.iter().map(|arm| {
            let mark = if arm.changes_verdict { " *" } else { "" };
            format!("{}{mark}", percent(arm.aborted.estimate, 2))
        });
        let label = [label.to_owned()];
        table.add_row(label.into_iter().chain(shown).collect::<Vec<String>>());
    };
    row("as assumed", &sensitivity.as_assumed);
    for variant in &sensitivity.variants {
        row(&variant.text, &variant.arms);
    }
    push_table(text, &mut table);
    let changing = sensitivity.variants.iter().filter(|v| v.changes_verdict);
    let each: Vec<String> = changing
        .map(|variant| {
            let arms = variant.arms.iter().filter(|arm| arm.changes_verdict);
            let arms: Vec<String> = arms
                .map(|arm| format!("{} becomes {}", arm.arm, arm.verdict.in_words()))
                .collect();
            format!("{} ({})", variant.text, arms.join(", "))
        })
        .collect();
    let verdict = if each.is_empty() {
        "The verdict hangs on none of these assumptions.".to_owned()
    } else {
        format!("The verdict hangs on: {}.", each.join("; "))
    };
    paragraph(text, &verdict, "  ");
    text.push('\n');
}
