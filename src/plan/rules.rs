//! Recording rules as derived series: each rule's query is compiled against the series before it, and what it
//! can yield becomes series of a target of its own.

use std::collections::BTreeSet;

use crate::promql::ast::{Expr, VectorSelector};
use crate::promql::compiled::{CompileRefusal, Program};
use crate::promql::head::{SeriesDescriptor, TargetId, Universe};
use crate::promql::labels::{Labels, METRIC_NAME};
use crate::promql::matcher::CompiledMatcher;
use crate::promql::parse::parse;
use crate::promql::reads::reads;
use crate::promql::settings::Settings;
use crate::scenario::model::{RecordingRule, Scenario};
use crate::telemetry::rules::RulePlan;

use super::build::{Place, Unsupported};
use super::measure::reads_totals;
use super::series::Reads;

/// A rule with its query parsed.
#[derive(Clone, Debug)]
pub struct Rule {
    record: String,
    expr: Expr,
    interval_ms: i64,
    group: u32,
    place: String,
}

/// A rule compiled against a universe, to which its series were added.
#[derive(Clone, Debug)]
pub struct CompiledRule {
    /// Its place among all rules.
    pub number: usize,
    /// The target of its series.
    pub target: TargetId,
    /// Its query.
    pub program: Program,
    width: usize,
}

/// The rules of a scenario, in their order.
pub fn parse_all(scenario: &Scenario) -> Result<Vec<Rule>, Vec<Unsupported>> {
    let all = &scenario.prometheus.rules;
    let mut rules: Vec<Rule> = Vec::new();
    let mut problems = Vec::new();
    for (number, rule) in all.iter().enumerate() {
        let same = all.iter().position(|other| other.interval == rule.interval);
        match parse(&rule.expr) {
            Ok(expr) => rules.push(Rule {
                record: rule.record.clone(),
                expr,
                interval_ms: rule.interval.as_millis_floor(),
                group: same.unwrap_or(number) as u32,
                place: rule.place.clone(),
            }),
            // Decoding has refused it.
            Err(error) => problems.push(refusal(&rule.place, &rule.record, &error.to_string())),
        }
    }
    for number in 0..rules.len() {
        problems.extend(reads_later(&rules, number, all));
    }
    if problems.is_empty() {
        Ok(rules)
    } else {
        Err(problems)
    }
}

fn refusal(place: &str, record: &str, why: &str) -> Unsupported {
    Unsupported {
        metric: None,
        place: Place::Metric,
        message: format!("{place}: the recording rule `{record}`: {why}"),
    }
}

/// A rule that looks at itself or at a later one: at what was recorded one evaluation ago.
fn reads_later(rules: &[Rule], number: usize, all: &[RecordingRule]) -> Option<Unsupported> {
    let rule = &rules[number];
    let read = reads(&rule.expr, 0, &Settings::default());
    let later = all[number..].iter().find(|later| {
        let mut read = read.iter();
        read.any(|read| names(read.selector, &later.record))
    })?;
    let why = format!(
        "it reads `{}`, which is recorded by itself or a later rule; that isn't simulated, though Prometheus allows \
         it. Put what a rule reads before it",
        later.record
    );
    Some(refusal(&rule.place, &rule.record, &why))
}

/// Whether a selector may find series of this name.
fn names(selector: &VectorSelector, name: &str) -> bool {
    let mut by_name = selector
        .matchers
        .iter()
        .filter(|matcher| matcher.name == METRIC_NAME);
    by_name.all(|matcher| CompiledMatcher::new(matcher).is_ok_and(|matcher| matcher.matches(name)))
}

