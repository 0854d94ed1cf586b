//! Plans from scenario files, and questions to what was recorded.

use std::path::{Path, PathBuf};

use rollsim::engine::outcome::Replication;
use rollsim::engine::replicate::Replicator;
use rollsim::engine::trace::{Entry, Recorder, What};
use rollsim::plan::{Arm, Plan};
use rollsim::study::input;
use rollsim::study::prepare::{Prepared, prepare};
use rollsim::study::request::{InputPath, RolloutChoice};

/// A file under `scenarios/`.
pub fn scenario(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("scenarios")
        .join(path)
}

/// The plan of a scenario file.
pub fn plan(path: &Path) -> Plan {
    let inputs = input::read(&[InputPath::Path(path.to_owned())])
        .unwrap_or_else(|failure| panic!("{}: {failure:?}", path.display()));
    let rollouts = inputs.rollouts(&RolloutChoice::Default).unwrap();
    match prepare(&inputs, rollouts[0]).unwrap() {
        Prepared::Ready(ready) => ready.built.plan,
        Prepared::Invalid(invalid) => panic!("{}: {}", path.display(), invalid.message),
    }
}

/// A scenario and its Rollout written for one test.
pub fn plan_of(scenario: &str, manifests: &str) -> Plan {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scenario.yaml");
    std::fs::write(&path, scenario).unwrap();
    std::fs::write(folder.path().join("manifests.yaml"), manifests).unwrap();
    plan(&path)
}

/// The arm of this name.
pub fn arm<'p>(plan: &'p Plan, name: &str) -> &'p Arm {
    plan.arms.iter().find(|arm| arm.name == name).unwrap()
}

/// Replication `index` of an arm with everything that happened.
pub fn trace(plan: &Plan, name: &str, index: u64) -> (Replication, Story) {
    let (replication, recorder) = Replicator::new(plan, arm(plan, name), 1).trace(index);
    (replication, Story(recorder))
}

/// Everything that happened, in order.
pub struct Story(Recorder);

impl Story {
    /// All of it.
    pub fn entries(&self) -> &[Entry] {
        &self.0.entries
    }

    /// When people did this.
    pub fn acted(&self, wanted: &str) -> Vec<i64> {
        self.times(
            |what| matches!(what, What::Operator { action, effect: true } if action == wanted),
        )
    }

    /// When something happened.
    pub fn times(&self, happened: impl Fn(&What) -> bool) -> Vec<i64> {
        let entries = self.entries().iter();
        entries
            .filter(|entry| happened(&entry.what))
            .map(|entry| entry.at_ms)
            .collect()
    }

    /// When measurements were taken.
    pub fn measured(&self) -> Vec<i64> {
        self.times(|what| matches!(what, What::Measurement(_)))
    }

    /// Ready and wanted pods of the new version and the share of requests sent to it, at each change.
    pub fn pods(&self) -> impl Iterator<Item = Pods> + '_ {
        self.entries().iter().filter_map(|entry| match entry.what {
            What::Replicas {
                stable,
                canary,
                share,
            } => Some(Pods {
                at_ms: entry.at_ms,
                stable: (stable.ready, stable.spec),
                canary: (canary.ready, canary.spec),
                share,
            }),
            _ => None,
        })
    }

    /// The pods as of `at_ms`.
    pub fn pods_at(&self, at_ms: i64) -> Pods {
        self.pods()
            .take_while(|pods| pods.at_ms <= at_ms)
            .last()
            .unwrap()
    }

    /// The phases with their messages.
    pub fn phases(&self) -> Vec<String> {
        let entries = self.entries().iter();
        entries
            .filter_map(|entry| match &entry.what {
                What::Phase { phase, message } => Some(format!("{phase}: {message}")),
                _ => None,
            })
            .collect()
    }
}

/// Ready pods and wanted pods.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pods {
    pub at_ms: i64,
    pub stable: (i32, i32),
    pub canary: (i32, i32),
    /// Of the requests, to the new version.
    pub share: f64,
}

impl Pods {
    /// Whether the new version is sent this share of requests.
    pub fn serves(&self, share: f64) -> bool {
        (self.share - share).abs() < 1e-9
    }
}
