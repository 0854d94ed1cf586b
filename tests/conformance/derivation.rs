//! Public Rollouts without a scenario: those whose templates are known and ask Prometheus, web endpoints or Jobs run, or the real
//! system refuses them.
//!
//! A repository's files are one group (the file name up to the second `__`; versions from history, `@commit`,
//! are groups of their own). A Rollout counts if a template that it names lies in its group. The manifests lie
//! outside the repository, see [`super::corpus`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rollsim::diagnostics::{SourceMap, headline};
use rollsim::manifest::yaml::{Node, load};
use rollsim::montecarlo::progress::Progress;
use rollsim::study::failure::Failure;
use rollsim::study::request::{InputPath, RolloutChoice, RunRequest};
use serde_json::Value as Json;

use super::corpus::shared;

/// What a file of the corpus holds.
#[derive(Debug, Default)]
struct Held {
    /// Rollouts by name, with the templates that their strategies name.
    rollouts: Vec<(String, BTreeSet<String>, bool)>,
    /// Templates by name, with the providers of their metrics.
    templates: Vec<(String, BTreeSet<String>)>,
}

fn name_of(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn group_of(file: &Path) -> String {
    let name = name_of(file);
    let parts: Vec<&str> = name.split("__").collect();
    let commit = parts.get(2).filter(|part| part.starts_with('@'));
    [parts[0], parts[1], commit.copied().unwrap_or_default()].join("__")
}

fn held(file: &Path) -> Held {
    let mut held = Held::default();
    let Ok(text) = std::fs::read_to_string(file) else {
        return held;
    };
    let mut sources = SourceMap::new();
    let source = sources.add("manifest", text);
    let roots = load(&sources, source)
        .into_iter()
        .filter_map(|document| document.root);
    for root in roots.map(|root| Node::to_json(&root)) {
        let Some(name) = root.pointer("/metadata/name").and_then(Json::as_str) else {
            continue;
        };
        match root["kind"].as_str() {
            Some("Rollout") => {
                let mut named = BTreeSet::new();
                template_names(&root["spec"]["strategy"], &mut named);
                let is_patch = root["spec"].get("selector").is_none();
                held.rollouts.push((name.to_owned(), named, is_patch));
            }
            Some("AnalysisTemplate" | "ClusterAnalysisTemplate") => {
                let metrics = root["spec"]["metrics"].as_array();
                let providers = metrics.into_iter().flatten();
                let providers = providers.filter_map(|metric| metric["provider"].as_object());
                let providers = providers.flat_map(|provider| provider.keys().cloned());
                held.templates.push((name.to_owned(), providers.collect()));
            }
            _ => {}
        }
    }
    held
}

fn template_names(node: &Json, found: &mut BTreeSet<String>) {
    match node {
        Json::Object(fields) => {
            let name = fields.get("templateName").and_then(Json::as_str);
            found.extend(name.map(str::to_owned));
            fields
                .values()
                .for_each(|field| template_names(field, found));
        }
        Json::Array(items) => items.iter().for_each(|item| template_names(item, found)),
        _ => {}
    }
}

/// How many letters two names begin with in common: of templates with one name the nearest file is meant.
fn nearness(one: &Path, other: &Path) -> usize {
    let (one, other) = (one.to_string_lossy(), other.to_string_lossy());
    let pairs = one.chars().zip(other.chars());
    pairs.take_while(|(one, other)| one == other).count()
}

/// A Rollout with the files to run it from.
struct Case {
    rollout: String,
    files: Vec<PathBuf>,
    providers: BTreeSet<String>,
    is_patch: bool,
}

fn cases(folder: &Path) -> Vec<Case> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort();
    let mut groups: BTreeMap<String, Vec<(PathBuf, Held)>> = BTreeMap::new();
    for file in files {
        let held = held(&file);
        groups
            .entry(group_of(&file))
            .or_default()
            .push((file, held));
    }
    let mut cases = Vec::new();
    for group in groups.values() {
        for (file, held) in group {
            for (rollout, named, is_patch) in &held.rollouts {
                let mut case = Case {
                    rollout: rollout.clone(),
                    files: vec![file.clone()],
                    providers: BTreeSet::new(),
                    is_patch: *is_patch,
                };
                for name in named {
                    let holders = group.iter().flat_map(|(file, held)| {
                        let templates = held.templates.iter();
                        let same = templates.filter(|(template, _)| template == name);
                        same.map(move |(_, providers)| (file, providers))
                    });
                    let nearest = holders.max_by_key(|(holder, _)| nearness(holder, file));
                    let Some((holder, providers)) = nearest else {
                        continue;
                    };
                    case.providers.extend(providers.iter().cloned());
                    if !case.files.contains(holder) {
                        case.files.push(holder.clone());
                    }
                }
                if !case.providers.is_empty() {
                    cases.push(case);
                }
            }
        }
    }
    cases
}

