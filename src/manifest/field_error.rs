//! Kubernetes' way of saying which field is wrong: `<path>: <what>: <value>: <detail>`.

use crate::go::quote::quote;
use std::fmt::{self, Write as _};

use serde::Serialize;

use super::go_json::to_go_json;

/// One finding about one field, printed as the controllers print it (apimachinery v0.34 field/errors.go).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field as the controller names it, such as `spec.strategy.steps[0].setWeight`.
    pub field: String,
    /// What kind of mistake it is.
    pub kind: FieldErrorKind,
    /// The bad value as printed; empty for kinds that print none.
    pub value: String,
    /// Why it is wrong; may be empty.
    pub detail: String,
}

/// Kinds of mistakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldErrorKind {
    /// The value is not allowed.
    Invalid,
    /// There is no value.
    Required,
    /// The value is none of the allowed ones.
    NotSupported,
    /// The value must be unique and is not.
    Duplicate,
    /// There must be no value here.
    Forbidden,
    /// The value names something that does not exist.
    NotFound,
    /// A mistake that Kubernetes reports as its own.
    Internal,
}

impl FieldErrorKind {
    /// The machine-readable name, such as `FieldValueInvalid`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Invalid => "FieldValueInvalid",
            Self::Required => "FieldValueRequired",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Duplicate => "FieldValueDuplicate",
            Self::Forbidden => "FieldValueForbidden",
            Self::NotFound => "FieldValueNotFound",
            Self::Internal => "InternalError",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Invalid => "Invalid value",
            Self::Required => "Required value",
            Self::NotSupported => "Unsupported value",
            Self::Duplicate => "Duplicate value",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "Not found",
            Self::Internal => "Internal error",
        }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.kind.label())?;
        if !self.value.is_empty() {
            write!(f, ": {}", self.value)?;
        }
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

/// A value as a field error prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadValue(String);

impl BadValue {
    /// A structure: its JSON.
    pub fn json<T: Serialize>(value: &T) -> Self {
        Self(to_go_json(value).unwrap_or_else(|error| error.to_string()))
    }
}

impl From<&str> for BadValue {
    fn from(text: &str) -> Self {
        Self(quote(text))
    }
}

impl From<&String> for BadValue {
    fn from(text: &String) -> Self {
        Self(quote(text))
    }
}

impl From<i32> for BadValue {
    fn from(number: i32) -> Self {
        Self(number.to_string())
    }
}

impl From<bool> for BadValue {
    fn from(flag: bool) -> Self {
        Self(flag.to_string())
    }
}

impl FieldError {
    /// `Invalid value: <value>: <detail>`.
    pub fn invalid(
        field: impl Into<String>,
        value: impl Into<BadValue>,
        detail: impl Into<String>,
    ) -> Self {
        Self::new(field, FieldErrorKind::Invalid, value.into().0, detail)
    }

    /// `Required value: <detail>`.
    pub fn required(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(field, FieldErrorKind::Required, String::new(), detail)
    }

    /// `Forbidden: <detail>`.
    pub fn forbidden(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(field, FieldErrorKind::Forbidden, String::new(), detail)
    }

    /// `Internal error: <detail>`.
    pub fn internal(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(field, FieldErrorKind::Internal, String::new(), detail)
    }

    /// `Duplicate value: <value>`.
    pub fn duplicate(field: impl Into<String>, value: impl Into<BadValue>) -> Self {
        Self::new(field, FieldErrorKind::Duplicate, value.into().0, "")
    }

    /// `Not found: <value>`.
    pub fn not_found(field: impl Into<String>, value: impl Into<BadValue>) -> Self {
        Self::new(field, FieldErrorKind::NotFound, value.into().0, "")
    }

    /// `Unsupported value: <value>: supported values: "a", "b"`.
    pub fn not_supported(
        field: impl Into<String>,
        value: impl Into<BadValue>,
        supported: &[&str],
    ) -> Self {
        let mut detail = String::from("supported values: ");
        for (index, value) in supported.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            let _ = write!(detail, "{separator}{}", quote(value));
        }
        Self::new(field, FieldErrorKind::NotSupported, value.into().0, detail)
    }

    fn new(
        field: impl Into<String>,
        kind: FieldErrorKind,
        value: String,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            kind,
            value,
            detail: detail.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FieldError;

    #[test]
    fn prints_as_kubernetes_does() {
        let shown = [
            FieldError::invalid("a", "x\"", "bad"),
            FieldError::invalid("a.b[0]", -1, "must be positive"),
            FieldError::required("a", ""),
            FieldError::required("a", "missing"),
            FieldError::not_supported("p", "Never", &["Always", "Other"]),
            FieldError::duplicate("n", "app"),
            FieldError::internal("t", "odd"),
        ]
        .map(|error| error.to_string());
        assert_eq!(
            shown,
            [
                r#"a: Invalid value: "x\"": bad"#,
                "a.b[0]: Invalid value: -1: must be positive",
                "a: Required value",
                "a: Required value: missing",
                r#"p: Unsupported value: "Never": supported values: "Always", "Other""#,
                r#"n: Duplicate value: "app""#,
                "t: Internal error: odd",
            ]
        );
    }
}
