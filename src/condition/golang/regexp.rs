//! Regular expressions of package `regexp` (RE2 syntax), run by the `regex` crate.
//!
//! The crate's syntax is close but not the same (`\d` is ASCII in Go, `[a&&b]` has no operator), and error
//! texts are part of a measurement. So a pattern is read by Go's rules and written anew for the crate.
//! Only whether a text matches is ever asked: greediness and captures are dropped.

use std::fmt;

mod class;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Regexp(regex::Regex);

impl Regexp {
    /// Whether the pattern occurs in the text; bytes that are not UTF-8 count as U+FFFD.
    pub fn is_match(&self, text: &[u8]) -> bool {
        if let Ok(text) = std::str::from_utf8(text) {
            self.0.is_match(text)
        } else {
            let mut readable = String::new();
            for chunk in text.utf8_chunks() {
                readable.push_str(chunk.valid());
                readable.extend(chunk.invalid().iter().map(|_| '\u{FFFD}'));
            }
            self.0.is_match(&readable)
        }
    }
}

/// Why a pattern can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegexpError {
    /// Go refuses it: ``error parsing regexp: missing closing ): `(` ``.
    Syntax {
        /// Go's name of the mistake.
        code: &'static str,
        /// The part of the pattern that Go shows.
        part: String,
    },
    /// Go accepts it and we don't.
    Unsupported(&'static str),
}

impl fmt::Display for RegexpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { code, part } => write!(f, "error parsing regexp: {code}: `{part}`"),
            Self::Unsupported(construct) => write!(f, "{construct} are not supported"),
        }
    }
}

type Parsed<T> = Result<T, RegexpError>;

fn refuse<T>(code: &'static str, part: &str) -> Parsed<T> {
    Err(RegexpError::Syntax {
        code,
        part: part.to_owned(),
    })
}

const INVALID_REPEAT_SIZE: &str = "invalid repeat count";
const MISSING_ARGUMENT: &str = "missing argument to repetition operator";
const INVALID_PERL: &str = "invalid or unsupported Perl syntax";
const INVALID_ESCAPE: &str = "invalid escape sequence";
const INVALID_NAME: &str = "invalid named capture";
/// Copies of one expression that nested counts may ask for.
const MAX_COPIES: u64 = 1000;

/// Compiles a pattern (`regexp.Compile`).
pub fn compile(pattern: &[u8]) -> Parsed<Regexp> {
    let Ok(pattern) = std::str::from_utf8(pattern) else {
        return Err(RegexpError::Unsupported(
            "regular expressions that are not UTF-8",
        ));
    };
    let translated = Translator::new(pattern).run()?;
    regex::Regex::new(&translated)
        .map(Regexp)
        .map_err(|_| RegexpError::Unsupported("regular expressions of this size or depth"))
}

#[derive(Clone, Copy)]
struct Flags {
    fold_case: bool,
    multi_line: bool,
    dot_newline: bool,
}

/// An open group: what surrounds it, and what has been read inside.
struct Group {
    /// Flags to go back to at its end.
    outer: Flags,
    /// Finished alternatives and the items of the current one, translated.
    text: String,
    /// Where the last item of the current alternative starts; `None` if it has none.
    last: Option<usize>,
    /// Copies that counts inside the last item ask for.
    last_copies: u64,
    /// The same for everything in the group.
    copies: u64,
}

impl Group {
    fn new(outer: Flags) -> Self {
        Self {
            outer,
            text: String::new(),
            last: None,
            last_copies: 1,
            copies: 0,
        }
    }

    fn item(&mut self, text: &str, copies: u64) {
        self.last = Some(self.text.len());
        self.text.push_str(text);
        self.last_copies = copies;
        self.copies = self.copies.max(copies);
    }
}

struct Translator<'p> {
    pattern: &'p str,
    at: usize,
    flags: Flags,
    groups: Vec<Group>,
}

impl<'p> Translator<'p> {
    fn new(pattern: &'p str) -> Self {
        let flags = Flags {
            fold_case: false,
            multi_line: false,
            dot_newline: false,
        };
        Self {
            pattern,
            at: 0,
            flags,
            groups: vec![Group::new(flags)],
        }
    }

