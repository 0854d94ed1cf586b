//! Tokens → syntax tree (antonmedv/expr v1.15.5, `parser`).
//!
//! The grammar is followed with its oddities: `not` before an operator is dropped where the operator
//! binds too weakly, literals take no `[…]`, and `a not "in" b` is an `in`.

mod calls;

use super::ast::{Ast, BinaryOperator, NodeId, NodeKind, Span, UnaryOperator};
use super::error::{CompileError, CompileResult};
use super::lexer::{Token, TokenKind, is_alphabetic, lex};
use crate::go::number::{parse_decimal, parse_float, parse_hexadecimal};

/// Levels of nesting that are compiled; real conditions have a handful.
pub(super) const MAX_DEPTH: u16 = 200;

/// Reads a condition's text.
pub(super) fn parse(text: &str) -> CompileResult<Ast> {
    let tokens = lex(text)?;
    let mut parser = Parser {
        tokens,
        at: 0,
        closures: 0,
        nesting: 0,
        ast: Ast::default(),
        depths: Vec::new(),
    };
    let root = parser.expression(0)?;
    if parser.current().kind != TokenKind::Eof {
        return Err(parser.unexpected());
    }
    parser.ast.set_root(root);
    Ok(parser.ast)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    /// Closures around the current token: `#` means something inside one only.
    closures: usize,
    nesting: u16,
    ast: Ast,
    /// Height of each node's subtree.
    depths: Vec<u16>,
}

impl Parser {
    fn current(&self) -> &Token {
        &self.tokens[self.at]
    }

    fn is_operator(&self, value: &str) -> bool {
        self.current().is_operator(value)
    }

    fn is_bracket(&self, value: &str) -> bool {
        self.current().is_bracket(value)
    }

    fn error(&self, text: impl Into<String>) -> CompileError {
        CompileError::rejected(text, self.current().span)
    }

    fn unexpected(&self) -> CompileError {
        self.error(format!("unexpected token {}", self.current()))
    }

    fn next(&mut self) -> CompileResult<Token> {
        let token = self.current().clone();
        if self.at + 1 >= self.tokens.len() {
            return Err(self.error("unexpected end of expression"));
        }
        self.at += 1;
        Ok(token)
    }

    fn expect_operator(&mut self, value: &str) -> CompileResult<Token> {
        if self.is_operator(value) {
            self.next()
        } else {
            Err(self.unexpected())
        }
    }

    fn expect_bracket(&mut self, value: &str) -> CompileResult<Token> {
        if self.is_bracket(value) {
            self.next()
        } else {
            Err(self.unexpected())
        }
    }

    fn expect_identifier(&mut self) -> CompileResult<Token> {
        if self.current().kind == TokenKind::Identifier {
            self.next()
        } else {
            Err(self.unexpected())
        }
    }

    /// End of the token before the current one.
    fn end(&self) -> usize {
        self.at
            .checked_sub(1)
            .map_or(0, |before| self.tokens[before].span.end)
    }

    fn push(&mut self, kind: NodeKind, start: usize) -> CompileResult<NodeId> {
        let span = Span::new(start, self.end().max(start));
        let id = self.ast.push(kind, span);
        let below = self
            .ast
            .children(id)
            .into_iter()
            .map(|child| self.depth(child))
            .max();
        let depth = below.unwrap_or(0) + 1;
        if depth > MAX_DEPTH {
            return Err(CompileError::unsupported(
                "more than 200 levels of nesting",
                span,
            ));
        }
        self.depths.push(depth);
        Ok(id)
    }

    fn depth(&self, id: NodeId) -> u16 {
        self.ast
            .position(id)
            .and_then(|index| self.depths.get(index))
            .copied()
            .unwrap_or(0)
    }

    fn expression(&mut self, precedence: u16) -> CompileResult<NodeId> {
        self.nesting += 1;
        if self.nesting > MAX_DEPTH {
            return Err(CompileError::unsupported(
                "more than 200 levels of nesting",
                self.current().span,
            ));
        }
        let node = if precedence == 0 && self.is_operator("let") {
            self.variable_declaration()
        } else {
            self.operators(precedence)
        };
        self.nesting -= 1;
        node
    }

    fn operators(&mut self, precedence: u16) -> CompileResult<NodeId> {
        let start = self.current().span.start;
        let mut left = self.primary()?;
        let mut previous_is_coalesce = false;
        while self.current().kind == TokenKind::Operator {
            let negate = self.is_operator("not");
            if negate {
                self.next()?;
            }
            let token = self.current().clone();
            let operator =
                BinaryOperator::parse(&token.value).filter(|op| op.precedence() >= precedence);
            let Some(operator) = operator else { break };
            self.next()?;
            if operator == BinaryOperator::Pipe {
                left = self.pipe(left, start)?;
            } else {
                if previous_is_coalesce && operator != BinaryOperator::Coalesce {
                    return Err(CompileError::rejected(
                        format!(
                            "Operator ({operator}) and coalesce expressions (??) cannot be mixed. Wrap either by parentheses."
                        ),
                        token.span,
                    ));
                }
                let bound = operator.precedence() + u16::from(!operator.is_right_associative());
                let right = self.expression(bound)?;
                left = self.push(
                    NodeKind::Binary {
                        operator,
                        left,
                        right,
                    },
                    start,
                )?;
                if negate {
                    left = self.push(
                        NodeKind::Unary {
                            operator: UnaryOperator::Not,
                            operand: left,
                        },
                        start,
                    )?;
                }
            }
            previous_is_coalesce = operator == BinaryOperator::Coalesce;
        }
        if precedence == 0 {
            left = self.conditional(left, start)?;
        }
        Ok(left)
    }