/// Compiles the rules of these numbers, each against the universe with the series of those before it, and adds
/// their series.
pub fn compile(
    rules: &[Rule],
    numbers: impl IntoIterator<Item = usize>,
    universe: &mut Universe,
    settings: &Settings,
) -> Result<Vec<CompiledRule>, Vec<Unsupported>> {
    let mut compiled = Vec::new();
    let mut problems = Vec::new();
    for number in numbers {
        match compile_one(rules, number, universe, settings) {
            Ok(rule) => compiled.extend(rule),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(compiled)
    } else {
        Err(problems)
    }
}

/// Nothing for a rule that Prometheus can never evaluate.
fn compile_one(
    rules: &[Rule],
    number: usize,
    universe: &mut Universe,
    settings: &Settings,
) -> Result<Option<CompiledRule>, Unsupported> {
    let rule = &rules[number];
    let program = match Program::compile(&rule.expr, universe, settings) {
        Ok(program) => program,
        Err(CompileRefusal::AlwaysFails(_)) => return Ok(None),
        Err(CompileRefusal::Construct { construct, .. }) => {
            let why = format!(
                "{construct} isn't simulated yet, though Prometheus knows it; write the query without it"
            );
            return Err(refusal(&rule.place, &rule.record, &why));
        }
    };
    let named = |labels: &Labels| {
        let mut labels = labels.clone();
        labels.set(METRIC_NAME, &rule.record);
        labels
    };
    let series: Vec<Labels> = if program.is_scalar() {
        vec![named(&Labels::default())]
    } else {
        program.labels().iter().map(named).collect()
    };
    let distinct: BTreeSet<&Labels> = series.iter().collect();
    let known = |labels: &Labels| universe.series.iter().any(|known| known.labels == *labels);
    if distinct.len() < series.len() || series.iter().any(known) {
        let why = "two series can get the same labels, one from another rule, a pod, or another metric of its \
                   query; that isn't simulated. Give them a label that tells them apart";
        return Err(refusal(&rule.place, &rule.record, why));
    }
    let (target, width) = (TargetId(universe.widths.len() as u32), series.len());
    universe.widths.push(width as u32);
    let numbered = (0..).zip(series);
    universe
        .series
        .extend(numbered.map(|(column, labels)| SeriesDescriptor {
            labels,
            target,
            column,
        }));
    universe.series.sort_by(|a, b| a.labels.cmp(&b.labels));
    Ok(Some(CompiledRule {
        number,
        target,
        program,
        width,
    }))
}

/// What the rules read whose series are in a universe.
#[derive(Clone, Debug, Default)]
pub struct RuleReads(Vec<(TargetId, usize, Reads)>);

impl RuleReads {
    /// For rules that were compiled against everything; `reads` tells what a program reads by itself.
    pub fn new(compiled: &[CompiledRule], reads: impl Fn(&Program) -> Reads) -> Self {
        let each = compiled.iter();
        Self(
            each.map(|rule| (rule.target, rule.number, reads(&rule.program)))
                .collect(),
        )
    }

    /// The number of the rule whose series a target holds.
    pub fn number(&self, target: TargetId) -> Option<usize> {
        let mut each = self.0.iter();
        each.find(|(of, ..)| *of == target)
            .map(|(_, number, _)| *number)
    }

    /// With what the rules read that something reads. Their evaluations lie up to `lag_ms` further back.
    #[must_use]
    pub fn resolved(&self, mut reads: Reads, lag_ms: i64) -> Reads {
        // A rule reads earlier ones only.
        for (_, number, own) in self.0.iter().rev() {
            if let Some(&lookback) = reads.rules.get(number) {
                reads = reads.and(&own.clone().further_back(lookback + lag_ms));
            }
        }
        reads
    }
}

/// The rules that something reads, as replications evaluate them.
pub fn plans(rules: &[Rule], compiled: Vec<CompiledRule>, reads: &Reads) -> Vec<RulePlan> {
    let each = compiled.into_iter().map(|compiled| {
        let rule = &rules[compiled.number];
        RulePlan {
            program: compiled.program,
            width: compiled.width,
            target: compiled.target,
            interval_ms: rule.interval_ms,
            group: rule.group,
            lookback_ms: reads.rules.get(&compiled.number).copied().unwrap_or(0),
            reads_totals: reads_totals(&rule.expr),
        }
    });
    each.collect()
}

/// A rule that looks at a fixed instant.
pub fn refuse_fixed_instants(rules: &[Rule], reads: &RuleReads) -> Vec<Unsupported> {
    let fixed = reads.0.iter().filter(|(.., reads)| reads.fixed_instant);
    fixed
        .map(|(_, number, _)| {
            let rule = &rules[*number];
            let why = "it looks at a fixed instant (`@ …`), which no simulated rollout knows; remove the modifier";
            refusal(&rule.place, &rule.record, why)
        })
        .collect()
}
