//! Go's regular expressions (RE2 syntax, Go 1.24 `regexp/syntax`) on top of the `regex` crate.
//!
//! Both engines match alike but read patterns differently: in Go `\d`, `\w`, `\s` and `\b` are ASCII, `[` and `&&`
//! inside a class are plain characters, `\Q...\E` quotes, and `a**` is an error. So a pattern is parsed by Go's rules
//! here and rewritten. Metric-name rules, PromQL's matchers and `matches` in conditions go through this.

mod class;
mod error;
mod parse;

pub use error::SyntaxError;
pub use regex::Regex;

use regex::RegexBuilder;

/// Most bytes that a compiled pattern may take. Go allows what needs more than the crate's default, such as
/// `\pL{1000}`.
const SIZE_LIMIT: usize = 1 << 27;
/// Deepest nesting that Go allows (`maxHeight`).
const NEST_LIMIT: u32 = 1000;

/// Compiles a Go pattern. The pattern is unanchored, as in Go; callers that anchor (`^(?s:...)$`) do so before.
///
/// The error is Go's text, such as ``error parsing regexp: missing closing ): `(a` ``.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    let translated = translate(pattern).map_err(|error| error.to_string())?;
    RegexBuilder::new(&translated)
        .size_limit(SIZE_LIMIT)
        .nest_limit(NEST_LIMIT)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                SyntaxError::new(error::Kind::TooLarge, pattern).to_string()
            }
            other => format!("error parsing regexp: `{pattern}`: {other}"),
        })
}

/// [`compile`] for a pattern that is any bytes, as a Go string may be.
pub fn compile_bytes(pattern: &[u8]) -> Result<Regex, String> {
    let pattern = std::str::from_utf8(pattern).map_err(|_| {
        let shown = String::from_utf8_lossy(pattern);
        SyntaxError::new(error::Kind::InvalidUtf8, &shown).to_string()
    })?;
    compile(pattern)
}

