//! Traffic: the rate and how it changes.

use std::path::Path;

use super::super::model::Traffic;
use super::super::traffic::{Beyond, BurstModel, Diurnal, Ramp, RateShape, RateStep, Recording};
use super::context::{Context, Field, Object};
use super::quantity::{DURATION, FACTOR, RATE, SHARE};
use super::recording::{self, Found};
use super::service::{above_zero, duration_distribution};
use crate::units::Duration;

/// Ways to write a rate that isn't constant.
const SHAPES: [&str; 5] = ["diurnal", "ramp", "steps", "csv", "query-range"];

/// What a recording takes besides its file.
const OF_RECORDINGS: [&str; 2] = ["beyond", "starts-at"];

pub(super) fn traffic(context: &mut Context<'_>, parent: &Object<'_>, folder: &Path) -> Traffic {
    let known = ["rate", "overdispersion", "bursts", "propagation-delay"];
    let mut traffic = Traffic::default();
    let Some(object) = context.child(parent, "traffic", &known) else {
        return traffic;
    };
    if let Some(field) = object.field("rate")
        && let Some((rate, shape)) = rate(context, &field, folder)
    {
        (traffic.rate_per_second, traffic.shape) = (rate, shape);
    }
    if let Some(field) = object.field("overdispersion") {
        let number = field.node.as_f64().or_else(|| {
            let whole = field.node.as_int()?;
            Some(whole as f64)
        });
        match number.filter(|number| (1.0..=1e6).contains(number)) {
            Some(number) => traffic.overdispersion = number,
            None => context.refuse_field(
                &field,
                "a number from 1 to a million is needed: variance over mean of the requests in a minute",
                "write e.g. `4`; 1 is a Poisson stream",
            ),
        }
    }
    traffic.bursts = bursts(context, &object);
    if let Some(field) = object.field("propagation-delay") {
        let delay = duration_distribution(context, &field);
        traffic.propagation_delay = delay.unwrap_or(traffic.propagation_delay);
    }
    traffic
}

/// `50/s`, or one of [`SHAPES`].
fn rate(context: &mut Context<'_>, field: &Field<'_>, folder: &Path) -> Option<(f64, RateShape)> {
    if field.node.as_mapping().is_none() {
        let rate = context.quantity(field, &RATE)?;
        return Some((rate, RateShape::Constant));
    }
    let known = [SHAPES.as_slice(), OF_RECORDINGS.as_slice()].concat();
    let object = context.object(field, &known)?;
    let given: Vec<_> = SHAPES
        .iter()
        .filter_map(|name| object.field(name))
        .collect();
    let [shape] = given.as_slice() else {
        let message = format!("exactly one of {} is needed", SHAPES.join(", "));
        context.refuse_field(field, &message, "keep one, or write e.g. `50/s`");
        return None;
    };
    if let Some(recording) = object.field("csv").or_else(|| object.field("query-range")) {
        return recorded(context, &object, &recording, folder);
    }
    for name in OF_RECORDINGS {
        if let Some(field) = object.field(name) {
            context.refuse_field(&field, "only a recording takes this", "remove it");
        }
    }
    if object.field("diurnal").is_some() {
        diurnal(context, shape)
    } else if object.field("ramp").is_some() {
        ramp(context, shape)
    } else {
        steps(context, shape)
    }
}

fn diurnal(context: &mut Context<'_>, field: &Field<'_>) -> Option<(f64, RateShape)> {
    let known = [
        "mean",
        "amplitude",
        "peak-to-trough",
        "peak-at",
        "starts-at",
    ];
    let object = context.object(field, &known)?;
    let mean = context.require(&object, "mean", &RATE);
    let amplitude = match (object.field("amplitude"), object.field("peak-to-trough")) {
        (Some(amplitude), None) => context.quantity(&amplitude, &SHARE),
        (None, Some(ratio)) => context
            .quantity(&ratio, &FACTOR)
            .map(|ratio| (ratio - 1.0) / (ratio + 1.0)),
        _ => {
            let help = "write e.g. `amplitude: 60%`, or `peak-to-trough: x4`, which is the same";
            let message = "either `amplitude` or `peak-to-trough` is needed";
            context.refuse_field(field, message, help);
            None
        }
    };
    let mut time = |name: &str| {
        let field = object.field(name)?;
        Some(time_of_day(context, &field))
    };
    let peak_at = match time("peak-at") {
        None => Duration::from_seconds(14 * 3_600),
        Some(TimeOfDay::At(at)) => at,
        Some(TimeOfDay::Random) => {
            let field = object.field("peak-at")?;
            let help = "write e.g. `14:00`; `starts-at` may be random";
            context.refuse_field(&field, "the peak has its time", help);
            return None;
        }
        Some(TimeOfDay::Refused) => return None,
    };
    let starts_at = match time("starts-at") {
        Some(TimeOfDay::At(at)) => Some(at),
        _ => None,
    };
    let shape = Diurnal {
        amplitude: amplitude?,
        peak_at,
        starts_at,
    };
    Some((mean?, RateShape::Diurnal(shape)))
}

enum TimeOfDay {
    At(Duration),
    Random,
    Refused,
}