    fn variable_declaration(&mut self) -> CompileResult<NodeId> {
        let start = self.expect_operator("let")?.span.start;
        let name = self.expect_identifier()?.value;
        self.expect_operator("=")?;
        let value = self.expression(0)?;
        self.expect_operator(";")?;
        let body = self.expression(0)?;
        self.push(NodeKind::Let { name, value, body }, start)
    }

    fn conditional(&mut self, mut node: NodeId, start: usize) -> CompileResult<NodeId> {
        while self.is_operator("?") {
            self.next()?;
            let then = if self.is_operator(":") {
                node
            } else {
                self.expression(0)?
            };
            self.expect_operator(":")?;
            let otherwise = self.expression(0)?;
            node = self.push(
                NodeKind::Conditional {
                    condition: node,
                    then,
                    otherwise,
                },
                start,
            )?;
        }
        Ok(node)
    }

    fn primary(&mut self) -> CompileResult<NodeId> {
        let token = self.current().clone();
        let start = token.span.start;
        if token.kind == TokenKind::Operator
            && let Some(operator) = UnaryOperator::parse(&token.value)
        {
            self.next()?;
            let operand = self.expression(operator.precedence())?;
            let node = self.push(NodeKind::Unary { operator, operand }, start)?;
            return self.postfix(node, start);
        }
        if token.is_bracket("(") {
            self.next()?;
            let node = self.expression(0)?;
            self.expect_bracket(")")?;
            return self.postfix(node, start);
        }
        if token.is_operator("#") || token.is_operator(".") {
            if self.closures == 0 {
                return Err(self.error("cannot use pointer accessor outside closure"));
            }
            let mut name = String::new();
            if token.is_operator("#") {
                self.next()?;
                if self.current().kind == TokenKind::Identifier {
                    name = self.next()?.value;
                }
            }
            let node = self.push(NodeKind::Pointer(name), start)?;
            return self.postfix(node, start);
        }
        self.secondary(&token)
    }

    fn secondary(&mut self, token: &Token) -> CompileResult<NodeId> {
        let start = token.span.start;
        let literal = match token.kind {
            TokenKind::Identifier => {
                self.next()?;
                match token.value.as_str() {
                    "true" => NodeKind::Bool(true),
                    "false" => NodeKind::Bool(false),
                    "nil" => NodeKind::Nil,
                    _ => {
                        let node = self.call(token)?;
                        return self.postfix(node, start);
                    }
                }
            }
            TokenKind::Number => {
                self.next()?;
                self.number(&token.value)?
            }
            TokenKind::String => {
                self.next()?;
                NodeKind::String(token.value.clone())
            }
            _ if token.is_bracket("[") => {
                let node = self.array()?;
                return self.postfix(node, start);
            }
            _ if token.is_bracket("{") => {
                let node = self.map()?;
                return self.postfix(node, start);
            }
            _ => return Err(self.unexpected()),
        };
        self.push(literal, start)
    }

    fn number(&self, text: &str) -> CompileResult<NodeKind> {
        let text = text.replace('_', "");
        if text.contains('x') {
            parse_hexadecimal(&text)
                .map(NodeKind::Integer)
                .map_err(|error| self.error(format!("invalid hex literal: {error}")))
        } else if text.contains(['.', 'e', 'E']) {
            parse_float(text.as_bytes())
                .map(NodeKind::Float)
                .map_err(|error| self.error(format!("invalid float literal: {error}")))
        } else {
            parse_decimal(text.as_bytes(), "ParseInt")
                .map(NodeKind::Integer)
                .map_err(|error| self.error(format!("invalid integer literal: {error}")))
        }
    }

    fn closure(&mut self) -> CompileResult<NodeId> {
        let start = self.current().span.start;
        let braced = self.is_bracket("{");
        if braced {
            self.next()?;
        }
        self.closures += 1;
        let body = self.expression(0)?;
        self.closures -= 1;
        if braced {
            self.expect_bracket("}")?;
        }
        self.push(NodeKind::Closure(body), start)
    }

    fn array(&mut self) -> CompileResult<NodeId> {
        let start = self.expect_bracket("[")?.span.start;
        let mut items = Vec::new();
        while !self.is_bracket("]") {
            if !items.is_empty() {
                self.expect_operator(",")?;
                if self.is_bracket("]") {
                    break;
                }
            }
            items.push(self.expression(0)?);
        }
        self.expect_bracket("]")?;
        self.push(NodeKind::Array(items), start)
    }

