//! Sorting in the order of Go's `sort.Sort`, which is not stable: equal elements (and NaN) end up where the
//! steps of its pattern-defeating quicksort put them, so these steps are followed.

use super::error::EvalResult;

/// Up to this length elements are inserted one by one.
const INSERTION_LIMIT: usize = 12;
/// From this length on the pivot is taken among nine elements, and nearly sorted ranges are repaired.
const LONG: usize = 50;
/// Neighbours out of order that the repair of a nearly sorted range moves.
const REPAIRS: usize = 5;

/// Sorts by a comparison that may fail.
pub(super) fn sort<T>(
    items: &mut [T],
    less: impl Fn(&T, &T) -> EvalResult<bool>,
) -> EvalResult<()> {
    let limit = usize::BITS - items.len().leading_zeros();
    let end = items.len();
    Sorter { items, less }.quicksort(0, end, limit)
}

/// What the comparisons for the pivot say about the order.
#[derive(PartialEq)]
enum Hint {
    Unknown,
    Increasing,
    Decreasing,
}

struct Sorter<'a, T, F> {
    items: &'a mut [T],
    less: F,
}

impl<T, F: Fn(&T, &T) -> EvalResult<bool>> Sorter<'_, T, F> {
    fn less(&self, a: usize, b: usize) -> EvalResult<bool> {
        (self.less)(&self.items[a], &self.items[b])
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.items.swap(a, b);
    }

    /// Sorts the range; after `limit` bad pivots by a heap.
    fn quicksort(&mut self, mut start: usize, mut end: usize, mut limit: u32) -> EvalResult<()> {
        let (mut was_balanced, mut was_partitioned) = (true, true);
        loop {
            let length = end - start;
            if length <= INSERTION_LIMIT {
                return self.insertion(start, end);
            }
            if limit == 0 {
                return self.heap(start, end);
            }
            if !was_balanced {
                self.break_patterns(start, end);
                limit -= 1;
            }
            let (mut pivot, mut hint) = self.choose_pivot(start, end)?;
            if hint == Hint::Decreasing {
                self.items[start..end].reverse();
                pivot = (end - 1) - (pivot - start);
                hint = Hint::Increasing;
            }
            let looks_sorted = was_balanced && was_partitioned && hint == Hint::Increasing;
            if looks_sorted && self.repair(start, end)? {
                return Ok(());
            }
            // Everything here is at least as large as what stands before it: many equal elements.
            if start > 0 && !self.less(start - 1, pivot)? {
                start = self.partition_equal(start, end, pivot)?;
                continue;
            }
            let middle;
            (middle, was_partitioned) = self.partition(start, end, pivot)?;
            let (left, right) = (middle - start, end - middle);
            was_balanced = left.min(right) >= length / 8;
            if left < right {
                self.quicksort(start, middle, limit)?;
                start = middle + 1;
            } else {
                self.quicksort(middle + 1, end, limit)?;
                end = middle;
            }
        }
    }

    fn insertion(&mut self, start: usize, end: usize) -> EvalResult<()> {
        for next in start + 1..end {
            let mut at = next;
            while at > start && self.less(at, at - 1)? {
                self.swap(at, at - 1);
                at -= 1;
            }
        }
        Ok(())
    }

    fn heap(&mut self, start: usize, end: usize) -> EvalResult<()> {
        let length = end - start;
        for root in (0..=(length - 1) / 2).rev() {
            self.sift_down(root, length, start)?;
        }
        for last in (0..length).rev() {
            self.swap(start, start + last);
            self.sift_down(0, last, start)?;
        }
        Ok(())
    }

    fn sift_down(&mut self, mut root: usize, length: usize, first: usize) -> EvalResult<()> {
        loop {
            let mut child = 2 * root + 1;
            if child >= length {
                return Ok(());
            }
            if child + 1 < length && self.less(first + child, first + child + 1)? {
                child += 1;
            }
            if !self.less(first + root, first + child)? {
                return Ok(());
            }
            self.swap(first + root, first + child);
            root = child;
        }
    }

    /// Puts what is less than the pivot before it and the rest after it; also whether it was so already.
    fn partition(&mut self, start: usize, end: usize, pivot: usize) -> EvalResult<(usize, bool)> {
        self.swap(start, pivot);
        // Elements from `low` to before `high` have no place yet.
        let (mut low, mut high) = (start + 1, end);
        let mut swapped = false;
        loop {
            while low < high && self.less(low, start)? {
                low += 1;
            }
            while low < high && !self.less(high - 1, start)? {
                high -= 1;
            }
            if low >= high {
                break;
            }
            self.swap(low, high - 1);
            swapped = true;
            low += 1;
            high -= 1;
        }
        self.swap(high - 1, start);
        Ok((high - 1, !swapped))
    }

    /// Puts what equals the pivot first; gives the end of that part.
    fn partition_equal(&mut self, start: usize, end: usize, pivot: usize) -> EvalResult<usize> {
        self.swap(start, pivot);
        let (mut low, mut high) = (start + 1, end);
        loop {
            while low < high && !self.less(start, low)? {
                low += 1;
            }
            while low < high && self.less(start, high - 1)? {
                high -= 1;
            }
            if low >= high {
                return Ok(low);
            }
            self.swap(low, high - 1);
            low += 1;
            high -= 1;
        }
    }

    /// Whether the range is sorted, after a few neighbours have been moved if it is long.
    fn repair(&mut self, start: usize, end: usize) -> EvalResult<bool> {
        let mut at = start + 1;
        for _ in 0..REPAIRS {
            while at < end && !self.less(at, at - 1)? {
                at += 1;
            }
            if at == end {
                return Ok(true);
            }
            if end - start < LONG {
                return Ok(false);
            }
            self.swap(at, at - 1);
            if at - start >= 2 {
                for down in (1..at).rev() {
                    if !self.less(down, down - 1)? {
                        break;
                    }
                    self.swap(down, down - 1);
                }
            }
            if end - at >= 2 {
                for up in at + 1..end {
                    if !self.less(up, up - 1)? {
                        break;
                    }
                    self.swap(up, up - 1);
                }
            }
        }
        Ok(false)
    }

    /// Moves three elements to places that depend on the length alone.
    fn break_patterns(&mut self, start: usize, end: usize) {
        let length = end - start;
        let mut random = length as u64;
        let modulus = 1usize << (usize::BITS - length.leading_zeros());
        let middle = start + length / 4 * 2;
        for index in middle - 1..=middle + 1 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let drawn = usize::try_from(random & (modulus as u64 - 1)).unwrap_or(0);
            let other = if drawn >= length {
                drawn - length
            } else {
                drawn
            };
            self.swap(index, start + other);
        }
    }

    fn choose_pivot(&self, start: usize, end: usize) -> EvalResult<(usize, Hint)> {
        let quarter = (end - start) / 4;
        let mut swaps = 0;
        let [mut low, mut middle, mut high] = [1, 2, 3].map(|part| start + quarter * part);
        if end - start >= LONG {
            for at in [&mut low, &mut middle, &mut high] {
                *at = self.median(*at - 1, *at, *at + 1, &mut swaps)?;
            }
        }
        let pivot = self.median(low, middle, high, &mut swaps)?;
        Ok((
            pivot,
            match swaps {
                0 => Hint::Increasing,
                12 => Hint::Decreasing,
                _ => Hint::Unknown,
            },
        ))
    }

    fn median(
        &self,
        mut a: usize,
        mut b: usize,
        mut c: usize,
        swaps: &mut usize,
    ) -> EvalResult<usize> {
        let mut order = |low: &mut usize, high: &mut usize| -> EvalResult<()> {
            if self.less(*high, *low)? {
                *swaps += 1;
                std::mem::swap(low, high);
            }
            Ok(())
        };
        order(&mut a, &mut b)?;
        order(&mut b, &mut c)?;
        order(&mut a, &mut b)?;
        Ok(b)
    }
}

#[cfg(test)]
mod tests {
    use super::sort;

    #[test]
    fn long_lists_of_every_shape_are_sorted() {
        for length in [0, 1, 12, 13, 49, 50, 200, 1000] {
            for shape in 0..5 {
                let mut items: Vec<usize> = (0..length)
                    .map(|index| match shape {
                        0 => index,
                        1 => length - index,
                        2 => index % 3,
                        3 => index * 7919 % 1009,
                        _ => index ^ 0x2a,
                    })
                    .collect();
                let mut wanted = items.clone();
                wanted.sort_unstable();
                sort(&mut items, |a, b| Ok(a < b)).unwrap();
                assert_eq!(items, wanted);
            }
        }
    }
}
