//! `{{args.x}}` substitution as the controller does it: on the JSON text of a metric (`factory.go` `ResolveMetricArgs`,
//! `template.go`, fasttemplate v1.2.2).
//!
//! The detour over JSON shows: tags are printed JSON-escaped, an unterminated tag swallows the JSON that follows, and
//! an argument with a control character breaks it (spec §5.3, vectors README §5.1).

use std::collections::BTreeMap;

use thiserror::Error;

use super::analysis_types::{Argument, Metric};
use super::go_json::to_go_json;
use crate::go::quote::{escape, quote};

const START_TAG: &str = "{{";
const END_TAG: &str = "}}";

/// Why a metric's arguments can't be resolved, in the controller's words.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SubstitutionError {
    /// A tag that no argument answers: the last one of the metric, cut out of its JSON.
    #[error("failed to resolve {{{{{0}}}}}")]
    Unresolved(String),
    /// An argument without value, used or not.
    #[error("argument \"{0}\" was not supplied")]
    NotSupplied(String),
    /// A tag that is never closed.
    #[error("Cannot find end tag={} in the template={} starting from {}", quote(END_TAG), quote(.template), quote(.rest))]
    Unterminated {
        /// The metric's JSON.
        template: String,
        /// What follows the opening braces.
        rest: String,
    },
    /// A value whose escaped form is no JSON.
    #[error("invalid character '{0}' in string escape code")]
    EscapeCode(char),
    /// The metric can't be written as JSON or read back.
    #[error("{0}")]
    Json(String),
}

/// Replaces all tags in all texts of `metric` (`factory.go` `ResolveMetricArgs`). Of two arguments with one name the
/// last counts.
pub fn resolve_metric(metric: &Metric, args: &[Argument]) -> Result<Metric, SubstitutionError> {
    let json = |error: serde_json::Error| SubstitutionError::Json(error.to_string());
    let text = resolve_json(&to_go_json(metric).map_err(json)?, args)?;
    if let Some(escape) = first_bad_escape(&text) {
        return Err(SubstitutionError::EscapeCode(escape));
    }
    serde_json::from_str(&text).map_err(json)
}

/// Replaces all tags in a JSON text (`template.go` `ResolveQuotedArgs`).
fn resolve_json(template: &str, args: &[Argument]) -> Result<String, SubstitutionError> {
    let pieces = split_tags(template)?;
    let mut values = BTreeMap::new();
    for arg in args {
        let value = arg
            .value
            .as_ref()
            .ok_or_else(|| SubstitutionError::NotSupplied(arg.name.clone()))?;
        values.insert(format!("args.{}", arg.name), escape(value));
    }
    let mut resolved = String::with_capacity(template.len());
    let mut unresolved = None;
    for piece in pieces {
        match piece {
            Piece::Text(text) => resolved.push_str(text),
            Piece::Tag(tag) => match values.get(tag.trim()) {
                Some(value) => resolved.push_str(value),
                None => unresolved = Some(tag),
            },
        }
    }
    match unresolved {
        Some(tag) => Err(SubstitutionError::Unresolved(tag.to_owned())),
        None => Ok(resolved),
    }
}

enum Piece<'a> {
    Text(&'a str),
    Tag(&'a str),
}

fn split_tags(template: &str) -> Result<Vec<Piece<'_>>, SubstitutionError> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((text, after)) = rest.split_once(START_TAG) {
        pieces.push(Piece::Text(text));
        let Some((tag, after)) = after.split_once(END_TAG) else {
            return Err(SubstitutionError::Unterminated {
                template: template.to_owned(),
                rest: after.to_owned(),
            });
        };
        pieces.push(Piece::Tag(tag));
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

/// The character after the first backslash of `json` that starts no JSON escape.
fn first_bad_escape(json: &str) -> Option<char> {
    let mut chars = json.chars();
    while let Some(c) = chars.next() {
        if c == '\\' {
            let escape = chars.next()?;
            if !matches!(escape, '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u') {
                return Some(escape);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::resolve_metric;
    use crate::manifest::analysis_types::{Argument, Metric};

    fn argument(name: &str, value: &str) -> Argument {
        Argument {
            name: name.to_owned(),
            value: Some(value.to_owned()),
            value_from: None,
        }
    }

    fn metric(yaml: &str) -> Metric {
        serde_yaml::from_str(yaml).expect("a metric")
    }

    fn error(yaml: &str, args: &[Argument]) -> String {
        resolve_metric(&metric(yaml), args)
            .expect_err("an error")
            .to_string()
    }

    #[test]
    fn replaces_tags_everywhere_and_keeps_what_values_hold() {
        let template = metric(
            "{name: 'm-{{ args.n }}', count: '{{args.count}}', provider: {prometheus: {query: 'q{{args.q}}'}}}",
        );
        let args = [
            argument("n", "x"),
            argument("count", "3"),
            argument("q", "{a=\"b\\\"}\n<{{args.n}}>'\u{a0}\u{200b}"),
        ];
        let resolved = resolve_metric(&template, &args).expect("resolved");
        assert_eq!(resolved.name, "m-x");
        assert_eq!(resolved.effective_count(), Some(3));
        let query = resolved.provider.prometheus.expect("prometheus").query;
        assert_eq!(query, "q{a=\"b\\\"}\n<{{args.n}}>'\u{a0}\u{200b}");
    }

    #[test]
    fn the_last_of_equal_names_counts() {
        let args = [argument("n", "x"), argument("n", "y")];
        let resolved = resolve_metric(&metric("{name: '{{args.n}}'}"), &args).expect("resolved");
        assert_eq!(resolved.name, "y");
    }

    #[test]
    fn errors_quote_the_json() {
        assert_eq!(
            error("{name: '{{args.a}} {{ args.b<c }}'}", &[]),
            r"failed to resolve {{ args.b\u003cc }}"
        );
        assert_eq!(
            error("{name: '{{args.a'}", &[argument("a", "x")]),
            r#"failed to resolve {{args.a","provider":{}}"#
        );
        let unterminated = "{name: m, consecutiveSuccessLimit: '{{args.a'}";
        assert_eq!(
            error(unterminated, &[argument("a", "x")]),
            concat!(
                r#"Cannot find end tag="}}" in the template="{\"name\":\"m\",\"provider\":{},"#,
                r#"\"consecutiveSuccessLimit\":\"{{args.a\"}" starting from "args.a\"}""#
            )
        );
    }

    #[test]
    fn every_argument_needs_a_value_and_control_characters_break_the_json() {
        let unset = Argument {
            name: "u".to_owned(),
            ..Argument::default()
        };
        assert_eq!(
            error("{name: m}", &[unset]),
            "argument \"u\" was not supplied"
        );
        assert_eq!(
            error("{name: '{{args.a}}'}", &[argument("a", "\u{7}")]),
            "invalid character 'a' in string escape code"
        );
    }
}
