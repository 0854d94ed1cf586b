//! From parser events to [`Node`]s: anchors, merge keys, duplicate keys, limits.

use std::collections::BTreeMap;

use granit_parser::{Event, ScalarStyle, StructureStyle, Tag};

use super::node::{Key, Mapping, Node, Style, Value};
use super::resolve;
use crate::diagnostics::{Diagnostic, Location, SourceId, Span};

/// Deeper nesting is refused: no manifest comes near, and recursion over the tree stays shallow.
const MAX_DEPTH: usize = 100;

/// Values that aliases may add to one document; a few lines of aliases can otherwise name billions.
const MAX_ALIASED_NODES: usize = 100_000;

type Failure = Box<Diagnostic>;

/// A document's root with its errors.
pub(super) type Root = (Node, Vec<Diagnostic>);

/// Puts the events of one stretch of text together.
pub(super) struct Builder {
    base: usize,
    source: SourceId,
    stack: Vec<Frame>,
    anchors: BTreeMap<usize, Anchored>,
    aliased: usize,
    roots: Vec<Root>,
    errors: Vec<Diagnostic>,
}

struct Anchored {
    node: Node,
    size: usize,
    depth: usize,
}

struct Frame {
    span: Span,
    style: Style,
    anchor: usize,
    children: Children,
}

enum Children {
    Sequence(Vec<Node>),
    Mapping(Entries),
}

#[derive(Default)]
struct Entries {
    list: Vec<(Key, Node)>,
    /// Where each key stands in `list`, and its own place when it was written out (not merged).
    index: BTreeMap<String, (usize, Option<Span>)>,
    pending: Option<Pending>,
}

enum Pending {
    Key(Key),
    Merge,
}

