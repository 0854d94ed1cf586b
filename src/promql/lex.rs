//! Tokens of a query, split as Prometheus 3.14 `promql/parser/lex.go` does it, errors included.
//!
//! The parser pulls one token at a time: which characters are legal depends on what stood before (inside
//! braces, inside a range), and of several errors in a query the first one in reading order is reported.

mod number;

use super::ast::{AggregateOp, BinaryOp};
use crate::go::quote::{describe_char, quote, quote_char};

/// A piece of the query's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Byte offset of its first character.
    pub start: usize,
    /// Byte offset behind its last character.
    pub end: usize,
}

/// The kinds of token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum TokenKind {
    EndOfInput,
    Identifier,
    /// An identifier with a colon.
    MetricIdentifier,
    String,
    Number,
    Duration,
    LeftParen,
    RightParen,
    LeftBrace,
    RightBrace,
    LeftBracket,
    RightBracket,
    Comma,
    Colon,
    /// `=`
    Assign,
    /// `=~`
    RegexMatch,
    /// `!~`
    RegexMismatch,
    /// `@`
    At,
    /// A binary operator; `!=` is also a matcher.
    Operator(BinaryOp),
    /// `</` and `>/`, which cut native histograms.
    Trim,
    Aggregate(AggregateOp),
    /// `limitk`, `limit_ratio`.
    ExperimentalAggregate(&'static str),
    Keyword(Keyword),
    /// Names that are functions as well as parts of `@ …` and of durations.
    Preprocessor(Preprocessor),
}

/// Words that modify an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Keyword {
    Bool,
    By,
    GroupLeft,
    GroupRight,
    Fill,
    FillLeft,
    FillRight,
    Ignoring,
    Offset,
    Smoothed,
    Anchored,
    On,
    Without,
}

/// Words that stand for a time or a length of time of the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Preprocessor {
    Start,
    End,
    Step,
    Range,
    MaxOf,
    MinOf,
}

/// Text that is no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LexError {
    /// Byte offset that the message points at.
    pub offset: usize,
    /// What is wrong.
    pub text: String,
}

/// Which rules apply to the next character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Expression,
    Braces,
    Duration,
}

/// Splits a query into tokens.
#[derive(Clone, Debug)]
pub struct Lexer<'a> {
    text: &'a str,
    position: usize,
    start: usize,
    mode: Mode,
    paren_depth: usize,
    bracket_open: bool,
    got_colon: bool,
    /// Whether any range so far held a number; never taken back, like upstream's flag.
    got_duration: bool,
}

type Lexed<T> = Result<T, LexError>;

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

fn is_alpha(c: char) -> bool {
    c == '_' || c.is_ascii_alphabetic()
}

fn is_alphanumeric(c: char) -> bool {
    is_alpha(c) || c.is_ascii_digit()
}

fn starts_duration_word(c: char) -> bool {
    matches!(c.to_ascii_lowercase(), 's' | 'r' | 'm')
}

impl<'a> Lexer<'a> {
    /// Starts at the beginning of `text`.
    pub fn new(text: &'a str) -> Self {
        Lexer {
            text,
            position: 0,
            start: 0,
            mode: Mode::Expression,
            paren_depth: 0,
            bracket_open: false,
            got_colon: false,
            got_duration: false,
        }
    }

    /// The next token; comments and white space are skipped. At the end, [`TokenKind::EndOfInput`].
    pub fn next_token(&mut self) -> Lexed<Token> {
        loop {
            self.start = self.position;
            if self.mode != Mode::Duration && self.peek() == Some('#') {
                self.skip_while(|c| c != '\n' && c != '\r');
                continue;
            }
            let Some(c) = self.next() else {
                return self.end_of_input();
            };
            if is_space(c) {
                self.skip_while(is_space);
                continue;
            }
            let kind = match self.mode {
                Mode::Expression => self.expression_token(c)?,
                Mode::Braces => self.braces_token(c)?,
                Mode::Duration => self.duration_token(c)?,
            };
            return Ok(Token {
                kind,
                start: self.start,
                end: self.position,
            });
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.position..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek();
        self.position += c.map_or(0, char::len_utf8);
        c
    }

    fn skip_while(&mut self, condition: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&condition) {
            self.next();
        }
    }

