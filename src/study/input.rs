//! What a request names: a scenario, if any, and the manifests.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::diagnostics::{Diagnostic, SourceMap, did_you_mean};
use crate::manifest::rollout_types::Rollout;
use crate::manifest::schema::FieldValidation;
use crate::manifest::source::{Manifests, Object, STDIN_PATH, SkipReason, Skipped};
use crate::report::model::{FindingEntry, Input};
use crate::scenario::decode::{self, OtherManifests};
use crate::scenario::model::Scenario;

use super::failure::Failure;
use super::request::{InputPath, RolloutChoice};

/// Everything that was read.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// The scenario.
    pub scenario: Scenario,
    /// Its file as given; `None` where none was given.
    pub scenario_file: Option<String>,
    /// Whether the scenario counts; otherwise one is derived from the manifests.
    is_scenario_given: bool,
    /// The scenario file's text and name.
    scenario_sources: SourceMap,
    /// The manifests that passed the API server's gate.
    pub manifests: Manifests,
    /// Where they were looked for.
    paths: Vec<PathBuf>,
}

/// Reads the inputs of a request.
pub fn read(inputs: &[InputPath]) -> Result<Inputs, Failure> {
    let (scenarios, mut paths) = sort(inputs);
    if let [first, second, ..] = scenarios.as_slice() {
        let (first, second) = (first.display(), second.display());
        let message = format!("there are two scenarios: {first} and {second}");
        return Err(Failure::request(
            Diagnostic::error(message).with_help("give one scenario at a time"),
        ));
    }
    let others = if paths.is_empty() {
        OtherManifests::None
    } else {
        OtherManifests::Given
    };
    let mut scenario_sources = SourceMap::new();
    let (scenario, scenario_file) = match scenarios.first() {
        None => (Scenario::with_defaults(Vec::new()), None),
        Some(path) => match decode::load(path, &mut scenario_sources, others) {
            Ok(scenario) => (scenario, Some(path.display().to_string())),
            Err(diagnostics) => {
                return Err(Failure::Input {
                    diagnostics,
                    sources: scenario_sources,
                });
            }
        },
    };
    paths.splice(0..0, scenario.manifests.iter().cloned());
    let mut manifests = Manifests::read(&paths, &mut std::io::stdin().lock());
    manifests.admit(FieldValidation::Strict);
    if !manifests.is_valid() {
        let Manifests {
            diagnostics,
            sources,
            ..
        } = manifests;
        return Err(Failure::Input {
            diagnostics,
            sources,
        });
    }
    Ok(Inputs {
        scenario,
        is_scenario_given: scenario_file.is_some(),
        scenario_file,
        scenario_sources,
        manifests,
        paths,
    })
}

/// Scenario files, and what holds manifests.
pub(super) fn sort(inputs: &[InputPath]) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let (mut scenarios, mut manifests) = (Vec::new(), Vec::new());
    for input in inputs {
        match input {
            InputPath::Stdin => manifests.push(PathBuf::from(STDIN_PATH)),
            InputPath::Path(path) if is_scenario_file(path) => scenarios.push(path.clone()),
            InputPath::Path(path) => manifests.push(path.clone()),
        }
    }
    (scenarios, manifests)
}

/// Whether a file is a scenario, by its `apiVersion`; broken files are read again where errors are shown.
fn is_scenario_file(path: &std::path::Path) -> bool {
    let Ok(text) = std::fs::read_to_string(path) else {
        return false;
    };
    text.lines().any(|line| {
        let value = line
            .strip_prefix("apiVersion:")
            .map(|value| value.trim_matches([' ', '"', '\'']));
        value.is_some_and(|value| value.starts_with("rollsim/"))
    })
}

impl Inputs {
    /// Whether somebody gave the scenario; otherwise one is derived from the manifests.
    pub fn is_scenario_given(&self) -> bool {
        self.is_scenario_given
    }

    /// Takes this scenario instead of the one that was given or would be derived.
    pub fn give_scenario(&mut self, scenario: Scenario) {
        self.scenario = scenario;
        self.is_scenario_given = true;
    }

    /// Every file that was read, with its checksum.
    pub fn files(&self) -> Vec<Input> {
        let sources = self
            .scenario_sources
            .iter()
            .chain(self.manifests.sources.iter());
        let entry = |(_, source): (_, &crate::diagnostics::Source)| Input {
            file: source.name().to_owned(),
            sha256: hexadecimal(&Sha256::digest(source.text().as_bytes())),
        };
        sources.map(entry).collect()
    }

    /// A failure whose places lie in the manifests.
    pub fn failure(&self, diagnostics: Vec<Diagnostic>) -> Failure {
        Failure::Input {
            diagnostics,
            sources: self.manifests.sources.clone(),
        }
    }

    /// The Rollouts that a request asks for.
    pub fn rollouts(&self, choice: &RolloutChoice) -> Result<Vec<&Object>, Failure> {
        let all: Vec<&Object> = self.manifests.of_kind("Rollout").collect();
        if all.is_empty() {
            return Err(self.failure(vec![self.no_rollout()]));
        }
        let wanted = match choice {
            RolloutChoice::All => None,
            RolloutChoice::Named(name) => Some((name.as_str(), "")),
            RolloutChoice::Default => {
                let name = self.scenario.rollout.as_deref();
                name.map(|name| (name, "; the scenario's `rollout` asks for it"))
            }
        };
        match wanted {
            Some((name, why)) => self.named(&all, name, why),
            None if *choice == RolloutChoice::All || all.len() == 1 => Ok(all),
            None => Err(self.failure(vec![several(&all)])),
        }
    }

