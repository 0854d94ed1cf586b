//! What other metrics systems than Prometheus are taken to answer.

use super::super::providers::{MappedSource, Mapping};
use super::context::{Context, Field, Object};
use crate::diagnostics::Span;
use crate::go::json::{self, Json};
use crate::manifest::yaml::source_span;
use crate::promql::ast::ValueType;
use crate::promql::parse::parse;

const HELP: &str = "write `{query: \"PromQL over what the pods export\"}` or `{value: 0.5}`";

pub(super) fn providers(context: &mut Context<'_>, parent: &Object<'_>) -> Vec<Mapping> {
    let Some(object) = parent
        .field("providers")
        .and_then(|field| context.open_object(&field))
    else {
        return Vec::new();
    };
    let mut mappings = Vec::new();
    for (name, _, field) in object.fields() {
        mappings.extend(mapping(context, name, &field));
    }
    mappings
}

fn mapping(context: &mut Context<'_>, name: &str, field: &Field<'_>) -> Option<Mapping> {
    let object = context.object(field, &["query", "value", "field"])?;
    let called = object
        .field("field")
        .and_then(|field| context.string(&field));
    let source = match (object.field("query"), object.field("value")) {
        (Some(query), None) => query_text(context, &query).map(MappedSource::Query),
        (None, Some(value)) => constant(context, &value),
        _ => {
            context.refuse_field(field, "either `query` or `value` is needed", HELP);
            None
        }
    };
    Some(Mapping {
        metric: name.to_owned(),
        source: source?,
        field: called.unwrap_or_else(|| "value".to_owned()),
    })
}

fn query_text(context: &mut Context<'_>, field: &Field<'_>) -> Option<String> {
    let query = context.string(field)?;
    match parse(&query) {
        Err(error) => {
            let span = error.span();
            let span = Span::new(span.start, span.end.max(span.start + 1));
            let text = context.sources.text(context.source);
            let span = source_span(field.node, text, span);
            let help = "write PromQL that Prometheus accepts";
            context.refuse(&field.path, span, &error.to_string(), help);
        }
        Ok(parsed) => {
            let kind = parsed.value_type();
            if !matches!(kind, ValueType::Scalar | ValueType::InstantVector) {
                let message = format!("a {kind} is no answer");
                context.refuse_field(field, &message, "ask for an instant vector or a scalar");
            }
        }
    }
    Some(query)
}

/// A number, a list of numbers, or anything.
fn constant(context: &mut Context<'_>, field: &Field<'_>) -> Option<MappedSource> {
    let text = field.node.to_json().to_string();
    let value = match json::decode(text.as_bytes()) {
        Ok(value) => value,
        Err(error) => {
            context.refuse_field(field, &error.to_string(), HELP);
            return None;
        }
    };
    let number = |value: &Json| match value {
        Json::Number(number) => Some(*number),
        _ => None,
    };
    Some(match &value {
        Json::Number(number) => MappedSource::Numbers(vec![*number]),
        Json::Null => MappedSource::Numbers(Vec::new()),
        Json::Array(items) => match items.iter().map(number).collect() {
            Some(numbers) => MappedSource::Numbers(numbers),
            None => MappedSource::Json(value),
        },
        _ => MappedSource::Json(value),
    })
}