/// Whether the pattern occurs in the text; bytes that are not UTF-8 count as U+FFFD.
pub fn is_match(regex: &Regex, text: &[u8]) -> bool {
    if let Ok(text) = std::str::from_utf8(text) {
        return regex.is_match(text);
    }
    let mut readable = String::new();
    for chunk in text.utf8_chunks() {
        readable.push_str(chunk.valid());
        readable.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    regex.is_match(&readable)
}

/// Rewrites a Go pattern for the `regex` crate.
pub fn translate(pattern: &str) -> Result<String, SyntaxError> {
    parse::Parser::new(pattern).run()
}

#[cfg(test)]
mod tests {
    use super::compile;

    fn matches(pattern: &str, text: &str) -> bool {
        compile(pattern).expect(pattern).is_match(text)
    }

    fn error(pattern: &str) -> String {
        compile(pattern).expect_err(pattern)
    }

    #[test]
    fn perl_classes_and_word_boundaries_are_ascii() {
        assert!(matches(r"^\d$", "5") && !matches(r"^\d$", "٣"));
        assert!(matches(r"^\w$", "_") && !matches(r"^\w$", "é"));
        assert!(matches(r"^\W$", "é") && matches(r"^[\W]$", "é") && !matches(r"^[\W]$", "a"));
        assert!(matches(r"^[^\D]$", "7") && !matches(r"^[^\D]$", "x"));
        assert!(
            matches(r"^\s$", "\t") && !matches(r"^\s$", "\u{b}") && !matches(r"^\s$", "\u{a0}")
        );
        assert!(matches(r"a\b", "aé"), "é is no word character");
        assert!(matches(r"é\B", "éß") && !matches(r"a\Bb", "a b"));
    }

    #[test]
    fn brackets_and_set_operators_in_classes_are_plain() {
        assert!(matches("^[[a]b]$", "[b]") && matches("^[[a]b]$", "ab]"));
        assert!(matches("^[a&&b]+$", "a&b") && matches("^[+--b]+$", ",b-"));
        assert!(matches("^[]a]+$", "]a") && matches("^[^]a]$", "b") && !matches("^[^]a]$", "]"));
        assert!(matches("^[a-c-e]+$", "b-e") && !matches("^[a-c-e]+$", "d"));
        assert!(matches("^[[:alpha:]_]+$", "aZ_") && matches("^[[:^digit:]]$", "é"));
        assert!(matches(r"^[\pL\-\]\\]+$", "é-]\\") && matches(r"^[^\p{Greek}]$", "a"));
        assert!(matches(r"^\p{^Greek}$", "a") && !matches(r"^\P{^Greek}$", "a"));
        assert!(matches("^[~#& ]+$", "~# &"));
    }

    #[test]
    fn quoting_escapes_and_braces() {
        assert!(matches(r"^\Qa.b\E+$", "a.bbb") && !matches(r"^\Qa.b\E$", "axb"));
        assert!(matches(r"^\Qa.(", "a.("), "the end may be missing");
        assert!(matches(r"^\x41\x{1F600}\101\0$", "A😀A\0"));
        assert!(
            matches(r"^\<\>\_\@\`$", r"<>_@`")
                && matches(r"^\a\f\t\n\r\v$", "\u{7}\u{c}\t\n\r\u{b}")
        );
        assert!(matches(r"^a{,5}x{}y{2$", "a{,5}x{}y{2") && matches("^a{2}b{1,}c{0,2}$", "aabbc"));
        assert!(matches(r"x\b{a}", "x{a}") && matches("^(?<n>a)(?<n>b)(?<1>c)$", "abc"));
        assert!(
            matches("^a(?i)*b$", "aaB")
                && matches(r"^a\Q\E{2}$", "aa")
                && matches("(?)(?ii)A", "a")
        );
        assert!(
            matches("(?i)straSSE", "STRASSE")
                && matches("(?s)a.b", "a\nb")
                && !matches("a.b", "a\nb")
        );
        assert!(matches("(?P<x>a)(?<y1>b)(?i-s:C)", "abc") && matches("a#b c", "a#b c"));
        let lazy = compile("k(?U)*").expect("a pattern");
        assert_eq!(lazy.find("k").map(|found| found.end()), Some(0));
        assert!(matches("(?U)^a+$", "aaa") && matches("^(|a|)$", "") && matches("", ""));
        assert!(matches("^a|b$", "xb") && matches(r"\Aa\z", "a") && matches("(?m)^b$", "a\nb"));
    }

    #[test]
    fn refuses_what_go_refuses_in_its_words() {
        let expected = [
            ("*", "missing argument to repetition operator: `*`"),
            ("a|*", "missing argument to repetition operator: `*`"),
            ("(+)", "missing argument to repetition operator: `+`"),
            ("(?i)?", "missing argument to repetition operator: `?`"),
            ("a**", "invalid nested repetition operator: `**`"),
            ("a+?+", "invalid nested repetition operator: `+?+`"),
            ("a{2}{3}", "invalid nested repetition operator: `{2}{3}`"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
            ("a{3,2}", "invalid repeat count: `{3,2}`"),
            ("(a", "missing closing ): `(a`"),
            ("a)b", "unexpected ): `a)b`"),
            ("x[a", "missing closing ]: `[a`"),
            ("[]", "missing closing ]: `[]`"),
            ("[a--b]", "invalid character class range: `a--`"),
            ("[b-a]", "invalid character class range: `b-a`"),
            (r"[a-\d]", r"invalid escape sequence: `\d`"),
            ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
            (r"\pX", r"invalid character class range: `\pX`"),
            (r"\p{greek}", r"invalid character class range: `\p{greek}`"),
            (r"\1", r"invalid escape sequence: `\1`"),
            (r"\C", r"invalid escape sequence: `\C`"),
            (r"\y", r"invalid escape sequence: `\y`"),
            (r"\Z", r"invalid escape sequence: `\Z`"),
            (r"\é", r"invalid escape sequence: `\é`"),
            (r"\x{110000}", r"invalid escape sequence: `\x{110000`"),
            (r"a\", "trailing backslash at end of expression: ``"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            ("(?u)a", "invalid or unsupported Perl syntax: `(?u`"),
            ("(?P=n)", "invalid or unsupported Perl syntax: `(?P`"),
            ("(?i", "invalid or unsupported Perl syntax: `(?i`"),
            ("(?-)", "invalid or unsupported Perl syntax: `(?-)`"),
            ("(a{100}){11}", "invalid repeat count: `{11}`"),
            ("(?P<n", "invalid named capture: `(?P<n`"),
            ("(?P<a-b>c)", "invalid named capture: `(?P<a-b>`"),
        ];
        for (pattern, message) in expected {
            assert_eq!(
                error(pattern),
                format!("error parsing regexp: {message}"),
                "{pattern}"
            );
        }
    }
}
