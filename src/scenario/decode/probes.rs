//! What web and job metrics ask of the service.

use super::super::probes::{Answers, Endpoint, Probe, ProbeTarget};
use super::context::{Context, Field, Object};
use super::quantity::SHARE;
use super::service::{above_zero, duration_distribution};
use crate::manifest::yaml::{Node, Value};

const FIELDS: [&str; 9] = [
    "to", "requests", "needs", "sees", "within", "takes", "flaky", "answers", "endpoint",
];

/// More requests than a probe makes.
const MOST_REQUESTS: u64 = 100_000;

pub(super) fn probes(context: &mut Context<'_>, parent: &Object<'_>) -> Vec<Probe> {
    let Some(object) = parent
        .field("probes")
        .and_then(|field| context.open_object(&field))
    else {
        return Vec::new();
    };
    let mut probes = Vec::new();
    for (name, _, field) in object.fields() {
        probes.extend(probe(context, name, &field));
    }
    probes
}

fn probe(context: &mut Context<'_>, name: &str, field: &Field<'_>) -> Option<Probe> {
    let object = context.object(field, &FIELDS)?;
    let mut probe = Probe::of(name.to_owned());
    let targets = [
        ("canary", ProbeTarget::Canary),
        ("stable", ProbeTarget::Stable),
        ("service", ProbeTarget::Service),
    ];
    if let Some(to) = object.field("to") {
        probe.target = context.word(&to, &targets).unwrap_or(probe.target);
    }
    if let Some(field) = object.field("requests")
        && let Some(requests) = context.count(&field, 1)
    {
        if requests > MOST_REQUESTS {
            context.refuse_field(&field, "too many", "write at most 100000");
        }
        probe.requests = requests.min(MOST_REQUESTS) as u32;
    }
    probe.needs = context.take(&object, "needs", &SHARE).unwrap_or(1.0);
    sees(context, &object, &mut probe);
    probe.within = object
        .field("within")
        .and_then(|within| above_zero(context, &within));
    probe.takes = object
        .field("takes")
        .and_then(|takes| duration_distribution(context, &takes));
    probe.flaky_share = context.take(&object, "flaky", &SHARE).unwrap_or(0.0);
    probe.answers = object
        .field("answers")
        .and_then(|field| answers(context, &field));
    endpoint(context, &object, &mut probe);
    Some(probe)
}

fn sees(context: &mut Context<'_>, object: &Object<'_>, probe: &mut Probe) {
    let Some(field) = object.field("sees") else {
        return;
    };
    (probe.sees_status, probe.sees_content) = (false, false);
    for item in context.items(&field) {
        match context.word(&item, &[("status", false), ("content", true)]) {
            Some(false) => probe.sees_status = true,
            Some(true) => probe.sees_content = true,
            None => {}
        }
    }
}

fn endpoint(context: &mut Context<'_>, object: &Object<'_>, probe: &mut Probe) {
    if probe.requests > 1 {
        probe.endpoint = Endpoint::Tester;
    }
    let Some(field) = object.field("endpoint") else {
        return;
    };
    let words = [("pod", Endpoint::Pod), ("tester", Endpoint::Tester)];
    let Some(endpoint) = context.word(&field, &words) else {
        return;
    };
    if endpoint == Endpoint::Pod && probe.requests > 1 {
        let message = "a web metric asks a pod once";
        context.refuse_field(&field, message, "leave `requests` out, or write `tester`");
    }
    probe.endpoint = endpoint;
}

/// `{right: {…}, wrong: {…}}`; a text is the body itself, anything else is written as JSON.
fn answers(context: &mut Context<'_>, field: &Field<'_>) -> Option<Answers> {
    let object = context.object(field, &["right", "wrong"])?;
    let mut body = |name: &str| {
        let given = object.field(name);
        if given.is_none() {
            let message = format!("`{name}` is missing");
            let help = "write `answers: {right: {status: ok}, wrong: {status: bad}}`";
            context.refuse(&object.path, object.span, &message, help);
        }
        given.map(|field| text_of(field.node))
    };
    let (right, wrong) = (body("right"), body("wrong"));
    Some(Answers {
        right: right?,
        wrong: wrong?,
    })
}

fn text_of(node: &Node) -> String {
    match &node.value {
        Value::String(text) => text.clone(),
        _ => node.to_json().to_string(),
    }
}
