//! `lint`: reads what the request names and runs the rules; and what of it concerns a Rollout that is replayed.

use crate::diagnostics::{Location, SourceMap};
use crate::lint::finding::Finding;
use crate::lint::{self, Options};
use crate::manifest::schema::FieldValidation;
use crate::manifest::source::{Manifests, STDIN_PATH};
use crate::scenario::decode::{self, OtherManifests};

use crate::diagnostics::Severity;
use crate::manifest::source::Object;
use crate::report::model::FindingEntry;

use super::failure::Failure;
use super::input::Inputs;
use super::input::sort;
use super::request::LintRequest;

/// What was read, and what the rules say.
#[derive(Debug)]
pub struct Linted {
    /// The manifests.
    pub manifests: Manifests,
    /// The findings in the order of files and places.
    pub findings: Vec<Finding>,
}

/// Lints manifests.
///
/// # Errors
/// A path that can't be read, or a scenario that isn't valid.
pub fn lint(request: &LintRequest) -> Result<Linted, Failure> {
    let (scenarios, mut paths) = sort(&request.inputs);
    let others = if paths.is_empty() {
        OtherManifests::None
    } else {
        OtherManifests::Given
    };
    let mut scrape_interval = None;
    for path in &scenarios {
        let mut sources = SourceMap::new();
        let scenario =
            decode::load(path, &mut sources, others).map_err(|diagnostics| Failure::Input {
                diagnostics,
                sources,
            })?;
        scrape_interval = Some(scenario.prometheus.scrape_interval);
        paths.extend(scenario.manifests);
    }
    debug_assert!(
        paths
            .iter()
            .filter(|path| path.as_os_str() == STDIN_PATH)
            .count()
            <= 1
    );
    let mut manifests = Manifests::read_all(&paths, &mut std::io::stdin().lock());
    manifests.admit(FieldValidation::Strict);
    let (unreadable, placed): (Vec<_>, Vec<_>) = std::mem::take(&mut manifests.diagnostics)
        .into_iter()
        .partition(|diagnostic| diagnostic.location.is_none() && diagnostic.is_error());
    if !unreadable.is_empty() {
        return Err(Failure::Input {
            diagnostics: unreadable,
            sources: manifests.sources,
        });
    }
    manifests.diagnostics = placed;
    let options = Options {
        selection: request.selection.clone(),
        scrape_interval,
    };
    let findings = lint::lint(&manifests, &options);
    Ok(Linted {
        manifests,
        findings,
    })
}

/// Errors and warnings about a Rollout and the templates it uses, beyond what the gates and `found` say already.
pub(super) fn concerning(
    inputs: &Inputs,
    object: &Object,
    found: &[FindingEntry],
) -> Vec<FindingEntry> {
    let options = Options {
        scrape_interval: Some(inputs.scenario.prometheus.scrape_interval),
        ..Options::default()
    };
    let manifests = &inputs.manifests;
    let templates = lint::templates_of(manifests, object);
    let holds = |object: &Object, location: Location| {
        let (span, at) = (object.node.span, location.span.start);
        object.source == location.source && span.start <= at && at <= span.end
    };
    let concerns = |finding: &Finding| {
        let mut objects = std::iter::once(object).chain(templates.iter().copied());
        objects.any(|object| holds(object, finding.location))
    };
    // A template that several Rollouts use can be fine in one and not in the other.
    let of_another = |finding: &Finding| {
        let mut others = manifests.of_kind("Rollout");
        others.any(|other| {
            let is_itself = other.source == object.source && other.name == object.name;
            let mut related = finding.related.iter();
            !is_itself && related.any(|label| holds(other, label.location))
        })
    };
    // What the replay says of conditions and queries that can't be used is more than these rules know.
    let says = |codes: &[&str]| {
        found
            .iter()
            .any(|entry| codes.contains(&entry.code.as_str()))
    };
    let known: &[(&[&str], &[&str])] = &[
        (&["measurement-error"], &["RS101", "RS102", "RS113"]),
        (&["reads-no-series"], &["RS206"]),
        (&["versions-mixed", "reads-old-version-only"], &["RS205"]),
    ];
    let findings = lint::lint(manifests, &options)
        .into_iter()
        .filter(|finding| {
            let is_gate = lint::rules::GATES.contains(&finding.rule.code);
            let repeats = known
                .iter()
                .any(|(codes, rules)| rules.contains(&finding.rule.code) && says(codes));
            finding.severity >= Severity::Warning
                && !is_gate
                && !repeats
                && concerns(finding)
                && !of_another(finding)
        });
    findings
        .map(|finding| FindingEntry {
            code: finding.rule.code.to_owned(),
            rollout: Some(object.name.clone()),
            arm: None,
            place: Some(manifests.sources.describe(finding.location)),
            message: format!("{} ({})", finding.message, finding.rule.code),
            help: None,
        })
        .collect()
}
