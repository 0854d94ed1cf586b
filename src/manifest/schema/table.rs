//! The embedded schema facts and their text form.
//!
//! One field a line, two blanks of indentation a level: `name type attributes…`. `!` after the name marks a
//! required field; the name `-` is the item of a list, `*` the value of a map. Types are those of `OpenAPI`,
//! with `int32`, `int64`, `date-time` for formats, `int-or-string`, `map` (an object with values of one
//! type), `open` (an object that keeps unknown fields), `any`, and `@Name` for a part that is written once
//! at the left margin. Attributes: `default=`, `enum=`, `pattern=` and `keys=` take JSON; `nullable`; `set`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value as Json;

const TEXT: &str = include_str!("argo-rollouts.txt");

/// What kind of value a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    String,
    DateTime,
    Integer,
    Int32,
    Int64,
    Number,
    Boolean,
    Object,
    /// An object that keeps unknown fields.
    Open,
    Map,
    Array,
    IntOrString,
    Any,
}

/// How the items of a list must differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Uniqueness {
    None,
    /// No two items are equal.
    Set,
    /// No two items have the same values of these fields.
    Keys(Vec<String>),
}

/// What is known about one field.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) kind: Type,
    pub(super) default: Option<Json>,
    pub(super) allowed: Vec<Json>,
    pub(super) pattern: Option<regex::Regex>,
    pub(super) nullable: bool,
    pub(super) unique: Uniqueness,
    fields: BTreeMap<String, Field>,
    /// The item of a list or the value of a map.
    inner: Option<Reference>,
}

#[derive(Clone, Debug)]
struct Field {
    required: bool,
    reference: Reference,
}

#[derive(Clone, Debug)]
enum Reference {
    Here(usize),
    Shared(String),
}

/// All facts.
#[derive(Debug, Default)]
pub(super) struct Table {
    facts: Vec<Fact>,
    /// The parts at the left margin: kinds, and shared parts with their `@`.
    named: BTreeMap<String, usize>,
}

/// Why the text is no table.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TableError {
    #[error("line {0}: {1}")]
    Line(usize, &'static str),
    #[error("{0} is not defined")]
    Undefined(String),
}

/// The embedded table.
pub(super) fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| Table::parse(TEXT).expect("the embedded table is checked by a test"))
}

impl Table {
    fn parse(text: &str) -> Result<Self, TableError> {
        let mut table = Self::default();
        // The open facts, outermost first.
        let mut open: Vec<usize> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            if line.starts_with('#') {
                continue;
            }
            let wrong = |what| TableError::Line(number + 1, what);
            let mut words = line.split_whitespace();
            let (Some(name), Some(kind)) = (words.next(), words.next()) else {
                return Err(wrong("a name and a type are needed"));
            };
            let depth = (line.len() - line.trim_start().len()) / 2;
            if depth > open.len() {
                return Err(wrong("too deep"));
            }
            open.truncate(depth);
            let reference = if let Some(shared) = kind.strip_prefix('@') {
                Reference::Shared(format!("@{shared}"))
            } else {
                let fact = parse_fact(kind, words).map_err(wrong)?;
                table.facts.push(fact);
                Reference::Here(table.facts.len() - 1)
            };
            let index = match reference {
                Reference::Here(index) => Some(index),
                Reference::Shared(_) => None,
            };
            if let Some(parent) = open.last() {
                table.facts[*parent].attach(name, reference);
            } else if let Some(index) = index {
                table.named.insert(name.to_owned(), index);
            }
            // A shared part has no children here, so nothing can be attached to it.
            open.extend(index);
        }
        table.check()?;
        Ok(table)
    }

    fn check(&self) -> Result<(), TableError> {
        let references = self.facts.iter().flat_map(|fact| {
            let fields = fact.fields.values().map(|field| &field.reference);
            fields.chain(&fact.inner)
        });
        for reference in references {
            if let Reference::Shared(name) = reference
                && !self.named.contains_key(name)
            {
                return Err(TableError::Undefined(name.clone()));
            }
        }
        Ok(())
    }

    /// The facts of a kind.
    pub(super) fn root(&self, kind: &str) -> Option<&Fact> {
        self.named.get(kind).map(|index| &self.facts[*index])
    }

    /// The field of an object.
    pub(super) fn field(&self, fact: &Fact, name: &str) -> Option<&Fact> {
        fact.fields
            .get(name)
            .map(|field| self.resolve(&field.reference))
    }

    /// All fields of an object in alphabetical order, and whether each is required.
    pub(super) fn fields<'a>(
        &'a self,
        fact: &'a Fact,
    ) -> impl Iterator<Item = (&'a str, bool, &'a Fact)> {
        fact.fields.iter().map(|(name, field)| {
            (
                name.as_str(),
                field.required,
                self.resolve(&field.reference),
            )
        })
    }

    /// The item of a list or the value of a map.
    pub(super) fn inner(&self, fact: &Fact) -> Option<&Fact> {
        fact.inner.as_ref().map(|inner| self.resolve(inner))
    }

    fn resolve(&self, reference: &Reference) -> &Fact {
        let index = match reference {
            Reference::Here(index) => *index,
            // `check` has seen every name.
            Reference::Shared(name) => self.named.get(name).copied().unwrap_or_default(),
        };
        &self.facts[index]
    }
}

