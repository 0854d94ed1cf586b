//! What a pod exports: the scenario's metrics as columns of a scrape's row.
//!
//! Client libraries create a labelled child at its first increment, and all buckets of a histogram child at
//! once: such a column is missing until then, which is why a query can find nothing (spec promql §10.3).

use crate::promql::head::STALE;
use crate::promql::labels::{Labels, METRIC_NAME};
use crate::scenario::model::{Fact, LabelValue, LatencyUnit, Metric, MetricKind};
use crate::world::latency::Cells;
use crate::world::requests::{STATUSES, Status};

/// One series that every pod exports.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnSpec {
    /// The metric's name, with the suffix of a histogram.
    pub name: String,
    /// Its labels besides those of the target.
    pub labels: Vec<(String, LabelValue)>,
    /// What its value is.
    pub source: ColumnSource,
    /// Whether it is there before its first increment.
    pub from_start: bool,
}

/// Where a column's value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnSource {
    /// Number of requests.
    Requests {
        /// With one of these statuses …
        statuses: Vec<Status>,
        /// … and a response time of at most so many seconds.
        up_to_seconds: f64,
    },
    /// Resident memory in bytes.
    Memory,
    /// Processor seconds.
    Cpu,
    /// Restarts of the container.
    Restarts,
    /// 1 once the container was killed for want of memory.
    OomKilled,
    /// 1 while the pod is ready, else 0.
    Ready,
    /// Always this.
    Constant(f64),
    /// The same, as the exporter saw it when it last looked: the sample has that time.
    StampedMemory {
        /// How often it looks, milliseconds.
        every_ms: i64,
    },
    /// 1 if the scrape succeeded, else 0: Prometheus adds it itself.
    Up,
}

/// All columns of these metrics, and `up`.
pub fn columns(metrics: &[Metric]) -> Vec<ColumnSpec> {
    let mut columns: Vec<ColumnSpec> = metrics.iter().flat_map(metric_columns).collect();
    if !columns
        .iter()
        .any(|column| column.source == ColumnSource::Up)
    {
        columns.push(ColumnSpec {
            name: "up".to_owned(),
            labels: Vec::new(),
            source: ColumnSource::Up,
            from_start: true,
        });
    }
    columns
}

fn metric_columns(metric: &Metric) -> Vec<ColumnSpec> {
    let of_pod = |source: ColumnSource| {
        let column = |labels| ColumnSpec {
            name: metric.name.clone(),
            labels,
            source: source.clone(),
            from_start: true,
        };
        each(metric.labels.clone())
            .into_iter()
            .map(column)
            .collect()
    };
    match &metric.kind {
        MetricKind::Memory => of_pod(match metric.own_timestamps {
            Some(every) => ColumnSource::StampedMemory {
                every_ms: every.as_millis_floor(),
            },
            None => ColumnSource::Memory,
        }),
        MetricKind::Cpu => of_pod(ColumnSource::Cpu),
        MetricKind::Restarts => of_pod(ColumnSource::Restarts),
        MetricKind::OomKilled => of_pod(ColumnSource::OomKilled),
        MetricKind::Ready => of_pod(ColumnSource::Ready),
        MetricKind::Constant { value } => of_pod(ColumnSource::Constant(*value)),
        MetricKind::Up => of_pod(ColumnSource::Up),
        MetricKind::Requests => children(metric, &Status::ALL)
            .into_iter()
            .map(|(statuses, labels)| column(metric, "", labels, statuses, f64::INFINITY))
            .collect(),
        MetricKind::FailedRequests => children(metric, &[Status::Failure])
            .into_iter()
            .map(|(statuses, labels)| column(metric, "", labels, statuses, f64::INFINITY))
            .collect(),
        MetricKind::LatencyHistogram { buckets, unit } => {
            let mut columns = Vec::new();
            for (statuses, labels) in children(metric, &Status::ALL) {
                for bound in buckets.iter().copied().chain([f64::INFINITY]) {
                    let mut labels = labels.clone();
                    let le = bucket_label(bound, *unit);
                    labels.push(("le".to_owned(), LabelValue::Literal(le)));
                    columns.push(column(metric, "_bucket", labels, statuses.clone(), bound));
                }
                columns.push(column(metric, "_count", labels, statuses, f64::INFINITY));
            }
            columns
        }
    }
}

