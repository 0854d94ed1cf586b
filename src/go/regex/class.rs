//! Characters of Go patterns: escapes, `[...]` classes, Perl and Unicode classes.

use std::fmt::Write as _;

use super::error::{Kind, SyntaxError};

const MAX_RUNE: u32 = 0x0010_FFFF;
const SURROGATES: (u32, u32) = (0xD800, 0xDFFF);
const CATEGORIES: &[&str] = &[
    "C", "Cc", "Cf", "Co", "Cs", "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N",
    "Nd", "Nl", "No", "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So",
    "Z", "Zl", "Zp", "Zs",
];
/// Script names as short as the four-letter aliases, which Go does not know.
const SHORT_SCRIPTS: &[&str] = &[
    "Ahom", "Cham", "Han", "Kawi", "Lao", "Lisu", "Miao", "Modi", "Mro", "Newa", "Nko", "Thai",
    "Toto", "Vai", "Yi",
];
const POSIX_CLASSES: &[&str] = &[
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// A character class at the start of `rest`, which begins with `[`: its translation and what follows it.
pub(super) fn class(rest: &str) -> Result<(String, &str), SyntaxError> {
    let mut t = &rest[1..];
    let mut translated = String::from("[");
    if let Some(after) = t.strip_prefix('^') {
        translated.push('^');
        t = after;
    }
    let start = translated.len();
    let mut first = true;
    while first || !t.starts_with(']') {
        first = false;
        if let Some((named, after)) = posix_class(t)? {
            translated.push_str(named);
            t = after;
        } else if let Some((group, after)) = escaped_class(t)? {
            translated.push_str(&group);
            t = after;
        } else {
            let item = t;
            let (low, after) = class_char(t, rest)?;
            let mut high = low;
            t = after;
            if t.len() >= 2 && t.starts_with('-') && !t.starts_with("-]") {
                let (end, after) = class_char(&t[1..], rest)?;
                t = after;
                high = end;
                if high < low {
                    let range = &item[..item.len() - t.len()];
                    return Err(SyntaxError::new(Kind::CharRange, range));
                }
            }
            push_range(&mut translated, low, high);
        }
    }
    if translated.len() == start {
        // Only surrogates were named, which no text holds.
        translated.push_str("[^\\x{0}-\\x{10FFFF}]");
    }
    translated.push(']');
    Ok((translated, &t[1..]))
}

fn class_char<'a>(t: &'a str, whole: &str) -> Result<(u32, &'a str), SyntaxError> {
    match t.chars().next() {
        None => Err(SyntaxError::new(Kind::MissingBracket, whole)),
        Some('\\') => escape(t),
        Some(c) => Ok((u32::from(c), &t[c.len_utf8()..])),
    }
}

/// `[:alpha:]` inside a class.
fn posix_class(t: &str) -> Result<Option<(&str, &str)>, SyntaxError> {
    let Some(inner) = t.strip_prefix("[:") else {
        return Ok(None);
    };
    let Some(end) = inner.find(":]") else {
        return Ok(None);
    };
    let (whole, after) = t.split_at(end + 4);
    let name = inner[..end].strip_prefix('^').unwrap_or(&inner[..end]);
    if POSIX_CLASSES.contains(&name) {
        Ok(Some((whole, after)))
    } else {
        Err(SyntaxError::new(Kind::CharRange, whole))
    }
}

/// `\d`, `\pL` and the like, inside a class and outside: a class that stands alone in both places.
pub(super) fn escaped_class(t: &str) -> Result<Option<(String, &str)>, SyntaxError> {
    let Some(name) = t.strip_prefix('\\').and_then(|rest| rest.chars().next()) else {
        return Ok(None);
    };
    let perl = match name {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        's' => "[\\t\\n\\f\\r ]",
        'S' => "[^\\t\\n\\f\\r ]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        'p' | 'P' => return unicode_class(t).map(Some),
        _ => return Ok(None),
    };
    Ok(Some((perl.to_owned(), &t[2..])))
}

