//! The rate's course against its formulas. Tolerances are five standard errors: at fixed seeds a right program
//! passes with probability above 99.9999 %.

use super::{GammaMinutes, Modulation, Profile, ProfileStart, Timeline, TwoState};
use crate::plan::traffic::modulation;
use crate::scenario::traffic::{Diurnal, Ramp, RateShape, RateStep, Traffic};
use crate::units::Duration;
use crate::world::random::ReplicationKey;

const HOUR_MS: i64 = 3_600_000;

fn timeline(modulation: &Modulation, replication: u64, from_ms: i64) -> Timeline {
    let mut timeline = Timeline::default();
    let key = ReplicationKey::new(11, replication);
    timeline.reset(modulation, key, 0, from_ms);
    timeline
}

fn shaped(shape: RateShape) -> Modulation {
    let traffic = Traffic {
        shape,
        ..Traffic::default()
    };
    modulation(&traffic).unwrap()
}

fn chain(factor: f64, calm_s: f64, burst_s: f64) -> Modulation {
    Modulation {
        profile: None,
        bursts: Some(TwoState {
            factor,
            mean_ms: [calm_s * 1e3, burst_s * 1e3],
        }),
        gamma: None,
    }
}

#[test]
fn a_day_has_its_mean_its_peak_and_its_trough() {
    let day = shaped(RateShape::Diurnal(Diurnal {
        amplitude: 0.6,
        peak_at: Duration::from_seconds(14 * 3_600),
        starts_at: Some(Duration::from_seconds(10 * 3_600)),
    }));
    let mut line = timeline(&day, 1, -HOUR_MS);
    let whole = line.integral(&day, 0, 24 * HOUR_MS);
    assert!((whole / (24.0 * HOUR_MS as f64) - 1.0).abs() < 1e-12);
    // Four hours after the start is the peak, twelve hours later the trough.
    let around =
        |line: &mut Timeline, at: i64| line.integral(&day, at - 30_000, at + 30_000) / 60_000.0;
    assert!((around(&mut line, 4 * HOUR_MS) - 1.6).abs() < 1e-5);
    assert!((around(&mut line, 16 * HOUR_MS) - 0.4).abs() < 1e-5);
    // Between them, ten to twelve o'clock: the sine's difference.
    let expected = 1.0
        + 0.6 * (libm::sin(-std::f64::consts::PI / 6.0) - libm::sin(-std::f64::consts::PI / 3.0))
            / (std::f64::consts::PI / 6.0);
    let found = line.integral(&day, 0, 2 * HOUR_MS) / (2.0 * HOUR_MS as f64);
    assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    let known = day.expected(0, 0, 2 * HOUR_MS) / (2.0 * HOUR_MS as f64);
    assert!((known - expected).abs() < 1e-12);
}

/// With a random start every time of day is as likely: the mean is 1 and the variance that of a cosine.
#[test]
fn a_random_start_sees_all_of_the_day() {
    let day = shaped(RateShape::Diurnal(Diurnal {
        amplitude: 0.6,
        peak_at: Duration::ZERO,
        starts_at: None,
    }));
    let n = 40_000_u64;
    let levels = (0..n).map(|r| timeline(&day, r, 0).integral(&day, 0, 1_000) / 1_000.0);
    let (sum, squares) = levels.fold((0.0, 0.0), |(s, q), x| (s + x, q + x * x));
    let (mean, variance) = (
        sum / n as f64,
        squares / n as f64 - (sum / n as f64).powi(2),
    );
    let expected = 0.6 * 0.6 / 2.0;
    assert!((mean - 1.0).abs() < 5.0 * libm::sqrt(expected / n as f64));
    // The fourth moment of a cosine is 3/8, so a square of it has variance 1/8.
    let error = 0.36 * libm::sqrt(0.125 / n as f64);
    assert!((variance - expected).abs() < 5.0 * error, "{variance}");
    assert!((day.expected(0, 0, 1_000) - 1_000.0).abs() < 1e-6);
}

#[test]
fn a_ramp_is_a_line_between_two_levels() {
    let ramp = shaped(RateShape::Ramp(Ramp {
        to_factor: 5.0,
        at: Duration::from_seconds(600),
        over: Duration::from_seconds(1_800),
    }));
    let mut line = timeline(&ramp, 1, -HOUR_MS);
    let mean = |line: &mut Timeline, from_s: i64, to_s: i64| {
        line.integral(&ramp, from_s * 1_000, to_s * 1_000) / ((to_s - from_s) as f64 * 1_000.0)
    };
    for (from_s, to_s, expected) in [
        (-3_000, 600, 1.0),
        (600, 2_400, 3.0),
        (600, 1_500, 2.0),
        (2_400, 9_000, 5.0),
        (0, 3_000, (600.0 + 3.0 * 1_800.0 + 5.0 * 600.0) / 3_000.0),
    ] {
        let found = mean(&mut line, from_s, to_s);
        assert!((found - expected).abs() < 1e-9, "{from_s}..{to_s}: {found}");
    }
}

#[test]
fn steps_hold_until_the_next_and_before_the_first() {
    let step = |seconds, factor| RateStep {
        from: Duration::from_seconds(seconds),
        factor,
    };
    let steps = shaped(RateShape::Steps(vec![step(60, 1.0), step(120, 3.0)]));
    let mut line = timeline(&steps, 1, -1_000);
    let found = line.integral(&steps, -1_000, 130_000);
    assert!((found - (121_000.0 + 30_000.0)).abs() < 1e-9, "{found}");
    let cut = line.integral(&steps, 119_999, 120_001);
    assert!((cut - 4.0).abs() < 1e-9, "{cut}");
}