fn column(
    metric: &Metric,
    suffix: &str,
    labels: Vec<(String, LabelValue)>,
    statuses: Vec<Status>,
    up_to_seconds: f64,
) -> ColumnSpec {
    ColumnSpec {
        name: format!("{}{suffix}", metric.name),
        labels,
        source: ColumnSource::Requests {
            statuses,
            up_to_seconds,
        },
        from_start: metric.children_from_start,
    }
}

/// A labelled child: the statuses that it counts and its labels.
type Child = (Vec<Status>, Vec<(String, LabelValue)>);

/// One child per status where a label shows it, otherwise one for all; each once per value of other labels.
fn children(metric: &Metric, counted: &[Status]) -> Vec<Child> {
    let shows_status =
        |value: &LabelValue| matches!(value, LabelValue::Status | LabelValue::ByStatus(_));
    let of_status = |statuses: &[Status], status: Status| {
        let labels = metric.labels.iter().map(|(name, value)| {
            let value = match value {
                LabelValue::Status => LabelValue::Literal(status.code().to_owned()),
                LabelValue::ByStatus(texts) => LabelValue::Literal(texts[status as usize].clone()),
                other => other.clone(),
            };
            (name.clone(), value)
        });
        let alike = each(labels.collect()).into_iter();
        alike
            .map(|labels| (statuses.to_vec(), labels))
            .collect::<Vec<Child>>()
    };
    if metric.labels.iter().any(|(_, value)| shows_status(value)) {
        let one = |status: &Status| of_status(&[*status], *status);
        counted.iter().flat_map(one).collect()
    } else {
        of_status(counted, Status::Success)
    }
}

/// The label sets that a label with several values stands for.
fn each(labels: Vec<(String, LabelValue)>) -> Vec<Vec<(String, LabelValue)>> {
    let mut sets = vec![Vec::with_capacity(labels.len())];
    for (name, value) in labels {
        let values = match value {
            LabelValue::Each(values) => values.into_iter().map(LabelValue::Literal).collect(),
            other => vec![other],
        };
        let with = |set: &Vec<(String, LabelValue)>| {
            let extended = |value: &LabelValue| {
                let mut set = set.clone();
                set.push((name.clone(), value.clone()));
                set
            };
            values.iter().map(extended).collect::<Vec<_>>()
        };
        sets = sets.iter().flat_map(with).collect();
    }
    sets
}

/// A bound as client libraries print it: `0.005`, `1`, `+Inf`.
fn bucket_label(bound_seconds: f64, unit: LatencyUnit) -> String {
    if bound_seconds.is_infinite() {
        return "+Inf".to_owned();
    }
    match unit {
        LatencyUnit::Seconds => format!("{bound_seconds}"),
        // Bounds are whole nanoseconds.
        LatencyUnit::Milliseconds => format!("{}", (bound_seconds * 1e9).round() / 1e6),
    }
}

/// The labels of one pod's series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodIdentity {
    /// `job`, `instance`, `namespace`, `pod`.
    pub target: Vec<(String, String)>,
    /// `canary` or `stable`.
    pub role: String,
    /// The pod's own labels.
    pub labels: Vec<(String, String)>,
    /// What else manifests say of it.
    pub facts: Vec<(Fact, String)>,
}

impl ColumnSpec {
    /// How often the exporter stamps a new sample, milliseconds; none where samples have the scrape's time.
    pub fn stamped_every_ms(&self) -> Option<i64> {
        match self.source {
            ColumnSource::StampedMemory { every_ms } => Some(every_ms),
            _ => None,
        }
    }

