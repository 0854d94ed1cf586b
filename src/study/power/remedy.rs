//! What would help: the sizes of tests that tell a fault from health, and what it takes to read as many
//! requests.

use crate::report::power::{Longer, Remedies};
use crate::scenario::model::{Fault, LatencyFault, Service};
use crate::stats::smoke_test::SmokeTest;
use crate::world::latency::cumulative;

use super::exposure::Exposure;

const SECONDS_PER_MINUTE: f64 = 60.0;

/// What shows in a single request that a release is bad, and how often it shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Sign {
    /// In words.
    pub text: String,
    /// In how many requests of a healthy release.
    pub healthy: f64,
    /// In how many of a bad one.
    pub bad: f64,
}

impl Sign {
    /// The sign of a fault that shows in requests from its onset on.
    pub fn of(fault: &Fault, service: &Service) -> Option<Self> {
        let slow = service.slow_above.as_seconds_f64();
        let mut parts: Vec<(String, f64, f64)> = Vec::new();
        if let Some(errors) = fault.error_share {
            parts.push(("an error".to_owned(), service.error_share, errors));
        }
        if let Some(latency) = &fault.latency {
            let healthy = 1.0 - cumulative(&service.latency, slow);
            let bad = slow_with(latency, service, slow);
            parts.push((format!("slower than {}", service.slow_above), healthy, bad));
        }
        if let Some(broken) = fault.broken_content_share {
            parts.push(("wrong content".to_owned(), 0.0, broken));
        }
        if parts.is_empty() {
            return None;
        }
        let any = |share: fn(&(String, f64, f64)) -> f64| {
            1.0 - parts.iter().map(|part| 1.0 - share(part)).product::<f64>()
        };
        let (healthy, bad) = match parts.as_slice() {
            // As it was given, without a rounding on the way.
            [(_, healthy, bad)] => (*healthy, *bad),
            _ => (any(|part| part.1), any(|part| part.2)),
        };
        let texts: Vec<&str> = parts.iter().map(|(text, ..)| text.as_str()).collect();
        Some(Self {
            text: texts.join(" or "),
            healthy,
            bad,
        })
    }

    /// What would help a template that reads too little.
    pub fn remedies(
        &self,
        exposure: &Exposure,
        rate_per_second: f64,
        want: f64,
        limit: f64,
    ) -> Remedies {
        let smoke_test = SmokeTest::fewest(self.healthy, self.bad, want, limit);
        let read = exposure.requests.read.floor().max(0.0) as u64;
        Remedies {
            sign: self.text.clone(),
            healthy: self.healthy,
            bad: self.bad,
            smoke_test,
            best_of_read: (read > 0).then(|| SmokeTest::best(read, self.healthy, self.bad, limit)),
            longer: smoke_test.and_then(|test| longer(&test, exposure, rate_per_second)),
        }
    }
}

/// The share of responses slower than `slow` seconds under a fault.
fn slow_with(fault: &LatencyFault, service: &Service, slow: f64) -> f64 {
    let slower_than = |seconds: f64| 1.0 - cumulative(&service.latency, seconds);
    match fault {
        LatencyFault::Factor(factor) => slower_than(slow / factor),
        LatencyFault::Shift(shift) => slower_than(slow - shift.as_seconds_f64()),
        LatencyFault::Tail { share, to } => {
            let rest = slower_than(slow);
            if to.as_seconds_f64() > slow {
                rest + share * (1.0 - rest)
            } else {
                rest
            }
        }
    }
}

fn longer(test: &SmokeTest, exposure: &Exposure, rate_per_second: f64) -> Option<Longer> {
    let last = exposure.last.filter(|last| last.share > 0.0)?;
    let needed = test.requests as f64;
    let now = rate_per_second * last.share * last.stretch_s;
    let share_needed = needed / (rate_per_second * last.stretch_s);
    Some(Longer {
        share: last.share,
        weight: last.weight,
        stretch_s: needed / (rate_per_second * last.share),
        stretch_now_s: last.stretch_s,
        share_needed: (share_needed <= 1.0).then_some(share_needed),
        synthetic_per_minute: (needed - now).max(0.0) / last.stretch_s * SECONDS_PER_MINUTE,
    })
}

#[cfg(test)]
mod tests {
    use super::super::exposure::{Exposure, LastAnalysis};
    use super::Sign;
    use crate::report::power::CanaryRequests;
    use crate::scenario::model::{Fault, LatencyFault, Onset, Scenario};
    use crate::units::Duration;

    fn fault() -> Fault {
        Fault {
            name: "f".to_owned(),
            onset: Onset::PodAge(Duration::ZERO),
            error_share: None,
            latency: None,
            broken_content_share: None,
            memory: None,
        }
    }

    #[test]
    fn errors_slowness_and_content_show_in_requests_and_memory_does_not() {
        let service = Scenario::with_defaults(Vec::new()).service;
        assert_eq!(Sign::of(&fault(), &service), None);
        let errors = Fault {
            error_share: Some(0.03),
            ..fault()
        };
        let sign = Sign::of(&errors, &service).unwrap();
        assert_eq!(
            (sign.text.as_str(), sign.healthy, sign.bad),
            ("an error", 0.001, 0.03)
        );
        let both = Fault {
            broken_content_share: Some(0.5),
            ..errors
        };
        let sign = Sign::of(&both, &service).unwrap();
        assert_eq!(sign.text, "an error or wrong content");
        assert!((sign.bad - (1.0 - 0.97 * 0.5)).abs() < 1e-12);
        let tail = Fault {
            latency: Some(LatencyFault::Tail {
                share: 0.1,
                to: Duration::from_seconds(2),
            }),
            ..fault()
        };
        let sign = Sign::of(&tail, &service).unwrap();
        assert!((sign.bad - (sign.healthy + 0.1 * (1.0 - sign.healthy))).abs() < 1e-12);
    }

    #[test]
    fn what_a_larger_reading_takes_is_arithmetic() {
        let sign = Sign {
            text: "an error".to_owned(),
            healthy: 0.001,
            bad: 0.03,
        };
        let exposure = Exposure {
            requests: CanaryRequests {
                read: 39.4,
                ..CanaryRequests::default()
            },
            last: Some(LastAnalysis {
                weight: 25,
                share: 0.25,
                stretch_s: 225.0,
            }),
        };
        let remedies = sign.remedies(&exposure, 0.5, 0.95, 0.01);
        assert_eq!(remedies.smoke_test.unwrap().requests, 208);
        assert_eq!(remedies.best_of_read.unwrap().requests, 39);
        let longer = remedies.longer.unwrap();
        // 208 requests at an eighth of a request a second.
        assert!((longer.stretch_s - 1_664.0).abs() < 1e-9);
        // 225 s at half a request a second are 112 requests: all traffic wouldn't do.
        assert_eq!(longer.share_needed, None);
        // 28.125 are there now.
        let missing = (208.0 - 28.125) / 225.0 * 60.0;
        assert!((longer.synthetic_per_minute - missing).abs() < 1e-9);
    }
}
