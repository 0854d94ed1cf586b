//! Go's classes of characters and its quoted texts (packages `unicode` and `strconv`).

use std::sync::OnceLock;

use regex::Regex;

static LETTER: OnceLock<Option<Regex>> = OnceLock::new();
static DIGIT: OnceLock<Option<Regex>> = OnceLock::new();
static PRINT: OnceLock<Option<Regex>> = OnceLock::new();

/// Whether Go's `unicode.IsLetter` holds.
pub fn is_letter(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    in_class(&LETTER, r"^\p{L}$", c)
}

/// Whether Go's `unicode.IsDigit` holds (decimal digits of any script).
pub fn is_digit(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_digit();
    }
    in_class(&DIGIT, r"^\p{Nd}$", c)
}

/// Whether Go's `unicode.IsSpace` holds.
pub fn is_space(c: char) -> bool {
    c.is_whitespace()
}

/// Whether Go prints the character as itself inside a quoted text (`strconv.IsPrint`).
pub fn is_print(c: char) -> bool {
    if c.is_ascii() {
        return (' '..='~').contains(&c);
    }
    in_class(&PRINT, r"^[\p{L}\p{M}\p{N}\p{P}\p{S}]$", c)
}

fn in_class(cell: &OnceLock<Option<Regex>>, pattern: &str, c: char) -> bool {
    let mut buffer = [0; 4];
    cell.get_or_init(|| Regex::new(pattern).ok())
        .as_ref()
        .is_some_and(|class| class.is_match(c.encode_utf8(&mut buffer)))
}

/// The text in double quotes as Go's `strconv.Quote` (`%q`) writes it; bytes that are not UTF-8 become `\xNN`.
pub fn quote(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_escaped(&mut out, c);
        }
        for byte in chunk.invalid() {
            out.extend([format!("\\x{byte:02x}")]);
        }
    }
    out.push('"');
    out
}

fn push_escaped(out: &mut String, c: char) {
    match c {
        '"' | '\\' => {
            out.push('\\');
            out.push(c);
        }
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        c if is_print(c) => out.push(c),
        c if c < ' ' || c == '\x7f' => out.extend([format!("\\x{:02x}", u32::from(c))]),
        c if u32::from(c) < 0x1_0000 => out.extend([format!("\\u{:04x}", u32::from(c))]),
        c => out.extend([format!("\\U{:08x}", u32::from(c))]),
    }
}

/// The character as Go's `%#U` writes it: `U+0040 '@'`.
pub fn describe_char(c: char) -> String {
    let code = u32::from(c);
    if is_print(c) {
        format!("U+{code:04X} '{c}'")
    } else {
        format!("U+{code:04X}")
    }
}

/// Simple upper case of one character (`unicode.ToUpper`): never more than one character.
pub fn to_upper(c: char) -> char {
    let title = match c {
        '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}' => 8,
        '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => 9,
        _ => return single(c.to_uppercase(), c),
    };
    // Greek letters with iota: two characters in full upper case, one in simple upper case.
    char::from_u32(u32::from(c) + title).unwrap_or(c)
}

/// Simple lower case of one character (`unicode.ToLower`).
pub fn to_lower(c: char) -> char {
    if c == '\u{130}' {
        'i'
    } else {
        single(c.to_lowercase(), c)
    }
}

fn single(mut mapped: impl Iterator<Item = char>, original: char) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(only), None) => only,
        _ => original,
    }
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn quotes_control_characters_and_broken_utf8_as_go_does() {
        assert_eq!(quote(b"a\"\n\x01\xff"), r#""a\"\n\x01\xff""#);
        assert_eq!(
            quote("é\u{a0}\u{feff}😀".as_bytes()),
            r#""é\u00a0\ufeff😀""#
        );
    }
}
