//! YAML as Kubernetes reads it, with the place of every value.
//!
//! No Rust YAML crate types plain scalars as Kubernetes does (go-yaml v2, then JSON), keeps places and
//! refuses duplicate keys at once, so this is a small loader over granit-parser's events. Manifests and
//! scenarios are both decoded from its [`Node`]s.

mod build;
mod documents;
mod hints;
mod node;
mod path;
mod position;
mod resolve;
#[cfg(test)]
mod tests;

pub use documents::{Document, load};
pub use node::{Key, Mapping, Node, Style, Value};
pub use path::{Path, PathError, Segment};
pub use position::{source_offset, source_span};
