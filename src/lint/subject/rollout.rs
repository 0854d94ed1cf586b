//! A Rollout with its analyses and the templates that they name.

use std::collections::BTreeMap;

use crate::diagnostics::Location;
use crate::lint::near;
use crate::manifest::analysis_types::Argument;
use crate::manifest::gates::{self, ClusterObjects, GateReport, Place, Service};
use crate::manifest::references::arguments::PodHashes;
use crate::manifest::references::collect::collect;
use crate::manifest::references::{StanzaKind, TemplateId, TemplateSet, stanzas};
use crate::manifest::rollout_types::{PodTemplate, Rollout};
use crate::manifest::source::{Manifests, Object};
use crate::manifest::yaml::Path;

use super::{Metric, Subject, Template};

/// A Rollout.
#[derive(Debug)]
pub struct RolloutSubject<'a> {
    /// Its object.
    pub object: &'a Object,
    /// Its typed form; the pod template of a referenced workload is in place if it was given.
    pub rollout: Rollout,
    /// Its analyses, in the controller's order.
    pub stanzas: Vec<Stanza>,
    /// What both gates of the controllers say.
    pub gates: GateReport,
    /// Whether any template was given that it could see: without one, missing templates mean nothing.
    pub sees_templates: bool,
    /// The templates that it sees, as indices into [`Subject::templates`].
    templates: BTreeMap<TemplateId, usize>,
}

/// An analysis of a Rollout.
#[derive(Clone, Debug)]
pub struct Stanza {
    /// Which one.
    pub kind: StanzaKind,
    /// Its templates, nested ones included, as indices into [`Subject::templates`]; missing ones are left out.
    pub templates: Vec<usize>,
    /// The arguments that the run gets, those without a value included.
    pub args: Vec<Argument>,
}

/// A metric of an analysis.
#[derive(Clone, Copy, Debug)]
pub struct StanzaMetric<'s, 'a> {
    /// Its template.
    pub template: &'s Template<'a>,
    /// The metric.
    pub metric: &'s Metric<'a>,
}

impl RolloutSubject<'_> {
    /// The place of the value at a path such as `spec.strategy.canary.steps[1]`, or of the nearest value on the way.
    pub fn place(&self, path: &str) -> Location {
        super::place(self.object, path)
    }

    /// The place that a gate names; the Rollout's name if it is in an object that wasn't given.
    pub fn locate(&self, subject: &Subject<'_>, place: &Place) -> Location {
        let (object, pointer) = match place {
            Place::Rollout { pointer } => (Some(self.object), pointer),
            Place::Template { id, pointer } => {
                let index = self.templates.get(id);
                (index.map(|index| subject.templates[*index].object), pointer)
            }
            Place::Service { name, pointer } => (
                subject
                    .manifests
                    .of_kind("Service")
                    .filter(|service| {
                        near::share_folder(self.object, service, &subject.manifests.sources)
                    })
                    .find(|service| service.name == *name),
                pointer,
            ),
        };
        object.map_or_else(
            || self.object.location(),
            |object| object.location_of(&Path::from_pointer(pointer)),
        )
    }

    /// The analysis of this kind.
    pub fn stanza(&self, kind: StanzaKind) -> Option<&Stanza> {
        self.stanzas.iter().find(|stanza| stanza.kind == kind)
    }
}

impl Stanza {
    /// All metrics of the analysis.
    pub fn metrics<'s, 'a>(
        &'s self,
        subject: &'s Subject<'a>,
    ) -> impl Iterator<Item = StanzaMetric<'s, 'a>> {
        self.templates.iter().flat_map(|index| {
            let template = &subject.templates[*index];
            template
                .metrics
                .iter()
                .map(move |metric| StanzaMetric { template, metric })
        })
    }
}

/// All Rollouts that can be decoded.
pub(super) fn prepare<'a>(
    manifests: &'a Manifests,
    templates: &[Template<'a>],
) -> Vec<RolloutSubject<'a>> {
    let rollouts = manifests.of_kind("Rollout");
    rollouts
        .filter_map(|object| prepare_one(manifests, templates, object))
        .collect()
}