    /// All labels of this column's series on a pod.
    pub fn series_labels(&self, pod: &PodIdentity) -> Labels {
        let mut labels = Labels::new(pod.target.iter().cloned());
        for (name, value) in &self.labels {
            let value = match value {
                LabelValue::Literal(text) => text.as_str(),
                LabelValue::Role => pod.role.as_str(),
                LabelValue::ByRole(texts) => texts[usize::from(pod.role == "canary")].as_str(),
                // Split into one child per status or value before.
                LabelValue::Status | LabelValue::ByStatus(_) | LabelValue::Each(_) => "",
                LabelValue::Fact(fact) => pod
                    .facts
                    .iter()
                    .find(|(known, _)| known == fact)
                    .map_or("", |(_, text)| text),
                LabelValue::PodLabel(label) => pod
                    .labels
                    .iter()
                    .find(|(name, _)| name == label)
                    .map_or("", |(_, value)| value),
            };
            labels.set(name, value);
        }
        labels.set(METRIC_NAME, &self.name);
        labels
    }
}

/// How a row is filled from counts per atom.
#[derive(Clone, Debug)]
pub struct RowPlan {
    width: usize,
    chains: Vec<Chain>,
    /// Columns that appear together at their first increment.
    births: Vec<Birth>,
    memory: Vec<usize>,
    cpu: Vec<usize>,
    /// What kube-state-metrics tells, whether or not the pod itself answers.
    states: Vec<(usize, PodState)>,
    up: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
enum PodState {
    Restarts,
    OomKilled,
    Ready,
    Constant(f64),
}

/// A process at the time of a scrape.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gauges {
    /// Resident memory, if a column needs it.
    pub memory_bytes: f64,
    /// Processor seconds since the start, without those that requests cost.
    pub idle_cpu_seconds: f64,
    /// Processor seconds that a request costs.
    pub cpu_seconds_per_request: f64,
    /// How often the container has started again.
    pub restarts: u32,
}

/// Counters that share almost all of their atoms, as neighbouring buckets do: each is the one before it and
/// some more.
#[derive(Clone, Debug, Default)]
struct Chain {
    /// The column that the first starts from, if it doesn't start from 0.
    base: Option<usize>,
    /// Columns that hold as much as the base.
    copies: Vec<usize>,
    additions: Vec<Addition>,
}

/// One atom more. The counter's column holds the sum so far, so that its last atom completes it.
#[derive(Clone, Copy, Debug)]
struct Addition {
    atom: u16,
    column: u16,
}

#[derive(Clone, Debug)]
struct Birth {
    atoms: Vec<u16>,
    columns: Vec<usize>,
}

