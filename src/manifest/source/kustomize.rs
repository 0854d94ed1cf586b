//! Kustomizations: rollsim doesn't apply them, but knows which files are only patches.

use std::path::{Component, Path, PathBuf};

use super::{Manifests, Object, SkipReason, Skipped};
use crate::diagnostics::Diagnostic;
use crate::manifest::yaml::Node;

/// Fields of a kustomization that change the objects it names.
const CHANGES: [&str; 12] = [
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "images",
    "replicas",
    "components",
];

/// Leaves out the objects that come from a kustomization's patch files, and says that what it changes is
/// not applied.
pub(super) fn leave_out_patches(manifests: &mut Manifests) {
    let mut patches: Vec<(PathBuf, String)> = Vec::new();
    let mut found = Vec::new();
    let (kustomizations, objects): (Vec<Object>, Vec<Object>) =
        std::mem::take(&mut manifests.objects)
            .into_iter()
            .partition(|object| object.kind == "Kustomization");
    manifests.objects = objects;
    for object in kustomizations {
        let kustomization = &object.node;
        *manifests
            .other_kinds
            .entry("Kustomization".to_owned())
            .or_default() += 1;
        let name = manifests.sources.name(object.source).to_owned();
        let folder = Path::new(&name).parent().map(Path::to_owned);
        for patch in patch_files(kustomization) {
            let path = normal(&folder.clone().unwrap_or_default().join(patch));
            patches.push((path, name.clone()));
        }
        let change = CHANGES
            .iter()
            .find_map(|field| kustomization.as_mapping()?.entry(field));
        if let Some((key, _)) = change {
            found.push(
                Diagnostic::warning("a kustomization is not applied to the manifests it names")
                    .at(key.span.in_source(object.source))
                    .with_help("pass the output of `kustomize build` instead"),
            );
        }
    }
    let sources = &manifests.sources;
    let skipped = &mut manifests.skipped;
    manifests.objects.retain(|object| {
        let name = sources.name(object.source);
        let path = normal(Path::new(name));
        let Some((_, kustomization)) = patches.iter().find(|(patch, _)| *patch == path) else {
            return true;
        };
        skipped.push(Skipped {
            name: name.to_owned(),
            location: Some(object.node.span.in_source(object.source)),
            reason: SkipReason::KustomizePatch(kustomization.clone()),
        });
        false
    });
    if !manifests.objects.is_empty() {
        manifests.diagnostics.extend(found);
    }
}

fn patch_files(kustomization: &Node) -> Vec<&str> {
    let entries = |field: &str| {
        let list = kustomization.get(field).and_then(Node::as_sequence);
        list.unwrap_or_default().iter()
    };
    let with_path = entries("patches").chain(entries("patchesJson6902"));
    with_path
        .filter_map(|patch| patch.get("path")?.as_str())
        .chain(entries("patchesStrategicMerge").filter_map(Node::as_str))
        // A patch may also be written inline.
        .filter(|file| !file.contains('\n'))
        .collect()
}

/// The path without `.` and `..`, by its text alone.
fn normal(path: &Path) -> PathBuf {
    let mut parts: Vec<Component<'_>> = Vec::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(parts.last(), Some(Component::Normal(_))) => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.iter().collect()
}