    fn rest(&self) -> &'p str {
        &self.pattern[self.at..]
    }

    fn group(&mut self) -> &mut Group {
        // There is always one: the pattern itself.
        if self.groups.is_empty() {
            self.groups.push(Group::new(self.flags));
        }
        let last = self.groups.len() - 1;
        &mut self.groups[last]
    }

    fn item(&mut self, text: &str) {
        self.group().item(text, 1);
    }

    fn literal(&mut self, c: char) {
        let text = format!("\\x{{{:x}}}", u32::from(c));
        let text = self.folded(&text);
        self.item(&text);
    }

    fn folded(&self, text: &str) -> String {
        if self.flags.fold_case {
            format!("(?i:{text})")
        } else {
            text.to_owned()
        }
    }

    fn run(mut self) -> Parsed<String> {
        // Start of the repetition operator just read: a second one may not follow.
        let mut previous_repeat: Option<usize> = None;
        while let Some(c) = self.rest().chars().next() {
            let start = self.at;
            let mut repeat = None;
            match c {
                '(' if self.rest().starts_with("(?") => self.perl_group()?,
                '(' => {
                    self.at += 1;
                    self.groups.push(Group::new(self.flags));
                }
                ')' => self.close()?,
                '|' => {
                    self.at += 1;
                    let group = self.group();
                    group.text.push('|');
                    group.last = None;
                }
                '*' | '+' | '?' => {
                    self.at += 1;
                    let operator = match c {
                        '*' => "*",
                        '+' => "+",
                        _ => "?",
                    };
                    self.repeat(operator, 1, start, previous_repeat)?;
                    repeat = Some(start);
                }
                '{' => {
                    if let Some((operator, copies)) = self.counted()? {
                        self.repeat(&operator, copies, start, previous_repeat)?;
                        repeat = Some(start);
                    } else {
                        self.at += 1;
                        self.literal('{');
                    }
                }
                '^' => self.plain(
                    1,
                    if self.flags.multi_line {
                        "(?m:^)"
                    } else {
                        r"\A"
                    },
                ),
                '$' => self.plain(
                    1,
                    if self.flags.multi_line {
                        "(?m:$)"
                    } else {
                        r"\z"
                    },
                ),
                '.' => self.plain(
                    1,
                    if self.flags.dot_newline {
                        "(?s:.)"
                    } else {
                        r"[^\n]"
                    },
                ),
                '[' => {
                    let (class, length) = class::bracketed(self.rest())?;
                    self.at += length;
                    let class = self.folded(&class);
                    self.item(&class);
                }
                '\\' => self.escape()?,
                c => {
                    self.at += c.len_utf8();
                    self.literal(c);
                }
            }
            previous_repeat = repeat;
        }
        if self.groups.len() > 1 {
            return refuse("missing closing )", self.pattern);
        }
        Ok(std::mem::take(&mut self.group().text))
    }

    fn plain(&mut self, length: usize, text: &str) {
        self.at += length;
        self.item(text);
    }

    fn close(&mut self) -> Parsed<()> {
        self.at += 1;
        if self.groups.len() < 2 {
            return refuse("unexpected )", self.pattern);
        }
        if let Some(group) = self.groups.pop() {
            self.flags = group.outer;
            self.group()
                .item(&format!("(?:{})", group.text), group.copies.max(1));
        }
        Ok(())
    }

    fn repeat(
        &mut self,
        operator: &str,
        copies: u64,
        start: usize,
        previous: Option<usize>,
    ) -> Parsed<()> {
        if self.rest().starts_with('?') {
            self.at += 1;
        }
        let end = self.at;
        if let Some(previous) = previous {
            return refuse(
                "invalid nested repetition operator",
                &self.pattern[previous..end],
            );
        }
        let shown = &self.pattern[start..end];
        let group = self.group();
        let Some(last) = group.last else {
            return refuse(MISSING_ARGUMENT, shown);
        };
        let total = group.last_copies.saturating_mul(copies);
        if copies >= 2 && total > MAX_COPIES {
            return refuse(INVALID_REPEAT_SIZE, shown);
        }
        let item = group.text.split_off(last);
        group.item(&format!("(?:{item}){operator}"), total);
        Ok(())
    }

    /// `{2}`, `{2,}`, `{2,5}`: the operator and the copies that it asks for. Anything else is literal.
    fn counted(&mut self) -> Parsed<Option<(String, u64)>> {
        let text = self.rest();
        let Some(end) = text.find('}') else {
            return Ok(None);
        };
        let body = &text[1..end];
        let (low, high) = match body.split_once(',') {
            None => (body, Some(body)),
            Some((low, "")) => (low, None),
            Some((low, high)) => (low, Some(high)),
        };
        let number = |digits: &str| -> Option<u64> {
            let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            let has_leading_zero = digits.len() > 1 && digits.starts_with('0');
            (is_number && !has_leading_zero).then(|| digits.parse().unwrap_or(u64::MAX))
        };
        let Some(low) = number(low) else {
            return Ok(None);
        };
        let high = match high.map(number) {
            None => None,
            Some(Some(high)) => Some(high),
            Some(None) => return Ok(None),
        };
        if low > MAX_COPIES || high.is_some_and(|high| high > MAX_COPIES || low > high) {
            return refuse(INVALID_REPEAT_SIZE, &text[..=end]);
        }
        self.at += end + 1;
        let operator = match high {
            None => format!("{{{low},}}"),
            Some(high) => format!("{{{low},{high}}}"),
        };
        Ok(Some((operator, high.unwrap_or(low))))
    }

    fn escape(&mut self) -> Parsed<()> {
        let text = self.rest();
        match text.as_bytes().get(1) {
            Some(b'A') => self.plain(2, r"\A"),
            Some(b'z') => self.plain(2, r"\z"),
            Some(b'b') => self.plain(2, r"(?-u:\b)"),
            Some(b'B') => self.plain(2, r"(?-u:\B)"),
            Some(b'C') => return refuse(INVALID_ESCAPE, &text[..2]),
            Some(b'Q') => {
                let quoted = &text[2..];
                let end = quoted.find("\\E");
                for c in quoted[..end.unwrap_or(quoted.len())].chars() {
                    self.literal(c);
                }
                self.at += end.map_or(text.len(), |end| 2 + end + 2);
            }
            _ => {
                if let Some((class, length)) = class::named_escape(text)? {
                    self.at += length;
                    let class = self.folded(&format!("[{class}]"));
                    self.item(&class);
                } else {
                    let (c, length) = class::character_escape(text)?;
                    self.at += length;
                    self.literal(c);
                }
            }
        }
        Ok(())
    }

    /// `(?P<name>…`, `(?i)`, `(?i:…`, `(?:…`
    fn perl_group(&mut self) -> Parsed<()> {
        let text = self.rest();
        let named = text.len() > 4 && text[2..].starts_with("P<");
        if named || (text.len() > 3 && text[2..].starts_with('<')) {
            let name_start = if named { 4 } else { 3 };
            let Some(end) = text.find('>') else {
                return refuse(INVALID_NAME, text);
            };
            let name = text.get(name_start..end).unwrap_or_default();
            if name.is_empty() || !name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric()) {
                return refuse(INVALID_NAME, &text[..=end]);
            }
            self.at += end + 1;
            self.groups.push(Group::new(self.flags));
            return Ok(());
        }
        let mut flags = self.flags;
        let (mut value, mut seen) = (true, false);
        let mut length = 2;
        for c in text[2..].chars() {
            length += c.len_utf8();
            match c {
                'i' => flags.fold_case = value,
                'm' => flags.multi_line = value,
                's' => flags.dot_newline = value,
                'U' => {}
                '-' if value => {
                    (value, seen) = (false, false);
                    continue;
                }
                ':' | ')' if value || seen => {
                    self.at += length;
                    if c == ':' {
                        self.groups.push(Group::new(self.flags));
                    }
                    self.flags = flags;
                    return Ok(());
                }
                _ => return refuse(INVALID_PERL, &text[..length]),
            }
            seen = true;
        }
        refuse(INVALID_PERL, text)
    }
}

