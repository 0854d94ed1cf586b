//! Text of a template → nodes.

use super::{Node, Parameter};
use crate::go::number::{parse_decimal, parse_float};
use crate::go::quote::describe_char;
use crate::go::unicode::{is_digit, is_letter};

/// Reads a whole template.
pub(super) fn parse(template: &str) -> Result<Vec<Node>, String> {
    let mut parser = Parser {
        text: template,
        start: 0,
        at: 0,
    };
    let mut nodes = Vec::new();
    while let Some(brace) = parser.rest().find('{') {
        parser.at += brace;
        parser.push_text(&mut nodes);
        parser.at += 1;
        parser.take();
        nodes.push(Node::List(parser.action()?));
    }
    parser.at = template.len();
    parser.push_text(&mut nodes);
    Ok(nodes)
}

/// The parts of the first action of `{text}`.
fn parse_action(text: &str) -> Result<Vec<Node>, String> {
    match parse(&format!("{{{text}}}"))?.into_iter().next() {
        Some(Node::List(nodes)) => Ok(nodes),
        _ => Ok(Vec::new()),
    }
}

struct Parser<'t> {
    text: &'t str,
    /// First byte that no node has taken yet.
    start: usize,
    at: usize,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn take(&mut self) -> &'t str {
        let taken = &self.text[self.start..self.at];
        self.start = self.at;
        taken
    }

    fn push_text(&mut self, nodes: &mut Vec<Node>) {
        let text = self.take();
        if !text.is_empty() {
            nodes.push(Node::Text(text.to_owned()));
        }
    }

    /// Whether the character before the last one is a backslash.
    fn is_escaped(&self) -> bool {
        self.at >= 2 && self.text.as_bytes()[self.at - 2] == b'\\'
    }

    fn action(&mut self) -> Result<Vec<Node>, String> {
        let mut nodes = Vec::new();
        loop {
            if self.rest().starts_with('}') {
                self.at += 1;
                self.take();
                return Ok(nodes);
            }
            if self.rest().starts_with("[?(") {
                nodes.push(self.filter()?);
                continue;
            }
            if self.rest().starts_with("..") {
                self.recursive(&mut nodes)?;
                continue;
            }
            match self.next() {
                None | Some('\r' | '\n') => return Err("unclosed action".to_owned()),
                Some(' ' | '@' | '$') => drop(self.take()),
                Some('[') => self.array(&mut nodes)?,
                Some(quote @ ('"' | '\'')) => nodes.push(self.quoted(quote)?),
                Some('.') => nodes.push(self.field()),
                Some(c) if c == '+' || c == '-' || is_digit(c) => {
                    self.at -= c.len_utf8();
                    nodes.push(self.number()?);
                }
                Some(c) if is_alphanumeric(c) => {
                    self.at -= c.len_utf8();
                    nodes.push(self.identifier());
                }
                Some(c) => {
                    return Err(format!(
                        "unrecognized character in action: {}",
                        describe_char(c)
                    ));
                }
            }
        }
    }

    fn identifier(&mut self) -> Node {
        while self.peek().is_some_and(|c| !is_terminator(c)) {
            self.next();
        }
        match self.take() {
            "true" => Node::Bool(true),
            "false" => Node::Bool(false),
            name => Node::Identifier(name.to_owned()),
        }
    }

    fn recursive(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        if nodes.last() == Some(&Node::Recursive) {
            return Err("invalid multiple recursive descent".to_owned());
        }
        self.at += 2;
        self.take();
        nodes.push(Node::Recursive);
        if self.peek().is_some_and(is_alphanumeric) {
            nodes.push(self.field());
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Node, String> {
        if matches!(self.peek(), Some('+' | '-')) {
            self.next();
        }
        while self.peek().is_some_and(|c| c == '.' || is_digit(c)) {
            self.next();
        }
        let text = self.take();
        if let Ok(number) = parse_decimal(text.as_bytes(), "Atoi") {
            return Ok(Node::Int(number));
        }
        match parse_float(text.as_bytes()) {
            Ok(number) => Ok(Node::Float(number)),
            Err(_) => Err(format!("cannot parse number {text}")),
        }
    }

    fn field(&mut self) -> Node {
        self.take();
        while let Some(c) = self.peek() {
            if is_terminator(c) {
                break;
            }
            self.next();
            if c == '\\' {
                self.next();
            }
        }
        match self.take() {
            "*" => Node::Wildcard,
            name => Node::Field(name.replace('\\', "")),
        }
    }

    fn quoted(&mut self, quote: char) -> Result<Node, String> {
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated quoted string".to_owned()),
                Some(c) if c == quote && !self.is_escaped() => break,
                Some(_) => {}
            }
        }
        let text = self.take();
        match unquote(text, quote) {
            Some(unquoted) => Ok(Node::Text(unquoted)),
            None => Err(format!("unquote string {text} error invalid syntax")),
        }
    }

    /// What stands between brackets; the opening one has been read.
    fn array(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated array".to_owned()),
                Some(']') => break,
                Some(_) => {}
            }
        }
        let text = self.take();
        let text = match &text[1..text.len() - 1] {
            "*" => ":",
            text => text,
        };
        if text.contains(',') {
            let parts = text
                .split(',')
                .map(|part| parse_action(&format!("[{}]", part.trim_matches(' '))));
            nodes.push(Node::Union(parts.collect::<Result<_, _>>()?));
            return Ok(());
        }
        let key = text
            .strip_prefix('\'')
            .and_then(|text| text.strip_suffix('\''));
        if let Some(key) = key.filter(|key| !key.contains('\'')) {
            // The key is read as a path: dots in it separate.
            nodes.extend(parse_action(&format!(".{key}"))?);
            return Ok(());
        }
        nodes.push(Node::Array(parameters(text)?));
        Ok(())
    }

    fn filter(&mut self) -> Result<Node, String> {
        self.at += 3;
        self.take();
        // A quoted string may hold `)`; only the first one is looked at.
        let mut quote = None;
        let mut is_closed = false;
        loop {
            match (self.next(), quote) {
                (None | Some('\n'), _) => return Err("unterminated filter".to_owned()),
                (Some(c @ ('"' | '\'')), None) => quote = Some(c),
                (Some(c @ ('"' | '\'')), Some(open)) => {
                    is_closed |= c == open && !self.is_escaped();
                }
                (Some(')'), open) if open.is_some() == is_closed => break,
                (Some(_), _) => {}
            }
        }
        if self.next() != Some(']') {
            return Err("unclosed array expect ]".to_owned());
        }
        let text = self.take();
        let text = &text[..text.len() - 2];
        let Some((left, operator, right)) = split_comparison(text) else {
            return Ok(Node::Filter {
                left: parse_action(text)?,
                right: Vec::new(),
                operator: "exists".to_owned(),
            });
        };
        Ok(Node::Filter {
            left: parse_action(left)?,
            right: parse_action(right)?,
            operator: operator.to_owned(),
        })
    }
}

