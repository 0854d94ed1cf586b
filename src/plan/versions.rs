//! How labels tell the new version's pods from the old one's: which labels are about versions, and which of the pods'
//! labels a label of series shows.

use crate::promql::ast::{MatchOp, Matcher};

/// Labels that tell a version and that somebody must set on its pods.
pub const OF_VERSIONS: [&str; 6] = ["version", "track", "role", "stage", "release", "variant"];

/// Words for one of the two versions.
pub const VERSION_WORDS: [&str; 6] = ["canary", "stable", "preview", "active", "blue", "green"];

/// The label that the controller puts on the pods of each version.
pub const POD_TEMPLATE_HASH: &str = "rollouts-pod-template-hash";

/// Whether a text has a word for one of the two versions in it.
pub fn speaks_of_a_version(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    VERSION_WORDS.iter().any(|word| text.contains(word))
}

/// The pods' label that a label must come from, since it is about canary and stable: only pods' labels tell these.
pub fn version_label<'l, 'm>(
    label: &'l str,
    matchers: impl IntoIterator<Item = &'m Matcher>,
) -> Option<&'l str> {
    if label.contains("pod_template_hash") {
        return Some(POD_TEMPLATE_HASH);
    }
    let speaks = |matcher: &Matcher| {
        let positive = matches!(matcher.op, MatchOp::Equal | MatchOp::Regex);
        positive && speaks_of_a_version(&matcher.value)
    };
    let of_version = OF_VERSIONS.contains(&label) && matchers.into_iter().any(speaks);
    of_version.then_some(label)
}

/// The pods' label that a label of series shows: names of series have no dots, dashes or slashes.
pub fn label_behind<'n>(
    mut pod_labels: impl Iterator<Item = &'n str>,
    label: &str,
) -> Option<&'n str> {
    let bare = label.strip_prefix("label_").unwrap_or(label);
    let plain = |name: &str| {
        let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        name.chars().map(letter).collect::<String>()
    };
    pod_labels.find(|name| plain(name) == bare)
}