fn prepare_one<'a>(
    manifests: &'a Manifests,
    templates: &[Template<'a>],
    object: &'a Object,
) -> Option<RolloutSubject<'a>> {
    let mut rollout = Rollout::from_json(&object.node.to_json()).ok()?;
    resolve_workload(&mut rollout, manifests, object);
    let candidates = templates
        .iter()
        .enumerate()
        .map(|(index, template)| (template.object, index));
    let seen: BTreeMap<TemplateId, usize> = near::nearest(object, &manifests.sources, candidates)
        .into_values()
        .map(|index| (templates[index].id.clone(), index))
        .collect();
    let mut set = TemplateSet::default();
    for (id, index) in &seen {
        set.insert(id.clone(), templates[*index].spec.clone());
    }
    let nearby = manifests
        .of_kind("Service")
        .filter(|service| near::share_folder(object, service, &manifests.sources));
    let services: Vec<Service> = nearby
        .filter_map(|service| serde_json::from_value(service.node.to_json()).ok())
        .collect();
    let objects = ClusterObjects {
        templates: set,
        services: (!services.is_empty()).then_some(services),
    };
    let hashes = PodHashes {
        stable: "stable-hash".to_owned(),
        latest: "canary-hash".to_owned(),
    };
    let gates = gates::check(&rollout, &objects, &hashes);
    let stanzas = stanzas(&rollout).into_iter().map(|(kind, analysis)| {
        let collected = collect(&analysis.templates, &objects.templates);
        let found: Vec<usize> = collected
            .templates
            .iter()
            .map(|template| seen[template.id])
            .collect();
        let run = gates.runs.iter().find(|run| run.stanza == kind);
        let args = run.map_or_else(
            || written_args(analysis, &collected.templates),
            |run| run.spec.args.clone(),
        );
        Stanza {
            kind,
            templates: found,
            args,
        }
    });
    let stanzas = stanzas.collect();
    Some(RolloutSubject {
        object,
        stanzas,
        gates,
        sees_templates: !seen.is_empty(),
        templates: seen,
        rollout,
    })
}

/// The arguments of an analysis whose run can't be created: what is written, then defaults.
fn written_args(
    analysis: &crate::manifest::rollout_types::RolloutAnalysis,
    templates: &[crate::manifest::references::collect::FoundTemplate<'_>],
) -> Vec<Argument> {
    let mut args: Vec<Argument> = Vec::new();
    for argument in analysis.args() {
        args.push(Argument {
            name: argument.name.clone(),
            value: argument
                .value_from
                .is_none()
                .then(|| argument.value.clone()),
            value_from: None,
        });
    }
    for argument in templates.iter().flat_map(|template| &template.spec.args) {
        if !args.iter().any(|known| known.name == argument.name) {
            args.push(argument.clone());
        }
    }
    args
}

/// Puts the pod template of a Deployment that was given in the place of `workloadRef`.
fn resolve_workload(rollout: &mut Rollout, manifests: &Manifests, object: &Object) {
    let Some(reference) = &rollout.spec.workload_ref else {
        return;
    };
    let named = manifests
        .of_kind("Deployment")
        .filter(|deployment| deployment.name == reference.name && reference.kind == "Deployment");
    let sources = &manifests.sources;
    let found = near::nearest(
        object,
        sources,
        named.map(|deployment| (deployment, deployment)),
    );
    let Some(deployment) = found.into_values().next() else {
        return;
    };
    let part = |path: &str| {
        deployment
            .node
            .lookup(path)
            .map(crate::manifest::yaml::Node::to_json)
    };
    let template =
        part("spec.template").and_then(|json| serde_json::from_value::<PodTemplate>(json).ok());
    let selector = part("spec.selector").and_then(|json| serde_json::from_value(json).ok());
    if let Some(template) = template {
        rollout.spec.resolve_workload(template, selector);
    }
}
