//! The series that can exist in a scenario, and which of them queries read.
//!
//! Queries are compiled twice: first against everything that pods export, to learn which columns and which
//! pods they look at and how far back; then against only that. So rows hold no cell that nobody reads.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::rollout_types::Rollout;
use crate::promql::ast::Expr;
use crate::promql::compiled::{CompileRefusal, Program};
use crate::promql::head::{SeriesDescriptor, TargetId, Universe};
use crate::promql::settings::Settings;
use crate::scenario::model::Fact;
use crate::telemetry::exporter::{ColumnSource, ColumnSpec, PodIdentity};
use crate::telemetry::targets::Role;

use super::build::Unsupported;
use super::rules::{self, Rule, RuleReads};

/// The pods that can be told apart: slots of the stable version first, then those of the new one.
#[derive(Clone, Debug)]
pub struct PodSlots {
    identities: Vec<PodIdentity>,
    stable: usize,
}

impl PodSlots {
    /// Identities for `slots` pods of each version, labelled as the Rollout's template and metadata say.
    pub fn new(rollout: &Rollout, slots: [usize; 2]) -> Self {
        let roles = [(Role::Stable, "stable"), (Role::Canary, "canary")];
        let mut identities = Vec::with_capacity(slots[0] + slots[1]);
        for ((role, name), count) in roles.into_iter().zip(slots) {
            let labels = pod_labels(rollout, role);
            identities.extend((0..count).map(|slot| identity(rollout, role, name, &labels, slot)));
        }
        Self {
            identities,
            stable: slots[0],
        }
    }

    fn role(&self, target: TargetId) -> Role {
        if (target.0 as usize) < self.stable {
            Role::Stable
        } else {
            Role::Canary
        }
    }

    /// The labels of a pod of this version.
    pub fn labels(&self, role: Role) -> &[(String, String)] {
        let slot = if role == Role::Stable { 0 } else { self.stable };
        self.identities
            .get(slot)
            .map_or(&[], |identity| &identity.labels)
    }
}

fn identity(
    rollout: &Rollout,
    role: Role,
    name: &str,
    labels: &[(String, String)],
    slot: usize,
) -> PodIdentity {
    let app = &rollout.metadata.name;
    let pair = |name: &str, value: String| (name.to_owned(), value);
    let namespace = namespace(rollout);
    PodIdentity {
        target: vec![
            pair(
                "instance",
                format!(
                    "10.{}.{}.{}:8080",
                    role as usize,
                    slot / 250,
                    slot % 250 + 1
                ),
            ),
            pair("job", app.clone()),
            pair("namespace", namespace.to_owned()),
            pair("pod", format!("{app}-{}-{slot:03}", template_hash(role))),
        ],
        role: name.to_owned(),
        labels: labels.to_vec(),
        facts: facts(rollout, role),
    }
}

/// What labels can show of the manifests besides the pod's own labels.
pub fn facts(rollout: &Rollout, role: Role) -> Vec<(Fact, String)> {
    let namespace = namespace(rollout);
    let service = service(rollout, role);
    let container = |field: &str| {
        let containers = rollout.spec.template.spec.get("containers");
        let first = containers.and_then(|list| list.get(0)?.get(field)?.as_str());
        first.unwrap_or_default().to_owned()
    };
    vec![
        (Fact::Rollout, rollout.metadata.name.clone()),
        (Fact::Namespace, namespace.to_owned()),
        (
            Fact::ServiceHost,
            format!("{service}.{namespace}.svc.cluster.local"),
        ),
        (Fact::Service, service.to_owned()),
        (
            Fact::StableService,
            self::service(rollout, Role::Stable).to_owned(),
        ),
        (Fact::Container, container("name")),
        (Fact::Image, container("image")),
    ]
}

