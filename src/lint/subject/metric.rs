//! A metric of a template: its query, its conditions, its numbers.

use std::ops::Range;

use crate::condition::{
    self, CompileError, MeasurementConditions, MetricResult, Phase, ResultType, ast::Ast,
};
use crate::diagnostics::Location;
use crate::go::duration as go_duration;
use crate::lint::text::{self, Text};
use crate::manifest::analysis_types::{self, AnalysisTemplateSpec};
use crate::manifest::int_or_string::IntOrString;
use crate::manifest::source::{Manifests, Object};
use crate::manifest::yaml::{Node, Path};
use crate::promql::ast::{Expr, ValueType};
use crate::promql::parse::{self, ParseError};
use crate::units::{Duration, Instant};

use super::{Template, key_place};

/// A metric.
#[derive(Debug)]
pub struct Metric<'a> {
    /// The template's object.
    pub object: &'a Object,
    /// The metric's node in it.
    pub node: &'a Node,
    /// Its index among the template's metrics.
    pub index: usize,
    /// As written, placeholders kept.
    pub written: analysis_types::Metric,
    /// With the arguments that are known in place; unknown placeholders stay.
    pub resolved: analysis_types::Metric,
    /// Its Prometheus query, if it has one.
    pub query: Option<Query<'a>>,
    /// Its `successCondition`, unless empty.
    pub success: Option<Condition<'a>>,
    /// Its `failureCondition`, unless empty.
    pub failure: Option<Condition<'a>>,
    /// Both conditions compiled, stand-ins in the place of unknown arguments; none if rollsim can't.
    decide: Option<MeasurementConditions>,
}

/// A Prometheus query.
#[derive(Debug)]
pub struct Query<'a> {
    /// The text.
    pub text: Text<'a>,
    /// The syntax tree; its spans are ranges of [`Text::filled`].
    pub expr: Result<Expr, ParseError>,
    /// Whether it is a range query.
    pub is_range: bool,
}

/// Which of the two conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionKind {
    /// `successCondition`
    Success,
    /// `failureCondition`
    Failure,
}

/// A condition.
#[derive(Debug)]
pub struct Condition<'a> {
    /// Which one.
    pub kind: ConditionKind,
    /// The text.
    pub text: Text<'a>,
    /// The syntax tree as written, unchecked; its spans are ranges of [`Text::filled`].
    pub ast: Result<Ast, CompileError>,
    /// What compiling says, where the type of `result` is known and the text has no unknown placeholder.
    pub compiled: Option<Result<(), CompileError>>,
}

/// A value that placeholders can leave unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting<T> {
    /// Not written.
    Absent,
    /// Written, but it depends on an argument whose value isn't known here, or it isn't valid.
    Unknown,
    /// Its value.
    Known(T),
}

impl<T: Copy> Setting<T> {
    /// The value, if it is known.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Unknown => None,
        }
    }

    /// The value, or what holds where none is written; none if unknown.
    pub fn or_default(self, default: T) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent => Some(default),
            Self::Unknown => None,
        }
    }
}

impl ConditionKind {
    /// The field's name.
    pub fn field(self) -> &'static str {
        match self {
            Self::Success => "successCondition",
            Self::Failure => "failureCondition",
        }
    }
}

impl Query<'_> {
    /// The type of `result` in conditions; none where the query isn't valid.
    pub fn result_type(&self) -> Option<ResultType> {
        match self.expr.as_ref().ok()?.value_type() {
            _ if self.is_range => Some(ResultType::Floats),
            ValueType::Scalar => Some(ResultType::Float),
            ValueType::InstantVector => Some(ResultType::Floats),
            ValueType::String | ValueType::RangeVector => None,
        }
    }

    /// The place of a range of the filled text.
    pub fn location(&self, range: &Range<usize>) -> Location {
        self.text.location(range.clone())
    }
}

impl Condition<'_> {
    /// The place of a node of the tree.
    pub fn location(&self, span: condition::ast::Span) -> Location {
        self.text.location(span.range())
    }
}

