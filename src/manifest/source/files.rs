//! Which files a path stands for.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];

/// A file that a path stands for.
#[derive(Debug)]
pub(super) enum Found {
    File(PathBuf),
    /// A file that an earlier path stood for.
    Again(PathBuf),
}

/// The file itself whatever its name, or the manifests of a folder and its subfolders by name.
///
/// Hidden files and folders are left out, and so are folders that a link leads to a second time. `seen`
/// keeps what was found before.
pub(super) fn list(
    path: &Path,
    seen: &mut BTreeSet<PathBuf>,
) -> Result<Vec<Found>, (PathBuf, io::Error)> {
    let mut found = Vec::new();
    walk(path, seen, &mut found)?;
    Ok(found)
}

fn walk(
    path: &Path,
    seen: &mut BTreeSet<PathBuf>,
    found: &mut Vec<Found>,
) -> Result<(), (PathBuf, io::Error)> {
    let failed = |error| (path.to_owned(), error);
    let real = fs::canonicalize(path).map_err(failed)?;
    let is_folder = fs::metadata(path).map_err(failed)?.is_dir();
    if !seen.insert(real) {
        if !is_folder {
            found.push(Found::Again(path.to_owned()));
        }
        return Ok(());
    }
    if !is_folder {
        found.push(Found::File(path.to_owned()));
        return Ok(());
    }
    let mut entries = fs::read_dir(path)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<io::Result<Vec<PathBuf>>>()
        })
        .map_err(failed)?;
    entries.sort();
    for entry in entries {
        let hidden = entry
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        // A dangling link in a folder is nothing that the user asked for.
        let Some(kind) = fs::metadata(&entry).ok().filter(|_| !hidden) else {
            continue;
        };
        if kind.is_dir() || has_extension(&entry) {
            walk(&entry, seen, found)?;
        }
    }
    Ok(())
}

fn has_extension(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        EXTENSIONS
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    })
}

/// The path as messages show it, with `/` on every platform.
pub(super) fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    if std::path::MAIN_SEPARATOR == '\\' {
        text.replace('\\', "/")
    } else {
        text
    }
}
