//! Text → tokens (antonmedv/expr v1.15.5, `parser/lexer`).

use std::fmt;

use super::ast::Span;
use super::error::{CompileError, CompileResult};
use crate::go::quote::{describe_char, quote};
use crate::go::unicode::{is_digit, is_letter, is_space};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Identifier,
    Number,
    String,
    Operator,
    Bracket,
    Eof,
}

/// A token with its text; a string token has its unescaped contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub value: String,
    pub span: Span,
}

impl Token {
    pub fn is(&self, kind: TokenKind, value: &str) -> bool {
        self.kind == kind && self.value == value
    }

    pub fn is_operator(&self, value: &str) -> bool {
        self.is(TokenKind::Operator, value)
    }

    pub fn is_bracket(&self, value: &str) -> bool {
        self.is(TokenKind::Bracket, value)
    }
}

/// As error texts name it: `Operator("in")`, `EOF`.
impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            TokenKind::Identifier => "Identifier",
            TokenKind::Number => "Number",
            TokenKind::String => "String",
            TokenKind::Operator => "Operator",
            TokenKind::Bracket => "Bracket",
            TokenKind::Eof => "EOF",
        };
        if self.value.is_empty() {
            f.write_str(kind)
        } else {
            write!(f, "{kind}({})", quote(self.value.as_bytes()))
        }
    }
}

/// Cuts the whole text into tokens; the last one is [`TokenKind::Eof`].
pub(super) fn lex(text: &str) -> CompileResult<Vec<Token>> {
    let mut lexer = Lexer {
        text,
        start: 0,
        at: 0,
        tokens: Vec::new(),
    };
    while let Some(c) = lexer.next() {
        lexer.token(c)?;
    }
    lexer.start = lexer.at;
    lexer.emit(TokenKind::Eof);
    Ok(lexer.tokens)
}

pub(super) fn is_alphabetic(c: char) -> bool {
    c == '_' || c == '$' || is_letter(c)
}

fn is_alphanumeric(c: char) -> bool {
    is_alphabetic(c) || is_digit(c)
}

struct Lexer<'t> {
    text: &'t str,
    start: usize,
    at: usize,
    tokens: Vec<Token>,
}

impl<'t> Lexer<'t> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn accept(&mut self, valid: &str) -> bool {
        let accepted = self.peek().is_some_and(|c| valid.contains(c));
        if accepted {
            self.next();
        }
        accepted
    }

    fn accept_run(&mut self, valid: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&valid) {
            self.next();
        }
    }

    fn word(&self) -> &'t str {
        &self.text[self.start..self.at]
    }

    fn emit(&mut self, kind: TokenKind) {
        self.emit_value(kind, self.word().to_owned());
    }

    fn emit_value(&mut self, kind: TokenKind, value: String) {
        self.tokens.push(Token {
            kind,
            value,
            span: Span::new(self.start, self.at),
        });
        self.start = self.at;
    }

    fn ignore(&mut self) {
        self.start = self.at;
    }

    fn error(&self, text: impl Into<String>) -> CompileError {
        CompileError::rejected(text, Span::new(self.start, self.at))
    }

    /// Reads one token (or space, or comment) that starts with `c`, which has been consumed.
    fn token(&mut self, c: char) -> CompileResult<()> {
        match c {
            c if is_space(c) => self.ignore(),
            '\'' | '"' => self.string(c)?,
            '0'..='9' => {
                self.at = self.start;
                self.number()?;
            }
            '?' => {
                self.accept(".?");
                self.emit(TokenKind::Operator);
            }
            '/' if self.accept("/") => {
                self.accept_run(|c| c != '\n');
                self.next();
                self.ignore();
            }
            '/' if self.accept("*") => self.block_comment()?,
            '#' => self.pointer(),
            '|' => {
                self.accept("|");
                self.emit(TokenKind::Operator);
            }
            '(' | '[' | '{' | ')' | ']' | '}' => self.emit(TokenKind::Bracket),
            ',' | ':' | ';' | '%' | '+' | '-' | '^' | '/' => self.emit(TokenKind::Operator),
            '&' | '!' | '=' | '*' | '<' | '>' => {
                self.accept("&=*");
                self.emit(TokenKind::Operator);
            }
            // The number is read from behind the point, so that it may hold a second one.
            '.' if self.peek().is_some_and(|c| c.is_ascii_digit()) => self.number()?,
            '.' => {
                self.accept(".");
                self.emit(TokenKind::Operator);
            }
            c if is_alphanumeric(c) => self.identifier(),
            c => return Err(self.error(format!("unrecognized character: {}", describe_char(c)))),
        }
        Ok(())
    }

    fn block_comment(&mut self) -> CompileResult<()> {
        loop {
            match self.next() {
                None => return Err(self.error("unclosed comment")),
                Some('*') if self.accept("/") => break,
                Some(_) => {}
            }
        }
        self.ignore();
        Ok(())
    }

    /// `#`, `##`, or a pointer with a name: `#acc` is two tokens.
    fn pointer(&mut self) {
        self.accept("#");
        self.emit(TokenKind::Operator);
        self.accept_run(is_alphanumeric);
        if !self.word().is_empty() {
            self.emit(TokenKind::Identifier);
        }
    }

    fn identifier(&mut self) {
        self.accept_run(is_alphanumeric);
        match self.word() {
            "not" => self.not(),
            "in" | "or" | "and" | "matches" | "contains" | "startsWith" | "endsWith" | "let" => {
                self.emit(TokenKind::Operator);
            }
            _ => self.emit(TokenKind::Identifier),
        }
    }

    /// `not`, and the operator that it negates if one follows after blanks.
    fn not(&mut self) {
        self.emit(TokenKind::Operator);
        self.accept_run(|c| c == ' ');
        self.ignore();
        self.accept_run(is_alphanumeric);
        match self.word() {
            "in" | "matches" | "contains" | "startsWith" | "endsWith" => {
                self.emit(TokenKind::Operator);
            }
            _ => self.at = self.start,
        }
    }

    fn number(&mut self) -> CompileResult<()> {
        let mut digits: fn(char) -> bool = |c| c.is_ascii_digit() || c == '_';
        if self.accept("0") {
            if self.accept("xX") {
                digits = |c| c.is_ascii_hexdigit() || c == '_';
            } else if self.accept("oO") {
                digits = |c| matches!(c, '0'..='7' | '_');
            } else if self.accept("bB") {
                digits = |c| matches!(c, '0' | '1' | '_');
            }
        }
        self.accept_run(digits);
        let before_point = self.at;
        if self.accept(".") {
            if self.peek() == Some('.') {
                // A range such as `1..2`.
                self.at = before_point;
                self.emit(TokenKind::Number);
                return Ok(());
            }
            self.accept_run(digits);
        }
        if self.accept("eE") {
            self.accept("+-");
            self.accept_run(digits);
        }
        if self.peek().is_some_and(is_alphanumeric) {
            self.next();
            return Err(self.error(format!(
                "bad number syntax: {}",
                quote(self.word().as_bytes())
            )));
        }
        self.emit(TokenKind::Number);
        Ok(())
    }

    fn string(&mut self, quote: char) -> CompileResult<()> {
        loop {
            match self.next() {
                None | Some('\n') => return Err(self.error("literal not terminated")),
                Some('\\') => self.escape(quote)?,
                Some(c) if c == quote => break,
                Some(_) => {}
            }
        }
        let word = self.word().replace("\r\n", "\n").replace('\r', "\n");
        let contents = unescape(&word[1..word.len() - 1]).map_err(|text| self.error(text))?;
        self.emit_value(TokenKind::String, contents);
        Ok(())
    }

    /// Checks the form of an escape; what it means is for [`unescape`].
    fn escape(&mut self, quote: char) -> CompileResult<()> {
        let (digits, base) = match self.next() {
            Some('a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\') => return Ok(()),
            Some(c) if c == quote => return Ok(()),
            Some('0'..='7') => (2, 8),
            Some('x') => (2, 16),
            Some('u') => (4, 16),
            Some('U') => (8, 16),
            _ => return Err(self.error("invalid char escape")),
        };
        for _ in 0..digits {
            if !self.peek().is_some_and(|c| c.is_digit(base)) {
                return Err(self.error("invalid char escape"));
            }
            self.next();
        }
        Ok(())
    }
}

