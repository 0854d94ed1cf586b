//! Lengths of time in ranges, subqueries and offsets: literals, and arithmetic on them since 3.14.
//!
//! The grammar treats `offset` specially: it takes a single signed literal, so that `x offset -2^2` is
//! `(x offset -2)^2`, but goes on with arithmetic behind a parenthesis.

use super::error::DurationProblem;
use super::{Parsed, Parser};
use crate::promql::ast::{BinaryOp, DurationExpr, Span};
use crate::promql::lex::{Preprocessor, Token, TokenKind};
use crate::promql::notation;

const LOWEST: u8 = 1;
const POWER: u8 = 3;
/// Durations are 64-bit nanoseconds; this is where they end, in seconds.
const LIMIT_SECONDS: f64 = (1_u64 << 63) as f64 / 1e9;

/// A duration, or an operation on durations.
#[derive(Debug)]
pub(super) struct Duration {
    form: Form,
    /// In seconds.
    seconds: f64,
    span: Span,
    /// Why `seconds` is meaningless.
    problem: Option<DurationProblem>,
}

#[derive(Debug)]
enum Form {
    /// Written with units, or as a bare number of seconds.
    Literal { units: bool },
    /// Anything else, and how it is printed.
    Computed { text: String, parentheses: bool },
}

impl Duration {
    fn computed(text: String, seconds: f64, span: Span) -> Self {
        Duration {
            form: Form::Computed {
                text,
                parentheses: false,
            },
            seconds,
            span,
            problem: None,
        }
    }

    fn text(&self) -> String {
        match &self.form {
            Form::Literal { units: false } => notation::format_float(self.seconds),
            Form::Literal { units: true } => {
                let sign = if self.seconds < 0.0 { "-" } else { "" };
                let millis = to_int(self.seconds.abs() * 1e9) / 1_000_000;
                format!("{sign}{}", notation::format_duration(millis))
            }
            Form::Computed {
                text,
                parentheses: true,
            } => format!("({text})"),
            Form::Computed { text, .. } => text.clone(),
        }
    }

    /// Puts parentheses around it; a second pair doesn't show.
    fn wrapped(mut self, start: usize) -> Self {
        match &mut self.form {
            Form::Computed { parentheses, .. } => *parentheses = true,
            Form::Literal { .. } => {
                self.span.start = start;
                self.form = Form::Computed {
                    text: self.text(),
                    parentheses: true,
                };
            }
        }
        self
    }

    fn signed(mut self, sign: Token) -> Self {
        let negative = sign.kind == TokenKind::Operator(BinaryOp::Sub);
        match &self.form {
            Form::Literal { .. } => self.span.start = sign.start,
            Form::Computed { .. } if negative => {
                self.span.start = sign.start;
                self.form = Form::Computed {
                    text: format!("-{}", self.text()),
                    parentheses: false,
                };
            }
            Form::Computed { .. } => {}
        }
        if negative {
            self.seconds = -self.seconds;
        }
        self
    }

    /// The literal's value, if it is one.
    fn literal(&self) -> Option<f64> {
        matches!(self.form, Form::Literal { .. }).then_some(self.seconds)
    }
}

/// Go's conversion to a 64-bit integer on amd64.
fn to_int(value: f64) -> i64 {
    const LIMIT: f64 = (1_u64 << 63) as f64;
    if (-LIMIT..LIMIT).contains(&value) {
        #[expect(clippy::cast_possible_truncation, reason = "checked just above")]
        return value as i64;
    }
    i64::MIN
}

fn out_of_range(seconds: f64) -> bool {
    !(-LIMIT_SECONDS..=LIMIT_SECONDS).contains(&seconds) && !seconds.is_nan()
}

fn precedence(kind: TokenKind) -> Option<(BinaryOp, u8)> {
    let TokenKind::Operator(op) = kind else {
        return None;
    };
    match op {
        BinaryOp::Add | BinaryOp::Sub => Some((op, LOWEST)),
        BinaryOp::Mul | BinaryOp::Div | BinaryOp::Mod => Some((op, 2)),
        BinaryOp::Pow => Some((op, POWER)),
        _ => None,
    }
}

fn is_sign(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Operator(BinaryOp::Add | BinaryOp::Sub))
}

