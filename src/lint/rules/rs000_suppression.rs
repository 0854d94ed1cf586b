//! A comment that should suppress a finding names no rule, an unknown one, or gives no reason.
//!
//! ## What it does
//!
//! `# rollsim:ignore RS101 reason` suppresses findings of RS101 on its line, or on the next line if it stands alone. A comment without codes or without a reason suppresses nothing, and this rule says so. It also reports codes that don't exist.
//!
//! ## Why it matters
//!
//! A misspelt code looks as if the finding were dealt with. A reason tells the next reader why the finding is wrong here.
//!
//! ## Example
//!
//! ```yaml
//! successCondition: result[0] >= 0.95  # rollsim:ignore RS999
//! ```
//!
//! ## Instead
//!
//! ```yaml
//! successCondition: result[0] >= 0.95  # rollsim:ignore RS103 the service always has traffic
//! ```
//!
//! ## References
//!
//! - docs/lint.md, "Suppressing findings"

use crate::diagnostics::Severity;
use crate::lint::finding::Findings;
use crate::lint::rule::Rule;
use crate::lint::suppress::Comment;

/// The rule. It looks at comments, not at objects, so it is run by the filter that reads them.
pub static RULE: Rule = Rule {
    code: "RS000",
    name: "suppression",
    severity: Severity::Warning,
    source: include_str!("rs000_suppression.rs"),
    check: |_, _| {},
};

/// Reports what is wrong with suppressing comments.
pub(in crate::lint) fn report(comments: &[Comment], findings: &mut Findings) {
    for comment in comments {
        let whole = comment.span.in_source(comment.source);
        if comment.codes.is_empty() {
            findings
                .report(
                    whole,
                    "this comment names no rule, so it suppresses nothing",
                )
                .help("write `# rollsim:ignore RS101 reason`");
            continue;
        }
        for (code, span) in &comment.codes {
            let is_known = super::RULES
                .iter()
                .any(|rule| rule.code.eq_ignore_ascii_case(code) || rule.name == code);
            if !is_known {
                findings
                    .report(
                        span.in_source(comment.source),
                        format!("there is no rule {code}"),
                    )
                    .help("`rollsim lint --explain all` lists all rules");
            }
        }
        if !comment.has_reason {
            findings
                .report(
                    whole,
                    "this comment gives no reason, so it suppresses nothing",
                )
                .help("say after the code why the finding is wrong here");
        }
    }
}
