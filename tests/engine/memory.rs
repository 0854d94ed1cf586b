//! Passes that are remembered from one replication to the next change nothing.

use std::path::{Path, PathBuf};

use rollsim::engine::replicate::Replicator;

use super::support::{plan, scenario};

fn scenario_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            scenario_files(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
            && std::fs::read_to_string(&path)
                .unwrap()
                .contains("\napiVersion: rollsim/v1")
        {
            found.push(path);
        }
    }
}

/// Every arm of every scenario, with operators, routers, aborts and deadlines, and pods at random times.
#[test]
fn replications_are_the_same_with_and_without_memory() {
    let mut files = Vec::new();
    for family in [
        "article",
        "blue-green",
        "hazards",
        "low-traffic",
        "nginx-canary",
    ] {
        scenario_files(&scenario(family), &mut files);
    }
    assert!(files.len() > 20, "{files:?}");
    for file in files {
        let plan = plan(&file);
        for arm in &plan.arms {
            let mut remembering = Replicator::new(&plan, arm, 1);
            let mut forgetful = Replicator::new(&plan, arm, 1).without_memory();
            for index in 0..60 {
                let (one, other) = (remembering.run(index), forgetful.run(index));
                assert_eq!(one, other, "{} {} {index}", file.display(), arm.name);
            }
        }
    }
}
