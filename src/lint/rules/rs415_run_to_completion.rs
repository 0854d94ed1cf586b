//! A workload that runs to completion is a Rollout.
//!
//! ## What it does
//!
//! Reports Rollouts whose containers open no port and have no probe, and whose command comes to its end (`sh -c "… ; exit 0"`, `sleep 60`, `manage.py migrate`), or whose name says so (`batch`, `cronjob`, `migration`, `backfill`, `etl`, `nightly`); and a `workloadRef` to a `Job` or `CronJob`. What `restartPolicy` gives away is RS002.
//!
//! ## Why it matters
//!
//! A Rollout keeps pods running: one that has done its work is started again, and again, as a crash loop. It gets no requests, so a weight sends it nothing, and an analysis of requests has nothing to look at.
//!
//! ## Example
//!
//! ```yaml
//! kind: Rollout
//! metadata:
//!   name: nightly-batch
//! spec:
//!   template:
//!     spec:
//!       containers:
//!       - name: main
//!         image: batch:1
//!         command: [sh, -c, "./import && exit 0"]
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! apiVersion: batch/v1
//! kind: CronJob
//! ```
//!
//! ## References
//!
//! - Kubernetes documentation, "Jobs": run to completion
//! - Argo Rollouts v1.9.1, `pkg/apis/rollouts/validation`: `restartPolicy` must be `Always`

use crate::diagnostics::{Location, Severity};
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::subject::{RolloutSubject, Subject};
use crate::manifest::yaml::Node;

/// The rule.
pub static RULE: Rule = Rule {
    code: "RS415",
    name: "run-to-completion",
    severity: Severity::Warning,
    source: include_str!("rs415_run_to_completion.rs"),
    check,
};

/// Parts of names of what runs to completion.
const NAMES: [&str; 7] = [
    "batch",
    "cronjob",
    "migration",
    "migrations",
    "backfill",
    "etl",
    "nightly",
];

/// Programs that end by themselves.
const ENDING: [&str; 8] = [
    "echo", "date", "true", "sleep", "curl", "wget", "pg_dump", "rake",
];

/// What changes a database's schema and ends.
const MIGRATIONS: [&str; 7] = [
    "manage.py migrate",
    "db:migrate",
    "flyway migrate",
    "alembic upgrade",
    "liquibase update",
    "prisma migrate",
    "migrate up",
];

const HELP: &str =
    "make it a Job or a CronJob; to try a new version of it first, run that on a part of the work";

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for rollout in &subject.rollouts {
        check_reference(rollout, findings);
        let containers = rollout
            .object
            .node
            .lookup("spec.template.spec.containers")
            .and_then(Node::as_sequence)
            .unwrap_or_default();
        let serves = |container: &Node| {
            let fields = ["ports", "readinessProbe", "livenessProbe", "startupProbe"];
            fields
                .iter()
                .any(|field| container.get(field).is_some_and(|node| !node.is_null()))
        };
        if containers.is_empty() || containers.iter().any(serves) {
            continue;
        }
        let source = rollout.object.source;
        let ends: Vec<Option<Location>> = containers
            .iter()
            .map(|container| ending(container).map(|node| node.span.in_source(source)))
            .collect();
        if let Some(Some(command)) = ends.first()
            && ends.iter().all(Option::is_some)
        {
            findings
                .report(*command, "this command comes to its end, and a Rollout starts it again for ever")
                .why("pods of a Rollout that have done their work count as crashed; they get no requests, so weights and analyses of requests mean nothing")
                .help(HELP);
        } else if let Some(word) = telling_name(&rollout.object.name) {
            findings
                .report(
                    rollout.place("metadata.name"),
                    format!("the name says {word}, and no container opens a port or has a probe: does it run to completion?"),
                )
                .severity(Severity::Info)
                .why("a Rollout keeps pods running: what has done its work is started again; it gets no requests, so weights and analyses of requests mean nothing")
                .help(HELP);
        }
    }
}

fn check_reference(rollout: &RolloutSubject<'_>, findings: &mut Findings) {
    let Some(reference) = &rollout.rollout.spec.workload_ref else {
        return;
    };
    if matches!(reference.kind.as_str(), "Job" | "CronJob") {
        findings
            .report(
                rollout.place("spec.workloadRef.kind"),
                format!("a {} runs to completion, and a Rollout can't take over from it", reference.kind),
            )
            .why("a Rollout keeps pods running, and takes its pod template from a Deployment, a ReplicaSet or a PodTemplate")
            .help("leave it what it is");
    }
}

fn telling_name(name: &str) -> Option<&'static str> {
    let mut parts = name.split(['-', '.', '_']);
    parts.find_map(|part| NAMES.into_iter().find(|word| *word == part))
}

/// The command of a container, if it comes to its end.
fn ending(container: &Node) -> Option<&Node> {
    let words = |field: &str| -> Vec<&str> {
        let list = container.get(field).and_then(Node::as_sequence);
        list.unwrap_or_default()
            .iter()
            .filter_map(Node::as_str)
            .collect()
    };
    let (command, args) = (words("command"), words("args"));
    // Arguments alone go to a program that the image names.
    if command.is_empty() {
        return None;
    }
    let all: Vec<&str> = command.iter().chain(&args).copied().collect();
    let node = ["command", "args"]
        .iter()
        .find_map(|field| container.get(field))?;
    let program = all.first()?.rsplit('/').next().unwrap_or_default();
    let script = match (program, all.get(1)) {
        ("sh" | "bash" | "ash", Some(flag)) if flag.starts_with('-') && flag.ends_with('c') => {
            (*all.get(2)?).to_owned()
        }
        _ => all.join(" "),
    };
    ends(&script).then_some(node)
}

/// Whether the last command of a script ends, and nothing before it goes on for ever.
fn ends(script: &str) -> bool {
    let goes_on = [
        "while ", "until ", "for ((;;", "tail -f", "tail -F", "infinity", "exec ", "wait",
    ];
    if goes_on.iter().any(|text| script.contains(text)) {
        return false;
    }
    if MIGRATIONS
        .iter()
        .any(|text| script.trim_end().contains(text))
    {
        return true;
    }
    let last = script
        .split(['\n', ';', '|', '&'])
        .map(str::trim)
        .rfind(|command| !command.is_empty() && !command.starts_with('#'))
        .unwrap_or_default();
    let mut words = last.split_whitespace();
    let program = words.next().unwrap_or_default();
    let program = program.rsplit('/').next().unwrap_or_default();
    // A sleep of hours is meant to be for ever.
    let seconds = words.next().and_then(|word| word.parse::<u64>().ok());
    match program {
        "exit" => true,
        "sleep" => seconds.is_some_and(|seconds| seconds < 600),
        _ => ENDING.contains(&program),
    }
}
