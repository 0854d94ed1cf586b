//! A text that a label matcher accepts.

use std::iter::Peekable;
use std::str::Chars;

use crate::promql::ast::{MatchOp, Matcher};
use crate::promql::matcher::CompiledMatcher;

/// A text that satisfies all of these matchers of one label, if one is easily found.
///
/// What a matcher asks for comes first, then words that no matcher rules out.
pub(super) fn text_for(matchers: &[&Matcher]) -> Option<String> {
    let compiled: Vec<CompiledMatcher> = matchers
        .iter()
        .filter_map(|matcher| CompiledMatcher::new(matcher).ok())
        .collect();
    let asked = matchers.iter().flat_map(|matcher| match matcher.op {
        MatchOp::Equal => vec![matcher.value.clone()],
        MatchOp::Regex => vec![matcher.value.clone(), shortest(&matcher.value)],
        MatchOp::NotEqual | MatchOp::NotRegex => Vec::new(),
    });
    let others = ["", "other", "1"].map(str::to_owned);
    let is_plain = |text: &String| !text.contains(['*', '|', '(', '[', '^', '$', '\\', '+', '?']);
    let mut all = asked.filter(is_plain).chain(others);
    all.find(|text| compiled.iter().all(|matcher| matcher.matches(text)))
}

/// The first alternatives and the fewest repetitions of a regular expression, as far as it is a simple one.
fn shortest(pattern: &str) -> String {
    let mut text = String::new();
    alternatives(&mut pattern.chars().peekable(), &mut text);
    text
}

/// Up to the end or an unmatched `)`; only the first alternative is written.
fn alternatives(pattern: &mut Peekable<Chars<'_>>, text: &mut String) {
    let mut first = true;
    while let Some(letter) = pattern.next() {
        let start = text.len();
        match letter {
            ')' => return,
            '|' => first = false,
            '^' | '$' => {}
            '(' => {
                if pattern.peek() == Some(&'?') {
                    while pattern.next_if(|letter| !":>)".contains(*letter)).is_some() {}
                    pattern.next();
                }
                alternatives(pattern, text);
                repeated(pattern, text, start);
            }
            '[' => {
                text.extend(class(pattern));
                repeated(pattern, text, start);
            }
            '\\' => {
                text.extend(pattern.next().and_then(escaped));
                repeated(pattern, text, start);
            }
            _ => {
                text.push(if letter == '.' { '1' } else { letter });
                repeated(pattern, text, start);
            }
        }
        if !first {
            text.truncate(start);
        }
    }
}

/// Takes back what may be repeated no times.
fn repeated(pattern: &mut Peekable<Chars<'_>>, text: &mut String, start: usize) {
    if pattern.next_if(|letter| "*?".contains(*letter)).is_some() {
        text.truncate(start);
    }
    while pattern.next_if(|letter| "*?+".contains(*letter)).is_some() {}
}

/// The first letter of a class.
fn class(pattern: &mut Peekable<Chars<'_>>) -> Option<char> {
    let negated = pattern.next_if_eq(&'^').is_some();
    let first = pattern.next();
    while pattern.next().is_some_and(|letter| letter != ']') {}
    if negated { Some('_') } else { first }
}

/// What an escape stands for; a place of the text is none.
fn escaped(letter: char) -> Option<char> {
    match letter {
        'd' => Some('1'),
        'w' => Some('a'),
        'b' | 'B' | 'A' | 'z' => None,
        _ => Some(letter),
    }
}

#[cfg(test)]
mod tests {
    use super::text_for;
    use crate::promql::ast::{MatchOp, Matcher};

    fn found(matchers: &[(MatchOp, &str)]) -> Option<String> {
        let matchers: Vec<Matcher> = matchers
            .iter()
            .map(|(op, value)| Matcher {
                name: "label".to_owned(),
                op: *op,
                value: (*value).to_owned(),
            })
            .collect();
        text_for(&matchers.iter().collect::<Vec<_>>())
    }

    #[test]
    fn simple_patterns_have_a_text() {
        for (pattern, text) in [
            ("api", "api"),
            ("api.prod.svc.cluster.local", "api.prod.svc.cluster.local"),
            ("api-.*", "api-"),
            (".*canary.*", "canary"),
            ("^(web|api)-v[12]$", "web-v1"),
            ("(?:a|b)+x?", "a"),
            (r"api\.v\d", "api.v1"),
            ("5..", "5.."),
            (".+", "1"),
            ("a|b", "a"),
        ] {
            assert_eq!(
                found(&[(MatchOp::Regex, pattern)]).as_deref(),
                Some(text),
                "{pattern}"
            );
        }
    }

    #[test]
    fn all_matchers_count() {
        let api_but_not = [(MatchOp::Regex, "a|b"), (MatchOp::NotEqual, "a")];
        assert_eq!(found(&api_but_not), None);
        let not_empty = [(MatchOp::NotEqual, ""), (MatchOp::NotEqual, "POD")];
        assert_eq!(found(&not_empty).as_deref(), Some("other"));
        assert_eq!(found(&[(MatchOp::NotRegex, "5..")]).as_deref(), Some(""));
    }
}
