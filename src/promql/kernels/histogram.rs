//! Quantiles and fractions of classic histograms.
//!
//! `spec/promql.md` §5 and §15; Prometheus 3.14 promql/quantile.go `BucketQuantile`, `BucketFraction`.

use std::cmp::Ordering;

/// Relative difference up to which two neighbouring counts are taken as equal.
const TOLERANCE: f64 = 1e-12;

/// One bucket of a classic histogram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// The label `le`.
    pub upper_bound: f64,
    /// How many observations (or their rate) lie at or below the bound.
    pub count: f64,
}

/// `histogram_quantile` of one group of buckets, in any order. Reorders and merges `buckets`.
///
/// NaN without a bucket for +Inf, with fewer than two buckets or without observations.
pub fn bucket_quantile(q: f64, buckets: &mut [Bucket]) -> f64 {
    if q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    let Some(buckets) = sorted_and_merged(buckets) else {
        return f64::NAN;
    };
    make_monotonic(buckets);
    let last = buckets.len() - 1;
    let observations = buckets[last].count;
    if last == 0 || observations == 0.0 {
        return f64::NAN;
    }
    let rank = q * observations;
    let index = first_reaching(&buckets[..last], rank);
    if index == last {
        return buckets[last - 1].upper_bound;
    }
    let Bucket { upper_bound, count } = buckets[index];
    if index == 0 && upper_bound <= 0.0 {
        return upper_bound;
    }
    let below = match index {
        0 => Bucket {
            upper_bound: 0.0,
            count: 0.0,
        },
        _ => buckets[index - 1],
    };
    let within = (rank - below.count) / (count - below.count);
    below.upper_bound + (upper_bound - below.upper_bound) * within
}

/// Binary search as Go's `sort.Search` does it: with NaN among the counts the order of probes decides.
fn first_reaching(buckets: &[Bucket], rank: f64) -> usize {
    let (mut low, mut high) = (0, buckets.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        if buckets[middle].count >= rank {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// Sorts by bound and merges equal bounds; `None` unless the highest is +Inf.
fn sorted_and_merged(buckets: &mut [Bucket]) -> Option<&mut [Bucket]> {
    sort_by_bound(buckets);
    if buckets.last()?.upper_bound != f64::INFINITY {
        return None;
    }
    let mut kept = 0;
    for index in 1..buckets.len() {
        let bucket = buckets[index];
        if bucket.upper_bound == buckets[kept].upper_bound {
            buckets[kept].count += bucket.count;
        } else {
            kept += 1;
            buckets[kept] = bucket;
        }
    }
    Some(&mut buckets[..=kept])
}

/// Insertion sort for few buckets (Go's choice up to twelve, which keeps equal bounds in order) and for
/// bounds that are NaN, which no total order covers.
fn sort_by_bound(buckets: &mut [Bucket]) {
    let unordered = buckets.iter().any(|bucket| bucket.upper_bound.is_nan());
    if buckets.len() > 12 && !unordered {
        buckets.sort_unstable_by(|a, b| {
            a.upper_bound
                .partial_cmp(&b.upper_bound)
                .unwrap_or(Ordering::Equal)
        });
        return;
    }
    for end in 1..buckets.len() {
        let mut index = end;
        while index > 0 && buckets[index].upper_bound < buckets[index - 1].upper_bound {
            buckets.swap(index, index - 1);
            index -= 1;
        }
    }
}

/// Removes differences that come from rounding, then falls.
fn make_monotonic(buckets: &mut [Bucket]) {
    let mut highest = buckets[0].count;
    for bucket in &mut buckets[1..] {
        if bucket.count == highest {
            continue;
        }
        if almost_equal(highest, bucket.count) || bucket.count < highest {
            bucket.count = highest;
        } else {
            highest = bucket.count;
        }
    }
}

/// Prometheus 3.14 util/almost `Equal`.
fn almost_equal(a: f64, b: f64) -> bool {
    if a.is_nan() && b.is_nan() || a == b {
        return true;
    }
    let sum = a.abs() + b.abs();
    let difference = (a - b).abs();
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < TOLERANCE * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < TOLERANCE
}

/// `histogram_fraction` of one group of buckets, in any order: the share of observations between `lower`
/// and `upper`. Reorders and merges `buckets`.
///
/// NaN without a bucket for +Inf, without observations or with a NaN bound.
pub fn bucket_fraction(lower: f64, upper: f64, buckets: &mut [Bucket]) -> f64 {
    let Some(buckets) = sorted_and_merged(buckets) else {
        return f64::NAN;
    };
    let count = buckets[buckets.len() - 1].count;
    if count == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    (rank_of(upper, buckets) - rank_of(lower, buckets)) / count
}

/// How many observations lie below `value`.
fn rank_of(value: f64, buckets: &[Bucket]) -> f64 {
    let count = buckets[buckets.len() - 1].count;
    let mut low = if buckets[0].upper_bound <= 0.0 {
        f64::NEG_INFINITY
    } else {
        0.0
    };
    let mut below = 0.0;
    let mut rank = count;
    for bucket in buckets {
        if low >= value {
            rank = below;
            break;
        }
        if low < value && bucket.upper_bound > value {
            rank = if low == f64::NEG_INFINITY {
                bucket.count
            } else {
                below + (bucket.count - below) * (value - low) / (bucket.upper_bound - low)
            };
            break;
        }
        below = bucket.count;
        low = bucket.upper_bound;
    }
    if rank > count { count } else { rank }
}
