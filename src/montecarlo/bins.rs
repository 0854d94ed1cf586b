//! A flat, exactly mergeable record of many integers: milliseconds, requests.
//!
//! Sums, sums of squares, the smallest and the largest value are exact. Order statistics come from bins
//! with three significant figures (High Dynamic Range histogram): every integer below 2,048 has its own
//! bin; above, a bin is at most 1/1024 of its values wide and answers with its midpoint, so within
//! 0.05 %.

use hdrhistogram::Histogram;

const SIGNIFICANT_FIGURES: u8 = 3;

/// A multiset of unsigned integers in bounded memory (at most 0.5 MB, for values up to 2^64; next to nothing
/// while it is empty).
///
/// **Invariant:** adding is commutative and merging is commutative and associative, bit for bit.
#[derive(Clone, Debug)]
pub struct Bins {
    /// None while there are no values.
    histogram: Option<Histogram<u64>>,
    sum: u128,
    sum_of_squares: u128,
    smallest: u64,
    largest: u64,
}

impl Bins {
    /// No values.
    pub fn new() -> Self {
        Self {
            histogram: None,
            sum: 0,
            sum_of_squares: 0,
            smallest: u64::MAX,
            largest: 0,
        }
    }

    /// Adds one value. Allocates only when `value` is larger than any before.
    pub fn add(&mut self, value: u64) {
        self.histogram
            .get_or_insert_with(empty)
            .record(value)
            .unwrap_or_else(|_| unreachable!("a resizing histogram takes any value"));
        self.sum += u128::from(value);
        self.sum_of_squares = self
            .sum_of_squares
            .saturating_add(u128::from(value) * u128::from(value));
        self.smallest = self.smallest.min(value);
        self.largest = self.largest.max(value);
    }

    /// Adds all values of `other`.
    pub fn merge(&mut self, other: &Self) {
        let Some(values) = &other.histogram else {
            return;
        };
        self.histogram
            .get_or_insert_with(empty)
            .add(values)
            .unwrap_or_else(|_| unreachable!("a resizing histogram takes any value"));
        self.sum += other.sum;
        self.sum_of_squares = self.sum_of_squares.saturating_add(other.sum_of_squares);
        self.smallest = self.smallest.min(other.smallest);
        self.largest = self.largest.max(other.largest);
    }

    /// How many values.
    pub fn count(&self) -> u64 {
        self.histogram.as_ref().map_or(0, Histogram::len)
    }

    /// Their sum.
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// The sum of their squares, the largest `u128` if it is larger.
    pub fn sum_of_squares(&self) -> u128 {
        self.sum_of_squares
    }

    /// The value at `rank` in ascending order, from 1; none when `rank` is 0 or beyond the last.
    ///
    /// The smallest and the largest value are exact, any other within 0.05 %.
    pub fn at_rank(&self, rank: u64) -> Option<u64> {
        if rank == 0 || rank > self.count() {
            return None;
        }
        let histogram = self.histogram.as_ref()?;
        let mut seen = 0;
        for bin in histogram.iter_recorded() {
            seen += bin.count_at_value();
            if seen >= rank {
                let middle = histogram.median_equivalent(bin.value_iterated_to());
                return Some(middle.clamp(self.smallest, self.largest));
            }
        }
        None
    }

    /// For each bin that holds values, in ascending order: its largest value (at most the largest of all), and
    /// how many values are at or below it. Both are exact.
    pub fn cumulative(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let mut seen = 0;
        self.histogram.iter().flat_map(move |histogram| {
            let bins: Vec<(u64, u64)> = histogram
                .iter_recorded()
                .map(|bin| {
                    seen += bin.count_at_value();
                    let last = histogram.highest_equivalent(bin.value_iterated_to());
                    (last.min(self.largest), seen)
                })
                .collect();
            bins
        })
    }
}

fn empty() -> Histogram<u64> {
    Histogram::new(SIGNIFICANT_FIGURES)
        .unwrap_or_else(|_| unreachable!("1 to 5 significant figures are valid"))
}

impl Default for Bins {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for Bins {
    fn eq(&self, other: &Self) -> bool {
        self.histogram == other.histogram
            && self.sum == other.sum
            && self.sum_of_squares == other.sum_of_squares
            && self.smallest == other.smallest
            && self.largest == other.largest
    }
}

#[cfg(test)]
mod tests {
    use super::Bins;
    use proptest::prelude::*;

    fn filled(values: &[u64]) -> Bins {
        let mut bins = Bins::new();
        for &value in values {
            bins.add(value);
        }
        bins
    }

    #[test]
    fn small_values_are_exact_and_zero_is_a_value() {
        let bins = filled(&[0, 0, 7, 2_047, 3]);
        let sorted: Vec<_> = (0..=6).map(|rank| bins.at_rank(rank)).collect();
        assert_eq!(
            sorted,
            [None, Some(0), Some(0), Some(3), Some(7), Some(2_047), None]
        );
        assert_eq!((bins.count(), bins.sum()), (5, 2_057));
    }

    #[test]
    fn equal_values_answer_exactly_however_large() {
        let bins = filled(&[1_644_123; 9]);
        assert_eq!(bins.at_rank(5), Some(1_644_123));
        let bins = filled(&[u64::MAX; 3]);
        assert_eq!(bins.at_rank(2), Some(u64::MAX));
        assert_eq!(bins.sum(), 3 * u128::from(u64::MAX));
    }

    #[test]
    fn cumulative_counts_are_exact_at_the_ends_of_bins() {
        let values = [7, 7, 300, 1_000_000, 1_000_001, 1_000_900, 5_000_000];
        let cumulative: Vec<_> = filled(&values).cumulative().collect();
        assert_eq!(cumulative.last(), Some(&(5_000_000, 7)));
        for (value, count) in cumulative {
            let at_most = values.iter().filter(|&&v| v <= value).count() as u64;
            assert_eq!(count, at_most, "at {value}");
        }
        assert_eq!(Bins::new().cumulative().count(), 0);
    }

    proptest! {
        #[test]
        fn ranks_are_within_the_documented_error(mut values in prop::collection::vec(0..10_000_000_u64, 1..60)) {
            let bins = filled(&values);
            values.sort_unstable();
            for (rank, &exact) in (1_u64..).zip(&values) {
                let found = bins.at_rank(rank).unwrap();
                prop_assert!(found.abs_diff(exact) * 2_000 <= exact, "{found} for {exact}");
            }
        }

        #[test]
        fn merging_equals_adding_in_any_order(
            a in prop::collection::vec(any::<u64>(), 0..20),
            b in prop::collection::vec(0..5_000_u64, 0..20),
            c in prop::collection::vec(any::<u32>().prop_map(u64::from), 0..20),
        ) {
            let all = filled(&[a.clone(), b.clone(), c.clone()].concat());
            let (a, b, c) = (filled(&a), filled(&b), filled(&c));
            let mut left = a.clone();
            left.merge(&b);
            left.merge(&c);
            let mut right = c;
            right.merge(&b);
            right.merge(&a);
            prop_assert!(left == all);
            prop_assert!(right == all);
        }
    }
}
