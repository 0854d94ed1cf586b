//! JSON as package `encoding/json` reads it into `interface{}` and writes it back.
//!
//! A web measurement decides by it twice: whether a body is JSON at all, and what text is stored.

use std::fmt;

use super::number::format_json;
use super::quote::quote;

/// Nesting that is read; Go reads 10 000 levels, which no measurement needs.
pub const MAX_DEPTH: usize = 500;
const GO_MAX_DEPTH: usize = 10_000;

/// A decoded value; numbers are always `float64`.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// Any number.
    Number(f64),
    /// A string; what was not UTF-8 has become U+FFFD.
    String(String),
    /// `[…]`
    Array(Vec<Json>),
    /// `{…}`, sorted by key; of equal keys the last one counts.
    Object(Vec<(String, Json)>),
}

impl FromIterator<Json> for Json {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        Self::Array(items.into_iter().collect())
    }
}

/// Why a text is no JSON, with Go's wording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonError {
    /// A byte that can't stand there: `invalid character 'x' looking for beginning of value`.
    InvalidCharacter(u8, &'static str),
    /// `unexpected end of JSON input`
    UnexpectedEnd,
    /// A number that is no finite `float64`.
    NumberRange(String),
    /// Nested deeper than Go reads.
    ExceededDepth(u8),
    /// Nested deeper than [`MAX_DEPTH`], which Go would read and we don't.
    Unsupported,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidCharacter(byte, context) => {
                write!(f, "invalid character {} {context}", quote_byte(*byte))
            }
            Self::UnexpectedEnd => f.write_str("unexpected end of JSON input"),
            Self::NumberRange(text) => {
                write!(
                    f,
                    "json: cannot unmarshal number {text} into Go value of type float64"
                )
            }
            Self::ExceededDepth(byte) => {
                write!(
                    f,
                    "invalid character {} exceeded max depth",
                    quote_byte(*byte)
                )
            }
            Self::Unsupported => write!(
                f,
                "JSON nested deeper than {MAX_DEPTH} levels is not supported"
            ),
        }
    }
}

fn quote_byte(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        _ => {
            // A single byte stands for the character of that number.
            let quoted = quote(char::from(byte).to_string().as_bytes());
            format!("'{}'", &quoted[1..quoted.len() - 1])
        }
    }
}

