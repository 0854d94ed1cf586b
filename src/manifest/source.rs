//! Reading the user's input: files, folders and standard input become Kubernetes objects with places.
//!
//! What rollsim uses is kept by kind; other kinds are counted; what is no Kubernetes manifest at all
//! (templates, values, patches) is named with the reason, never parsed into a confusing error.

mod files;
mod kustomize;
mod recognise;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::schema::{FieldValidation, Resource, prune_and_default, validate};
use super::yaml::{Node, load};
use crate::diagnostics::{Diagnostic, Location, SourceId, SourceMap, Span};
use recognise::Recognised;

/// The name that stands for standard input, as a path and in messages.
pub const STDIN_PATH: &str = "-";

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Manifests {
    /// The texts.
    pub sources: SourceMap,
    /// The objects that rollsim uses, in the order read; unique by kind, namespace and name.
    pub objects: Vec<Object>,
    /// How many objects of other kinds there were.
    pub other_kinds: BTreeMap<String, usize>,
    /// What was left out, and why.
    pub skipped: Vec<Skipped>,
    /// What is wrong; with an error among them nothing can be simulated.
    pub diagnostics: Vec<Diagnostic>,
}

/// A Kubernetes object that rollsim uses.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// `argoproj.io/v1alpha1`, …
    pub api_version: String,
    /// `Rollout`, …
    pub kind: String,
    /// As written; nothing for objects that leave it to `kubectl -n`.
    pub namespace: Option<String>,
    /// `metadata.name`; empty where it is missing.
    pub name: String,
    /// Whose definition holds.
    pub resource: Option<Resource>,
    /// Which text.
    pub source: SourceId,
    /// The whole object.
    pub node: Node,
}

impl Object {
    /// The place of the name, or of the object where it has none.
    pub fn location(&self) -> Location {
        let name = self.node.lookup("metadata.name").unwrap_or(&self.node);
        name.span.in_source(self.source)
    }

    /// The place of the value at a path, or of the nearest value that exists on the way.
    pub fn location_of(&self, path: &super::yaml::Path) -> Location {
        let (key, node, _) = self.node.nearest(path);
        let span = match key {
            Some(key) if node.span.start == node.span.end => key.span,
            _ => node.span,
        };
        span.in_source(self.source)
    }
}

/// A file or a document that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file's name.
    pub name: String,
    /// Where in it, when it isn't the whole file.
    pub location: Option<Location>,
    /// Why.
    pub reason: SkipReason,
}

