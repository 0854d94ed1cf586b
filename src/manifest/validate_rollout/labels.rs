//! Label selectors: their syntax and what they select (apimachinery v0.34 meta/v1/validation, labels).

use std::collections::BTreeMap;

use crate::manifest::field_error::{BadValue, FieldError};
use crate::manifest::rollout_types::{LabelSelector, LabelSelectorRequirement};

const LABEL_KEY_FORMAT: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const LABEL_KEY_RULE: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const LABEL_KEY_EXAMPLES: [&str; 3] = ["MyName", "my.name", "123-abc"];
const DNS_LABEL_FORMAT: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const DNS_SUBDOMAIN_FORMAT: &str =
    "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";

/// Syntax errors of a selector, in the controller's order; labels in the order of their keys (the controller's order
/// is random there).
pub(super) fn validate_selector(selector: &LabelSelector, field: &str) -> Vec<FieldError> {
    let mut errors = validate_labels(&selector.match_labels, &format!("{field}.matchLabels"));
    for (index, requirement) in selector.match_expressions.iter().enumerate() {
        let field = format!("{field}.matchExpressions[{index}]");
        errors.extend(validate_requirement(requirement, &field));
    }
    errors
}

fn validate_requirement(requirement: &LabelSelectorRequirement, field: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    match requirement.operator.as_str() {
        "In" | "NotIn" => {
            if requirement.values.is_empty() {
                errors.push(FieldError::required(
                    format!("{field}.values"),
                    "must be specified when `operator` is 'In' or 'NotIn'",
                ));
            }
        }
        "Exists" | "DoesNotExist" => {
            if !requirement.values.is_empty() {
                errors.push(FieldError::forbidden(
                    format!("{field}.values"),
                    "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                ));
            }
        }
        operator => errors.push(FieldError::invalid(
            format!("{field}.operator"),
            BadValue::json(&operator),
            "not a valid selector operator",
        )),
    }
    errors.extend(validate_label_key(
        &requirement.key,
        &format!("{field}.key"),
    ));
    for (index, value) in requirement.values.iter().enumerate() {
        for message in label_value_errors(value) {
            errors.push(FieldError::invalid(
                format!("{field}.values[{index}]"),
                value,
                message,
            ));
        }
    }
    errors
}

/// Syntax errors of labels, in the order of their keys.
pub(super) fn validate_labels(labels: &BTreeMap<String, String>, field: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (key, value) in labels {
        errors.extend(validate_label_key(key, field));
        for message in label_value_errors(value) {
            errors.push(FieldError::invalid(field, value, message));
        }
    }
    errors
}

fn validate_label_key(key: &str, field: &str) -> Vec<FieldError> {
    qualified_name_errors(key)
        .into_iter()
        .map(|message| FieldError::invalid(field, key, message))
        .collect()
}

/// What is wrong with a key of a label or annotation; empty when nothing is.
pub(crate) fn qualified_name_errors(key: &str) -> Vec<String> {
    let mut errors = Vec::new();
    let name = match key.split('/').collect::<Vec<_>>()[..] {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                errors.push("prefix part must be non-empty".to_owned());
            } else {
                errors.extend(
                    dns_subdomain_errors(prefix)
                        .into_iter()
                        .map(|message| format!("prefix part {message}")),
                );
            }
            name
        }
        _ => {
            return vec![format!(
                "a valid label key {} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
                regex_error(LABEL_KEY_RULE, LABEL_KEY_FORMAT, &LABEL_KEY_EXAMPLES)
            )];
        }
    };
    if name.is_empty() {
        errors.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        errors.push("name part must be no more than 63 bytes".to_owned());
    }
    if !is_label_name(name) {
        errors.push(format!(
            "name part {}",
            regex_error(LABEL_KEY_RULE, LABEL_KEY_FORMAT, &LABEL_KEY_EXAMPLES)
        ));
    }
    errors
}