impl<'a> Metric<'a> {
    /// The query and its tree, where it is valid and yields a vector.
    pub fn vector_query(&self) -> Option<(&Query<'a>, &Expr)> {
        let query = self.query.as_ref()?;
        let expr = query.expr.as_ref().ok()?;
        (query.result_type() == Some(ResultType::Floats)).then_some((query, expr))
    }

    /// What both conditions make of a result. Unknown arguments are stand-ins, so only what doesn't depend on
    /// thresholds may be asked unless [`Self::conditions_are_known`].
    pub fn assess(&self, result: MetricResult<'_>) -> Option<Phase> {
        let decide = self.decide.as_ref()?;
        Some(decide.assess(result, Instant::from_nanos(0)).phase())
    }

    /// Whether no condition depends on an unknown argument.
    pub fn conditions_are_known(&self) -> bool {
        self.conditions()
            .all(|condition| condition.text.is_known(&(0..condition.text.filled.len())))
    }

    /// Both conditions, as far as they are written.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition<'a>> {
        self.success.iter().chain(&self.failure)
    }

    /// The place of the metric's name, else of the metric.
    pub fn location(&self) -> Location {
        self.place("name")
    }

    /// The place of the value at a path below the metric, or of the nearest value on the way.
    pub fn place(&self, path: &str) -> Location {
        let path: Path = path.parse().unwrap_or_default();
        let (_, node, _) = self.node.nearest(&path);
        node.span.in_source(self.object.source)
    }

    /// The place of a field's name, such as `count`; of the metric where it isn't written.
    pub fn key(&self, field: &str) -> Location {
        key_place(self.object, self.node, field)
    }

    /// `count` as Go reads it.
    pub fn count(&self) -> Setting<i64> {
        number(self.resolved.count.as_ref())
    }

    /// `failureLimit` as Go reads it; -1 is none.
    pub fn failure_limit(&self) -> Setting<i64> {
        number(self.resolved.failure_limit.as_ref())
    }

    /// `inconclusiveLimit` as Go reads it.
    pub fn inconclusive_limit(&self) -> Setting<i64> {
        number(self.resolved.inconclusive_limit.as_ref())
    }

    /// `consecutiveErrorLimit` as Go reads it; 4 holds where it is absent.
    pub fn consecutive_error_limit(&self) -> Setting<i64> {
        number(self.resolved.consecutive_error_limit.as_ref())
    }

    /// `consecutiveSuccessLimit` as Go reads it.
    pub fn consecutive_success_limit(&self) -> Setting<i64> {
        number(self.resolved.consecutive_success_limit.as_ref())
    }

    /// `interval`
    pub fn interval(&self) -> Setting<Duration> {
        duration(&self.resolved.interval)
    }

    /// `initialDelay`
    pub fn initial_delay(&self) -> Setting<Duration> {
        duration(&self.resolved.initial_delay)
    }
}

fn number(value: Option<&IntOrString>) -> Setting<i64> {
    match value {
        None => Setting::Absent,
        Some(IntOrString::Text(text)) if text.contains("{{") => Setting::Unknown,
        Some(value) => Setting::Known(value.int_value()),
    }
}

fn duration(text: &str) -> Setting<Duration> {
    if text.is_empty() {
        return Setting::Absent;
    }
    go_duration::parse(text).map_or(Setting::Unknown, Setting::Known)
}

/// A template's spec, without the parts that can't be decoded.
pub(super) fn spec_of(object: &Object) -> AnalysisTemplateSpec {
    let json = object.node.get("spec").map(Node::to_json);
    let Some(mut json) = json else {
        return AnalysisTemplateSpec::default();
    };
    if let Ok(spec) = serde_json::from_value(json.clone()) {
        return spec;
    }
    if let Some(metrics) = json
        .get_mut("metrics")
        .and_then(|metrics| metrics.as_array_mut())
    {
        metrics.retain(|metric| {
            serde_json::from_value::<analysis_types::Metric>(metric.clone()).is_ok()
        });
    }
    serde_json::from_value(json).unwrap_or_default()
}

