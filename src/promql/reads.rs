//! The stretches of time whose samples a query reads, whatever series there are.

use super::ast::{At, Expr, ExprKind, TimeShift, VectorSelector};
use super::settings::Settings;

/// What one selector of a query reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SelectorRead<'e> {
    /// The selector.
    pub selector: &'e VectorSelector,
    /// Samples at this time (milliseconds) don't matter, later ones do.
    pub after: i64,
    /// Samples up to and including this time matter.
    pub until: i64,
}

/// What each selector reads when the query is evaluated at `time` (milliseconds), in the order written. Steps
/// of subqueries are taken to lie anywhere in their window.
pub fn reads<'e>(expr: &'e Expr, time: i64, settings: &Settings) -> Vec<SelectorRead<'e>> {
    let mut walk = Walk {
        query: time,
        settings: *settings,
        found: Vec::new(),
    };
    walk.collect(expr, (time, time));
    walk.found
}

/// The shortest stretch of time that holds everything a query reads, as in [`SelectorRead`]; none if it reads
/// nothing.
pub fn window(expr: &Expr, time: i64, settings: &Settings) -> Option<(i64, i64)> {
    reads(expr, time, settings)
        .iter()
        .map(|read| (read.after, read.until))
        .reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)))
}

struct Walk<'e> {
    query: i64,
    settings: Settings,
    found: Vec<SelectorRead<'e>>,
}

impl<'e> Walk<'e> {
    /// Looks at an expression that is evaluated at times from the first to the second of `steps`.
    fn collect(&mut self, expr: &'e Expr, steps: (i64, i64)) {
        match &expr.kind {
            ExprKind::Number(_) | ExprKind::Duration(_) | ExprKind::String(_) => {}
            ExprKind::VectorSelector(selector) => {
                self.selector(selector, self.settings.lookback_ms, steps);
            }
            ExprKind::MatrixSelector {
                selector, range, ..
            } => self.selector(selector, range.millis, steps),
            ExprKind::Subquery {
                expr, range, at, ..
            } => {
                let first = self.reference(at, steps.0).saturating_sub(range.millis);
                let last = self.reference(at, steps.1);
                self.collect(expr, (first, last));
            }
            ExprKind::Paren(expr) | ExprKind::Unary { expr, .. } => self.collect(expr, steps),
            ExprKind::Binary(binary) => {
                self.collect(&binary.left, steps);
                self.collect(&binary.right, steps);
            }
            ExprKind::Aggregate(aggregate) => {
                for expr in aggregate.param.iter().chain([&aggregate.expr]) {
                    self.collect(expr, steps);
                }
            }
            ExprKind::Call { args, .. } => {
                for expr in args {
                    self.collect(expr, steps);
                }
            }
        }
    }

    fn selector(&mut self, selector: &'e VectorSelector, length: i64, steps: (i64, i64)) {
        let edge = i64::from(self.settings.profile.includes_older_edge());
        let oldest = self.reference(&selector.at, steps.0).saturating_sub(length);
        self.found.push(SelectorRead {
            selector,
            after: oldest.saturating_sub(edge),
            until: self.reference(&selector.at, steps.1),
        });
    }

    fn reference(&self, shift: &TimeShift, time: i64) -> i64 {
        let base = match shift.at {
            None => time,
            Some(At::Millis(at)) => at,
            Some(At::Start | At::End) => self.query,
        };
        base.saturating_sub(shift.offset.as_ref().map_or(0, |offset| offset.millis))
    }
}

#[cfg(test)]
mod tests {
    use super::window;
    use crate::promql::parse::parse;
    use crate::promql::settings::{Profile, Settings};

    #[test]
    fn a_query_reads_its_windows() {
        let cases = [
            ("up", Some((-200_000, 100_000))),
            ("rate(x[2m])", Some((-20_000, 100_000))),
            (
                "rate(x[1m] offset 30s) / rate(x[10s])",
                Some((10_000, 100_000)),
            ),
            (
                "max_over_time(rate(x[1m])[2m:5s])",
                Some((-80_000, 100_000)),
            ),
            ("rate(x[1m] @ 50)", Some((-10_000, 50_000))),
            (
                "topk(scalar(n), rate(x[1m] @ end()))",
                Some((-200_000, 100_000)),
            ),
            ("vector(time())", None),
        ];
        let settings = Settings::default();
        for (query, expected) in cases {
            let expr = parse(query).unwrap();
            assert_eq!(window(&expr, 100_000, &settings), expected, "{query}");
        }
        let closed = Settings {
            profile: Profile::V2,
            ..settings
        };
        let expr = parse("rate(x[2m])").unwrap();
        assert_eq!(window(&expr, 100_000, &closed), Some((-20_001, 100_000)));
    }
}