fn label_value_errors(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if value.len() > 63 {
        errors.push("must be no more than 63 bytes".to_owned());
    }
    if !value.is_empty() && !is_label_name(value) {
        errors.push(regex_error(
            &format!(
                "a valid label must be an empty string or {}",
                &LABEL_KEY_RULE[5..]
            ),
            &format!("({LABEL_KEY_FORMAT})?"),
            &["MyValue", "my_value", "12345"],
        ));
    }
    errors
}

fn is_label_name(name: &str) -> bool {
    let alphanumeric_ends = name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.ends_with(|c: char| c.is_ascii_alphanumeric());
    alphanumeric_ends
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// What is wrong with a lower-case DNS label, such as the name of a container.
pub(super) fn dns_label_errors(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if value.len() > 63 {
        errors.push("must be no more than 63 bytes".to_owned());
    }
    if !is_dns_label(value) {
        errors.push(if value.split('.').all(is_dns_label) {
            "must not contain dots".to_owned()
        } else {
            regex_error(
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
                DNS_LABEL_FORMAT,
                &["my-name", "123-abc"],
            )
        });
    }
    errors
}

fn dns_subdomain_errors(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if value.len() > 253 {
        errors.push("must be no more than 253 bytes".to_owned());
    }
    if !value.split('.').all(is_dns_label) {
        errors.push(regex_error(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
            DNS_SUBDOMAIN_FORMAT,
            &["example.com"],
        ));
    }
    errors
}

fn is_dns_label(value: &str) -> bool {
    let is_edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    value.starts_with(is_edge)
        && value.ends_with(is_edge)
        && value.chars().all(|c| is_edge(c) || c == '-')
}

fn regex_error(rule: &str, format: &str, examples: &[&str]) -> String {
    let examples: Vec<String> = examples
        .iter()
        .map(|example| format!("'{example}', "))
        .collect();
    format!(
        "{rule} (e.g. {}regex used for validation is '{format}')",
        examples.join(" or ")
    )
}

/// Whether a selector without syntax errors selects these labels. The empty selector selects everything.
pub(super) fn selects(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    let equal = selector
        .match_labels
        .iter()
        .all(|(key, value)| labels.get(key) == Some(value));
    equal
        && selector.match_expressions.iter().all(|requirement| {
            let value = labels.get(&requirement.key);
            let is_listed = value.is_some_and(|value| requirement.values.contains(value));
            match requirement.operator.as_str() {
                "In" => is_listed,
                "NotIn" => !is_listed,
                "Exists" => value.is_some(),
                _ => value.is_none(),
            }
        })
}

#[cfg(test)]
mod tests {
    use super::{dns_label_errors, label_value_errors, qualified_name_errors};

    #[test]
    fn keys_have_an_optional_domain_and_a_name() {
        for key in ["app", "a.b/c", "A_b-c.d", "example.com/x"] {
            assert_eq!(qualified_name_errors(key), [""; 0], "{key}");
        }
        assert_eq!(
            qualified_name_errors("/x"),
            ["prefix part must be non-empty"]
        );
        assert_eq!(qualified_name_errors("").len(), 2);
        assert_eq!(qualified_name_errors("a/b/c").len(), 1);
        assert_eq!(qualified_name_errors("A.b/-").len(), 2);
        assert_eq!(
            qualified_name_errors(&"x".repeat(64)),
            ["name part must be no more than 63 bytes"]
        );
    }

    #[test]
    fn values_may_be_empty() {
        assert_eq!(label_value_errors(""), [""; 0]);
        assert_eq!(
            label_value_errors("a b"),
            [
                "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
            ]
        );
    }

    #[test]
    fn dns_labels_have_no_dots() {
        assert_eq!(dns_label_errors("a-1"), [""; 0]);
        assert_eq!(dns_label_errors("a.b"), ["must not contain dots"]);
        assert_eq!(dns_label_errors("A").len(), 1);
    }
}
