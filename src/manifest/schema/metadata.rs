//! The API server's own checks of an object's metadata.
//!
//! Source: Kubernetes apimachinery `pkg/api/validation/objectmeta.go` and `pkg/util/validation`.

use std::sync::OnceLock;

use regex::Regex;

use crate::diagnostics::{Diagnostic, SourceId};
use crate::manifest::yaml::{Key, Mapping, Node};

const NAME_LENGTH: usize = 253;
const LABEL_LENGTH: usize = 63;

fn subdomain() -> &'static Regex {
    static PATTERN: OnceLock<Regex> = OnceLock::new();
    PATTERN.get_or_init(|| {
        pattern(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
    })
}

fn label_value() -> &'static Regex {
    static PATTERN: OnceLock<Regex> = OnceLock::new();
    PATTERN.get_or_init(|| pattern(r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$"))
}

fn label_name() -> &'static Regex {
    static PATTERN: OnceLock<Regex> = OnceLock::new();
    PATTERN.get_or_init(|| pattern(r"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$"))
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

/// What is wrong with the name and the labels.
pub(super) fn check(root: &Node, source: SourceId) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let metadata = root.get("metadata");
    let name = metadata.and_then(|metadata| metadata.get("name"));
    let generated = metadata
        .and_then(|metadata| metadata.get("generateName"))
        .and_then(Node::as_str)
        .is_some_and(|name| !name.is_empty());
    match name.and_then(Node::as_str) {
        Some(text) if !text.is_empty() => {
            if let (Some(node), Some(problem)) = (name, name_problem(text)) {
                found.push(
                    Diagnostic::error(format!("metadata.name: Invalid value: {text:?}: {problem}"))
                        .at(node.span.in_source(source))
                        .with_help("use lower-case letters, digits, `-` and `.`"),
                );
            }
        }
        // Another type is refused by the definition.
        None if name.is_some() && !name.is_some_and(Node::is_null) => {}
        _ if generated => {}
        _ => {
            let place = metadata.map_or(root.span, |metadata| metadata.span);
            found.push(
                Diagnostic::error(
                    "metadata.name: Required value: name or generateName is required",
                )
                .at(place.in_source(source))
                .with_help("add `name:` under `metadata:`"),
            );
        }
    }
    let labels = metadata
        .and_then(|metadata| metadata.get("labels"))
        .and_then(Node::as_mapping);
    for (key, value) in labels.into_iter().flat_map(Mapping::iter) {
        found.extend(check_label(key, value, source));
    }
    found
}

fn name_problem(name: &str) -> Option<String> {
    if name.len() > NAME_LENGTH {
        return Some(format!("must be no more than {NAME_LENGTH} bytes"));
    }
    (!subdomain().is_match(name)).then(|| {
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')".to_owned()
    })
}

fn check_label(key: &Key, value: &Node, source: SourceId) -> Option<Diagnostic> {
    let (prefix, name) = match key.text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key.text.as_str()),
    };
    let key_is_fine = name.len() <= LABEL_LENGTH
        && label_name().is_match(name)
        && prefix.is_none_or(|prefix| prefix.len() <= NAME_LENGTH && subdomain().is_match(prefix));
    if !key_is_fine {
        return Some(
            Diagnostic::error(format!(
                "metadata.labels: Invalid value: {:?}: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
                key.text
            ))
            .at(key.span.in_source(source)),
        );
    }
    let text = value.as_str()?;
    let problem = if text.len() > LABEL_LENGTH {
        "must be no more than 63 bytes"
    } else if label_value().is_match(text) {
        return None;
    } else {
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
    };
    Some(
        Diagnostic::error(format!(
            "metadata.labels: Invalid value: {text:?}: {problem}"
        ))
        .at(value.span.in_source(source)),
    )
}
