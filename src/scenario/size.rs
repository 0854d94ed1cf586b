//! The size of a fault: the one number of it that a study can make larger and smaller.

use super::decode::typed;
use super::model::{Fault, LatencyFault, Service};
use crate::units::Duration;

const NANOS_PER_SECOND: f64 = 1e9;
/// The unit in which leaks are shown: mebibytes a minute, in bytes a second.
const MEBI_PER_MINUTE: f64 = 1_048_576.0 / 60.0;

/// Which number of a fault is its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// The share of requests answered with an error.
    Errors,
    /// The factor of response times.
    LatencyFactor,
    /// The shift of response times, in seconds.
    LatencyShift,
    /// The share of requests with a long response time.
    LatencyTail,
    /// The growth of memory, in bytes a second.
    MemoryLeak,
}

/// Why a fault has no size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSize {
    /// No metric sees content, so nothing depends on how much of it is wrong.
    #[error(
        "it changes content, which no exported metric shows: how much of it is wrong changes nothing"
    )]
    Content,
    /// Several parts: none of them is the size of the whole.
    #[error("it changes {0}: no single number is its size")]
    Several(String),
}

impl Size {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Errors,
        Self::LatencyFactor,
        Self::LatencyShift,
        Self::LatencyTail,
        Self::MemoryLeak,
    ];

    /// The size of this fault.
    pub fn of(fault: &Fault) -> Result<Self, NoSize> {
        let latency = fault.latency.as_ref().map(|latency| match latency {
            LatencyFault::Factor(_) => Self::LatencyFactor,
            LatencyFault::Shift(_) => Self::LatencyShift,
            LatencyFault::Tail { .. } => Self::LatencyTail,
        });
        let sized: Vec<Self> = [
            fault.error_share.map(|_| Self::Errors),
            latency,
            fault.memory.as_ref().map(|_| Self::MemoryLeak),
        ]
        .into_iter()
        .flatten()
        .collect();
        let content = fault.broken_content_share.map(|_| "content");
        match sized.as_slice() {
            [] => Err(NoSize::Content),
            [size] if content.is_none() => Ok(*size),
            several => {
                let names = several.iter().map(|size| size.part());
                let names: Vec<&str> = names.chain(content).collect();
                Err(NoSize::Several(names.join(" and ")))
            }
        }
    }

    /// The key of the fault that holds it.
    const fn part(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::LatencyFactor | Self::LatencyShift | Self::LatencyTail => "latency",
            Self::MemoryLeak => "memory",
        }
    }

    /// What it is called in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::LatencyFactor => "latency factor",
            Self::LatencyShift => "latency shift",
            Self::LatencyTail => "share of slow responses",
            Self::MemoryLeak => "memory leak",
        }
    }

    /// The unit of its numbers in results.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Errors | Self::LatencyTail => "share",
            Self::LatencyFactor => "factor",
            Self::LatencyShift => "seconds",
            Self::MemoryLeak => "bytes per second",
        }
    }

    /// The unit in which people compare sizes, in that of its numbers, and how they call it.
    pub const fn display_unit(self) -> (f64, &'static str) {
        match self {
            Self::Errors | Self::LatencyTail => (0.01, ", %"),
            Self::LatencyFactor => (1.0, ""),
            Self::LatencyShift => (0.001, ", ms"),
            Self::MemoryLeak => (MEBI_PER_MINUTE, ", Mi/min"),
        }
    }

    /// How it is written: for messages.
    pub const fn example(self) -> &'static str {
        match self {
            Self::Errors | Self::LatencyTail => "0.5%..10%",
            Self::LatencyFactor => "x1.5..x8",
            Self::LatencyShift => "+50ms..+2s",
            Self::MemoryLeak => "1Mi/min..50Mi/min",
        }
    }

    /// Its value in a fault that has it.
    pub fn value(self, fault: &Fault) -> Option<f64> {
        match (self, &fault.latency) {
            (Self::Errors, _) => fault.error_share,
            (Self::LatencyFactor, Some(LatencyFault::Factor(factor))) => Some(*factor),
            (Self::LatencyShift, Some(LatencyFault::Shift(shift))) => Some(shift.as_seconds_f64()),
            (Self::LatencyTail, Some(LatencyFault::Tail { share, .. })) => Some(*share),
            (Self::MemoryLeak, _) => fault.memory.as_ref().map(|leak| leak.bytes_per_second),
            _ => None,
        }
    }

    /// The fault with another size.
    pub fn set(self, fault: &mut Fault, value: f64) {
        match (self, &mut fault.latency) {
            (Self::Errors, _) => fault.error_share = Some(value),
            (Self::LatencyFactor, Some(LatencyFault::Factor(factor))) => *factor = value,
            (Self::LatencyShift, Some(LatencyFault::Shift(shift))) => {
                let nanos = (value * NANOS_PER_SECOND).round();
                *shift = Duration::from_nanos(nanos as i64);
            }
            (Self::LatencyTail, Some(LatencyFault::Tail { share, .. })) => *share = value,
            (Self::MemoryLeak, _) => {
                if let Some(leak) = &mut fault.memory {
                    leak.bytes_per_second = value;
                }
            }
            _ => {}
        }
    }

    /// Reads one, in the notation of scenario files.
    pub fn read(self, text: &str) -> Result<f64, String> {
        match self {
            Self::Errors | Self::LatencyTail => typed::share(text),
            Self::LatencyFactor => typed::factor(text),
            Self::LatencyShift => typed::seconds(text.strip_prefix('+').unwrap_or(text)),
            Self::MemoryLeak => typed::byte_rate(text),
        }
    }

    /// Why a fault can't have this size; none if it can.
    pub fn impossible(self, value: f64, healthy: &Service) -> Option<String> {
        if self == Self::Errors && value < healthy.error_share {
            let share = self.show(healthy.error_share);
            return Some(format!(
                "a bad release can't have fewer errors than a healthy one, which has {share}"
            ));
        }
        (value <= 0.0).then(|| "a fault of no size is none".to_owned())
    }

    /// One as scenario files write it, with at most three digits that matter.
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Errors | Self::LatencyTail => format!("{}%", three_digits(100.0 * value)),
            Self::LatencyFactor => format!("x{}", three_digits(value)),
            Self::LatencyShift if value < 1.0 => format!("+{}ms", three_digits(1_000.0 * value)),
            Self::LatencyShift => format!("+{}s", three_digits(value)),
            Self::MemoryLeak => format!("{}Mi/min", three_digits(value / MEBI_PER_MINUTE)),
        }
    }
}

