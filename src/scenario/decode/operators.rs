//! What people do during a rollout, and what pages them.

use super::super::model::{Operator, OperatorAction, OperatorWhen};
use super::context::{Context, Field, Object};
use super::service::duration_distribution;
use crate::manifest::notifications::{Trigger, Triggers};

const ACTIONS: [&str; 11] = [
    "promote",
    "promote-full",
    "skip-current-step",
    "skip-all-steps",
    "abort",
    "retry",
    "pause",
    "unpause",
    "scale",
    "new-image",
    "image-back",
];

const OCCASIONS: [&str; 3] = ["after-update", "after-page", "after-pause"];

/// `pages: [on-rollout-aborted]`
pub(super) fn pages(context: &mut Context<'_>, parent: &Object<'_>) -> Option<Triggers> {
    let field = parent.field("pages")?;
    Some(triggers(context, &field))
}

fn triggers(context: &mut Context<'_>, field: &Field<'_>) -> Triggers {
    let words = Trigger::ALL.map(|trigger| (trigger.name(), trigger));
    let items = context.items(field);
    items
        .iter()
        .filter_map(|item| context.word(item, &words))
        .collect()
}

/// `operators: [{retry: {after-page: 5m}}]`
pub(super) fn operators(
    context: &mut Context<'_>,
    parent: &Object<'_>,
    pages: Triggers,
) -> Vec<Operator> {
    let Some(field) = parent.field("operators") else {
        return Vec::new();
    };
    let items = context.items(&field);
    let mut operators: Vec<Operator> = Vec::new();
    for item in &items {
        let Some(operator) = operator(context, item, pages) else {
            continue;
        };
        let is_new_image = |one: &Operator| one.action == OperatorAction::NewImage;
        if is_new_image(&operator) && operators.iter().any(is_new_image) {
            let help = "remove one: it ends the update under test, so a second one changes nothing";
            context.refuse_field(item, "there is a new image already", help);
        }
        operators.push(operator);
    }
    operators
}

fn operator(context: &mut Context<'_>, item: &Field<'_>, pages: Triggers) -> Option<Operator> {
    let (name, value) = context.one_of(item, &ACTIONS)?;
    let mut known = vec![
        "after-update",
        "after-page",
        "after-pause",
        "times",
        "paged-by",
    ];
    if name == "scale" {
        known.push("replicas");
    }
    let object = context.object(&value, &known)?;
    let action = action(context, name, &object);
    let (when, after) = occasion(context, &object)?;
    let after = duration_distribution(context, &after);
    let times = object
        .field("times")
        .and_then(|times| Some((context.count(&times, 1)?, times)));
    if let (OperatorWhen::AfterUpdate, Some((_, field))) = (when, &times) {
        let message = "there is only one update";
        context.refuse_field(
            field,
            message,
            "remove `times`, or act `after-page` or `after-pause`",
        );
    }
    let on = object.field("paged-by").map(|field| {
        let on = triggers(context, &field);
        if when != OperatorWhen::AfterPage {
            let message = "only a reaction to a page depends on what paged";
            context.refuse_field(&field, message, "remove `paged-by`, or act `after-page`");
        } else if !pages.contains_all(on) {
            let message = "nobody is paged for all of these";
            context.refuse_field(&field, message, "add them to `pages` at the top");
        }
        on
    });
    Some(Operator {
        action: action?,
        when,
        after: after?,
        times: match (when, times) {
            (_, Some((times, _))) => Some(times),
            (OperatorWhen::AfterPause, None) => None,
            (OperatorWhen::AfterUpdate | OperatorWhen::AfterPage, None) => Some(1),
        },
        on: on.unwrap_or(pages),
    })
}

/// The one occasion that is given, and how long after it somebody acts.
fn occasion<'n>(
    context: &mut Context<'_>,
    object: &Object<'n>,
) -> Option<(OperatorWhen, Field<'n>)> {
    let kinds = [
        OperatorWhen::AfterUpdate,
        OperatorWhen::AfterPage,
        OperatorWhen::AfterPause,
    ];
    let given: Vec<_> = OCCASIONS
        .iter()
        .zip(kinds)
        .filter_map(|(name, when)| Some((when, object.field(name)?)))
        .collect();
    if let [(when, field)] = given.as_slice() {
        return Some((*when, field.clone()));
    }
    let message = "exactly one of after-update, after-page, after-pause is needed";
    let help = "write e.g. `after-page: 5m` or `after-pause: {lognormal: {p50: 10m, p99: 2h}}`";
    context.refuse(&object.path, object.span, message, help);
    None
}

fn action(context: &mut Context<'_>, name: &str, object: &Object<'_>) -> Option<OperatorAction> {
    Some(match name {
        "promote" => OperatorAction::Promote,
        "promote-full" => OperatorAction::PromoteFull,
        "skip-current-step" => OperatorAction::SkipCurrentStep,
        "skip-all-steps" => OperatorAction::SkipAllSteps,
        "abort" => OperatorAction::Abort,
        "retry" => OperatorAction::Retry,
        "pause" => OperatorAction::Pause,
        "unpause" => OperatorAction::Unpause,
        "new-image" => OperatorAction::NewImage,
        "image-back" => OperatorAction::ImageBack,
        _ => {
            let Some(field) = object.field("replicas") else {
                let (path, span) = (object.path.clone(), object.span);
                context.refuse(
                    &path,
                    span,
                    "`replicas` is missing",
                    "add e.g. `replicas: 10`",
                );
                return None;
            };
            let replicas = context.count(&field, 0)?;
            let Ok(replicas) = i32::try_from(replicas) else {
                context.refuse_field(
                    &field,
                    "too many",
                    "write a number of pods that fits a cluster",
                );
                return None;
            };
            OperatorAction::Scale(replicas)
        }
    })
}