    /// Takes the next character if it is one of `set`.
    fn accept(&mut self, set: &str) -> bool {
        let found = self.peek().is_some_and(|c| set.contains(c));
        if found {
            self.next();
        }
        found
    }

    fn error<T>(&self, text: impl Into<String>) -> Lexed<T> {
        Err(LexError {
            offset: self.start,
            text: text.into(),
        })
    }

    /// An error behind the token that has just been read.
    fn error_behind<T>(&mut self, text: String) -> Lexed<T> {
        self.start = self.position;
        self.error(text)
    }

    fn end_of_input(&self) -> Lexed<Token> {
        match self.mode {
            Mode::Braces => self.error("unexpected end of input inside braces"),
            Mode::Duration => self.error("unexpected end of input in duration expression"),
            Mode::Expression if self.paren_depth > 0 => self.error("unclosed left parenthesis"),
            Mode::Expression if self.bracket_open => self.error("unclosed left bracket"),
            Mode::Expression => Ok(Token {
                kind: TokenKind::EndOfInput,
                start: self.position,
                end: self.position,
            }),
        }
    }

    fn expression_token(&mut self, c: char) -> Lexed<TokenKind> {
        use TokenKind::Operator;
        Ok(match c {
            ',' => TokenKind::Comma,
            '*' => Operator(BinaryOp::Mul),
            '/' => Operator(BinaryOp::Div),
            '%' => Operator(BinaryOp::Mod),
            '+' => Operator(BinaryOp::Add),
            '-' => Operator(BinaryOp::Sub),
            '^' => Operator(BinaryOp::Pow),
            '@' => TokenKind::At,
            '=' | '!' | '<' | '>' => return self.comparison(c),
            '0'..='9' => return self.number_or_duration(),
            '.' if self.peek().is_some_and(|c| c.is_ascii_digit()) => {
                return self.number_or_duration();
            }
            '"' | '\'' => return self.quoted_string(c),
            '`' => return self.raw_string(),
            '(' => self.open_paren(),
            ')' => return self.close_paren(),
            '{' => {
                self.mode = Mode::Braces;
                TokenKind::LeftBrace
            }
            '[' if self.bracket_open => return self.error("unexpected left bracket '['"),
            '[' => {
                self.got_colon = false;
                self.bracket_open = true;
                self.mode = Mode::Duration;
                TokenKind::LeftBracket
            }
            ']' if !self.bracket_open => return self.error("unexpected right bracket ']'"),
            ']' => {
                self.bracket_open = false;
                TokenKind::RightBracket
            }
            _ if (is_alpha(c) || c == ':') && self.bracket_open => return self.word_in_brackets(c),
            _ if is_alpha(c) || c == ':' => self.keyword_or_identifier(),
            _ => {
                return self.error(format!("unexpected character: {}", quote_char(Some(c))));
            }
        })
    }

    fn comparison(&mut self, c: char) -> Lexed<TokenKind> {
        use TokenKind::Operator;
        let next = self.peek();
        let quoted = quote_char(next);
        let (kind, long) = match (c, next) {
            ('=', Some('=')) => (Operator(BinaryOp::Equal), true),
            ('=', Some('~')) => {
                return self.error(format!("unexpected character after '=': {quoted}"));
            }
            ('=', _) => (TokenKind::Assign, false),
            ('!', Some('=')) => (Operator(BinaryOp::NotEqual), true),
            ('!', _) => return self.error(format!("unexpected character after '!': {quoted}")),
            (_, Some('/')) => (TokenKind::Trim, true),
            ('<', Some('=')) => (Operator(BinaryOp::LessEqual), true),
            ('<', _) => (Operator(BinaryOp::Less), false),
            (_, Some('=')) => (Operator(BinaryOp::GreaterEqual), true),
            _ => (Operator(BinaryOp::Greater), false),
        };
        if long {
            self.next();
        }
        Ok(kind)
    }

