//! What would help: the sizes of tests that tell a fault from health, and what it takes to read as many
//! requests.

use crate::report::power::{Longer, MetricRemedies, Remedies};
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

/// The signs of a fault from its onset on, as far as it shows in requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Signs {
    /// To those who look at a response.
    pub all: Sign,
    /// To metrics, which don't see content.
    pub metrics: Option<Sign>,
}

impl Signs {
    /// The signs of a fault; none if it shows in no single request.
    pub fn of(fault: &Fault, service: &Service) -> Option<Self> {
        let slow = service.slow_above.as_seconds_f64();
        let mut parts = Vec::new();
        if let Some(errors) = fault.error_share {
            parts.push(Sign {
                text: "an error".to_owned(),
                healthy: service.error_share,
                bad: errors,
            });
        }
        if let Some(latency) = &fault.latency {
            parts.push(Sign {
                text: format!("slower than {}", service.slow_above),
                healthy: 1.0 - cumulative(&service.latency, slow),
                bad: slow_with(latency, service, slow),
            });
        }
        let metrics = any_of(&parts);
        if let Some(broken) = fault.broken_content_share {
            parts.push(Sign {
                text: "wrong content".to_owned(),
                healthy: 0.0,
                bad: broken,
            });
        }
        let all = any_of(&parts)?;
        Some(Self { all, metrics })
    }

    /// What would help.
    pub fn remedies(
        &self,
        exposure: &Exposure,
        rate_per_second: f64,
        want: f64,
        limit: f64,
    ) -> Remedies {
        let fewest = |sign: &Sign| SmokeTest::fewest(sign.healthy, sign.bad, want, limit);
        let whole = |requests: f64| requests.floor().max(0.0) as u64;
        let metrics = self.metrics.as_ref().map(|sign| {
            let smallest = fewest(sign);
            let best = |requests: u64| {
                (requests > 0).then(|| SmokeTest::best(requests, sign.healthy, sign.bad, limit))
            };
            MetricRemedies {
                sign: sign.text.clone(),
                smallest,
                best_of_read: best(whole(exposure.requests.read)),
                best_of_promoted: best(whole(exposure.requests.promoted)),
                longer: smallest.and_then(|test| longer(&test, exposure, rate_per_second)),
            }
        });
        Remedies {
            sign: self.all.text.clone(),
            healthy: self.all.healthy,
            bad: self.all.bad,
            smoke_test: fewest(&self.all),
            metrics,
        }
    }
}

/// A request that has any of these signs, which are independent of each other.
fn any_of(parts: &[Sign]) -> Option<Sign> {
    match parts {
        [] => None,
        // As it was given, without a rounding on the way.
        [only] => Some(only.clone()),
        several => {
            let any = |share: fn(&Sign) -> f64| {
                1.0 - several
                    .iter()
                    .map(|sign| 1.0 - share(sign))
                    .product::<f64>()
            };
            let texts: Vec<&str> = several.iter().map(|sign| sign.text.as_str()).collect();
            Some(Sign {
                text: texts.join(" or "),
                healthy: any(|sign| sign.healthy),
                bad: any(|sign| sign.bad),
            })
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
    use super::{Sign, Signs};
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
        assert_eq!(Signs::of(&fault(), &service), None);
        let errors = Fault {
            error_share: Some(0.03),
            ..fault()
        };
        let signs = Signs::of(&errors, &service).unwrap();
        assert_eq!(signs.all, an_error());
        assert_eq!(signs.metrics, Some(an_error()));
        let both = Fault {
            broken_content_share: Some(0.5),
            ..errors
        };
        let signs = Signs::of(&both, &service).unwrap();
        assert_eq!(signs.all.text, "an error or wrong content");
        assert!((signs.all.bad - (1.0 - 0.97 * 0.5)).abs() < 1e-12);
        assert_eq!(signs.metrics, Some(an_error()), "metrics don't see content");
        let tail = Fault {
            latency: Some(LatencyFault::Tail {
                share: 0.1,
                to: Duration::from_seconds(2),
            }),
            ..fault()
        };
        let sign = Signs::of(&tail, &service).unwrap().all;
        assert!((sign.bad - (sign.healthy + 0.1 * (1.0 - sign.healthy))).abs() < 1e-12);
    }

    fn an_error() -> Sign {
        Sign {
            text: "an error".to_owned(),
            healthy: 0.001,
            bad: 0.03,
        }
    }

    fn exposure(read: f64) -> Exposure {
        Exposure {
            requests: CanaryRequests {
                read,
                ..CanaryRequests::default()
            },
            last: Some(LastAnalysis {
                weight: 25,
                share: 0.25,
                stretch_s: 225.0,
            }),
        }
    }

    #[test]
    fn what_a_larger_reading_takes_is_arithmetic() {
        let signs = Signs {
            all: an_error(),
            metrics: Some(an_error()),
        };
        let remedies = signs.remedies(&exposure(39.4), 0.5, 0.95, 0.01);
        assert_eq!(remedies.smoke_test.unwrap().requests, 208);
        let metrics = remedies.metrics.unwrap();
        assert_eq!(metrics.smallest, remedies.smoke_test);
        assert_eq!(metrics.best_of_read.unwrap().requests, 39);
        let longer = metrics.longer.unwrap();
        // 208 requests at an eighth of a request a second.
        assert!((longer.stretch_s - 1_664.0).abs() < 1e-9);
        // 225 s at half a request a second are 112 requests: all traffic wouldn't do.
        assert_eq!(longer.share_needed, None);
        // 28.125 are there now.
        let missing = (208.0 - 28.125) / 225.0 * 60.0;
        assert!((longer.synthetic_per_minute - missing).abs() < 1e-9);
    }

    #[test]
    fn what_only_a_look_at_the_content_shows_helps_no_metric() {
        let content = Fault {
            broken_content_share: Some(1.0),
            ..fault()
        };
        let service = Scenario::with_defaults(Vec::new()).service;
        let signs = Signs::of(&content, &service).unwrap();
        let remedies = signs.remedies(&exposure(1_000.0), 50.0, 0.95, 0.01);
        assert_eq!(remedies.smoke_test.unwrap().requests, 1);
        assert_eq!(remedies.metrics, None);
    }
}
