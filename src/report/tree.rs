//! What `kubectl argo rollouts get rollout` draws: the Rollout's figures, and the tree of what it owns.
//!
//! Order, columns and icons are those of the plugin (Argo Rollouts v1.9.1
//! pkg/kubectl-argo-rollouts/cmd/get/get_rollout.go, info/), without colours.

use std::fmt::Write as _;

use super::trace::{Trace, clock};
use crate::engine::snapshot::{PodView, ReplicaSetView, RunView, Snapshot};

const OK: &str = "✔";
const BAD: &str = "✖";
const WARNING: &str = "⚠";
const UNKNOWN: &str = "?";
const PROGRESSING: &str = "◌";
const PAUSED: &str = "॥";
const NEUTRAL: &str = "•";

/// The rollout `at_ms` after the update, or at every change.
pub fn text(trace: &Trace, snapshots: &[Snapshot], at_ms: Option<i64>) -> String {
    let mut text = String::new();
    if let Some(invalid) = &trace.invalid_spec {
        super::text::invalid_spec(&mut text, invalid);
        return text;
    }
    if let Some(at_ms) = at_ms {
        let until = snapshots.partition_point(|snapshot| snapshot.at_ms <= at_ms);
        if let Some(snapshot) = until.checked_sub(1).and_then(|last| snapshots.get(last)) {
            text.push_str(&draw(snapshot, at_ms));
        }
        return text;
    }
    for (index, snapshot) in snapshots.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        let _ = writeln!(text, "--- {}", clock(seconds(snapshot.at_ms)));
        text.push_str(&draw(snapshot, snapshot.at_ms));
    }
    text
}

fn seconds(ms: i64) -> f64 {
    // Virtual times are far below 2^53 milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "no horizon is that long")]
    let ms = ms as f64;
    ms / 1_000.0
}

/// Draws the rollout as it stood `at_ms` after the update.
pub fn draw(snapshot: &Snapshot, at_ms: i64) -> String {
    let mut text = header(snapshot);
    let mut rows = vec![[
        "NAME".to_owned(),
        "KIND".to_owned(),
        "STATUS".to_owned(),
        "AGE".to_owned(),
        "INFO".to_owned(),
    ]];
    rows.push([
        format!("⟳ {}", snapshot.name),
        "Rollout".to_owned(),
        format!("{} {}", phase_icon(snapshot.phase), snapshot.phase),
        age(snapshot.created_ms, at_ms),
        String::new(),
    ]);
    let revisions = revisions(snapshot);
    for (index, revision) in revisions.iter().enumerate() {
        let branch = Branch::new("", index + 1 == revisions.len());
        add_revision(&mut rows, snapshot, *revision, &branch, at_ms);
    }
    text.push('\n');
    text.push_str(&columns(&rows));
    text
}

fn header(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "{label:<17}{value}");
    };
    line("Name:", &snapshot.name);
    line("Namespace:", &snapshot.namespace);
    let icon = phase_icon(snapshot.phase);
    line("Status:", &format!("{icon} {}", snapshot.phase));
    if !snapshot.message.is_empty() {
        line("Message:", &snapshot.message);
    }
    if let Some(canary) = snapshot.canary {
        line("Strategy:", "Canary");
        let step = canary.step.map(|(index, of)| format!("{index}/{of}"));
        line("  Step:", &step.unwrap_or_default());
        line("  SetWeight:", &canary.set_weight.to_string());
        line("  ActualWeight:", &canary.actual_weight.to_string());
    } else {
        line("Strategy:", "BlueGreen");
    }
    for (index, image) in images(snapshot).iter().enumerate() {
        line(if index == 0 { "Images:" } else { "" }, image);
    }
    let replicas = &snapshot.replicas;
    line("Replicas:", "");
    for (label, count) in [
        ("  Desired:", replicas.desired),
        ("  Current:", replicas.current),
        ("  Updated:", replicas.updated),
        ("  Ready:", replicas.ready),
        ("  Available:", replicas.available),
    ] {
        line(label, &count.to_string());
    }
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n") + "\n"
}

