//! Every scenario of `scenarios/` says what it shows, and shows it.

use std::fs;
use std::path::{Path, PathBuf};

use super::support::{repository, rollsim};

/// Enough to decide what the scenarios expect, which is never close.
const REPLICATIONS: u32 = 400;

/// All scenario files below `folder`, in order.
fn scenarios_in(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    let mut found = Vec::new();
    for path in entries {
        if path.is_dir() {
            found.extend(scenarios_in(&path));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
            && fs::read_to_string(&path)
                .unwrap()
                .contains("\napiVersion: rollsim/v1\n")
        {
            found.push(path);
        }
    }
    found
}

#[test]
fn every_scenario_meets_its_expectations() {
    let scenarios = scenarios_in(&repository().join("scenarios"));
    assert!(scenarios.len() >= 30, "{scenarios:?}");
    let mut missed = Vec::new();
    for path in &scenarios {
        let shown = path.strip_prefix(repository()).unwrap().display();
        let ran = rollsim(&format!("check {shown} --replications {REPLICATIONS}"));
        if ran.code != 0 {
            missed.push(format!("{shown}\n{}", ran.shown()));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