impl RowPlan {
    /// Compiles the columns of a row, those without own timestamps; the bounds of all its buckets must be bounds of `cells`.
    pub fn new(columns: &[ColumnSpec], cells: &Cells) -> Self {
        let columns = columns.iter();
        let columns = columns.filter(|column| column.stamped_every_ms().is_none());
        let mut plan = Self {
            width: 0,
            chains: Vec::new(),
            births: Vec::new(),
            memory: Vec::new(),
            cpu: Vec::new(),
            states: Vec::new(),
            up: Vec::new(),
        };
        let mut atoms_of: Vec<(usize, Vec<u16>)> = Vec::new();
        for (index, column) in columns.enumerate() {
            plan.width += 1;
            match &column.source {
                ColumnSource::StampedMemory { .. } => {}
                ColumnSource::Memory => plan.memory.push(index),
                ColumnSource::Cpu => plan.cpu.push(index),
                ColumnSource::Restarts => plan.states.push((index, PodState::Restarts)),
                ColumnSource::OomKilled => plan.states.push((index, PodState::OomKilled)),
                ColumnSource::Ready => plan.states.push((index, PodState::Ready)),
                ColumnSource::Constant(value) => {
                    plan.states.push((index, PodState::Constant(*value)));
                }
                ColumnSource::Up => plan.up.push(index),
                ColumnSource::Requests {
                    statuses,
                    up_to_seconds,
                } => {
                    let atoms = atoms(statuses, *up_to_seconds, cells);
                    let (base, added) = as_difference(&atoms, &atoms_of);
                    plan.add_counter(index, base, &added);
                    atoms_of.push((index, atoms));
                    if !column.from_start {
                        plan.add_birth(index, &self::atoms(statuses, f64::INFINITY, cells));
                    }
                }
            }
        }
        plan
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Whether a column counts requests.
    pub fn counts_requests(&self, column: u32) -> bool {
        self.chains.iter().any(|chain| {
            let mut additions = chain.additions.iter();
            chain.copies.contains(&(column as usize))
                || additions.any(|addition| u32::from(addition.column) == column)
        })
    }

    /// Number of groups of columns that appear together.
    pub fn births(&self) -> usize {
        self.births.len()
    }

    /// Whether any column needs the processor time.
    pub fn reads_cpu(&self) -> bool {
        !self.cpu.is_empty()
    }

    /// Whether any column needs the memory.
    pub fn reads_memory(&self) -> bool {
        !self.memory.is_empty()
    }

    /// Adds the counter that counts what the column `base` does, if any, and `atoms`.
    fn add_counter(&mut self, column: usize, base: Option<usize>, atoms: &[u16]) {
        let end = |chain: &Chain| chain.additions.last().map(|last| usize::from(last.column));
        let follows = self.chains.last().and_then(end) == base && base.is_some();
        if !follows || atoms.is_empty() {
            self.chains.push(Chain {
                base,
                ..Chain::default()
            });
        }
        let Some(chain) = self.chains.last_mut() else {
            return;
        };
        if atoms.is_empty() {
            chain.copies.push(column);
        }
        let column = column as u16;
        let additions = atoms.iter().map(|&atom| Addition { atom, column });
        chain.additions.extend(additions);
    }

    fn add_birth(&mut self, column: usize, atoms: &[u16]) {
        match self.births.iter_mut().find(|birth| birth.atoms == atoms) {
            Some(birth) => birth.columns.push(column),
            None => self.births.push(Birth {
                atoms: atoms.to_vec(),
                columns: vec![column],
            }),
        }
    }

    /// Fills the row of a successful scrape from the counts since the process started.
    ///
    /// `born` remembers which groups exist; once there, a child stays for the life of its process.
    pub fn fill(&self, counts: &[u64], gauges: Gauges, born: &mut [bool], row: &mut [f64]) {
        for chain in &self.chains {
            // Counts are far below 2^53, so that floats hold them exactly; signed numbers convert faster.
            let mut sum = chain.base.map_or(0, |base| row[base] as i64);
            for &column in &chain.copies {
                row[column] = sum as f64;
            }
            for addition in &chain.additions {
                sum += counts[usize::from(addition.atom)].cast_signed();
                row[usize::from(addition.column)] = sum as f64;
            }
        }
        for (birth, born) in self.births.iter().zip(born) {
            if !*born {
                *born = birth
                    .atoms
                    .iter()
                    .any(|atom| counts[usize::from(*atom)] > 0);
            }
            if !*born {
                for column in &birth.columns {
                    row[*column] = STALE;
                }
            }
        }
        for column in &self.memory {
            row[*column] = gauges.memory_bytes;
        }
        for column in &self.cpu {
            let requests: u64 = counts.iter().sum();
            row[*column] =
                gauges.idle_cpu_seconds + requests as f64 * gauges.cpu_seconds_per_request;
        }
        self.fill_states(gauges.restarts, 1.0, row);
        for column in &self.up {
            row[*column] = 1.0;
        }
    }

    /// Fills the row of a scrape that failed: every series of the pod gets a staleness marker, `up` is 0.
    ///
    /// `ready`: 1 if the pod is ready nevertheless, else 0.
    pub fn fill_failed(&self, restarts: u32, ready: f64, row: &mut [f64]) {
        row.fill(STALE);
        self.fill_states(restarts, ready, row);
        for column in &self.up {
            row[*column] = 0.0;
        }
    }

    fn fill_states(&self, restarts: u32, ready: f64, row: &mut [f64]) {
        for (column, state) in &self.states {
            row[*column] = match state {
                PodState::Restarts => f64::from(restarts),
                PodState::OomKilled if restarts == 0 => STALE,
                PodState::OomKilled => 1.0,
                PodState::Ready => ready,
                PodState::Constant(value) => *value,
            };
        }
    }

    /// Fills the row after which the target is gone: everything gets a staleness marker.
    pub fn fill_gone(&self, row: &mut [f64]) {
        row.fill(STALE);
    }
}

fn atoms(statuses: &[Status], up_to_seconds: f64, cells: &Cells) -> Vec<u16> {
    let below = cells.below(up_to_seconds);
    let first = |status: &Status| *status as usize * cells.count();
    let mut atoms: Vec<u16> = statuses
        .iter()
        .map(first)
        .flat_map(|first| (first..first + below).map(|atom| atom as u16))
        .collect();
    atoms.sort_unstable();
    atoms
}

/// The column as the largest earlier column that it contains, plus the rest. A base that can be missing is
/// fine: bases are filled before births are looked at.
fn as_difference(atoms: &[u16], earlier: &[(usize, Vec<u16>)]) -> (Option<usize>, Vec<u16>) {
    let contained =
        |(_, candidate): &&(usize, Vec<u16>)| candidate.iter().all(|atom| atoms.contains(atom));
    let base = earlier
        .iter()
        .filter(contained)
        .max_by_key(|(_, candidate)| candidate.len());
    match base {
        Some((base, contained)) => {
            let added = atoms.iter().filter(|atom| !contained.contains(atom));
            (Some(*base), added.copied().collect())
        }
        None => (None, atoms.to_vec()),
    }
}

/// The number of atoms that these cells make.
pub fn atom_count(cells: &Cells) -> usize {
    STATUSES * cells.count()
}

#[cfg(test)]
mod tests {
    use super::{PodIdentity, RowPlan, atom_count, columns};
    use crate::promql::head::{STALE, is_sample};
    use crate::scenario::model::{LabelValue, Metric, MetricKind};
    use crate::world::latency::Cells;

