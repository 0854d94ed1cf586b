//! What can be typed after `rollsim lint`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::input_paths;
use crate::diagnostics::Diagnostic;
use crate::lint::rule::Selection;
use crate::study::request::LintRequest;

/// The forms of a list of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LintFormat {
    /// For people: each finding with its source.
    Text,
    /// `rollsim/lint/v1`, see docs/lint.md.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
}

/// `rollsim lint`
#[derive(Args, Clone, Debug)]
pub struct LintArguments {
    /// Manifests, folders of manifests, or - for standard input; a scenario file says how often is scraped.
    #[arg(value_name = "PATH", required_unless_present = "explain")]
    pub paths: Vec<PathBuf>,
    /// Only these rules: codes, beginnings of codes (RS1), or names; comma-separated.
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub select: Vec<String>,
    /// All but these rules.
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// The form of the result.
    #[arg(long, value_enum, default_value_t = LintFormat::Text)]
    pub format: LintFormat,
    /// Make the changes that are safe to make, keeping comments and formatting; report what is left.
    #[arg(long, conflicts_with = "diff")]
    pub fix: bool,
    /// Show those changes instead, and change nothing.
    #[arg(long, conflicts_with = "format")]
    pub diff: bool,
    /// Show a rule's page; `all` lists the rules.
    #[arg(long, value_name = "RULE", conflicts_with_all = ["paths", "fix", "diff", "select", "ignore"])]
    pub explain: Option<String>,
    /// Write the result to this file, all of it or nothing, instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

impl LintArguments {
    /// The request that these arguments make.
    pub fn request(self) -> Result<LintRequest, Box<Diagnostic>> {
        let selection = Selection {
            select: self.select,
            ignore: self.ignore,
        };
        if let Some(pattern) = selection.unknown() {
            let message = format!("there is no rule `{pattern}`");
            let diagnostic = Diagnostic::error(message);
            return Err(Box::new(
                diagnostic.with_help("`rollsim lint --explain all` lists the rules"),
            ));
        }
        Ok(LintRequest {
            inputs: input_paths(self.paths)?,
            selection,
        })
    }
}
