//! What follows an expression: ranges and subqueries in brackets, `offset`, `@`.

use super::{Context, Node, Parsed, Parser, context};
use crate::promql::ast::{At, BinaryOp, DurationExpr, Expr, ExprKind, TimeShift};
use crate::promql::lex::{Keyword, Preprocessor, Token, TokenKind};

const OFFSET: Context = context("offset", "number, duration, step(), or range()");
const AT: Context = context("@", "timestamp");
const RANGE: Context = context(
    "subquery or range selector",
    "number, duration, step(), or range()",
);
const RANGE_END: Context = context("subquery or range", "\":\" or \"]\"");
const STEP: Context = context(
    "subquery selector",
    "number, duration, step(), range(), or \"]\"",
);
const STEP_END: Context = context("subquery selector", "\"]\"");

impl Parser<'_> {
    /// `left` with the modifier that comes next.
    pub(super) fn modified(&mut self, left: Node) -> Parsed<Node> {
        let token = self.take()?;
        match token.kind {
            TokenKind::LeftBracket => self.bracketed(left, token),
            TokenKind::At => self.timestamped(left),
            TokenKind::Keyword(Keyword::Anchored) => Err(self.error(
                left.expr.span.start,
                "anchored modifier is experimental and not enabled",
            )),
            TokenKind::Keyword(Keyword::Smoothed) => Err(self.error(
                left.expr.span.start,
                "smoothed modifier is experimental and not enabled",
            )),
            _ => self.offset(left),
        }
    }

    fn bracketed(&mut self, left: Node, open: Token) -> Parsed<Node> {
        let range = self.within(RANGE, Self::positive_duration)?;
        let separator = self.within(RANGE_END, |parser| {
            if let Some(colon) = parser.take_if(TokenKind::Colon)? {
                return Ok(colon);
            }
            parser.expect(TokenKind::RightBracket)
        })?;
        let start = left.expr.span.start;
        if separator.kind == TokenKind::RightBracket {
            let range = self.finish_duration(range, false);
            let kind = self.matrix_selector(left.expr, open, range)?;
            let span = start..separator.end;
            return Ok(Node {
                expr: Expr { kind, span },
                depth: left.depth,
            });
        }
        let step = self.within(STEP, |parser| {
            if parser.peek()?.kind == TokenKind::RightBracket {
                return Ok(None);
            }
            let step = parser.positive_duration()?;
            parser.contexts.push(STEP_END);
            if parser.peek()?.kind != TokenKind::RightBracket {
                return Err(parser.unexpected());
            }
            parser.contexts.pop();
            Ok(Some(step))
        })?;
        let close = self.take()?;
        let step = step.and_then(|step| self.finish_duration(step, false));
        let range = self.finish_duration(range, false);
        if let Some(step) = &step
            && step.millis == 0
        {
            self.refuse("a subquery step below one millisecond", step.span.clone());
        }
        let kind = ExprKind::Subquery {
            expr: Box::new(left.expr),
            range: range.unwrap_or_else(|| below_one_nanosecond(open)),
            step,
            at: TimeShift::default(),
        };
        Ok(Node {
            expr: Expr {
                kind,
                span: start..close.end,
            },
            depth: left.depth + 1,
        })
    }

    fn matrix_selector(
        &self,
        operand: Expr,
        open: Token,
        range: Option<DurationExpr>,
    ) -> Parsed<ExprKind> {
        let ExprKind::VectorSelector(selector) = operand.kind else {
            return Err(self.error(open.start, "ranges only allowed for vector selectors"));
        };
        if selector.at.offset.is_some() {
            return Err(self.error(open.start, "no offset modifiers allowed before range"));
        }
        if selector.at.at.is_some() {
            return Err(self.error(open.start, "no @ modifiers allowed before range"));
        }
        Ok(ExprKind::MatrixSelector {
            selector,
            selector_span: operand.span,
            range: range.unwrap_or_else(|| below_one_nanosecond(open)),
        })
    }

    fn offset(&mut self, mut left: Node) -> Parsed<Node> {
        let duration = self.within(OFFSET, Self::offset_duration)?;
        let computed_or_not_zero = self.finish_duration(duration, true);
        let start = left.expr.span.start;
        let Some(at) = time_shift(&mut left.expr) else {
            return Err(self.error(
                start,
                "offset modifier must be preceded by an instant vector selector or range vector \
                 selector or a subquery",
            ));
        };
        if at.offset.is_some() {
            return Err(self.error(start, "offset may not be set multiple times"));
        }
        at.offset = computed_or_not_zero;
        left.expr.span.end = self.last_end;
        Ok(left)
    }

    fn timestamped(&mut self, mut left: Node) -> Parsed<Node> {
        let start = left.expr.span.start;
        let (at, text) = self.within(AT, Self::timestamp)?;
        if let Some(text) = text {
            return Err(self.error(start, text));
        }
        let Some(shift) = time_shift(&mut left.expr) else {
            return Err(self.error(
                start,
                "@ modifier must be preceded by an instant vector selector or range vector \
                 selector or a subquery",
            ));
        };
        if shift.at.is_some() {
            return Err(self.error(start, "@ <timestamp> may not be set multiple times"));
        }
        shift.at = Some(at);
        left.expr.span.end = self.last_end;
        Ok(left)
    }

    /// What stands behind `@`, and the error if it is out of bounds.
    fn timestamp(&mut self) -> Parsed<(At, Option<String>)> {
        if let Some(word) = self.peek_start_or_end()? {
            self.take()?;
            self.expect(TokenKind::LeftParen)?;
            self.expect(TokenKind::RightParen)?;
            let at = match word {
                Preprocessor::Start => At::Start,
                _ => At::End,
            };
            return Ok((at, None));
        }
        let mut negative = false;
        if let TokenKind::Operator(op @ (BinaryOp::Add | BinaryOp::Sub)) = self.peek()?.kind {
            self.take()?;
            negative = op == BinaryOp::Sub;
        }
        let token = self.peek()?;
        let value = match token.kind {
            TokenKind::Number => self.take().and_then(|token| self.number(token))?,
            TokenKind::Duration => self.take().and_then(|token| self.duration_seconds(token))?,
            _ => return Err(self.unexpected()),
        };
        let seconds = if negative { -value } else { value };
        Ok(at_seconds(seconds))
    }
}