fn unicode_class(t: &str) -> Result<(String, &str), SyntaxError> {
    let mut negated = t.starts_with("\\P");
    let inner = &t[2..];
    let (sequence, mut name, after) = match inner.chars().next() {
        // Go's decoder of the next character finds none.
        None => return Err(SyntaxError::new(Kind::CharRange, t)),
        Some('{') => {
            let end = t
                .find('}')
                .ok_or_else(|| SyntaxError::new(Kind::CharRange, t))?;
            (&t[..=end], &t[3..end], &t[end + 1..])
        }
        Some(c) => {
            let end = 2 + c.len_utf8();
            (&t[..end], &t[2..end], &t[end..])
        }
    };
    if let Some(rest) = name.strip_prefix('^') {
        negated = !negated;
        name = rest;
    }
    let property = if name == "Any" {
        "Any".to_owned()
    } else if CATEGORIES.contains(&name) {
        format!("gc={name}")
    } else if SHORT_SCRIPTS.contains(&name) || looks_like_script(name) {
        format!("sc={name}")
    } else {
        return Err(SyntaxError::new(Kind::CharRange, sequence));
    };
    let letter = if negated { 'P' } else { 'p' };
    Ok((format!("\\{letter}{{{property}}}"), after))
}

fn looks_like_script(name: &str) -> bool {
    name.len() > 4
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphabetic() || c == '_')
}

/// A single-character escape at the start of `t`, which begins with a backslash: the code point and what follows.
pub(super) fn escape(t: &str) -> Result<(u32, &str), SyntaxError> {
    let mut rest = t[1..].chars();
    let Some(c) = rest.next() else {
        return Err(SyntaxError::new(Kind::TrailingBackslash, ""));
    };
    let after = rest.as_str();
    let invalid = |after: &str| SyntaxError::new(Kind::Escape, &t[..t.len() - after.len()]);
    let code = match c {
        '0' => return Ok(octal(0, after)),
        '1'..='7' if after.starts_with(|d: char| ('0'..='7').contains(&d)) => {
            return Ok(octal(u32::from(c) - u32::from('0'), after));
        }
        'x' => return hexadecimal(after).map_err(invalid),
        'a' => 0x07,
        'f' => 0x0c,
        'n' => 0x0a,
        'r' => 0x0d,
        't' => 0x09,
        'v' => 0x0b,
        _ if c.is_ascii() && !c.is_ascii_alphanumeric() => u32::from(c),
        _ => return Err(invalid(after)),
    };
    Ok((code, after))
}

/// At most two more octal digits.
fn octal(first: u32, mut rest: &str) -> (u32, &str) {
    let mut code = first;
    for _ in 0..2 {
        let Some(digit) = rest.chars().next().and_then(|c| c.to_digit(8)) else {
            break;
        };
        code = code * 8 + digit;
        rest = &rest[1..];
    }
    (code, rest)
}

/// What follows `\x`. The error is the text after the point where Go gives up.
fn hexadecimal(t: &str) -> Result<(u32, &str), &str> {
    let mut rest = t.chars();
    let Some(first) = rest.next() else {
        return Err(t);
    };
    if first != '{' {
        let high = first.to_digit(16);
        let low = rest.next().and_then(|c| c.to_digit(16));
        return match (high, low) {
            (Some(high), Some(low)) => Ok((high * 16 + low, rest.as_str())),
            _ => Err(rest.as_str()),
        };
    }
    let mut code = 0;
    let mut digits = 0;
    loop {
        let c = rest.next().ok_or("")?;
        if c == '}' {
            break;
        }
        let digit = c.to_digit(16).ok_or(rest.as_str())?;
        code = code * 16 + digit;
        if code > MAX_RUNE {
            return Err(rest.as_str());
        }
        digits += 1;
    }
    if digits == 0 {
        Err(rest.as_str())
    } else {
        Ok((code, rest.as_str()))
    }
}

/// Adds a range without its surrogates, which are no characters.
fn push_range(class: &mut String, low: u32, high: u32) {
    let parts = [
        (low, high.min(SURROGATES.0 - 1)),
        (low.max(SURROGATES.1 + 1), high),
    ];
    for (low, high) in parts {
        if low <= high {
            // Writing to a string can't fail.
            let _ = write!(class, "\\x{{{low:X}}}-\\x{{{high:X}}}");
        }
    }
}

/// A single code point as a pattern.
pub(super) fn literal(code: u32) -> String {
    match char::from_u32(code) {
        Some(c) => regex::escape(c.encode_utf8(&mut [0; 4])),
        None => "[^\\x{0}-\\x{10FFFF}]".to_owned(),
    }
}