    fn open_paren(&mut self) -> TokenKind {
        self.paren_depth += 1;
        TokenKind::LeftParen
    }

    fn close_paren(&mut self) -> Lexed<TokenKind> {
        if self.paren_depth == 0 {
            return self.error_behind("unexpected right parenthesis ')'".to_owned());
        }
        self.paren_depth -= 1;
        Ok(TokenKind::RightParen)
    }

    fn braces_token(&mut self, c: char) -> Lexed<TokenKind> {
        Ok(match c {
            ',' => TokenKind::Comma,
            '"' | '\'' => return self.quoted_string(c),
            '`' => return self.raw_string(),
            '=' if self.accept("~") => TokenKind::RegexMatch,
            '=' => TokenKind::Assign,
            '!' if self.accept("~") => TokenKind::RegexMismatch,
            '!' if self.accept("=") => TokenKind::Operator(BinaryOp::NotEqual),
            '!' => {
                let next = quote_char(self.peek());
                return self.error(format!(
                    "unexpected character after '!' inside braces: {next}"
                ));
            }
            '{' => return self.error("unexpected left brace '{'"),
            '}' => {
                self.mode = Mode::Expression;
                TokenKind::RightBrace
            }
            _ if is_alpha(c) => {
                self.skip_while(is_alphanumeric);
                TokenKind::Identifier
            }
            _ => {
                return self.error(format!(
                    "unexpected character inside braces: {}",
                    quote_char(Some(c))
                ));
            }
        })
    }

    /// Inside `[…]`, before and between operands.
    fn duration_token(&mut self, c: char) -> Lexed<TokenKind> {
        use TokenKind::Operator;
        Ok(match c {
            ']' => {
                self.bracket_open = false;
                self.got_colon = false;
                self.mode = Mode::Expression;
                TokenKind::RightBracket
            }
            ':' if !self.got_duration => {
                return self.error_behind(
                    "unexpected colon before duration in duration expression".to_owned(),
                );
            }
            ':' if self.got_colon => {
                return self
                    .error_behind("unexpected repeated colon in duration expression".to_owned());
            }
            ':' => {
                self.got_colon = true;
                TokenKind::Colon
            }
            '(' => self.open_paren(),
            ')' => return self.close_paren(),
            '+' => Operator(BinaryOp::Add),
            '-' => Operator(BinaryOp::Sub),
            '*' => Operator(BinaryOp::Mul),
            '/' => Operator(BinaryOp::Div),
            '%' => Operator(BinaryOp::Mod),
            '^' => Operator(BinaryOp::Pow),
            ',' => TokenKind::Comma,
            '0'..='9' => return self.number_in_duration(),
            '.' if self.peek().is_some_and(|c| c.is_ascii_digit()) => {
                return self.number_in_duration();
            }
            _ => {
                if starts_duration_word(c)
                    && let Some(kind) = self.duration_word()
                {
                    return Ok(kind);
                }
                return self.error(format!(
                    "unexpected character in duration expression: {}",
                    quote_char(Some(c))
                ));
            }
        })
    }

    /// Behind a number the rules of expressions hold again, with the bracket still open.
    fn number_in_duration(&mut self) -> Lexed<TokenKind> {
        self.got_duration = true;
        self.mode = Mode::Expression;
        self.number_or_duration()
    }

