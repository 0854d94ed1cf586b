//! Go's notations of strings, characters and numbers, as Prometheus puts them into queries and errors.

use std::fmt::Write as _;

/// Whether Go's `unicode.IsPrint` holds: letters, marks, numbers, punctuation, symbols and the ASCII space.
fn is_printable(c: char) -> bool {
    // Only the first character of a string has its combining marks escaped; those are printable in Go.
    let text = String::from_iter(['a', c]);
    matches!(c, '\\' | '"' | '\'') || text.escape_debug().count() == 2
}

/// Escapes one character as Go does inside `quote`.
fn escape(out: &mut String, c: char, quote: char) {
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
        _ if is_printable(c) => write!(out, "{c}"),
        _ if code < 0x80 => write!(out, "\\x{code:02x}"),
        _ if code < 0x1_0000 => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

/// `strconv.Quote` (the `%q` of a string): double quotes; bytes that aren't UTF-8 become `\xff`.
pub fn quote(text: impl AsRef<[u8]>) -> String {
    let mut out = String::from('"');
    for chunk in text.as_ref().utf8_chunks() {
        chunk.valid().chars().for_each(|c| escape(&mut out, c, '"'));
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out.push('"');
    out
}

/// The `%q` of a rune; the end of the input is printed like U+FFFD.
pub fn quote_char(c: Option<char>) -> String {
    let mut out = String::from('\'');
    escape(&mut out, c.unwrap_or(char::REPLACEMENT_CHARACTER), '\'');
    out.push('\'');
    out
}

/// The `%#U` of a rune: `U+0071 'q'`.
pub fn unicode_name(c: char) -> String {
    let code = u32::from(c);
    if is_printable(c) {
        format!("U+{code:04X} '{c}'")
    } else {
        format!("U+{code:04X}")
    }
}

/// `strconv.FormatFloat(value, 'f', -1, 64)`: shortest digits, never an exponent.
pub fn format_float(value: f64) -> String {
    if value == f64::INFINITY {
        "+Inf".to_owned()
    } else if value == f64::NEG_INFINITY {
        "-Inf".to_owned()
    } else {
        value.to_string()
    }
}

/// Prometheus' notation of a duration (`model.Duration.String`): `1h30m`, `0s`.
pub fn format_duration(millis: i64) -> String {
    const UNITS: [(&str, u64, bool); 7] = [
        ("y", 365 * 86_400_000, true),
        ("w", 7 * 86_400_000, true),
        ("d", 86_400_000, false),
        ("h", 3_600_000, false),
        ("m", 60_000, false),
        ("s", 1000, false),
        ("ms", 1, false),
    ];
    if millis == 0 {
        return "0s".to_owned();
    }
    let mut out = String::from(if millis < 0 { "-" } else { "" });
    let mut rest = millis.unsigned_abs();
    for (unit, length, only_exact) in UNITS {
        // Years and weeks only where nothing is left over: 90d reads better than 12w6d.
        if rest >= length && (!only_exact || rest.is_multiple_of(length)) {
            let _ = write!(out, "{}{unit}", rest / length);
            rest %= length;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_like_go() {
        assert_eq!(
            quote("a\"b\\\n\u{7f}é\u{200b}"),
            "\"a\\\"b\\\\\\n\\x7fé\\u200b\""
        );
        assert_eq!(quote([b'a', 0xff, b'b']), "\"a\\xffb\"");
        assert_eq!(quote_char(Some('\'')), "'\\''");
        assert_eq!(quote_char(Some('"')), "'\"'");
        assert_eq!(quote_char(None), "'\u{fffd}'");
        assert_eq!(unicode_name('q'), "U+0071 'q'");
        assert_eq!(unicode_name('\n'), "U+000A");
    }

    #[test]
    fn numbers_and_durations() {
        assert_eq!(format_float(1e21), "1000000000000000000000");
        assert_eq!(format_float(f64::INFINITY), "+Inf");
        assert_eq!(format_float(-0.0), "-0");
        assert_eq!(format_duration(90 * 86_400_000), "90d");
        assert_eq!(format_duration(-5_430_001), "-1h30m30s1ms");
    }
}
