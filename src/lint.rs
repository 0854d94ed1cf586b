//! `rollsim lint`: what is wrong with manifests, told without simulating anything.
//!
//! [`subject`] prepares once what rules look at: Rollouts, templates, metrics with their queries and conditions parsed
//! and every place known. Each rule is a function over the whole subject, in a file of its own under `rules/`, whose
//! `//!` comment is the rule's page. [`lint()`] runs the chosen rules and leaves out what comments in the YAML suppress.

pub mod finding;
pub mod fix;
mod near;
pub mod rule;
pub mod rules;
pub mod shape;
mod steps;
pub mod subject;
mod suppress;
pub mod text;
mod versions;
mod windows;

use std::collections::BTreeSet;

use crate::manifest::source::{Manifests, Object};
use crate::units::Duration;

use finding::{Finding, Findings};
use rule::{Rule, Selection};
use subject::Subject;

/// What to look for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Which rules run.
    pub selection: Selection,
    /// How often the server scrapes, where a scenario says so.
    pub scrape_interval: Option<Duration>,
}

/// Runs the rules over manifests that were read with all their duplicates and passed through
/// [`Manifests::admit`]; what the real systems refuse first, then the
/// other findings in the order of files and places.
pub fn lint(manifests: &Manifests, options: &Options) -> Vec<Finding> {
    let subject = Subject::prepare(manifests, options.scrape_interval);
    let mut all: Vec<Finding> = Vec::new();
    for rule in rules::RULES
        .iter()
        .filter(|rule| options.selection.has(rule))
    {
        all.extend(run(rule, &subject));
    }
    let kept = suppress::filter(manifests, all, &options.selection);
    // What the real systems refuse comes first, in their order; the rest by place.
    let (mut ordered, mut others): (Vec<_>, Vec<_>) = kept
        .into_iter()
        .partition(|finding| rules::GATES.contains(&finding.rule.code));
    others.sort_by(|one, other| order(one).cmp(&order(other)));
    ordered.extend(others);
    let mut seen = BTreeSet::new();
    ordered.retain(|finding| {
        seen.insert((finding.rule.code, finding.location, finding.message.clone()))
    });
    ordered
}

/// The templates that the analyses of a Rollout use.
pub fn templates_of<'a>(manifests: &'a Manifests, rollout: &Object) -> Vec<&'a Object> {
    let subject = Subject::prepare(manifests, None);
    let mut rollouts = subject.rollouts.iter();
    let Some(found) = rollouts
        .find(|found| found.object.source == rollout.source && found.object.name == rollout.name)
    else {
        return Vec::new();
    };
    let used = found.stanzas.iter().flat_map(|stanza| &stanza.templates);
    used.map(|index| subject.templates[*index].object).collect()
}

fn run(rule: &'static Rule, subject: &Subject<'_>) -> Vec<Finding> {
    let mut findings = Findings::new(rule);
    (rule.check)(subject, &mut findings);
    findings.into_list()
}

fn order(finding: &Finding) -> (crate::diagnostics::Location, &'static str, &str) {
    (finding.location, finding.rule.code, &finding.message)
}
