//! From a scenario file to a [`Scenario`]: strict, with the place of everything that is wrong, all at once.
//!
//! Unknown fields are errors, quantities carry units, and what the parts say must fit together. Paths of
//! manifests are relative to the scenario's folder.

mod context;
mod expect;
mod faults;
mod metrics;
mod operators;
mod probes;
mod providers;
mod quantity;
mod recording;
mod rules;
mod service;
mod traffic;
pub mod typed;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use super::model::{MonteCarlo, Releases, Scenario};
use crate::diagnostics::{Diagnostic, SourceId, SourceMap};
use crate::manifest::yaml::{Node, load as load_yaml};
use context::{Context, Field, Object};
use quantity::{DURATION, PRECISION, SHARE};

pub use quantity::parse_precision;

/// The version of scenario files that this program reads.
pub const API_VERSION: &str = "rollsim/v1";

const FIELDS: [&str; 20] = [
    "apiVersion",
    "manifests",
    "rollout",
    "namespace",
    "traffic",
    "service",
    "prometheus",
    "controller",
    "metrics",
    "faults",
    "probes",
    "providers",
    "operators",
    "pages",
    "montecarlo",
    "horizon",
    "undetected-for",
    "expect",
    "deploys-per-week",
    "bad-release-share",
];

/// Whether a document is a scenario and not a manifest, by its `apiVersion`.
pub fn is_scenario(root: &Node) -> bool {
    root.get("apiVersion")
        .and_then(Node::as_str)
        .is_some_and(|version| version.starts_with("rollsim/"))
}

/// Where manifests come from besides the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherManifests {
    /// Nowhere: the scenario must name them.
    None,
    /// From files or a stream given beside it: the scenario needn't name any.
    Given,
}

/// Reads a scenario file; its text is added to `sources`, so that the errors can be shown.
///
/// Errors: everything that is wrong, in the order of the text; a file that can't be read is one without a
/// place. Manifests that don't exist are errors too, and so are none at all.
pub fn load(
    path: &Path,
    sources: &mut SourceMap,
    others: OtherManifests,
) -> Result<Scenario, Vec<Diagnostic>> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        vec![
            Diagnostic::error(format!("cannot read {}: {error}", path.display()))
                .with_help("pass a scenario file or a folder of manifests"),
        ]
    })?;
    let source = sources.add(path.display().to_string(), text);
    let folder = path.parent().unwrap_or(Path::new(""));
    let scenario = decode_source(sources, source, folder)?;
    let missing = missing_manifests(&scenario, sources, source, others);
    if missing.is_empty() {
        Ok(scenario)
    } else {
        Err(missing)
    }
}

/// Decodes the only document of a source; paths are relative to `folder`.
pub fn decode_source(
    sources: &SourceMap,
    source: SourceId,
    folder: &Path,
) -> Result<Scenario, Vec<Diagnostic>> {
    let mut documents = load_yaml(sources, source).into_iter();
    let Some(document) = documents.next() else {
        return Err(vec![
            Diagnostic::error(format!("{} is empty", sources.name(source)))
                .with_help(format!("start with `apiVersion: {API_VERSION}`")),
        ]);
    };
    if let Some(second) = documents.next() {
        return Err(vec![
            Diagnostic::error("a scenario file holds one document")
                .at(second.span.in_source(source))
                .with_help("put each scenario into a file of its own"),
        ]);
    }
    match document.root {
        Some(root) if document.errors.is_empty() => decode(&root, sources, source, folder),
        _ => Err(document.errors),
    }
}

/// Decodes a document.
pub fn decode(
    root: &Node,
    sources: &SourceMap,
    source: SourceId,
    folder: &Path,
) -> Result<Scenario, Vec<Diagnostic>> {
    let mut context = Context {
        sources,
        source,
        found: Vec::new(),
    };
    let scenario = scenario(&mut context, root, folder);
    context.found.sort_by_key(|diagnostic| diagnostic.location);
    match scenario {
        Some(scenario) if context.found.is_empty() => Ok(scenario),
        _ => Err(context.found),
    }
}

fn scenario(context: &mut Context<'_>, root: &Node, folder: &Path) -> Option<Scenario> {
    let object = context.object(&Field::root(root), &FIELDS)?;
    api_version(context, &object);
    let mut scenario = Scenario::with_defaults(manifests(context, &object, folder));
    if let Some(field) = object.field("rollout") {
        scenario.rollout = context.string(&field);
    }
    if let Some(field) = object.field("namespace") {
        scenario.namespace = context.string(&field);
    }
    scenario.traffic = traffic::traffic(context, &object, folder);
    scenario.service = service::service(context, &object);
    scenario.prometheus = metrics::prometheus(context, &object);
    scenario.controller = metrics::controller(context, &object);
    scenario.metrics = metrics::metrics(context, &object);
    scenario.faults = faults::faults(context, &object, &scenario.service);
    scenario.providers = providers::providers(context, &object);
    scenario.probes = probes::probes(context, &object);
    scenario.pages = operators::pages(context, &object).unwrap_or(scenario.pages);
    scenario.operators = operators::operators(context, &object, scenario.pages);
    scenario.montecarlo = montecarlo(context, &object);
    scenario.expectations = expect::expectations(context, &object, &scenario.faults);
    scenario.releases = releases(context, &object);
    for (name, target) in [
        ("horizon", &mut scenario.horizon),
        ("undetected-for", &mut scenario.undetected_for),
    ] {
        *target = context.take(&object, name, &DURATION).unwrap_or(*target);
    }
    if let Some(field) = object.field("horizon")
        && scenario.horizon.as_nanos() == 0
    {
        context.refuse_field(&field, "nothing happens in no time", "write e.g. `24h`");
    }
    Some(scenario)
}

