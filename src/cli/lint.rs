//! `rollsim lint`: what is wrong with manifests.

use std::fs;
use std::path::Path;

use super::arguments::{LintArguments, LintFormat};
use super::exit_code::ExitCode;
use super::output::Target;
use super::run::unrendered;
use super::streams::Streams;
use crate::diagnostics::{ColourChoice, Diagnostic, Severity, did_you_mean};
use crate::lint::fix::{apply, unified};
use crate::lint::rule::{Rule, severity_name};
use crate::lint::rules::RULES;
use crate::report::{lint as report, sarif};
use crate::study::request::{InputPath, LintRequest};
use crate::study::{self, Linted};

/// Lints and writes the findings, a difference, or a rule's page.
pub fn execute(arguments: LintArguments, streams: &mut Streams<'_>) -> ExitCode {
    if let Some(rule) = &arguments.explain {
        return match explain(rule) {
            Ok(page) => streams.write(page.as_bytes(), ExitCode::Done),
            Err(diagnostic) => streams.complain(&diagnostic),
        };
    }
    let (format, output) = (arguments.format, arguments.output.clone());
    let (fix, diff) = (arguments.fix, arguments.diff);
    let checked = arguments.request().and_then(|request| {
        let target = Target::check(output.as_deref(), &request.inputs)?;
        if fix && request.inputs.contains(&InputPath::Stdin) {
            let refused = Diagnostic::error("standard input can't be changed");
            return Err(Box::new(refused.with_help("show the changes with --diff")));
        }
        Ok((request, target))
    });
    let (request, target) = match checked {
        Ok(checked) => checked,
        Err(diagnostic) => return streams.complain(&diagnostic),
    };
    let linted = match study::lint(&request) {
        Ok(linted) => linted,
        Err(failure) => return streams.fail(&failure),
    };
    // A wrong path shouldn't look like clean manifests.
    if linted.manifests.objects.is_empty() && linted.findings.is_empty() {
        streams.say("there was nothing to lint: no Kubernetes manifest was found\n");
    }
    if diff {
        return show_difference(&linted, &target, streams);
    }
    let linted = if fix {
        match make_changes(linted, &request, streams) {
            Ok(linted) => linted,
            Err(code) => return code,
        }
    } else {
        linted
    };
    match rendered(&linted, format) {
        Ok(text) => target.write(text.as_bytes(), streams, verdict(&linted)),
        Err(diagnostic) => streams.complain(&diagnostic),
    }
}

fn rendered(linted: &Linted, format: LintFormat) -> Result<String, Box<Diagnostic>> {
    let Linted {
        manifests,
        findings,
    } = linted;
    match format {
        LintFormat::Text => Ok(report::text(manifests, findings, ColourChoice::Plain)),
        LintFormat::Github => Ok(report::github(manifests, findings)),
        LintFormat::Json => report::json(manifests, findings)
            .map_err(|error| unrendered("JSON", &error.to_string())),
        LintFormat::Sarif => sarif::render(&manifests.sources, findings)
            .map_err(|error| unrendered("SARIF", &error.to_string())),
    }
}

fn verdict(linted: &Linted) -> ExitCode {
    let is_bad = linted
        .findings
        .iter()
        .any(|finding| finding.severity >= Severity::Warning);
    if is_bad {
        ExitCode::ExpectationNotMet
    } else {
        ExitCode::Done
    }
}

fn show_difference(linted: &Linted, target: &Target, streams: &mut Streams<'_>) -> ExitCode {
    let sources = &linted.manifests.sources;
    let changed = apply(sources, &linted.findings);
    let differences = changed
        .iter()
        .map(|(source, text)| unified(sources.name(*source), sources.text(*source), text));
    let text: String = differences.collect();
    let code = if text.is_empty() {
        ExitCode::Done
    } else {
        ExitCode::ExpectationNotMet
    };
    target.write(text.as_bytes(), streams, code)
}

/// Writes the changed files and lints again.
fn make_changes(
    linted: Linted,
    request: &LintRequest,
    streams: &mut Streams<'_>,
) -> Result<Linted, ExitCode> {
    let sources = &linted.manifests.sources;
    let changed = apply(sources, &linted.findings);
    if changed.is_empty() {
        return Ok(linted);
    }
    for (source, text) in &changed {
        let path = Path::new(sources.name(*source));
        let target =
            Target::check(Some(path), &[]).map_err(|problem| streams.complain(&problem))?;
        // The mark of the byte order isn't part of the text.
        let has_mark = fs::read(path).is_ok_and(|bytes| bytes.starts_with("\u{feff}".as_bytes()));
        let mark = if has_mark { "\u{feff}" } else { "" };
        match target.write(format!("{mark}{text}").as_bytes(), streams, ExitCode::Done) {
            ExitCode::Done => streams.say(&format!("changed {}\n", path.display())),
            code => return Err(code),
        }
    }
    study::lint(request).map_err(|failure| streams.fail(&failure))
}

/// A rule's page, or the list of rules.
fn explain(wanted: &str) -> Result<String, Box<Diagnostic>> {
    if wanted == "all" {
        let line = |rule: &&Rule| {
            let severity = severity_name(rule.severity);
            format!(
                "{} {severity:7} {}: {}\n",
                rule.code,
                rule.name,
                rule.summary()
            )
        };
        return Ok(RULES.iter().map(line).collect());
    }
    let found = RULES.iter().find(|rule| {
        rule.code.eq_ignore_ascii_case(wanted) || rule.name.eq_ignore_ascii_case(wanted)
    });
    found.map(|rule| rule.page()).ok_or_else(|| {
        let known = RULES.iter().flat_map(|rule| [rule.code, rule.name]);
        let help = match did_you_mean(wanted, known) {
            Some(close) => format!("did you mean `{close}`?"),
            None => "`rollsim lint --explain all` lists the rules".to_owned(),
        };
        Box::new(Diagnostic::error(format!("there is no rule `{wanted}`")).with_help(help))
    })
}
