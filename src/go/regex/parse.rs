//! Parses a pattern by Go's rules and writes it down for the `regex` crate as it goes.

use std::collections::BTreeSet;

use super::class;
use super::error::{Kind, SyntaxError};

/// Most repetitions, nested ones multiplied (`maxRepeat`).
const MAX_REPEAT: u64 = 1000;

/// Which of the flags `imsU` are on.
#[derive(Clone, Copy, Debug, Default)]
struct Flags {
    on: [bool; 4],
}

const FLAG_LETTERS: [char; 4] = ['i', 'm', 's', 'U'];
/// Index of `U`.
const SWAP_GREED: usize = 3;

impl Flags {
    /// The flags as a group prefix, all of them named.
    fn prefix(self) -> String {
        let letters = |wanted: bool| -> String {
            FLAG_LETTERS
                .iter()
                .zip(self.on)
                .filter(|(_, on)| *on == wanted)
                .map(|(letter, _)| *letter)
                .collect()
        };
        match (letters(true), letters(false)) {
            (on, off) if off.is_empty() => format!("(?{on}"),
            (on, off) => format!("(?{on}-{off}"),
        }
    }
}

/// What a repetition operator would apply to.
#[derive(Clone, Copy, Debug)]
struct Atom {
    /// Where in the translation it starts.
    start: usize,
    /// Where in the translation it ends.
    end: usize,
    /// Its own repetitions, nested ones multiplied.
    weight: u64,
    /// Whether `U` is on there.
    swaps_greed: bool,
    /// Whether an operator stands behind it already.
    repeated: bool,
}

/// A group under way.
#[derive(Debug)]
struct Group {
    /// Where in the translation it starts.
    start: usize,
    flags_outside: Flags,
    /// The largest weight in it so far.
    weight: u64,
}

