//! Aggregations and lists of labels.

use super::{Context, Node, Parsed, Parser, context};
use crate::go::quote::quote;
use crate::promql::ast::{Aggregate, AggregateOp, BinaryOp, Expr, ExprKind};
use crate::promql::lex::{Keyword, Token, TokenKind};

const AGGREGATION: Context = context("aggregation", "");
const OPEN: Context = context("grouping opts", "\"(\"");
const LABEL: Context = context("grouping opts", "label");
const SEPARATOR: Context = context("grouping opts", "\",\" or \")\"");

/// `by (…)` or `without (…)`.
#[derive(Debug, Default)]
struct Grouping {
    without: bool,
    labels: Vec<String>,
}

/// Whether a token may be a label in a list; nearly all keywords may.
fn is_label(kind: TokenKind) -> bool {
    match kind {
        TokenKind::Identifier
        | TokenKind::MetricIdentifier
        | TokenKind::Aggregate(_)
        | TokenKind::ExperimentalAggregate(_)
        | TokenKind::Preprocessor(_) => true,
        TokenKind::Operator(op) => op.is_set() || op == BinaryOp::Atan2,
        TokenKind::Keyword(keyword) => keyword != Keyword::Without,
        _ => false,
    }
}

impl Parser<'_> {
    /// An aggregation; its name has been taken.
    pub(super) fn aggregation(
        &mut self,
        name: Token,
        op: AggregateOp,
        has_parameter: bool,
    ) -> Parsed<Node> {
        let (grouping, args, end) = self.within(AGGREGATION, |parser| {
            if let Some(grouping) = parser.grouping()? {
                let (args, end) = parser.call_body()?;
                return Ok((grouping, args, end));
            }
            let (args, end) = parser.call_body()?;
            Ok((parser.grouping()?.unwrap_or_default(), args, end))
        })?;
        let wanted = 1 + usize::from(has_parameter);
        if args.is_empty() {
            return Err(self.error(name.start, "no arguments for aggregate expression provided"));
        }
        if let TokenKind::ExperimentalAggregate(function) = name.kind {
            let text = format!(
                "{function}() is experimental and must be enabled with \
                 --enable-feature=promql-experimental-functions"
            );
            return Err(self.error(name.start, text));
        }
        let got = args.len();
        let depth = 1 + args.iter().map(|arg| arg.depth).max().unwrap_or(0);
        let mut args = args.into_iter().map(|arg| arg.expr);
        let param = if has_parameter { args.next() } else { None };
        let (Some(expr), None) = (args.next(), args.next()) else {
            let text = format!(
                "wrong number of arguments for aggregate expression provided, \
                 expected {wanted}, got {got}"
            );
            return Err(self.error(name.start, text));
        };
        let aggregate = Aggregate {
            op,
            expr,
            param,
            without: grouping.without,
            grouping: grouping.labels,
        };
        Ok(Node {
            expr: Expr {
                kind: ExprKind::Aggregate(Box::new(aggregate)),
                span: name.start..end,
            },
            depth,
        })
    }

    fn grouping(&mut self) -> Parsed<Option<Grouping>> {
        let without = match self.peek()?.kind {
            TokenKind::Keyword(Keyword::By) => false,
            TokenKind::Keyword(Keyword::Without) => true,
            _ => return Ok(None),
        };
        self.take()?;
        let labels = self.grouping_labels()?;
        Ok(Some(Grouping { without, labels }))
    }

    /// `(a, b, …)`, also with a comma at the end.
    pub(super) fn grouping_labels(&mut self) -> Parsed<Vec<String>> {
        self.within(OPEN, |parser| {
            parser.expect(TokenKind::LeftParen)?;
            let mut labels = Vec::new();
            loop {
                if parser.take_if(TokenKind::RightParen)?.is_some() {
                    return Ok(labels);
                }
                labels.push(parser.within(LABEL, Self::grouping_label)?);
                let separator = parser.within(SEPARATOR, |parser| {
                    if let Some(comma) = parser.take_if(TokenKind::Comma)? {
                        return Ok(comma);
                    }
                    parser.expect(TokenKind::RightParen)
                })?;
                if separator.kind == TokenKind::RightParen {
                    return Ok(labels);
                }
            }
        })
    }

    fn grouping_label(&mut self) -> Parsed<String> {
        let token = self.peek()?;
        if is_label(token.kind) {
            self.take()?;
            return Ok(self.raw(token).to_owned());
        }
        if token.kind != TokenKind::String {
            return Err(self.unexpected());
        }
        self.take()?;
        match String::from_utf8(self.unquoted(token)) {
            Ok(label) if !label.is_empty() => Ok(label),
            other => {
                let bytes =
                    other.map_or_else(std::string::FromUtf8Error::into_bytes, String::into_bytes);
                let quoted = quote(bytes);
                let text = format!("invalid label name for grouping: {quoted}");
                Err(self.error(token.start, text))
            }
        }
    }
}
