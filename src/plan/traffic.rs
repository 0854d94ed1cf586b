//! The rate of requests over time, compiled to levels.

use crate::scenario::traffic::{Beyond, Diurnal, Ramp, RateShape, RateStep, Recording, Traffic};
use crate::world::modulation::{GammaMinutes, Modulation, Profile, ProfileStart, TwoState};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 1_440 * MINUTE_MS;

/// A ramp is made of so many levels at least, and none is longer than a minute.
const RAMP_LEVELS: i64 = 60;

/// What makes the rate change; none for a Poisson stream of constant rate.
pub fn modulation(traffic: &Traffic) -> Option<Modulation> {
    let profile = profile(&traffic.shape);
    let bursts = traffic.bursts.as_ref().map(|bursts| TwoState {
        factor: bursts.factor,
        mean_ms: [bursts.calm, bursts.burst].map(|mean| mean.as_seconds_f64() * 1_000.0),
    });
    let gamma = (traffic.overdispersion > 1.0).then_some(GammaMinutes {
        overdispersion: traffic.overdispersion,
        per_minute: traffic.rate_per_second * 60.0,
    });
    (profile.is_some() || bursts.is_some() || gamma.is_some()).then_some(Modulation {
        profile,
        bursts,
        gamma,
    })
}

fn profile(shape: &RateShape) -> Option<Profile> {
    Some(match shape {
        RateShape::Constant => return None,
        RateShape::Diurnal(diurnal) => day(diurnal),
        RateShape::Ramp(ramp) => line(ramp),
        RateShape::Steps(steps) => Profile::new(levels(steps), None, ProfileStart::At(0)),
        RateShape::Recorded(recording) => recorded(recording),
    })
}

/// Each minute of the day has the cosine's mean over it, so that the integral of whole minutes is exact.
fn day(diurnal: &Diurnal) -> Profile {
    let angle = |at_ms: i64| {
        let since_peak = (at_ms - diurnal.peak_at.as_millis_floor()) as f64;
        2.0 * std::f64::consts::PI * since_peak / DAY_MS as f64
    };
    let per_angle = DAY_MS as f64 / (2.0 * std::f64::consts::PI);
    let minute = |minute: i64| {
        let (from, until) = (minute * MINUTE_MS, (minute + 1) * MINUTE_MS);
        let integral = (libm::sin(angle(until)) - libm::sin(angle(from))) * per_angle;
        // The mean is 1 - amplitude at least, and never below nothing.
        let factor = 1.0 + diurnal.amplitude * integral / MINUTE_MS as f64;
        (from, factor.max(0.0))
    };
    let start = diurnal
        .starts_at
        .map_or(ProfileStart::Random(DAY_MS), |at| {
            ProfileStart::At(at.as_millis_floor())
        });
    let minutes = DAY_MS / MINUTE_MS;
    Profile::new((0..minutes).map(minute).collect(), Some(DAY_MS), start)
}

/// Each level has the line's mean over it.
fn line(ramp: &Ramp) -> Profile {
    let (at, over) = (
        ramp.at.as_millis_floor(),
        ramp.over.as_millis_floor().max(1),
    );
    let count = RAMP_LEVELS
        .max((over + MINUTE_MS - 1) / MINUTE_MS)
        .min(over);
    let begins = |index: i64| at + over * index / count;
    let height = |time_ms: i64| 1.0 + (ramp.to_factor - 1.0) * (time_ms - at) as f64 / over as f64;
    let level = |index: i64| {
        let (from, until) = (begins(index), begins(index + 1));
        (from, f64::midpoint(height(from), height(until)))
    };
    let mut levels = vec![(at.min(0) - 1, 1.0)];
    levels.extend((0..count).map(level));
    levels.push((at + over, ramp.to_factor));
    Profile::new(levels, None, ProfileStart::At(0))
}

fn recorded(recording: &Recording) -> Profile {
    let length = recording.length.as_millis_floor();
    let start = recording
        .starts_at
        .map_or(ProfileStart::Random(length), |at| {
            ProfileStart::At(at.as_millis_floor())
        });
    let period = match recording.beyond {
        Beyond::Repeat => Some(length),
        Beyond::Hold => None,
    };
    Profile::new(levels(&recording.steps), period, start)
}

fn levels(steps: &[RateStep]) -> Vec<(i64, f64)> {
    let level = |step: &RateStep| (step.from.as_millis_floor(), step.factor);
    steps.iter().map(level).collect()
}
