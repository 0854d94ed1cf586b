//! Which samples an evaluation will look at.

use super::Program;
use super::nodes::{Context, first_step};
use crate::promql::head::TargetId;

/// Some series of one target, and the time interval in which their samples matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read<'a> {
    /// The target.
    pub target: TargetId,
    /// The columns, ascending.
    pub columns: &'a [u32],
    /// Samples at this time (milliseconds) don't matter, later ones do.
    pub after: i64,
    /// Samples up to and including this time matter.
    pub until: i64,
}

/// Where the steps of subqueries lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Steps {
    /// On multiples of their distance, as they do.
    Aligned,
    /// Anywhere: what holds for the same query at whichever time.
    Anywhere,
}

/// The reads of every selector at `time`.
pub(super) fn reads(program: &Program, time: i64, steps: Steps) -> impl Iterator<Item = Read<'_>> {
    program
        .selectors
        .iter()
        .filter_map(move |selector| {
            interval(program, selector.window, time, steps).map(|interval| (selector, interval))
        })
        .flat_map(|(selector, (after, until))| {
            selector
                .by_target
                .iter()
                .map(move |(target, columns)| Read {
                    target: *target,
                    columns,
                    after,
                    until,
                })
        })
}

fn interval(program: &Program, window: usize, query: i64, at: Steps) -> Option<(i64, i64)> {
    let shape = &program.windows[window];
    let (first, last) = steps(program, shape.context, query, at)?;
    let oldest = shape
        .shift
        .reference(first, query)
        .saturating_sub(shape.length);
    let edge = i64::from(program.profile.includes_older_edge());
    Some((
        oldest.saturating_sub(edge),
        shape.shift.reference(last, query),
    ))
}

/// First and last evaluation time of a context; `None` if there is none.
fn steps(program: &Program, context: usize, query: i64, at: Steps) -> Option<(i64, i64)> {
    match program.contexts[context] {
        Context::Query => Some((query, query)),
        Context::Subquery {
            parent,
            shift,
            range,
            step,
        } => {
            let (first, last) = steps(program, parent, query, at)?;
            if at == Steps::Anywhere {
                let start = shift.reference(first, query).saturating_sub(range);
                return Some((start, shift.reference(last, query)));
            }
            let edge = program.profile.includes_older_edge();
            let start = first_step(shift.reference(first, query), range, step, edge);
            let end = shift.reference(last, query);
            // The steps lie on multiples of the distance.
            let end = end.div_euclid(step).saturating_mul(step);
            (start <= end).then_some((start, end))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::promql::compiled::Program;
    use crate::promql::head::{SeriesDescriptor, TargetId, Universe};
    use crate::promql::labels::Labels;
    use crate::promql::parse::parse;
    use crate::promql::settings::Settings;

    #[test]
    fn the_widest_reads_hold_at_any_time() {
        let universe = Universe {
            series: vec![SeriesDescriptor {
                labels: Labels::new([("__name__", "up")]),
                target: TargetId(0),
                column: 0,
            }],
            widths: vec![1],
        };
        let query =
            "max_over_time(sum(rate(up[1m]))[3m:20s]) + sum_over_time(up[90s:7s] offset 1m)";
        let settings = Settings::default();
        let program = Program::compile(&parse(query).unwrap(), &universe, &settings).unwrap();
        let base = 1_000_000_000;
        let widest: Vec<_> = program.widest_reads(base).collect();
        let mut nearest = vec![i64::MAX; widest.len()];
        for ahead in 0..20_000 {
            let reads = program.reads(base + ahead);
            for (index, (read, widest)) in reads.zip(&widest).enumerate() {
                assert!(read.after - ahead >= widest.after && read.until - ahead <= widest.until);
                nearest[index] = nearest[index].min(read.after - ahead - widest.after);
            }
        }
        assert_eq!(nearest, [1, 1], "no wider than needed");
    }
}
