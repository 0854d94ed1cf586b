//! Expressions: operands, operators by precedence, and what may follow an operand.

use super::{Node, Parsed, Parser};
use crate::go::quote::quote;
use crate::promql::ast::{
    AggregateOp, Binary, BinaryOp, Cardinality, Expr, ExprKind, VectorMatching,
};
use crate::promql::functions::{self, Availability};
use crate::promql::lex::{Keyword, Preprocessor, Token, TokenKind};

/// Binding power: every operator is taken.
pub(super) const LOWEST: u8 = 1;
/// Comparisons, and with them the operators that cut histograms.
const COMPARISON: u8 = 3;
/// Only `^` binds tighter than a sign: `-2^2` is -4.
const SIGN_OPERAND: u8 = 6;

fn precedence(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or => 1,
        BinaryOp::And | BinaryOp::Unless => 2,
        _ if op.is_comparison() => COMPARISON,
        BinaryOp::Add | BinaryOp::Sub => 4,
        BinaryOp::Pow => 6,
        _ => 5,
    }
}

/// Whether a token may begin an expression.
pub(super) fn starts_expression(kind: TokenKind) -> bool {
    use TokenKind as T;
    match kind {
        T::Duration
        | T::Identifier
        | T::LeftBrace
        | T::LeftParen
        | T::MetricIdentifier
        | T::Number
        | T::Operator(BinaryOp::Add | BinaryOp::Sub)
        | T::String => true,
        _ => is_metric_name(kind),
    }
}

/// Whether a token may be a metric's name: most keywords may.
pub(super) fn is_metric_name(kind: TokenKind) -> bool {
    use TokenKind as T;
    match kind {
        T::Identifier
        | T::MetricIdentifier
        | T::Aggregate(_)
        | T::ExperimentalAggregate(_)
        | T::Preprocessor(_) => true,
        T::Operator(op) => op.is_set(),
        T::Keyword(keyword) => !matches!(
            keyword,
            Keyword::Bool
                | Keyword::On
                | Keyword::Ignoring
                | Keyword::GroupLeft
                | Keyword::GroupRight
        ),
        _ => false,
    }
}