impl Fact {
    fn attach(&mut self, name: &str, reference: Reference) {
        if matches!(name, "-" | "*") {
            self.inner = Some(reference);
            return;
        }
        let (name, required) = match name.strip_suffix('!') {
            Some(name) => (name, true),
            None => (name, false),
        };
        let field = Field {
            required,
            reference,
        };
        self.fields.insert(name.to_owned(), field);
    }
}

fn parse_fact<'a>(
    kind: &str,
    attributes: impl Iterator<Item = &'a str>,
) -> Result<Fact, &'static str> {
    let kind = match kind {
        "string" => Type::String,
        "date-time" => Type::DateTime,
        "integer" => Type::Integer,
        "int32" => Type::Int32,
        "int64" => Type::Int64,
        "number" => Type::Number,
        "boolean" => Type::Boolean,
        "object" => Type::Object,
        "open" => Type::Open,
        "map" => Type::Map,
        "array" => Type::Array,
        "int-or-string" => Type::IntOrString,
        "any" => Type::Any,
        _ => return Err("an unknown type"),
    };
    let mut fact = Fact {
        kind,
        default: None,
        allowed: Vec::new(),
        pattern: None,
        nullable: false,
        unique: Uniqueness::None,
        fields: BTreeMap::new(),
        inner: None,
    };
    for attribute in attributes {
        let (name, json) = attribute.split_once('=').unwrap_or((attribute, "null"));
        let json: Json = serde_json::from_str(json).map_err(|_| "an attribute is no JSON")?;
        match (name, json) {
            ("nullable", _) => fact.nullable = true,
            ("set", _) => fact.unique = Uniqueness::Set,
            ("default", value) => fact.default = Some(value),
            ("enum", Json::Array(values)) => fact.allowed = values,
            ("pattern", Json::String(pattern)) => {
                let pattern = regex::Regex::new(&pattern).map_err(|_| "an invalid pattern")?;
                fact.pattern = Some(pattern);
            }
            ("keys", Json::Array(keys)) => {
                let keys = keys.iter().filter_map(Json::as_str).map(str::to_owned);
                fact.unique = Uniqueness::Keys(keys.collect());
            }
            _ => return Err("an unknown attribute"),
        }
    }
    Ok(fact)
}

#[cfg(test)]
mod tests {
    use super::{TEXT, Table, TableError, Type, Uniqueness};

    #[test]
    fn the_embedded_table_is_sound() {
        let table = Table::parse(TEXT).unwrap();
        let rollout = table.root("Rollout").unwrap();
        let spec = table.field(rollout, "spec").unwrap();
        assert_eq!(spec.kind, Type::Object);
        let template = table.field(spec, "template").unwrap();
        let pod = table.field(template, "spec").unwrap();
        let containers = table.field(pod, "containers").unwrap();
        assert_eq!(containers.unique, Uniqueness::Keys(vec!["name".into()]));
        let container = table.inner(containers).unwrap();
        let required: Vec<_> = table
            .fields(container)
            .filter(|(_, required, _)| *required)
            .map(|(name, ..)| name)
            .collect();
        assert_eq!(required, ["name"]);
        assert!(table.root("AnalysisTemplate").is_some());
        assert!(table.root("ClusterAnalysisTemplate").is_some());
    }

    #[test]
    fn unsound_tables_are_refused() {
        let cases = [
            ("Kind object\n  x\n", "line 2: a name and a type are needed"),
            ("Kind object\n    x string\n", "line 2: too deep"),
            ("Kind thing\n", "line 1: an unknown type"),
            ("Kind string colour=1\n", "line 1: an unknown attribute"),
            ("Kind object\n  x @Nowhere\n", "@Nowhere is not defined"),
        ];
        for (text, wanted) in cases {
            let error: TableError = Table::parse(text).unwrap_err();
            assert_eq!(error.to_string(), wanted);
        }
    }
}
