//! The healthy service.

use super::super::model::{Cpu, DurationDistribution, Latency, Memory, Pod, Service, Warmup};
use super::context::{Context, Field, Object};
use super::quantity::{BYTES, DURATION, FACTOR, SHARE};
use crate::units::Duration;

pub(super) fn service(context: &mut Context<'_>, parent: &Object<'_>) -> Service {
    let known = [
        "errors",
        "latency",
        "slow-above",
        "warmup",
        "memory",
        "cpu",
        "pod",
    ];
    let mut service = Service::default();
    let Some(object) = context.child(parent, "service", &known) else {
        return service;
    };
    if let Some(errors) = context.take(&object, "errors", &SHARE) {
        service.error_share = errors;
    }
    if let Some(field) = object.field("latency") {
        service.latency = latency(context, &field).unwrap_or(service.latency);
    }
    if let Some(field) = object.field("slow-above") {
        service.slow_above = above_zero(context, &field).unwrap_or(service.slow_above);
    }
    service.warmup = warmup(context, &object);
    service.memory = memory(context, &object);
    service.cpu = cpu(context, &object);
    service.pod = pod(context, &object);
    service
}

fn latency(context: &mut Context<'_>, field: &Field<'_>) -> Option<Latency> {
    let (name, value) = context.one_of(field, &["lognormal", "constant"])?;
    if name == "constant" {
        return above_zero(context, &value).map(Latency::Constant);
    }
    let (p50, p99) = lognormal(context, &value)?;
    Some(Latency::Lognormal { p50, p99 })
}

/// A median above zero and a 99th percentile above the median.
fn lognormal(context: &mut Context<'_>, field: &Field<'_>) -> Option<(Duration, Duration)> {
    let object = context.object(field, &["p50", "p99"])?;
    let p50 = context.require(&object, "p50", &DURATION);
    let p99 = context.require(&object, "p99", &DURATION);
    let (p50, p99) = (p50?, p99?);
    if p50 == Duration::ZERO || p99 <= p50 {
        context.refuse_field(
            field,
            "p50 must be more than 0, and p99 more than p50",
            "write e.g. `{p50: 80ms, p99: 400ms}`, or `{constant: 80ms}`",
        );
        return None;
    }
    Some((p50, p99))
}

pub(super) fn above_zero(context: &mut Context<'_>, field: &Field<'_>) -> Option<Duration> {
    let duration = context.quantity(field, &DURATION)?;
    if duration == Duration::ZERO {
        context.refuse_field(field, "must be more than 0", "write e.g. `80ms`");
        return None;
    }
    Some(duration)
}

/// `10s`, `{uniform: [0s, 5s]}` or `{lognormal: {p50: 8s, p99: 20s}}`.
pub(super) fn duration_distribution(
    context: &mut Context<'_>,
    field: &Field<'_>,
) -> Option<DurationDistribution> {
    if field.node.as_mapping().is_none() {
        return context
            .quantity(field, &DURATION)
            .map(DurationDistribution::Fixed);
    }
    let (name, value) = context.one_of(field, &["uniform", "lognormal"])?;
    if name == "lognormal" {
        let (p50, p99) = lognormal(context, &value)?;
        return Some(DurationDistribution::Lognormal { p50, p99 });
    }
    let bounds: Vec<Option<Duration>> = context
        .items(&value)
        .iter()
        .map(|item| context.quantity(item, &DURATION))
        .collect();
    match bounds.as_slice() {
        [Some(low), Some(high)] if low <= high => Some(DurationDistribution::Uniform(*low, *high)),
        // Items that aren't durations have been refused.
        [None, _] | [_, None] | [] => None,
        _ => {
            let message = "two durations are needed, the smaller one first";
            context.refuse_field(&value, message, "write e.g. `{uniform: [0s, 5s]}`");
            None
        }
    }
}

fn warmup(context: &mut Context<'_>, parent: &Object<'_>) -> Option<Warmup> {
    let object = context.child(parent, "warmup", &["for", "latency"])?;
    let duration = context.require(&object, "for", &DURATION);
    let latency_factor = context.require(&object, "latency", &FACTOR);
    Some(Warmup {
        duration: duration?,
        latency_factor: latency_factor?,
    })
}

fn memory(context: &mut Context<'_>, parent: &Object<'_>) -> Memory {
    let mut memory = Memory::default();
    let Some(object) = context.child(parent, "memory", &["baseline", "limit", "noise"]) else {
        return memory;
    };
    for (name, target) in [
        ("baseline", &mut memory.baseline_bytes),
        ("limit", &mut memory.limit_bytes),
    ] {
        *target = context.take(&object, name, &BYTES).unwrap_or(*target);
    }
    if let Some(noise) = context.take(&object, "noise", &SHARE) {
        memory.noise_share = noise;
    }
    if memory.baseline_bytes >= memory.limit_bytes {
        context.refuse(
            &object.path,
            object.span,
            "the baseline must be below the limit",
            "write e.g. `{baseline: 300Mi, limit: 512Mi}`",
        );
    }
    memory
}

fn cpu(context: &mut Context<'_>, parent: &Object<'_>) -> Cpu {
    let mut cpu = Cpu::default();
    if let Some(object) = context.child(parent, "cpu", &["idle", "per-request"]) {
        cpu.idle_share = context
            .take(&object, "idle", &SHARE)
            .unwrap_or(cpu.idle_share);
        let cost = context.take(&object, "per-request", &DURATION);
        cpu.per_request = cost.unwrap_or(cpu.per_request);
    }
    cpu
}

fn pod(context: &mut Context<'_>, parent: &Object<'_>) -> Pod {
    let mut pod = Pod::default();
    let Some(object) = context.child(parent, "pod", &["ready-after", "stable-age"]) else {
        return pod;
    };
    if let Some(field) = object.field("ready-after") {
        pod.ready_after = duration_distribution(context, &field).unwrap_or(pod.ready_after);
    }
    if let Some(age) = context.take(&object, "stable-age", &DURATION) {
        pod.stable_age = age;
    }
    pod
}
