//! Go's classes of characters and simple case mappings (package `unicode`, `strconv.IsPrint`).

use std::sync::OnceLock;

use regex::Regex;

/// Characters beyond the basic plane that Unicode 15, Go's, does not have and Rust's does. A character that Go can't
/// print is escaped in a way that JSON does not know, so these must not pass. (Newer ones of the basic plane come out
/// the same either way.)
const NEWER_THAN_GO: [(char, char); 34] = [
    ('\u{105c0}', '\u{105f3}'),
    ('\u{10940}', '\u{10959}'),
    ('\u{10d40}', '\u{10d8f}'),
    ('\u{10ec2}', '\u{10efc}'),
    ('\u{11380}', '\u{113e2}'),
    ('\u{116d0}', '\u{116e3}'),
    ('\u{11b60}', '\u{11bf9}'),
    ('\u{11db0}', '\u{11de9}'),
    ('\u{11f5a}', '\u{11f5a}'),
    ('\u{13460}', '\u{143fa}'),
    ('\u{16100}', '\u{16139}'),
    ('\u{16d40}', '\u{16d79}'),
    ('\u{16ea0}', '\u{16ed3}'),
    ('\u{16ff2}', '\u{16ff6}'),
    ('\u{187f8}', '\u{187ff}'),
    ('\u{18cff}', '\u{18cff}'),
    ('\u{18d09}', '\u{18df2}'),
    ('\u{1cc00}', '\u{1cef0}'),
    ('\u{1e5d0}', '\u{1e6ff}'),
    ('\u{1f6d8}', '\u{1f6d8}'),
    ('\u{1f777}', '\u{1f77a}'),
    ('\u{1f8b2}', '\u{1f8d8}'),
    ('\u{1fa54}', '\u{1fa57}'),
    ('\u{1fa89}', '\u{1fa8f}'),
    ('\u{1fabe}', '\u{1fabe}'),
    ('\u{1fac6}', '\u{1facd}'),
    ('\u{1fadc}', '\u{1fadf}'),
    ('\u{1fae9}', '\u{1faef}'),
    ('\u{1fbcb}', '\u{1fbef}'),
    ('\u{1fbfa}', '\u{1fbfa}'),
    ('\u{2b73a}', '\u{2b73f}'),
    ('\u{2cea2}', '\u{2cead}'),
    ('\u{2ebf0}', '\u{2ee5d}'),
    ('\u{323b0}', '\u{33479}'),
];

static LETTER: OnceLock<Option<Regex>> = OnceLock::new();
static DIGIT: OnceLock<Option<Regex>> = OnceLock::new();

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

/// Whether Go prints the character as itself inside a quoted text (`strconv.IsPrint`): letters, marks, numbers,
/// punctuation, symbols and the ASCII space.
pub fn is_print(c: char) -> bool {
    if c.is_ascii() {
        return (' '..='~').contains(&c);
    }
    if NEWER_THAN_GO
        .iter()
        .any(|(low, high)| (*low..=*high).contains(&c))
    {
        return false;
    }
    // `escape_debug` escapes exactly the others, and a combining mark at the start of a text.
    let mut buffer = [b'a'; 5];
    let length = c.encode_utf8(&mut buffer[1..]).len();
    std::str::from_utf8(&buffer[..=length]).is_ok_and(|text| text.escape_debug().count() == 2)
}

fn in_class(cell: &OnceLock<Option<Regex>>, pattern: &str, c: char) -> bool {
    let mut buffer = [0; 4];
    cell.get_or_init(|| Regex::new(pattern).ok())
        .as_ref()
        .is_some_and(|class| class.is_match(c.encode_utf8(&mut buffer)))
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
