//! Selectors: a metric's name and label matchers.

use super::{Context, Node, Parsed, Parser, context};
use crate::promql::ast::{BinaryOp, Expr, ExprKind, MatchOp, Matcher, TimeShift, VectorSelector};
use crate::promql::labels::METRIC_NAME;
use crate::promql::lex::{Token, TokenKind};
use crate::promql::matcher;

const MATCHER: Context = context("label matching", "identifier or \"}\"");
const OPERATOR: Context = context("label matching", "label matching operator");
const VALUE: Context = context("label matching", "string");
const SEPARATOR: Context = context("label matching", "\",\" or \"}\"");

fn match_op(kind: TokenKind) -> Option<MatchOp> {
    match kind {
        TokenKind::Assign => Some(MatchOp::Equal),
        TokenKind::Operator(BinaryOp::NotEqual) => Some(MatchOp::NotEqual),
        TokenKind::RegexMatch => Some(MatchOp::Regex),
        TokenKind::RegexMismatch => Some(MatchOp::NotRegex),
        _ => None,
    }
}

impl Parser<'_> {
    /// A selector; its name, if any, has been taken.
    pub(super) fn selector(&mut self, name: Option<Token>) -> Parsed<Node> {
        let mut matchers = Vec::new();
        let next = self.peek()?;
        if next.kind == TokenKind::LeftBrace {
            self.take()?;
            self.matchers(&mut matchers)?;
        }
        let start = name.map_or(next.start, |token| token.start);
        let name = name.map(|token| self.raw(token).to_owned());
        if let Some(name) = &name {
            matchers.push(Matcher {
                name: METRIC_NAME.to_owned(),
                op: MatchOp::Equal,
                value: name.clone(),
            });
        }
        let selector = VectorSelector {
            name,
            matchers,
            at: TimeShift::default(),
        };
        Ok(Node {
            expr: Expr {
                kind: ExprKind::VectorSelector(selector),
                span: start..self.last_end,
            },
            depth: 1,
        })
    }

    fn matchers(&mut self, matchers: &mut Vec<Matcher>) -> Parsed<()> {
        loop {
            if self.take_if(TokenKind::RightBrace)?.is_some() {
                return Ok(());
            }
            let matcher = self.within(MATCHER, Self::matcher)?;
            matchers.push(matcher);
            let separator = self.within(SEPARATOR, |parser| {
                if let Some(comma) = parser.take_if(TokenKind::Comma)? {
                    return Ok(comma);
                }
                parser.expect(TokenKind::RightBrace)
            })?;
            if separator.kind == TokenKind::RightBrace {
                return Ok(());
            }
        }
    }

    fn matcher(&mut self) -> Parsed<Matcher> {
        let label = self.peek()?;
        match label.kind {
            TokenKind::Identifier => {
                self.take()?;
                let name = self.raw(label).to_owned();
                let op = match_op(self.peek()?.kind);
                let Some(op) = op else {
                    return self.within(OPERATOR, |parser| Err(parser.unexpected()));
                };
                self.take()?;
                self.matcher_value(label, name, op)
            }
            TokenKind::String => {
                self.take()?;
                let bytes = self.unquoted(label);
                let name = self.utf8_or_refuse("a label or metric name", label, bytes);
                if let Some(op) = match_op(self.peek()?.kind) {
                    self.take()?;
                    return self.matcher_value(label, name, op);
                }
                Ok(Matcher {
                    name: METRIC_NAME.to_owned(),
                    op: MatchOp::Equal,
                    value: name,
                })
            }
            _ => Err(self.unexpected()),
        }
    }

    fn matcher_value(&mut self, label: Token, name: String, op: MatchOp) -> Parsed<Matcher> {
        let token = self.within(VALUE, |parser| parser.expect(TokenKind::String))?;
        let bytes = self.unquoted(token);
        let is_regex = matches!(op, MatchOp::Regex | MatchOp::NotRegex);
        if is_regex && std::str::from_utf8(&bytes).is_err() {
            let shown = String::from_utf8_lossy(&bytes);
            return Err(self.error(
                label.start,
                format!("error parsing regexp: invalid UTF-8: `{shown}`"),
            ));
        }
        let value = self.utf8_or_refuse("a label value", token, bytes);
        if is_regex && let Err(text) = matcher::compile_regex(&value) {
            return Err(self.error(label.start, text));
        }
        Ok(Matcher { name, op, value })
    }

    fn utf8_or_refuse(&mut self, what: &str, token: Token, bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap_or_else(|error| {
            let construct = format!("{what} that is not UTF-8");
            self.refuse(construct, token.start..token.end);
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        })
    }
}