pub(super) struct Parser<'a> {
    pattern: &'a str,
    rest: &'a str,
    out: String,
    flags: Flags,
    atom: Option<Atom>,
    weight: u64,
    groups: Vec<Group>,
    names: BTreeSet<&'a str>,
    /// Where the last repetition operator starts, if nothing followed it yet.
    last_repeat: Option<&'a str>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(pattern: &'a str) -> Self {
        Self {
            pattern,
            rest: pattern,
            out: String::with_capacity(pattern.len()),
            flags: Flags::default(),
            atom: None,
            weight: 1,
            groups: Vec::new(),
            names: BTreeSet::new(),
            last_repeat: None,
        }
    }

    pub(super) fn run(mut self) -> Result<String, SyntaxError> {
        while let Some(c) = self.rest.chars().next() {
            let before = self.rest;
            let repeated = self.step(c)?;
            self.last_repeat = repeated.then_some(before);
        }
        if self.groups.is_empty() {
            Ok(self.out)
        } else {
            Err(SyntaxError::new(Kind::MissingParen, self.pattern))
        }
    }

    /// Reads one element that begins with `c`; tells whether it was a repetition operator.
    fn step(&mut self, c: char) -> Result<bool, SyntaxError> {
        match c {
            '(' if self.rest.starts_with("(?") => self.open_with_flags()?,
            '(' => {
                self.open("(", self.flags);
                self.rest = &self.rest[1..];
            }
            ')' => self.close()?,
            '|' => {
                self.out.push('|');
                self.end_atom();
                self.atom = None;
                self.rest = &self.rest[1..];
            }
            '^' | '$' | '.' => {
                let (operator, after) = self.rest.split_at(1);
                self.rest = after;
                self.push(operator);
            }
            '[' => {
                let (class, after) = class::class(self.rest)?;
                self.rest = after;
                self.push(&class);
            }
            '*' | '+' | '?' => {
                let (operator, after) = self.rest.split_at(1);
                self.repeat(operator, after, 1)?;
                return Ok(true);
            }
            '{' => {
                if let Some((minimum, maximum, after)) = repeat_counts(self.rest) {
                    self.repeat_counted(minimum, maximum, after)?;
                    return Ok(true);
                }
                self.rest = &self.rest[1..];
                self.push("\\{");
            }
            '\\' => self.backslash()?,
            _ => {
                self.rest = &self.rest[c.len_utf8()..];
                self.push(&class::literal(u32::from(c)));
            }
        }
        Ok(false)
    }

    /// Adds something that a repetition operator may follow.
    fn push(&mut self, translated: &str) {
        self.end_atom();
        let start = self.out.len();
        self.out.push_str(translated);
        self.atom_from(start, 1);
    }

    /// Makes everything from `start` the current atom.
    fn atom_from(&mut self, start: usize, weight: u64) {
        self.atom = Some(Atom {
            start,
            end: self.out.len(),
            weight,
            swaps_greed: self.flags.on[SWAP_GREED],
            repeated: false,
        });
    }

    /// The current atom can't be repeated any more.
    fn end_atom(&mut self) {
        if let Some(atom) = self.atom {
            self.weight = self.weight.max(atom.weight);
        }
    }

    fn open(&mut self, prefix: &str, flags_inside: Flags) {
        self.end_atom();
        self.groups.push(Group {
            start: self.out.len(),
            flags_outside: self.flags,
            weight: self.weight,
        });
        self.out.push_str(prefix);
        self.flags = flags_inside;
        self.weight = 1;
        self.atom = None;
    }

    fn close(&mut self) -> Result<(), SyntaxError> {
        let Some(group) = self.groups.pop() else {
            return Err(SyntaxError::new(Kind::UnexpectedParen, self.pattern));
        };
        self.end_atom();
        let inside = self.weight;
        self.weight = group.weight;
        self.flags = group.flags_outside;
        self.rest = &self.rest[1..];
        self.out.push(')');
        self.atom_from(group.start, inside);
        Ok(())
    }

    /// `(?P<name>`, `(?<name>`, `(?flags)` or `(?flags:`.
    fn open_with_flags(&mut self) -> Result<(), SyntaxError> {
        let start = self.rest;
        for prefix in ["(?P<", "(?<"] {
            if let Some(inner) = start.strip_prefix(prefix).filter(|inner| !inner.is_empty()) {
                return self.open_named(inner);
            }
        }
        let mut flags = self.flags;
        let mut value = true;
        let mut saw_flag = false;
        let mut chars = start[2..].chars();
        while let Some(c) = chars.next() {
            if let Some(index) = FLAG_LETTERS.iter().position(|letter| *letter == c) {
                flags.on[index] = value;
                saw_flag = true;
            } else if c == '-' && value {
                value = false;
                saw_flag = false;
            } else if matches!(c, ':' | ')') && (value || saw_flag) {
                self.rest = chars.as_str();
                if c == ':' {
                    self.open(&(flags.prefix() + ":"), flags);
                } else {
                    // No atom of its own: an operator that follows repeats what stands before.
                    self.flags = flags;
                    self.out.push_str(&(flags.prefix() + ")"));
                }
                return Ok(());
            } else {
                break;
            }
        }
        let read = &start[..start.len() - chars.as_str().len()];
        Err(SyntaxError::new(Kind::PerlOp, read))
    }

    fn open_named(&mut self, inner: &'a str) -> Result<(), SyntaxError> {
        let start = self.rest;
        let Some((name, after)) = inner.split_once('>') else {
            return Err(SyntaxError::new(Kind::NamedCapture, start));
        };
        if name.is_empty() || !name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric()) {
            let capture = &start[..start.len() - after.len()];
            return Err(SyntaxError::new(Kind::NamedCapture, capture));
        }
        self.rest = after;
        // Go takes a name twice and names that begin with a digit; such a group keeps its number only.
        if name.starts_with(|c: char| c.is_ascii_digit()) || !self.names.insert(name) {
            self.open("(", self.flags);
        } else {
            self.open(&format!("(?P<{name}>"), self.flags);
        }
        Ok(())
    }

    fn repeat_counted(
        &mut self,
        minimum: Option<u64>,
        maximum: Option<u64>,
        after: &'a str,
    ) -> Result<(), SyntaxError> {
        let text = &self.rest[..self.rest.len() - after.len()];
        let too_many = || SyntaxError::new(Kind::RepeatSize, text);
        let minimum = minimum.ok_or_else(too_many)?;
        if maximum.is_some_and(|maximum| minimum > maximum) {
            return Err(too_many());
        }
        self.repeat(text, after, maximum.unwrap_or(minimum))
    }

    /// Applies `operator`, which `after` follows, to the last atom; it counts `times` times.
    fn repeat(&mut self, operator: &str, after: &'a str, times: u64) -> Result<(), SyntaxError> {
        let (lazy, after) = match after.strip_prefix('?') {
            Some(after) => (true, after),
            None => (false, after),
        };
        let before = self.rest;
        let text = |from: &'a str| &from[..from.len() - after.len()];
        if let Some(last) = self.last_repeat {
            return Err(SyntaxError::new(Kind::RepeatOp, text(last)));
        }
        let Some(atom) = self.atom else {
            return Err(SyntaxError::new(Kind::MissingRepeatArgument, text(before)));
        };
        let weight = match times {
            0 => 1,
            _ => atom.weight * times,
        };
        if times >= 2 && weight > MAX_REPEAT {
            return Err(SyntaxError::new(Kind::RepeatSize, text(before)));
        }
        // Flags may have changed since the atom; the operator goes before that change.
        let lazy = lazy != (atom.swaps_greed != self.flags.on[SWAP_GREED]);
        let (open, close) = if atom.repeated {
            ("(?:", ")")
        } else {
            ("", "")
        };
        let operator = format!("{close}{operator}{}", if lazy { "?" } else { "" });
        self.out.insert_str(atom.end, &operator);
        self.out.insert_str(atom.start, open);
        self.atom = Some(Atom {
            end: atom.end + open.len() + operator.len(),
            weight,
            repeated: true,
            ..atom
        });
        self.rest = after;
        Ok(())
    }

    fn backslash(&mut self) -> Result<(), SyntaxError> {
        let rest = self.rest;
        if let Some(quoted) = rest.strip_prefix("\\Q") {
            let (literals, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
            for c in literals.chars() {
                self.push(&class::literal(u32::from(c)));
            }
            self.rest = after;
            return Ok(());
        }
        let boundary = match rest.as_bytes().get(1) {
            Some(b'A') => Some("\\A"),
            Some(b'z') => Some("\\z"),
            Some(b'b') => Some("(?-u:\\b)"),
            Some(b'B') => Some("(?-u:\\B)"),
            _ => None,
        };
        if let Some(boundary) = boundary {
            self.rest = &rest[2..];
            self.push(boundary);
        } else if let Some((class, after)) = class::escaped_class(rest)? {
            self.rest = after;
            self.push(&class);
        } else {
            let (code, after) = class::escape(rest)?;
            self.rest = after;
            self.push(&class::literal(code));
        }
        Ok(())
    }
}

/// The counts of `{n}`, `{n,}` or `{n,m}` at the start of `t`, and what follows. The first is `None` if a
/// count is beyond all limits, the second if there is no upper bound. Anything else is no repetition at all.
fn repeat_counts(t: &str) -> Option<(Option<u64>, Option<u64>, &str)> {
    let (minimum, rest) = repeat_count(t.strip_prefix('{')?)?;
    if let Some(after) = rest.strip_prefix('}') {
        return Some((minimum, minimum, after));
    }
    let rest = rest.strip_prefix(',')?;
    if let Some(after) = rest.strip_prefix('}') {
        return Some((minimum, None, after));
    }
    let (maximum, rest) = repeat_count(rest)?;
    let after = rest.strip_prefix('}')?;
    Some((maximum.and(minimum), maximum, after))
}

/// Digits without leading zeros; `None` inside if they are beyond all limits.
fn repeat_count(t: &str) -> Option<(Option<u64>, &str)> {
    let rest = t.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &t[..t.len() - rest.len()];
    if digits.is_empty() || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    Some((digits.parse().ok().filter(|n| *n <= MAX_REPEAT), rest))
}