    fn map(&mut self) -> CompileResult<NodeId> {
        let start = self.expect_bracket("{")?.span.start;
        let mut pairs = Vec::new();
        while !self.is_bracket("}") {
            if !pairs.is_empty() {
                self.expect_operator(",")?;
                if self.is_bracket("}") {
                    break;
                }
                if self.is_operator(",") {
                    return Err(self.unexpected());
                }
            }
            let pair_start = self.current().span.start;
            let key = self.map_key()?;
            self.expect_operator(":")?;
            let value = self.expression(0)?;
            pairs.push(self.push(NodeKind::Pair { key, value }, pair_start)?);
        }
        self.expect_bracket("}")?;
        self.push(NodeKind::Map(pairs), start)
    }

    fn map_key(&mut self) -> CompileResult<NodeId> {
        let token = self.current().clone();
        if matches!(
            token.kind,
            TokenKind::Number | TokenKind::String | TokenKind::Identifier
        ) {
            self.next()?;
            return self.push(NodeKind::String(token.value), token.span.start);
        }
        if token.is_bracket("(") {
            return self.expression(0);
        }
        Err(self.error(format!(
            "a map key must be a quoted string, a number, a identifier, or an expression enclosed in parentheses (unexpected token {token})"
        )))
    }

    fn postfix(&mut self, mut node: NodeId, start: usize) -> CompileResult<NodeId> {
        loop {
            // Whatever the kind of token, its text decides; only operators and brackets are looked at.
            let token = self.current().clone();
            if !matches!(token.kind, TokenKind::Operator | TokenKind::Bracket) {
                return Ok(node);
            }
            match token.value.as_str() {
                "." | "?." => node = self.member(node, token.value == "?.", start)?,
                "[" => node = self.index(node, start)?,
                _ => return Ok(node),
            }
        }
    }

    fn member(&mut self, node: NodeId, optional: bool, start: usize) -> CompileResult<NodeId> {
        self.next()?;
        let name = self.next()?;
        let is_name = match name.kind {
            TokenKind::Identifier => true,
            TokenKind::Operator => name.value.starts_with(is_alphabetic),
            _ => false,
        };
        if !is_name {
            return Err(self.error("expected name"));
        }
        let property = self.push(NodeKind::String(name.value), name.span.start)?;
        let (base, in_chain) = match self.ast.kind(node) {
            NodeKind::Chain(inner) => (*inner, true),
            _ => (node, false),
        };
        let mut node = self.push(
            NodeKind::Member {
                base,
                property,
                optional,
                method: None,
            },
            start,
        )?;
        if self.is_bracket("(") {
            let arguments = self.arguments()?;
            node = self.push_call(node, arguments, start)?;
        }
        if in_chain || optional {
            node = self.push(NodeKind::Chain(node), start)?;
        }
        Ok(node)
    }

    fn index(&mut self, base: NodeId, start: usize) -> CompileResult<NodeId> {
        self.next()?;
        let from = if self.is_operator(":") {
            None
        } else {
            Some(self.expression(0)?)
        };
        let kind = match from {
            Some(property) if !self.is_operator(":") => NodeKind::Member {
                base,
                property,
                optional: false,
                method: None,
            },
            _ => {
                self.expect_operator(":")?;
                let to = if self.is_bracket("]") {
                    None
                } else {
                    Some(self.expression(0)?)
                };
                NodeKind::Slice { base, from, to }
            }
        };
        self.expect_bracket("]")?;
        self.push(kind, start)
    }
}

#[cfg(test)]
mod tests {
    use super::super::ast::{NodeKind, Span};
    use super::parse;

    fn error(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn keeps_the_place_of_every_node() {
        let text = "len(result) > 0 and result[0] >= 0.99";
        let ast = parse(text).unwrap();
        let threshold = ast
            .iter()
            .find(|(_, node)| matches!(node.kind, NodeKind::Float(_)))
            .unwrap()
            .1;
        assert_eq!(&text[threshold.span.range()], "0.99");
        let member = ast
            .iter()
            .find(|(_, node)| matches!(node.kind, NodeKind::Member { .. }))
            .unwrap()
            .1;
        assert_eq!(&text[member.span.range()], "result[0]");
        assert_eq!(ast.span(ast.root()), Span::new(0, text.len()));
    }

    #[test]
    fn refuses_with_the_original_words() {
        assert_eq!(error(""), "unexpected token EOF");
        assert_eq!(error("result."), "unexpected end of expression");
        assert_eq!(error("result.1"), "unexpected token Number(\".1\")");
        assert_eq!(
            error("a ?? b == c"),
            "Operator (==) and coalesce expressions (??) cannot be mixed. Wrap either by parentheses."
        );
        assert_eq!(error("#"), "cannot use pointer accessor outside closure");
    }

    #[test]
    fn deep_nesting_is_refused_and_overflows_nothing() {
        for text in [
            "(".repeat(10_000),
            "[".repeat(100_000),
            "not ".repeat(10_000),
            "1+".repeat(10_000) + "1",
            "a".to_owned() + &".b".repeat(10_000),
        ] {
            assert!(parse(&text).is_err());
        }
    }
}
