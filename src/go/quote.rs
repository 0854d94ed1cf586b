//! Go's quoted texts (package `strconv`, the verbs `%q` and `%#U`).

use std::fmt::Write as _;

use super::unicode::is_print;

/// Appends one character as Go writes it inside `quote`.
fn push_escaped(out: &mut String, c: char, quote: char) {
    let short = match c {
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\u{c}' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\u{b}' => "\\v",
        '\\' => "\\\\",
        _ => "",
    };
    let code = u32::from(c);
    let _ = match c {
        _ if !short.is_empty() => write!(out, "{short}"),
        _ if c == quote => write!(out, "\\{c}"),
        _ if is_print(c) => write!(out, "{c}"),
        _ if code < 0x80 => write!(out, "\\x{code:02x}"),
        _ if code < 0x1_0000 => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

/// `strconv.Quote` (the `%q` of a string): double quotes; bytes that aren't UTF-8 become `\xff`.
pub fn quote(text: impl AsRef<[u8]>) -> String {
    format!("\"{}\"", escape(text))
}

/// `strconv.Quote` without the quotation marks.
pub fn escape(text: impl AsRef<[u8]>) -> String {
    let text = text.as_ref();
    let mut out = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_escaped(&mut out, c, '"');
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// The `%q` of a rune; the end of the input is printed like U+FFFD.
pub fn quote_char(c: Option<char>) -> String {
    let mut out = String::from('\'');
    push_escaped(&mut out, c.unwrap_or(char::REPLACEMENT_CHARACTER), '\'');
    out.push('\'');
    out
}

/// The `%#U` of a rune: `U+0071 'q'`.
pub fn describe_char(c: char) -> String {
    let code = u32::from(c);
    if is_print(c) {
        format!("U+{code:04X} '{c}'")
    } else {
        format!("U+{code:04X}")
    }
}

#[cfg(test)]
mod tests {
    use super::{describe_char, escape, quote, quote_char};

    #[test]
    fn quotes_control_characters_and_broken_utf8_as_go_does() {
        assert_eq!(quote(b"a\"\n\x01\xff"), r#""a\"\n\x01\xff""#);
        assert_eq!(
            quote("a'b\u{7}\u{301}é\u{a0}\u{7f}\u{feff}\u{200b}😀"),
            "\"a'b\\a\u{301}é\\u00a0\\x7f\\ufeff\\u200b😀\""
        );
        assert_eq!(
            escape("é'\"\\\u{0}\u{7f}\u{ad}\u{e0001}e\u{301}\u{301}😀\u{2028}"),
            "é'\\\"\\\\\\x00\\x7f\\u00ad\\U000e0001e\u{301}\u{301}😀\\u2028"
        );
    }

    #[test]
    fn shows_single_characters_as_go_does() {
        assert_eq!(quote_char(Some('\'')), "'\\''");
        assert_eq!(quote_char(Some('"')), "'\"'");
        assert_eq!(quote_char(None), "'\u{fffd}'");
        assert_eq!(describe_char('q'), "U+0071 'q'");
        assert_eq!(describe_char('\n'), "U+000A");
    }
}
