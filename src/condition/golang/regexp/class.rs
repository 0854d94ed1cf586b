//! Character classes and escapes of a pattern.

use super::{INVALID_ESCAPE, Parsed, RegexpError, refuse};

const INVALID_RANGE: &str = "invalid character class range";

/// One class such as `\d`, `\pL` or `\p{Greek}`, as the inside of a bracketed class, and its length.
pub(super) fn named_escape(text: &str) -> Parsed<Option<(String, usize)>> {
    let perl = match text.as_bytes() {
        [b'\\', b'd', ..] => "0-9",
        [b'\\', b'D', ..] => "[^0-9]",
        [b'\\', b's', ..] => r"\t\n\f\r\x20",
        [b'\\', b'S', ..] => r"[^\t\n\f\r\x20]",
        [b'\\', b'w', ..] => "0-9A-Za-z_",
        [b'\\', b'W', ..] => "[^0-9A-Za-z_]",
        [b'\\', b'p' | b'P', ..] => return unicode(text).map(Some),
        _ => return Ok(None),
    };
    Ok(Some((perl.to_owned(), 2)))
}

/// General categories of package `unicode`.
const CATEGORIES: [&str; 37] = [
    "C", "Cc", "Cf", "Co", "Cs", "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N",
    "Nd", "Nl", "No", "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So",
    "Z", "Zl", "Zp", "Zs", "Any",
];

const SCRIPTS: [&str; 14] = [
    "Latin",
    "Greek",
    "Cyrillic",
    "Han",
    "Hiragana",
    "Katakana",
    "Hangul",
    "Arabic",
    "Hebrew",
    "Thai",
    "Devanagari",
    "Armenian",
    "Georgian",
    "Common",
];

fn unicode(text: &str) -> Parsed<(String, usize)> {
    let mut negated = text.as_bytes().get(1) == Some(&b'P');
    let rest = &text[2..];
    let Some(first) = rest.chars().next() else {
        return refuse("invalid UTF-8", "");
    };
    let (mut name, length) = if first == '{' {
        let Some(end) = rest.find('}') else {
            return refuse(INVALID_RANGE, text);
        };
        (&rest[1..end], 2 + end + 1)
    } else {
        (&rest[..first.len_utf8()], 2 + first.len_utf8())
    };
    if let Some(stripped) = name.strip_prefix('^') {
        negated = !negated;
        name = stripped;
    }
    let letter = if negated { 'P' } else { 'p' };
    if CATEGORIES.contains(&name) || SCRIPTS.contains(&name) {
        return Ok((format!("\\{letter}{{{name}}}"), length));
    }
    if name.len() > 3 && name.starts_with(|c: char| c.is_ascii_uppercase()) {
        return Err(RegexpError::Unsupported(
            "regular expressions with classes of rare scripts",
        ));
    }
    refuse(INVALID_RANGE, &text[..length])
}

/// A single escaped character and the length of its escape.
pub(super) fn character_escape(text: &str) -> Parsed<(char, usize)> {
    let mut chars = text.char_indices().skip(1);
    let Some((_, c)) = chars.next() else {
        return refuse("trailing backslash at end of expression", "");
    };
    let after = 1 + c.len_utf8();
    let octal = |from: usize, most: usize| {
        text.as_bytes()[from..]
            .iter()
            .take(most)
            .take_while(|b| matches!(b, b'0'..=b'7'))
            .count()
    };
    let plain = match c {
        'a' => '\x07',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        'x' => return hexadecimal(text),
        '0'..='7' if c == '0' || octal(after, 1) == 1 => {
            let end = after + octal(after, 2);
            let code = u32::from_str_radix(&text[1..end], 8).unwrap_or_default();
            return Ok((char::from_u32(code).unwrap_or('\u{FFFD}'), end));
        }
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => c,
        _ => return refuse(INVALID_ESCAPE, &text[..after]),
    };
    Ok((plain, after))
}

/// `\x7f`, `\x{10ffff}`
fn hexadecimal(text: &str) -> Parsed<(char, usize)> {
    let mut code: u32 = 0;
    let mut digits = 0;
    let mut chars = text.char_indices().skip(2);
    let braced = text[2..].starts_with('{');
    if braced {
        chars.next();
    }
    for (at, c) in chars {
        let end = at + c.len_utf8();
        if braced && c == '}' && digits > 0 {
            return Ok((char::from_u32(code).unwrap_or('\u{FFFD}'), end));
        }
        let digit = c.to_digit(16);
        if !braced && digits == 0 && digit.is_none() {
            // Go reads both digits before it looks at them.
            let second = text[end..].chars().next().map_or(0, char::len_utf8);
            return refuse(INVALID_ESCAPE, &text[..end + second]);
        }
        let Some(digit) = digit else {
            return refuse(INVALID_ESCAPE, &text[..end]);
        };
        code = code * 16 + digit;
        digits += 1;
        if code > 0x10_FFFF {
            return refuse(INVALID_ESCAPE, &text[..end]);
        }
        if !braced && digits == 2 {
            return Ok((char::from_u32(code).unwrap_or('\u{FFFD}'), end));
        }
    }
    refuse(INVALID_ESCAPE, text)
}

const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// A class in brackets, written for the `regex` crate, and its length.
pub(super) fn bracketed(text: &str) -> Parsed<(String, usize)> {
    let mut at = 1;
    let mut out = String::from("[");
    if text[at..].starts_with('^') {
        out.push('^');
        at += 1;
    }
    let mut first = true;
    while first || !text[at..].starts_with(']') {
        first = false;
        let rest = &text[at..];
        if rest.len() > 2
            && rest.starts_with("[:")
            && let Some(end) = rest[2..].find(":]")
        {
            let shown = &rest[..2 + end + 2];
            let name = &rest[2..2 + end];
            if !POSIX.contains(&name.strip_prefix('^').unwrap_or(name)) {
                return refuse(INVALID_RANGE, shown);
            }
            out.push_str(shown);
            at += shown.len();
            continue;
        }
        if let Some((class, length)) = named_escape(rest)? {
            out.push_str(&class);
            at += length;
            continue;
        }
        let (low, length) = character(rest, text)?;
        let mut high = low;
        let mut end = at + length;
        let after = &text.as_bytes()[end..];
        if after.len() >= 2 && after[0] == b'-' && after[1] != b']' {
            let (character, length) = character(&text[end + 1..], text)?;
            high = character;
            end += 1 + length;
            if high < low {
                return refuse(INVALID_RANGE, &text[at..end]);
            }
        }
        out.extend([format!(
            "\\x{{{:x}}}-\\x{{{:x}}}",
            u32::from(low),
            u32::from(high)
        )]);
        at = end;
    }
    out.push(']');
    Ok((out, at + 1))
}

fn character(text: &str, whole_class: &str) -> Parsed<(char, usize)> {
    match text.chars().next() {
        None => refuse("missing closing ]", whole_class),
        Some('\\') => character_escape(text),
        Some(c) => Ok((c, c.len_utf8())),
    }
}
