//! Label sets of series, in Prometheus' order.

use std::fmt;

use crate::go::quote::quote;

/// The label that holds a metric's name.
pub const METRIC_NAME: &str = "__name__";

/// A set of labels, sorted by name; a label with an empty value doesn't exist.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Labels(Vec<(String, String)>);

impl Labels {
    /// Builds a set from pairs in any order; empty values are dropped, the last of equal names wins.
    pub fn new<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut labels = Self::default();
        for (name, value) in pairs {
            labels.set(&name.into(), &value.into());
        }
        labels
    }

    /// The value of a label; a missing one is the empty string.
    pub fn get(&self, name: &str) -> &str {
        match self.position(name) {
            Ok(index) => &self.0[index].1,
            Err(_) => "",
        }
    }

    /// Sets a label; the empty value removes it.
    pub fn set(&mut self, name: &str, value: &str) {
        match (self.position(name), value) {
            (Ok(index), "") => drop(self.0.remove(index)),
            (Ok(index), _) => value.clone_into(&mut self.0[index].1),
            (Err(_), "") => {}
            (Err(index), _) => self.0.insert(index, (name.to_owned(), value.to_owned())),
        }
    }

    /// Pairs in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Number of labels, the metric's name included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no label at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps the labels whose names satisfy `keep`.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.0.retain(|(name, _)| keep(name));
    }

    /// The labels with these names.
    #[must_use]
    pub fn only(&self, names: &[impl AsRef<str>]) -> Self {
        let mut labels = self.clone();
        labels.retain(|name| names.iter().any(|kept| kept.as_ref() == name));
        labels
    }

    /// The labels without the metric's name and without these names.
    #[must_use]
    pub fn without(&self, names: &[impl AsRef<str>]) -> Self {
        let mut labels = self.clone();
        labels.retain(|name| {
            name != METRIC_NAME && !names.iter().any(|dropped| dropped.as_ref() == name)
        });
        labels
    }

    /// Removes what describes the metric rather than the series: name, type and unit
    /// (Prometheus 3.14 schema/labels.go).
    pub fn drop_metadata(&mut self) {
        self.retain(|name| !matches!(name, METRIC_NAME | "__type__" | "__unit__"));
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.0
            .binary_search_by(|(candidate, _)| candidate.as_str().cmp(name))
    }
}

/// Whether a label's name is written without quotes.
fn is_bare_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// As errors print it: the braces hold every label, `{__name__="up", job="api"}`.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, (name, value)) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            if is_bare_name(name) {
                write!(f, "{name}={}", quote(value))?;
            } else {
                write!(f, "{}={}", quote(name), quote(value))?;
            }
        }
        f.write_str("}")
    }
}
