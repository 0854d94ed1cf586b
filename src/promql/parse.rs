//! Text → syntax tree, with Prometheus' own errors.
//!
//! Prometheus' parser is generated from a grammar (`promql/parser/generated_parser.y`, 3.14) whose `error`
//! productions say what was expected. The generated parser throws symbols away until it finds a state with
//! such a production; here, [`Parser::contexts`] holds the productions that such a search would find, the
//! innermost last. Reductions run in the same order as there, so the error that is reported first is the
//! same one. The tree is type-checked afterwards ([`check`]), only if nothing was wrong before.

mod aggregate;
mod check;
mod duration;
mod error;
mod expression;
mod literal;
mod modifier;
mod selector;

pub use error::{ParseError, Position};

use super::ast::{Expr, Span};
use super::lex::{Lexer, Token, TokenKind};
use error::DurationProblem;

/// Deepest nesting of a query. Prometheus has no limit but the size of a request; ours keeps recursion off the
/// end of the stack.
pub const MAX_DEPTH: usize = 100;

/// What the server's version and the kind of query decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseOptions {
    /// Whether arithmetic on durations (`[5m*2]`) is allowed: on by default since 3.14.
    pub duration_expressions: bool,
    /// What `range()` stands for in a duration, in milliseconds: 0 in an instant query.
    pub range_millis: i64,
    /// What `step()` stands for in a duration, in milliseconds: 0 in an instant query.
    pub step_millis: i64,
}

impl Default for ParseOptions {
    /// An instant query on Prometheus 3.14.
    fn default() -> Self {
        ParseOptions {
            duration_expressions: true,
            range_millis: 0,
            step_millis: 0,
        }
    }
}

/// Parses an instant query as a Prometheus 3.14 server with default settings does.
pub fn parse(text: &str) -> Result<Expr, ParseError> {
    parse_with(text, ParseOptions::default())
}

/// Parses a query; see [`ParseOptions`].
pub fn parse_with(text: &str, options: ParseOptions) -> Result<Expr, ParseError> {
    let mut parser = Parser {
        text,
        lexer: Lexer::new(text),
        lookahead: None,
        last_end: 0,
        contexts: Vec::new(),
        depth: 0,
        options,
        unsupported: None,
        bad_duration: None,
    };
    let mut expr = parser.query()?;
    check::check(text, &mut expr)?;
    if let Some(problem) = parser.bad_duration {
        return Err(ParseError::Duration(problem));
    }
    if let Some((construct, span)) = parser.unsupported {
        return Err(ParseError::unsupported(text, construct, span));
    }
    Ok(expr)
}

type Parsed<T> = Result<T, ParseError>;

/// A tree and the length of its longest branch.
#[derive(Debug)]
struct Node {
    expr: Expr,
    depth: usize,
}

/// An `error` production: where the unexpected token stands and what would have been right.
#[derive(Clone, Copy, Debug)]
struct Context {
    place: &'static str,
    expected: &'static str,
}

const fn context(place: &'static str, expected: &'static str) -> Context {
    Context { place, expected }
}

#[derive(Debug)]
struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    lookahead: Option<Token>,
    /// Where the last taken token ends.
    last_end: usize,
    contexts: Vec<Context>,
    depth: usize,
    options: ParseOptions,
    /// The first construct that Prometheus accepts and rollsim doesn't evaluate.
    unsupported: Option<(String, Span)>,
    /// The first computed duration that has no usable value. Prometheus finds it when the query starts.
    bad_duration: Option<DurationProblem>,
}

impl Parser<'_> {
    fn query(&mut self) -> Parsed<Expr> {
        if self.peek()?.kind == TokenKind::EndOfInput {
            return Err(self.error(0, "no expression found in input"));
        }
        let node = self.expression(expression::LOWEST)?;
        match self.peek()?.kind {
            TokenKind::EndOfInput => Ok(node.expr),
            _ => Err(self.unexpected()),
        }
    }

    /// The next token, read but not taken.
    fn peek(&mut self) -> Parsed<Token> {
        if let Some(token) = self.lookahead {
            return Ok(token);
        }
        let token = match self.lexer.next_token() {
            Ok(token) => token,
            Err(error) => return Err(self.error(error.offset, error.text)),
        };
        Ok(*self.lookahead.insert(token))
    }

    fn take(&mut self) -> Parsed<Token> {
        let token = self.peek()?;
        self.lookahead = None;
        self.last_end = token.end;
        Ok(token)
    }

    fn take_if(&mut self, kind: TokenKind) -> Parsed<Option<Token>> {
        if self.peek()?.kind == kind {
            self.take().map(Some)
        } else {
            Ok(None)
        }
    }

    fn expect(&mut self, kind: TokenKind) -> Parsed<Token> {
        self.take_if(kind)?.ok_or_else(|| self.unexpected())
    }

    /// Parses a part of the query during which an error is reported in `context`.
    fn within<T>(
        &mut self,
        context: Context,
        part: impl FnOnce(&mut Self) -> Parsed<T>,
    ) -> Parsed<T> {
        self.contexts.push(context);
        let result = part(self);
        self.contexts.pop();
        result
    }

    /// Counts a level of recursion while `part` runs.
    fn nested<T>(&mut self, part: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.check_depth(self.depth + 1)?;
        self.depth += 1;
        let result = part(self);
        self.depth -= 1;
        result
    }

    fn check_depth(&self, depth: usize) -> Parsed<()> {
        if depth <= MAX_DEPTH {
            return Ok(());
        }
        Err(ParseError::unsupported(
            self.text,
            format!("an expression nested more than {MAX_DEPTH} levels deep"),
            0..self.text.len(),
        ))
    }

    fn error(&self, offset: usize, text: impl Into<String>) -> ParseError {
        ParseError::syntax(self.text, offset, text)
    }

    /// The error about the next token, which must have been peeked at.
    fn unexpected(&self) -> ParseError {
        let token = self.lookahead.unwrap_or(Token {
            kind: TokenKind::EndOfInput,
            start: self.text.len(),
            end: self.text.len(),
        });
        let mut text = format!("unexpected {}", token.describe(self.text));
        if let Some(context) = self.contexts.last() {
            text.push_str(" in ");
            text.push_str(context.place);
            if !context.expected.is_empty() {
                text.push_str(", expected ");
                text.push_str(context.expected);
            }
        }
        self.error(token.start, text)
    }

    /// Notes a construct that rollsim doesn't evaluate. Errors that Prometheus itself reports come first.
    fn refuse(&mut self, construct: impl Into<String>, span: Span) {
        self.unsupported.get_or_insert((construct.into(), span));
    }

    fn raw(&self, token: Token) -> &str {
        &self.text[token.start..token.end]
    }
}
