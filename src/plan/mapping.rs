//! Metrics of systems whose servers aren't simulated: the scenario says what they answer.

use crate::manifest::analysis_types::Metric;
use crate::manifest::providers::MetricProvider;
use crate::promql::ast::Expr;
use crate::promql::parse::parse as parse_query;
use crate::provider::mapped::{MappedProvider, MappedResult};
use crate::scenario::model::Scenario;
use crate::scenario::providers::{MappedSource, Mapping};

use super::build::{Place, Unsupported};
use super::measure::Shape;

fn provider(provider: &MetricProvider) -> Option<MappedProvider> {
    let known = [
        (provider.datadog.is_some(), MappedProvider::Datadog),
        (provider.new_relic.is_some(), MappedProvider::NewRelic),
        (provider.cloud_watch.is_some(), MappedProvider::CloudWatch),
        (provider.graphite.is_some(), MappedProvider::Graphite),
        (provider.influxdb.is_some(), MappedProvider::Influxdb),
        (provider.wavefront.is_some(), MappedProvider::Wavefront),
        (provider.skywalking.is_some(), MappedProvider::SkyWalking),
        (!provider.plugin.is_empty(), MappedProvider::Plugin),
    ];
    let set = known.into_iter().find(|(is_set, _)| *is_set);
    set.map(|(_, provider)| provider)
}

fn mapping<'s>(metric: &Metric, scenario: &'s Scenario) -> Option<(MappedProvider, &'s Mapping)> {
    let provider = provider(&metric.provider)?;
    let mut mappings = scenario.providers.iter();
    let mapping = mappings.find(|mapping| mapping.metric == metric.name)?;
    Some((provider, mapping))
}

/// The query that stands for the metric's own, or none where the answer is always the same.
///
/// # Errors
/// A metric of which the scenario says nothing, and Kayenta.
pub fn parse(metric: &Metric, scenario: &Scenario) -> Result<Option<Expr>, Unsupported> {
    let name = &metric.name;
    let refuse = |place, message: String| Unsupported {
        metric: Some(name.clone()),
        place,
        message,
    };
    let Some(system) = provider(&metric.provider) else {
        let message = format!("metric `{name}`: the provider `kayenta` isn't simulated");
        return Err(refuse(Place::Provider, message));
    };
    match mapping(metric, scenario) {
        None => {
            let message = format!(
                "metric `{name}`: `{}` isn't simulated itself, and nothing says what it answers",
                system.name()
            );
            let field = if system.names_fields() {
                ", field: errorRate"
            } else {
                ""
            };
            let example = format!(
                "providers: {{{name}: {{query: \"sum(rate(http_requests_total{{status='500'}}[5m]))\"{field}}}}}"
            );
            Err(refuse(Place::Unmapped(example), message))
        }
        Some((_, mapping)) => match &mapping.source {
            MappedSource::Query(query) => parse_query(query)
                .map(Some)
                .map_err(|error| refuse(Place::Provider, format!("metric `{name}`: {error}"))),
            MappedSource::Numbers(_) | MappedSource::Json(_) => Ok(None),
        },
    }
}

/// The text of the query that stands for the metric's own.
pub fn query<'s>(metric: &Metric, scenario: &'s Scenario) -> Option<&'s str> {
    match &mapping(metric, scenario)?.1.source {
        MappedSource::Query(query) => Some(query),
        MappedSource::Numbers(_) | MappedSource::Json(_) => None,
    }
}

/// The shape that the query's numbers get.
pub fn shape(metric: &Metric, scenario: &Scenario) -> Option<Shape> {
    let (provider, mapping) = mapping(metric, scenario)?;
    Some(Shape {
        provider,
        field: mapping.field.clone(),
    })
}

/// The answer that is always the same.
pub fn constant(metric: &Metric, scenario: &Scenario) -> Option<(MappedProvider, MappedResult)> {
    let (provider, mapping) = mapping(metric, scenario)?;
    let answer = match &mapping.source {
        MappedSource::Query(_) => return None,
        MappedSource::Numbers(numbers) => provider.result(numbers, &mapping.field),
        MappedSource::Json(value) => MappedResult::Json(value.clone()),
    };
    Some((provider, answer))
}
