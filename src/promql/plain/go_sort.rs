//! Orders of values with NaN and ties as the real engine leaves them.
//!
//! Go sorts up to twelve elements by insertion, which fixes the order of ties and of several NaN. Longer
//! lists keep ties in their order here; the real engine's order of them is arbitrary.

/// Which values come first. NaN comes last in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::promql) enum Direction {
    Ascending,
    Descending,
}

impl Direction {
    /// The engine's "less" for the reversed order: NaN is less than everything, itself included.
    fn is_before_in_reverse(self, a: f64, b: f64) -> bool {
        a.is_nan()
            || match self {
                Self::Ascending => a > b,
                Self::Descending => a < b,
            }
    }
}

/// Sorts by a value, NaN last.
pub(in crate::promql) fn sort<T>(items: &mut [T], direction: Direction, value: impl Fn(&T) -> f64) {
    if items.len() > 12 {
        sort_stably(items, |a, b| {
            let (a, b) = (value(a), value(b));
            match direction {
                _ if a.is_nan() || b.is_nan() => !a.is_nan() && b.is_nan(),
                Direction::Ascending => a < b,
                Direction::Descending => a > b,
            }
        });
        return;
    }
    for end in 1..items.len() {
        let mut index = end;
        while index > 0
            && direction.is_before_in_reverse(value(&items[index - 1]), value(&items[index]))
        {
            items.swap(index, index - 1);
            index -= 1;
        }
    }
}

/// Insertion sort: stable, and unlike the standard library's it allocates nothing.
fn sort_stably<T>(items: &mut [T], is_before: impl Fn(&T, &T) -> bool) {
    for end in 1..items.len() {
        let place = items[..end].partition_point(|item| !is_before(&items[end], item));
        items[place..=end].rotate_right(1);
    }
}

/// Keeps the best `limit` values, as a binary heap with the worst on top, which decides between ties.
pub(in crate::promql) struct BestOf {
    direction: Direction,
    limit: usize,
    heap: Vec<(usize, f64)>,
}

impl BestOf {
    /// `Descending` keeps the largest values, `Ascending` the smallest.
    pub fn new(direction: Direction, limit: usize) -> Self {
        Self::in_memory(direction, limit, Vec::new())
    }

    /// The same in memory that [`BestOf::into_sorted`] has given back.
    pub fn in_memory(direction: Direction, limit: usize, mut heap: Vec<(usize, f64)>) -> Self {
        heap.clear();
        Self {
            direction,
            limit,
            heap,
        }
    }

    pub fn offer(&mut self, item: (usize, f64)) {
        if self.heap.len() < self.limit {
            self.heap.push(item);
            self.sift_up();
            return;
        }
        let Some(worst) = self.heap.first_mut() else {
            return;
        };
        let better = match self.direction {
            Direction::Descending => worst.1 < item.1,
            Direction::Ascending => worst.1 > item.1,
        };
        if better || worst.1.is_nan() && !item.1.is_nan() {
            *worst = item;
            self.sift_down();
        }
    }

    /// The kept items, best first.
    pub fn into_sorted(mut self) -> Vec<(usize, f64)> {
        sort(&mut self.heap, self.direction, |item| item.1);
        self.heap
    }

    fn is_worse(&self, a: usize, b: usize) -> bool {
        let (a, b) = (self.heap[a].1, self.heap[b].1);
        self.direction.is_before_in_reverse(a, b)
    }

    fn sift_up(&mut self) {
        let mut index = self.heap.len() - 1;
        while index > 0 {
            let parent = (index - 1) / 2;
            if !self.is_worse(index, parent) {
                break;
            }
            self.heap.swap(index, parent);
            index = parent;
        }
    }

    fn sift_down(&mut self) {
        let mut index = 0;
        loop {
            let left = 2 * index + 1;
            if left >= self.heap.len() {
                break;
            }
            let right = left + 1;
            let child = if right < self.heap.len() && self.is_worse(right, left) {
                right
            } else {
                left
            };
            if !self.is_worse(child, index) {
                break;
            }
            self.heap.swap(child, index);
            index = child;
        }
    }
}
