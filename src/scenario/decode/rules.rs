//! Recording rules of the simulated Prometheus.

use super::super::model::RecordingRule;
use super::context::{Context, Field, Object};
use super::metrics::{interval, is_name};
use crate::diagnostics::Span;
use crate::manifest::yaml::source_span;
use crate::promql::ast::ValueType;
use crate::promql::parse::parse;
use crate::units::Duration;

/// The global `evaluation_interval` of a Prometheus that sets none.
const DEFAULT_INTERVAL: Duration = Duration::from_seconds(60);

pub(super) fn rules(context: &mut Context<'_>, prometheus: &Object<'_>) -> Vec<RecordingRule> {
    let Some(field) = prometheus.field("rules") else {
        return Vec::new();
    };
    let items = context.items(&field);
    items
        .iter()
        .filter_map(|item| rule(context, item))
        .collect()
}

fn rule(context: &mut Context<'_>, item: &Field<'_>) -> Option<RecordingRule> {
    let object = context.object(item, &["record", "expr", "interval"])?;
    let interval = interval(context, &object, "interval").unwrap_or(DEFAULT_INTERVAL);
    let mut required = |name: &str| {
        let field = object.field(name);
        if field.is_none() {
            let message = format!("`{name}` is missing");
            let help = "write `{record: job:errors:rate1m, expr: …, interval: 30s}`";
            context.refuse(&object.path, object.span, &message, help);
        }
        field
    };
    let (record, expr) = (required("record"), required("expr"));
    let (record_field, expr_field) = (record?, expr?);
    let record = context.string(&record_field)?;
    if !is_name(&record, true) {
        let message = format!("`{record}` is no name of a metric");
        let help = "use letters, digits, `_` and `:`, no digit in front";
        context.refuse_field(&record_field, &message, help);
    }
    let expr = context.string(&expr_field)?;
    let text = context.sources.text(context.source);
    match parse(&expr) {
        Err(error) => {
            let span = error.span();
            let span = Span::new(span.start, span.end.max(span.start + 1));
            let span = source_span(expr_field.node, text, span);
            let help = "a recording rule's query must be one that Prometheus accepts";
            context.refuse(&expr_field.path, span, &error.to_string(), help);
        }
        Ok(parsed) => {
            let kind = parsed.value_type();
            if !matches!(kind, ValueType::Scalar | ValueType::InstantVector) {
                let message = format!("a rule can't record a {kind}");
                context.refuse_field(
                    &expr_field,
                    &message,
                    "record an instant vector or a scalar",
                );
            }
        }
    }
    let place = expr_field.span.in_source(context.source);
    Some(RecordingRule {
        record,
        expr,
        interval,
        place: context.sources.describe(place),
    })
}
