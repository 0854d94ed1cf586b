//! What a rule is, and choosing among them.

use crate::diagnostics::Severity;

use super::finding::Findings;
use super::subject::Subject;

/// The headings of a rule's page, in this order.
pub const HEADINGS: [&str; 5] = [
    "What it does",
    "Why it matters",
    "Example",
    "Instead",
    "References",
];

/// One thing that is looked for.
pub struct Rule {
    /// `RS101`. Stable: never reused, never renumbered.
    pub code: &'static str,
    /// `bare-result-on-vector`. Stable too.
    pub name: &'static str,
    /// How bad its findings are, unless one says otherwise.
    pub severity: Severity,
    /// The text of the rule's own file, whose leading comment is its page.
    pub source: &'static str,
    /// Looks at everything and reports.
    pub check: fn(&Subject<'_>, &mut Findings),
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code, self.name)
    }
}

impl Rule {
    /// The rule's page in Markdown, from the comment at the top of its file.
    pub fn page(&self) -> String {
        let mut page = format!("# {}: {}\n\n", self.code, self.name);
        for line in self
            .source
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
        {
            page.push_str(line.strip_prefix(' ').unwrap_or(line));
            page.push('\n');
        }
        page
    }

    /// The first paragraph of the page in one line.
    pub fn summary(&self) -> String {
        let page = self.page();
        let paragraphs = page.split("\n\n");
        paragraphs
            .skip(1)
            .take(1)
            .collect::<String>()
            .replace('\n', " ")
    }
}

/// Which rules run: those that `--select` names (all without), less those that `--ignore` names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Codes, beginnings of codes, or names; empty for all.
    pub select: Vec<String>,
    /// Codes, beginnings of codes, or names.
    pub ignore: Vec<String>,
}

impl Selection {
    /// Whether a rule runs.
    pub fn has(&self, rule: &Rule) -> bool {
        let matches = |pattern: &String| names(pattern, rule);
        (self.select.is_empty() || self.select.iter().any(matches))
            && !self.ignore.iter().any(matches)
    }

    /// The first pattern that names no rule.
    pub fn unknown(&self) -> Option<&str> {
        let patterns = self.select.iter().chain(&self.ignore);
        patterns.map(String::as_str).find(|pattern| {
            let mut rules = super::rules::RULES.iter();
            pattern.is_empty() || !rules.any(|rule| names(pattern, rule))
        })
    }
}

/// Whether a pattern is the beginning of a rule's code, or its name, in capitals or not.
fn names(pattern: &str, rule: &Rule) -> bool {
    let beginning = rule.code.get(..pattern.len());
    beginning.is_some_and(|code| code.eq_ignore_ascii_case(pattern))
        || rule.name.eq_ignore_ascii_case(pattern)
}

/// How a severity is called in text, JSON and the rules' index.
pub fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}