/// The metrics of a template whose uses are known.
pub(super) fn prepare<'a>(manifests: &'a Manifests, template: &Template<'a>) -> Vec<Metric<'a>> {
    let object = template.object;
    let nodes = object
        .node
        .lookup("spec.metrics")
        .and_then(Node::as_sequence);
    let nodes = nodes.unwrap_or_default().iter().enumerate();
    let metrics = nodes.filter_map(|(index, node)| {
        let written = serde_json::from_value(node.to_json()).ok()?;
        Some(prepare_one(manifests, template, node, index, written))
    });
    metrics.collect()
}

fn prepare_one<'a>(
    manifests: &'a Manifests,
    template: &Template<'a>,
    node: &'a Node,
    index: usize,
    written: analysis_types::Metric,
) -> Metric<'a> {
    let object = template.object;
    let source_text = manifests.sources.text(object.source);
    let value = |tag: &str| known_value(template, tag);
    let query = node
        .lookup("provider.prometheus.query")
        .filter(|node| node.as_str().is_some());
    let query = query.map(|query| {
        let text = Text::fill(query, object.source, source_text, value, text::in_query);
        Query {
            expr: parse::parse(&text.filled),
            text,
            is_range: node
                .lookup("provider.prometheus.rangeQuery")
                .is_some_and(|range| !range.is_null()),
        }
    });
    let result = query.as_ref().and_then(Query::result_type);
    let condition = |kind: ConditionKind| {
        let node = node.get(kind.field())?;
        if node.as_str()?.is_empty() {
            return None;
        }
        let text = Text::fill(node, object.source, source_text, value, text::in_condition);
        let compiled = result.filter(|_| text.is_known(&(0..text.filled.len())));
        Some(Condition {
            kind,
            ast: condition::parse(&text.filled),
            compiled: compiled
                .map(|result| condition::Condition::compile(&text.filled, result).map(|_| ())),
            text,
        })
    };
    let (success, failure) = (
        condition(ConditionKind::Success),
        condition(ConditionKind::Failure),
    );
    Metric {
        object,
        node,
        index,
        resolved: resolve(&written, &value),
        written,
        decide: decide(success.as_ref(), failure.as_ref()),
        success,
        failure,
        query,
    }
}

fn decide(
    success: Option<&Condition<'_>>,
    failure: Option<&Condition<'_>>,
) -> Option<MeasurementConditions> {
    let text = |condition: Option<&Condition<'_>>| {
        condition
            .map_or("", |condition| &condition.text.filled)
            .to_owned()
    };
    MeasurementConditions::compile(&text(success), &text(failure)).ok()
}

/// The value of a tag such as `args.name`: what all uses agree on, else the template's default.
fn known_value<'t>(template: &'t Template<'_>, tag: &str) -> Option<&'t str> {
    let name = tag.strip_prefix("args.")?;
    let mut used = template.uses.iter().map(|used| {
        // Of two arguments with one name the last counts.
        let argument = used
            .args
            .iter()
            .rev()
            .find(|argument| argument.name == name);
        argument.and_then(|argument| argument.value.as_deref())
    });
    if let Some(first) = used.next() {
        first.filter(|_| used.all(|other| other == first))
    } else {
        let declared = template
            .spec
            .args
            .iter()
            .rev()
            .find(|argument| argument.name == name)?;
        declared.value.as_deref()
    }
}

/// The numbers and durations of a metric with the known arguments in place.
fn resolve<'v>(
    written: &analysis_types::Metric,
    value: &impl Fn(&str) -> Option<&'v str>,
) -> analysis_types::Metric {
    let mut metric = written.clone();
    let fill = |text: &str| {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((tag, after)) = after.split_once("}}") else {
                break;
            };
            filled.push_str(before);
            match value(tag.trim()) {
                Some(value) => filled.push_str(value),
                None => filled.extend(["{{", tag, "}}"]),
            }
            rest = after;
        }
        filled + rest
    };
    for number in [
        &mut metric.count,
        &mut metric.failure_limit,
        &mut metric.inconclusive_limit,
        &mut metric.consecutive_error_limit,
        &mut metric.consecutive_success_limit,
    ] {
        if let Some(IntOrString::Text(text)) = number {
            *text = fill(text);
        }
    }
    metric.name = fill(&metric.name);
    metric.interval = fill(&metric.interval);
    metric.initial_delay = fill(&metric.initial_delay);
    metric
}