/// Decodes a whole text (`json.Unmarshal` into an `interface{}`).
pub fn decode(text: &[u8]) -> Result<Json, JsonError> {
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
        number_error: None,
    };
    reader.skip_space();
    let value = reader.value()?;
    reader.skip_space();
    if let Some(byte) = reader.peek() {
        return Err(JsonError::InvalidCharacter(byte, "after top-level value"));
    }
    // The syntax of the whole text is checked before any number is converted.
    match reader.number_error {
        Some(error) => Err(error),
        None => Ok(value),
    }
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    depth: usize,
    number_error: Option<JsonError>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn invalid(&self, context: &'static str) -> JsonError {
        match self.peek() {
            Some(byte) => JsonError::InvalidCharacter(byte, context),
            None => JsonError::UnexpectedEnd,
        }
    }

    /// Where no blank may stand: there the end of the text is read as one.
    fn invalid_here(&self, context: &'static str) -> JsonError {
        JsonError::InvalidCharacter(self.peek().unwrap_or(b' '), context)
    }

    fn value(&mut self) -> Result<Json, JsonError> {
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => Ok(Json::String(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal(b"true", &TRUE, Json::Bool(true)),
            Some(b'f') => self.literal(b"false", &FALSE, Json::Bool(false)),
            Some(b'n') => self.literal(b"null", &NULL, Json::Null),
            _ => Err(self.invalid("looking for beginning of value")),
        }
    }

    fn nested(
        &mut self,
        read: fn(&mut Self) -> Result<Json, JsonError>,
    ) -> Result<Json, JsonError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.too_deep());
        }
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    /// Go reads on where this reader stops; it fails only if the brackets alone go beyond its limit.
    fn too_deep(&self) -> JsonError {
        let opening = self.text[self.at..]
            .iter()
            .take_while(|b| matches!(b, b'[' | b'{'))
            .count();
        if self.depth - 1 + opening > GO_MAX_DEPTH {
            return JsonError::ExceededDepth(self.text[self.at + GO_MAX_DEPTH + 1 - self.depth]);
        }
        JsonError::Unsupported
    }

    fn literal(
        &mut self,
        word: &[u8],
        contexts: &[&'static str],
        value: Json,
    ) -> Result<Json, JsonError> {
        self.at += 1;
        for (expected, context) in word[1..].iter().zip(contexts) {
            if self.peek() != Some(*expected) {
                return Err(self.invalid_here(context));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn array(&mut self) -> Result<Json, JsonError> {
        let mut items = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::Array(items));
        }
        loop {
            self.skip_space();
            items.push(self.value()?);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Json::Array(items));
                }
                _ => return Err(self.invalid("after array element")),
            }
        }
    }

    fn object(&mut self) -> Result<Json, JsonError> {
        let mut members: Vec<(String, Json)> = Vec::new();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Object(members));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.invalid("looking for beginning of object key string"));
            }
            let key = self.string()?;
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.invalid("after object key"));
            }
            self.at += 1;
            self.skip_space();
            let value = self.value()?;
            match members.binary_search_by(|(known, _)| known.as_str().cmp(&key)) {
                Ok(index) => members[index].1 = value,
                Err(index) => members.insert(index, (key, value)),
            }
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Json::Object(members));
                }
                _ => return Err(self.invalid("after object key:value pair")),
            }
        }
    }

    fn digits(&mut self, context: &'static str) -> Result<(), JsonError> {
        if !self.peek().is_some_and(|b| b.is_ascii_digit()) {
            return Err(self.invalid_here(context));
        }
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Json, JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits("in numeric literal")?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let text = String::from_utf8_lossy(&self.text[start..self.at]).into_owned();
        let number = text.parse().unwrap_or(f64::INFINITY);
        if number.is_infinite() && self.number_error.is_none() {
            self.number_error = Some(JsonError::NumberRange(text));
        }
        Ok(Json::Number(number))
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while self
                .peek()
                .is_some_and(|b| b >= 0x20 && b != b'"' && b != b'\\')
            {
                self.at += 1;
            }
            push_utf8(&mut out, &self.text[start..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape(&mut out)?;
                }
                _ => return Err(self.invalid("in string literal")),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), JsonError> {
        let plain = match self.peek() {
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(byte @ (b'\\' | b'/' | b'"')) => char::from(byte),
            Some(b'u') => {
                self.at += 1;
                let unit = self.hexadecimal()?;
                out.push(self.character(unit));
                return Ok(());
            }
            _ => return Err(self.invalid_here("in string escape code")),
        };
        self.at += 1;
        out.push(plain);
        Ok(())
    }

    fn hexadecimal(&mut self) -> Result<u32, JsonError> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|b| char::from(b).to_digit(16));
            let digit =
                digit.ok_or_else(|| self.invalid_here("in \\u hexadecimal character escape"))?;
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }

    /// The character of a `\u` escape; a pair of surrogates makes one, a lone one becomes U+FFFD.
    fn character(&mut self, unit: u32) -> char {
        if (0xD800..0xDC00).contains(&unit)
            && let Some(low) = self.following_low_surrogate()
        {
            self.at += 6;
            let code = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            return char::from_u32(code).unwrap_or('\u{FFFD}');
        }
        char::from_u32(unit).unwrap_or('\u{FFFD}')
    }

    fn following_low_surrogate(&self) -> Option<u32> {
        let rest = self.text.get(self.at..self.at + 6)?.strip_prefix(b"\\u")?;
        let digits = std::str::from_utf8(rest)
            .ok()
            .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let unit = u32::from_str_radix(digits, 16).ok()?;
        (0xDC00..0xE000).contains(&unit).then_some(unit)
    }
}