/// Replaces the escapes, whose form has been checked.
fn unescape(mut text: &str) -> Result<String, &'static str> {
    let mut out = String::with_capacity(text.len());
    while let Some(backslash) = text.find('\\') {
        out.push_str(&text[..backslash]);
        let mut rest = text[backslash + 1..].chars();
        let c = rest.next().unwrap_or('\\');
        let number = |digits: usize, radix: u32| {
            let digits = text
                .get(backslash + 2..backslash + 2 + digits)
                .unwrap_or_default();
            u32::from_str_radix(digits, radix).unwrap_or_default()
        };
        let (value, length) = match c {
            'a' => ('\x07', 0),
            'b' => ('\x08', 0),
            'f' => ('\x0c', 0),
            'n' => ('\n', 0),
            'r' => ('\r', 0),
            't' => ('\t', 0),
            'v' => ('\x0b', 0),
            'x' => (rune(number(2, 16)), 2),
            'u' => (rune(number(4, 16)), 4),
            'U' => {
                let code = number(8, 16);
                // Codes from 2^31 on are negative there, and become the replacement character.
                if (0x11_0000..0x8000_0000).contains(&code) {
                    return Err("unable to unescape string");
                }
                (rune(code), 8)
            }
            '0'..='3' => (rune((u32::from(c) - u32::from('0')) * 64 + number(2, 8)), 2),
            '4'..='7' => return Err("unable to unescape string"),
            c => (c, 0),
        };
        out.push(value);
        text = &text[backslash + 1 + c.len_utf8() + length..];
    }
    out.push_str(text);
    Ok(out)
}

fn rune(code: u32) -> char {
    char::from_u32(code).unwrap_or('\u{FFFD}')
}

#[cfg(test)]
mod tests {
    use super::lex;

    fn tokens(text: &str) -> String {
        match lex(text) {
            Ok(tokens) => tokens
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn cuts_as_the_original_does() {
        assert_eq!(
            tokens("1..2"),
            r#"Number("1") Operator("..") Number("2") EOF"#
        );
        assert_eq!(
            tokens("a not  in b"),
            r#"Identifier("a") Operator("not") Operator("in") Identifier("b") EOF"#
        );
        assert_eq!(
            tokens("#acc ?.x"),
            r##"Operator("#") Identifier("acc") Operator("?.") Identifier("x") EOF"##
        );
        assert_eq!(
            tokens("x // c\n/* d */ y"),
            r#"Identifier("x") Identifier("y") EOF"#
        );
        assert_eq!(tokens(r"'\u00e9\x41\101'"), "String(\"éAA\") EOF");
    }

    #[test]
    fn refuses_with_the_original_words() {
        assert_eq!(tokens("5m"), "bad number syntax: \"5m\"");
        assert_eq!(tokens("'a"), "literal not terminated");
        assert_eq!(tokens(r"'\q'"), "invalid char escape");
        assert_eq!(tokens("≥"), "unrecognized character: U+2265 '≥'");
        assert_eq!(tokens("/*"), "unclosed comment");
    }
}