/// The Service that leads to a version, as far as the strategy names one.
fn service(rollout: &Rollout, role: Role) -> &str {
    let strategy = &rollout.spec.strategy;
    let services = match (&strategy.canary, &strategy.blue_green) {
        (Some(canary), _) => [&canary.stable_service, &canary.canary_service],
        (None, Some(blue_green)) => [&blue_green.active_service, &blue_green.preview_service],
        (None, None) => return &rollout.metadata.name,
    };
    let mut named = [services[role as usize], services[0], services[1]].into_iter();
    let found = named.find(|name| !name.is_empty());
    found.map_or(rollout.metadata.name.as_str(), String::as_str)
}

/// The namespace that a manifest without one goes to.
pub fn namespace(rollout: &Rollout) -> &str {
    match rollout.metadata.namespace.as_str() {
        "" => "default",
        namespace => namespace,
    }
}

/// Stands for the pod-template hash.
pub fn template_hash(role: Role) -> &'static str {
    match role {
        Role::Stable => "5c8f9d7b64",
        Role::Canary => "7d4b6f98c5",
    }
}

/// The labels of a version's pods: the template's, the hash, and what the strategy adds while the version is
/// stable or new.
fn pod_labels(rollout: &Rollout, role: Role) -> Vec<(String, String)> {
    let mut labels: BTreeMap<String, String> = rollout.spec.template.metadata.labels.clone();
    labels.insert(
        "rollouts-pod-template-hash".to_owned(),
        template_hash(role).to_owned(),
    );
    let strategy = &rollout.spec.strategy;
    let metadata = match (role, &strategy.canary, &strategy.blue_green) {
        (Role::Stable, Some(canary), _) => canary.stable_metadata.as_ref(),
        (Role::Canary, Some(canary), _) => canary.canary_metadata.as_ref(),
        (Role::Stable, None, Some(blue_green)) => blue_green.active_metadata.as_ref(),
        (Role::Canary, None, Some(blue_green)) => blue_green.preview_metadata.as_ref(),
        (_, None, None) => None,
    };
    if let Some(metadata) = metadata {
        labels.extend(metadata.labels.clone());
    }
    labels.into_iter().collect()
}

/// All series of these columns on these pods. What has timestamps of its own is a target of its own: they follow
/// those of the pods, in their order.
pub fn universe(pods: &PodSlots, columns: &[ColumnSpec], targets: &BTreeSet<TargetId>) -> Universe {
    let mut series = Vec::new();
    let count = pods.identities.len();
    let Layout { scraped, stamped } = Layout::of(columns);
    for target in targets {
        let pod = &pods.identities[target.0 as usize];
        for (first, of_target) in [(0, &scraped), (count as u32, &stamped)] {
            let numbered = (0..).zip(of_target);
            series.extend(numbered.map(|(column, &spec)| SeriesDescriptor {
                labels: columns[spec as usize].series_labels(pod),
                target: TargetId(first + target.0),
                column,
            }));
        }
    }
    let mut widths = vec![scraped.len() as u32; count];
    if !stamped.is_empty() {
        widths.extend(vec![stamped.len() as u32; count]);
    }
    series.sort_by(|left, right| left.labels.cmp(&right.labels));
    Universe { series, widths }
}

/// Which columns a pod's two targets have: the scraped one, and the one with timestamps of its own.
#[derive(Debug)]
struct Layout {
    scraped: Vec<u32>,
    stamped: Vec<u32>,
}

impl Layout {
    fn of(columns: &[ColumnSpec]) -> Self {
        let numbered = (0..).zip(columns);
        let (stamped, scraped): (Vec<_>, Vec<_>) =
            numbered.partition(|(_, column)| column.stamped_every_ms().is_some());
        let numbers =
            |of: Vec<(u32, &ColumnSpec)>| of.into_iter().map(|(number, _)| number).collect();
        Self {
            scraped: numbers(scraped),
            stamped: numbers(stamped),
        }
    }
}

/// What a set of queries reads.
#[derive(Clone, Debug, Default)]
pub struct Reads {
    /// Places of the columns among all.
    columns: BTreeSet<u32>,
    /// How far back, in milliseconds, by role.
    pub lookback_ms: [Option<i64>; 2],
    /// How far back at the series of recording rules, in milliseconds, by the rule's number.
    pub rules: BTreeMap<usize, i64>,
    /// Whether some query looks at a fixed instant (`@ 1700000000`), which no virtual clock has.
    pub fixed_instant: bool,
}

