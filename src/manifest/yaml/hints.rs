//! What to do about broken YAML, by the kind of breakage.

use granit_parser::ErrorKind;

/// Advice for a scanner or parser error, given the text up to the line it happened on, and that line.
pub(super) fn for_error(kind: &ErrorKind, before: &str, line: &str) -> Option<&'static str> {
    use ErrorKind as E;
    let elided = |line: &str| line.trim() == "...";
    if elided(line) || before.lines().rev().take(2).any(elided) {
        return Some("`...` is no YAML: write the fields it stands for");
    }
    if line.contains("{{") {
        return Some(
            "this looks like a template: render it first (`helm template …`) and pass the result",
        );
    }
    let hint = match kind {
        E::TabNotAllowed
        | E::TabInBlockIndentation
        | E::TabInIndentation
        | E::TabAtBlockScalarStart => "indent with spaces; YAML takes no tabs there",
        E::MappingValueNotAllowed => {
            "a value that contains `: ` must be quoted; otherwise check the indentation of this line and the one above"
        }
        E::UnclosedQuotedScalar => "close the quote",
        E::UnclosedFlowCollection { .. }
        | E::ExpectedFlowMappingSeparator
        | E::ExpectedFlowSequenceSeparator
        | E::UnexpectedEofFlowSequence
        | E::UnexpectedEofFlowMapping
        | E::InvalidColonPlacement => "close the bracket, or put a comma between the entries",
        E::UnexpectedCharacter { .. } => {
            "a plain value can't start with this character: quote the value"
        }
        E::UnknownAnchor => "define the anchor (`&name`) before its first use in the same document",
        E::ExpectedBlockMappingKey
        | E::ExpectedBlockSequenceEntry
        | E::InvalidIndentation
        | E::SimpleKeyExpected
        | E::InvalidSimpleKey
        | E::InvalidBlockScalarIndent
        | E::BlockSequenceEntryNotAllowed => {
            "check the indentation of this line against the lines above"
        }
        E::UnknownQuotedScalarEscape => {
            "a backslash in double quotes starts an escape: write `\\\\` or use single quotes"
        }
        E::RecursionLimitExceeded => "flatten the document",
        _ => return None,
    };
    Some(hint)
}
