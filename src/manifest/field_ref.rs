//! `fieldRef`: texts that a Rollout takes out of itself and hands to its analyses.

use std::collections::BTreeMap;

use serde_json::Value;

use super::rollout_types::{ObjectMeta, Rollout};
use super::validate_rollout::labels::qualified_name_errors;
use crate::go::quote::quote;

/// Why a field of the Rollout can't be read, in the controller's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldRefError {
    /// A `metadata…` path that doesn't exist.
    #[error("unsupported fieldPath: {0}")]
    Unsupported(String),
    /// A subscript on something other than labels and annotations.
    #[error("fieldPath {} does not support subscript", quote(.0))]
    NoSubscript(String),
    /// A subscript that is no key.
    #[error("invalid key subscript in {path}: {reasons}")]
    InvalidKey {
        /// The whole path.
        path: String,
        /// What is wrong with the key.
        reasons: String,
    },
    /// A list's index that is no number.
    #[error("invalid index '{0}'")]
    InvalidIndex(String),
    /// A list's index beyond its end.
    #[error("index {0} out of range")]
    IndexOutOfRange(i64),
    /// A negative list index. The real controller panics and never reconciles the Rollout.
    #[error("runtime error: index out of range [{0}]")]
    Panic(i64),
    /// Nothing is there.
    #[error("invalid path {0} in rollout")]
    InvalidPath(String),
    /// A list or an object is there.
    #[error("path {0} in rollout must terminate in a primitive value")]
    NotPrimitive(String),
}

/// The value of a `metadata…` path (Kubernetes v1.34 pkg/fieldpath `ExtractFieldPathAsString`).
///
/// A label or annotation that doesn't exist gives the empty text, and so does a `uid` that isn't set yet.
pub fn metadata_value(metadata: &ObjectMeta, path: &str) -> Result<String, FieldRefError> {
    if let Some((map, key)) = split_subscript(path) {
        let (values, reasons) = match map {
            "metadata.annotations" => (
                &metadata.annotations,
                qualified_name_errors(&key.to_lowercase()),
            ),
            "metadata.labels" => (&metadata.labels, qualified_name_errors(key)),
            _ => return Err(FieldRefError::NoSubscript(path.to_owned())),
        };
        if !reasons.is_empty() {
            return Err(FieldRefError::InvalidKey {
                path: path.to_owned(),
                reasons: reasons.join(";"),
            });
        }
        return Ok(values.get(key).cloned().unwrap_or_default());
    }
    match path {
        "metadata.annotations" => Ok(format_map(&metadata.annotations)),
        "metadata.labels" => Ok(format_map(&metadata.labels)),
        "metadata.name" => Ok(metadata.name.clone()),
        "metadata.namespace" => Ok(metadata.namespace.clone()),
        "metadata.uid" => Ok(metadata.uid.clone()),
        _ => Err(FieldRefError::Unsupported(path.to_owned())),
    }
}

/// Splits `labels['key']` into its two parts.
fn split_subscript(path: &str) -> Option<(&str, &str)> {
    path.strip_suffix("']")?
        .split_once("['")
        .filter(|(map, _)| !map.is_empty())
}

fn format_map(map: &BTreeMap<String, String>) -> String {
    let lines: Vec<String> = map
        .iter()
        .map(|(key, value)| format!("{key}={}", quote(value)))
        .collect();
    lines.join("\n")
}

/// The value at a path of the whole Rollout (Argo Rollouts v1.9.1 factory.go `extractValueFromRollout`).
///
/// Dots and brackets separate; doubled ones count once.
pub fn rollout_value(rollout: &Rollout, path: &str) -> Result<String, FieldRefError> {
    let mut document =
        serde_json::to_value(rollout).map_err(|_| FieldRefError::InvalidPath(path.to_owned()))?;
    // What was taken from a workload doesn't show in the Rollout's own JSON.
    if rollout.spec.template_resolved_from_ref {
        document["spec"]["template"] = Value::Null;
    }
    if rollout.spec.selector_resolved_from_ref {
        document["spec"]["selector"] = Value::Null;
    }
    let mut value = &document;
    for section in path
        .split(['.', '[', ']'])
        .filter(|section| !section.is_empty())
    {
        value = match value {
            Value::Array(elements) => element(elements, section)?,
            Value::Object(fields) => fields.get(section).unwrap_or(&Value::Null),
            _ => return Err(FieldRefError::InvalidPath(path.to_owned())),
        };
    }
    match value {
        Value::Null => Err(FieldRefError::InvalidPath(path.to_owned())),
        Value::Array(_) | Value::Object(_) => Err(FieldRefError::NotPrimitive(path.to_owned())),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(go_print_number(number.as_f64().unwrap_or(f64::NAN))),
    }
}