/// A number with at most three digits that matter, and no zeros after the last of them.
pub fn three_digits(value: f64) -> String {
    let decimals = match value.abs() {
        99.95.. => 0,
        9.995.. => 1,
        0.999_5.. => 2,
        0.099_95.. => 3,
        0.009_995.. => 4,
        0.000_999_5.. => 5,
        _ => 6,
    };
    let text = format!("{value:.decimals$}");
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{NoSize, Size};
    use crate::scenario::model::{Fault, LatencyFault, MemoryLeak, Onset, OutOfMemory, Scenario};
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

    fn leak(bytes_per_second: f64) -> MemoryLeak {
        MemoryLeak {
            bytes_per_second,
            gc_pressure: None,
            oom: OutOfMemory::Restart,
        }
    }

    #[test]
    fn each_part_has_its_size_and_takes_another() {
        let tail = LatencyFault::Tail {
            share: 0.03,
            to: Duration::from_seconds(2),
        };
        let shift = LatencyFault::Shift(Duration::from_millis(200));
        let with_latency = |latency| Fault {
            latency: Some(latency),
            ..fault()
        };
        let errors = Fault {
            error_share: Some(0.03),
            ..fault()
        };
        let leaking = Fault {
            memory: Some(leak(5.0 * 1_048_576.0 / 60.0)),
            ..fault()
        };
        for (mut fault, size, shown, other) in [
            (errors, Size::Errors, "3%", "0.55%"),
            (
                with_latency(LatencyFault::Factor(4.0)),
                Size::LatencyFactor,
                "x4",
                "x1.5",
            ),
            (with_latency(shift), Size::LatencyShift, "+200ms", "+2s"),
            (with_latency(tail), Size::LatencyTail, "3%", "12.5%"),
            (leaking, Size::MemoryLeak, "5Mi/min", "50Mi/min"),
        ] {
            assert_eq!(Size::of(&fault), Ok(size));
            assert_eq!(size.show(size.value(&fault).unwrap()), shown);
            size.set(&mut fault, size.read(other).unwrap());
            assert_eq!(size.show(size.value(&fault).unwrap()), other);
        }
    }

    #[test]
    fn content_and_mixtures_have_none() {
        let content = Fault {
            broken_content_share: Some(1.0),
            ..fault()
        };
        assert_eq!(Size::of(&content), Err(NoSize::Content));
        let both = Fault {
            error_share: Some(0.03),
            memory: Some(leak(1.0)),
            ..content
        };
        let error = Size::of(&both).unwrap_err().to_string();
        assert!(
            error.starts_with("it changes errors and memory and content"),
            "{error}"
        );
    }

    #[test]
    fn a_fault_has_at_least_the_errors_of_a_healthy_version() {
        let healthy = Scenario::with_defaults(Vec::new()).service;
        let why = Size::Errors.impossible(0.000_5, &healthy).unwrap();
        assert!(why.ends_with("which has 0.1%"), "{why}");
        assert_eq!(Size::Errors.impossible(0.001, &healthy), None);
        assert!(Size::LatencyTail.impossible(0.0, &healthy).is_some());
    }
}