    fn metrics(from_start: bool) -> Vec<Metric> {
        let label = |name: &str, value| (name.to_owned(), value);
        vec![
            Metric {
                name: "http_requests_total".to_owned(),
                kind: MetricKind::Requests,
                labels: vec![
                    label("status", LabelValue::Status),
                    label("version", LabelValue::PodLabel("version".to_owned())),
                ],
                children_from_start: from_start,
                own_timestamps: None,
            },
            Metric {
                name: "duration_seconds".to_owned(),
                kind: MetricKind::LatencyHistogram {
                    buckets: vec![0.1, 1.0],
                    unit: super::LatencyUnit::Seconds,
                },
                labels: vec![label("role", LabelValue::Role)],
                children_from_start: from_start,
                own_timestamps: None,
            },
        ]
    }

    fn fill(plan: &RowPlan, counts: &[u64]) -> Vec<f64> {
        let mut row = vec![0.0; plan.width()];
        plan.fill(
            counts,
            super::Gauges::default(),
            &mut vec![false; plan.births()],
            &mut row,
        );
        row
    }

    #[test]
    fn status_counts_and_histogram_count_agree() {
        let cells = Cells::new(vec![0.1, 0.5, 1.0]);
        let plan = RowPlan::new(&columns(&metrics(true)), &cells);
        assert_eq!(atom_count(&cells), 8);
        // Columns: 200, 500, le 0.1, le 1, le +Inf, count, up.
        let row = fill(&plan, &[1, 2, 3, 4, 10, 20, 30, 40]);
        assert_eq!(row, [10.0, 100.0, 11.0, 66.0, 110.0, 110.0, 1.0]);
    }