    fn word_in_brackets(&mut self, c: char) -> Lexed<TokenKind> {
        if c == ':' {
            if self.got_colon {
                return self.error("unexpected colon ':'");
            }
            self.got_colon = true;
            return Ok(TokenKind::Colon);
        }
        if starts_duration_word(c)
            && let Some(kind) = self.duration_word()
        {
            return Ok(kind);
        }
        let quoted = quote_char(Some(c));
        self.error(format!("unexpected character: {quoted}, expected ':'"))
    }

    fn duration_word(&mut self) -> Option<TokenKind> {
        self.skip_while(is_alpha);
        let word = self.text[self.start..self.position].to_ascii_lowercase();
        let preprocessor = match word.as_str() {
            "step" => Preprocessor::Step,
            "range" => Preprocessor::Range,
            "max_of" => Preprocessor::MaxOf,
            "min_of" => Preprocessor::MinOf,
            _ => return None,
        };
        Some(TokenKind::Preprocessor(preprocessor))
    }

    fn keyword_or_identifier(&mut self) -> TokenKind {
        self.skip_while(|c| is_alphanumeric(c) || c == ':');
        let word = &self.text[self.start..self.position];
        match keyword(&word.to_ascii_lowercase()) {
            // These became keywords late: metrics of the same name still have to work.
            Some(TokenKind::Keyword(Keyword::Fill | Keyword::FillLeft | Keyword::FillRight))
                if !self.text[self.position..]
                    .trim_start_matches(is_space)
                    .starts_with('(') =>
            {
                TokenKind::Identifier
            }
            Some(kind) => kind,
            None if word.contains(':') => TokenKind::MetricIdentifier,
            None => TokenKind::Identifier,
        }
    }

    fn quoted_string(&mut self, quote: char) -> Lexed<TokenKind> {
        loop {
            match self.next() {
                Some('\\') => self.escape(quote)?,
                Some(char::REPLACEMENT_CHARACTER) => return self.error("invalid UTF-8 rune"),
                None | Some('\n') => return self.error("unterminated quoted string"),
                Some(c) if c == quote => return Ok(TokenKind::String),
                Some(_) => {}
            }
        }
    }

    fn raw_string(&mut self) -> Lexed<TokenKind> {
        loop {
            match self.next() {
                Some(char::REPLACEMENT_CHARACTER) => return self.error("invalid UTF-8 rune"),
                None => return self.error("unterminated raw string"),
                Some('`') => return Ok(TokenKind::String),
                Some(_) => {}
            }
        }
    }

