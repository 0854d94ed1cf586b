//! `lint`: reads what the request names and runs the rules.

use crate::diagnostics::SourceMap;
use crate::lint::finding::Finding;
use crate::lint::{self, Options};
use crate::manifest::schema::FieldValidation;
use crate::manifest::source::{Manifests, STDIN_PATH};
use crate::scenario::decode::{self, OtherManifests};

use super::failure::Failure;
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
