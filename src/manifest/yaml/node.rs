//! The tree that manifests and scenarios are decoded from.

use crate::diagnostics::Span;

/// A value and where it is written.
///
/// The nodes behind an alias or a merge key carry the place of the anchor's definition.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The bytes of the value in its source; of a block scalar, from the first character of its content.
    pub span: Span,
    /// How it is written.
    pub style: Style,
    /// What it is to Kubernetes.
    pub value: Value,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `text`
    Plain,
    /// `'text'`
    SingleQuoted,
    /// `"text"`
    DoubleQuoted,
    /// `|` and lines
    Literal,
    /// `>` and lines
    Folded,
    /// A mapping or sequence by indentation.
    Block,
    /// `{…}` or `[…]`
    Flow,
}

/// A value as the API server sees it: what YAML resolved to, written as JSON and read again.
///
/// Hence whole floats (`1e3`, `3.0`) are integers, and integers beyond 64 bits are floats.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, `~`, nothing.
    Null,
    /// `true`, and `yes`, `on`, `y` too.
    Bool(bool),
    /// Whole numbers.
    Int(i64),
    /// Other finite numbers.
    Float(f64),
    /// Everything else, and all quoted scalars.
    String(String),
    /// A list.
    Sequence(Vec<Node>),
    /// An object.
    Mapping(Mapping),
}

/// The name of an entry and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The name as JSON has it (`on:` is `true`).
    pub text: String,
    /// Where.
    pub span: Span,
}

/// Entries in the order written; keys are unique.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    entries: Vec<(Key, Node)>,
}

impl Mapping {
    /// The value under a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, node)| node)
    }

    /// The entry with a key.
    pub fn entry(&self, key: &str) -> Option<(&Key, &Node)> {
        self.iter().find(|(found, _)| found.text == key)
    }

    /// The entries in the order written.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Key, &Node)> {
        self.entries.iter().map(|(key, node)| (key, node))
    }

    /// The keys in the order written.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Key> {
        self.entries.iter().map(|(key, _)| key)
    }

    /// The value under a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries
            .iter_mut()
            .find(|(found, _)| found.text == key)
            .map(|(_, node)| node)
    }

    /// The values in the order written, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Node> {
        self.entries.iter_mut().map(|(_, node)| node)
    }

    /// Puts a value under a key; an entry of that name keeps its position and is replaced.
    pub fn insert(&mut self, key: Key, node: Node) {
        if let Some(entry) = self
            .entries
            .iter_mut()
            .find(|(found, _)| found.text == key.text)
        {
            *entry = (key, node);
        } else {
            self.entries.push((key, node));
        }
    }

    /// Removes the entries for which `keep` is false.
    pub fn retain(&mut self, mut keep: impl FnMut(&Key, &Node) -> bool) {
        self.entries.retain(|(key, node)| keep(key, node));
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True without entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl FromIterator<(Key, Node)> for Mapping {
    fn from_iter<I: IntoIterator<Item = (Key, Node)>>(entries: I) -> Self {
        Self {
            entries: entries.into_iter().collect(),
        }
    }
}

impl IntoIterator for Mapping {
    type Item = (Key, Node);
    type IntoIter = std::vec::IntoIter<(Key, Node)>;
    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl Node {
    /// The value under a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_mapping()?.get(key)
    }

    /// The items, if this is a sequence.
    pub fn as_sequence(&self) -> Option<&[Self]> {
        match &self.value {
            Value::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The entries, if this is a mapping.
    pub fn as_mapping(&self) -> Option<&Mapping> {
        match &self.value {
            Value::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if this is a whole one.
    pub fn as_int(&self) -> Option<i64> {
        match self.value {
            Value::Int(number) => Some(number),
            _ => None,
        }
    }

    /// The number, whole or not.
    pub fn as_f64(&self) -> Option<f64> {
        match self.value {
            Value::Int(number) => Some(number as f64),
            Value::Float(number) => Some(number),
            _ => None,
        }
    }

    /// The truth value, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(truth) => Some(truth),
            _ => None,
        }
    }

    /// True for null.
    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// What the value is, in the API server's words: `integer`, `string`, `object`, …
    pub fn type_name(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Int(_) => "integer",
            Value::Float(_) => "number",
            Value::String(_) => "string",
            Value::Sequence(_) => "array",
            Value::Mapping(_) => "object",
        }
    }

    /// The value without places, for `serde_json::from_value` into typed structs.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(truth) => Json::Bool(*truth),
            Value::Int(number) => Json::from(*number),
            Value::Float(number) => Json::from(*number),
            Value::String(text) => Json::String(text.clone()),
            Value::Sequence(items) => items.iter().map(Self::to_json).collect(),
            Value::Mapping(mapping) => mapping
                .iter()
                .map(|(key, node)| (key.text.clone(), node.to_json()))
                .collect(),
        }
    }
}
