//! Making the changes that findings offer, and showing them as a unified diff.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::diagnostics::{SourceId, SourceMap};

use super::finding::{Edit, Finding};

/// Lines shown around a change.
const CONTEXT: usize = 3;

/// The texts of the files that change. Of fixes that touch the same bytes the first is made; what another run then
/// still finds, it can mend.
pub fn apply(sources: &SourceMap, findings: &[Finding]) -> BTreeMap<SourceId, String> {
    let mut accepted: Vec<&Edit> = Vec::new();
    for fix in findings.iter().filter_map(|finding| finding.fix.as_ref()) {
        let clashes = fix.edits.iter().any(|edit| {
            accepted.iter().any(|other| {
                let (one, two) = (edit.location, other.location);
                one.source == two.source
                    && one.span.start <= two.span.end
                    && two.span.start <= one.span.end
            })
        });
        if !clashes {
            accepted.extend(&fix.edits);
        }
    }
    accepted.sort_by_key(|edit| edit.location);
    let mut texts = BTreeMap::new();
    for edit in accepted.iter().rev() {
        let source = edit.location.source;
        let text = texts
            .entry(source)
            .or_insert_with(|| sources.text(source).to_owned());
        text.replace_range(edit.location.span.start..edit.location.span.end, &edit.text);
    }
    texts
}

/// The difference of two texts as `diff -u` and `git apply` write it.
pub fn unified(name: &str, old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (
        old.split_inclusive('\n').collect(),
        new.split_inclusive('\n').collect(),
    );
    let name = name.trim_start_matches("./");
    let changes = changes(&old, &new);
    let mut text = format!("--- a/{name}\n+++ b/{name}\n");
    let mut from = 0;
    while from < changes.len() {
        let mut to = from + 1;
        while to < changes.len() && changes[to].old.0 - changes[to - 1].old.1 <= 2 * CONTEXT {
            to += 1;
        }
        hunk(&mut text, &old, &new, &changes[from..to]);
        from = to;
    }
    text
}

/// Lines of the old text replaced by lines of the new one; half-open ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    old: (usize, usize),
    new: (usize, usize),
}

fn hunk(text: &mut String, old: &[&str], new: &[&str], changes: &[Change]) {
    let (Some(first), Some(last)) = (changes.first(), changes.last()) else {
        return;
    };
    let before = first.old.0.min(CONTEXT);
    let after = (old.len() - last.old.1).min(CONTEXT);
    let (old_start, old_end) = (first.old.0 - before, last.old.1 + after);
    let (new_start, new_end) = (first.new.0 - before, last.new.1 + after);
    let _ = writeln!(
        text,
        "@@ -{},{} +{},{} @@",
        old_start + 1,
        old_end - old_start,
        new_start + 1,
        new_end - new_start
    );
    let mut at = old_start;
    for change in changes {
        lines(text, ' ', &old[at..change.old.0]);
        lines(text, '-', &old[change.old.0..change.old.1]);
        lines(text, '+', &new[change.new.0..change.new.1]);
        at = change.old.1;
    }
    lines(text, ' ', &old[at..old_end]);
}

fn lines(text: &mut String, mark: char, lines: &[&str]) {
    for line in lines {
        text.push(mark);
        text.push_str(line);
        if !line.ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// The changed stretches: fixes are small, so lines are compared in step and after a difference the nearest line that
/// both texts share is looked for.
fn changes(old: &[&str], new: &[&str]) -> Vec<Change> {
    let (mut changes, mut at_old, mut at_new) = (Vec::new(), 0, 0);
    while at_old < old.len() || at_new < new.len() {
        if at_old < old.len() && at_new < new.len() && old[at_old] == new[at_new] {
            (at_old, at_new) = (at_old + 1, at_new + 1);
            continue;
        }
        let (to_old, to_new) = resume(&old[at_old..], &new[at_new..]);
        changes.push(Change {
            old: (at_old, at_old + to_old),
            new: (at_new, at_new + to_new),
        });
        (at_old, at_new) = (at_old + to_old, at_new + to_new);
    }
    changes
}

/// How many lines to pass over in both texts until they agree again, as few as possible.
fn resume(old: &[&str], new: &[&str]) -> (usize, usize) {
    for total in 1..old.len() + new.len() {
        for from_old in 0..=total.min(old.len()) {
            let from_new = total - from_old;
            let agree = old
                .get(from_old)
                .is_some_and(|line| new.get(from_new) == Some(line));
            if agree {
                return (from_old, from_new);
            }
        }
    }
    (old.len(), new.len())
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn differences_are_shown_with_three_lines_around_them() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13";
        let new = "1\n2\n3\n4\nfive\n5b\n6\n7\n8\n9\n10\n11\n12\nthirteen";
        let wanted = "\
--- a/x.yaml
+++ b/x.yaml
@@ -2,7 +2,8 @@
 2
 3
 4
-5
+five
+5b
 6
 7
 8
@@ -10,4 +11,4 @@
 10
 11
 12
-13
\\ No newline at end of file
+thirteen
\\ No newline at end of file
";
        assert_eq!(unified("x.yaml", old, new), wanted);
    }
}