fn element<'a>(elements: &'a [Value], section: &str) -> Result<&'a Value, FieldRefError> {
    let digits = section.strip_prefix(['+', '-']).unwrap_or(section);
    let index: i64 = Some(digits)
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|_| section.parse().ok())
        .ok_or_else(|| FieldRefError::InvalidIndex(section.to_owned()))?;
    let place = usize::try_from(index).map_err(|_| FieldRefError::Panic(index))?;
    elements
        .get(place)
        .ok_or(FieldRefError::IndexOutOfRange(index))
}

/// Go's `%v` of a float64: the shortest digits, with an exponent below 1e-4 and from 1e6 on.
fn go_print_number(number: f64) -> String {
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        _ => format!("{number}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{FieldRefError, go_print_number, metadata_value, rollout_value};
    use crate::manifest::rollout_types::Rollout;

    fn rollout() -> Rollout {
        Rollout::from_json(&json!({
            "metadata": {"name": "demo", "labels": {"b": "2", "a": "1"}, "annotations": {"x/Y": "z"}},
            "spec": {"replicas": 5, "paused": true, "progressDeadlineSeconds": 1_000_000, "template": {
                "metadata": {"labels": {"app": "demo"}}, "spec": {"containers": [{"name": "c"}]},
            }},
        }))
        .expect("decodes")
    }

    #[test]
    fn reads_metadata_as_the_downward_api_does() {
        let read = |path: &str| {
            metadata_value(&rollout().metadata, path).map_err(|error| error.to_string())
        };
        let good = [
            ("metadata.name", "demo"),
            ("metadata.uid", ""),
            ("metadata.labels['a']", "1"),
            ("metadata.labels['none']", ""),
            ("metadata.labels", "a=\"1\"\nb=\"2\""),
            ("metadata.annotations['x/Y']", "z"),
        ];
        for (path, value) in good {
            assert_eq!(read(path), Ok(value.to_owned()), "{path}");
        }
        assert_eq!(
            read("metadata.foo"),
            Err("unsupported fieldPath: metadata.foo".to_owned())
        );
        assert_eq!(
            read("metadata.name['x']"),
            Err("fieldPath \"metadata.name['x']\" does not support subscript".to_owned())
        );
        assert!(
            read("metadata.labels['a b']")
                .is_err_and(|text| text.starts_with("invalid key subscript"))
        );
    }

    #[test]
    fn reads_any_primitive_of_the_rollout() {
        let read = |path: &str| rollout_value(&rollout(), path);
        for (path, value) in [
            ("spec.replicas", "5"),
            ("spec..replicas.", "5"),
            ("spec.paused", "true"),
            ("spec.progressDeadlineSeconds", "1e+06"),
            ("spec.template.spec.containers[0].name", "c"),
            ("spec.template.metadata.labels.app", "demo"),
        ] {
            assert_eq!(read(path).as_deref(), Ok(value), "{path}");
        }
        assert_eq!(
            read("").unwrap_err(),
            FieldRefError::NotPrimitive(String::new())
        );
        assert_eq!(
            read("spec.template.spec.containers[x]").unwrap_err(),
            FieldRefError::InvalidIndex("x".to_owned())
        );
        assert_eq!(
            read("spec.template.spec.containers[3].name").unwrap_err(),
            FieldRefError::IndexOutOfRange(3)
        );
        assert_eq!(
            read("spec.template.spec.containers[-1]").unwrap_err(),
            FieldRefError::Panic(-1)
        );
        assert_eq!(
            read("spec.replicas.x").unwrap_err(),
            FieldRefError::InvalidPath("spec.replicas.x".to_owned())
        );
    }

    #[test]
    fn prints_numbers_as_go_does() {
        let shown = [
            5.0,
            100_000.0,
            1_000_000.0,
            1_234_567.0,
            0.0001,
            0.00001,
            100_000.5,
            -30.0,
        ];
        assert_eq!(
            shown.map(go_print_number),
            [
                "5",
                "100000",
                "1e+06",
                "1.234567e+06",
                "0.0001",
                "1e-05",
                "100000.5",
                "-30"
            ]
        );
    }
}