    /// Checks an escape sequence; the backslash has been read.
    fn escape(&mut self, quote: char) -> Lexed<()> {
        let first = self.next();
        let (digits, base, max) = match first {
            Some('a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\') => return Ok(()),
            Some(c) if c == quote => return Ok(()),
            Some('0'..='7') => (3, 8, 0xff),
            Some('x') => (2, 16, 0xff),
            Some('u') => (4, 16, 0x10_ffff),
            Some('U') => (8, 16, 0x10_ffff),
            None => return self.error("escape sequence not terminated"),
            Some(c) => {
                let name = describe_char(c);
                return self.error(format!("unknown escape sequence {name}"));
            }
        };
        let mut digit = if base == 8 { first } else { self.next() };
        let mut value: u64 = 0;
        for place in 0..digits {
            if place > 0 {
                digit = self.next();
            }
            let Some(c) = digit else {
                return self.error("escape sequence not terminated");
            };
            let Some(number) = c.to_digit(base) else {
                let name = describe_char(c);
                return self.error(format!("illegal character {name} in escape sequence"));
            };
            value = value * u64::from(base) + u64::from(number);
        }
        if value > max || (0xd800..0xe000).contains(&value) {
            return self.error("escape sequence is an invalid Unicode code point");
        }
        Ok(())
    }
}

/// Keywords in lower case.
fn keyword(word: &str) -> Option<TokenKind> {
    use TokenKind::{Aggregate, ExperimentalAggregate, Number, Operator};
    Some(match word {
        "and" => Operator(BinaryOp::And),
        "or" => Operator(BinaryOp::Or),
        "unless" => Operator(BinaryOp::Unless),
        "atan2" => Operator(BinaryOp::Atan2),
        "sum" => Aggregate(AggregateOp::Sum),
        "avg" => Aggregate(AggregateOp::Avg),
        "count" => Aggregate(AggregateOp::Count),
        "min" => Aggregate(AggregateOp::Min),
        "max" => Aggregate(AggregateOp::Max),
        "group" => Aggregate(AggregateOp::Group),
        "stddev" => Aggregate(AggregateOp::Stddev),
        "stdvar" => Aggregate(AggregateOp::Stdvar),
        "topk" => Aggregate(AggregateOp::Topk),
        "bottomk" => Aggregate(AggregateOp::Bottomk),
        "count_values" => Aggregate(AggregateOp::CountValues),
        "quantile" => Aggregate(AggregateOp::Quantile),
        "limitk" => ExperimentalAggregate("limitk"),
        "limit_ratio" => ExperimentalAggregate("limit_ratio"),
        "offset" => TokenKind::Keyword(Keyword::Offset),
        "smoothed" => TokenKind::Keyword(Keyword::Smoothed),
        "anchored" => TokenKind::Keyword(Keyword::Anchored),
        "by" => TokenKind::Keyword(Keyword::By),
        "without" => TokenKind::Keyword(Keyword::Without),
        "on" => TokenKind::Keyword(Keyword::On),
        "ignoring" => TokenKind::Keyword(Keyword::Ignoring),
        "group_left" => TokenKind::Keyword(Keyword::GroupLeft),
        "group_right" => TokenKind::Keyword(Keyword::GroupRight),
        "fill" => TokenKind::Keyword(Keyword::Fill),
        "fill_left" => TokenKind::Keyword(Keyword::FillLeft),
        "fill_right" => TokenKind::Keyword(Keyword::FillRight),
        "bool" => TokenKind::Keyword(Keyword::Bool),
        "start" => TokenKind::Preprocessor(Preprocessor::Start),
        "end" => TokenKind::Preprocessor(Preprocessor::End),
        "step" => TokenKind::Preprocessor(Preprocessor::Step),
        "range" => TokenKind::Preprocessor(Preprocessor::Range),
        "max_of" => TokenKind::Preprocessor(Preprocessor::MaxOf),
        "min_of" => TokenKind::Preprocessor(Preprocessor::MinOf),
        "inf" | "nan" => Number,
        _ => return None,
    })
}

impl Token {
    /// How Prometheus names a token that it didn't expect.
    pub fn describe(&self, query: &str) -> String {
        let raw = &query[self.start..self.end];
        match self.kind {
            TokenKind::EndOfInput => "end of input".to_owned(),
            TokenKind::Identifier => format!("identifier {}", quote(raw)),
            TokenKind::MetricIdentifier => format!("metric identifier {}", quote(raw)),
            TokenKind::String => format!("string {}", shortened(raw)),
            TokenKind::Number => format!("number {}", shortened(raw)),
            TokenKind::Duration => format!("duration {}", shortened(raw)),
            TokenKind::Keyword(_) => format!("<{raw}>"),
            TokenKind::Aggregate(_) | TokenKind::ExperimentalAggregate(_) => {
                format!("<aggr:{raw}>")
            }
            TokenKind::RegexMatch
            | TokenKind::RegexMismatch
            | TokenKind::At
            | TokenKind::Operator(_)
            | TokenKind::Trim => format!("<op:{raw}>"),
            _ => shortened(raw),
        }
    }
}

/// Quotes a text, cut after ten characters if it has more than ten bytes.
fn shortened(raw: &str) -> String {
    if raw.len() <= 10 {
        return quote(raw);
    }
    let start: String = raw.chars().take(10).collect();
    format!("{}...", quote(start))
}
