//! What a scenario expects: `expect: [{fault: error-spike, detected: ">= 95%"}]`.

use super::super::expectation::{Comparison, Expectation, Figure, Unit};
use super::super::model::Fault;
use super::context::{Context, Field, Object};
use super::quantity::{DURATION, NUMBER, Quantity, SHARE};
use crate::diagnostics::did_you_mean;

const EXAMPLE: &str = "write e.g. `{fault: healthy, aborted: \"<= 1%\"}`";
/// The name of the arm without a fault.
const HEALTHY: &str = "healthy";

pub(super) fn expectations(
    context: &mut Context<'_>,
    parent: &Object<'_>,
    faults: &[Fault],
) -> Vec<Expectation> {
    let Some(field) = parent.field("expect") else {
        return Vec::new();
    };
    let items = context.items(&field);
    items
        .iter()
        .flat_map(|item| entry(context, item, faults))
        .collect()
}

fn entry(context: &mut Context<'_>, item: &Field<'_>, faults: &[Fault]) -> Vec<Expectation> {
    let known: Vec<&str> = std::iter::once("fault")
        .chain(Figure::ALL.map(|(name, _)| name))
        .collect();
    let Some(object) = context.object(item, &known) else {
        return Vec::new();
    };
    let Some(arm) = object.field("fault") else {
        context.refuse_field(item, "`fault` is missing", EXAMPLE);
        return Vec::new();
    };
    let Some(arm) = arm_name(context, &arm, faults) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut named = 0;
    for (name, _, field) in object.fields() {
        let Some((_, figure)) = Figure::ALL.iter().find(|(known, _)| *known == name) else {
            continue;
        };
        named += 1;
        if let Some((comparison, bound, text)) = bound(context, &field, *figure) {
            found.push(Expectation {
                arm: arm.clone(),
                figure: *figure,
                comparison,
                bound,
                text,
                place: context.place(field.span),
            });
        }
    }
    if named == 0 {
        context.refuse_field(item, "nothing is expected of it", EXAMPLE);
    }
    found
}

fn arm_name(context: &mut Context<'_>, field: &Field<'_>, faults: &[Fault]) -> Option<String> {
    let name = context.string(field)?;
    let arms = || std::iter::once(HEALTHY).chain(faults.iter().map(|fault| fault.name.as_str()));
    if arms().any(|arm| arm == name) {
        return Some(name);
    }
    let help = match did_you_mean(&name, arms()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("the arms are {}", arms().collect::<Vec<_>>().join(", ")),
    };
    context.refuse_field(field, &format!("there is no fault `{name}`"), &help);
    None
}

fn bound(
    context: &mut Context<'_>,
    field: &Field<'_>,
    figure: Figure,
) -> Option<(Comparison, f64, String)> {
    let text = context.text(field)?;
    let operators = [
        ("<=", Comparison::AtMost),
        (">=", Comparison::AtLeast),
        ("<", Comparison::AtMost),
        (">", Comparison::AtLeast),
    ];
    let found = operators
        .iter()
        .find_map(|(sign, comparison)| Some((*comparison, text.strip_prefix(sign)?)));
    let Some((comparison, number)) = found else {
        let help = format!("write e.g. `\">= {}\"`", example(figure));
        context.refuse_field(field, &format!("`{text}` has no <= or >="), &help);
        return None;
    };
    let number = number.trim();
    let bound = match figure.unit() {
        Unit::Share => read(context, field, number, &SHARE)?,
        Unit::Time => read(context, field, number, &DURATION)?.as_seconds_f64(),
        Unit::Number => read(context, field, number, &NUMBER)?,
    };
    Some((comparison, bound, text))
}

const fn example(figure: Figure) -> &'static str {
    match figure.unit() {
        Unit::Share => "95%",
        Unit::Time => "20m",
        Unit::Number => "100",
    }
}

fn read<T>(
    context: &mut Context<'_>,
    field: &Field<'_>,
    text: &str,
    kind: &Quantity<T>,
) -> Option<T> {
    match (kind.read)(text) {
        Ok(value) => Some(value),
        Err(error) => {
            let help = format!("write it as {}", kind.examples);
            context.refuse_field(field, &error.to_string(), &help);
            None
        }
    }
}
