//! The functions of PromQL and their signatures (Prometheus 3.14 `promql/parser/functions.go`).

use super::ast::{Function, ValueType};

/// How many times the last argument may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variadic {
    /// Exactly once.
    No,
    /// Left out, or up to this many times.
    AtMost(usize),
    /// Any number of times, also none.
    Any,
}

/// Whether a query may use a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// Prometheus and rollsim evaluate it.
    Stable,
    /// A server refuses it unless experimental functions are switched on.
    Experimental,
    /// It reads native histograms, which rollsim doesn't model.
    NativeHistograms,
}

/// What a function takes and returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The function's name.
    pub name: Function,
    /// Types of the arguments.
    pub arguments: &'static [ValueType],
    /// Whether the last argument repeats.
    pub variadic: Variadic,
    /// Type of the result.
    pub returns: ValueType,
    /// Whether a query may use it.
    pub availability: Availability,
}

/// Finds a function; names are case-sensitive.
pub fn lookup(name: &str) -> Option<&'static Signature> {
    SIGNATURES
        .binary_search_by(|candidate| candidate.name.cmp(name))
        .ok()
        .map(|index| &SIGNATURES[index])
}

use Availability::{Experimental, NativeHistograms, Stable};
use ValueType::{InstantVector as V, RangeVector as M, Scalar as S, String as T};
use Variadic::{Any, AtMost, No};

const fn signature(
    name: Function,
    arguments: &'static [ValueType],
    variadic: Variadic,
    returns: ValueType,
    availability: Availability,
) -> Signature {
    Signature {
        name,
        arguments,
        variadic,
        returns,
        availability,
    }
}

/// A function of one instant vector.
const fn map(name: Function) -> Signature {
    signature(name, &[V], No, V, Stable)
}

/// A function of one range vector.
const fn over_range(name: Function) -> Signature {
    signature(name, &[M], No, V, Stable)
}

/// A function of time; without argument, of the evaluation time.
const fn date(name: Function) -> Signature {
    signature(name, &[V], AtMost(1), V, Stable)
}

/// Sorted by name.
static SIGNATURES: [Signature; SIGNATURE_COUNT] = [
    map("abs"),
    map("absent"),
    over_range("absent_over_time"),
    map("acos"),
    map("acosh"),
    map("asin"),
    map("asinh"),
    map("atan"),
    map("atanh"),
    over_range("avg_over_time"),
    map("ceil"),
    over_range("changes"),
    signature("clamp", &[V, S, S], No, V, Stable),
    signature("clamp_max", &[V, S], No, V, Stable),
    signature("clamp_min", &[V, S], No, V, Stable),
    map("cos"),
    map("cosh"),
    over_range("count_over_time"),
    date("day_of_month"),
    date("day_of_week"),
    date("day_of_year"),
    date("days_in_month"),
    map("deg"),
    over_range("delta"),
    over_range("deriv"),
    signature(
        "double_exponential_smoothing",
        &[M, S, S],
        No,
        V,
        Experimental,
    ),
    signature("end", &[], No, S, Experimental),
    map("exp"),
    over_range("first_over_time"),
    map("floor"),
    signature("histogram_avg", &[V], No, V, NativeHistograms),
    signature("histogram_count", &[V], No, V, NativeHistograms),
    signature("histogram_fraction", &[S, S, V], No, V, Stable),
    signature("histogram_quantile", &[S, V], No, V, Stable),
    signature(
        "histogram_quantiles",
        &[V, T, S, S],
        AtMost(9),
        V,
        Experimental,
    ),
    signature("histogram_stddev", &[V], No, V, NativeHistograms),
    signature("histogram_stdvar", &[V], No, V, NativeHistograms),
    signature("histogram_sum", &[V], No, V, NativeHistograms),
    date("hour"),
    over_range("idelta"),
    over_range("increase"),
    signature("info", &[V, V], AtMost(1), V, Experimental),
    over_range("irate"),
    signature("label_join", &[V, T, T, T], Any, V, Stable),
    signature("label_replace", &[V, T, T, T, T], No, V, Stable),
    over_range("last_over_time"),
    map("ln"),
    map("log10"),
    map("log2"),
    signature("mad_over_time", &[M], No, V, Experimental),
    signature("max_of", &[S, S], No, S, Experimental),
    over_range("max_over_time"),
    signature("min_of", &[S, S], No, S, Experimental),
    over_range("min_over_time"),
    date("minute"),
    date("month"),
    signature("pi", &[], No, S, Stable),
    signature("predict_linear", &[M, S], No, V, Stable),
    over_range("present_over_time"),
    signature("quantile_over_time", &[S, M], No, V, Stable),
    map("rad"),
    signature("range", &[], No, S, Experimental),
    over_range("rate"),
    over_range("resets"),
    signature("round", &[V, S], AtMost(1), V, Stable),
    signature("scalar", &[V], No, S, Stable),
    map("sgn"),
    map("sin"),
    map("sinh"),
    map("sort"),
    signature("sort_by_label", &[V, T], Any, V, Experimental),
    signature("sort_by_label_desc", &[V, T], Any, V, Experimental),
    map("sort_desc"),
    map("sqrt"),
    signature("start", &[], No, S, Experimental),
    signature("start_timestamp", &[V], No, V, Experimental),
    over_range("stddev_over_time"),
    over_range("stdvar_over_time"),
    signature("step", &[], No, S, Experimental),
    over_range("sum_over_time"),
    map("tan"),
    map("tanh"),
    signature("time", &[], No, S, Stable),
    map("timestamp"),
    signature("ts_of_first_over_time", &[M], No, V, Experimental),
    signature("ts_of_last_over_time", &[M], No, V, Experimental),
    signature("ts_of_max_over_time", &[M], No, V, Experimental),
    signature("ts_of_min_over_time", &[M], No, V, Experimental),
    signature("vector", &[S], No, V, Stable),
    date("year"),
];

const SIGNATURE_COUNT: usize = 90;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_and_every_name_is_found() {
        assert!(SIGNATURES.is_sorted_by(|a, b| a.name < b.name));
        for entry in &SIGNATURES {
            assert_eq!(lookup(entry.name), Some(entry));
        }
        assert_eq!(lookup("Rate"), None);
    }
}
