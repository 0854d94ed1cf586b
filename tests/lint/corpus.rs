//! The public corpus: 552 files of other people's manifests, beside the repository (`../shared/corpus`, or the folder
//! that `ROLLSIM_SHARED` names). Skipped where it is absent, unless `ROLLSIM_REQUIRE_SHARED=1`.

#![allow(clippy::print_stdout, reason = "the table is for those who look")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use rollsim::lint::finding::Finding;
use rollsim::lint::rules::RULES;
use rollsim::lint::{Options, lint};
use rollsim::manifest::schema::FieldValidation;
use rollsim::manifest::source::Manifests;

fn corpus() -> Option<PathBuf> {
    let shared = std::env::var_os("ROLLSIM_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let corpus = shared.join("corpus");
    if corpus.is_dir() {
        return Some(corpus);
    }
    let required = std::env::var_os("ROLLSIM_REQUIRE_SHARED").is_some();
    assert!(!required, "{} is missing", corpus.display());
    None
}

/// The files of each repository, `<owner>__<repository>__<path>`, with their folders back in place.
fn repositories(corpus: &PathBuf) -> BTreeMap<String, Vec<(String, String)>> {
    let mut repositories: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let mut files: Vec<PathBuf> = fs::read_dir(corpus)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let repository: Vec<&str> = name.split("__").take(2).collect();
        let text = fs::read_to_string(&file).unwrap();
        repositories
            .entry(repository.join("/"))
            .or_default()
            .push((name.replace("__", "/"), text));
    }
    repositories
}

/// Findings by what they say of which spec: the same template in several versions of a file counts once.
fn distinct(manifests: &Manifests, findings: &[Finding]) -> BTreeSet<(&'static str, String)> {
    let key = |finding: &Finding| {
        let object = manifests.objects.iter().find(|object| {
            let span = object.node.span;
            let at = finding.location.span.start;
            object.source == finding.location.source && span.start <= at && at < span.end
        });
        let spec = object
            .and_then(|object| object.node.get("spec"))
            .map(|spec| spec.to_json().to_string());
        let start = object.map_or(0, |object| {
            finding.location.span.start - object.node.span.start
        });
        (
            finding.rule.code,
            format!("{}{}{start}", spec.unwrap_or_default(), finding.message),
        )
    };
    findings.iter().map(key).collect()
}

#[test]
fn the_corpus_holds_what_the_survey_counted() {
    let Some(corpus) = corpus() else {
        return;
    };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut all: BTreeSet<(&'static str, String)> = BTreeSet::new();
    let (mut files, mut runs_for_ever) = (0, BTreeSet::new());
    for texts in repositories(&corpus).values() {
        files += texts.len();
        let texts = texts
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()));
        let mut manifests = Manifests::from_texts(texts);
        manifests.admit(FieldValidation::Strict);
        let findings = lint(&manifests, &Options::default());
        for finding in &findings {
            *counts.entry(finding.rule.code).or_default() += 1;
            if finding.message.contains("runs indefinitely") {
                runs_for_ever.insert(manifests.sources.describe(finding.location));
            }
            if std::env::var_os("ROLLSIM_LIST").is_some() {
                let place = manifests.sources.describe(finding.location);
                println!(
                    "{}\t{place}\t{}\t{}",
                    finding.rule.code, finding.message, finding.why
                );
            }
        }
        all.extend(distinct(&manifests, &findings));
    }
    let distinct = |codes: &[&str]| all.iter().filter(|(code, _)| codes.contains(code)).count();
    println!("{:<6} {:>8} {:>8}  rule", "code", "findings", "distinct");
    for rule in RULES {
        let number = counts.get(rule.code).copied().unwrap_or_default();
        println!(
            "{:<6} {number:>8} {:>8}  {}",
            rule.code,
            distinct(&[rule.code]),
            rule.name
        );
    }
    assert!(files >= 552, "{files} files");
    let at_least = [
        (15, &["RS101"][..], "a bare `result` on a vector"),
        (30, &["RS103", "RS104", "RS107"], "an empty answer"),
        (49, &["RS105", "RS106"], "NaN"),
        // The survey's other two divide by resource limits, which are never 0.
        (5, &["RS106"], "`or vector(…)` around NaN"),
        (1, &["RS104"], "a guard after the access"),
        (15, &["RS108"], "missing data as success"),
        (3, &["RS109"], "no condition"),
        (1, &["RS110"], "a gap between conditions"),
        (2, &["RS112"], "a threshold in the query"),
        (10, &["RS202"], "a measurement before any time has passed"),
        (
            15,
            &["RS201", "RS202"],
            "a window longer than the new version is old",
        ),
        (40, &["RS203"], "an interval shorter than the window"),
        (44, &["RS204"], "a window under two scrapes"),
        (15, &["RS205"], "no canary filter"),
    ];
    for (least, codes, what) in at_least {
        let found = distinct(codes);
        assert!(
            found >= least,
            "{what}: {found}, and the survey has {least}"
        );
    }
    assert!(runs_for_ever.len() >= 4, "no count: {runs_for_ever:?}");
}
