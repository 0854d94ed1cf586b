//! The samples that compiled queries read: dense rows, one for each scrape of a target.
//!
//! A *target* is what Prometheus scrapes in one go: all its series share the sample times. The *universe*
//! lists every series that can ever exist, each as one column of one target; it is fixed before the first
//! replication. A row holds one `f64` per column: a value, or [`STALE`] where the series was missing from
//! that scrape (or the scrape failed), or [`HOLE`] where there is neither sample nor marker.

use super::labels::Labels;

/// Prometheus' staleness marker (`model/value`: `StaleNaN`). Before a series' first sample it stands for
/// "not there yet", which a query can't tell from a marker.
pub const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// No sample and no marker: exporters with own timestamps leave such gaps.
pub const HOLE: f64 = f64::from_bits(0x7ff0_0000_0000_0003);

/// Whether a cell holds a sample (NaN is one, [`STALE`] and [`HOLE`] aren't).
pub fn is_sample(value: f64) -> bool {
    !matches!(
        value.to_bits(),
        0x7ff0_0000_0000_0002 | 0x7ff0_0000_0000_0003
    )
}

/// Whether a cell holds a staleness marker.
pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE.to_bits()
}

/// Index of a target in the universe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetId(pub u32);

/// One series that can exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesDescriptor {
    /// All its labels, the metric's name included.
    pub labels: Labels,
    /// The target that exports it.
    pub target: TargetId,
    /// Its column in that target's rows.
    pub column: u32,
}

/// Every series that can exist in a scenario, sorted by labels.
#[derive(Clone, Debug, Default)]
pub struct Universe {
    /// The series.
    pub series: Vec<SeriesDescriptor>,
    /// Number of columns of each target's rows.
    pub widths: Vec<u32>,
}

/// The samples of one target that have been drawn so far, oldest first.
///
/// Times increase strictly. Rows that no query will read may be left out; whoever fills the head
/// guarantees that every scrape inside a window that is read has its row.
#[derive(Clone, Debug, Default)]
pub struct TargetSamples {
    /// Sample times in milliseconds.
    pub times: Vec<i64>,
    /// `times.len() × width` cells, row after row.
    pub cells: Vec<f64>,
    /// Columns of a row.
    pub width: usize,
    /// One for each row; none of rows that are too wide.
    marks: Vec<RowMarks>,
}

/// Columns as a set of bits, the first column lowest; columns from the 65th on are never members.
pub type ColumnSet = u64;

/// What is known of a row.
#[derive(Clone, Copy, Debug)]
struct RowMarks {
    /// Columns with a sample.
    samples: ColumnSet,
    /// Columns whose value is lower than in the row before.
    falls: ColumnSet,
}

impl TargetSamples {
    /// No samples yet, of rows with `width` columns.
    pub fn new(width: usize) -> Self {
        Self {
            width,
            ..Self::default()
        }
    }

    /// Adds the row of a scrape at `time`, which holds a cell for each column.
    pub fn push(&mut self, time: i64, row: &[f64]) {
        debug_assert_eq!(row.len(), self.width, "a cell for each column");
        self.times.push(time);
        self.cells.extend_from_slice(row);
        self.mark_last();
    }

    /// Adds a row at `time` that is `value` but for what `fill` writes into it.
    pub fn push_filled(&mut self, time: i64, value: f64, fill: impl FnOnce(&mut [f64])) {
        let start = self.cells.len();
        self.times.push(time);
        self.cells.resize(start + self.width, value);
        fill(&mut self.cells[start..]);
        self.mark_last();
    }

    /// Moves rows of another target's samples, which are later than all here, to the end.
    pub fn take_rows(&mut self, from: &mut Self, rows: std::ops::Range<usize>) {
        let cells = rows.start * from.width..rows.end * from.width;
        self.cells.extend(from.cells.drain(cells));
        if !from.marks.is_empty() {
            self.marks.extend(from.marks.drain(rows.clone()));
        }
        self.times.extend(from.times.drain(rows));
    }

    fn mark_last(&mut self) {
        if self.width <= ColumnSet::BITS as usize {
            let start = self.cells.len() - self.width;
            let (earlier, row) = self.cells.split_at(start);
            let before = &earlier[start.saturating_sub(self.width)..];
            self.marks.push(marks_of(before, row));
        }
    }

    /// The columns that have a sample in each of these rows, and those of them that never fall from one row
    /// to the next. Leaves out columns of rows that are too wide.
    pub fn steady(&self, rows: std::ops::Range<usize>) -> (ColumnSet, ColumnSet) {
        let Some([first, others @ ..]) = self.marks.get(rows) else {
            return (0, 0);
        };
        let (mut complete, mut falls) = (first.samples, 0);
        for row in others {
            complete &= row.samples;
            falls |= row.falls;
        }
        (complete, complete & !falls)
    }

    /// The cells of row `index`.
    pub fn row(&self, index: usize) -> &[f64] {
        &self.cells[index * self.width..(index + 1) * self.width]
    }

    /// Forgets all samples but keeps the memory.
    pub fn clear(&mut self) {
        self.times.clear();
        self.cells.clear();
        self.marks.clear();
    }
}

/// The marks of a row after the one before, which is empty for the first.
fn marks_of(before: &[f64], row: &[f64]) -> RowMarks {
    // Most often all values are there and none is lower than before. (A sample that is NaN compares as
    // little as a cell without one.)
    #[expect(
        clippy::needless_bitwise_bool,
        reason = "without branches the comparisons are done several at a time"
    )]
    let none_falls =
        (row.iter().zip(before)).fold(true, |all, (value, before)| all & (value >= before));
    let ordinary = before.len() == row.len() && none_falls;
    if ordinary {
        return RowMarks {
            samples: ColumnSet::MAX,
            falls: 0,
        };
    }
    let mut marks = RowMarks {
        samples: 0,
        falls: 0,
    };
    for (column, &value) in row.iter().enumerate() {
        marks.samples |= ColumnSet::from(is_sample(value)) << column;
    }
    for (column, (value, before)) in row.iter().zip(before).enumerate() {
        marks.falls |= ColumnSet::from(value < before) << column;
    }
    marks
}

/// The samples of all targets, indexed by [`TargetId`].
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// One entry per target of the universe.
    pub targets: Vec<TargetSamples>,
}