    fn named<'a>(
        &self,
        all: &[&'a Object],
        name: &str,
        why: &str,
    ) -> Result<Vec<&'a Object>, Failure> {
        let found: Vec<&Object> = all
            .iter()
            .copied()
            .filter(|object| object.name == name)
            .collect();
        if found.is_empty() {
            let known = all.iter().map(|object| object.name.as_str());
            let help = match did_you_mean(name, known) {
                Some(close) => format!("did you mean `{close}`?"),
                None => "choose one of them".to_owned(),
            };
            let diagnostic = Diagnostic::error(format!("there is no Rollout `{name}`{why}"))
                .with_note(format!("the manifests have {}", names(all)))
                .with_help(help);
            return Err(self.failure(vec![diagnostic]));
        }
        Ok(found)
    }

    fn no_rollout(&self) -> Diagnostic {
        let places: Vec<String> = self.paths.iter().map(|path| shown(path)).collect();
        let message = format!("there is no Rollout in {}", places.join(", "));
        let mut diagnostic = Diagnostic::error(message)
            .with_help("pass the folder or file that holds the Rollout and its AnalysisTemplates");
        for note in self.what_there_is() {
            diagnostic = diagnostic.with_note(note);
        }
        diagnostic
    }

    /// What was found instead of a Rollout, and what was passed over.
    fn what_there_is(&self) -> Vec<String> {
        let manifests = &self.manifests;
        let mut notes = Vec::new();
        if let Some(scenario) = &self.scenario_file
            && !self.scenario.manifests.is_empty()
        {
            notes.push(format!("{scenario} names its manifests under `manifests`"));
        }
        for path in self.paths.iter().filter(|path| path.is_dir()) {
            let inside = |name: &str| std::path::Path::new(name).starts_with(path);
            let sources = manifests.sources.iter();
            let mut names = sources.map(|(_, source)| source.name());
            let skipped = manifests.skipped.iter().any(|file| inside(&file.name));
            if !skipped && !names.any(inside) {
                let note = "holds no file whose name ends in .yaml, .yml or .json";
                notes.push(format!("{} {note}", path.display()));
            }
        }
        for (_, source) in manifests.sources.iter() {
            if source.text().trim().is_empty() {
                notes.push(format!("{} is empty", source.name()));
            }
        }
        let mut kinds = manifests.other_kinds.clone();
        for object in &manifests.objects {
            *kinds.entry(object.kind.clone()).or_default() += 1;
        }
        if !kinds.is_empty() {
            let counts = kinds.iter().map(|(kind, n)| format!("{n} {kind}"));
            notes.push(format!("found {}", counts.collect::<Vec<_>>().join(", ")));
        }
        notes.extend(manifests.skipped.iter().map(|file| self.left_out(file)));
        notes
    }

    fn left_out(&self, file: &Skipped) -> String {
        let place = match file.location {
            Some(location) => self.manifests.sources.describe(location),
            None => file.name.clone(),
        };
        format!("{place} was left out: {}", file.reason)
    }

    /// What was left out although it may belong to the Rollout, and what else was odd in reading.
    pub fn findings(&self) -> Vec<FindingEntry> {
        let entry = |code: &str, place: Option<String>, message: String, help: Option<String>| {
            FindingEntry {
                code: code.to_owned(),
                rollout: None,
                arm: None,
                place,
                message,
                help,
            }
        };
        let sources = &self.manifests.sources;
        let worth_a_word = |file: &&Skipped| {
            !matches!(
                file.reason,
                SkipReason::GivenBefore | SkipReason::NotKubernetes(_)
            )
        };
        let skipped = self.manifests.skipped.iter().filter(worth_a_word);
        let left_out = skipped.map(|file| entry("left-out", None, self.left_out(file), None));
        let warned = self.manifests.diagnostics.iter().map(|diagnostic| {
            let place = diagnostic.location.map(|place| sources.describe(place));
            let message = [diagnostic.message.clone()];
            let text = message.into_iter().chain(diagnostic.notes.clone());
            let text = text.collect::<Vec<_>>().join("; ");
            entry("manifest-warning", place, text, diagnostic.help.clone())
        });
        left_out.chain(warned).collect()
    }
}

fn shown(path: &std::path::Path) -> String {
    if path.as_os_str() == STDIN_PATH {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

fn several(all: &[&Object]) -> Diagnostic {
    let mut diagnostic =
        Diagnostic::error(format!("there are {} Rollouts: {}", all.len(), names(all)))
            .with_help("choose one with --rollout NAME, or take --all-rollouts");
    for object in all {
        diagnostic = diagnostic.with_related(object.location(), "one of them");
    }
    diagnostic
}

fn names(all: &[&Object]) -> String {
    let quoted: Vec<String> = all
        .iter()
        .map(|object| format!("`{}`", object.name))
        .collect();
    quoted.join(", ")
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads the Rollout of an object that passed the API server's gate.
pub fn rollout_of(object: &Object) -> Result<Rollout, Box<Diagnostic>> {
    Rollout::from_json(&object.node.to_json()).map_err(|error| {
        let path = crate::manifest::yaml::Path::from_pointer(&error.path);
        Box::new(Diagnostic::error(error.detail).at(object.location_of(&path)))
    })
}
