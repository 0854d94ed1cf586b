//! Public manifests: each one loads, or is refused with a reason that a reader agrees with.
//!
//! The manifests lie outside the repository, in `../shared/corpus` or where `ROLLSIM_SHARED` points. Without
//! them the test passes, unless `ROLLSIM_REQUIRE_SHARED=1`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rollsim::diagnostics::{Severity, SourceMap, headline};
use rollsim::manifest::schema::FieldValidation;
use rollsim::manifest::source::Manifests;
use rollsim::manifest::yaml::load;
use serde::Deserialize;
use serde_json::Value as Json;

/// The folder of shared test data, if it is there.
pub(super) fn shared(part: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ROLLSIM_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let folder = root.join(part);
    let required = std::env::var_os("ROLLSIM_REQUIRE_SHARED").is_some_and(|value| value == "1");
    assert!(
        folder.is_dir() || !required,
        "{} is missing",
        folder.display()
    );
    folder.is_dir().then_some(folder)
}

fn read(path: PathBuf) -> Manifests {
    let mut manifests = Manifests::read(&[path], &mut std::io::empty());
    manifests.admit(FieldValidation::Strict);
    manifests
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "the table is read by whoever runs the test with --nocapture"
)]
fn every_public_manifest_loads_or_is_refused_with_a_reason() {
    let Some(folder) = shared("corpus") else {
        return;
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut refusals: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in &files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let manifests = read(file.clone());
        for diagnostic in &manifests.diagnostics {
            assert!(diagnostic.location.is_some(), "{name}: {diagnostic:?}");
            if diagnostic.severity == Severity::Error {
                let line = headline(diagnostic, &manifests.sources);
                let line = line
                    .rsplit_once("corpus/")
                    .map_or(line.as_str(), |(_, line)| line);
                refusals
                    .entry(diagnostic.message.clone())
                    .or_default()
                    .push(line.to_owned());
            }
        }
        let outcome = if !manifests.is_valid() {
            "refused"
        } else if !manifests.objects.is_empty() {
            "loaded"
        } else if let Some(skipped) = manifests.skipped.first() {
            let reason = skipped.reason.to_string();
            refusals
                .entry(format!("skipped: {reason}"))
                .or_default()
                .push(name);
            "left out"
        } else {
            assert!(!manifests.other_kinds.is_empty(), "{name} has no outcome");
            "other kinds only"
        };
        *outcomes.entry(outcome).or_default() += 1;
    }
    println!("{} files: {outcomes:?}", files.len());
    for (reason, lines) in &refusals {
        println!("{:4}  {reason}", lines.len());
        for line in lines {
            println!("        {line}");
        }
    }
    let expected = [
        ("left out", 5),
        ("loaded", 449),
        ("other kinds only", 2),
        ("refused", 96),
    ];
    assert_eq!(outcomes, BTreeMap::from(expected));
}

/// Whether two readings differ only by the words of YAML 1.1, which `serde_yaml` takes for texts.
fn same(ours: &Json, theirs: &Json) -> bool {
    match (ours, theirs) {
        (Json::Object(ours), Json::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .all(|(key, value)| theirs.get(key).is_some_and(|other| same(value, other)))
        }
        (Json::Array(ours), Json::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(one, two)| same(one, two))
        }
        (Json::Number(ours), Json::Number(theirs)) => ours.as_f64() == theirs.as_f64(),
        (Json::Bool(truth), Json::String(word)) => {
            let words = if *truth {
                ["y", "yes", "on"]
            } else {
                ["n", "no", "off"]
            };
            words.contains(&word.to_lowercase().as_str())
        }
        _ => ours == theirs,
    }
}

/// The documents as `serde_yaml` reads them, unless it refuses the file.
fn by_serde_yaml(text: &str) -> Option<Vec<Json>> {
    let documents = serde_yaml::Deserializer::from_str(text).map(|document| {
        let mut value = serde_yaml::Value::deserialize(document).ok()?;
        value.apply_merge().ok()?;
        serde_json::to_value(value).ok()
    });
    let documents: Option<Vec<Json>> = documents.collect();
    documents.map(|documents| {
        documents
            .into_iter()
            .filter(|root| !root.is_null())
            .collect()
    })
}

#[test]
fn public_manifests_are_read_as_by_serde_yaml() {
    let Some(folder) = shared("corpus") else {
        return;
    };
    let mut compared = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut sources = SourceMap::new();
        let id = sources.add("t.yaml", text.as_str());
        let documents = load(&sources, id);
        let errors = documents
            .iter()
            .map(|document| document.errors.len())
            .sum::<usize>();
        // It takes a byte-order mark for content.
        let theirs = by_serde_yaml(text.trim_start_matches('\u{feff}'));
        assert_eq!(errors == 0, theirs.is_some(), "{}", path.display());
        let Some(theirs) = theirs else {
            continue;
        };
        assert_eq!(documents.len(), theirs.len(), "{}", path.display());
        for (ours, theirs) in documents.iter().zip(&theirs) {
            let ours = ours.root.as_ref().unwrap().to_json();
            assert!(same(&ours, theirs), "{}\n{ours}\n{theirs}", path.display());
            compared += 1;
        }
    }
    assert!(compared > 500, "{compared}");
}

#[test]
fn the_articles_manifests_are_admitted() {
    for part in [
        "article/as-written",
        "article/corrected",
        "article/added-later",
    ] {
        let Some(folder) = shared(part) else {
            return;
        };
        let manifests = read(folder);
        let shown: Vec<String> = manifests
            .diagnostics
            .iter()
            .map(|diagnostic| headline(diagnostic, &manifests.sources))
            .collect();
        assert!(shown.is_empty(), "{part}: {shown:#?}");
        assert!(!manifests.objects.is_empty(), "{part}");
    }
}
