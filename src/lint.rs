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

use crate::manifest::source::Manifests;
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
/// [`Manifests::admit`]; findings in the order of files and places.
pub fn lint(manifests: &Manifests, options: &Options) -> Vec<Finding> {
    let subject = Subject::prepare(manifests, options.scrape_interval);
    let mut all: Vec<Finding> = Vec::new();
    for rule in rules::RULES
        .iter()
        .filter(|rule| options.selection.has(rule))
    {
        all.extend(run(rule, &subject));
    }
    let mut kept = suppress::filter(manifests, all, &options.selection);
    kept.sort_by(|one, other| order(one).cmp(&order(other)));
    kept.dedup_by(|one, other| {
        one.rule.code == other.rule.code
            && one.location == other.location
            && one.message == other.message
    });
    kept
}

fn run(rule: &'static Rule, subject: &Subject<'_>) -> Vec<Finding> {
    let mut findings = Findings::new(rule);
    (rule.check)(subject, &mut findings);
    findings.into_list()
}

fn order(finding: &Finding) -> (crate::diagnostics::Location, &'static str, &str) {
    (finding.location, finding.rule.code, &finding.message)
}