/// Images of running ReplicaSets in their own order, each with the tags of all that run it.
fn images(snapshot: &Snapshot) -> Vec<String> {
    let mut images: Vec<(&str, Vec<&str>)> = Vec::new();
    for rs in snapshot.replica_sets.iter().filter(|rs| rs.current > 0) {
        for image in &rs.images {
            match images.iter_mut().find(|(known, _)| known == image) {
                None => images.push((image, rs.tags.clone())),
                Some((_, tags)) => tags.extend(&rs.tags),
            }
        }
    }
    images.sort();
    let tagged = |(image, mut tags): (&str, Vec<&str>)| {
        tags.sort_unstable();
        tags.dedup();
        if tags.is_empty() {
            image.to_owned()
        } else {
            format!("{image} ({})", tags.join(", "))
        }
    };
    images.into_iter().map(tagged).collect()
}

fn revisions(snapshot: &Snapshot) -> Vec<u32> {
    let sets = snapshot.replica_sets.iter().map(|rs| rs.revision);
    let runs = snapshot.runs.iter().map(|run| run.revision);
    let mut revisions: Vec<u32> = sets.chain(runs).collect();
    revisions.sort_unstable_by_key(|revision| std::cmp::Reverse(*revision));
    revisions.dedup();
    revisions
}

/// How an entry and what is below it are indented.
struct Branch {
    own: String,
    below: String,
}

impl Branch {
    fn new(above: &str, last: bool) -> Self {
        let (own, below) = if last {
            ("└──", "   ")
        } else {
            ("├──", "│  ")
        };
        Self {
            own: format!("{above}{own}"),
            below: format!("{above}{below}"),
        }
    }
}

type Row = [String; 5];

fn add_revision(
    rows: &mut Vec<Row>,
    snapshot: &Snapshot,
    revision: u32,
    branch: &Branch,
    at_ms: i64,
) {
    let mut row = Row::default();
    row[0] = format!("{}# revision:{revision}", branch.own);
    " ".clone_into(&mut row[2]);
    rows.push(row);
    let of_revision = |rs: &&ReplicaSetView| rs.revision == revision;
    let sets: Vec<&ReplicaSetView> = snapshot.replica_sets.iter().filter(of_revision).collect();
    let mut runs: Vec<&RunView> = snapshot
        .runs
        .iter()
        .filter(|run| run.revision == revision)
        .collect();
    runs.sort_by(|left, right| {
        let by_age = left.created_ms.cmp(&right.created_ms);
        by_age.then_with(|| right.name.cmp(&left.name))
    });
    let total = sets.len() + runs.len();
    for (index, rs) in sets.iter().enumerate() {
        add_replica_set(
            rows,
            rs,
            &Branch::new(&branch.below, index + 1 == total),
            at_ms,
        );
    }
    for (index, run) in runs.iter().enumerate() {
        let branch = Branch::new(&branch.below, sets.len() + index + 1 == total);
        rows.push(run_row(run, &branch, at_ms));
    }
}

fn add_replica_set(rows: &mut Vec<Row>, rs: &ReplicaSetView, branch: &Branch, at_ms: i64) {
    let (icon, status) = if rs.available < rs.spec {
        (PROGRESSING, "Progressing")
    } else if rs.spec == 0 {
        (NEUTRAL, "ScaledDown")
    } else {
        (OK, "Healthy")
    };
    let mut info: Vec<String> = rs.tags.iter().map(|tag| (*tag).to_owned()).collect();
    if let Some(deadline) = rs.deadline_ms {
        info.push(if deadline < at_ms {
            "delay:passed".to_owned()
        } else {
            format!("delay:{}", human_duration(deadline - at_ms))
        });
    }
    rows.push([
        format!("{}⧉ {}", branch.own, rs.name),
        "ReplicaSet".to_owned(),
        format!("{icon} {status}"),
        age(rs.created_ms, at_ms),
        info.join(","),
    ]);
    for (index, pod) in rs.pods.iter().enumerate() {
        let branch = Branch::new(&branch.below, index + 1 == rs.pods.len());
        rows.push(pod_row(pod, &branch, at_ms));
    }
}