impl Builder {
    pub(super) fn new(base: usize, source: SourceId) -> Self {
        Self {
            base,
            source,
            stack: Vec::new(),
            anchors: BTreeMap::new(),
            aliased: 0,
            roots: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Takes the next event; an error ends the stretch.
    pub(super) fn event(
        &mut self,
        event: Event<'_>,
        span: Span,
        tag_span: Option<Span>,
    ) -> Result<(), Failure> {
        let span = self.shift(span);
        match event {
            Event::DocumentStart(..) => self.anchors.clear(),
            Event::Scalar(text, style, anchor, tag) => {
                let tag_span = tag_span.map(|tag| self.shift(tag));
                self.scalar(&text, style, span, tag.as_deref(), tag_span, anchor)?;
            }
            Event::SequenceStart(style, anchor, _) => {
                self.open(span, style, anchor, Children::Sequence(Vec::new()))?;
            }
            Event::MappingStart(style, anchor, _) => {
                self.open(span, style, anchor, Children::Mapping(Entries::default()))?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span)?,
            Event::Alias(anchor) => self.alias(anchor, span)?,
            _ => {}
        }
        Ok(())
    }

    /// Records an error that ended the stretch.
    pub(super) fn fail(&mut self, error: Diagnostic) {
        self.errors.push(error);
    }

    /// The whole documents, and the errors of the one that broke off.
    pub(super) fn finish(self) -> (Vec<Root>, Vec<Diagnostic>) {
        (self.roots, self.errors)
    }

    fn shift(&self, span: Span) -> Span {
        Span::new(span.start + self.base, span.end + self.base)
    }

    fn at(&self, span: Span) -> Location {
        span.in_source(self.source)
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        span: Span,
        tag: Option<&Tag>,
        tag_span: Option<Span>,
        anchor: usize,
    ) -> Result<(), Failure> {
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        let core_tag = tag.and_then(Tag::core_suffix);
        if text == "<<"
            && core_tag.map_or(tag.is_none() && style == Style::Plain, |t| t == "merge")
            && self.expects_key()
        {
            self.set_pending(Pending::Merge);
            return Ok(());
        }
        let resolved = match (core_tag, tag) {
            (Some(core), _) => resolve::tagged(text, core),
            (None, None) if style == Style::Plain => resolve::plain(text),
            (None, _) => Ok(Value::String(text.to_owned())),
        };
        let value = match resolved {
            Ok(value) => value,
            Err(error) => {
                self.errors.push(
                    Diagnostic::error(format!("error converting YAML to JSON: {error}"))
                        .at(self.at(tag_span.unwrap_or(span)))
                        .with_help("write a finite number or a quoted string, without a tag"),
                );
                Value::String(text.to_owned())
            }
        };
        let node = Node { span, style, value };
        self.complete(node, anchor)
    }

    fn open(
        &mut self,
        span: Span,
        style: StructureStyle,
        anchor: usize,
        children: Children,
    ) -> Result<(), Failure> {
        self.check_depth(1, span)?;
        let style = match style {
            StructureStyle::Block => Style::Block,
            StructureStyle::Flow => Style::Flow,
        };
        self.stack.push(Frame {
            span,
            style,
            anchor,
            children,
        });
        Ok(())
    }

    fn check_depth(&self, more: usize, span: Span) -> Result<(), Failure> {
        if self.stack.len() + more <= MAX_DEPTH {
            return Ok(());
        }
        Err(Box::new(
            Diagnostic::error(format!(
                "the document is nested more than {MAX_DEPTH} levels deep"
            ))
            .at(self.at(span))
            .with_help("flatten the document"),
        ))
    }

    fn close(&mut self, end: Span) -> Result<(), Failure> {
        let Some(frame) = self.stack.pop() else {
            return Ok(());
        };
        let (value, last) = match frame.children {
            Children::Sequence(items) => {
                let last = items.last().map(|item| item.span.end);
                (Value::Sequence(items), last)
            }
            Children::Mapping(entries) => {
                let last = entries
                    .list
                    .iter()
                    .map(|(key, node)| key.span.end.max(node.span.end));
                let last = last.max();
                let mapping: Mapping = entries.list.into_iter().collect();
                (Value::Mapping(mapping), last)
            }
        };
        let end = match frame.style {
            // The parser ends a block at the next token, lines further down.
            Style::Block => last.unwrap_or(frame.span.end),
            _ => end.end,
        };
        let span = Span::new(frame.span.start, end);
        let node = Node {
            span,
            style: frame.style,
            value,
        };
        self.complete(node, frame.anchor)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Failure> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            return Err(Box::new(
                Diagnostic::error("the anchor's value contains itself")
                    .at(self.at(span))
                    .with_help("an alias may only name a value that is complete before it"),
            ));
        };
        let (node, size, depth) = (anchored.node.clone(), anchored.size, anchored.depth);
        self.check_depth(depth, span)?;
        self.aliased += size;
        if self.aliased > MAX_ALIASED_NODES {
            return Err(Box::new(
                Diagnostic::error(format!(
                    "aliases blow this document up to more than {MAX_ALIASED_NODES} values"
                ))
                .at(self.at(span))
                .with_note("a few lines of nested aliases can stand for billions of values")
                .with_help("write the values out"),
            ));
        }
        self.complete(node, 0)
    }

    /// Hands a finished value to whatever contains it.
    fn complete(&mut self, node: Node, anchor: usize) -> Result<(), Failure> {
        if anchor != 0 {
            let (size, depth) = measure(&node);
            let node = node.clone();
            self.anchors.insert(anchor, Anchored { node, size, depth });
        }
        let source = self.source;
        match self.stack.last_mut().map(|frame| &mut frame.children) {
            None => {
                let mut errors = std::mem::take(&mut self.errors);
                errors.sort_by_key(|error| error.location);
                self.roots.push((node, errors));
            }
            Some(Children::Sequence(items)) => items.push(node),
            Some(Children::Mapping(entries)) => match entries.pending.take() {
                None => entries.pending = Some(Pending::Key(key_of(&node, source)?)),
                Some(Pending::Merge) => entries.merge(node, source)?,
                Some(Pending::Key(key)) => {
                    if let Some(error) = entries.write(key, node, source) {
                        self.errors.push(error);
                    }
                }
            },
        }
        Ok(())
    }

    fn expects_key(&self) -> bool {
        matches!(
            self.stack.last().map(|frame| &frame.children),
            Some(Children::Mapping(Entries { pending: None, .. }))
        )
    }

    fn set_pending(&mut self, pending: Pending) {
        if let Some(Children::Mapping(entries)) =
            self.stack.last_mut().map(|frame| &mut frame.children)
        {
            entries.pending = Some(pending);
        }
    }
}

impl Entries {
    fn put(&mut self, key: Key, node: Node, written: Option<Span>) {
        if let Some((position, place)) = self.index.get_mut(&key.text) {
            self.list[*position] = (key, node);
            *place = written.or(*place);
        } else {
            let position = self.list.len();
            self.index.insert(key.text.clone(), (position, written));
            self.list.push((key, node));
        }
    }