/// Everything that queries can read: what pods export and what rules record of it.
#[derive(Debug)]
pub struct Everything<'a> {
    pods: &'a PodSlots,
    universe: Universe,
    layout: Layout,
    rules: RuleReads,
    /// Samples are seen this much later.
    lag_ms: i64,
}

impl<'a> Everything<'a> {
    /// What these pods export and these rules record.
    ///
    /// # Errors
    /// Rules that aren't simulated.
    pub fn new(
        pods: &'a PodSlots,
        columns: &[ColumnSpec],
        rules: &[Rule],
        settings: &Settings,
        lag_ms: i64,
    ) -> Result<Self, Vec<Unsupported>> {
        let all: BTreeSet<TargetId> = (0..pods.identities.len() as u32).map(TargetId).collect();
        let mut everything = Self {
            pods,
            universe: universe(pods, columns, &all),
            layout: Layout::of(columns),
            rules: RuleReads::default(),
            lag_ms,
        };
        let numbers = 0..rules.len();
        let compiled = rules::compile(rules, numbers, &mut everything.universe, settings)?;
        let by_target = RuleReads::new(&compiled, |_| Reads::default());
        let layout = Layout::of(columns);
        let reads_of = |program: &Program| reads_of(program, pods, &layout, &by_target);
        let reads = RuleReads::new(&compiled, reads_of);
        let problems = rules::refuse_fixed_instants(rules, &reads);
        if !problems.is_empty() {
            return Err(problems);
        }
        everything.rules = reads;
        Ok(everything)
    }

    /// Compiles a query against everything and notes what it reads.
    ///
    /// # Errors
    /// A query that can't be compiled.
    pub fn survey(&self, query: &Expr, settings: &Settings) -> Result<Reads, CompileRefusal> {
        let program = Program::compile(query, &self.universe, settings)?;
        let reads = reads_of(&program, self.pods, &self.layout, &self.rules);
        Ok(self.rules.resolved(reads, self.lag_ms))
    }
}

/// What a program reads by itself.
fn reads_of(program: &Program, pods: &PodSlots, layout: &Layout, rules: &RuleReads) -> Reads {
    let mut reads = Reads::default();
    // Any instant will do; the same intervals relative to another one prove that nothing is fixed.
    let (here, there) = (20_000_000_000, 20_000_123_457);
    for (read, later) in program.widest_reads(here).zip(program.widest_reads(there)) {
        reads.fixed_instant |= later.after - read.after != there - here;
        let length = here - read.after;
        if let Some(rule) = rules.number(read.target) {
            let lookback = reads.rules.entry(rule).or_insert(length);
            *lookback = (*lookback).max(length);
            continue;
        }
        let (pod, columns) = match read.target.0.checked_sub(pods.identities.len() as u32) {
            Some(pod) => (TargetId(pod), &layout.stamped),
            None => (read.target, &layout.scraped),
        };
        let columns = read.columns.iter().map(|&column| columns[column as usize]);
        reads.columns.extend(columns);
        let lookback = &mut reads.lookback_ms[pods.role(pod) as usize];
        *lookback = (*lookback).max(Some(length));
    }
    reads
}

