//! Each rule has a page with the fixed headings, and `docs/rules/` holds what the rules' files say.

use std::fs;
use std::path::Path;

use rollsim::lint::rule::HEADINGS;
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
