//! `rollsim init`: the scenario that `run` derives from manifests, as a file to start from.

use std::path::{Component, Path, PathBuf};

use crate::diagnostics::Diagnostic;

use super::derive::{Derived, quoted};
use super::failure::Failure;
use super::input;
use super::prepare::{Prepared, prepare};
use super::request::{InitRequest, InputPath, RolloutChoice};

const HEADER: &str = "\
# Drafted by `rollsim init` from the queries of the Rollout's analysis templates. `rollsim run` on the
# manifests alone assumes exactly this. Correct what you know better; docs/scenario.md explains every key.
";

/// Answers a request: the text of a scenario file.
///
/// # Errors
/// What `run` refuses too, and a scenario among the inputs.
pub fn init(request: &InitRequest) -> Result<String, Failure> {
    let inputs = input::read(&request.inputs)?;
    if let Some(file) = &inputs.scenario_file {
        let diagnostic = Diagnostic::error(format!("{file} is a scenario already"))
            .with_help("pass the manifests alone: `rollsim init deploy/`");
        return Err(Failure::request(diagnostic));
    }
    let choice = request
        .rollout
        .clone()
        .map_or(RolloutChoice::Default, RolloutChoice::Named);
    let rollouts = inputs.rollouts(&choice)?;
    let Some(object) = rollouts.first() else {
        return Err(Failure::request(Diagnostic::error("there is no Rollout")));
    };
    match prepare(&inputs, object)? {
        Prepared::Invalid(invalid) => {
            let message = format!("InvalidSpec: {}", invalid.message);
            let mut diagnostic = Diagnostic::error(message)
                .with_note("the controller deploys nothing, so there is nothing to simulate");
            diagnostic.help = invalid.help;
            Err(Failure::request(diagnostic))
        }
        Prepared::Ready(ready) => {
            let derived = ready.derived.as_ref();
            Ok(derived.map_or_else(String::new, |derived| text(derived, request)))
        }
    }
}

/// The draft with its header and its manifests.
fn text(derived: &Derived, request: &InitRequest) -> String {
    let (version, rest) = derived.text.split_once('\n').unwrap_or_default();
    let named: Vec<String> = request
        .inputs
        .iter()
        .filter_map(|input| match input {
            InputPath::Stdin => None,
            InputPath::Path(path) => Some(quoted(&relative(path, &request.folder))),
        })
        .collect();
    let manifests = if named.is_empty() {
        "# The manifests came from standard input: `kustomize build | rollsim run SCENARIO -`"
            .to_owned()
    } else {
        format!("manifests: [{}]", named.join(", "))
    };
    format!("{HEADER}{version}\n{manifests}\n{rest}")
}

/// The path as seen from a folder; as given where that is the working folder.
fn relative(path: &Path, folder: &Path) -> String {
    let here = folder.as_os_str().is_empty() || folder == Path::new(".");
    let absolute = (std::path::absolute(path), std::path::absolute(folder));
    let relative = match absolute {
        (Ok(path), Ok(folder)) if !here => seen_from(&path, &folder),
        _ => path.to_owned(),
    };
    relative.display().to_string()
}

fn seen_from(path: &Path, folder: &Path) -> PathBuf {
    let path: Vec<Component<'_>> = path.components().collect();
    let folder: Vec<Component<'_>> = folder.components().collect();
    let pairs = path.iter().zip(&folder);
    let shared = pairs.take_while(|(one, other)| one == other).count();
    let up = folder[shared..].iter().map(|_| Component::ParentDir);
    let found: PathBuf = up.chain(path[shared..].iter().copied()).collect();
    if found.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        found
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::seen_from;

    #[test]
    fn paths_are_seen_from_the_scenario_s_folder() {
        let seen = |path: &str, folder: &str| {
            let found = seen_from(Path::new(path), Path::new(folder));
            found.display().to_string()
        };
        assert_eq!(seen("/shop/deploy", "/shop"), "deploy");
        assert_eq!(seen("/shop/deploy", "/shop/scenarios"), "../deploy");
        assert_eq!(seen("/shop/deploy", "/shop/deploy"), ".");
    }
}
