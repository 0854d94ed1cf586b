//! JSON text as Go's `encoding/json` writes it, character for character.
//!
//! Argument substitution works on that text, so its error messages quote it (vectors README §5.1).

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, Serializer};

/// `json.Marshal(value)`: no white space, `<`, `>`, `&` and the two Unicode line separators escaped.
pub fn to_go_json<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, GoFormatter))?;
    String::from_utf8(bytes).map_err(serde::ser::Error::custom)
}

struct GoFormatter;

impl Formatter for GoFormatter {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
            let (plain, from) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            let Some(special) = from.chars().next() else {
                break;
            };
            write!(writer, "\\u{:04x}", u32::from(special))?;
            rest = &from[special.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        char_escape: CharEscape,
    ) -> io::Result<()> {
        match char_escape {
            CharEscape::Quote => writer.write_all(b"\\\""),
            CharEscape::ReverseSolidus => writer.write_all(b"\\\\"),
            CharEscape::Solidus => writer.write_all(b"/"),
            CharEscape::Backspace => writer.write_all(b"\\b"),
            CharEscape::FormFeed => writer.write_all(b"\\f"),
            CharEscape::LineFeed => writer.write_all(b"\\n"),
            CharEscape::CarriageReturn => writer.write_all(b"\\r"),
            CharEscape::Tab => writer.write_all(b"\\t"),
            CharEscape::AsciiControl(byte) => write!(writer, "\\u{byte:04x}"),
        }
    }

    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(go_float(value).as_bytes())
    }
}

/// A float as `encoding/json` prints it: plain digits from 1e-6 up to below 1e21, else an exponent.
pub fn go_float(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-6..1e21).contains(&magnitude) {
        return format!("{value}");
    }
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::{go_float, to_go_json};

    #[test]
    fn escapes_what_go_escapes() {
        assert_eq!(
            to_go_json(&"<a>&\u{2028}\"\\\n\t\u{8}\u{c}\u{1}\u{7f}é").expect("JSON"),
            "\"\\u003ca\\u003e\\u0026\\u2028\\\"\\\\\\n\\t\\b\\f\\u0001\u{7f}é\""
        );
    }

    #[test]
    fn floats_change_to_exponents_where_go_changes() {
        assert_eq!(
            [0.5, 1.0, 1e20, 1e21, 1e-6, 1e-7, 1.5e-9, -0.0].map(go_float),
            [
                "0.5",
                "1",
                "100000000000000000000",
                "1e+21",
                "0.000001",
                "1e-7",
                "1.5e-9",
                "-0"
            ]
        );
    }
}