impl Parser<'_> {
    /// An expression whose operators bind at least as tight as `minimum`.
    pub(super) fn expression(&mut self, minimum: u8) -> Parsed<Node> {
        self.nested(|parser| {
            let mut left = parser.operand()?;
            loop {
                let token = parser.peek()?;
                left = match token.kind {
                    TokenKind::Operator(op) if precedence(op) >= minimum => {
                        parser.take()?;
                        parser.binary(left, op, precedence(op))?
                    }
                    TokenKind::Trim if COMPARISON >= minimum => {
                        parser.take()?;
                        let name = parser.raw(token).to_owned();
                        let construct = format!("the native-histogram operator \"{name}\"");
                        parser.refuse(construct, token.start..token.end);
                        // The tree won't be handed out; any arithmetic operator has the same checks.
                        parser.binary(left, BinaryOp::Mul, COMPARISON)?
                    }
                    TokenKind::LeftBracket
                    | TokenKind::At
                    | TokenKind::Keyword(
                        Keyword::Offset | Keyword::Anchored | Keyword::Smoothed,
                    ) => parser.modified(left)?,
                    _ => return Ok(left),
                };
                parser.check_depth(left.depth)?;
            }
        })
    }

    fn operand(&mut self) -> Parsed<Node> {
        let token = self.peek()?;
        match token.kind {
            TokenKind::Operator(BinaryOp::Add | BinaryOp::Sub) => self.signed(),
            TokenKind::LeftParen => self.parenthesised(),
            TokenKind::Number => {
                self.take()?;
                let value = self.number(token)?;
                Ok(leaf(ExprKind::Number(value), token))
            }
            TokenKind::Duration => {
                self.take()?;
                let value = self.duration_seconds(token)?;
                Ok(leaf(ExprKind::Duration(value), token))
            }
            TokenKind::String => {
                self.take()?;
                let bytes = self.unquoted(token);
                Ok(leaf(ExprKind::String(bytes), token))
            }
            TokenKind::LeftBrace => self.selector(None),
            kind if is_metric_name(kind) => self.named(),
            _ => Err(self.unexpected()),
        }
    }

    /// What begins with a name: an aggregation, a function call or a selector.
    fn named(&mut self) -> Parsed<Node> {
        let token = self.take()?;
        let next = self.peek()?.kind;
        let opens_aggregation = matches!(
            next,
            TokenKind::LeftParen | TokenKind::Keyword(Keyword::By | Keyword::Without)
        );
        match token.kind {
            TokenKind::Aggregate(op) if opens_aggregation => {
                self.aggregation(token, op, op.has_parameter())
            }
            TokenKind::ExperimentalAggregate(_) if opens_aggregation => {
                // Always ends in an error, whose order against others the arguments decide.
                self.aggregation(token, AggregateOp::Topk, true)
            }
            TokenKind::Identifier | TokenKind::Preprocessor(_) if next == TokenKind::LeftParen => {
                self.call(token)
            }
            _ => self.selector(Some(token)),
        }
    }

    fn signed(&mut self) -> Parsed<Node> {
        let sign = self.take()?;
        let negative = sign.kind == TokenKind::Operator(BinaryOp::Sub);
        let mut operand = self.expression(SIGN_OPERAND)?;
        let span = sign.start..operand.expr.span.end;
        // A signed literal is a literal.
        if let ExprKind::Number(value) | ExprKind::Duration(value) = &mut operand.expr.kind {
            if negative {
                *value = -*value;
            }
            operand.expr.span = span;
            return Ok(operand);
        }
        let kind = ExprKind::Unary {
            negative,
            expr: Box::new(operand.expr),
        };
        Ok(Node {
            expr: Expr { kind, span },
            depth: operand.depth + 1,
        })
    }

    fn parenthesised(&mut self) -> Parsed<Node> {
        let open = self.take()?;
        let inner = self.expression(LOWEST)?;
        let close = self.expect(TokenKind::RightParen)?;
        Ok(Node {
            expr: Expr {
                kind: ExprKind::Paren(Box::new(inner.expr)),
                span: open.start..close.end,
            },
            depth: inner.depth + 1,
        })
    }

    fn binary(&mut self, left: Node, op: BinaryOp, precedence: u8) -> Parsed<Node> {
        let return_bool = self.take_if(TokenKind::Keyword(Keyword::Bool))?.is_some();
        let matching = self.vector_matching()?;
        let filled = self.fill_modifiers()?;
        let right_assoc = op == BinaryOp::Pow;
        let right = self.expression(precedence + u8::from(!right_assoc))?;
        if filled {
            return Err(self.error(
                left.expr.span.start,
                "binop fill modifiers are experimental and not enabled",
            ));
        }
        let span = left.expr.span.start..right.expr.span.end;
        let binary = Binary {
            op,
            left: left.expr,
            right: right.expr,
            return_bool,
            matching: Some(matching),
        };
        Ok(Node {
            expr: Expr {
                kind: ExprKind::Binary(Box::new(binary)),
                span,
            },
            depth: left.depth.max(right.depth) + 1,
        })
    }

    fn vector_matching(&mut self) -> Parsed<VectorMatching> {
        let mut matching = VectorMatching {
            card: Cardinality::OneToOne,
            on: false,
            labels: Vec::new(),
            include: Vec::new(),
        };
        let TokenKind::Keyword(keyword @ (Keyword::On | Keyword::Ignoring)) = self.peek()?.kind
        else {
            return Ok(matching);
        };
        self.take()?;
        matching.on = keyword == Keyword::On;
        matching.labels = self.grouping_labels()?;
        matching.card = match self.peek()?.kind {
            TokenKind::Keyword(Keyword::GroupLeft) => Cardinality::ManyToOne,
            TokenKind::Keyword(Keyword::GroupRight) => Cardinality::OneToMany,
            _ => return Ok(matching),
        };
        self.take()?;
        let next = self.peek()?.kind;
        if next == TokenKind::LeftParen || !starts_expression(next) {
            matching.include = self.grouping_labels()?;
        }
        Ok(matching)
    }

    /// `fill(0)` and its variants; whether there was one.
    fn fill_modifiers(&mut self) -> Parsed<bool> {
        let TokenKind::Keyword(first @ (Keyword::Fill | Keyword::FillLeft | Keyword::FillRight)) =
            self.peek()?.kind
        else {
            return Ok(false);
        };
        self.take()?;
        self.fill_value()?;
        let second = match first {
            Keyword::FillLeft => Keyword::FillRight,
            Keyword::FillRight => Keyword::FillLeft,
            _ => return Ok(true),
        };
        if self.take_if(TokenKind::Keyword(second))?.is_some() {
            self.fill_value()?;
        }
        Ok(true)
    }

    fn fill_value(&mut self) -> Parsed<()> {
        self.expect(TokenKind::LeftParen)?;
        if let TokenKind::Operator(BinaryOp::Add | BinaryOp::Sub) = self.peek()?.kind {
            self.take()?;
        }
        let value = self.peek()?;
        match value.kind {
            TokenKind::Number => self.take().and_then(|token| self.number(token))?,
            TokenKind::Duration => self.take().and_then(|token| self.duration_seconds(token))?,
            _ => return Err(self.unexpected()),
        };
        self.expect(TokenKind::RightParen).map(drop)
    }

    /// A function call; its name has been taken and a parenthesis follows.
    fn call(&mut self, name: Token) -> Parsed<Node> {
        let (args, end) = self.call_body()?;
        let text = self.raw(name).to_owned();
        let Some(signature) = functions::lookup(&text) else {
            let quoted = quote(&text);
            return Err(self.error(name.start, format!("unknown function with name {quoted}")));
        };
        match signature.availability {
            Availability::Stable => {}
            Availability::Experimental => {
                let quoted = quote(&text);
                return Err(self.error(name.start, format!("function {quoted} is not enabled")));
            }
            Availability::NativeHistograms => self.refuse(
                format!("the native-histogram function {text}()"),
                name.start..end,
            ),
        }
        let depth = 1 + args.iter().map(|arg| arg.depth).max().unwrap_or(0);
        let kind = ExprKind::Call {
            function: signature.name,
            args: args.into_iter().map(|arg| arg.expr).collect(),
        };
        let span = name.start..end;
        Ok(Node {
            expr: Expr { kind, span },
            depth,
        })
    }

    /// `(a, b, …)`: the arguments and the end of the closing parenthesis.
    pub(super) fn call_body(&mut self) -> Parsed<(Vec<Node>, usize)> {
        self.expect(TokenKind::LeftParen)?;
        let mut args = Vec::new();
        if let Some(close) = self.take_if(TokenKind::RightParen)? {
            return Ok((args, close.end));
        }
        loop {
            args.push(self.expression(LOWEST)?);
            if let Some(close) = self.take_if(TokenKind::RightParen)? {
                return Ok((args, close.end));
            }
            let comma = self.expect(TokenKind::Comma)?;
            if !starts_expression(self.peek()?.kind) {
                return Err(self.error(
                    comma.start,
                    "trailing commas not allowed in function call args",
                ));
            }
        }
    }

    /// Whether the next token is `start` or `end`.
    pub(super) fn peek_start_or_end(&mut self) -> Parsed<Option<Preprocessor>> {
        Ok(match self.peek()?.kind {
            TokenKind::Preprocessor(word @ (Preprocessor::Start | Preprocessor::End)) => Some(word),
            _ => None,
        })
    }
}

fn leaf(kind: ExprKind, token: Token) -> Node {
    Node {
        expr: Expr {
            kind,
            span: token.start..token.end,
        },
        depth: 1,
    }
}