#[test]
fn a_recording_repeats_or_holds() {
    let levels = vec![(0, 1.0), (60_000, 0.0), (120_000, 2.0)];
    for (period, expected) in [(Some(180_000), 3.0), (None, 2.0 * 3.0 + 1.0)] {
        let profile = Profile::new(levels.clone(), period, ProfileStart::At(120_000));
        let recorded = Modulation {
            profile: Some(profile),
            bursts: None,
            gamma: None,
        };
        // A minute before the update it is 0; then 2, and 1, 0, … or 2 for ever; far back 2 or 1.
        let mut line = timeline(&recorded, 1, -600_000);
        let before = line.integral(&recorded, -60_000, 0);
        assert!(before.abs() < 1e-9);
        let after = line.integral(&recorded, 0, 180_000) / 60_000.0;
        let all = line.integral(&recorded, -180_000, 180_000) / 60_000.0;
        let known = recorded.expected(0, -180_000, 180_000) / 60_000.0;
        assert!((all - known).abs() < 1e-9);
        let held = if period.is_some() { after } else { after + 1.0 };
        assert!((held - expected).abs() < 1e-9, "{after}");
    }
}

/// In equilibrium the chain's covariance over a lag is `(F − 1)²·p·(1 − p)·exp(−lag·(1/calm + 1/burst))`.
#[test]
fn bursts_have_the_mean_and_the_autocorrelation_of_their_chain() {
    let (factor, calm, burst) = (4.0, 300.0, 60.0);
    let chain = chain(factor, calm, burst);
    let share = burst / (calm + burst);
    let n = 40_000_u64;
    for base_s in [-1_200_i64, 0, 2_400] {
        for lag_s in [0_i64, 20, 60, 180] {
            let sums = (0..n).map(|replication| {
                let mut line = timeline(&chain, replication, -1_500_000);
                let mut at = |seconds: i64| {
                    line.integral(&chain, seconds * 1_000, seconds * 1_000 + 1) - 1.0
                };
                // The later one first: the order in which one asks must not matter.
                let later = at(base_s + lag_s);
                [at(base_s), later].map(|x| x / (factor - 1.0))
            });
            let (mut first, mut second, mut both) = (0.0, 0.0, 0.0);
            for [a, b] in sums {
                (first, second, both) = (first + a, second + b, both + a * b);
            }
            let n = n as f64;
            let error = libm::sqrt(share * (1.0 - share) / n);
            assert!((first / n - share).abs() < 5.0 * error, "{base_s} {lag_s}");
            assert!((second / n - share).abs() < 5.0 * error, "{base_s} {lag_s}");
            let correlation = libm::exp(-(lag_s as f64) * (1.0 / calm + 1.0 / burst));
            let expected = share * share + share * (1.0 - share) * correlation;
            let error = libm::sqrt(expected * (1.0 - expected) / n);
            assert!(
                (both / n - expected).abs() < 5.0 * error,
                "{base_s} {lag_s}: {} {expected}",
                both / n
            );
        }
    }
}

/// The factor of an instant doesn't depend on how far back or ahead somebody looks, or in which order.
#[test]
fn a_timeline_is_a_function_of_its_replication() {
    let mut all = chain(3.0, 40.0, 10.0);
    all.gamma = Some(GammaMinutes {
        overdispersion: 3.0,
        per_minute: 40.0,
    });
    for replication in 0..200 {
        let mut near = timeline(&all, replication, -60_000);
        let mut far = timeline(&all, replication, -6_000_000);
        let late = near.integral(&all, 900_000, 1_000_000);
        let early = near.integral(&all, -50_000, 100_000);
        let early_far = far.integral(&all, -50_000, 100_000);
        let late_far = far.integral(&all, 900_000, 1_000_000);
        assert_eq!(late.to_bits(), late_far.to_bits());
        assert!((early - early_far).abs() < 1e-6);
    }
}

/// A minute's factor has mean 1 and variance (φ − 1)/μ, and one value, also where the profile has a level.
#[test]
fn minutes_have_the_variance_of_the_overdispersion() {
    for (overdispersion, per_minute, level) in
        [(4.0, 3_000.0, 1.0), (1.5, 120.0, 0.5), (30.0, 12.0, 2.0)]
    {
        let minutes = Modulation {
            profile: Some(Profile::new(vec![(0, level)], None, ProfileStart::At(0))),
            bursts: None,
            gamma: Some(GammaMinutes {
                overdispersion,
                per_minute,
            }),
        };
        let variance: f64 = (overdispersion - 1.0) / (per_minute * level);
        let n = 50_000_i64;
        let mut line = timeline(&minutes, 1, 0);
        let factors: Vec<f64> = (0..n)
            .map(|minute| line.integral(&minutes, minute * 60_000, minute * 60_000 + 60_000))
            .map(|integral| integral / 60_000.0 / level)
            .collect();
        let mean = factors.iter().sum::<f64>() / n as f64;
        let found = factors.iter().map(|f| (f - mean).powi(2)).sum::<f64>() / n as f64;
        let error = libm::sqrt(variance / n as f64);
        assert!((mean - 1.0).abs() < 5.0 * error, "{mean}");
        // The kurtosis of a gamma variate is 3 + 6/k.
        let error = variance * libm::sqrt((2.0 + 6.0 * variance) / n as f64);
        assert!((found - variance).abs() < 5.0 * error, "{found} {variance}");
        let half = line.integral(&minutes, 60_000, 90_000) * 2.0;
        assert!((half - line.integral(&minutes, 60_000, 120_000)).abs() < 1e-6);
    }
}