/// What became of a case, and why.
fn outcome(case: &Case) -> (&'static str, String) {
    let inputs = case.files.iter().cloned().map(InputPath::Path);
    let request = RunRequest {
        rollouts: RolloutChoice::Named(case.rollout.clone()),
        replications: std::num::NonZeroU64::new(2),
        best_possible: false,
        ..RunRequest::of(inputs.collect())
    };
    match rollsim::study::run(&request, &Progress::new()) {
        Ok(report) => {
            let invalid = report.results[0].invalid_spec.as_ref();
            match invalid {
                Some(invalid) if case.is_patch => {
                    ("a patch, not a whole Rollout", invalid.message.clone())
                }
                Some(invalid) => ("refused by the controller", invalid.message.clone()),
                None => {
                    assert!(report.results[0].arms.len() > 1, "{}", case.rollout);
                    ("runs", String::new())
                }
            }
        }
        Err(Failure::Input {
            diagnostics,
            sources,
        }) => {
            let reason = headline(&diagnostics[0], &sources);
            if case.is_patch {
                ("a patch, not a whole Rollout", reason)
            } else if reason.contains("strict decoding error")
                || reason.contains("Invalid value")
                || reason.contains("Required value")
            {
                ("refused by the API server", reason)
            } else if reason.contains("experiment steps are not simulated") {
                ("has an experiment step", reason)
            } else {
                ("doesn't run", reason)
            }
        }
        Err(Failure::Undecided(diagnostic)) => ("doesn't run", diagnostic.message),
    }
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "the table is read by whoever runs the test with --nocapture"
)]
fn public_rollouts_run_without_a_scenario() {
    let Some(folder) = shared("corpus") else {
        return;
    };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut others: BTreeMap<String, usize> = BTreeMap::new();
    for case in cases(&folder) {
        let asks_others = case
            .providers
            .iter()
            .any(|provider| !["prometheus", "web", "job"].contains(&provider.as_str()));
        if asks_others {
            let providers: Vec<&str> = case.providers.iter().map(String::as_str).collect();
            *others.entry(providers.join(" and ")).or_default() += 1;
            continue;
        }
        let (outcome, reason) = outcome(&case);
        *counts.entry(outcome).or_default() += 1;
        if outcome != "runs" {
            let file = name_of(&case.files[0]);
            println!("{outcome}: {file}\n    {reason}");
        }
    }
    println!("ask prometheus, web endpoints or Jobs: {counts:?}\nask other providers: {others:?}");
    let count = |outcome: &str| counts.get(outcome).copied().unwrap_or_default();
    // What the real system refuses, nothing can run: its users are told what is wrong. Of all others only those
    // with experiment steps are left.
    let admitted = count("runs") + count("has an experiment step") + count("doesn't run");
    assert_eq!(count("doesn't run"), 0, "{counts:?}");
    assert!(
        admitted >= 75 && 100 * count("runs") >= 88 * admitted,
        "{counts:?}"
    );
}
