//! Which of several objects with one name is meant: folders hold environments and applications side by side.

use std::collections::BTreeMap;

use crate::diagnostics::SourceMap;
use crate::manifest::source::Object;

/// The template of each kind and name that lies nearest to `from`: in its file, else where the paths have most in
/// common; the first of equals. Other namespaces are left out.
pub(super) fn nearest<'t, T>(
    from: &Object,
    sources: &SourceMap,
    candidates: impl Iterator<Item = (&'t Object, T)>,
) -> BTreeMap<(String, String), T> {
    let mut best: BTreeMap<(String, String), (usize, T)> = BTreeMap::new();
    for (object, value) in candidates {
        if let (Some(one), Some(other)) = (&object.namespace, &from.namespace)
            && object.kind != "ClusterAnalysisTemplate"
            && one != other
        {
            continue;
        }
        let rank = closeness(from, object, sources);
        let key = (object.kind.clone(), object.name.clone());
        if best.get(&key).is_none_or(|(known, _)| rank > *known) {
            best.insert(key, (rank, value));
        }
    }
    best.into_iter()
        .map(|(key, (_, value))| (key, value))
        .collect()
}

/// Whether both objects come from one folder.
pub(super) fn share_folder(one: &Object, other: &Object, sources: &SourceMap) -> bool {
    let folder = |object: &Object| {
        let name = sources.name(object.source);
        name.rfind('/').map_or("", |at| &name[..at]).to_owned()
    };
    one.source == other.source || folder(one) == folder(other)
}

fn closeness(one: &Object, other: &Object, sources: &SourceMap) -> usize {
    if one.source == other.source {
        return usize::MAX;
    }
    let names = (sources.name(one.source), sources.name(other.source));
    let pairs = names.0.bytes().zip(names.1.bytes());
    pairs.take_while(|(one, other)| one == other).count()
}
