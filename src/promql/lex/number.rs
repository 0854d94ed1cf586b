//! Where a number or a duration ends. What is found needn't be valid: the parser reads its value.

use super::{Lexed, Lexer, TokenKind, is_alphanumeric};
use crate::go::quote::quote;

const DECIMAL: &str = "0123456789";
const HEXADECIMAL: &str = "0123456789abcdefABCDEF";

impl Lexer<'_> {
    /// A number or a duration; its first character has been read.
    pub(super) fn number_or_duration(&mut self) -> Lexed<TokenKind> {
        self.position = self.start;
        if self.scan_number() {
            return Ok(TokenKind::Number);
        }
        if self.scan_rest_of_duration() {
            return Ok(TokenKind::Duration);
        }
        let seen = quote(&self.text[self.start..self.position]);
        self.error(format!("bad number or duration syntax: {seen}"))
    }

    fn at(&self, set: &str) -> bool {
        self.peek().is_some_and(|c| set.contains(c))
    }

    /// `[.]digits` with dots, exponents and underscores between; `lex.go scanNumber` step by step, since
    /// what is consumed before a failure shows in the error.
    fn scan_number(&mut self) -> bool {
        let mut digits = DECIMAL;
        if self.accept("0") && self.accept("xX") {
            self.accept("_");
            digits = HEXADECIMAL;
        }
        self.accept(".");
        self.accept(digits);
        let (mut dot, mut exponent) = (false, false);
        while self.at(digits) || self.at("._eE") {
            if (dot && self.at(".")) || (exponent && self.at("eE")) {
                self.next();
                return false;
            }
            if self.accept(".") {
                dot = true;
                if self.accept("_.") || digits == HEXADECIMAL {
                    return false;
                }
            } else if self.accept("eE") {
                exponent = true;
                self.accept("+-");
                if self.accept("._eE") || self.peek().is_none() {
                    return false;
                }
            } else if self.accept("_") {
                if self.accept("._eE") || self.peek().is_none() {
                    return false;
                }
            } else {
                while self.accept(digits) {}
            }
        }
        !self.peek().is_some_and(is_alphanumeric)
    }

    /// The unit behind a number, then further numbers with units. Wrong or disordered units are found
    /// when the duration is read.
    fn scan_rest_of_duration(&mut self) -> bool {
        if !self.accept("smhdwy") {
            return false;
        }
        self.accept("s");
        while self.accept(DECIMAL) {
            while self.accept(DECIMAL) {}
            if !self.accept("smhdw") {
                return false;
            }
            self.accept("s");
        }
        if self.peek().is_some_and(is_alphanumeric) {
            // Upstream has read this character when it gives up; its error shows it.
            self.next();
            return false;
        }
        true
    }
}