fn api_version(context: &mut Context<'_>, object: &Object<'_>) {
    let help = format!("write `apiVersion: {API_VERSION}`");
    let Some(field) = object.field("apiVersion") else {
        context.refuse("", object.span, "`apiVersion` is missing", &help);
        return;
    };
    if let Some(version) = context.text(&field)
        && version != API_VERSION
    {
        context.refuse_field(&field, &format!("`{version}` is not known"), &help);
    }
}

const NAME_MANIFESTS: &str = "name files or folders, relative to this file: `manifests: [deploy/]`";

fn manifests(context: &mut Context<'_>, object: &Object<'_>, folder: &Path) -> Vec<PathBuf> {
    let Some(field) = object.field("manifests") else {
        return Vec::new();
    };
    let items = context.items(&field);
    if items.is_empty() && field.node.as_sequence().is_some() {
        context.refuse_field(&field, "no manifests are named", NAME_MANIFESTS);
    }
    items
        .iter()
        .filter_map(|item| context.string(item))
        .map(|path| folder.join(path))
        .collect()
}

/// Manifests that are named and don't exist, or none where some are needed.
fn missing_manifests(
    scenario: &Scenario,
    sources: &SourceMap,
    source: SourceId,
    others: OtherManifests,
) -> Vec<Diagnostic> {
    let document = load_yaml(sources, source).into_iter().next();
    let root = document.and_then(|document| document.root);
    if scenario.manifests.is_empty() && others == OtherManifests::None {
        let span = root.map_or_else(Default::default, |root| root.span);
        return vec![
            Diagnostic::error("`manifests` is missing, and none are given beside the scenario")
                .at(span.in_source(source))
                .with_help(format!(
                    "{NAME_MANIFESTS}; or pass them: `rollsim run SCENARIO deploy/`, `kustomize build | rollsim run SCENARIO -`"
                )),
        ];
    }
    let items = root
        .as_ref()
        .and_then(|root| root.get("manifests")?.as_sequence())
        .unwrap_or_default();
    let named = items.iter().zip(&scenario.manifests).enumerate();
    named
        .filter(|(_, (_, path))| !path.exists())
        .map(|(index, (item, path))| {
            Diagnostic::error(format!(
                "manifests[{index}]: {} does not exist",
                path.display()
            ))
            .at(item.span.in_source(source))
            .with_help("paths are relative to the scenario file")
        })
        .collect()
}

fn releases(context: &mut Context<'_>, object: &Object<'_>) -> Option<Releases> {
    let (often, share) = ("deploys-per-week", "bad-release-share");
    let (often, share) = match (object.field(often), object.field(share)) {
        (None, None) => return None,
        (Some(often), Some(share)) => (often, share),
        (Some(given), None) | (None, Some(given)) => {
            let help = "write both: `deploys-per-week: 20` and `bad-release-share: 5%`";
            context.refuse_field(&given, "the other one of the two is missing", help);
            return None;
        }
    };
    let number = often.node.as_f64().or_else(|| {
        let whole = often.node.as_int()?;
        Some(whole as f64)
    });
    let per_week = number.filter(|number| *number > 0.0 && number.is_finite());
    if per_week.is_none() {
        context.refuse_field(&often, "a number above 0 is needed", "write e.g. `20`");
    }
    let bad_share = context.quantity(&share, &SHARE);
    let bad_share = bad_share.filter(|found| {
        let possible = *found > 0.0 && *found < 1.0;
        if !possible {
            let message = "must be above 0 % and below 100 %";
            context.refuse_field(&share, message, "write e.g. `5%`");
        }
        possible
    });
    Some(Releases {
        per_week: per_week?,
        bad_share: bad_share?,
    })
}

fn montecarlo(context: &mut Context<'_>, object: &Object<'_>) -> MonteCarlo {
    let mut montecarlo = MonteCarlo::default();
    let known = ["replications", "precision", "seed"];
    let Some(object) = context.child(object, "montecarlo", &known) else {
        return montecarlo;
    };
    montecarlo.precision = context.take(&object, "precision", &PRECISION);
    if let (Some(_), Some(field)) = (object.field("replications"), object.field("precision")) {
        context.refuse_field(
            &field,
            "either `replications` or `precision`: each says when the study ends",
            "leave one of them out",
        );
    }
    for (name, least, target) in [
        ("replications", 1, &mut montecarlo.replications),
        ("seed", 0, &mut montecarlo.seed),
    ] {
        if let Some(field) = object.field(name) {
            *target = context.count(&field, least).unwrap_or(*target);
        }
    }
    montecarlo
}