/// Why something was left out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SkipReason {
    /// Go or Jinja template code in it.
    #[error("a template ({0}): render it first (`helm template …`) and pass the result")]
    Template(&'static str),
    /// No `apiVersion` and `kind`.
    #[error("not a Kubernetes manifest ({0})")]
    NotKubernetes(&'static str),
    /// Only part of an object, named by a kustomization.
    #[error("a patch of {0}: pass the output of `kustomize build` instead")]
    KustomizePatch(String),
    /// Not UTF-8.
    #[error("not a text in UTF-8")]
    NotText,
    /// Seen under another name.
    #[error("the same file was given before")]
    GivenBefore,
}

impl Manifests {
    /// Reads paths in the order given; folders recursively by name, `-` from `stdin`.
    ///
    /// Never fails: what can't be read is among the diagnostics.
    pub fn read(paths: &[PathBuf], stdin: &mut dyn Read) -> Self {
        let mut manifests = Self::read_all(paths, stdin);
        manifests.refuse_duplicates();
        manifests
    }

    /// As [`Self::read`], but keeps every object: folders may hold several environments or applications.
    pub fn read_all(paths: &[PathBuf], stdin: &mut dyn Read) -> Self {
        let mut manifests = Self::default();
        let mut seen = BTreeSet::new();
        let mut files = Vec::new();
        for path in paths {
            if path.as_os_str() == STDIN_PATH {
                let mut bytes = Vec::new();
                match stdin.read_to_end(&mut bytes) {
                    Ok(_) => manifests.add_bytes("<stdin>", bytes),
                    Err(error) => manifests.unreadable(Path::new("<stdin>"), &error),
                }
                continue;
            }
            match files::list(path, &mut seen) {
                Ok(found) => files.extend(found),
                Err((path, error)) => manifests.unreadable(&path, &error),
            }
        }
        for file in &files {
            match file {
                files::Found::Again(path) => manifests.skip(path, SkipReason::GivenBefore),
                files::Found::File(path) => match std::fs::read(path) {
                    Ok(bytes) => manifests.add_bytes(&files::shown(path), bytes),
                    Err(error) => manifests.unreadable(path, &error),
                },
            }
        }
        manifests.finish();
        manifests
    }

    /// Reads one text, as if it were a file of that name.
    pub fn from_text(name: &str, text: &str) -> Self {
        let mut manifests = Self::from_texts([(name, text)]);
        manifests.refuse_duplicates();
        manifests
    }

    /// Reads texts with their names, as [`Self::read_all`] reads files.
    pub fn from_texts<'t>(texts: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        let mut manifests = Self::default();
        for (name, text) in texts {
            manifests.add_bytes(name, text.as_bytes().to_vec());
        }
        manifests.finish();
        manifests
    }

    /// True when nothing stands in the way of a simulation.
    pub fn is_valid(&self) -> bool {
        !self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// The objects of one kind.
    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Object> {
        self.objects
            .iter()
            .filter(move |object| object.kind == kind)
    }

    /// The object of this kind and name; the namespace counts where both sides name one.
    pub fn find(&self, kind: &str, namespace: Option<&str>, name: &str) -> Option<&Object> {
        self.of_kind(kind).find(|object| {
            let same_namespace = match (object.namespace.as_deref(), namespace) {
                (Some(one), Some(other)) => one == other,
                _ => true,
            };
            object.name == name && same_namespace
        })
    }

    /// Passes everything through gate 0: adds what the API server refuses to the diagnostics and leaves
    /// the objects in the form in which it would store them.
    pub fn admit(&mut self, unknown: FieldValidation) {
        for object in &mut self.objects {
            if let Some(resource) = object.resource {
                let found = validate(resource, &object.node, object.source, unknown);
                self.diagnostics.extend(found);
                prune_and_default(resource, &mut object.node);
            }
        }
        self.diagnostics
            .sort_by_key(|diagnostic| diagnostic.location);
    }

    fn unreadable(&mut self, path: &Path, error: &std::io::Error) {
        self.diagnostics.push(
            Diagnostic::error(format!("cannot read {}: {error}", files::shown(path)))
                .with_help("pass a file or folder of manifests, or `-` for standard input"),
        );
    }

    fn skip(&mut self, path: &Path, reason: SkipReason) {
        self.skipped.push(Skipped {
            name: files::shown(path),
            location: None,
            reason,
        });
    }

    fn add_bytes(&mut self, name: &str, bytes: Vec<u8>) {
        let Ok(text) = String::from_utf8(bytes) else {
            return self.skip(Path::new(name), SkipReason::NotText);
        };
        let source = self.sources.add(name, text);
        for document in load(&self.sources, source) {
            let text = self.sources.text(source);
            let body = text.get(document.span.start..document.span.end);
            let recognised =
                recognise::document(name, document.root.as_ref(), body.unwrap_or_default());
            match (recognised, document.root) {
                (Recognised::Skip(reason), root) => {
                    let span = root.map_or(first_content(text, document.span), |root| root.span);
                    self.skipped.push(Skipped {
                        name: name.to_owned(),
                        location: Some(span.in_source(source)),
                        reason,
                    });
                }
                (Recognised::Broken, _) => self.diagnostics.extend(document.errors),
                (Recognised::Object, Some(root)) => {
                    let kept = self.add_object(root, source);
                    if kept {
                        self.diagnostics.extend(document.errors);
                    }
                }
                (Recognised::Object, None) => {}
            }
        }
    }

    /// Adds an object, or the items of a list; says whether rollsim uses any of it.
    fn add_object(&mut self, root: Node, source: SourceId) -> bool {
        let text = |path: &str| root.lookup(path).and_then(Node::as_str).map(str::to_owned);
        let kind =
            text("kind").unwrap_or_else(|| recognise::kind_by_name(self.sources.name(source)));
        if kind.ends_with("List")
            && let Some(items) = root.get("items").and_then(Node::as_sequence)
        {
            let items = items.to_vec();
            let mut kept = false;
            for item in items {
                let problem = recognise::list_item(&item);
                kept |= match problem {
                    None => self.add_object(item, source),
                    Some(message) => {
                        let place = item.span.in_source(source);
                        self.diagnostics.push(Diagnostic::error(message).at(place));
                        true
                    }
                };
            }
            return kept;
        }
        let api_version = text("apiVersion").unwrap_or_default();
        if !recognise::is_used(&kind) {
            *self.other_kinds.entry(kind).or_default() += 1;
            return false;
        }
        let resource = Resource::from_kind(&kind);
        if resource.is_some()
            && let Some(problem) = recognise::version_problem(&kind, &api_version, &root, source)
        {
            self.diagnostics.push(problem);
            return true;
        }
        self.objects.push(Object {
            namespace: text("metadata.namespace"),
            name: text("metadata.name").unwrap_or_default(),
            api_version,
            kind,
            resource,
            source,
            node: root,
        });
        true
    }

    fn finish(&mut self) {
        kustomize::leave_out_patches(self);
        self.diagnostics
            .sort_by_key(|diagnostic| diagnostic.location);
    }

    /// Keeps the first of several objects with one name and reports the others.
    fn refuse_duplicates(&mut self) {
        let mut first: BTreeMap<(String, Option<String>, String), usize> = BTreeMap::new();
        let mut kept: Vec<Object> = Vec::new();
        for object in std::mem::take(&mut self.objects) {
            let key = (
                object.kind.clone(),
                object.namespace.clone(),
                object.name.clone(),
            );
            if object.name.is_empty() {
                kept.push(object);
                continue;
            }
            let Some(earlier) = first.get(&key).map(|index: &usize| &kept[*index]) else {
                first.insert(key, kept.len());
                kept.push(object);
                continue;
            };
            let what = format!("{} {:?}", object.kind, object.name);
            let diagnostic = if earlier.node.to_json() == object.node.to_json() {
                Diagnostic::warning(format!("{what} is given twice, word for word the same"))
            } else {
                Diagnostic::error(format!("{what} is defined twice"))
                    .with_note("which of them would be in the cluster depends on the order of `kubectl apply`")
                    .with_help("pass only one environment's manifests, or the output of `kustomize build`")
            };
            self.diagnostics.push(
                diagnostic
                    .at(object.location())
                    .with_related(earlier.location(), "first defined here"),
            );
        }
        self.objects = kept;
        self.diagnostics
            .sort_by_key(|diagnostic| diagnostic.location);
    }
}

/// The first character of a stretch of text that isn't blank.
fn first_content(text: &str, span: Span) -> Span {
    let body = text.get(span.start..span.end).unwrap_or_default();
    let start = span.start + (body.len() - body.trim_start().len());
    Span::new(start.min(span.end), span.end)
}
