//! Each rule has a page with the fixed headings, and `docs/rules/` holds what the rules' files say.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use rollsim::lint::rule::{HEADINGS, Rule, severity_name};
use rollsim::lint::rules::RULES;

#[test]
fn codes_are_in_order_and_files_are_named_after_rules() {
    for pair in RULES.windows(2) {
        assert!(pair[0].code < pair[1].code, "{:?} {:?}", pair[0], pair[1]);
    }
    for rule in RULES {
        let file = format!(
            "src/lint/rules/{}_{}.rs",
            rule.code.to_lowercase(),
            rule.name.replace('-', "_")
        );
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file));
        assert_eq!(text.unwrap(), rule.source, "{file}");
    }
}

#[test]
fn each_page_has_the_fixed_headings() {
    for rule in RULES {
        let page = rule.page();
        let headings = page.lines().filter_map(|line| line.strip_prefix("## "));
        assert_eq!(headings.collect::<Vec<_>>(), HEADINGS, "{rule:?}");
        assert!(!rule.summary().is_empty(), "{rule:?}");
    }
}

/// `INSTA_UPDATE=always cargo test --test lint` writes them.
#[test]
fn docs_rules_is_current() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let counts = fs::read_to_string(docs.join("rules-false-positives.md")).unwrap();
    let mut wanted: BTreeMap<String, String> = RULES
        .iter()
        .map(|rule| (format!("{}.md", rule.code.to_lowercase()), page(rule)))
        .collect();
    wanted.insert("README.md".to_owned(), index(&counts));
    let folder = docs.join("rules");
    if std::env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always") {
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in &wanted {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    let found: BTreeMap<String, String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read_to_string(entry.path()).unwrap())
        })
        .collect();
    for (name, text) in &wanted {
        assert_eq!(
            found.get(name),
            Some(text),
            "docs/rules/{name}: run `INSTA_UPDATE=always cargo test --test lint`"
        );
    }
    let left_over: Vec<_> = found
        .keys()
        .filter(|name| !wanted.contains_key(*name))
        .collect();
    assert!(
        left_over.is_empty(),
        "no rule has these pages: {left_over:?}"
    );
}

fn page(rule: &Rule) -> String {
    format!(
        "<!-- Generated from the comment in src/lint/rules/. -->\n{}",
        rule.page()
    )
}

fn index(counts: &str) -> String {
    let mut text = "<!-- Generated from src/lint/rules/ and docs/rules-false-positives.md. -->\n# Rules\n\n| code | severity | finds |\n| --- | --- | --- |\n".to_owned();
    for rule in RULES {
        let severity = severity_name(rule.severity);
        let (code, file) = (rule.code, rule.code.to_lowercase());
        writeln!(
            text,
            "| [{code}]({file}.md) `{}` | {severity} | {} |",
            rule.name,
            rule.summary()
        )
        .unwrap();
    }
    text + "\n" + counts
}
