//! What rules look at, prepared once: Rollouts and templates with everything parsed and every place known.
//!
//! A template is looked at by itself and through its uses: a [`Use`] says which analysis of which Rollout runs it, with
//! which arguments. Numbers and durations are [`Setting`]s, since placeholders can leave them unknown.

mod metric;
mod rollout;

use crate::diagnostics::Location;
use crate::manifest::analysis_types::{AnalysisTemplateSpec, Argument};
use crate::manifest::references::{StanzaKind, TemplateId, TemplateScope};
use crate::manifest::source::{Manifests, Object};
use crate::manifest::yaml::{Node, Path};
use crate::units::Duration;

pub use metric::{Condition, ConditionKind, Metric, Query, Setting};
pub use rollout::{RolloutSubject, Stanza, StanzaMetric};

/// Everything that was given.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The manifests, admitted: the API server's defaults are in place, unknown fields are gone.
    pub manifests: &'a Manifests,
    /// AnalysisTemplates and `ClusterAnalysisTemplates`, in the order read.
    pub templates: Vec<Template<'a>>,
    /// Rollouts that can be decoded, in the order read.
    pub rollouts: Vec<RolloutSubject<'a>>,
    /// How often Prometheus scrapes, where a scenario says so.
    pub scrape_interval: Option<Duration>,
}

/// A template.
#[derive(Debug)]
pub struct Template<'a> {
    /// Its object.
    pub object: &'a Object,
    /// Its kind and name.
    pub id: TemplateId,
    /// Its spec; metrics that can't be decoded are left out.
    pub spec: AnalysisTemplateSpec,
    /// Its metrics.
    pub metrics: Vec<Metric<'a>>,
    /// Where it is used, among the Rollouts given.
    pub uses: Vec<Use>,
}

/// A template in an analysis of a Rollout.
#[derive(Clone, Debug)]
pub struct Use {
    /// Index into [`Subject::rollouts`].
    pub rollout: usize,
    /// Which analysis.
    pub stanza: StanzaKind,
    /// The run's arguments: the Rollout's, then the defaults of the templates.
    pub args: Vec<Argument>,
}

impl<'a> Subject<'a> {
    /// Parses everything.
    pub fn prepare(manifests: &'a Manifests, scrape_interval: Option<Duration>) -> Self {
        let mut templates: Vec<Template<'a>> =
            manifests.objects.iter().filter_map(template_of).collect();
        let rollouts = rollout::prepare(manifests, &templates);
        for (index, rollout) in rollouts.iter().enumerate() {
            for stanza in &rollout.stanzas {
                for template in &stanza.templates {
                    templates[*template].uses.push(Use {
                        rollout: index,
                        stanza: stanza.kind,
                        args: stanza.args.clone(),
                    });
                }
            }
        }
        for template in &mut templates {
            template.metrics = metric::prepare(manifests, template);
        }
        Self {
            manifests,
            templates,
            rollouts,
            scrape_interval,
        }
    }

    /// All metrics of all templates.
    pub fn metrics(&self) -> impl Iterator<Item = (&Template<'a>, &Metric<'a>)> {
        let templates = self.templates.iter();
        templates.flat_map(|template| {
            template
                .metrics
                .iter()
                .map(move |metric| (template, metric))
        })
    }

    /// The distances of scrapes to reckon with: the scenario's, else the three that are usual.
    pub fn scrape_intervals(&self) -> Vec<Duration> {
        match self.scrape_interval {
            Some(interval) => vec![interval],
            None => [15, 30, 60].map(Duration::from_seconds).to_vec(),
        }
    }

    /// The source text of an object.
    pub fn text_of(&self, object: &Object) -> &'a str {
        self.manifests.sources.text(object.source)
    }

    /// The bytes at a place.
    pub fn slice(&self, location: Location) -> &'a str {
        self.manifests.sources.slice(location)
    }
}

impl Template<'_> {
    /// The place of the value at a path such as `spec.args[0]`, or of the nearest value on the way.
    pub fn place(&self, path: &str) -> Location {
        place(self.object, path)
    }
}

/// The place of the value at a path of an object, or of the nearest value on the way.
pub fn place(object: &Object, path: &str) -> Location {
    let path: Path = path.parse().unwrap_or_default();
    object.location_of(&path)
}

/// The place of an entry's key: what to underline where a whole block is meant. The node's own place if it lacks it.
pub fn key_place(object: &Object, node: &Node, key: &str) -> Location {
    let entry = node.as_mapping().and_then(|mapping| mapping.entry(key));
    let span = entry.map_or(node.span, |(key, _)| key.span);
    span.in_source(object.source)
}

fn template_of(object: &Object) -> Option<Template<'_>> {
    let scope = match object.kind.as_str() {
        "AnalysisTemplate" => TemplateScope::Namespace,
        "ClusterAnalysisTemplate" => TemplateScope::Cluster,
        _ => return None,
    };
    Some(Template {
        object,
        id: TemplateId {
            scope,
            name: object.name.clone(),
        },
        spec: metric::spec_of(object),
        metrics: Vec::new(),
        uses: Vec::new(),
    })
}
