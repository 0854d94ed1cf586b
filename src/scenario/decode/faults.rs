//! What can be wrong with a release.

use super::super::model::{
    Fault, GcPressure, LatencyFault, MemoryLeak, Onset, OutOfMemory, Service,
};
use super::context::{Context, Field, Object};
use super::quantity::{BROKEN_CONTENT, BYTE_RATE, DURATION, FACTOR, SHARE};
use super::service::above_zero;
use crate::units::Duration;

/// The arm that every study has.
const HEALTHY: &str = "healthy";

const FIELDS: [&str; 7] = [
    "from",
    "errors",
    "latency",
    "content",
    "memory",
    "gc-pressure",
    "oom",
];

pub(super) fn faults(
    context: &mut Context<'_>,
    parent: &Object<'_>,
    healthy: &Service,
) -> Vec<Fault> {
    let Some(object) = parent
        .field("faults")
        .and_then(|field| context.open_object(&field))
    else {
        return Vec::new();
    };
    let mut faults = Vec::new();
    for (name, key, field) in object.fields() {
        if name == HEALTHY {
            let message = format!("`{HEALTHY}` is the arm without a fault");
            context.refuse("", key, &message, "give the fault another name");
        }
        faults.extend(fault(context, name, &field, healthy));
    }
    faults
}

fn fault(
    context: &mut Context<'_>,
    name: &str,
    field: &Field<'_>,
    healthy: &Service,
) -> Option<Fault> {
    let object = context.object(field, &FIELDS)?;
    let onset = object.field("from").and_then(|from| onset(context, &from));
    let errors = object.field("errors");
    let error_share = errors
        .as_ref()
        .and_then(|errors| context.quantity(errors, &SHARE));
    if let (Some(errors), Some(share)) = (&errors, error_share)
        && share < healthy.error_share
    {
        context.refuse_field(
            errors,
            &format!(
                "a fault can't have fewer errors than the healthy service, which has {}%",
                (healthy.error_share * 1e8).round() / 1e6
            ),
            "raise it, or lower `service.errors`",
        );
    }
    let latency = object
        .field("latency")
        .and_then(|latency| latency_fault(context, &latency));
    let broken_content_share = context.take(&object, "content", &BROKEN_CONTENT);
    let memory = memory_leak(context, &object, healthy);
    if object.fields().all(|(name, ..)| name == "from") {
        context.refuse_field(
            field,
            "nothing is wrong with it",
            "add `errors`, `latency`, `content` or `memory`",
        );
    }
    Some(Fault {
        name: name.to_owned(),
        onset: onset.unwrap_or(Onset::PodAge(Duration::ZERO)),
        error_share,
        latency,
        broken_content_share,
        memory,
    })
}

/// `2m`, or `{update: 10m}`.
fn onset(context: &mut Context<'_>, field: &Field<'_>) -> Option<Onset> {
    if field.node.as_mapping().is_none() {
        return context.quantity(field, &DURATION).map(Onset::PodAge);
    }
    let object = context.object(field, &["update"])?;
    context
        .require(&object, "update", &DURATION)
        .map(Onset::SinceUpdate)
}

/// `x4`, `+200ms`, or `{tail: {share: 2%, to: 2s}}`.
fn latency_fault(context: &mut Context<'_>, field: &Field<'_>) -> Option<LatencyFault> {
    if field.node.as_mapping().is_some() {
        let object = context.object(field, &["tail"])?;
        let tail = object.field("tail")?;
        let tail = context.object(&tail, &["share", "to"])?;
        let share = context.require(&tail, "share", &SHARE);
        let to = match tail.field("to") {
            Some(to) => above_zero(context, &to),
            None => context.require(&tail, "to", &DURATION),
        };
        return Some(LatencyFault::Tail {
            share: share?,
            to: to?,
        });
    }
    let text = context.text(field)?;
    if let Some(shift) = text.strip_prefix('+') {
        return match (DURATION.read)(shift) {
            Ok(shift) => Some(LatencyFault::Shift(shift)),
            Err(error) => {
                context.refuse_field(field, &error.to_string(), "write it as `+200ms`");
                None
            }
        };
    }
    match (FACTOR.read)(&text) {
        Ok(factor) => Some(LatencyFault::Factor(factor)),
        Err(error) => {
            let help = "write `x4`, `+200ms` or `{tail: {share: 2%, to: 2s}}`";
            context.refuse_field(field, &error.to_string(), help);
            None
        }
    }
}

fn memory_leak(
    context: &mut Context<'_>,
    object: &Object<'_>,
    healthy: &Service,
) -> Option<MemoryLeak> {
    let gc_pressure = gc_pressure(context, object, healthy);
    let words = [
        ("restart", OutOfMemory::Restart),
        ("ignore", OutOfMemory::Ignore),
    ];
    let oom = object
        .field("oom")
        .and_then(|oom| context.word(&oom, &words));
    let Some(memory) = context.child(object, "memory", &["leak"]) else {
        for name in ["gc-pressure", "oom"] {
            if let Some(field) = object
                .field(name)
                .filter(|_| object.field("memory").is_none())
            {
                let message = "nothing happens without a leak";
                context.refuse_field(&field, message, "add e.g. `memory: {leak: 5Mi/min}`");
            }
        }
        return None;
    };
    let bytes_per_second = context.require(&memory, "leak", &BYTE_RATE)?;
    Some(MemoryLeak {
        bytes_per_second,
        gc_pressure,
        oom: oom.unwrap_or_default(),
    })
}

fn gc_pressure(
    context: &mut Context<'_>,
    object: &Object<'_>,
    healthy: &Service,
) -> Option<GcPressure> {
    let pressure = context.child(object, "gc-pressure", &["from", "latency"])?;
    let from_share = context.require(&pressure, "from", &SHARE);
    let latency_factor = context.require(&pressure, "latency", &FACTOR);
    let healthy_share = healthy.memory.baseline_bytes / healthy.memory.limit_bytes;
    if let (Some(from), Some(share)) = (pressure.field("from"), from_share)
        && share < healthy_share
    {
        context.refuse_field(
            &from,
            "the healthy service already uses more than that share of its limit",
            "raise it above `service.memory`'s baseline/limit",
        );
    }
    Some(GcPressure {
        from_share: from_share?,
        latency_factor: latency_factor?,
    })
}