impl Parser<'_> {
    /// The length of a range or the step of a subquery: positive.
    pub(super) fn positive_duration(&mut self) -> Parsed<Duration> {
        let duration = self.duration(LOWEST)?;
        if duration.literal().is_some_and(|seconds| seconds <= 0.0) {
            // The generated parser looks one token ahead before it checks.
            self.peek()?;
            return Err(self.error(duration.span.start, "duration must be greater than 0"));
        }
        Ok(duration)
    }

    /// What stands behind `offset`.
    pub(super) fn offset_duration(&mut self) -> Parsed<Duration> {
        let token = self.peek()?;
        match token.kind {
            TokenKind::LeftParen => self.duration(LOWEST),
            kind if is_sign(kind) => {
                self.take()?;
                self.signed_offset(token)
            }
            _ => self.duration_operand(),
        }
    }

    fn signed_offset(&mut self, sign: Token) -> Parsed<Duration> {
        let token = self.peek()?;
        match token.kind {
            TokenKind::Number | TokenKind::Duration => {
                let literal = self.duration_literal()?.signed(sign);
                if out_of_range(literal.seconds) {
                    return Err(self.error(sign.start, "duration out of range"));
                }
                Ok(literal)
            }
            TokenKind::LeftParen => {
                self.take()?;
                let inner = self.duration(LOWEST)?;
                self.expect(TokenKind::RightParen)?;
                let start = inner.span.start;
                Ok(inner.wrapped(start).signed(sign))
            }
            TokenKind::Preprocessor(word) => {
                let mut operand = self.preprocessed_duration(word)?.signed(sign);
                operand.span.start = sign.start;
                self.require_arithmetic(sign.start)?;
                Ok(operand)
            }
            _ => {
                let operand = self.duration(POWER)?.signed(sign);
                self.duration_operators(operand, LOWEST)
            }
        }
    }

    fn duration(&mut self, minimum: u8) -> Parsed<Duration> {
        self.nested(|parser| {
            let left = parser.duration_operand()?;
            parser.duration_operators(left, minimum)
        })
    }

    fn duration_operators(&mut self, mut left: Duration, minimum: u8) -> Parsed<Duration> {
        while let Some((op, level)) = precedence(self.peek()?.kind)
            && level >= minimum
        {
            let operator = self.take()?;
            let right = self.duration(if op == BinaryOp::Pow {
                level
            } else {
                level + 1
            })?;
            left = self.duration_arithmetic(left, operator, op, right)?;
        }
        Ok(left)
    }

    fn duration_operand(&mut self) -> Parsed<Duration> {
        let token = self.peek()?;
        match token.kind {
            TokenKind::Number | TokenKind::Duration => {
                let literal = self.duration_literal()?;
                if out_of_range(literal.seconds) {
                    return Err(self.error(token.start, "duration out of range"));
                }
                Ok(literal)
            }
            kind if is_sign(kind) => {
                self.take()?;
                Ok(self.duration(POWER)?.signed(token))
            }
            TokenKind::LeftParen => {
                self.take()?;
                let inner = self.duration(LOWEST)?;
                self.expect(TokenKind::RightParen)?;
                self.require_arithmetic(inner.span.start)?;
                Ok(inner.wrapped(token.start))
            }
            TokenKind::Preprocessor(word) => {
                let duration = self.preprocessed_duration(word)?;
                self.require_arithmetic(duration.span.start)?;
                Ok(duration)
            }
            _ => Err(self.unexpected()),
        }
    }

    fn duration_literal(&mut self) -> Parsed<Duration> {
        let token = self.take()?;
        let units = token.kind == TokenKind::Duration;
        let seconds = if units {
            self.duration_seconds(token)?
        } else {
            self.number(token)?
        };
        Ok(Duration {
            form: Form::Literal { units },
            seconds,
            span: token.start..token.end,
            problem: None,
        })
    }

    /// `step()`, `range()`, `max_of(a, b)`, `min_of(a, b)`.
    fn preprocessed_duration(&mut self, word: Preprocessor) -> Parsed<Duration> {
        let name = match word {
            Preprocessor::Start | Preprocessor::End => return Err(self.unexpected()),
            Preprocessor::Step => "step",
            Preprocessor::Range => "range",
            Preprocessor::MaxOf => "max_of",
            Preprocessor::MinOf => "min_of",
        };
        let start = self.take()?.start;
        self.expect(TokenKind::LeftParen)?;
        if matches!(word, Preprocessor::Step | Preprocessor::Range) {
            let close = self.expect(TokenKind::RightParen)?;
            let millis = match word {
                Preprocessor::Step => self.options.step_millis,
                _ => self.options.range_millis,
            };
            let seconds = millis as f64 / 1000.0;
            return Ok(Duration::computed(
                format!("{name}()"),
                seconds,
                start..close.end,
            ));
        }
        let left = self.duration(LOWEST)?;
        self.expect(TokenKind::Comma)?;
        let right = self.duration(LOWEST)?;
        self.expect(TokenKind::RightParen)?;
        let (a, b) = (left.seconds, right.seconds);
        let seconds = match word {
            _ if a.is_nan() || b.is_nan() => f64::NAN,
            Preprocessor::MaxOf => a.max(b),
            _ => a.min(b),
        };
        let text = format!("{name}({}, {})", left.text(), right.text());
        let mut result = Duration::computed(text, seconds, left.span.start..right.span.end);
        result.problem = left.problem.or(right.problem);
        Ok(result)
    }

    fn duration_arithmetic(
        &mut self,
        left: Duration,
        operator: Token,
        op: BinaryOp,
        right: Duration,
    ) -> Parsed<Duration> {
        self.require_arithmetic(left.span.start)?;
        let by_zero = match op {
            BinaryOp::Div => "division by zero",
            BinaryOp::Mod => "modulo by zero",
            _ => "",
        };
        if !by_zero.is_empty() && right.literal() == Some(0.0) {
            return Err(self.error(operator.start, by_zero));
        }
        let (a, b) = (left.seconds, right.seconds);
        let seconds = match op {
            BinaryOp::Add => a + b,
            BinaryOp::Sub => a - b,
            BinaryOp::Mul => a * b,
            BinaryOp::Div => a / b,
            BinaryOp::Mod => a % b,
            _ => a.powf(b),
        };
        let span = left.span.start..right.span.end;
        let text = format!("{} {} {}", left.text(), op.as_str(), right.text());
        let zero_divisor = (!by_zero.is_empty() && b == 0.0).then(|| DurationProblem {
            span: span.clone(),
            text: by_zero,
        });
        let mut result = Duration::computed(text, seconds, span);
        result.problem = left.problem.or(right.problem).or(zero_divisor);
        Ok(result)
    }

    fn require_arithmetic(&self, offset: usize) -> Parsed<()> {
        if self.options.duration_expressions {
            return Ok(());
        }
        Err(self.error(offset, "experimental duration expression is not enabled"))
    }

    /// The value as the engine uses it, or `None` for a literal zero, which stands for "not given".
    pub(super) fn finish_duration(
        &mut self,
        duration: Duration,
        may_be_negative: bool,
    ) -> Option<DurationExpr> {
        let seconds = duration.seconds;
        let span = duration.span.clone();
        if duration.literal().is_some() {
            let nanos = to_int((seconds * 1e9).round());
            let millis = nanos / 1_000_000;
            let text = if nanos < 0 {
                // The smallest number is its own negative, and Go prints both signs.
                let negated = nanos.wrapping_neg() / 1_000_000;
                format!("-{}", notation::format_duration(negated))
            } else {
                notation::format_duration(millis)
            };
            return (nanos != 0).then_some(DurationExpr {
                millis,
                computed: false,
                text,
                span,
            });
        }
        let text = duration.text();
        let problem = |text| DurationProblem {
            span: span.clone(),
            text,
        };
        let bad = duration.problem.or_else(|| match seconds {
            _ if !seconds.is_finite() => Some(problem("duration is NaN or infinite")),
            _ if seconds <= 0.0 && !may_be_negative => {
                Some(problem("duration must be greater than 0"))
            }
            _ if out_of_range(seconds) => Some(problem("duration is out of range")),
            _ => None,
        });
        if let Some(problem) = bad {
            self.bad_duration.get_or_insert(problem);
        }
        Some(DurationExpr {
            millis: to_int(seconds * 1000.0),
            computed: true,
            text,
            span,
        })
    }
}