/// A pod counts as Running from its creation: nothing is known of images being pulled.
fn pod_row(pod: &PodView, branch: &Branch, at_ms: i64) -> Row {
    let ready = if pod.ready { pod.containers } else { 0 };
    let mut info = format!("ready:{ready}/{}", pod.containers);
    if pod.restarts > 0 {
        let _ = write!(info, ",restarts:{}", pod.restarts);
    }
    [
        format!("{}□ {}", branch.own, pod.name),
        "Pod".to_owned(),
        format!("{OK} Running"),
        age(pod.created_ms, at_ms),
        info,
    ]
}

fn run_row(run: &RunView, branch: &Branch, at_ms: i64) -> Row {
    let icons = [OK, BAD, UNKNOWN, WARNING];
    let counts = icons.iter().zip(run.measurements);
    let info: Vec<String> = counts
        .filter(|(_, count)| *count > 0)
        .map(|(icon, count)| format!("{icon} {count}"))
        .collect();
    [
        format!("{}α {}", branch.own, run.name),
        "AnalysisRun".to_owned(),
        format!("{} {}", run_icon(run.phase), run.phase),
        age(run.created_ms, at_ms),
        info.join(","),
    ]
}

fn phase_icon(phase: &str) -> &'static str {
    match phase {
        "Progressing" => PROGRESSING,
        "Paused" => PAUSED,
        "Healthy" => OK,
        "Degraded" => BAD,
        _ => " ",
    }
}

fn run_icon(phase: &str) -> &'static str {
    match phase {
        "Successful" => OK,
        "Failed" => BAD,
        "Error" => WARNING,
        "Running" => PROGRESSING,
        "Inconclusive" => UNKNOWN,
        _ => " ",
    }
}

fn age(created_ms: i64, at_ms: i64) -> String {
    human_duration(at_ms - created_ms)
}

/// As Kubernetes shows ages (apimachinery v0.34 duration.go `HumanDuration`).
fn human_duration(ms: i64) -> String {
    let seconds = ms / 1_000;
    let two = |large: i64, unit: char, small: i64, part: char| {
        if small == 0 {
            format!("{large}{unit}")
        } else {
            format!("{large}{unit}{small}{part}")
        }
    };
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    match () {
        () if seconds < -1 => "<invalid>".to_owned(),
        () if seconds < 0 => "0s".to_owned(),
        () if seconds < 120 => format!("{seconds}s"),
        () if minutes < 10 => two(minutes, 'm', seconds % 60, 's'),
        () if minutes < 180 => format!("{minutes}m"),
        () if hours < 8 => two(hours, 'h', minutes % 60, 'm'),
        () if hours < 48 => format!("{hours}h"),
        () if hours < 192 => two(hours / 24, 'd', hours % 24, 'h'),
        () if hours < 24 * 365 * 2 => format!("{}d", hours / 24),
        () if hours < 24 * 365 * 8 => two(hours / 24 / 365, 'y', hours / 24 % 365, 'd'),
        () => format!("{}y", hours / 24 / 365),
    }
}

/// Cells as wide as the widest of their column and two spaces.
fn columns(rows: &[Row]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0) + 2
    };
    let widths: Vec<usize> = (0..4).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:<width$}");
        }
        line.push_str(&row[4]);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::human_duration;

    #[test]
    fn ages_read_as_in_kubernetes() {
        let minute = 60;
        let hour = 3_600;
        let cases = [
            (0, "0s"),
            (119, "119s"),
            (2 * minute, "2m"),
            (2 * minute + 5, "2m5s"),
            (10 * minute + 5, "10m"),
            (179 * minute, "179m"),
            (3 * hour, "3h"),
            (3 * hour + 4 * minute, "3h4m"),
            (8 * hour + minute, "8h"),
            (48 * hour, "2d"),
            (49 * hour, "2d1h"),
            (200 * hour, "8d"),
            (24 * 366 * 2 * hour, "2y2d"),
            (24 * 365 * 9 * hour, "9y"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(human_duration(seconds * 1_000), expected);
        }
        assert_eq!(human_duration(-5_000), "<invalid>");
    }
}