/// Appends bytes; each byte that is no UTF-8 becomes one U+FFFD.
fn push_utf8(out: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for _ in chunk.invalid() {
            out.push('\u{FFFD}');
        }
    }
}

const TRUE: [&str; 3] = [
    "in literal true (expecting 'r')",
    "in literal true (expecting 'u')",
    "in literal true (expecting 'e')",
];
const FALSE: [&str; 4] = [
    "in literal false (expecting 'a')",
    "in literal false (expecting 'l')",
    "in literal false (expecting 's')",
    "in literal false (expecting 'e')",
];
const NULL: [&str; 3] = [
    "in literal null (expecting 'u')",
    "in literal null (expecting 'l')",
    "in literal null (expecting 'l')",
];

/// Writes the value on one line (`json.Marshal`).
pub fn encode(value: &Json) -> String {
    let mut out = String::new();
    push(&mut out, value);
    out
}

fn push(out: &mut String, value: &Json) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Json::Number(number) => out.push_str(&format_json(*number).unwrap_or_default()),
        Json::String(text) => push_string(out, text.as_bytes()),
        Json::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                push(out, item);
            }
            out.push(']');
        }
        Json::Object(members) => {
            out.push('{');
            for (index, (key, member)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                push_string(out, key.as_bytes());
                out.push(':');
                push(out, member);
            }
            out.push('}');
        }
    }
}

/// Appends a string literal, escaped for HTML as Go does.
pub fn push_string(out: &mut String, text: &[u8]) {
    out.push('"');
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\\' => {
                    out.push('\\');
                    out.push(c);
                }
                '\x08' => out.push_str("\\b"),
                '\x0c' => out.push_str("\\f"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '<' | '>' | '&' | '\0'..' ' | '\u{2028}' | '\u{2029}' => {
                    out.extend([format!("\\u{:04x}", u32::from(c))]);
                }
                c => out.push(c),
            }
        }
        for _ in chunk.invalid() {
            out.push_str("\\ufffd");
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::{Json, decode, encode};

    fn error(text: &str) -> String {
        decode(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn decodes_and_encodes_as_go_does() {
        let text = br#" {"b": [1e21, 0.10, -0], "a": "<\ud83d\ude00\ud800\u0001>", "b": null} "#;
        let value = decode(text).unwrap();
        assert_eq!(
            encode(&value),
            "{\"a\":\"\\u003c😀\u{fffd}\\u0001\\u003e\",\"b\":null}"
        );
        assert_eq!(
            decode(b"\"\xff\"").unwrap(),
            Json::String("\u{fffd}".to_owned())
        );
    }

    #[test]
    fn refuses_with_gos_words() {
        assert_eq!(error(""), "unexpected end of JSON input");
        assert_eq!(
            error("[1,]"),
            "invalid character ']' looking for beginning of value"
        );
        assert_eq!(error("{\"a\" 1}"), "invalid character '1' after object key");
        assert_eq!(
            error("trap"),
            "invalid character 'a' in literal true (expecting 'u')"
        );
        assert_eq!(
            error("tru"),
            "invalid character ' ' in literal true (expecting 'e')"
        );
        assert_eq!(error("01"), "invalid character '1' after top-level value");
        assert_eq!(
            error("'x'"),
            "invalid character '\\'' looking for beginning of value"
        );
        assert_eq!(
            error("\u{e9}"),
            "invalid character 'Ã' looking for beginning of value"
        );
        assert_eq!(
            error("[1e999]"),
            "json: cannot unmarshal number 1e999 into Go value of type float64"
        );
        assert_eq!(
            error(&"[".repeat(600)),
            "JSON nested deeper than 500 levels is not supported"
        );
        assert_eq!(
            error(&"[".repeat(10_001)),
            "invalid character '[' exceeded max depth"
        );
    }
}