/// Left side, operator and right side, each not empty. The operator is as long as it can be.
fn split_comparison(text: &str) -> Option<(&str, &str, &str)> {
    let is_operator = |c: char| matches!(c, '!' | '<' | '>' | '=');
    let start = text.find(is_operator).filter(|start| *start > 0)?;
    let length = text[start..]
        .chars()
        .take_while(|c| is_operator(*c))
        .count();
    let mut end = start + length;
    if end == text.len() {
        end -= 1;
    }
    (end > start).then(|| (&text[..start], &text[start..end], &text[end..]))
}

/// `start:end:step`, each of which may be missing.
fn parameters(text: &str) -> Result<[Parameter; 3], String> {
    let invalid = || format!("invalid array index {text}");
    let parts: Vec<&str> = text.split(':').collect();
    let is_index = |part: &&str| {
        part.strip_prefix('-')
            .unwrap_or(part)
            .bytes()
            .all(|b| b.is_ascii_digit())
    };
    if parts.len() > 3 || !parts.iter().all(is_index) {
        return Err(invalid());
    }
    let mut parameters = [Parameter::default(); 3];
    for index in 0..3 {
        match parts.get(index) {
            Some(part) if !part.is_empty() => {
                let value = parse_decimal(part.as_bytes(), "Atoi")
                    .map_err(|_| format!("array index {part} is not a number"))?;
                parameters[index] = Parameter {
                    value,
                    is_known: true,
                    is_derived: false,
                };
            }
            None if index == 1 => {
                let value = parameters[0].value.wrapping_add(1);
                parameters[1] = Parameter {
                    value,
                    is_known: true,
                    is_derived: true,
                };
            }
            _ => {}
        }
    }
    Ok(parameters)
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || is_letter(c) || is_digit(c)
}

fn is_terminator(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}'
    )
}

/// Contents of a quoted string with Go's escapes.
fn unquote(text: &str, quote: char) -> Option<String> {
    let contents = text.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut out = String::with_capacity(contents.len());
    let mut rest = contents;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        if c == quote && (contents.contains('\\') || contents.contains(quote)) {
            return None;
        }
        if c != '\\' {
            out.push(c);
            rest = after;
            continue;
        }
        let (unescaped, length) = unescape(after, quote)?;
        out.push(unescaped);
        rest = &after[length..];
    }
    Some(out)
}

/// One escape without its backslash (`strconv.UnquoteChar`), and its length.
fn unescape(text: &str, quote: char) -> Option<(char, usize)> {
    let numeric = |start: usize, digits: usize, radix: u32| {
        let digits = text.get(start..start + digits)?;
        let is_number = digits.chars().all(|c| c.is_digit(radix));
        is_number
            .then(|| u32::from_str_radix(digits, radix).ok())
            .flatten()
    };
    let c = text.chars().next()?;
    Some(match c {
        'a' => ('\x07', 1),
        'b' => ('\x08', 1),
        'f' => ('\x0c', 1),
        'n' => ('\n', 1),
        'r' => ('\r', 1),
        't' => ('\t', 1),
        'v' => ('\x0b', 1),
        // Bytes beyond ASCII would not be UTF-8; they read as the replacement character in JSON.
        'x' => (byte(numeric(1, 2, 16)?), 3),
        'u' => (char::from_u32(numeric(1, 4, 16)?)?, 5),
        'U' => (char::from_u32(numeric(1, 8, 16)?)?, 9),
        '0'..='7' => (byte(numeric(0, 3, 8).filter(|code| *code < 256)?), 3),
        '\\' => ('\\', 1),
        c if c == quote => (quote, 1),
        _ => return None,
    })
}

fn byte(code: u32) -> char {
    char::from_u32(code)
        .filter(char::is_ascii)
        .unwrap_or('\u{FFFD}')
}