    #[test]
    fn children_are_born_at_their_first_increment_and_buckets_together() {
        let plan = RowPlan::new(&columns(&metrics(false)), &Cells::new(vec![0.1, 0.5, 1.0]));
        let row = fill(&plan, &[0; 8]);
        assert!(
            row[..6]
                .iter()
                .all(|cell| cell.to_bits() == STALE.to_bits())
        );
        let row = fill(&plan, &[0, 0, 0, 1, 0, 0, 0, 0]);
        assert_eq!(
            row.iter().map(|cell| is_sample(*cell)).collect::<Vec<_>>(),
            [true, false, true, true, true, true, true]
        );
        assert_eq!(row[2..6], [0.0, 0.0, 1.0, 1.0]);
    }

    #[test]
    fn labels_come_from_the_target_the_pod_and_the_scenario() {
        let pod = PodIdentity {
            target: vec![("pod".to_owned(), "api-1".to_owned())],
            role: "canary".to_owned(),
            labels: vec![("version".to_owned(), "canary".to_owned())],
            facts: Vec::new(),
        };
        let shown: Vec<String> = columns(&metrics(true))
            .iter()
            .map(|column| column.series_labels(&pod).to_string())
            .collect();
        assert_eq!(
            shown[1],
            r#"{__name__="http_requests_total", pod="api-1", status="500", version="canary"}"#
        );
        assert_eq!(
            shown[4],
            r#"{__name__="duration_seconds_bucket", le="+Inf", pod="api-1", role="canary"}"#
        );
        let unlabelled = PodIdentity {
            labels: Vec::new(),
            ..pod
        };
        assert_eq!(
            columns(&metrics(true))[0]
                .series_labels(&unlabelled)
                .get("version"),
            ""
        );
    }

    #[test]
    fn labels_with_several_values_make_a_series_each() {
        let metric = Metric {
            name: "mesh_requests_total".to_owned(),
            kind: MetricKind::Requests,
            labels: vec![
                (
                    "reporter".to_owned(),
                    LabelValue::Each(vec!["source".to_owned(), "destination".to_owned()]),
                ),
                (
                    "class".to_owned(),
                    LabelValue::ByStatus(["2xx".to_owned(), "5xx".to_owned()]),
                ),
                (
                    "service".to_owned(),
                    LabelValue::ByRole(["old".to_owned(), "new".to_owned()]),
                ),
            ],
            children_from_start: true,
            own_timestamps: None,
        };
        let pod = PodIdentity {
            role: "canary".to_owned(),
            ..PodIdentity::default()
        };
        let columns = columns(&[metric]);
        let shown: Vec<String> = columns[..4]
            .iter()
            .map(|column| {
                let labels = column.series_labels(&pod);
                ["reporter", "class", "service"]
                    .map(|name| labels.get(name).to_owned())
                    .join(" ")
            })
            .collect();
        assert_eq!(
            shown,
            [
                "source 2xx new",
                "destination 2xx new",
                "source 5xx new",
                "destination 5xx new"
            ]
        );
        let plan = RowPlan::new(&columns, &Cells::new(Vec::new()));
        assert_eq!(fill(&plan, &[30, 4])[..4], [30.0, 30.0, 4.0, 4.0]);
    }

    #[test]
    fn failed_requests_are_counted_alone_and_bounds_have_their_unit() {
        let failed = Metric {
            name: "errors_total".to_owned(),
            kind: MetricKind::FailedRequests,
            labels: Vec::new(),
            children_from_start: true,
            own_timestamps: None,
        };
        let slow = Metric {
            name: "latency_ms".to_owned(),
            kind: MetricKind::LatencyHistogram {
                buckets: vec![0.000_5, 2.5],
                unit: super::LatencyUnit::Milliseconds,
            },
            ..failed.clone()
        };
        let columns = columns(&[failed, slow]);
        let plan = RowPlan::new(&columns, &Cells::new(vec![0.000_5, 2.5]));
        assert_eq!(fill(&plan, &[100, 100, 100, 1, 2, 3])[..1], [6.0]);
        let bounds: Vec<String> = columns[1..4]
            .iter()
            .map(|column| {
                let labels = column.series_labels(&PodIdentity::default());
                labels.get("le").to_owned()
            })
            .collect();
        assert_eq!(bounds, ["0.5", "2500", "+Inf"]);
    }
}
