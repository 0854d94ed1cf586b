//! Functions that change labels.
//!
//! `spec/promql.md` §8; Prometheus 3.14 promql/functions.go `evalLabelReplace`, `evalLabelJoin`,
//! `createLabelsForAbsentFunction`; Go's regexp `Expand`.

use ::regex::Captures;

use super::matrix::{self, Row};
use super::{EvalError, Evaluator, unwrapped};
use crate::go::regex;
use crate::promql::ast::{Expr, ExprKind, Function, MatchOp};
use crate::promql::labels::{Labels, METRIC_NAME};

/// `label_replace` or `label_join` with its texts checked.
pub(in crate::promql) enum Relabel<'a> {
    Replace {
        destination: &'a str,
        replacement: &'a [u8],
        source: &'a str,
        regex: regex::Regex,
    },
    Join {
        destination: &'a str,
        separator: &'a [u8],
        sources: Vec<&'a str>,
    },
}

impl<'a> Relabel<'a> {
    /// Reads the arguments of a call behind the vector. What is wrong with them is an error of the
    /// evaluation, whatever the vector holds.
    pub fn of(function: Function, texts: &'a [Expr]) -> Result<Self, EvalError> {
        match (function, texts) {
            ("label_replace", [destination, replacement, source, pattern]) => {
                let pattern = text_of(pattern);
                let invalid_regex =
                    || EvalError::InvalidRegex(String::from_utf8_lossy(pattern).into_owned());
                let regex = std::str::from_utf8(pattern)
                    .ok()
                    .and_then(|pattern| regex::compile(&format!("^(?s:{pattern})$")).ok())
                    .ok_or_else(invalid_regex)?;
                Ok(Self::Replace {
                    destination: destination_name("label_replace", text_of(destination))?,
                    replacement: text_of(replacement),
                    source: std::str::from_utf8(text_of(source)).unwrap_or_default(),
                    regex,
                })
            }
            ("label_join", [destination, separator, sources @ ..]) => {
                let sources = sources
                    .iter()
                    .map(|source| {
                        let name = text_of(source);
                        valid_label_name(name).ok_or_else(|| {
                            EvalError::InvalidSource(String::from_utf8_lossy(name).into_owned())
                        })
                    })
                    .collect::<Result<Vec<&str>, EvalError>>()?;
                Ok(Self::Join {
                    destination: destination_name("label_join", text_of(destination))?,
                    separator: text_of(separator),
                    sources,
                })
            }
            _ => Err(EvalError::UnsupportedFunction(function)),
        }
    }

    /// Changes a label set and tells the name of the label that has been set.
    pub fn apply(&self, labels: &mut Labels) -> Result<Option<&'a str>, EvalError> {
        match self {
            Self::Replace {
                destination,
                replacement,
                source,
                regex,
            } => {
                let Some(captures) = regex.captures(labels.get(source)) else {
                    return Ok(None);
                };
                let value = expand(replacement, &captures, regex)?;
                labels.set(destination, &value);
                Ok(Some(destination))
            }
            Self::Join {
                destination,
                separator,
                sources,
            } => {
                let values: Vec<&[u8]> = sources
                    .iter()
                    .map(|source| labels.get(source).as_bytes())
                    .collect();
                let joined = String::from_utf8(values.join(*separator))
                    .map_err(|_| EvalError::InvalidUtf8)?;
                labels.set(destination, &joined);
                Ok(Some(destination))
            }
        }
    }
}

impl Evaluator<'_> {
    /// `label_replace` and `label_join`.
    pub(super) fn relabel(&self, function: Function, args: &[Expr]) -> Result<Vec<Row>, EvalError> {
        let Some((vector, texts)) = args.split_first() else {
            return Err(EvalError::UnsupportedFunction(function));
        };
        let relabel = Relabel::of(function, texts)?;
        let mut rows = self.eval(vector)?;
        for row in &mut rows {
            // A new name stays even where the old one was to be dropped.
            if relabel.apply(&mut row.labels)? == Some(METRIC_NAME) {
                row.drop_name = false;
            }
        }
        matrix::merge_same_labels(rows)
    }
}

/// The text of a string literal.
pub(super) fn text_of(expr: &Expr) -> &[u8] {
    match &unwrapped(expr).kind {
        ExprKind::String(text) => text,
        _ => &[],
    }
}

/// A label's name may be any text but the empty one.
pub(super) fn valid_label_name(name: &[u8]) -> Option<&str> {
    std::str::from_utf8(name)
        .ok()
        .filter(|name| !name.is_empty())
}

fn destination_name<'a>(function: &'static str, name: &'a [u8]) -> Result<&'a str, EvalError> {
    valid_label_name(name).ok_or_else(|| EvalError::InvalidDestination {
        function,
        name: String::from_utf8_lossy(name).into_owned(),
    })
}

/// Replaces `$1`, `${1}`, `$name` and `${name}` by what the groups captured, `$$` by a dollar sign.
fn expand(
    template: &[u8],
    captures: &Captures<'_>,
    regex: &regex::Regex,
) -> Result<String, EvalError> {
    let template = std::str::from_utf8(template).map_err(|_| EvalError::InvalidUtf8)?;
    let mut expanded = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            expanded.push('$');
            rest = after;
        } else if let Some((name, after)) = variable(after) {
            expanded.push_str(captured(name, captures, regex));
            rest = after;
        } else {
            expanded.push('$');
            rest = after;
        }
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// Splits the name of a variable off the text that follows a dollar sign.
fn variable(text: &str) -> Option<(&str, &str)> {
    let (inner, braced) = match text.strip_prefix('{') {
        Some(inner) => (inner, true),
        None => (text, false),
    };
    let end = inner
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(inner.len());
    let (name, after) = inner.split_at(end);
    let after = if braced {
        after.strip_prefix('}')?
    } else {
        after
    };
    (!name.is_empty()).then_some((name, after))
}

fn captured<'t>(name: &str, captures: &Captures<'t>, regex: &regex::Regex) -> &'t str {
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit())
        && (name.len() == 1 || !name.starts_with('0'));
    let group = if is_number {
        name.parse().ok().and_then(|index| captures.get(index))
    } else {
        // Of several groups with one name, the first that took part in the match.
        regex
            .capture_names()
            .enumerate()
            .filter(|(_, candidate)| *candidate == Some(name))
            .find_map(|(index, _)| captures.get(index))
    };
    group.map_or("", |group| group.as_str())
}

/// The labels of what `absent` reports missing: those that the selector fixes with exactly one equality.
pub(in crate::promql) fn absent_labels(argument: &Expr) -> Labels {
    let (ExprKind::VectorSelector(selector) | ExprKind::MatrixSelector { selector, .. }) =
        &unwrapped(argument).kind
    else {
        return Labels::default();
    };
    let mut labels = Labels::default();
    let mut seen: Vec<&str> = Vec::new();
    for matcher in &selector.matchers {
        if matcher.name == METRIC_NAME {
            continue;
        }
        if matcher.op == MatchOp::Equal && !seen.contains(&matcher.name.as_str()) {
            labels.set(&matcher.name, &matcher.value);
            seen.push(&matcher.name);
        } else {
            labels.set(&matcher.name, "");
        }
    }
    labels
}
