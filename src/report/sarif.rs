//! Findings of `lint` as SARIF 2.1.0 (OASIS), the format of code scanning services.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::lint::ends;
use crate::diagnostics::{Location, Severity, SourceMap};
use crate::lint::finding::{Finding, Fix};
use crate::lint::rule::Rule;
use crate::lint::rules::RULES;

/// One run with all rules and the findings.
///
/// # Errors
/// None that is known: everything is text and numbers.
pub fn render(sources: &SourceMap, findings: &[Finding]) -> serde_json::Result<String> {
    let rules: Vec<Value> = RULES.iter().map(|rule| descriptor(rule)).collect();
    let results: Vec<Value> = findings
        .iter()
        .map(|finding| result(sources, finding))
        .collect();
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "rollsim",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    Ok(serde_json::to_string_pretty(&log)? + "\n")
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn descriptor(rule: &Rule) -> Value {
    let page = rule.page();
    json!({
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary()},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": level(rule.severity)},
    })
}

fn result(sources: &SourceMap, finding: &Finding) -> Value {
    let mut message = finding.message.clone();
    if !finding.why.is_empty() {
        message = format!("{message}: {}", finding.why);
    }
    if let Some(help) = &finding.help {
        message = format!("{message}\n{help}");
    }
    let mut result = json!({
        "ruleId": finding.rule.code,
        "ruleIndex": RULES.iter().position(|rule| rule.code == finding.rule.code),
        "level": level(finding.severity),
        "message": {"text": message},
        "locations": [{"physicalLocation": physical(sources, finding.location)}],
    });
    if !finding.related.is_empty() {
        let related = finding.related.iter().enumerate().map(|(id, label)| {
            json!({
                "id": id,
                "message": {"text": label.text},
                "physicalLocation": physical(sources, label.location),
            })
        });
        result["relatedLocations"] = related.collect();
    }
    if let Some(fix) = &finding.fix {
        result["fixes"] = json!([fix_object(sources, fix)]);
    }
    result
}

fn fix_object(sources: &SourceMap, fix: &Fix) -> Value {
    let mut files: Vec<crate::diagnostics::SourceId> =
        fix.edits.iter().map(|edit| edit.location.source).collect();
    files.sort_unstable();
    files.dedup();
    let changes = files.iter().map(|file| {
        let edits = fix
            .edits
            .iter()
            .filter(|edit| edit.location.source == *file);
        let replacements: Vec<Value> = edits
            .map(|edit| {
                json!({
                    "deletedRegion": region(sources, edit.location),
                    "insertedContent": {"text": edit.text},
                })
            })
            .collect();
        json!({
            "artifactLocation": {"uri": uri(sources.name(*file))},
            "replacements": replacements,
        })
    });
    json!({
        "description": {"text": fix.title},
        "artifactChanges": changes.collect::<Vec<Value>>(),
    })
}

fn physical(sources: &SourceMap, location: Location) -> Value {
    json!({
        "artifactLocation": {"uri": uri(sources.name(location.source))},
        "region": region(sources, location),
    })
}

fn region(sources: &SourceMap, location: Location) -> Value {
    let (start, end) = ends(sources, location);
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

/// A path as a URI reference.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