impl Reads {
    /// Both together.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.columns.extend(&other.columns);
        for (mine, theirs) in self.lookback_ms.iter_mut().zip(other.lookback_ms) {
            *mine = (*mine).max(theirs);
        }
        for (&rule, &lookback) in &other.rules {
            let mine = self.rules.entry(rule).or_insert(lookback);
            *mine = (*mine).max(lookback);
        }
        self.fixed_instant |= other.fixed_instant;
        self
    }

    /// The same at any instant up to `by_ms` ago.
    #[must_use]
    pub fn further_back(mut self, by_ms: i64) -> Self {
        let lookbacks = self.lookback_ms.iter_mut().flatten();
        for lookback in lookbacks.chain(self.rules.values_mut()) {
            *lookback += by_ms;
        }
        self
    }

    /// The columns that are read.
    pub fn select(&self, columns: &[ColumnSpec]) -> Vec<ColumnSpec> {
        self.columns
            .iter()
            .map(|column| columns[*column as usize].clone())
            .collect()
    }

    /// Whether pods of this version are read at all.
    pub fn reads_role(&self, role: Role) -> bool {
        self.lookback_ms[role as usize].is_some()
    }

    /// What of a request or a pod the columns tell.
    pub fn signals(&self, columns: &[ColumnSpec]) -> Signals {
        let mut signals = Signals::default();
        for column in &self.columns {
            match &columns[*column as usize].source {
                ColumnSource::Requests {
                    statuses,
                    up_to_seconds,
                } => {
                    signals.requests = true;
                    signals.status |= statuses.len() == 1;
                    signals.latency |= up_to_seconds.is_finite();
                }
                ColumnSource::Memory | ColumnSource::StampedMemory { .. } => signals.memory = true,
                ColumnSource::Cpu => signals.cpu = true,
                ColumnSource::Restarts
                | ColumnSource::OomKilled
                | ColumnSource::Ready
                | ColumnSource::Constant(_) => signals.state = true,
                ColumnSource::Up => signals.up = true,
            }
        }
        signals
    }

    /// The targets whose pods are read.
    pub fn targets(&self, pods: &PodSlots) -> BTreeSet<TargetId> {
        (0..pods.identities.len() as u32)
            .map(TargetId)
            .filter(|target| self.reads_role(pods.role(*target)))
            .collect()
    }
}

/// Which properties of the service a query can see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent yes-or-no facts, each read by its name"
)]
pub struct Signals {
    /// Numbers of requests.
    pub requests: bool,
    /// Their status.
    pub status: bool,
    /// Their response time.
    pub latency: bool,
    /// Memory.
    pub memory: bool,
    /// Processor time.
    pub cpu: bool,
    /// Restarts and readiness, as the cluster tells them.
    pub state: bool,
    /// Whether targets answer.
    pub up: bool,
    /// What responses hold: only probes see it.
    pub content: bool,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{PodSlots, template_hash};
    use crate::manifest::rollout_types::Rollout;
    use crate::telemetry::targets::Role;

    fn label(strategy: &serde_json::Value, role: Role, name: &str) -> Option<String> {
        let rollout = json!({
            "metadata": {"name": "shop"},
            "spec": {
                "template": {"metadata": {"labels": {"app": "shop", "role": "none"}}},
                "strategy": strategy,
            },
        });
        let rollout = Rollout::from_json(&rollout).unwrap();
        let pods = PodSlots::new(&rollout, [2, 2]);
        let labels = pods.labels(role).iter();
        let mut found = labels.filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.clone())
    }

    /// During an update the new pods carry the canary's or preview's metadata, the old ones the stable's or
    /// active's (Argo Rollouts v1.9.1 ephemeralmetadata.go); replications end when that changes.
    #[test]
    fn pods_are_labelled_as_the_strategy_says_while_an_update_runs() {
        let canary = json!({"canary": {
            "canaryMetadata": {"labels": {"role": "canary"}},
            "stableMetadata": {"labels": {"role": "stable"}},
        }});
        let blue_green = json!({"blueGreen": {
            "activeService": "a",
            "previewMetadata": {"labels": {"role": "preview"}},
            "activeMetadata": {"labels": {"role": "active"}},
        }});
        let plain = json!({"canary": {}});
        let cases = [
            (&canary, Role::Canary, "canary"),
            (&canary, Role::Stable, "stable"),
            (&blue_green, Role::Canary, "preview"),
            (&blue_green, Role::Stable, "active"),
            (&plain, Role::Canary, "none"),
        ];
        for (strategy, role, expected) in cases {
            let found = label(strategy, role, "role");
            assert_eq!(found.as_deref(), Some(expected));
            let hash = label(strategy, role, "rollouts-pod-template-hash");
            assert_eq!(hash.as_deref(), Some(template_hash(role)));
            assert_eq!(label(strategy, role, "app").as_deref(), Some("shop"));
        }
    }
}