    /// Adds an entry that is written out; gives the error when it is written twice.
    fn write(&mut self, key: Key, node: Node, source: SourceId) -> Option<Diagnostic> {
        let earlier = self.index.get(&key.text).and_then(|(_, place)| *place);
        let error = earlier.map(|first| {
            Diagnostic::error(format!("key {:?} already set in map", key.text))
                .at(key.span.in_source(source))
                .with_label("set again here")
                .with_related(first.in_source(source), "first set here")
                .with_note("YAML to JSON conversion would silently keep the last one; strict validation refuses both")
                .with_help("remove one of the two, or merge their values")
        });
        let span = key.span;
        self.put(key, node, Some(span));
        error
    }

    /// Adds the entries of `<<: *other` or `<<: [*one, *other]`.
    ///
    /// As in go-yaml v2 the position counts: a merge overwrites what stands above it and is overwritten
    /// by what stands below. Of several mappings the first wins.
    fn merge(&mut self, node: Node, source: SourceId) -> Result<(), Failure> {
        let wrong = |span: Span| {
            Box::new(
                Diagnostic::error("map merge requires map or sequence of maps as the value")
                    .at(span.in_source(source))
                    .with_help("let the alias name a mapping"),
            )
        };
        let parts = match node.value {
            Value::Mapping(_) => vec![node],
            Value::Sequence(items) => items,
            _ => return Err(wrong(node.span)),
        };
        for part in parts.into_iter().rev() {
            let Value::Mapping(mapping) = part.value else {
                return Err(wrong(part.span));
            };
            for (key, value) in mapping {
                self.put(key, value, None);
            }
        }
        Ok(())
    }
}

/// The JSON name of a YAML key.
fn key_of(node: &Node, source: SourceId) -> Result<Key, Failure> {
    let text = match &node.value {
        Value::String(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the converter prints 32 bits"
        )]
        Value::Float(number) => (*number as f32).to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) => {
            let (kind, help) = match node.value {
                Value::Null => ("null", "quote the key"),
                Value::Sequence(_) => ("a sequence", "a key must be a text; quote it"),
                _ => ("a mapping", "a value that starts with `{{` must be quoted"),
            };
            return Err(Box::new(
                Diagnostic::error(format!("unsupported map key: {kind}"))
                    .at(node.span.in_source(source))
                    .with_help(help),
            ));
        }
    };
    Ok(Key {
        text,
        span: node.span,
    })
}

/// How many values are in a tree, and how deep it is.
fn measure(node: &Node) -> (usize, usize) {
    let children: Vec<(usize, usize)> = match &node.value {
        Value::Sequence(items) => items.iter().map(measure).collect(),
        Value::Mapping(mapping) => mapping.iter().map(|(_, node)| measure(node)).collect(),
        _ => return (1, 0),
    };
    let size = children.iter().map(|(size, _)| size).sum::<usize>() + 1;
    let depth = children.iter().map(|(_, depth)| depth).max();
    (size, depth.copied().unwrap_or(0) + 1)
}