/// A range so short that Prometheus rounds it to nothing.
fn below_one_nanosecond(open: Token) -> DurationExpr {
    DurationExpr {
        millis: 0,
        computed: false,
        text: "0s".to_owned(),
        span: open.end..open.end,
    }
}

fn at_seconds(seconds: f64) -> (At, Option<String>) {
    const LIMIT: f64 = (1_u64 << 63) as f64;
    if !(seconds > -LIMIT && seconds < LIMIT) {
        let shown = match seconds {
            f64::INFINITY => "+Inf".to_owned(),
            f64::NEG_INFINITY => "-Inf".to_owned(),
            _ if seconds.is_nan() => "NaN".to_owned(),
            _ => format!("{seconds:.6}"),
        };
        let text = format!("timestamp out of bounds for @ modifier: {shown}");
        return (At::Millis(0), Some(text));
    }
    let millis = (seconds * 1000.0).round();
    // Go's conversion on amd64: what doesn't fit becomes the smallest number.
    #[expect(clippy::cast_possible_truncation, reason = "checked in the condition")]
    let millis = if millis.abs() < LIMIT {
        millis as i64
    } else {
        i64::MIN
    };
    (At::Millis(millis), None)
}

/// The modifiers of a selector or subquery; nothing else has any.
fn time_shift(expr: &mut Expr) -> Option<&mut TimeShift> {
    match &mut expr.kind {
        ExprKind::VectorSelector(selector) | ExprKind::MatrixSelector { selector, .. } => {
            Some(&mut selector.at)
        }
        ExprKind::Subquery { at, .. } => Some(at),
        _ => None,
    }
}
