//! Paths to values, written as the API server writes them: `spec.strategy.canary.steps[2].setWeight`.

use std::fmt;
use std::str::FromStr;

use super::node::{Key, Node, Value};

/// One step down the tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// An entry of a mapping.
    Key(String),
    /// An item of a sequence, from 0.
    Index(usize),
}

/// A path from the root; the empty one is the root.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(Vec<Segment>);

/// A text that is no path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// `[` without `]`.
    #[error("`{0}`: a `[` is not closed")]
    Unclosed(String),
    /// Two dots in a row, or one at an end.
    #[error("`{0}`: a name is empty")]
    EmptyName(String),
}

impl Path {
    /// The root.
    pub fn root() -> Self {
        Self::default()
    }

    /// A JSON pointer (RFC 6901), `/spec/steps/2/setWeight`; numbers index sequences and name entries of
    /// mappings alike.
    pub fn from_pointer(pointer: &str) -> Self {
        pointer
            .split('/')
            .skip(1)
            .map(|part| {
                let part = part.replace("~1", "/").replace("~0", "~");
                part.parse().map_or(Segment::Key(part), Segment::Index)
            })
            .collect()
    }

    /// The steps from the root.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// This path and an entry below.
    #[must_use]
    pub fn key(&self, name: &str) -> Self {
        self.with(Segment::Key(name.to_owned()))
    }

    /// This path and an item below.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    fn with(&self, segment: Segment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }
}

impl FromIterator<Segment> for Path {
    fn from_iter<I: IntoIterator<Item = Segment>>(segments: I) -> Self {
        Self(segments.into_iter().collect())
    }
}

/// Names that hold a dot or a bracket stand in brackets: `metadata.labels[app.kubernetes.io/name]`.
impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let mut segments = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('[') {
                let Some((name, after)) = after.split_once(']') else {
                    return Err(PathError::Unclosed(text.to_owned()));
                };
                segments.push(
                    name.parse()
                        .map_or_else(|_| Segment::Key(name.to_owned()), Segment::Index),
                );
                rest = after;
                continue;
            }
            if !segments.is_empty() {
                rest = rest.strip_prefix('.').unwrap_or(rest);
            }
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            if end == 0 {
                return Err(PathError::EmptyName(text.to_owned()));
            }
            segments.push(Segment::Key(rest[..end].to_owned()));
            rest = &rest[end..];
            if rest == "." {
                return Err(PathError::EmptyName(text.to_owned()));
            }
        }
        Ok(Self(segments))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(name) if name.contains(['.', '[', ']', '/']) => {
                    write!(f, "[{name}]")?;
                }
                Segment::Key(name) if position == 0 => f.write_str(name)?,
                Segment::Key(name) => write!(f, ".{name}")?,
            }
        }
        Ok(())
    }
}

impl Node {
    /// The value at a path below this node.
    pub fn at(&self, path: &Path) -> Option<&Self> {
        path.segments().iter().try_fold(self, |node, segment| {
            node.step(segment).map(|(_, child)| child)
        })
    }

    /// The value at a path written as text; nothing when the text is no path.
    pub fn lookup(&self, path: &str) -> Option<&Self> {
        self.at(&path.parse().ok()?)
    }

    /// The value at a JSON pointer.
    pub fn pointer(&self, pointer: &str) -> Option<&Self> {
        self.at(&Path::from_pointer(pointer))
    }

    /// The deepest value on the way to a path, the key it stands under, and how many segments led there:
    /// the place to show when something is missing.
    pub fn nearest(&self, path: &Path) -> (Option<&Key>, &Self, usize) {
        let mut found = (None, self, 0);
        for segment in path.segments() {
            let Some((key, child)) = found.1.step(segment) else {
                break;
            };
            found = (key, child, found.2 + 1);
        }
        found
    }

    fn step(&self, segment: &Segment) -> Option<(Option<&Key>, &Self)> {
        match (&self.value, segment) {
            (Value::Mapping(mapping), Segment::Key(name)) => {
                mapping.entry(name).map(|(key, node)| (Some(key), node))
            }
            (Value::Mapping(mapping), Segment::Index(index)) => mapping
                .entry(&index.to_string())
                .map(|(key, node)| (Some(key), node)),
            (Value::Sequence(items), Segment::Index(index)) => {
                items.get(*index).map(|node| (None, node))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Path, Segment};

    #[test]
    fn paths_are_written_and_read_as_the_api_server_writes_them() {
        let written = [
            "spec.strategy.canary.steps[2].setWeight",
            "metadata.annotations[app.kubernetes.io/name]",
            "spec.matrix[0][1]",
            "[0].name",
            "",
        ];
        for text in written {
            let path: Path = text.parse().unwrap();
            assert_eq!(path.to_string(), text);
        }
        assert_eq!(
            Path::from_pointer("/spec/a~1b/2").segments(),
            [
                Segment::Key("spec".into()),
                Segment::Key("a/b".into()),
                Segment::Index(2)
            ]
        );
        for broken in ["spec..x", ".spec", "spec.", "spec[2"] {
            assert!(broken.parse::<Path>().is_err(), "{broken}");
        }
    }
}
