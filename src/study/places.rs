//! Where a metric's texts stand in the templates, although arguments have changed them since.

use std::ops::Range;

use crate::diagnostics::{Location, Span};
use crate::manifest::analysis_types::Argument;
use crate::manifest::source::{Manifests, Object};
use crate::manifest::yaml::{Node, source_span};
use crate::plan::build::Place;

/// Finds places of metrics by their names in AnalysisRuns.
#[derive(Debug)]
pub struct Places<'a> {
    manifests: &'a Manifests,
    /// Arguments of each AnalysisRun.
    arguments: Vec<&'a [Argument]>,
}

impl<'a> Places<'a> {
    /// For runs with these arguments.
    pub fn new(manifests: &'a Manifests, arguments: Vec<&'a [Argument]>) -> Self {
        Self {
            manifests,
            arguments,
        }
    }

    /// The place of a text of the metric, or of a part of it.
    pub fn find(&self, metric: &str, place: &Place) -> Option<Location> {
        let mut runs = self.arguments.iter();
        runs.find_map(|arguments| self.find_in_run(arguments, metric, place))
    }

    /// As `file:line:column`.
    pub fn describe(&self, metric: &str, place: &Place) -> Option<String> {
        let location = self.find(metric, place)?;
        Some(self.manifests.sources.describe(location))
    }

    fn find_in_run(&self, arguments: &[Argument], metric: &str, place: &Place) -> Option<Location> {
        let templates = self
            .manifests
            .objects
            .iter()
            .filter(|object| object.kind.ends_with("AnalysisTemplate"));
        let is_it = |node: &Node| {
            let name = node.get("name").and_then(Node::as_str);
            name.is_some_and(|name| name == metric || filled_in(name, arguments) == metric)
        };
        let (object, node) = templates
            .flat_map(metrics_of)
            .find(|(_, node)| is_it(node))?;
        let (field, span) = match place {
            Place::Metric => return Some(node.span.in_source(object.source)),
            Place::Provider | Place::Unmapped(_) => {
                let mut providers = node.get("provider")?.as_mapping()?.keys();
                return Some(providers.next()?.span.in_source(object.source));
            }
            Place::Address => (node.lookup("provider.prometheus.address")?, &None),
            Place::Query(span) => (node.lookup("provider.prometheus.query")?, span),
            Place::SuccessCondition(span) => (node.get("successCondition")?, span),
            Place::FailureCondition(span) => (node.get("failureCondition")?, span),
        };
        let part = span.as_ref().map_or(field.span, |span| {
            let template = field.as_str().unwrap_or_default();
            let start = offset_in_template(template, arguments, span.start);
            let end = offset_in_template(template, arguments, span.end);
            let text = self.manifests.sources.text(object.source);
            source_span(field, text, Span::new(start, end))
        });
        Some(part.in_source(object.source))
    }
}

fn metrics_of(object: &Object) -> Vec<(&Object, &Node)> {
    let metrics = object
        .node
        .lookup("spec.metrics")
        .and_then(Node::as_sequence);
    let metrics = metrics.unwrap_or_default().iter();
    metrics.map(|metric| (object, metric)).collect()
}

/// A text up to a placeholder, and the placeholder: its range in the template and what it stands for.
struct Piece<'t> {
    literal: Range<usize>,
    tag: Range<usize>,
    value: &'t str,
}

/// The pieces of a template; a placeholder without an argument stands for itself, and so does the rest.
fn pieces<'t>(template: &'t str, arguments: &'t [Argument]) -> Vec<Piece<'t>> {
    let mut pieces = Vec::new();
    let mut from = 0;
    while let Some(open) = template[from..].find("{{").map(|at| from + at) {
        let Some(close) = template[open..].find("}}").map(|at| open + at) else {
            break;
        };
        let tag = open..close + 2;
        let name = template[open + 2..close].trim().strip_prefix("args.");
        // Of two arguments with one name the last counts.
        let mut last_first = arguments.iter().rev();
        let argument = last_first.find(|argument| Some(argument.name.as_str()) == name);
        let value = argument.and_then(|argument| argument.value.as_deref());
        pieces.push(Piece {
            literal: from..open,
            value: value.unwrap_or(&template[tag.clone()]),
            tag: tag.clone(),
        });
        from = tag.end;
    }
    pieces.push(Piece {
        literal: from..template.len(),
        tag: template.len()..template.len(),
        value: "",
    });
    pieces
}

fn filled_in(template: &str, arguments: &[Argument]) -> String {
    let each = pieces(template, arguments).into_iter();
    each.map(|piece| [&template[piece.literal], piece.value].concat())
        .collect()
}

/// The byte of the template that byte `offset` of the text with all arguments in place comes from; inside
/// of a value, the start of its placeholder.
fn offset_in_template(template: &str, arguments: &[Argument], offset: usize) -> usize {
    let mut at = 0;
    for piece in pieces(template, arguments) {
        if offset <= at + piece.literal.len() {
            return piece.literal.start + (offset - at);
        }
        at += piece.literal.len();
        if offset < at + piece.value.len() {
            return piece.tag.start;
        }
        at += piece.value.len();
    }
    template.len()
}

#[cfg(test)]
mod tests {
    use super::{filled_in, offset_in_template};
    use crate::manifest::analysis_types::Argument;

    fn argument(name: &str, value: &str) -> Argument {
        Argument {
            name: name.to_owned(),
            value: Some(value.to_owned()),
            value_from: None,
        }
    }

    #[test]
    fn offsets_lead_back_to_the_template() {
        let arguments = [argument("service", "a-long-name"), argument("w", "2m")];
        let template = r#"x{s="{{args.service}}"}[{{ args.w }}] + {{other}} y"#;
        let filled = filled_in(template, &arguments);
        assert_eq!(filled, r#"x{s="a-long-name"}[2m] + {{other}} y"#);
        for part in ["x{s", "\"}[", "] + ", "{{other", " y"] {
            let (from, to) = (filled.find(part).unwrap(), template.find(part).unwrap());
            assert_eq!(offset_in_template(template, &arguments, from), to, "{part}");
        }
        let inside = filled.find("long").unwrap();
        let tag = template.find("{{args.service").unwrap();
        assert_eq!(offset_in_template(template, &arguments, inside), tag);
        assert_eq!(
            offset_in_template(template, &arguments, 9_999),
            template.len()
        );
    }
}