#[cfg(test)]
mod tests {
    use super::compile;

    fn error(pattern: &str) -> String {
        compile(pattern.as_bytes()).unwrap_err().to_string()
    }

    fn matches(pattern: &str, text: &str) -> bool {
        compile(pattern.as_bytes())
            .unwrap()
            .is_match(text.as_bytes())
    }

    #[test]
    fn refuses_with_gos_words() {
        assert_eq!(error("("), "error parsing regexp: missing closing ): `(`");
        assert_eq!(error("a)"), "error parsing regexp: unexpected ): `a)`");
        assert_eq!(
            error("a**"),
            "error parsing regexp: invalid nested repetition operator: `**`"
        );
        assert_eq!(
            error("*a"),
            "error parsing regexp: missing argument to repetition operator: `*`"
        );
        assert_eq!(
            error("[b-a]"),
            "error parsing regexp: invalid character class range: `b-a`"
        );
        assert_eq!(error("[a"), "error parsing regexp: missing closing ]: `[a`");
        assert_eq!(
            error("(?=a)"),
            "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"
        );
        assert_eq!(
            error("\\8"),
            "error parsing regexp: invalid escape sequence: `\\8`"
        );
        assert_eq!(
            error("a\\"),
            "error parsing regexp: trailing backslash at end of expression: ``"
        );
        assert_eq!(
            error("a{1001}"),
            "error parsing regexp: invalid repeat count: `{1001}`"
        );
        assert_eq!(
            error("(a{40}){40}"),
            "error parsing regexp: invalid repeat count: `{40}`"
        );
    }

    #[test]
    fn matches_as_go_does() {
        assert!(!matches(r"^\d$", "٣"));
        assert!(matches(r"a{,2}", "a{,2}"));
        assert!(matches(r"[a&&b]", "&"));
        assert!(matches(r"\Qa.b\E", "xa.bx") && !matches(r"\Qa.b\E", "axb"));
        assert!(matches(r"(?i)straße", "STRAßE"));
        assert!(matches(r"(?m)^b$", "a\nb\nc") && !matches(r"^b$", "a\nb\nc"));
        assert!(matches(r"^(?:[[:alpha:]]|\x{31}|\101)+$", "aA1"));
        assert!(matches(r"[^\D5]", "4") && !matches(r"[^\D5]", "5"));
        assert!(matches(r"\pL\p{Greek}", "aω"));
        assert!(matches(r"x*|", ""));
    }
}