/// `14:00`, `14:00:30`, or `random`.
fn time_of_day(context: &mut Context<'_>, field: &Field<'_>) -> TimeOfDay {
    let Some(text) = context.text(field) else {
        return TimeOfDay::Refused;
    };
    if text == "random" {
        return TimeOfDay::Random;
    }
    let parts: Vec<Option<i64>> = text.split(':').map(|part| part.parse().ok()).collect();
    let seconds = match parts.as_slice() {
        [Some(hours), Some(minutes)] => clock(*hours, *minutes, 0),
        [Some(hours), Some(minutes), Some(seconds)] => clock(*hours, *minutes, *seconds),
        _ => None,
    };
    if let Some(seconds) = seconds {
        return TimeOfDay::At(Duration::from_seconds(seconds));
    }
    let message = format!("`{text}` is no time of day");
    context.refuse_field(field, &message, "write e.g. `14:00`, or `random`");
    TimeOfDay::Refused
}

fn clock(hours: i64, minutes: i64, seconds: i64) -> Option<i64> {
    let possible =
        (0..24).contains(&hours) && (0..60).contains(&minutes) && (0..60).contains(&seconds);
    possible.then_some(hours * 3_600 + minutes * 60 + seconds)
}

fn ramp(context: &mut Context<'_>, field: &Field<'_>) -> Option<(f64, RateShape)> {
    let object = context.object(field, &["from", "to", "at", "over"])?;
    let from = context.require(&object, "from", &RATE);
    let to = context.require(&object, "to", &RATE);
    let at = context.take(&object, "at", &DURATION);
    let over = match object.field("over") {
        Some(over) => above_zero(context, &over),
        None => context.require(&object, "over", &DURATION),
    };
    let (from, to) = (from?, to?);
    let ramp = Ramp {
        to_factor: to / from,
        at: at.unwrap_or(Duration::ZERO),
        over: over?,
    };
    Some((from, RateShape::Ramp(ramp)))
}

fn steps(context: &mut Context<'_>, field: &Field<'_>) -> Option<(f64, RateShape)> {
    let items = context.items(field);
    let mut found: Vec<(Duration, f64)> = Vec::new();
    for item in &items {
        let Some(object) = context.object(item, &["from", "rate"]) else {
            continue;
        };
        let from = context.require(&object, "from", &DURATION);
        let rate = context.require(&object, "rate", &RATE);
        let (Some(from), Some(rate)) = (from, rate) else {
            continue;
        };
        if found.last().is_some_and(|(before, _)| from <= *before) {
            let message = format!("{from} doesn't come after the step before");
            context.refuse_field(item, &message, "write the steps in the order of time");
        }
        found.push((from, rate));
    }
    let Some(&(_, first)) = found.first() else {
        if items.is_empty() && field.node.as_sequence().is_some() {
            let help = "write e.g. `[{from: 0s, rate: 50/s}, {from: 10m, rate: 80/s}]`";
            context.refuse_field(field, "there are no steps", help);
        }
        return None;
    };
    let step = |&(from, rate): &(Duration, f64)| RateStep {
        from,
        factor: rate / first,
    };
    let steps = found.iter().map(step).collect();
    Some((first, RateShape::Steps(steps)))
}

fn recorded(
    context: &mut Context<'_>,
    object: &Object<'_>,
    field: &Field<'_>,
    folder: &Path,
) -> Option<(f64, RateShape)> {
    let words = [("repeat", Beyond::Repeat), ("hold", Beyond::Hold)];
    let beyond = object
        .field("beyond")
        .and_then(|field| context.word(&field, &words));
    let file = context.string(field)?;
    let read = if object.field("csv").is_some() {
        recording::csv
    } else {
        recording::query_range
    };
    let text = match std::fs::read_to_string(folder.join(&file)) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("cannot read {file}: {error}");
            context.refuse_field(field, &message, "paths are relative to the scenario file");
            return None;
        }
    };
    let found = match read(&text) {
        Ok(found) => found,
        Err(problem) => {
            let place = problem
                .line
                .map_or_else(String::new, |line| format!(":{line}"));
            let message = format!("{file}{place}: {}", problem.message);
            context.refuse_field(field, &message, problem.help);
            return None;
        }
    };
    let Found {
        levels,
        length,
        mean,
    } = found;
    let starts_at = match object.field("starts-at") {
        None => Some(Duration::ZERO),
        Some(field) if field.node.as_str() == Some("random") => None,
        Some(field) => {
            let at = context.quantity(&field, &DURATION)?;
            if at >= length {
                let message = format!("the recording is only {length} long");
                context.refuse_field(&field, &message, "write a shorter time, or `random`");
            }
            Some(at)
        }
    };
    let step = |&(from, rate): &(Duration, f64)| RateStep {
        from,
        factor: rate / mean,
    };
    let shape = Recording {
        file,
        steps: levels.iter().map(step).collect(),
        length,
        beyond: beyond.unwrap_or_default(),
        starts_at,
    };
    Some((mean, RateShape::Recorded(shape)))
}

fn bursts(context: &mut Context<'_>, parent: &Object<'_>) -> Option<BurstModel> {
    let object = context.child(parent, "bursts", &["factor", "calm", "burst"])?;
    let factor = context.require(&object, "factor", &FACTOR);
    let mut mean = |name: &str| {
        let length = context.require(&object, name, &DURATION)?;
        let field = object.field(name)?;
        if length < Duration::from_seconds(1) {
            let message = "bursts and the calm between them last at least 1s on average";
            let help = "write e.g. `30s`; what changes faster is `overdispersion`";
            context.refuse_field(&field, message, help);
        }
        Some(length)
    };
    let (calm, burst) = (mean("calm"), mean("burst"));
    Some(BurstModel {
        factor: factor?,
        calm: calm?,
        burst: burst?,
    })
}
