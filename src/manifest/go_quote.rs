//! Go's `strconv.Quote`.

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

/// The text in quotation marks, escaped.
pub(super) fn quote(text: &str) -> String {
    format!("\"{}\"", escape(text))
}

/// Go's `strconv.Quote` without the quotation marks.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' => escaped.extend(['\\', c]),
            _ if is_printable(c) => escaped.push(c),
            '\u{7}' => escaped.push_str("\\a"),
            '\u{8}' => escaped.push_str("\\b"),
            '\u{b}' => escaped.push_str("\\v"),
            '\u{c}' => escaped.push_str("\\f"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            _ => escaped.push_str(&numeric_escape(u32::from(c))),
        }
    }
    escaped
}

fn numeric_escape(code: u32) -> String {
    match code {
        0..0x20 | 0x7f => format!("\\x{code:02x}"),
        0x20..0x1_0000 => format!("\\u{code:04x}"),
        _ => format!("\\U{code:08x}"),
    }
}

/// Letters, marks, numbers, punctuation, symbols and the ASCII space.
fn is_printable(c: char) -> bool {
    if NEWER_THAN_GO
        .iter()
        .any(|(low, high)| (*low..=*high).contains(&c))
    {
        return false;
    }
    // `escape_debug` leaves alone exactly these and escapes the single quote, a combining mark only at the start.
    let mut buffer = [b'a'; 5];
    let length = c.encode_utf8(&mut buffer[1..]).len();
    match std::str::from_utf8(&buffer[..=length]) {
        Ok(text) => c == '\'' || text.escape_debug().count() == 2,
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn quotes_as_go_quotes() {
        assert_eq!(
            escape("é'\"\\\u{0}\u{7f}\u{ad}\u{e0001}e\u{301}\u{301}😀\u{2028}"),
            "é'\\\"\\\\\\x00\\x7f\\u00ad\\U000e0001e\u{301}\u{301}😀\\u2028"
        );
    }
}
